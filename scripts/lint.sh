#!/bin/bash
# `make lint`: clang-format, clang-tidy, shellcheck and ruff over the sources, each where it is there.
#   usage: scripts/lint.sh [BUILD-DIRECTORY]   (whose compile_commands.json is used)
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:-build-lint}
passed=0 failed=0
say() { # name, status
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '%-14s %s\n' "$1" "$([ "$2" = 0 ] && echo good || echo "see above")"
}
mapfile -t sources < <(git ls-files 'src/*.c' 'src/*.h' 'tests/unit/*.c' 'tests/unit/*.h' 'fuzz/*.c')
mapfile -t scripts < <(git ls-files | while read -r f; do head -n 1 "$f" 2>/dev/null | grep -qaE '^#!.*[/ ](ba)?sh$' && echo "$f"; done)
mapfile -t python < <(git ls-files '*.py')
if command -v clang-format >/dev/null; then
    status=0
    for source in "${sources[@]}"; do
        clang-format --dry-run -Werror "$source" 2>/dev/null || { echo "clang-format -i $source" && status=1; }
    done
    say clang-format $status
fi
if command -v clang-tidy >/dev/null; then
    # The compile database of a clang build: clang-tidy does not know every flag of gcc.
    [ -e "$build/build.ninja" ] || CC=clang make --no-print-directory setup BUILD="$build" >/dev/null
    # Generated headers first.
    make --no-print-directory everything BUILD="$build" >/dev/null || exit 1
    git ls-files 'src/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null
    say clang-tidy $?
fi
if command -v shellcheck >/dev/null; then
    shellcheck -x -S warning "${scripts[@]}"
    say shellcheck $?
fi
if command -v ruff >/dev/null && [ ${#python[@]} -gt 0 ]; then
    ruff check --line-length 110 "${python[@]}"
    say ruff $?
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
