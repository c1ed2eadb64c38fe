#!/bin/sh
# Makes the ELF fixtures beside it: a module, a library it needs and one which that needs, without
# any code that runs. GNU ld for s390x and x86_64, lld for aarch64 and arm (32 bit; lld leaves no
# spare dynamic entries). Needs gcc-s390x-linux-gnu, clang and lld; the results are kept in git.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int base(void) { return 2; }' >"$work/base.c"
echo 'int base(void); int foo(void) { return base(); }' >"$work/foo.c"
echo 'int pthread_create(void) { return 0; } int old(void) { return 0; } char *environ;' >"$work/c.c"
cat >"$work/mod.c" <<'C'
int foo(void), pthread_create(void), old(void), stat(void), PyModule_Create2(void);
int maybe(void) __attribute__((weak));
extern char *environ;
int PyInit_mod(void)
{
    return foo() + pthread_create() + old() + stat() + PyModule_Create2() + (maybe ? maybe() : *environ);
}
C
echo 'BASE_1.0 { global: base; local: *; };' >"$work/base.map"
echo 'FOO_1.0 { global: foo; local: *; };' >"$work/foo.map"
echo 'GLIBC_2.17 { global: old; environ; local: *; }; GLIBC_2.34 { global: pthread_create; } GLIBC_2.17;' >"$work/c.map"
one() { # name, compiler, linker
    name=$1 cc=$2 ld=$3
    for unit in base foo c mod; do
        $cc -fPIC -O1 -ffreestanding -fno-asynchronous-unwind-tables -fno-stack-protector -c "$work/$unit.c" -o "$work/$unit.o"
    done
    flags="-shared --hash-style=gnu -z noseparate-code -z max-page-size=4096 --build-id=none -s"
    $ld $flags -soname libc.so.6 --version-script "$work/c.map" "$work/c.o" -o "$work/libc.so.6"
    $ld $flags -soname libbase.so.1 --version-script "$work/base.map" "$work/base.o" -o "$name-libbase.so.1"
    $ld $flags -soname libfoo.so.2 --version-script "$work/foo.map" "$work/foo.o" "$name-libbase.so.1" -o "$name-libfoo.so.2"
    $ld $flags "$work/mod.o" "$name-libfoo.so.2" "$work/libc.so.6" -rpath /build/lib:'$ORIGIN/sub' -z now \
        --unresolved-symbols=ignore-all -o "$name-mod.so"
}
one s390x s390x-linux-gnu-gcc s390x-linux-gnu-ld
one x86_64 x86_64-linux-gnu-gcc x86_64-linux-gnu-ld
one aarch64 'clang --target=aarch64-linux-gnu' 'ld.lld -m aarch64linux'
one arm 'clang --target=armv7-linux-gnueabihf' 'ld.lld -m armelf_linux_eabi'
