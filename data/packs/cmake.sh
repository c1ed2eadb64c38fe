# shellcheck shell=bash
# A release with CMakeLists.txt: read by pack.sh in the unpacked source, "$@" are words for cmake, whose
# toolchain file the environment names.
cmake -S . -B refinery-build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/pack \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=1 -DCMAKE_C_FLAGS='-g0' \
    -DCMAKE_FIND_USE_PACKAGE_REGISTRY=0 "$@"
ninja -C refinery-build
DESTDIR=$OUT ninja -C refinery-build install
