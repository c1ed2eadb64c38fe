def answer():
    from frozenlist import FrozenList
    from frozenlist._frozenlist import FrozenList as Compiled

    assert FrozenList is Compiled
    items = FrozenList([3, 1])
    items.append(2)
    items.freeze()
    try:
        items.append(4)
        refused = False
    except RuntimeError:
        refused = True
    return [list(items), items.frozen, refused, hash(items) == hash(tuple(items))]
