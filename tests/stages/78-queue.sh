#!/bin/bash
# The retry queue and its worker: whole runs, with the images of 70-run.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_queue.py
