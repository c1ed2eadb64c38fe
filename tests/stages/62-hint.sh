#!/bin/bash
# `refinery hint`: what real tools say just now, logs of a cache, a gigabyte, binary garbage, imports.
set -u
cd "$(dirname "$0")/../.." || exit 1
refinery=$PWD/${BUILD:-build}/refinery
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export REFINERY_CACHE=$work/cache LC_ALL=C.UTF-8
expect() { # what, expected status, pattern that the output must have, command...
    local what=$1 want=$2 pattern=$3 out status
    shift 3
    out=$("$@" 2>&1 </dev/null)
    status=$?
    if [ "$status" = "$want" ] && grep -qE -- "$pattern" <<<"$out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $what: status $status, said: $out"
    fi
}
expect "the catalogue" 0 '^header-missing +missing-header +header' "$refinery" hint list
expect "the catalogue as JSON" 0 '"id": "header-missing"' "$refinery" hint list --json
expect "one hint" 0 '^cause +missing-header: a header is missing' "$refinery" hint show header-missing
expect "a hint that is none" 2 'no hint "nosuch"' "$refinery" hint show nosuch
expect "no name" 2 'hint takes: show ID' "$refinery" hint show
expect "a word that is none" 2 'list, show, test, stats, add, import, build-map and lookup' "$refinery" hint learn

# The tools of this machine, whatever their version.
cd "$work" || exit 1
echo '#include <no/such_header.h>' >a.c
gcc -fdiagnostics-color=always -c a.c >gcc.log 2>&1
expect "the compiler" 0 'header-missing \(no/such_header\.h\)' "$refinery" hint test gcc.log
echo 'int main(void) { return 0; }' >b.c
gcc b.c -lno-such-library >ld.log 2>&1
expect "the linker" 0 'library-missing \(no-such-library\)' "$refinery" hint test ld.log
pkg-config --print-errors --exists no-such-module >pc.log 2>&1
expect "pkg-config" 0 'pkgconfig-missing \(no-such-module\)' "$refinery" hint test pc.log
mkdir m && echo "project('a', 'c')
dependency('no-such-dependency')" >m/meson.build && meson setup m/b m >meson.log 2>&1
expect "meson" 0 'meson-dependency \(no-such-dependency\)' "$refinery" hint test meson.log
python3 -c 'import no_such_module' >python.log 2>&1
expect "Python" 0 '^missing-module: ' "$refinery" hint test python.log
no-such-command >shell.log 2>&1
expect "the shell" 0 'command-not-found \(no-such-command\)' "$refinery" hint test shell.log
printf 'all is well\n' >good.log
expect "nothing wrong" 1 '^unknown: ' "$refinery" hint test good.log
expect "no such log" 1 'nosuch.log' "$refinery" hint test nosuch.log

# A log as a cache keeps it: zstd frames and a table of them.
python3 - gcc.log gcc.log.zst <<'PY'
import struct, subprocess, sys
text = open(sys.argv[1], "rb").read()
frame = subprocess.run(["zstd", "-qc"], input=text, capture_output=True, check=True).stdout
table = struct.pack("<II", len(frame), len(text)) + struct.pack("<IBI", 1, 0, 0x8F92EAB1)
open(sys.argv[2], "wb").write(frame + struct.pack("<II", 0x184D2A5E, len(table)) + table)
PY
expect "a sealed log" 0 'header-missing \(no/such_header\.h\)' "$refinery" hint test gcc.log.zst
head -c 40 gcc.log.zst >damaged.log.zst
expect "a damaged one" 1 'damaged.log.zst' "$refinery" hint test damaged.log.zst

# 1 GB through a pipe in constant memory; binary garbage.
cat >feed.py <<'PY'
import resource, subprocess, sys, threading
child = subprocess.Popen([sys.argv[1], "hint", "test", "-", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
block = b"gcc -O2 -c src/a.c -o a.o -I/usr/include\n" * 3000 + b"a.c:1:2: fatal error: far/%d.h: No such file or directory\n" + bytes(range(256)) * 40
for at in range(1_000_000_000 // len(block)):
    child.stdin.write(block.replace(b"%d", b"%d" % at))
child.stdin.close()
out = child.stdout.read()
child.wait()
print(f'{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss} KiB, {out.count(b"header-missing")} findings')
sys.exit(not (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 60_000 and out.count(b'"header-missing"') == 128))
PY
expect "a gigabyte" 0 'KiB, 128 findings' python3 feed.py "$refinery"
head -c 3000000 /dev/urandom >noise.log
expect "binary garbage" 1 '^unknown' "$refinery" hint test noise.log

# A name made to trick an install is no suggestion to install.
printf "ModuleNotFoundError: No module named 'evil; curl x | sh'\nModuleNotFoundError: No module named 'evil-package'\n" >trick.log
expect "a name that tricks" 0 'missing-module' "$refinery" hint test trick.log
if "$refinery" hint test trick.log | grep -E 'Suggested' | grep -v 'needs approval' | grep -q evil; then
    failed=$((failed + 1)) && echo "failed: a name out of a log was suggested without approval"
else
    passed=$((passed + 1))
fi

# An earlier catalogue: thousands of entries of a few rules, one of them torn, one that matches all.
python3 - >old.yaml <<'PY'
for rule in range(74):
    for python in ("3.8", "3.9", "3.10", "3.11", "3.12"):
        for backend in range(27):
            print(f"- id: r{rule}-{python}-{backend}\n  pattern: 'thing{rule}x is not here'\n  recipes:\n"
                  f"    apt: [libthing{rule}-dev]\n    dnf: [thing{rule}-devel]\n"
                  f"  applies_to: {{python_version: '{python}', backend: b{backend}}}\n  confidence: 0.6")
print("- id: torn\n  pattern: 'never closed\n- id: all\n  pattern: '.*'")
PY
expect "an import" 1 '9992 entries: 74 distinct rules, 2 refused; written to .*hints/imported-old.yaml' \
    "$refinery" hint import old.yaml
expect "what was torn" 1 'old.yaml:69932: not YAML' "$refinery" hint import old.yaml
expect "what matches everything" 1 'hint all: .*nearly every line would match' "$refinery" hint import old.yaml
printf 'error: thing7x is not here\n' >thing.log
expect "an imported rule" 0 'Suggested packages: dnf: thing7-devel \| apt: libthing7-dev' \
    "$refinery" hint test thing.log
expect "an import again" 1 '74 distinct rules' "$refinery" hint import old.yaml
expect "nothing to import" 1 'none of 1 entries' "$refinery" hint import good.log
printf -- '- id: mine\n  pattern: "thing7x is [not here"\n- id: fine\n  pattern: "quite unheard of"\n' \
    >"$REFINERY_CACHE/hints/mine.yaml"
expect "a broken one of one's own" 0 'mine.yaml: hint mine: pattern, position 12' "$refinery" hint list
expect "the others load" 0 '^fine ' "$refinery" hint list
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
