def answer():
    from bitarray import bitarray
    from bitarray.util import ba2hex, ba2int, count_xor, int2ba

    bits = bitarray("1011000111", endian="little")
    other = bitarray("1111000000", endian="little")
    wide = int2ba(0x0123456789ABCDEF, length=64, endian="big")
    return [
        bits.tobytes().hex(), (bits ^ other).to01(), count_xor(bits, other), ba2int(bits),
        ba2hex(wide), wide.count(), list(wide.search(bitarray("111"))), wide[3:40].tobytes().hex(),
    ]
