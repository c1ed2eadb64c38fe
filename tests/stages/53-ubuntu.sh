#!/bin/bash
# The preset ubuntu: an archive in Ubuntu's layout on loopback, made here of the packages that other
# roots were composed from.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/ubuntu.py "${IMAGE_TOOL:-$PWD/build/tests/tool/image_tool}"
