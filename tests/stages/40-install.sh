#!/bin/bash
# What `make install` leaves is whole: it runs from another place, under both names, with its man page.
set -u
cd "$(dirname "$0")/../.." || exit 1
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
passed=0 failed=0
check() {
    local name=$1
    shift
    if "$@" >"$prefix/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        tail -n 5 "$prefix/log"
    fi
}
expect() { # status, command...: that exit status and no other
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || { echo "exit status $got, not $want: $*"; return 1; }
}
check install make --no-print-directory install DESTDIR="$prefix"
bin=$(dirname "$(find "$prefix" -name refinery -path '*/bin/*')")
cd / || exit 1
check "runs from elsewhere" sh -c "'$bin/refinery' --version | grep -q '^refinery [0-9]'"
check "second name" sh -c "'$bin/build-swarmv3' --version | grep -q '^build-swarmv3 [0-9]'"
check "help names every command" sh -c "'$bin/refinery' --help | grep -q '  audit FILE'"
check "help of a command" sh -c "'$bin/refinery' run --help | grep -q -- '--attempt-timeout TIME'"
check "run is the default command" sh -c "'$bin/refinery' --jbos 2 2>&1 | grep -q 'did you mean --jobs'"
check "usage is status 2" expect 2 "$bin/refinery" --jobs many
check "unknown command is status 2" expect 2 "$bin/refinery" bulid
check "no argument is status 2" expect 2 "$bin/refinery"
check "too few arguments is status 2" expect 2 "$bin/refinery" audit
check "a full disk is said" sh -c "! '$bin/refinery' --help >/dev/full"
if command -v scdoc >/dev/null; then
    man=$(find "$prefix" -name refinery.1)
    check "man page" grep -q 'attempt.*timeout' "$man"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
