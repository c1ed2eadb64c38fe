from ._skbuild import words

assert words("the quick fox") == ["fox", "quick", "the"]
try:
    words("")
except ValueError:
    pass
else:
    raise AssertionError("an exception of C++ was lost")
