#!/bin/bash
# Floor stubs made from real libraries, linked against by real linkers: versions stay within the
# floor, programs run and see one `environ`, the gate finds what the old glibc lacks. s390x under
# qemu-user, and this machine when it is x86-64. (A run on a really old glibc is another stage's.)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
tool=$PWD/build/tests/unit/elf/elftool
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # text, command...
    local text=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $text"
        tail -n 5 "$work/out"
    fi
}
cat >"$work/prog.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static void *run(void *a) { return a; }
static jmp_buf buf;
int main(int argc, char **argv)
{
    pthread_t t;
    void *back;
    struct timespec ts;
    int x = 7, jumped = 0;
    pthread_create(&t, NULL, run, &x);
    pthread_join(t, &back);
    clock_gettime(CLOCK_REALTIME, &ts);
    if (setjmp(buf) == 0)
        longjmp(buf, 1);
    else
        jumped = 1;
    double d = exp(argc) + pow(argc + 1.0, 3.0) + log(argc);
    setenv("ADDED", "yes", 1);
    char *added = NULL;
    for (char **e = environ; *e != NULL; e++)
        if (strncmp(*e, "ADDED=", 6) == 0)
            added = *e + 6;
    tzset();
    printf("%d %.3f %d %s %s %s %s\n", *(int *)back, d, jumped, added, getenv("GIVEN"),
           dlopen(NULL, RTLD_NOW) ? "dl" : "", program_invocation_short_name);
    return stdout == NULL;
}
C
cat >"$work/newer.c" <<'C'
#include <sys/random.h>
#include <sys/stat.h>
int newer(const char *p)
{
    struct stat s;
    char b[4];
    return (int)getrandom(b, 4, 0) + stat(p, &s);
}
C
max_glibc() { LC_ALL=C "${2}readelf" -V "$1" | sed -n 's/.*Name: GLIBC_2\.\([0-9]*\).*/\1/p' | sort -n | tail -1; }
within() { local max; max=$(max_glibc "$1" "$3"); echo "max 2.$max"; [ -n "$max" ] && [ "$max" -le "$2" ]; }
says() { local got; got=$("${@:2}"); echo "got: $got"; [ "$got" = "$1" ]; }
finds() { # name, gate arguments: the gate must refuse and name it
    local name=$1 out
    shift
    if out=$("$tool" gate "$@"); then echo "passed the gate"; return 1; fi
    echo "$out"
    grep -q "$name" <<<"$out"
}
one() { # machine, prefix of tools, directory of libraries, libc_nonshared.a, loader, command that runs
    local machine=$1 prefix=$2 libs=$3 nonshared=$4 loader=$5 floor kind
    shift 5
    local inputs=("$loader")
    for name in libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1 libanl.so.1 libresolv.so.2; do
        [ -e "$libs/$name" ] && inputs+=("$libs/$name")
    done
    for floor in 17 28; do
        local dir=$work/$machine-$floor
        mkdir -p "$dir/again"
        check "$machine 2.$floor: stubs" "$tool" stub $floor "$dir" "$nonshared" "${inputs[@]}"
        check "$machine 2.$floor: stubs again" "$tool" stub $floor "$dir/again" "$nonshared" "${inputs[@]}"
        check "$machine 2.$floor: same bytes" cmp "$dir/libc.so.6" "$dir/again/libc.so.6"
        check "$machine 2.$floor: readelf has no complaint" sh -c "! ${prefix}readelf -aW $dir/*.so.* 2>&1 >/dev/null | grep ."
        for kind in -pie -no-pie; do
            check "$machine 2.$floor $kind: links" "${prefix}gcc" -O1 $kind -fPIE "$work/prog.c" -o "$dir/prog" \
                -L"$dir" "-Wl,-rpath-link,$dir" -lm
            check "$machine 2.$floor $kind: versions" within "$dir/prog" "$floor" "$prefix"
            check "$machine 2.$floor $kind: runs right" says "7 10.718 1 yes here dl prog" \
                env GIVEN=here "$@" "$dir/prog"
        done
        check "$machine 2.$floor: module without a definition missing" "${prefix}gcc" -O1 -shared -fPIC \
            "$work/prog.c" -o "$dir/mod.so" -L"$dir" "-Wl,-rpath-link,$dir,-z,defs" -lm
        check "$machine 2.$floor: module passes the gate" "$tool" gate $floor "$machine" "$dir/missing.txt" "$dir/mod.so"
        check "$machine 2.$floor: newer names link" "${prefix}gcc" -O1 -shared -fPIC "$work/newer.c" -o "$dir/newer.so" -L"$dir"
        check "$machine 2.$floor: and the gate finds stat" finds "stat" $floor "$machine" "$dir/missing.txt" "$dir/newer.so"
        [ $floor = 17 ] && check "$machine: and getrandom" finds "getrandom" 17 "$machine" "$dir/missing.txt" "$dir/newer.so"
        "${prefix}gcc" -O1 -shared -fPIC "$work/prog.c" -o "$dir/plain.so" -lm
        check "$machine 2.$floor: control without stubs is found" finds GLIBC_2 $floor "$machine" "$dir/missing.txt" "$dir/plain.so"
    done
    echo "$machine: stubs for 2.17 hold $("$tool" read "$work/$machine-17/libc.so.6" | grep -c ^symbol) symbols in libc, $("$tool" read "$work/$machine-17/libm.so.6" | grep -c ^symbol) in libm"
}
has() { local program; for program; do command -v "$program" >/dev/null || return 1; done; }
cross=/usr/s390x-linux-gnu/lib
if [ "$(uname -m)" != s390x ] && has s390x-linux-gnu-gcc qemu-s390x-static; then
    one s390x s390x-linux-gnu- $cross $cross/libc_nonshared.a $cross/ld64.so.1 qemu-s390x-static -L /usr/s390x-linux-gnu
else
    echo "skipped: s390x (no cross compiler or qemu-s390x-static here)"
fi
cross=/usr/aarch64-linux-gnu/lib
if [ "$(uname -m)" != aarch64 ] && has aarch64-linux-gnu-gcc qemu-aarch64-static; then
    one aarch64 aarch64-linux-gnu- $cross $cross/libc_nonshared.a $cross/ld-linux-aarch64.so.1 qemu-aarch64-static -L /usr/aarch64-linux-gnu
else
    echo "skipped: aarch64 (no cross compiler or qemu-aarch64-static here)"
fi
if [ "$(uname -m)" = x86_64 ]; then
    libs=$(dirname "$(gcc -print-file-name=libc.so.6)")
    one x86_64 "" "$libs" "$(gcc -print-file-name=libc_nonshared.a)" "$libs/ld-linux-x86-64.so.2" env
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
