# One pack: a native library from its release's source (with the distribution's patches) as a static,
# position-independent archive on the floor. Runs in the sandbox: sources at /src, packs that it needs
# at /sysroot/pack, work at /build, result below /out.
#   usage: pack.sh NAME autotools|cmake|script [OPTION...]
set -e
name=$1 kind=$2
shift 2
OUT=/out
export OUT
unpack() { # into the working directory
    if ls /src/"$name"/*.orig.tar.* >/dev/null 2>&1; then
        tar xf "$(ls /src/"$name"/*.orig.tar.* | grep -v '\.asc$' | head -n 1)" --strip-components=1
        for part in /src/"$name"/*.orig-*.tar.*; do # more archives, each in a folder of its name
            case $part in *.asc | *'*'*) continue ;; esac
            folder=${part##*.orig-} folder=${folder%%.tar.*}
            mkdir -p "$folder"
            tar xf "$part" --strip-components=1 -C "$folder"
        done
        tar xf /src/"$name"/*.debian.tar.*
    else
        tar xf /src/"$name"/* --strip-components=1
    fi
    if [ -e debian/patches/series ]; then
        grep -v -e '^#' -e '^ *$' debian/patches/series | sed 's/ .*//' | while read -r patch; do
            patch -s -p1 <debian/patches/"$patch" || exit 1
        done
    fi
}
pc() { # name version library-word...: the .pc file that a library does not bring
    mkdir -p "$OUT/pack/lib/pkgconfig"
    cat >"$OUT/pack/lib/pkgconfig/$1.pc" <<END
prefix=/pack
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $1
Description: $1, built on the floor
Version: ${2:-0}
Libs: -L\${libdir} ${*:3}
Cflags: -I\${includedir}
END
}
mkdir -p /build/"$name"
cd /build/"$name"
unpack
# shellcheck source=/dev/null
. /script/"$kind".sh
# Whoever links these links them statically, so what they need themselves belongs to them.
for file in /out/pack/lib/pkgconfig/*.pc; do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    needs=$(sed -n 's/^Libs.private: *//p' "$file")
    wants=$(sed -n 's/^Requires.private: *//p' "$file" | tr '\n' ' ')
    sed -i -e "s|^Libs:.*|& $needs|" "$file"
    if [ -n "${wants// /}" ]; then
        grep -q '^Requires:' "$file" || echo "Requires:" >>"$file"
        sed -i -e "s|^Requires:.*|& $wants|" "$file"
    fi
    sed -i -e '/\.private:/d' "$file"
done
find /out/pack -name '*.la' -delete
rm -rf /out/pack/share/doc /out/pack/share/man /out/pack/share/gtk-doc /build/"$name"
