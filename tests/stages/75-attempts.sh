#!/bin/bash
# Attempts of whole runs: backoff, the most of them, failure memory.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_attempts.py
