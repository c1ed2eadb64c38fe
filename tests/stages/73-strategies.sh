#!/bin/bash
# native, cross, hybrid and emulate on s390x, aarch64 and this machine: the target is data.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_strategies.py
