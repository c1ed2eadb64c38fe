import sys

from ._cffiout import ffi, lib

assert lib.sum(ffi.new("pair *", {"a": b"\x02", "b": 2**40})) == 2**40 + 2
assert lib.BIG == (sys.byteorder == "big")
