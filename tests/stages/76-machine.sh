#!/bin/bash
# --max-machine: the table of instructions against the assembler, and whole runs held to a level.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0
if scripts/s390x-levels.py --check tables/s390x_levels.def; then
    echo "1 passed, 0 failed"
else
    echo "0 passed, 1 failed"
    status=1
fi
/usr/bin/env python3 tests/system/run_machine.py || status=1
exit $status
