#!/bin/bash
# A root directory of a Debian (or Ubuntu) release for any architecture: the closure of some packages,
# resolved and verified by apt with state of its own, each unpacked once; nothing is configured.
#   usage: scripts/debian-root.sh ARCHITECTURE RELEASE DIRECTORY PACKAGE...
# The directory is complete or absent. REFINERY_MIRROR names another mirror, REFINERY_KEYRING its keys.
set -euo pipefail
arch=$1 release=$2 target=$3
shift 3
[ -e "$target" ] && exit 0
mirror=${REFINERY_MIRROR:-}
key=/usr/share/keyrings/debian-archive-keyring.gpg
components=main
case $release in
noble | jammy | resolute)
    key=/usr/share/keyrings/ubuntu-archive-keyring.gpg
    components="main universe"
    case $arch in
    amd64 | i386) mirror=${mirror:-http://archive.ubuntu.com/ubuntu} ;;
    *) mirror=${mirror:-http://ports.ubuntu.com/ubuntu-ports} ;;
    esac
    ;;
*)
    [ -n "$mirror" ] || mirror=$( (apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true) |
        grep -E '/debian/?$' | head -n 1)
    mirror=${mirror:-http://deb.debian.org/debian}
    ;;
esac
key=${REFINERY_KEYRING:-$key}
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/root"
chmod 755 "$work" "$work/root"
echo "deb [arch=$arch signed-by=$key] $mirror $release $components" >"$work/sources.list"
: >"$work/status"
apt() {
    apt-get -q -y -o Dir::Etc=/dev/null -o Dir::Etc::sourcelist="$work/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$work/state" \
        -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User= \
        -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o Debug::NoLocking=true "$@"
}
apt update >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
apt --download-only install "$@" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
# Merged /usr: packages of Debian 12 still hold /lib and /bin paths.
for name in bin sbin lib lib64; do
    mkdir -p "$work/root/usr/$name"
    ln -s "usr/$name" "$work/root/$name"
done
for deb in "$work"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/root" --keep-directory-symlink
done
# Absolute links would leave the root when followed from outside.
find "$work/root" -type l -lname '/*' -printf '%P\t%l\n' | while IFS=$'\t' read -r link to; do
    depth=$(dirname "$link")
    up=
    while [ "$depth" != . ]; do up=../$up depth=$(dirname "$depth"); done
    ln -sfn "$up${to#/}" "$work/root/$link"
done
rm -rf "$work/root/usr/share/doc" "$work/root/usr/share/man" "$work/root/usr/share/locale"
mv -T "$work/root" "$target"
echo "root of $release/$arch: $(find "$work/cache/archives" -name '*.deb' | wc -l) packages"
