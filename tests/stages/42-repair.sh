#!/bin/bash
# Patched ELF files and repaired wheels under real loaders: a module, two libraries with symbol
# versions, position-independent and fixed programs, with and without spare dynamic entries; natively
# and for s390x under qemu-user. Then a wheel with a library outside it: repaired twice to the same
# bytes, installed by pip, imported.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
tool=$PWD/build/tests/unit/elf/elftool refinery=$PWD/build/refinery
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() {
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
cd "$work" || exit 1
echo 'int base(void) { return 2; }' >base.c
echo 'int base(void); int foo(void) { return 40 + base(); }' >foo.c
echo 'int foo(void); static int big[300000]; int mod(void) { big[5] = foo(); return big[5]; }' >mod.c
echo 'BASE_1.0 { global: base; local: *; };' >base.map
echo 'FOO_1.0 { global: foo; local: *; };' >foo.map
cat >load.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    void *h = dlopen(argv[argc - 1], RTLD_NOW);
    int (*mod)(void) = h == NULL ? NULL : (int (*)(void))dlsym(h, "mod");
    if (mod == NULL)
        puts(dlerror());
    return mod == NULL || mod() != 42;
}
C
echo 'int foo(void); static char big[3000000]; int main(void) { big[3] = 1; return foo() != 42; }' >prog.c
one() { # name, prefix of tools, linker option, command that runs
    local name=$1 prefix=$2 cc="${2}gcc -fPIC $3"
    shift 3
    mkdir -p "$name/new/libs" "$name/new/pkg"
    cd "$name" || exit 1
    $cc -shared ../base.c -o libbase.so.1 -Wl,-soname,libbase.so.1,--version-script,../base.map
    $cc -shared ../foo.c -o libfoo.so.2 -Wl,-soname,libfoo.so.2,--version-script,../foo.map libbase.so.1
    $cc -shared ../mod.c -o mod.so libfoo.so.2 -Wl,-rpath-link,.
    $cc -pie ../prog.c -o prog libfoo.so.2 -Wl,-rpath-link,.
    $cc -no-pie ../prog.c -o fixed libfoo.so.2 -Wl,-rpath-link,.
    $cc ../load.c -o load -ldl
    local foo='libfoo.so.2>libfoo-22222222.so.2' libs='$ORIGIN/../libs'
    check "$name: soname" "$tool" patch libbase.so.1 new/libs/libbase-11111111.so.1 soname=libbase-11111111.so.1
    check "$name: library" "$tool" patch libfoo.so.2 new/libs/libfoo-22222222.so.2 soname=libfoo-22222222.so.2 \
        'rpath=$ORIGIN' 'libbase.so.1>libbase-11111111.so.1'
    check "$name: module" "$tool" patch mod.so new/pkg/mod.so "rpath=$libs" "$foo"
    check "$name: program" "$tool" patch prog new/pkg/prog "rpath=$libs" "$foo"
    check "$name: fixed program" "$tool" patch fixed new/pkg/fixed "runpath=$libs" "$foo"
    check "$name: a second time" "$tool" patch new/pkg/mod.so new/pkg/twice.so "runpath=$libs"
    check "$name: module loads" "$@" ./load "$PWD/new/pkg/mod.so"
    check "$name: patched twice loads" "$@" ./load "$PWD/new/pkg/twice.so"
    check "$name: program runs" "$@" ./new/pkg/prog
    check "$name: fixed program runs" "$@" ./new/pkg/fixed
    check "$name: control without its library fails" sh -c "! $* ./load $PWD/mod.so"
    check "$name: readelf has no complaint" sh -c "! ${prefix}readelf -aW new/*/* 2>&1 >/dev/null | grep ."
    cd ..
}
one native "" ""  env
one native-full "" "-Wl,--spare-dynamic-tags=0" env
has() { local program; for program; do command -v "$program" >/dev/null || return 1; done; }
if [ "$(uname -m)" != s390x ] && has s390x-linux-gnu-gcc qemu-s390x-static; then
    one s390x s390x-linux-gnu- "" qemu-s390x-static -L /usr/s390x-linux-gnu
    one s390x-full s390x-linux-gnu- "-Wl,--spare-dynamic-tags=0" qemu-s390x-static -L /usr/s390x-linux-gnu
else
    echo "skipped: s390x (no cross compiler or qemu-s390x-static here)"
fi
if [ "$(uname -m)" != aarch64 ] && has aarch64-linux-gnu-gcc qemu-aarch64-static; then
    one aarch64 aarch64-linux-gnu- "" qemu-aarch64-static -L /usr/aarch64-linux-gnu
else
    echo "skipped: aarch64 (no cross compiler or qemu-aarch64-static here)"
fi

# A whole wheel, as far as this machine's Python can load it (through ctypes: no headers needed).
cat >wheel.py <<'P'
import sys, zipfile
tag, reverse = sys.argv[1], sys.argv[2] == "1"
info = "demo-1.0.dist-info"
members = {
    "demo/__init__.py": "import ctypes, os\nanswer = ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'mod.so')).mod()\n",
    "demo/mod.so": open("native/mod.so", "rb").read(),
    f"{info}/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n",
    f"{info}/RECORD": "",
}
with zipfile.ZipFile(f"demo-1.0-py3-none-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as z:
    for name in sorted(members, reverse=reverse):
        z.writestr(name, members[name])
P
tag=linux_$(uname -m)
check "a wheel" python3 wheel.py "$tag" 0
check "without its libraries: refused" sh -c "! $refinery repair --output out1 demo-1.0-py3-none-$tag.whl"
mkdir -p out1 out2
check "repair" "$refinery" repair --library-path native --output out1 "demo-1.0-py3-none-$tag.whl"
check "the same wheel in another order" python3 wheel.py "$tag" 1
check "repair again" "$refinery" repair --library-path native --output out2 "demo-1.0-py3-none-$tag.whl"
check "same bytes" sh -c 'cmp out1/*.whl out2/*.whl'
check "no raw platform tag" sh -c '! ls out1 | grep linux_$(uname -m) | grep -v manylinux'
python3 -m venv venv >/dev/null 2>&1
check "pip installs it" sh -c 'venv/bin/pip -q install --no-index --no-deps out1/*.whl'
check "and it works" sh -c 'test "$(venv/bin/python -c "import demo; print(demo.answer)")" = 42'
check "pip finds no file that RECORD does not know" sh -c 'venv/bin/pip -q check && venv/bin/pip -q uninstall -y demo && test ! -e venv/lib/python3*/site-packages/demo.libs'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
