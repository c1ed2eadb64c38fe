# One pack: a C library from Debian's source (with Debian's patches) as a static, position-independent
# archive on the floor. Runs in the sandbox: sources at /src, work at /build, result below /out.
#   usage: pack.sh NAME CONFIGURE-OPTION...
set -e
name=$1
shift
mkdir -p /build/"$name"
cd /build/"$name"
tar xf /src/"$name"/*.orig.tar.* --strip-components=1
tar xf /src/"$name"/*.debian.tar.*
if [ -e debian/patches/series ]; then
    grep -v -e '^#' -e '^$' debian/patches/series | while read -r patch; do
        patch -s -p1 <debian/patches/"$patch" || exit 1
    done
fi
# Patches touch what autotools would make anew; the release's own files are right as they are.
find . -name aclocal.m4 -exec touch {} +
find . -name configure -exec touch {} + -o -name config.h.in -exec touch {} +
find . -name Makefile.in -exec touch {} +
./configure -q --host="${CC%-gcc}" --prefix=/pack --disable-shared --enable-static --with-pic \
    --disable-dependency-tracking CFLAGS='-O2 -g0 -fPIC' "$@"
make -s -j"$(nproc)"
make -s install DESTDIR=/out
# Whoever links these links them statically, so what they need themselves belongs to them.
for file in /out/pack/lib/pkgconfig/*.pc; do
    needs=$(sed -n 's/^Libs.private: *//p' "$file")
    wants=$(sed -n 's/^Requires.private: *//p' "$file")
    sed -i -e "s|^Libs:.*|& $needs|" -e "s|^Requires:.*|& $wants|" -e '/\.private:/d' "$file"
done
rm -rf /out/pack/share /out/pack/lib/*.la /build/"$name"
