#!/bin/bash
# The index client against a local server that lies in every way, and against the configured index.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/system/index_lies.py build/tests/tool/index_tool
