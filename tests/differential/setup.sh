#!/bin/bash
# Prints the python of a virtual environment with the pinned `packaging`, made where it is missing.
#   usage: tests/differential/setup.sh
set -eu
packaging=26.3
venv=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/differential-$packaging
if [ ! -e "$venv/ready" ]; then
    python=$(command -v python3.11 || command -v python3)
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    "$python" -m venv "$venv" >&2
    "$venv/bin/pip" install -q --disable-pip-version-check "packaging==$packaging" >&2
    touch "$venv/ready"
fi
echo "$venv/bin/python"
