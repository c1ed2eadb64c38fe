# One pack: a shared library on the floor out of the release's own static archive, whose own shared
# form needs a newer glibc. Runs in the sandbox: the target's root at /src, result below /out.
#   usage: relink.sh NAME ARCHIVE HEADERS [LINKER-WORD...]
# ARCHIVE and HEADERS are paths below the root's multiarch folders, found by pattern.
set -e
name=$1
archive=$(echo /src/usr/lib/*/"$2")
headers=$(echo /src/usr/include/*/"$3")
shift 3
mkdir -p /out/pack/lib/pkgconfig /out/pack/include
"$FC" -shared -o /out/pack/lib/lib"$name".so.0 -Wl,-soname,lib"$name".so.0 -Wl,-z,defs -static-libgfortran \
    -Wl,--whole-archive "$archive" -Wl,--no-whole-archive "$@"
"$STRIP" --strip-unneeded /out/pack/lib/lib"$name".so.0
ln -s lib"$name".so.0 /out/pack/lib/lib"$name".so
cp "$headers"/*.h /out/pack/include
version=$(sed -n 's/^Version: *//p' "$(dirname "$archive")"/pkgconfig/"$name".pc | head -n 1)
cat >/out/pack/lib/pkgconfig/"$name".pc <<END
prefix=/pack
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $name
Description: $name of the release, linked anew on the floor
Version: ${version:-0}
Libs: -L\${libdir} -l$name
Cflags: -I\${includedir}
END
