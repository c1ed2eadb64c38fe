#!/usr/bin/env python3
"""Turns a file into a C array: embed.py NAME INPUT OUTPUT (a header with NAME and NAME_size)."""
import sys

name, source, target = sys.argv[1:]
data = open(source, "rb").read()
rows = [", ".join(str(byte) for byte in data[at : at + 24]) for at in range(0, len(data), 24)]
with open(target, "w") as out:
    out.write(f"static const char {name}[] = {{\n    " + ",\n    ".join(rows) + "};\n")
