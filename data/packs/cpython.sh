# shellcheck shell=bash
# A CPython of the target: read by pack.sh in the unpacked source, "$@" are options of configure. It runs from
# wherever it lies; what it needs is inside of it, so that it runs on the floor.
unset _PYTHON_HOST_PLATFORM _PYTHON_SYSCONFIGDATA_NAME PYTHONPATH PYTHONHOME
version=$(sed -n 's/^VERSION=//p' configure | head -n 1)
build=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_config_var("BUILD_GNU_TYPE"))')
find . -name configure -exec touch {} +
# It freezes and compiles what the target will read: only its own kind can.
python=/usr/bin/python$version
if [ ! -x "$python" ]; then
    mkdir native
    (cd native && env -u CC -u CXX -u AR -u RANLIB -u CPPFLAGS -u CFLAGS -u LDFLAGS -u PKG_CONFIG_LIBDIR \
        CC=gcc ../configure -q --without-ensurepip --disable-test-modules && make -s -j"$(nproc)" python)
    python=$PWD/native/python
fi
CONFIG_SITE=/script/cpython.site ./configure -q --host="${CC%-gcc}" --build="$build" --prefix=/pack \
    --libdir=/pack/lib --with-build-python="$python" --with-openssl=/sysroot/pack --without-ensurepip \
    --disable-test-modules CFLAGS='-O2 -g0' CPPFLAGS=-I/sysroot/pack/include LDFLAGS=-L/sysroot/pack/lib \
    LIBS=-lm "$@" # what sqlite's archive wants stands behind it
make -s -j"$(nproc)"
# Debian's patches install it under a name that only its own sysconfig gives it.
for data in build/lib.*/_sysconfigdata_*_linux_*.py; do
    own=$(dirname "$data")/$(basename "$data" | sed 's/_linux_/_/')
    [ -e "$own" ] || cp "$data" "$own"
done
make -s install DESTDIR="$OUT" COMPILEALL_OPTS=-j0
rm -rf "$OUT"/pack/lib/python"$version"/{test,idlelib,turtledemo,lib2to3/tests}
# It runs here as all programs of the target do; what it says of itself is kept.
mkdir -p "$OUT/pack/share/refinery"
"$OUT/pack/bin/python$version" -I /script/cpython.py >"$OUT/pack/share/refinery/cpython$version.json"
