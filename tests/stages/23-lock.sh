#!/bin/bash
# Lock files (PEP 751): against PyPI's packaging on random ones.
set -u
cd "$(dirname "$0")/../.." || exit 1
if ! peers=$(tests/system/peers.sh); then
    echo "skipped: packaging and uv cannot be installed here (no network?)"
    echo "0 passed, 0 failed"
    exit 0
fi
status=0
"$peers/bin/python" tests/system/pylock_peers.py build/tests/unit/pkg/pylock_tool 10000 2>/dev/null || status=1
exit $status
