#!/bin/sh
# Makes sure that the packages of the purposes given (scripts/packages.txt) are installed.
# Says what it installs before it does; as a plain user prints the one command to run as root.
#   usage: scripts/need.sh build [run] [test]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
missing=
for purpose in "$@"; do
    for package in $(sed -n "s/^$purpose //p" "$top/scripts/packages.txt"); do
        [ "$package" = libyyjson-dev ] && continue # has its own script: not in every release
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "These packages are needed. Run this as root, then try again:" >&2
        echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
    echo "Installing:$missing"
    lock="-o DPkg::Lock::Timeout=600"
    # A source that we do not need may be out of reach; the install says what is really missing.
    apt-get $lock -q update >/dev/null 2>&1 || true
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get $lock -q install -y --no-install-recommends $missing \
        >"${TMPDIR:-/tmp}/refinery-apt.log" 2>&1 || {
        tail -n 20 "${TMPDIR:-/tmp}/refinery-apt.log" >&2
        echo "apt-get could not install:$missing" >&2
        exit 1
    }
fi
case " $* " in *" build "*) "$top/scripts/yyjson.sh" ;; esac
