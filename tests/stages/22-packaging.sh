#!/bin/bash
# The line protocol: its document is that of the table, every line has one answer whatever it holds, and
# random questions are answered as the Python package `packaging` answers them (`make differential`: more).
set -u
cd "$(dirname "$0")/../.." || exit 1
python=$(tests/differential/setup.sh) || python=
/usr/bin/env python3 tests/system/debug_pkg.py build/refinery || exit 1
if [ -z "$python" ]; then
    echo "skipped: the Python package packaging cannot be installed here"
    exit 0
fi
exec "$python" tests/differential/run.py build/refinery "${DIFFERENTIAL_CASES:-60000}"
