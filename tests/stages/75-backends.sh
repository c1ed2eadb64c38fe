#!/bin/bash
# Every backend and language on a small package of its own, cross-built and imported on the target;
# Cargo.lock and network gone wrong. Build requirements come from the package index once and are kept
# with the images (REFINERY_TEST_CACHE).
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/run_backends.py
