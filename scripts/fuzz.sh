#!/bin/bash
# `make fuzz`: every fuzz target with libFuzzer for FUZZ_SECONDS (600) each, one process per processor.
# New inputs that reach new code are kept in build-fuzz/found/<name>; a crash is left beside them.
#   usage: scripts/fuzz.sh [NAME...]
set -u
cd "$(dirname "$0")/.." || exit 1
build=build-fuzz seconds=${FUZZ_SECONDS:-600}
command -v clang >/dev/null || { echo "libFuzzer comes with clang: apt-get install clang libclang-rt-dev"; exit 1; }
[ -e $build/build.ninja ] || CC=clang make --no-print-directory setup BUILD=$build MESON_ARGS="-Dfuzz=true \
    -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized" >/dev/null || exit 1
make --no-print-directory everything BUILD=$build >$build/log 2>&1 || { tail -n 40 $build/log; exit 1; }
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cd fuzz && printf '%s\n' fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
one() {
    local name=$1 build=$2 seconds=$3 dir=$2/found/$1
    mkdir -p "$dir"
    if "$build/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=65536 \
        -artifact_prefix="$dir/" -print_final_stats=1 "$dir" "fuzz/corpus/$name" >"$dir.log" 2>&1; then
        printf '%-20s good  %s inputs, %s kept\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir.log")" "$(find "$dir" -type f | wc -l)"
    else
        printf '%-20s FAILED, see %s\n' "$name" "$dir.log"
        tail -n 30 "$dir.log"
        return 1
    fi
}
export -f one
if printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one "$@"' one {} "$build" "$seconds"; then
    echo "${#names[@]} passed, 0 failed"
else
    echo "0 passed, 1 failed"
    exit 1
fi
