#!/bin/bash
# Images out of podman's storage: a real podman with a storage of the test's own, no container run.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec /usr/bin/env python3 tests/system/engine.py "${PULL_TOOL:-$PWD/build/tests/tool/pull_tool}" \
    "${IMAGE_TOOL:-$PWD/build/tests/tool/image_tool}"
