#!/bin/bash
# Everything compiled by clang without a warning, and the whole unit suite and every fuzz corpus run
# under AddressSanitizer and UndefinedBehaviorSanitizer.
set -u
cd "$(dirname "$0")/../.." || exit 1
build='build-asan'
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export CC=clang
command -v clang >/dev/null || { echo "no clang here: gcc takes its place"; CC=gcc; }
if [ ! -e $build/build.ninja ]; then
    make --no-print-directory setup BUILD=$build MESON_ARGS="-Db_sanitize=address,undefined \
        -Db_lundef=false -Dbuildtype=debug -Doptimization=1" >/dev/null || exit 1
fi
make --no-print-directory everything BUILD=$build >$build/log 2>&1 || {
    grep -E 'error|warning|FAILED' -A 4 $build/log | head -n 60
    exit 1
}
tests/suite.sh $build --suite unit --suite fuzz -t 5
