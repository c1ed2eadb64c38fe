def answer():
    import yaml

    assert yaml.__with_libyaml__, "built without libyaml"
    text = "a: [1, 2.5, true, null, 'x\\u2603']\nb: {c: 2001-12-14, d: 0x1F, e: 1e300}\n"
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    assert loaded == yaml.safe_load(text)
    return [yaml.dump(loaded, Dumper=yaml.CSafeDumper, allow_unicode=True), str(loaded["b"]["c"])]
