#!/bin/bash
# The unit suite and the fuzz targets of the packaging standards, compiled for s390x (big-endian) and run
# under qemu-user, against libraries of the target in a root of their own; the machine's package sources
# stay as they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "$(uname -m)" = s390x ]; then
    echo "this machine is s390x itself: the unit stage was it"
    echo "0 passed, 0 failed"
    exit 0
fi
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
build='build-s390x'
# What the build needs on this machine, for the other one.
packages=$(sed -n -E 's/^(build|test) (lib.*-dev)$/\2/p' scripts/packages.txt |
    grep -vE '^(libc6|libyyjson|libclang.*)-dev' | sort)
packages="libc6-dev $packages"
# shellcheck disable=SC2086
key=$(echo $release $packages | sha256sum | cut -c1-8)
root=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/test-roots/s390x-$release-$key
# shellcheck disable=SC2086
scripts/debian-root.sh s390x "$release" "$root" $packages
scripts/yyjson.sh s390x "$root/usr" /usr
mkdir -p $build
cat >$build/cross.new <<CROSS
[binaries]
c = ['s390x-linux-gnu-gcc', '--sysroot=$root']
ar = 's390x-linux-gnu-ar'
strip = 's390x-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-s390x-static', '-L', '$root']
[properties]
sys_root = '$root'
pkg_config_libdir = ['$root/usr/lib/s390x-linux-gnu/pkgconfig', '$root/usr/share/pkgconfig']
[built-in options]
c_link_args = ['-Wl,-rpath-link,$root/usr/lib/s390x-linux-gnu']
[host_machine]
system = 'linux'
cpu_family = 's390x'
cpu = 's390x'
endian = 'big'
CROSS
# The cross file is remembered by meson: only a new one makes a new build directory.
if ! cmp -s $build/cross.new $build/cross.ini || [ ! -e $build/build.ninja ]; then
    mv $build/cross.new $build/cross.ini
    find $build -mindepth 1 -maxdepth 1 ! -name cross.ini -exec rm -rf {} +
    env -u PKG_CONFIG_PATH -u CC meson setup $build --cross-file $build/cross.ini \
        -Dpure_only=true >$build/log 2>&1 || {
        tail -n 30 $build/log
        exit 1
    }
fi
ninja -C $build >$build/log 2>&1 || {
    grep -E 'error|warning|FAILED|undefined' -A 4 $build/log | head -n 60
    exit 1
}
tests/suite.sh $build --suite unit --suite fuzz -t 10
