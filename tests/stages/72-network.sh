#!/bin/bash
# Whole runs against indexes and proxies of this machine, with the images of 70-run.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_network.py
