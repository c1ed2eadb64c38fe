#!/bin/bash
# The runner's Python files (data/runner), each in an interpreter of its own: what counts as a read
# of a machine fact, how hooks are called and answered, how imports are checked.
set -u
cd "$(dirname "$0")/../.." || exit 1
for python in /usr/bin/python3 python3; do
    command -v "$python" >/dev/null && break
done
exec "$python" -B tests/runner/test_runner.py
