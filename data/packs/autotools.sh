# shellcheck shell=bash
# A release with configure: read by pack.sh in the unpacked source, "$@" are options of configure.
# Patches touch what autotools would make anew; the release's own files are right as they are.
find . -name aclocal.m4 -exec touch {} +
find . -name configure -exec touch {} + -o -name config.h.in -exec touch {} +
find . -name Makefile.in -exec touch {} +
[ -e configure ] || autoreconf -fi
chmod +x configure
./configure -q --host="${CC%-gcc}" --prefix=/pack --libdir=/pack/lib --disable-shared --enable-static \
    --with-pic --disable-dependency-tracking CFLAGS='-O2 -g0 -fPIC' "$@"
make -s -j"$(nproc)"
make -s install DESTDIR="$OUT"
