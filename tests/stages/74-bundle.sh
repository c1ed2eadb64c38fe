#!/bin/bash
# A bundle across an air gap, and bundles that are damaged or made to harm.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_bundle.py
