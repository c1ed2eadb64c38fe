#!/bin/bash
# Lock files (PEP 751): random ones against PyPI's packaging; `refinery lock` and `--locked` on indexes made
# here, read by packaging and uv, and uv's own lock taken.
set -u
cd "$(dirname "$0")/../.." || exit 1
if peers=$(tests/system/peers.sh); then
    "$peers/bin/python" tests/system/pylock_peers.py build/tests/unit/pkg/pylock_tool 5000 2>/dev/null
else
    echo "packaging and uv cannot be installed here (no network?): not compared"
    peers=
fi
/usr/bin/env python3 tests/system/lock.py build/refinery "$peers"
