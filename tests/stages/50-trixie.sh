#!/bin/bash
# The program builds without a warning and passes its unit suite inside Debian 13: a root made of its
# packages, entered with the sources mounted, nothing installed on this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
release=${1:-trixie}
if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = "$release" ]; then
    echo "this machine is $release itself: the build and unit stages were it"
    echo "0 passed, 0 failed"
    exit 0
fi
if [ "$(id -u)" != 0 ] && ! unshare --map-root-user true 2>/dev/null; then
    echo "skipped: neither root nor user namespaces here"
    echo "0 passed, 0 failed"
    exit 0
fi
arch=$(dpkg --print-architecture)
packages=$(sed -n -E 's/^build (.*)$/\1/p' scripts/packages.txt | grep -v libyyjson)
packages="$packages libcmocka-dev make bash coreutils sed grep findutils dash dpkg-dev tzdata"
# shellcheck disable=SC2086
key=$(echo $release $packages | sha256sum | cut -c1-8)
root=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/test-roots/$arch-$release-$key
# shellcheck disable=SC2086
scripts/debian-root.sh "$arch" "$release" "$root" $packages
scripts/yyjson.sh "$arch" "$root/usr" /usr
[ -e "$root/usr/bin/cc" ] || ln -s gcc "$root/usr/bin/cc"
build=build-$release
mkdir -p "$root/src" "$root/proc" "$root/dev" "$root/tmp" $build
inside='
set -e
mount --bind "$2" "$1/src"
mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/tmp"
exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/tmp LC_ALL=C sh -c "cd /src && $3"
'
map=
[ "$(id -u)" = 0 ] || map=--map-root-user
unshare $map --mount --pid --fork sh -c "$inside" sh "$root" "$PWD" "
    { [ -e $build/build.ninja ] || meson setup $build; } >$build/log 2>&1 || { tail -n 30 $build/log; exit 1; }
    ninja -C $build >$build/log 2>&1 || { grep -E 'error|warning|FAILED' -A 4 $build/log | head -n 60; exit 1; }
    tests/suite.sh $build --suite unit -t 4"
