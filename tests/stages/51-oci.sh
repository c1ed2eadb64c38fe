#!/bin/bash
# Images out of registries: a real docker-registry on loopback, one that lies, and whole runs on
# images of the target that are made here. Images are kept in the user's cache between runs.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0
/usr/bin/env python3 tests/system/pull.py "${PULL_TOOL:-$PWD/build/tests/tool/pull_tool}" || status=1
/usr/bin/env python3 tests/system/image_run.py "${IMAGE_TOOL:-$PWD/build/tests/tool/image_tool}" || status=1
exit $status
