def answer():
    import msgpack
    from msgpack import _cmsgpack

    assert msgpack.Packer is _cmsgpack.Packer, "the pure fallback is in use"
    values = [1, 127, 128, 65536, 2**40, -1, -(2**33), 1.5, -0.1, "x\u2603", b"\0\xff", {"k": [None, True]}]
    packed = msgpack.packb(values)
    assert msgpack.unpackb(packed) == values
    return [packed.hex(), msgpack.packb(1.5, use_single_float=True).hex()]
