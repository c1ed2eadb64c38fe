def answer():
    import multidict
    from multidict import _multidict

    assert multidict.CIMultiDict is _multidict.CIMultiDict, "the pure fallback is in use"
    many = multidict.CIMultiDict([("Key", "1"), ("kEY", "2"), ("other", "\u2603")])
    many.add("third", "x")
    many.popone("OTHER")
    return [many.getall("key"), [list(item) for item in many.items()], len(many), "KEY" in many]
