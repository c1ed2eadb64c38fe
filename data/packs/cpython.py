"""Run by the interpreter that a pack built, on the target's own terms: what needs a library is there and works."""
import bz2
import ctypes
import hashlib
import json
import lzma
import platform
import sqlite3
import ssl
import sys
import sysconfig
import zlib

for squeeze in (bz2, lzma, zlib):
    assert squeeze.decompress(squeeze.compress(b"text" * 9)) == b"text" * 9, squeeze
called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: number + 1)
assert called(41) == 42 and ctypes.CDLL(None).strlen(b"four") == 4
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
json.dump({"version": platform.python_version(), "platform": sysconfig.get_platform(),
           "byteorder": sys.byteorder, "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
           "openssl": ssl.OPENSSL_VERSION, "sqlite": sqlite3.sqlite_version,
           "zlib": zlib.ZLIB_RUNTIME_VERSION}, sys.stdout, indent=2)
