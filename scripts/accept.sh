#!/bin/bash
# `make accept`: everything compiled is built from source and held against upstream. Images and
# downloads may be in the cache; results of earlier builds are not.
#   usage: scripts/accept.sh [LIST...]   acceptance, breadth (default: both)
set -eu
cd "$(dirname "$0")/.."
cache=${REFINERY_ACCEPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/refinery/accept}
mkdir -p "$cache"
rm -rf "$cache/cas" "$cache/history.db"*
venv=$cache/venv
[ -e "$venv/bin/auditwheel" ] || {
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install -q auditwheel pycparser
}
status=0
[ $# -gt 0 ] || set -- acceptance breadth
for list in "$@"; do
    output=$cache/out-$list
    rm -rf "$output"
    started=$SECONDS
    build/refinery --requirements "examples/$list.txt" --rebuild all --output "$output" \
        --cache "$cache" --python 3.11 --container-preset debian --jobs 2 --attempt-timeout 14400 ||
        echo "the run of $list ended with status $?"
    printf -- '--- %s: built in %d s\n' "$list" $((SECONDS - started))
    build/refinery prove --json --output "$output" --cache "$cache" >"$cache/proof.jsonl" || true
    "$venv/bin/python" tests/accept/check.py "$list" "$output" "$cache/proof.jsonl" \
        "$cache/upstream" || status=1
    # Of the second list some graft libraries of the release and are above that glibc.
    [ "$list" = acceptance ] || continue
    tests/accept/old_glibc.sh "$output" "$cache" "$cache/proof.jsonl" || status=1
done
exit $status
