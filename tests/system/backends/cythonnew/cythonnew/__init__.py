import sys

from ._c import first_byte, total

assert first_byte() == (1 if sys.byteorder == "big" else 2)
assert total([1, 2.5]) == 3.5
