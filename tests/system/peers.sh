#!/bin/bash
# Prints the directory of a venv with the tools that resolutions and lock files are compared with, of
# the very versions named here; made once and kept in the user's cache. Fails where they cannot be had.
set -eu
packaging=26.3 uv=0.13.9
dir=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/peers-$packaging-$uv
if [ ! -e "$dir/ready" ]; then
    rm -rf "$dir"
    { python3 -m venv "$dir" && "$dir/bin/pip" -q install "packaging==$packaging" "uv==$uv" &&
        touch "$dir/ready"; } >&2 || { rm -rf "$dir"; exit 1; }
fi
echo "$dir"
