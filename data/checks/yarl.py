def answer():
    from yarl import URL
    from yarl._quoting_c import _Quoter, _Unquoter

    quoter, unquoter = _Quoter(safe="/"), _Unquoter()
    url = URL("http://user@example.org:8080/a b/é") / "c%2fd" % {"k": "ä&"}
    return [str(url), url.raw_path, quoter("a b/\u20ac"), unquoter("%E2%82%AC%20x")]
