def answer():
    from rpds import HashTrieMap, HashTrieSet, List

    one = HashTrieMap({"a": 1, "b": 2})
    two = one.insert("c", 3).remove("a")
    return [sorted(two.items()), sorted(one.items()), sorted(HashTrieSet([3, 1, 3])),
            list(List([1, 2]).push_front(0)), "c" in one]
