#!/bin/bash
# usage: tests/suite.sh BUILD-DIRECTORY [meson test arguments...]
# Runs meson tests there and ends with "N passed, N failed"; those that were skipped are named and
# count as neither.
set -u
dir=$1
shift
meson test -C "$dir" --print-errorlogs "$@" || true
/usr/bin/env python3 - "$dir/meson-logs/testlog.json" <<'PY'
import json, sys
tests = [json.loads(line) for line in open(sys.argv[1])]
good = [t for t in tests if t["result"] in ("OK", "EXPECTEDFAIL")]
skipped = [t for t in tests if t["result"] == "SKIP"]
for test in skipped:
    print(f"skipped: {test['name']}: {test.get('stderr', '').strip()}")
bad = len(tests) - len(good) - len(skipped)
print(f"{len(good)} passed, {bad} failed")
sys.exit(1 if bad or not good else 0)
PY
