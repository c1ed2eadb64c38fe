def answer():
    import zstandard

    data = bytes(range(256)) * 64 + b"the same words again and again " * 50
    packed = zstandard.ZstdCompressor(level=7).compress(data)
    frame = zstandard.get_frame_parameters(packed)
    assert zstandard.ZstdDecompressor().decompress(packed) == data
    # A frame made on another machine: the format is little-endian, whatever the machine.
    known = bytes.fromhex("28b52ffd2030dd0000a8726566696e657279206d616b657320776865656c7301000ccb11")
    return [packed[:4].hex(), frame.content_size, len(packed) < len(data) // 10,
            zstandard.ZstdDecompressor().decompress(known).decode(), zstandard.backend]
