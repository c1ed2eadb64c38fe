#!/bin/bash
# The main job on the examples, as `make demo` runs it: built, reused, proved by pip on the target;
# a second run builds nothing; cross and hybrid make the same file from the same command lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
work=$(mktemp -d)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/check
mkdir -p "$cache"
trap 'rm -rf "$work"' EXIT
check() { # text, command...
    local text=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL: $text"
    fi
}
# Images and downloads may come from the cache; results of builds may not.
rm -rf "$cache/cas" "$cache/history.db"* "$cache/logs"
run() { # output, options...
    local output=$1
    shift
    build/refinery --input examples/wheels --requirements examples/requirements.txt \
        --output "$work/$output" --cache "$cache" --python 3.11 --container-preset debian --jobs 2 \
        "$@" >"$work/$output.log" 2>&1
}
status() { # output, package: its status in the manifest
    python3 - "$work/$1/manifest.json" "$2" <<'PY'
import json, sys
print(*[p["status"] for p in json.load(open(sys.argv[1]))["packages"] if p["name"] == sys.argv[2]])
PY
}
compiles() { # output, package: the compiler's command lines, without directories of the build
    for log in "$cache"/logs/"$2"-*/*.log.zst; do
        [ "$log" -nt "$work/$1.mark" ] && zstdcat "$log"
    done | grep -E '^s390x-linux-gnu-gcc|^gcc |^cc ' | grep -- ' -c ' | sed -E 's/-I[^ ]*//g' | sort -u
}
digest() { python3 -c "
import json, sys
print(*[p['wheel_digest'] for p in json.load(open(sys.argv[1]))['packages'] if p['name'] == sys.argv[2]])" \
    "$work/$1/manifest.json" "$2"; }

touch "$work/first.mark"
check "the run ends with status 0" run first
check "markupsafe is built" test "$(status first markupsafe)" = built
check "click is reused from the input" test "$(status first click)" = reused
check "the report is there" test -s "$work/first/report.html"
check "the output is proved on the target" build/refinery prove --output "$work/first" --cache "$cache"
check "a second run ends with status 0" run second
check "and builds nothing" test "$(status second markupsafe)" = cached
check "and says so in no time" grep -q ' cached' "$work/second.log"
touch "$work/hybrid.mark"
check "the same by hybrid" run hybrid --strategy hybrid --only markupsafe --only msgpack
for package in markupsafe msgpack; do
    check "$package: hybrid makes the same file as cross" \
        test "$(digest first $package)" = "$(digest hybrid $package)"
done
command -v zstdcat >/dev/null && {
    compiles hybrid markupsafe >"$work/hybrid.lines"
    check "there are command lines to compare" test -s "$work/hybrid.lines"
    compiles first markupsafe >"$work/all.lines"
    check "hybrid compiles with the command lines of cross" \
        diff "$work/all.lines" "$work/hybrid.lines"
}
[ "$failed" = 0 ] || tail -n 20 "$work"/*.log
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
