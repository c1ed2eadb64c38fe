#!/usr/bin/env python3
"""Turns files into one C table (base/embedded.h): embed_table.py OUTPUT.c SYMBOL FILE..."""
import os
import sys

target, symbol, *paths = sys.argv[1:]
with open(target, "w") as out:
    out.write(f'#include "base/embedded.h"\n\nextern const struct embedded_file {symbol}[];\n')
    for number, path in enumerate(paths):
        data = open(path, "rb").read() + b"\0"
        rows = [", ".join(map(str, data[at : at + 24])) for at in range(0, len(data), 24)]
        body = ",\n    ".join(rows)
        out.write(f"static const unsigned char bytes_{number}[] = {{\n    {body}}};\n")
    out.write(f"const struct embedded_file {symbol}[] = {{\n")
    for number, path in enumerate(paths):
        name = os.path.basename(path)
        out.write(f'    {{"{name}", (const char *)bytes_{number}, sizeof bytes_{number} - 1}},\n')
    out.write("    {0}};\n")
