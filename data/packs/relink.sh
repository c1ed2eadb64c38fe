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
# What the archive wants of Fortran's runtime is a library of its own. That runtime reaches a variable of the
# thread by the initial-exec model: linked together, all such variables would have to lie in the static block,
# in which glibc has some 1,600 bytes left when a module is imported, and OpenBLAS has 61,440.
words=$("$NM" -u "$archive" | sed -n 's/^ *U \(_gfortran_.*\)$/-Wl,-u,\1/p' | sort -u)
cp "$("$FC" -print-file-name=libgfortran.a)" fortran.a # by its own name it is hidden in what links it
# shellcheck disable=SC2086 # a list
"$CC" -shared -o /out/pack/lib/lib"$name"-fortran.so.0 -Wl,-soname,lib"$name"-fortran.so.0 -Wl,-z,defs \
    $words fortran.a -lm
"$CC" -shared -o /out/pack/lib/lib"$name".so.0 -Wl,-soname,lib"$name".so.0 -Wl,-z,defs \
    -Wl,--whole-archive "$archive" -Wl,--no-whole-archive /out/pack/lib/lib"$name"-fortran.so.0 "$@"
"$STRIP" --strip-unneeded /out/pack/lib/*.so.0
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
