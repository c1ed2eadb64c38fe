#!/bin/sh
# yyjson (decision record 0003): installed from the release where it has it, otherwise unpacked
# from the next Debian release into a private prefix, leaving the machine's own sources alone. A
# mirror in the middle of an update may have an index that its signature does not cover: then the
# release after that serves as well.
#   usage: scripts/yyjson.sh [architecture [prefix [prefix as programs will see it]]]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
arch=${1:-$(dpkg --print-architecture)}
prefix=${2:-$top/build/deps/$arch}
seen=${3:-$prefix}
[ $# -lt 2 ] && [ "$arch" = "$(dpkg --print-architecture)" ] && pkg-config --exists yyjson && exit 0
[ -e "$prefix/include/yyjson.h" ] && exit 0
if [ $# = 0 ] && [ "$(id -u)" = 0 ] && apt-cache policy libyyjson-dev 2>/dev/null | grep -q 'Candidate: [0-9]'; then
    echo "Installing: libyyjson-dev"
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y \
        --no-install-recommends libyyjson-dev >/dev/null && exit 0
fi
mirror=${REFINERY_MIRROR:-$( (apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true) | grep -E '/debian/?$' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
chmod 755 "$work"
apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State="$work" -o Dir::State::status=/dev/null -o Dir::Cache="$work" \
        -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User= "$@"
}
take() { # release
    echo "Unpacking libyyjson-dev ($arch) of Debian $1 into $prefix"
    echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" \
        >"$work/sources.list"
    apt update >"$work/log" 2>&1 && (cd "$work" && apt download libyyjson-dev libyyjson0 >>log 2>&1)
}
take trixie || take forky || { cat "$work/log" >&2; exit 1; }
for deb in "$work"/*.deb; do dpkg -x "$deb" "$work/root"; done
mkdir -p "$prefix"
cp -a "$work/root/usr/." "$prefix/"
sed -i "s|^prefix=.*|prefix=$seen|; s|=/usr/|=$seen/|" "$prefix"/lib/*/pkgconfig/yyjson.pc
