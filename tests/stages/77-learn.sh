#!/bin/bash
# Whole runs on packages that need more than their metadata says, with the images of 70-run.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_learn.py
