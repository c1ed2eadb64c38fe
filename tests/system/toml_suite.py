#!/usr/bin/env python3
"""Runs the public toml-test cases of a directory against toml_decode: valid ones must give the
expected values, invalid ones must be refused with a position. usage: toml_suite.py DECODER TESTS"""
import json
import math
import pathlib
import re
import subprocess
import sys

decoder, root = sys.argv[1], pathlib.Path(sys.argv[2])


def normal(value):
    """Tagged JSON with each scalar in a form that compares."""
    if isinstance(value, list):
        return [normal(item) for item in value]
    if set(value) != {"type", "value"} or not isinstance(value["value"], str):
        return {key: normal(item) for key, item in value.items()}
    kind, text = value["type"], value["value"]
    if kind == "float":
        number = float(text)
        return (kind, "nan" if math.isnan(number) else number)
    if kind == "integer":
        return (kind, int(text))
    if kind.startswith(("datetime", "time")):
        text = re.sub(r"(\.\d*?)0+(?=[Z+-]|$)", r"\1", text.upper().replace(" ", "T"))
        text = text.replace(".Z", "Z").rstrip(".")
        text = re.sub(r"[+-]00:00$", "Z", text)
    return (kind, text)


passed = failed = 0
for name in (root / "files-toml-1.0.0").read_text().split():
    if not name.endswith(".toml"):
        continue
    path = root / name
    run = subprocess.run([decoder], input=path.read_bytes(), capture_output=True)
    if name.startswith("invalid/"):
        ok = run.returncode == 1 and re.match(rb"standard input:\d+:\d+: ", run.stderr)
    else:
        expected = json.loads(path.with_suffix(".json").read_text())
        ok = run.returncode == 0 and normal(json.loads(run.stdout)) == normal(expected)
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"{name}: exit {run.returncode} {run.stderr.decode(errors='replace').strip()}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0 or passed == 0)
