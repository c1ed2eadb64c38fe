#!/bin/bash
# Roots from Debian packages, the floor kit and the cross and hybrid environment, for real: needs
# the archive, qemu-user and the sandbox. Roots are kept in the user's cache between runs.
set -u
cd "$(dirname "$0")/../.." || exit 1
tool=${IMAGE_TOOL:-$PWD/build/tests/tool/image_tool}
cache=${REFINERY_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/refinery/images}
passed=0 failed=0 notes=
work=$(mktemp -d "${TMPDIR:-/tmp}/refinery-image-XXXXXX")
finish() {
    rm -rf "$work"
    [ -n "$notes" ] && printf 'not tried here:%b\n' "$notes"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
trap finish EXIT
chmod 755 "$work"
mkdir -p "$cache"
check() { # name, command...
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        tail -n 15 "$work/log"
    fi
}
image() { "$tool" "$cache" "${python:-3.11}" s390x "$@"; }
readelf() { s390x-linux-gnu-readelf "$@"; }
newest() { readelf -VW "$1" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1; }
needs_at_most() { # file, version
    local found
    found=$(newest "$1")
    echo "$1 needs $found"
    [ "$(printf '%s\n' "GLIBC_$2" "$found" | sort -V | tail -n 1)" = "GLIBC_$2" ]
}

for role in build sysroot clean; do
    check "compose $role" image compose "$role"
done
[ "$failed" = 0 ] || exit 1 # everything else needs them
warm() {
    local before after
    before=$(date +%s%N)
    image compose sysroot
    after=$(date +%s%N)
    echo "$(((after - before) / 1000000)) ms"
    [ $((after - before)) -lt 500000000 ]
}
check "a root that is there costs nothing" warm
build=$(image compose build) clean=$(image compose clean)
at_once() { # two requests for a root that neither has yet; packages are there already
    local one two both="$cache/both-$$"
    rm -rf "$both" && mkdir "$both" && cp -al "$cache/packages" "$both/" && cp -r "$cache/apt" "$both/"
    for n in 1 2; do
        ("$tool" "$both" 3.11 s390x compose build >"$work/both-$n" 2>>"$work/both.log"
            echo "status $?" >>"$work/both-$n") &
    done
    wait
    rm -rf "$both"
    one=$(<"$work/both-1") two=$(<"$work/both-2")
    cat "$work/both.log"
    echo "$one / $two"
    [ "$one" = "$two" ] && [[ $one == *"status 0" ]] &&
        [ "$(basename "${one%%$'\n'*}")" = "$(basename "$build")" ]
}
check "two at once make one root, with the same digest as elsewhere" at_once
check "nothing of the cross compiler's own libc" test ! -e "$build/usr/s390x-linux-gnu/include/stdio.h"
check "no set-id files" test -z "$(find "$build" "$clean" -perm /6000 -type f)"
check "dpkg reads the record" dpkg-query --admindir="$clean/var/lib/dpkg" -W libc6

mkdir -p "$work/b"
for floor in 2.17 2.28; do
    rm -rf "$work/b" && mkdir "$work/b" && cp tests/fixtures/floor/program.c* "$work/b/"
    cat >"$work/b/make.sh" <<'SH'
set -e
cc -Wl,-z,defs -Wl,-t -H program.c -o program -lm 2>opened-c >linked-c
c++ -std=c++17 -Wl,-t -H program.cc -o program-cc 2>opened-cc >linked-cc
./program
./program-cc
SH
    check "floor $floor: compile, link, run" image run cross $floor "$work/b" - -- /bin/sh make.sh
    check "floor $floor: right answers" test "$(grep -c '^ok$' "$work/log")" = 2
    check "floor $floor: C version needs" needs_at_most "$work/b/program" $floor
    check "floor $floor: C++ version needs" needs_at_most "$work/b/program-cc" $floor
    check "floor $floor: the clean root runs C" image clean "$work/b" /build/program
    check "floor $floor: the clean root runs C++" image clean "$work/b" /build/program-cc
done
control() { # without a floor the same program needs more: the check above can fail
    image run cross none "$work/b" - -- /bin/sh make.sh || true
    ! needs_at_most "$work/b/program" 2.28
}
check "control: no floor needs more" control
rm -rf "$work/b" && mkdir "$work/b" && cp tests/fixtures/floor/program.c* "$work/b/"
cat >"$work/b/opened.sh" <<'SH'
cc -Wl,-t -H program.c -o program -lm >opened 2>&1
c++ -std=c++17 -Wl,-t -H program.cc -o program-cc >>opened 2>&1
SH
inside() { # every file that was opened, by its real place
    image run cross 2.17 "$work/b" - -- /bin/sh opened.sh || return 1
    local outside
    outside=$(sed -nE 's/^\.+ (\/.*)$/\1/p; s/^(\/[^:]*\.(so|so\..*|a|o))$/\1/p; s/^\((\/[^)]*)\).*$/\1/p' \
        "$work/b/opened" | sed -E 's,//+,/,g' | sort -u |
        grep -vE '^(/sysroot/|/floor/|/usr/lib/gcc-cross/|/usr/s390x-linux-gnu/include/c\+\+/|/tmp/cc)')
    echo "lines: $(wc -l <"$work/b/opened"), outside: $outside"
    [ -z "$outside" ] && [ "$(grep -c ^/floor "$work/b/opened")" -gt 3 ]
}
check "gcc opens nothing but sysroot, floor and its own" inside

# One real extension module by both strategies.
if python3 -m pip download -q --no-deps -d "$work/wheels" setuptools==75.1.0 wheel==0.44.0 packaging \
    >"$work/pip" 2>&1 && python3 -m pip download -q --no-deps --no-binary :all: -d "$work/wheels" \
    markupsafe==2.1.5 >>"$work/pip" 2>&1; then
    module() { # strategy
        local to=$work/$1
        mkdir -p "$to/site" "$to/source" "$to/dist"
        for wheel in "$work"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$to/site"; done
        tar xf "$work"/wheels/MarkupSafe-2.1.5.tar.gz -C "$to/source" --strip-components=1
        image run "$1" 2.17 "$to" - HOME=/tmp PYTHONPATH=/build/site -- /refinery/bin/python3 -c '
import os; os.chdir("/build/source")
import setuptools.build_meta as backend; print(backend.build_wheel("/build/dist"))' || return 1
        mkdir -p "$work/t/$1"
        python3 -m zipfile -e "$to"/dist/*-cp311-cp311-linux_s390x.whl "$work/t/$1" &&
            needs_at_most "$work/t/$1"/markupsafe/*.so 2.17 &&
            image clean "$work/t/$1" /usr/bin/python3 -c '
import sys; sys.path.insert(0, "/build")
from markupsafe import _speedups; assert str(_speedups.escape("<&>")) == "&lt;&amp;&gt;"'
    }
    check "markupsafe by cross" module cross
    check "markupsafe by hybrid" module hybrid
    check "both modules are the same bytes" cmp "$work"/t/cross/markupsafe/_speedups*.so "$work"/t/hybrid/markupsafe/_speedups*.so
else
    notes="$notes\n  markupsafe by cross and hybrid: $(tail -n 1 "$work/pip")"
fi
