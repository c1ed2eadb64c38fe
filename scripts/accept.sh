#!/bin/bash
# `make accept`: everything compiled is built from source and held against upstream. Images and
# downloads may be in the cache; results of earlier builds are not.
set -eu
cd "$(dirname "$0")/.."
cache=${REFINERY_ACCEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/refinery/accept}
output=$cache/out
mkdir -p "$cache"
rm -rf "$output" "$cache/cas" "$cache/history.db"*
started=$SECONDS
run=(build/refinery --requirements examples/acceptance.txt --rebuild all --output "$output"
     --cache "$cache" --python 3.11 --container-preset debian --jobs 2 --attempt-timeout 3600)
"${run[@]}" || echo "the run ended with status $?"
printf -- '--- built in %d s\n' $((SECONDS - started))
build/refinery prove --json --output "$output" --cache "$cache" >"$cache/proof.jsonl" || true
venv=$cache/venv
[ -e "$venv/bin/auditwheel" ] || {
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install -q auditwheel pycparser
}
status=0
"$venv/bin/python" tests/accept/check.py "$output" "$cache/proof.jsonl" "$cache/upstream" || status=1
tests/accept/old_glibc.sh "$output" "$cache" "$cache/proof.jsonl" || status=1
exit $status
