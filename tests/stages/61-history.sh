#!/bin/bash
# `refinery history` on a cache whose history.db is an earlier system's, and its exports.
set -u
cd "$(dirname "$0")/../.." || exit 1
refinery=$PWD/${BUILD:-build}/refinery
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
expect() { # what, expected status, pattern that the output must have, command...
    local what=$1 want=$2 pattern=$3 out status
    shift 3
    out=$("$@" 2>&1)
    status=$?
    if [ "$status" = "$want" ] && grep -qE -- "$pattern" <<<"$out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $what: status $status, said: $out"
    fi
}
python3 - "$work/history.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE build_events (run_id TEXT, name TEXT, version TEXT, python_tag TEXT,"
           " platform_tag TEXT, status TEXT, detail TEXT, metadata TEXT, timestamp REAL)")
rows = [("numpy", "1.26.4", "failed", 'missing "cblas.h", first\n\x1b[31mred', 90000),
        ("numpy", "1.26.4", "failed", "again", 95000),
        ("scipy", "1.11", "built", "", 700000), ("six", "1.16", "reused", "", 0)]
for i, (name, version, status, detail, ms) in enumerate(rows):
    db.execute("INSERT INTO build_events VALUES ('r1', ?, ?, 'cp311', 'manylinux2014_s390x', ?, ?, ?, ?)",
               (name, version, status, detail, '{"duration_ms": %d}' % ms, 1700000000 + i))
db.commit()
PY
expect "an earlier history" 0 'scipy +1.11 +cp311-manylinux2014_s390x +built' \
    "$refinery" history --cache "$work"
expect "the earlier file is kept" 0 . ls "$work/history.db.build_events"
expect "a filter by status" 0 'again' "$refinery" history --db "$work/history.db" --status failed
expect "a filter by package" 0 'six' "$refinery" history --db "$work/history.db" --package six
expect "nothing of that kind" 0 'Nothing of that kind' \
    "$refinery" history --db "$work/history.db" --package nosuch
expect "top failures" 0 'numpy +2 ' "$refinery" history --db "$work/history.db" --top-failures
expect "top slowest" 0 'scipy +1 .* 700.0' "$refinery" history --db "$work/history.db" --top-slowest 1
expect "control characters are shown, not sent" 0 '^1$' sh -c \
    '"$1" history --db "$2" | grep -q "$(printf "\033")"; echo "$?"' sh "$refinery" "$work/history.db"
expect "JSON" 0 '^numpy 2 3 1700000003.0$' sh -c '"$1" history --db "$2" --json --recent 3 --top-failures 5 |
    python3 -c "import json,sys; d=json.load(sys.stdin); t=d[\"top_failures\"][0];
print(t[\"name\"], t[\"count\"], len(d[\"recent\"]), d[\"recent\"][0][\"timestamp\"])"' sh "$refinery" "$work/history.db"
expect "CSV" 0 '^4 numpy True$' sh -c '"$1" history --db "$2" --export-csv "$3" >/dev/null &&
    python3 -c "import csv,sys; r=list(csv.DictReader(open(sys.argv[1], newline=\"\")));
print(len(r), r[3][\"name\"], chr(10) in r[3][\"detail\"])" "$3"' sh "$refinery" "$work/history.db" "$work/out.csv"
expect "CSV to standard output" 0 '^6 id,time' sh -c \
    '"$1" history --db "$2" --export-csv - >"$3"; echo "$(grep -c ^ "$3") $(head -1 "$3")"' \
    sh "$refinery" "$work/history.db" "$work/more.csv"
theirs="$work/theirs/history%3f#.db"
mkdir "$work/theirs" && cp "$work/history.db" "$theirs" && chmod 444 "$theirs"
plain=() # root may write everywhere, unless it gives that up
if [ "$(id -u)" = 0 ]; then
    chown -R 23456 "$work/theirs"
    plain=(setpriv --inh-caps=-all --bounding-set=-all)
fi
chmod 555 "$work/theirs"
expect "another user's history" 0 'scipy' "${plain[@]}" "$refinery" history --db "$theirs"
expect "nothing is written beside it" 0 '^history%3f#.db$' ls "$work/theirs"
chmod 755 "$work/theirs"
expect "no database: nothing is left beside it" 0 '^out.csv$' sh -c '
    mkdir "$2/lone" && cp "$2/out.csv" "$2/lone" && "$1" history --db "$2/lone/out.csv" 2>/dev/null
    ls "$2/lone"' sh "$refinery" "$work"
expect "no history yet" 1 'there is no history at' "$refinery" history --cache "$work/none"
expect "no database" 1 'not an SQLite database' "$refinery" history --db "$work/out.csv"
expect "an unwritable export" 1 'creating /nonexistent/x.csv' \
    "$refinery" history --db "$work/history.db" --export-csv /nonexistent/x.csv
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
