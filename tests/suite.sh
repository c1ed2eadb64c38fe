#!/bin/bash
# usage: tests/suite.sh BUILD-DIRECTORY [meson test arguments...]
# Runs meson tests there and ends with "N passed, N failed".
set -u
dir=$1
shift
meson test -C "$dir" --print-errorlogs "$@" || true
/usr/bin/env python3 - "$dir/meson-logs/testlog.json" <<'PY'
import json, sys
results = [json.loads(line)["result"] for line in open(sys.argv[1])]
bad = [r for r in results if r not in ("OK", "SKIP", "EXPECTEDFAIL")]
print(f"{len(results) - len(bad)} passed, {len(bad)} failed")
sys.exit(1 if bad or not results else 0)
PY
