import sys

from ._rusty import BIG, CAUGHT, TARGET, VALUE

assert (VALUE, CAUGHT, TARGET) == (4711, 1, 1), (VALUE, CAUGHT, TARGET)
assert BIG == (sys.byteorder == "big")
