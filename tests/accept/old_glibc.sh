#!/bin/bash
# The delivered wheels on a C library older than the one they were compiled against: every known answer
# of the proof computed again on glibc 2.31 (scripts/old-glibc.sh), under qemu-user, by a Python that was
# linked on the floor. The same Python linked without it, the control, does not start there.
#   usage: tests/accept/old_glibc.sh OUTPUT CACHE PROOF.jsonl
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
output=$(realpath "$1") cache=$(realpath "$2") proof=$(realpath "$3")
old=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/glibc-2.31-s390x
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # text, command...
    local text=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $text"
    else
        failed=$((failed + 1))
        echo "FAIL $text"
        tail -n 12 "$work/log"
    fi
}
scripts/old-glibc.sh "$old" || exit 1
image() { build/tests/tool/image_tool "$cache" 3.11 s390x "$@"; }
sysroot=$(image compose sysroot 2>/dev/null)
mkdir -p "$work/python" "$work/site"
cat >"$work/python/python.c" <<'C'
#include <Python.h>
int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
C
cat >"$work/python/make.sh" <<'SH'
set -e
library=/sysroot/usr/lib/s390x-linux-gnu
cc -no-pie -I/sysroot/usr/include/python3.11 python.c -o python -Wl,-export-dynamic -Wl,--whole-archive \
    /sysroot/usr/lib/python3.11/config-3.11-s390x-linux-gnu/libpython3.11.a -Wl,--no-whole-archive \
    $library/libexpat.a $library/libz.a -lm -lutil -ldl -lpthread
SH
check "a Python on the floor of 2.17 links" image run cross 2.17 "$work/python" - -- /bin/sh make.sh
on_old() { # program...
    qemu-s390x-static -L "$old" -E LD_LIBRARY_PATH="$old/lib64" -E PYTHONHOME="$sysroot/usr" "$@"
}
# Of Debian's own extension modules those that start there: no newer version, no library but the C library's.
mkdir "$work/dynload"
for module in "$sysroot"/usr/lib/python3.11/lib-dynload/*.so; do
    s390x-linux-gnu-readelf -dVW "$module" | sed -nE '/NEEDED.*\[(libc|libm|ld64)\.so/d; /NEEDED|GLIBC_2\.3[2-9]/p' |
        grep -q . || ln -s "$module" "$work/dynload/"
done
for wheel in "$output"/*.whl; do /usr/bin/python3 -m zipfile -e "$wheel" "$work/site"; done
control() { # links, and is refused for a version that only newer ones have
    mkdir "$work/control" && cp "$work/python/python.c" "$work/python/make.sh" "$work/control" &&
        image run cross none "$work/control" - -- /bin/sh make.sh || return 1
    { on_old "$work/control/python" -c "" 2>&1 || true; } | grep "GLIBC_2.3[2-9]. not found"
}
check "control: linked without the floor it does not start on glibc 2.31" control
version() { [ "$(on_old "$work/python/python" -S -c 'import os; print(os.confstr("CS_GNU_LIBC_VERSION"))')" = "glibc 2.31" ]; }
check "the Python of the floor runs on glibc 2.31" version
cat >"$work/answer.py" <<'PY'
import json, runpy, sys
site, dynload, check, proof, name = sys.argv[1:]
sys.path[:] = [site, dynload] + [path for path in sys.path if not path.endswith("lib-dynload")]
with open(proof) as file:
    known = {entry["name"]: entry["value"] for entry in map(json.loads, file)}[name]
value = json.loads(json.dumps(runpy.run_path(check)["answer"]()))
print(value, known)
sys.exit(value != known or value is None)
PY
for name in $(sed -n 's/.*"name": "\([^"]*\)".*/\1/p' "$proof"); do
    [ -e "data/checks/$name.py" ] && ls "$output/${name//-/_}"-*s390x*.whl >/dev/null 2>&1 || continue
    check "$name: the same known answer on glibc 2.31" on_old "$work/python/python" -S -B \
        "$work/answer.py" "$work/site" "$work/dynload" "data/checks/$name.py" "$proof" "$name"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 3 ]
