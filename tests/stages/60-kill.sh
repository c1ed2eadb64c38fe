#!/bin/bash
# Death and a full disk at any point: the exerciser of store, content store and logs is killed right
# before its n-th writing system call, at KILL_POINTS (200) points from KILL_SEED; every second time
# the run that goes on is killed as well. Each time the invariants are checked, and the end must be
# that of a run that nobody killed. Then the same on file systems that run full.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
killat=$build/tests/fault/killat exercise=$build/tests/fault/exercise
points=${KILL_POINTS:-200} seed=${KILL_SEED:-20260101}
passed=0 failed=0 skipped=
parent=${TMPDIR:-/dev/shm}
[ -w "$parent" ] || parent=/tmp
work=$(mktemp -d "$parent/refinery-kill.XXXXXX") || exit 1
trap 'umount "$work/full" 2>/dev/null; rm -rf "$work"' EXIT
fail() {
    failed=$((failed + 1))
    echo "failed: $*"
}
next() { # the next number of a fixed sequence, below $1, from 1
    seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
    number=$((seed / 8 % $1 + 1))
}
finish() { # directory, what happened: checks, goes on to the end, compares
    local out
    if ! out=$("$exercise" check "$1" 2>&1); then
        fail "$2: $out"
    elif ! out=$("$exercise" run "$1" 2>&1); then
        fail "$2, going on: $out"
    elif ! out=$("$exercise" check "$1" 2>&1); then
        fail "$2, after going on: $out"
    elif ! "$exercise" dump "$1" | cmp -s - "$work/quiet"; then
        fail "$2: the end differs from the quiet run's"
        "$exercise" dump "$1" | diff "$work/quiet" - | head -n 4
    elif [ -n "$(ls "$1/cas/stage")" ] || ls "$1"/logs/*/*.log >/dev/null 2>&1; then
        fail "$2: half-written files are left"
    else
        passed=$((passed + 1))
    fi
}

"$exercise" run "$work/quiet.d" && "$exercise" check "$work/quiet.d" || exit 1
"$exercise" dump "$work/quiet.d" >"$work/quiet"
calls=$("$killat" 0 -- "$exercise" run "$work/count.d")
echo "a quiet run makes $calls writing calls; $points of them, seed $seed"
for ((i = 0; i < points; i++)); do
    dir=$work/d
    rm -rf "$dir"
    next "$calls"
    what="killed before call $number"
    "$killat" "$number" -- "$exercise" run "$dir" 2>"$work/said"
    status=$?
    # How often a waiting run looks depends on the time: one may end a few calls earlier.
    if [ "$status" = 0 ] && [ "$number" -gt $((calls - calls / 20)) ]; then
        what="$what, which it did not need"
    elif [ "$status" != 137 ]; then
        fail "$what: it was not, $(cat "$work/said")"
    fi
    if [ $((i % 2)) = 1 ]; then
        next "$calls"
        what="$what and again before call $number"
        out=$("$exercise" check "$dir" 2>&1) || fail "$what: $out"
        "$killat" "$number" -- "$exercise" run "$dir" >/dev/null 2>&1
    fi
    finish "$dir" "$what"
done

if [ "$(id -u)" = 0 ] && mkdir -p "$work/full" && mount -t tmpfs -o size=64k none "$work/full" 2>/dev/null; then
    umount "$work/full"
    for size in 40k 80k 120k 160k 200k 260k 320k 400k 520k 700k 900k 1200k; do
        mount -t tmpfs -o "size=$size" none "$work/full" || exit 1
        said=$("$exercise" run "$work/full/d" 2>&1)
        status=$?
        if [ "$status" = 0 ]; then
            fail "a disk of $size: it should not have been enough"
        elif ! grep -qE 'disk is full|disk of the content store is full|disk failed or is full|No space left' <<<"$said"; then
            fail "a disk of $size: said \"$said\""
        fi
        mount -o remount,size=64m "$work/full"
        finish "$work/full/d" "a disk of $size"
        umount "$work/full"
    done
else
    skipped=" (full disk skipped: needs root and tmpfs)"
fi
# The random lives of the unit suite, longer.
if out=$(STATES_SEEDS=100 "$build/tests/unit/store/test_states" 2>&1); then
    passed=$((passed + 1))
else
    fail "random lives: $(grep -m 1 ERROR <<<"$out")"
fi
echo "deaths and full disks$skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
