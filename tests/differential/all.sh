#!/bin/bash
# `make differential`: the tests of packaging's source distribution, then 1,200,000 random questions.
#   usage: tests/differential/all.sh [COUNT [SEED]]
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/differential/setup.sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/refinery-differential-XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip install -q --disable-pip-version-check flit_core==3.12.0 pytest==8.4.2 pretend==1.0.9 hypothesis==6.148.2
version=$("$python" -c 'import packaging; print(packaging.__version__)')
"$python" -m pip download -q --disable-pip-version-check --no-deps --no-build-isolation --no-binary :all: \
    -d "$work" "packaging==$version"
tar -xzf "$work/packaging-$version.tar.gz" -C "$work"
status=0
"$python" tests/differential/suite.py build/refinery "$work/packaging-$version" || status=1
"$python" tests/differential/run.py build/refinery "${1:-1200000}" --seed "${2:-1}" || status=1
exit $status
