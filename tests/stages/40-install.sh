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

# librefinery: found by pkg-config alone, from C and from C++, and none of its inside is seen.
pc=$(find "$prefix" -name refinery.pc)
export PKG_CONFIG_PATH="${pc%/refinery.pc}" PKG_CONFIG_SYSROOT_DIR="$prefix"
so=$(find "$prefix" -name librefinery.so)
export LD_LIBRARY_PATH="${so%/librefinery.so}"
check "pkg-config knows it" pkg-config --exists --print-errors refinery
read -ra flags <<<"$(pkg-config --cflags --libs refinery)"
source=$OLDPWD/tests/fixtures/library.c
check "a C program over it" cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$source" -o "$prefix/library" \
    "${flags[@]}"
check "a C++ program over it" c++ -x c++ -std=c++11 -Wall -Wextra -Werror "$source" -o "$prefix/library++" \
    "${flags[@]}"
whl=$(find "$OLDPWD/examples/wheels" -name '*x86_64*.whl' | sort | head -n 1)
python3 -m zipfile -e "$whl" "$prefix/wheel"
mapfile -t members < <(find "$prefix/wheel" -type f | sort)
tags=${whl%.whl}
audit() { # program: packaging works, and the verdict is the one that refinery itself has
    "$1" "${tags##*-}" "${members[@]}" >"$prefix/verdict" && [ -s "$prefix/verdict" ] &&
        "$bin/refinery" audit "$whl" | grep -qF "$(head -n 1 "$prefix/verdict")"
}
check "versions, requirements, tags, and a wheel's audit" audit "$prefix/library"
check "the same from C++" audit "$prefix/library++"
check "only its own names are seen" sh -c "! nm -D --defined-only '$so' | grep -v ' refinery_'"
check "its version is in its name" test -e "$so.1"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
