#!/bin/bash
# `refinery hint`: the capability map of an archive made here, served on loopback and lying in every way
# that a mirror can, of a repository that dnf reads, and of the machine's own mirror.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/hint_map.py "${REFINERY:-$PWD/build/refinery}"
