def answer():
    import ujson

    value = {"i": -(2**62), "u": 2**63, "f": 0.1, "e": 1e300, "s": "\u00e9\u2603\U0001f600",
             "l": [None, True]}
    text = ujson.dumps(value, sort_keys=True)
    assert ujson.loads(text) == value
    return [text, ujson.dumps({"a": [1.5, "/"]}, indent=1, escape_forward_slashes=False),
            ujson.loads("[1e-5, 123456789012345678]")]
