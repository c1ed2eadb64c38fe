#!/bin/bash
# `make mutants`: proves that the tests can fail. Each tests/mutants/*.patch breaks one line of a copy
# of the tree; the test that its first line names ("# caught by: NAME") must then fail.
#   usage: scripts/mutants.sh [PATCH...]
# NAME is a meson test, or the path of a script in tests/stages.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD work=${TMPDIR:-/tmp}/refinery-mutants.$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work" || exit 1
[ -d build/deps ] && mkdir -p "$work/build" && cp -a build/deps "$work/build/"
patches=("$@")
[ $# -gt 0 ] || patches=(tests/mutants/*.patch)
cd "$work" || exit 1
make --no-print-directory everything >log 2>&1 || { tail -n 30 log; exit 1; }
passed=0 failed=0
result() { # patch, test, verdict
    printf '%-34s %-28s %s\n' "$(basename "$1" .patch)" "$2" "$3"
}
run_test() {
    case $1 in
    tests/*) "$1" >log 2>&1 ;;
    *) meson test -C build "$1" >log 2>&1 ;;
    esac
}
for patch in "${patches[@]}"; do
    case $patch in /*) ;; *) patch=$top/$patch ;; esac
    test=$(sed -n '1s/^# caught by: *//p' "$patch")
    if [ -z "$test" ]; then
        verdict="names no test"
    elif ! patch -p1 -s -f --dry-run <"$patch" >/dev/null 2>&1; then
        verdict="does not apply"
    else
        patch -p1 -s -f -F 3 <"$patch" >/dev/null
        if ! make --no-print-directory everything >log 2>&1; then
            verdict="does not compile"
        elif run_test "$test"; then
            verdict="NOT CAUGHT"
        elif grep -q 'No tests defined\|no such test\|Ok: *[1-9]' log; then
            verdict="the test did not run"
        else
            verdict=caught
        fi
        patch -p1 -s -f -R -F 3 <"$patch" >/dev/null
    fi
    result "$patch" "$test" "$verdict"
    if [ "$verdict" = caught ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
