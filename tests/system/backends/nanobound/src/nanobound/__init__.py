import sys

from ._nanobound import first_byte

assert first_byte() == (1 if sys.byteorder == "big" else 4)
