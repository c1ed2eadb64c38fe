def answer():
    from markupsafe import Markup, _speedups, escape

    assert _speedups.__file__.endswith(".so")
    assert isinstance(escape("<a & 'b'>"), Markup)
    return [str(escape("<a & 'b'>\u2603\U0001f600\"")), str(Markup("<b>%s</b>") % "<i>")]
