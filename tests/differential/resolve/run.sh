#!/bin/bash
# usage: tests/differential/resolve/run.sh [CASES [FIRST-SEED]]
# Whole resolutions of random frozen indexes against uv (resolve.py says how they are judged).
set -u
cd "$(dirname "$0")/../../.." || exit 1
if ! peers=$(tests/system/peers.sh); then
    echo "skipped: uv and packaging cannot be installed here (no network?)"
    echo "0 passed, 0 failed"
    exit 0
fi
exec "$peers/bin/python" tests/differential/resolve/resolve.py build/refinery "$peers/bin/uv" "${1:-3000}" "${2:-1}"
