import sys

from ._c import BIG

assert BIG == (sys.byteorder == "big")
