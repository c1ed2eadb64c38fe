from ._version import version

assert version == "1.0", version
