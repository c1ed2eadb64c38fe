#!/bin/bash
# An old C library of the target to run wheels on: glibc 2.31 for s390x, compiled once from the source
# of Debian 11 (its binaries for s390x are no longer in the archive). About ten minutes on two cores.
#   usage: scripts/old-glibc.sh DIRECTORY
# The directory is complete or absent: lib/ld64.so.1, lib64/libc.so.6 and what belongs to them.
set -euo pipefail
target=$1
[ -e "$target" ] && exit 0
mirror=${REFINERY_MIRROR:-$( (apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true) |
    grep -E '/debian/?$' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/source" "$work/build" "$work/headers"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" >"$work/sources.list"
apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State="$work/state" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" \
        -o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}
quiet() { "$@" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }; }
quiet apt update
cd "$work/source"
quiet apt source --download-only glibc
tar xf glibc_2.31.orig.tar.xz --strip-components=1
# Debian's archive has no manual, which is not free enough for it; a file of messages claims to be made
# from it.
sed -i 's/ manual / /' Makeconfig
mkdir manual
touch -d @0 manual/errno.texi
for name in linux asm asm-generic; do
    ln -s "/usr/s390x-linux-gnu/include/$name" "$work/headers/$name"
done
cd "$work/build"
# -fcommon: a tentative definition in two files was no error for the compilers of its day. Without a C++
# compiler its test programs do without one; else this machine's own would be taken.
quiet "$work/source/configure" --host=s390x-linux-gnu --build="$(gcc -dumpmachine)" --prefix=/usr \
    --disable-werror --with-headers="$work/headers" --enable-kernel=3.2.0 --without-selinux \
    CFLAGS='-O2 -g0 -fcommon' CXX=false MAKEINFO=:
quiet make -s -j"$(nproc)"
quiet make -s install_root="$work/root" install
rm -rf "$work/root/usr/share" "$work/root/usr/include"
mv -T "$work/root" "$target"
