def answer():
    import regex

    found = regex.findall(r"(?P<word>\p{L}+)|(?:\d){2,}", "é1 straße 42 \u4e2d\u6587 7")
    fuzzy = regex.search(r"(?:vision){e<=2}", "a vizsion of it")
    nested = regex.match(r"\((?:[^()]|(?R))*\)", "(a(b)c)d")
    return [found, fuzzy.group(), list(fuzzy.fuzzy_counts), nested.group(),
            regex.sub(r"(?i)STRASSE", "x", "stra\u00dfe STRASSE", flags=regex.FULLCASE)]
