#!/bin/bash
# Plans of a whole directory of inputs, with what the scan before remembered and without it.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/plan_scan.py
