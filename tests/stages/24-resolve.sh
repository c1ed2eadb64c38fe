#!/bin/bash
# A hundred whole resolutions of random frozen indexes against uv; `make differential` has thousands.
set -u
exec "$(dirname "$0")/../differential/resolve/run.sh" 100 1
