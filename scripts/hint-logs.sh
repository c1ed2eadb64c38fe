#!/bin/bash
# Makes tests/data/hints/*.log: what real tools say when something is missing. Examples of data/hints
# are lines of these logs, nothing else; tests/unit/hint/test_shipped.c holds them to it. Needs the
# cross compiler, autoconf, cargo, go, clang and a package index; run as root (a tmpfs, a network namespace).
#   usage: scripts/hint-logs.sh DIRECTORY [CASE...]
set -u
out=$(realpath "$1")
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/refinery-hint-logs-XXXXXX")

mkdir -p "$work" "$out"
cross=s390x-linux-gnu-gcc
python=${PYTHON:-python3}
export LC_ALL=C.UTF-8 CARGO_TERM_COLOR=never PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
offline() { unshare -n "$@"; }
# A log without this machine's paths and indexes.
clean() {
    sed -E -e "s#$work#/build#g" -e "s#$HOME/[^ :\"']*/(lib|bin)/#/opt/\1/#g" -e "s#$HOME/\.pyenv/versions/[0-9.]+#/opt/python#g" -e "s#$HOME#/home#g" -e "s#crates\.io index#index.invalid index#" \
        -e "/Looking in (indexes|links)/d" -e "/^  cargo:(rustc-check-cfg|rerun-if)/d" -e "s#https?://[^/ ]*(pypi|crates|proxy|registry|mirror|index)[^ )\"']*#https://index.invalid/#g" \
        -e 's#(index\.crates\.io|proxy\.golang\.org|registry\.npmjs\.org|pypi\.org|files\.pythonhosted\.org)#index.invalid#g' -e 's#[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:53#192.0.2.1:53#g' -e 's#/tmp/[A-Za-z0-9_.-]+#/tmp/x#g' | cut -c1-600 | tail -n 1500
}
log() { # NAME, then commands on standard input
    local name=$1
    mkdir -p "$work/$name"
    (cd "$work/$name" && bash -s) >"$work/$name.raw" 2>&1
    clean <"$work/$name.raw" >"$out/$name.log"
    echo "$name: $(wc -l <"$out/$name.log") lines"
}
export work cross python
export -f offline
venv() { # NAME, PACKAGES: one environment with pip
    [ -x "$work/venv-$1/bin/pip" ] && return
    $python -m venv "$work/venv-$1" && "$work/venv-$1/bin/pip" -q install "${@:2}"
}
export -f venv

