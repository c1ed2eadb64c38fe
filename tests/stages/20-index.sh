#!/bin/bash
# The index client against a local server that lies in every way, and against the configured index.
set -u
cd "$(dirname "$0")/../.." || exit 1
tool=build/tests/unit/index/index_tool
if [ ! -x "$tool" ]; then
    echo "$tool is not built"
    echo "0 passed, 1 failed"
    exit 1
fi
exec python3 tests/system/index_lies.py "$tool"
