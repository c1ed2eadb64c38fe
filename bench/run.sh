#!/bin/bash
# `make bench`: tables of what is measured, others' tools side by side in the same run. Nothing here
# judges: times depend on the machine and on what else it does (whose load is said first).
#   usage: bench/run.sh [standards] [audit] [scan] [jail] [store] [overhead] [cost] [nodes] [large] [builds] [hints] [resolve] [capability]
set -u
cd "$(dirname "$0")/.." || exit 1
auditwheel=6.8.2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/refinery
venv=$cache/bench-venv-$auditwheel
[ $# -gt 0 ] || set -- standards audit scan jail store overhead cost nodes large builds hints resolve capability
work=$(mktemp -d "${TMPDIR:-/tmp}/refinery-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$cache"
if [ ! -e "$venv/ready" ]; then
    echo "Installing auditwheel $auditwheel, setuptools and wheel into $venv"
    python=$(command -v python3.11 || command -v python3)
    { "$python" -m venv "$venv" &&
        "$venv/bin/pip" -q install "auditwheel==$auditwheel" setuptools==75.6.0 wheel==0.45.1 &&
        touch "$venv/ready"; } >"$work/log" 2>&1 || {
        tail -n 3 "$work/log"
        echo "not installed (no network?): what needs it is left out"
    }
fi
python=$venv/bin/python
[ -x "$python" ] || python=python3
for part; do
    if [ "$part" = resolve ] || [ "$part" = capability ]; then
        python3 "bench/$part.py" "$PWD/build" "$cache" "$work" || echo "$part: not measured"
        continue
    fi
    "$python" bench/tables.py "$part" "$PWD/build" "$cache" "$work" || echo "$part: not measured"
done
