#!/bin/bash
# Whole runs of the program on packages made here: bad input of every kind, Ctrl-C, death at
# RUN_KILL_POINTS (12; `make accept` takes 200) points. Images are kept in the user's cache
# (REFINERY_TEST_CACHE) between runs; the first time they are made from the package mirror.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0
/usr/bin/env python3 tests/system/run_bad.py || status=1
/usr/bin/env python3 tests/system/run_resume.py || status=1
exit $status