case_gcc() {
    log gcc-header <<'X'
echo '#include <ffi.h>
int x;' >a.c
echo '#include <boost/version.hpp>' >a.cc
gcc -c a.c
$cross -c a.c
g++ -c a.cc
clang -c a.c
printf '#include <Python.h>\n' >p.c; $cross -c p.c
printf '#include <argon2.h>\n' >g.c; clang -c g.c
printf '#include <openssl/ssl.h>\n' >o.c; $cross -fdiagnostics-color=always -c o.c
printf '#include <longintrepr.h>\n' >l.c; gcc $(python3-config --includes 2>/dev/null) -c l.c
printf '#include <cuda_runtime.h>\n' >c.c; gcc -c c.c
printf '#include <sys/sysctl.h>\n' >s.c; gcc -c s.c
X
    log ld-library <<'X'
echo 'int main(void){return 0;}' >a.c
gcc a.c -lfreetype -lopenblas
$cross a.c -lssl
clang a.c -lpq
gcc -static a.c -lxslt
gcc -fuse-ld=gold a.c -largon2
clang -fuse-ld=lld a.c -largon2
X
    log undefined <<'X'
echo 'double dgemm_(void); int cblas(void); int main(void){return (int)dgemm_() + cblas();}' >a.c
gcc a.c
echo 'struct B { virtual void f(); }; struct A : B { void g() { f(); } }; int main() { A a; a.g(); }' >b.cc
g++ b.cc
$cross a.c
clang a.c
echo 'int f(void); int g(void) { return f(); }' >s.c
gcc -shared -fPIC -Wl,-z,defs s.c
echo 'int x; int main(void){ return x; }' >one.c; echo 'int x = 2; int main(void) { return 1; }' >two.c; gcc one.c two.c
X
    log libatomic <<'X'
cat >a.c <<'C'
#include <stdatomic.h>
_Atomic __int128 x;
int main(void) { x += 1; return (int)x; }
C
gcc a.c
$cross a.c
cat >b.cc <<'C'
#include <atomic>
struct big { long a, b, c; };
std::atomic<big> x;
int main() { x = big{}; return (int)x.load().a; }
C
g++ b.cc
X
    log machine-flags <<'X'
echo 'int x;' >a.c
for flag in -m64 -m32 -msse2 -mavx2 -msse4.2 -march=haswell -march=native -mfpu=neon -mtune=core2 -mpclmul -mno-sse3; do $cross $flag -c a.c; done
gcc -mfpu=neon -mzarch -march=z13 -c a.c
printf '#include <immintrin.h>\n' >i.c; $cross -c i.c
printf '#include <emmintrin.h>\n' >i.c; $cross -c i.c
printf '#include <cpuid.h>\n' >i.c; $cross -c i.c
printf '#include <arm_neon.h>\n' >i.c; $cross -c i.c
printf '#include <x86intrin.h>\n' >i.c; gcc -c i.c; $cross -c i.c
printf 'void f(void) { __asm__ volatile ("rdtsc\\n\\tcpuid\\n\\tpause"); }\n' >i.c; $cross -c i.c
printf 'int f(void) { int a; __asm__ ("cpuid" : "=a"(a)); return a; }\n' >i.c; $cross -c i.c
printf '#if !defined(__x86_64__) && !defined(__aarch64__)\n#error "Unsupported architecture"\n#endif\n' >i.c; $cross -c i.c
printf '#error unknown target CPU\n' >i.c; $cross -c i.c
printf 'typedef long long v2 __attribute__((vector_size(16)));\nv2 f(v2 a) { return __builtin_ia32_paddq128(a, a); }\n' >i.c; $cross -c i.c
printf '__float128 x;\n' >i.c; $cross -c i.c
X
    log endianness <<'X'
printf '#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__\n#error "Big endian is not supported"\n#endif\n' >i.c; $cross -c i.c
printf '_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "only little-endian machines are supported");\n' >i.c; $cross -c i.c
printf '#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__\n#error This code only works on little endian systems\n#endif\n' >i.c; $cross -c i.c
cat >t.py <<'P'
import array, struct, sys, unittest
class Order(unittest.TestCase):
    def test_pack(self):
        self.assertEqual(struct.pack("=H", 1), b"\x01\x00")
    def test_little_endian(self):
        self.assertEqual(sys.byteorder, "little")
    def test_array(self):
        self.assertEqual(array.array("I", b"\x01\x00\x00\x00")[0], 1)
    def test_format(self):
        self.assertEqual({"little": "<i4", "big": ">i4"}[sys.byteorder], "<i4")
unittest.main()
P
root=$(ls -d $HOME/.cache/refinery/*/roots/*/lib/ld64.so.1 2>/dev/null | while read -r one; do [ -x "${one%/lib/*}/usr/bin/python3.11" ] && echo "${one%/lib/*}"; done | head -n 1)
PYTHONHOME=/usr qemu-s390x-static -L "$root" "$root/usr/bin/python3.11" t.py
X
    log werror <<'X'
printf 'void f(void) { int x; g(); }\nstatic int h(void) { return 1; }\n' >a.c
gcc -Wall -Werror -c a.c
clang -Wall -Werror -c a.c
gcc -std=c99 -Werror=implicit-function-declaration -c a.c
gcc -Werror=int-conversion -x c -c - <<'C'
char *f(void) { return 1; }
C
clang -Werror=incompatible-function-pointer-types -x c -c -o /dev/null - <<'C'
int g(int); int (*f)(long) = g;
C
X
    log compile <<'X'
printf 'int f(void) { return y; }\nint g( { }\n' >a.c
gcc -c a.c
clang -c a.c
$cross -c a.c
make -f - <<'M'
all:
	gcc -c a.c
M
X
    log cxx-standard <<'X'
printf '#include <thread>\n' >a.cc; g++ -std=c++98 -c a.cc
printf '#include <optional>\nstd::optional<int> x;\n' >b.cc; g++ -std=c++11 -c b.cc
printf '#include <filesystem>\nnamespace fs = std::filesystem;\n' >c.cc; g++ -std=c++14 -c c.cc
printf '#include <span>\nstd::span<int> x;\n' >d.cc; g++ -std=c++17 -c d.cc
g++ -std=c++29 -c a.cc; gcc -std=c29 -x c -c a.cc; clang++ -std=c++29 -c a.cc
printf '#include <string_view>\nstd::string_view x;\n' >e.cc; g++ -std=c++14 -c e.cc
printf '#if __cplusplus < 202002L\n#error "C++20 or later compatible compiler is required to use this."\n#endif\n' >f.cc; g++ -std=c++14 -c f.cc
X
    log pic <<'X'
printf 'int y; int *f(void) { static int x; return &x + y; }\n' >a.c; gcc -fno-pic -c a.c; gcc -shared a.o
$cross -fno-pic -c a.c; $cross -shared a.o
X
}
case_pkgconfig() {
    log pkgconfig <<'X'
pkg-config --cflags libffi
pkg-config --exists --print-errors 'gobject-introspection-1.0 >= 1.50'
pkg-config --exists --print-errors 'zlib >= 99'
mkdir pc; printf 'Name: a\nDescription: a\nVersion: 1\nRequires: cairo >= 1.2\n' >pc/a.pc
PKG_CONFIG_PATH=pc pkg-config --libs a
X
    log meson <<'X'
m() { mkdir -p "$1"; cat >"$1/meson.build"; touch "$1/a.c"; meson setup "$1/b" "$1"; }
m dep <<'M'
project('a', 'c')
dependency('cairo', version: '>=1.15')
M
m optional <<'M'
project('a', 'c')
dependency('cairo', required: false)
dependency('zlib', version: '>=99')
M
m program <<'M'
project('a')
find_program('swig', 'swig4.0')
M
m library <<'M'
project('a', 'c')
meson.get_compiler('c').find_library('openblas')
M
m version <<'M'
project('a', 'c', meson_version: '>=99.1')
M
m fortran <<'M'
project('a', 'fortran')
M
FC=no-such-fc meson setup fortran/b2 fortran
m cython <<'M'
project('a', 'cython')
M
m header <<'M'
project('a', 'c')
meson.get_compiler('c').has_header('argon2.h', required: true)
M
m python <<'M'
project('a', 'c')
import('python').find_installation('python3', modules: ['mako', 'numpy'])
M
m subproject <<'M'
project('a', 'c')
subproject('libffi')
M
m option <<'M'
project('a', 'c')
cairo = dependency('cairo', required: false)
if not cairo.found()
  error('cairo is needed')
endif
M
m cmake <<'M'
project('a', 'c')
dependency('LLVM', method: 'cmake')
M
m rust <<'M'
project('a', 'vala')
M
X
    mkdir -p "$work/bin"; for one in cmake make gcc cc ld as; do ln -sf "$(command -v $one)" "$work/bin/$one"; done
    log cmake <<'X'
c() { mkdir -p "$1"; { echo 'cmake_minimum_required(VERSION 3.20)'; cat; } >"$1/CMakeLists.txt"; echo "== $1"; cmake -S "$1" -B "$1/b"; }
c config <<'M'
project(a C)
find_package(Eigen3 CONFIG REQUIRED)
M
c config2 <<'M'
project(a C)
find_package(fmt 9.1 REQUIRED)
M
c module <<'M'
project(a C)
find_package(ZLIB 99 REQUIRED)
M
c module2 <<'M'
project(a C)
find_package(GIF REQUIRED)
M
c quiet <<'M'
project(a C)
find_package(Doxygen)
find_package(Boost REQUIRED COMPONENTS system)
M
c hdf <<'M'
project(a C)
find_package(BLAS REQUIRED)
M
c pc <<'M'
project(a C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(GLIB REQUIRED glib-2.0>=2.50 cairo)
M
c program <<'M'
project(a C)
find_program(SWIG_EXECUTABLE swig REQUIRED)
M
c library <<'M'
project(a C)
find_library(GEOS_LIBRARY NAMES geos REQUIRED)
M
c path <<'M'
project(a C)
find_path(ARGON2_INCLUDE argon2.h REQUIRED)
M
c notfound <<'M'
project(a C)
find_library(GEOS_LIBRARY NAMES geos)
file(WRITE ${CMAKE_BINARY_DIR}/a.c "")
add_library(a ${CMAKE_BINARY_DIR}/a.c)
target_link_libraries(a ${GEOS_LIBRARY})
M
c python <<'M'
project(a C)
find_package(Python3 REQUIRED COMPONENTS Interpreter Development NumPy)
M
c submodule <<'M'
project(a C)
add_subdirectory(extern/pybind11)
M
mkdir -p submodule2/extern/googletest
c submodule2 <<'M'
project(a C)
add_subdirectory(extern/googletest)
M
mkdir -p fortran; printf 'cmake_minimum_required(VERSION 3.20)\nproject(a Fortran)\n' >fortran/CMakeLists.txt; FC=no-such-fc cmake -S fortran -B fortran/b; env -u FC PATH=$work/bin cmake -S fortran -B fortran/b2
c standard <<'M'
project(a CXX)
file(WRITE ${CMAKE_BINARY_DIR}/a.cc "")
add_library(a ${CMAKE_BINARY_DIR}/a.cc)
set_target_properties(a PROPERTIES CXX_STANDARD 26 CXX_STANDARD_REQUIRED ON)
M
c compiler <<'M'
set(CMAKE_C_COMPILER no-such-gcc)
project(a C)
M
mkdir -p version; echo 'cmake_minimum_required(VERSION 99.3)' >version/CMakeLists.txt; cmake -S version -B version/b
mkdir -p nogen; echo 'cmake_minimum_required(VERSION 3.20)
project(a C)' >nogen/CMakeLists.txt; PATH=/usr/bin cmake -G 'Unix Makefiles' -DCMAKE_MAKE_PROGRAM= -S nogen -B nogen/b
cmake -G Ninja -DCMAKE_MAKE_PROGRAM=no-such-ninja -S nogen -B nogen/b2
X
    log cmake-policy <<'X'
venv cmake4 'cmake>=4'
mkdir old; printf 'cmake_minimum_required(VERSION 2.8)\nproject(a C)\n' >old/CMakeLists.txt
$work/venv-cmake4/bin/cmake -S old -B old/b
X
    log autoconf <<'X'
cat >configure.ac <<'A'
AC_INIT([a],[1])
AC_PROG_CC
AC_CHECK_HEADERS([argon2.h zlib.h])
AC_CHECK_LIB([argon2],[argon2_hash],[],[AC_MSG_ERROR([libargon2 is required but was not found])])
AC_OUTPUT
A
autoconf && ./configure
mkdir pc; cd pc
cat >configure.ac <<'A'
AC_INIT([a],[1])
AC_PROG_CC
PKG_CHECK_MODULES([CAIRO],[cairo >= 1.2])
AC_OUTPUT
A
aclocal && autoconf && ./configure; cd ..
mkdir m4; cd m4
cat >configure.ac <<'A'
AC_INIT([a],[1])
AC_PROG_CC
PKG_CHECK_MODULES([X],[x])
AM_PATH_GTK_2_0
AC_CHECK_HEADER([sodium.h],[],[AC_MSG_ERROR([sodium.h not found])])
AC_PATH_PROG([SWIG],[swig])
test -n "$SWIG" || AC_MSG_ERROR([swig not found, please install it])
AC_OUTPUT
A
autoconf; cd ..
mkdir h; cd h; printf 'AC_INIT([a],[1])\nAC_PROG_CC\nAC_CHECK_HEADER([sodium.h],[],[AC_MSG_ERROR([sodium.h not found])])\n' >configure.ac; autoconf && ./configure; cd ..
mkdir s; cd s; printf 'AC_INIT([a],[1])\nAC_PATH_PROG([SWIG],[swig])\ntest -n "$SWIG" || AC_MSG_ERROR([swig not found, please install it])\n' >configure.ac; autoconf && ./configure; cd ..
CC=no-such-cc ./configure
./configure --host=foo-bar-baz --build=x86_64-pc-linux-gnu CC=false
mkdir lt; cd lt; printf 'AC_INIT([a],[1])\nLT_INIT_NOT\nAC_PROG_LIBTOOLX\nAM_INIT_AUTOMAKE\n' >configure.ac; autoconf; cd ..
X
}
case_shell() {
    log commands <<'X'
swig -python a.i
PATH=/nonexistent git describe --tags
sh -c 'protoc --version'
dash -c 'cython a.pyx'
printf 'all:\n\tbison -y a.y\nb:\n\tno-such-flex\n' >Makefile; make; make b
env no-such-perl a
xargs no-such-prog </dev/null
python3 -c 'import subprocess; subprocess.run(["pg_config", "--libdir"])'
echo '#!/usr/bin/no-such-interpreter' >s; chmod +x s; ./s
perl -e 'use XML::Parser;'
python3 -c 'import distutils.spawn as s; s.spawn(["swig", "-python"])'
printf '#!/usr/bin/env no-such-python2\n' >e; chmod +x e; ./e
X
    log soname <<'X'
printf 'int f(void){return 0;}\n' >l.c; gcc -shared -fPIC -Wl,-soname,librefinery-missing.so.5 -o librefinery-missing.so.5 l.c
printf 'int f(void); int main(void){return f();}\n' >a.c; gcc a.c ./librefinery-missing.so.5 -o a; mv librefinery-missing.so.5 gone; ./a
printf '#include <Python.h>\nint f(void);\nPyMODINIT_FUNC PyInit_m(void) { f(); return NULL; }\n' >m.c
mv gone librefinery-missing.so.5; gcc -shared -fPIC $(python3-config --includes) m.c ./librefinery-missing.so.5 -o m.so; rm librefinery-missing.so.5
python3 -c 'import m'
X
    log glibc <<'X'
root=$(ls -d $HOME/.cache/refinery/test-roots/amd64-trixie-* 2>/dev/null | head -n 1)
for name in gcc-14 bash ls python3.13 perl; do [ -x "$root/usr/bin/$name" ] && "$root/usr/bin/$name" --version; done
X
    log memory <<'X'
python3 - >big.c <<'P'
print("int f(int x) {\n" + "".join(f"if (x == {i}) x = f(x * {i} + {i % 7});\n" for i in range(60000)) + "return x; }")
P
(ulimit -v 150000; gcc -O2 -c big.c)
(ulimit -v 250000; clang -O2 -c big.c) 2>&1 | head -n 12
(ulimit -t 1; gcc -O2 -c big.c)
(ulimit -t 1; $cross -O2 -c big.c)
(ulimit -v 300000; python3 -c 'x = bytearray(10**9)')
cat >t.py <<'P'
import os, signal, subprocess
subprocess.check_call(["python3", "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
P
python3 t.py
printf 'all:\n\t@kill -9 $$$$\n' >Makefile; make
bash -c 'sh -c "kill -9 \$\$"; true'
(ulimit -v 60000; ld -r -o /dev/null /usr/lib/x86_64-linux-gnu/libc.a /usr/lib/x86_64-linux-gnu/libm*.a --whole-archive /usr/lib/gcc/x86_64-linux-gnu/12/libstdc++.a) 2>&1 | tail -n 3
(ulimit -v 120000; as -o /dev/null <(for i in $(seq 1 300000); do echo "l$i: .quad l$i + $i"; done))
X
    log disk <<'X'
mkdir full; mount -t tmpfs -o size=40k tmpfs full || exit
dd if=/dev/zero of=full/fill bs=1k count=39
printf 'static const char x[100000] = {1}; const char *f(void) { return x; }\n' >a.c
gcc -c a.c -o full/a.o
TMPDIR=full gcc -save-temps=obj -c a.c -o full/b.o
python3 -c 'open("full/x", "w").write("x" * 100000)'
cp a.c full/b
tar -cf full/t.tar /usr/include/linux
echo 'int main(void){return 0;}' >m.c; gcc -static m.c -o full/m
umount full
X
    log network <<'X'
offline git clone https://github.com/pybind/pybind11.git
offline curl -sSf https://example.com/
offline wget -q https://example.com/ || offline wget https://example.com/
offline python3 -c 'import urllib.request; urllib.request.urlopen("https://example.com/")'
mkdir f; cat >f/CMakeLists.txt <<'M'
cmake_minimum_required(VERSION 3.20)
project(a C)
include(FetchContent)
FetchContent_Declare(json URL https://example.com/json.tar.gz)
FetchContent_MakeAvailable(json)
M
offline timeout 30 cmake -S f -B f/b
mkdir d; printf 'cmake_minimum_required(VERSION 3.20)\nproject(a C)\nfile(DOWNLOAD https://example.com/x x.tar STATUS s)\nmessage(FATAL_ERROR "download failed: ${s}")\n' >d/CMakeLists.txt; offline cmake -S d -B d/b
cargo new --quiet c; (cd c; echo 'itoa = "1"' >>Cargo.toml; CARGO_HOME=$PWD/h CARGO_NET_RETRY=0 offline cargo build)
(cd c; CARGO_HOME=$PWD/h cargo build --offline)
mkdir g; (cd g; printf 'module a\ngo 1.20\nrequire github.com/google/uuid v1.6.0\n' >go.mod; printf 'package main\nimport _ "github.com/google/uuid"\nfunc main(){}\n' >m.go; GOFLAGS=-mod=mod GOMODCACHE=$PWD/mc offline go build)
mkdir n; (cd n; echo '{"name":"a","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}' >package.json; offline npm install --cache=$PWD/c --fetch-retries=0)
offline $python -m pip install --retries 0 --no-cache-dir six
mkdir w/subprojects -p; (cd w; printf "project('a','c')\nsubproject('zlib')\n" >meson.build; printf '[wrap-file]\ndirectory = zlib\nsource_url = https://example.com/z.tar.gz\nsource_filename = z.tar.gz\nsource_hash = 00\n' >subprojects/zlib.wrap; offline meson setup b)
offline python3 -c 'import http.client; http.client.HTTPSConnection("192.0.2.1", timeout=2).request("GET", "/")'
X
    log timeout <<'X'
mkdir t; cat >t/CMakeLists.txt <<'M'
cmake_minimum_required(VERSION 3.20)
project(a NONE)
enable_testing()
add_test(NAME slow COMMAND tail -f /dev/null)
set_tests_properties(slow PROPERTIES TIMEOUT 1)
M
cmake -S t -B t/b >/dev/null; ctest --test-dir t/b
venv test pytest pytest-timeout
printf 'import threading\ndef test_slow():\n    threading.Event().wait(5)\n' >test_a.py; $work/venv-test/bin/pytest -q --timeout=1 test_a.py
python3 -c 'import subprocess; subprocess.run(["tail", "-f", "/dev/null"], timeout=1)'
printf "project('a')\ntest('slow', find_program('tail'), args: ['-f', '/dev/null'], timeout: 1)\n" >meson.build; meson setup mb >/dev/null; meson test -C mb
X
    log tests <<'X'
venv test pytest pytest-timeout
printf 'def test_one():\n    assert 1 + 1 == 3\n' >test_a.py; $work/venv-test/bin/pytest -q test_a.py
printf 'import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 2)\nunittest.main()\n' >u.py; python3 u.py
mkdir t; printf 'cmake_minimum_required(VERSION 3.20)\nproject(a NONE)\nenable_testing()\nadd_test(NAME bad COMMAND false)\n' >t/CMakeLists.txt; cmake -S t -B t/b >/dev/null; ctest --test-dir t/b
cargo new --quiet --lib c; (cd c; printf '#[test]\nfn bad() { assert_eq!(1, 2); }\n' >src/lib.rs; cargo test --offline)
X
    log prompt <<'X'
python3 -c 'input("Do you accept the license agreement? [yes/no] ")' </dev/null
cat >eula.sh <<'S'
echo "You must accept the license agreement to continue."
read -r -p "Do you accept the license terms? (yes/no) " answer || { echo "License not accepted, aborting"; exit 1; }
S
bash eula.sh </dev/null
X
}
case_rust() {
    log cargo <<'X'
cargo new --quiet a; (cd a; sed -i 's/^edition.*/edition = "2021"\nrust-version = "1.199"/' Cargo.toml; cargo build --offline)
cargo new --quiet e; (cd e; sed -i 's/^edition.*/edition = "2039"/' Cargo.toml; cargo build --offline)
cargo new --quiet o; (cd o; printf 'openssl-sys = "=0.9.103"\n' >>Cargo.toml; OPENSSL_NO_VENDOR=1 PKG_CONFIG_LIBDIR=/nonexistent cargo build)
cargo new --quiet z; (cd z; printf 'libsqlite3-sys = { version = "=0.28.0" }\n' >>Cargo.toml; PKG_CONFIG_LIBDIR=/nonexistent cargo build)
cargo new --quiet p; (cd p; printf '[build-dependencies]\npkg-config = "=0.3.30"\n' >>Cargo.toml; printf 'fn main() { pkg_config::probe_library("dbus-1").unwrap(); }\n' >build.rs; cargo build)
cargo new --quiet l; (cd l; cargo rustc --offline -- -C linker=no-such-cc)
cargo new --quiet t; (cd t; cargo build --offline --target s390x-unknown-linux-gnu)
cargo new --quiet k; (cd k; printf 'version = 9\n' >Cargo.lock; cargo build --offline --locked)
cargo new --quiet n; (cd n; printf '#![feature(test)]\nfn main() {}\n' >src/main.rs; cargo build --offline)
cargo new --quiet b; (cd b; printf 'bindgen = "=0.69.4"\n' >>Cargo.toml; printf '[build-dependencies]\nbindgen = "=0.69.4"\n' >>Cargo.toml; sed -i '0,/bindgen/{/bindgen/d}' Cargo.toml; printf 'fn main() { bindgen::Builder::default().header("x.h").generate().unwrap(); }\n' >build.rs; LIBCLANG_PATH=/nonexistent cargo build)
cargo new --quiet c; (cd c; printf '[build-dependencies]\ncmake = "=0.1.50"\n' >>Cargo.toml; printf 'fn main() { cmake::build("."); }\n' >build.rs; CMAKE=no-such-cmake cargo build)
X
    log go <<'X'
mkdir a; (cd a; printf 'module a\ngo 1.99\n' >go.mod; printf 'package main\nfunc main(){}\n' >m.go; GOTOOLCHAIN=local go build)
mkdir c; (cd c; printf 'module a\ngo 1.20\n' >go.mod; printf 'package main\n// #include <ffi.h>\nimport "C"\nfunc main(){}\n' >m.go; go build)
(cd c; CC=no-such-gcc go build)
X
}
case_setuptools() {
    log setuptools <<'X'
p() { # DIRECTORY, requirements of the build; setup.py on standard input
    mkdir -p "$1"; cat >"$1/setup.py"; printf '[build-system]\nrequires = [%s]\nbuild-backend = "setuptools.build_meta"\n' "$2" >"$1/pyproject.toml"
    echo "== $1"; $work/venv-pip/bin/pip wheel --no-deps -w "$1/w" "./$1"
}
venv pip setuptools==75.6.0
p cython '"setuptools==75.6.0"' <<'P'
from Cython.Build import cythonize
P
p numpy '"setuptools==75.6.0"' <<'P'
import numpy
P
p nocc '"setuptools==75.6.0"' <<'P'
import os; os.environ["CC"] = "no-such-gcc"
from setuptools import *
open("a.c", "w").close()
setup(name="a", version="1", ext_modules=[Extension("a", ["a.c"])])
P
p swig '"setuptools==75.6.0"' <<'P'
from setuptools import *
open("a.i", "w").close()
setup(name="a", version="1", ext_modules=[Extension("_a", ["a.i"])])
P
p header '"setuptools==75.6.0"' <<'P'
from setuptools import *
open("a.c", "w").write("#include <jpeglib.h>\n")
setup(name="a", version="1", ext_modules=[Extension("a", ["a.c"], libraries=["jpeg"])])
P
p use2to3 '"setuptools==75.6.0"' <<'P'
from setuptools import setup
setup(name="a", version="1", use_2to3=True)
P
p testcmd '"setuptools==75.6.0"' <<'P'
from setuptools.command.test import test
P
p pkgres '"setuptools==82.0.0"' <<'P'
import pkg_resources
P
p msvc '"setuptools==75.6.0"' <<'P'
from distutils.msvccompiler import get_build_version
P
p ccompiler '"setuptools==82.0.0"' <<'P'
from setuptools._distutils import msvccompiler
P
p py2 '"setuptools==75.6.0"' <<'P'
print "hello"
P
p numpydist '"setuptools==75.6.0", "numpy==2.1.0"' <<'P'
from numpy.distutils.core import setup
P
p scm '"setuptools==75.6.0", "setuptools-scm==8.1.0"' <<'P'
from setuptools import setup
setup(name="a", use_scm_version=True)
P
p pbr '"setuptools==75.6.0", "pbr==6.1.0"' <<'P'
from setuptools import setup
setup(name="a", setup_requires=["pbr"], pbr=True)
P
p git '"setuptools==75.6.0"' <<'P'
import os, subprocess
os.environ["PATH"] = "/nonexistent"
print(subprocess.check_output(["git", "describe", "--tags"]))
P
p pgconfig '"setuptools==75.6.0"' <<'P'
import subprocess
subprocess.check_output(["pg_config", "--version"])
P
p cyversion '"setuptools==75.6.0", "Cython==3.1.2"' <<'P'
from setuptools import *
from Cython.Build import cythonize
open("a.pyx", "w").write("def f(x):\n    return long(x) + len(unicode(x)) + xrange(x)\n")
setup(name="a", version="1", ext_modules=cythonize("a.pyx", language_level=3))
P
p cimport '"setuptools==75.6.0", "Cython==3.0.11"' <<'P'
from setuptools import *
from Cython.Build import cythonize
open("a.pyx", "w").write("cimport numpy as np\nfrom cpython.unicode cimport nothing\n")
setup(name="a", version="1", ext_modules=cythonize("a.pyx", language_level=3))
P
p build_ext '"setuptools==75.6.0", "Cython==3.0.11"' <<'P'
from setuptools import setup
from setuptools.command.build_ext import build_ext
class b(build_ext):
    def finalize_options(self):
        self.cython_sources
setup(name="a", version="1", cmdclass={"build_ext": b})
P
p numpyapi '"setuptools==75.6.0", "numpy==2.1.0"' <<'P'
from setuptools import *
import numpy
open("a.c", "w").write("#include <Python.h>\n#include <numpy/arrayobject.h>\nint f(PyArray_Descr *d) { return d->elsize + (d->subarray != 0); }\nint g(void) { return NPY_NEEDS_PYAPI + NPY_C_CONTIGUOUS_X; }\n")
setup(name="a", version="1", ext_modules=[Extension("a", ["a.c"], include_dirs=[numpy.get_include()])])
P
p numpyold '"setuptools==75.6.0", "numpy==2.1.0"' <<'P'
import numpy
numpy.float
P
p numpyold2 '"setuptools==75.6.0", "numpy==2.1.0"' <<'P'
import numpy
numpy.float_
P
p rust '"setuptools==75.6.0", "setuptools-rust==1.10.2"' <<'P'
import os; os.environ["PATH"] = "/nonexistent"
from setuptools import setup
from setuptools_rust import RustExtension
open("Cargo.toml", "w").write("[package]\nname='a'\nversion='0.1.0'\n[lib]\ncrate-type=['cdylib']\n"); os.makedirs("src", exist_ok=True); open("src/lib.rs", "w").close()
setup(name="a", version="1", rust_extensions=[RustExtension("a.a")])
P
p imp '"setuptools==75.6.0"' <<'P'
import asyncore_nothing
P
p longintrepr '"setuptools==75.6.0"' <<'P'
from setuptools import *
open("a.c", "w").write('#include <Python.h>\n#include "longintrepr.h"\n')
setup(name="a", version="1", ext_modules=[Extension("a", ["a.c"])])
P
p frame '"setuptools==75.6.0"' <<'P'
from setuptools import *
open("a.c", "w").write('#include <Python.h>\nint f(PyThreadState *t, PyFrameObject *fr) { return t->use_tracing + fr->f_lineno; }\nvoid g(PyObject *o) { Py_TYPE(o) = 0; }\n')
setup(name="a", version="1", ext_modules=[Extension("a", ["a.c"])])
P
X
}
case_sdists() { # real ones, of packages that lack their libraries here
    log sdists <<'X'
venv pip setuptools==75.6.0
for one in mysqlclient==2.2.6 pygraphviz==1.14 pyodbc==5.2.0 python-ldap==3.4.4 PyAudio==0.2.14; do
    echo "== $one"
    timeout 120 $work/venv-pip/bin/pip wheel --no-cache-dir --no-deps --no-binary :all: -w w "$one" 2>&1 | grep -v -E '^ +(copying|creating|adding) ' | tail -n 60
done
X
}
case_asking() { # what is said in a package's own words, mostly before anything is compiled
    log asking <<'X'
venv pip setuptools==75.6.0
for one in ethtool==0.14 manimpango==0.4.3 matplotlib==2.2.5 mpi4py==3.0.3 rasterio==1.3.4 PyGObject==3.42.2; do
    echo "== $one"
    PKG_CONFIG_LIBDIR=/nonexistent timeout 180 $work/venv-pip/bin/pip wheel --no-cache-dir --no-deps --no-binary "${one%%==*}" -w w "$one" 2>&1 | grep -v -E '^ +(copying|creating|adding) ' | tail -n 60
done
cat >query.py <<'P'
import subprocess
subprocess.check_output(["pkg-config", "--cflags", "--libs", "libnl-3.0"])
P
PKG_CONFIG_LIBDIR=/nonexistent python3 query.py
printf 'import subprocess\nsubprocess.check_output("pkg-config --cflags libnl-3.0", shell=True)\n' >shell.py
PKG_CONFIG_LIBDIR=/nonexistent python3 shell.py
X
}
case_backends() {
    log backends <<'X'
b() { mkdir -p "$1"; cat >"$1/pyproject.toml"; echo "== $1"; shift; $work/venv-pip/bin/pip wheel --no-deps "$@"; }
venv pip setuptools==75.6.0
b missing ./missing <<'P'
[build-system]
requires = []
build-backend = "poetry.core.masonry.api"
P
b isolated --no-build-isolation ./isolated <<'P'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
P
b hatchvcs ./hatchvcs <<'P'
[build-system]
requires = ["hatchling==1.26.3", "hatch-vcs==0.4.0"]
build-backend = "hatchling.build"
[project]
name = "a"
dynamic = ["version"]
[tool.hatch.version]
source = "vcs"
P
b nosuch ./nosuch <<'P'
[build-system]
requires = ["setuptools==999"]
build-backend = "setuptools.build_meta"
P
b maturin ./maturin <<'P'
[build-system]
requires = ["maturin==1.7.8"]
build-backend = "maturin"
[project]
name = "a"
version = "1"
P
b requires ./requires <<'P'
[build-system]
requires = ["setuptools==75.6.0"]
build-backend = "setuptools.build_meta"
[project]
name = "a"
version = "1"
requires-python = ">=3.99"
P
b license ./license <<'P'
[build-system]
requires = ["setuptools==69.0.0"]
build-backend = "setuptools.build_meta"
[project]
name = "a"
version = "1"
license = "MIT"
P
b mesonpy ./mesonpy <<'P'
[build-system]
requires = ["meson-python==0.17.1", "meson==1.6.0"]
build-backend = "mesonpy"
[project]
name = "a"
version = "1"
P
mkdir legacy; printf 'from distutils.core import setup\nsetup(name="a", version="1")\n' >legacy/setup.py; (cd legacy; $work/venv-pip/bin/python setup.py bdist_wheel)
X
}
case_numpy() {
    log numpy-abi <<'X'
$python -m venv old; old/bin/pip -q install numpy==1.26.4 setuptools==75.6.0 Cython==3.0.11
mkdir m; cat >m/setup.py <<'P'
from setuptools import *
from Cython.Build import cythonize
import numpy
open("abi.pyx", "w").write("cimport numpy as np\nnp.import_array()\ndef f(np.ndarray a): return a.shape[0]\n")
setup(name="abi", version="1", ext_modules=cythonize([Extension("abi", ["abi.pyx"], include_dirs=[numpy.get_include()])], language_level=3))
P
(cd m; ../old/bin/python setup.py -q build_ext --inplace 2>&1 | grep -v warning | tail -n 3)
old/bin/pip -q install numpy==2.1.0; (cd m; ../old/bin/python -c 'import abi')
$python -m venv new; new/bin/pip -q install numpy==2.1.0 setuptools==75.6.0 Cython==3.0.11; rm -f m/*.so m/*.c; (cd m; ../new/bin/python setup.py -q build_ext --inplace >/dev/null 2>&1); new/bin/pip -q install numpy==1.24.4; (cd m; ../new/bin/python -c 'import abi')
X
}
case_stdlib() {
    log python313 <<'X'
root=$(ls -d $HOME/.cache/refinery/test-roots/amd64-trixie-*/usr/bin/python3.13 2>/dev/null | head -n 1); root=${root%/usr/bin/*}
run() { PYTHONPATH= "$root/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/python3.13" "$@"; }
export PYTHONHOME=$root/usr
run -S -c 'import distutils'
for name in imp asyncore cgi pipes telnetlib lib2to3; do run -c "import $name"; done
run -S -c 'from distutils.core import setup'
run -c 'import configparser; configparser.SafeConfigParser()'
run -c 'import unittest; class_ = unittest.TestCase; class_().assertEquals(1, 1)'
run -c 'import inspect; inspect.getargspec(len)'
run -c 'import pkgutil; pkgutil.ImpImporter'
X
}
[ $# -gt 0 ] || set -- gcc pkgconfig shell rust sdists asking setuptools backends numpy stdlib
for one; do "case_$one"; done

rm -rf "$work"
