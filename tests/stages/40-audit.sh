#!/bin/bash
# The verdict of `refinery audit` against auditwheel's on 20 wheels of PyPI for three machines, and
# what both take. Wheels (pinned by digest) and auditwheel are fetched once into the cache; without
# a network and without that cache nothing can be compared, and that is said.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
refinery=$PWD/build/refinery list=$PWD/tests/data/wheels.txt want=6.8.2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/refinery/test-wheels
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -x "$cache/venv-$want/bin/auditwheel" ]; then
    { python3 -m venv "$cache/venv-$want" &&
        "$cache/venv-$want/bin/pip" -q install "auditwheel==$want"; } >"$work/log" 2>&1 || {
        rm -rf "$cache/venv-$want"
        tail -n 3 "$work/log"
        echo "skipped: auditwheel $want cannot be installed here (no network?)"
        echo "0 passed, 0 failed"
        exit 0
    }
fi
python=$cache/venv-$want/bin/python
while read -r digest platform requirement; do
    [ "${digest:0:1}" = '#' ] && continue
    if ! ls "$cache/$digest"/*.whl >/dev/null 2>&1; then
        mkdir -p "$work/get"
        "$python" -m pip -q download --no-deps --only-binary=:all: --python-version 3.11 \
            --implementation cp --platform "$platform" -d "$work/get" "$requirement" >"$work/log" 2>&1 || {
            tail -n 2 "$work/log"
            echo "skipped: $requirement for $platform cannot be fetched"
            continue
        }
        got=$(sha256sum "$work"/get/*.whl | cut -d' ' -f1)
        [ "$got" = "$digest" ] || { echo "$requirement: digest $got, not $digest"; rm -rf "$work/get"; continue; }
        mkdir -p "$cache/$digest" && mv "$work"/get/*.whl "$cache/$digest/"
    fi
    ls "$cache/$digest"/*.whl >>"$work/wheels"
done <"$list"
[ -s "$work/wheels" ] || { echo "skipped: no wheel could be had"; echo "0 passed, 0 failed"; exit 0; }
"$python" - "$refinery" "$work" <<'PY'
import json, os, pathlib, resource, shutil, subprocess, sys, time, zipfile
refinery, work = sys.argv[1], pathlib.Path(sys.argv[2])
wheels = [pathlib.Path(w) for w in (work / "wheels").read_text().split()]
show = os.path.join(os.path.dirname(sys.executable), "auditwheel")
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAILED:", text)


def run(*argv):
    started = time.monotonic()
    out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return out, time.monotonic() - started


theirs_total = ours_total = 0
machines = {}
for wheel in wheels:
    theirs, t = run(show, "show", "--json", str(wheel))
    ours, o = run(refinery, "audit", "--json", str(wheel))
    theirs_total, ours_total = theirs_total + t, ours_total + o
    a, b = json.loads(theirs), json.loads(ours)
    check(a["overall_tag"] == b["tag"], f"{wheel.name}: auditwheel {a['overall_tag']}, refinery {b['tag']}")
    outside = sorted(e["soname"] for e in b["externals"])
    check(sorted(a["external_libs"]) == outside, f"{wheel.name}: external {a['external_libs']} / {outside}")
    machine = b["tag"].split("_", 3)[3]
    machines[machine] = machines.get(machine, 0) + 1
print(f"{len(wheels)} wheels", dict(sorted(machines.items())),
      f"auditwheel {theirs_total:.2f} s, refinery {ours_total:.3f} s")

# Words in place of the verdict where a wheel is none of its platform.
small = min(wheels, key=lambda w: w.stat().st_size)
bare = work / small.name
with zipfile.ZipFile(small) as i, zipfile.ZipFile(bare, "w") as o:
    for n in i.namelist():
        if ".so" not in n:
            o.writestr(n, i.read(n))
done = subprocess.run([refinery, "audit", str(bare)], stdout=subprocess.PIPE, text=True)
check(done.returncode == 1 and "silent fallback" in done.stdout, "a platform wheel without ELF files: " + done.stdout)
pure = work / (small.name.rsplit("-", 1)[0] + "-any.whl")
shutil.copy(small, pure)
done = subprocess.run([refinery, "audit", str(pure)], stdout=subprocess.PIPE, text=True)
check(done.returncode == 1 and "pure wheel" in done.stdout, "ELF files in a pure wheel: " + done.stdout)

# What audit does not need is not loaded at start: libarchive alone brings 13 libraries and 2 ms.
needed = subprocess.run(["readelf", "-d", refinery], stdout=subprocess.PIPE, text=True).stdout
for name in ("libarchive", "libcurl"):
    check("NEEDED" in needed and name not in needed, f"the program loads {name} at start")

# Times: the best of several, and of processor time, since the machine may have other work.
def cpu(*argv):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, wall = run(*argv)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def best(count, *argv):
    both = [cpu(*argv) for _ in range(count)]
    return min(b[0] for b in both) * 1e3, min(b[1] for b in both) * 1e3


ours, ours_wall = best(30, refinery, "audit", str(small))
theirs, theirs_wall = best(5, show, "show", str(small))
start, start_wall = best(30, refinery, "help", "audit")
print(f"small wheel: auditwheel {theirs_wall:.0f} ms ({theirs:.0f} of processor), refinery {ours_wall:.1f} ms "
      f"({ours:.1f}; of which start {start:.1f}): {theirs / ours:.0f} times less")
# Figures are told, not judged: targets live in bench/ (make bench).
large = max(wheels, key=lambda w: w.stat().st_size)
stored = work / large.name
with zipfile.ZipFile(large) as i, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as o:
    elf = 0
    for n in i.namelist():
        data = i.read(n)
        elf += len(data) if data[:4] == b"\x7fELF" else 0
        o.writestr(n, data)
for what, wheel in (("deflated", large), ("stored", stored)):
    best = min(run(refinery, "audit", str(wheel))[1] for _ in range(5))
    print(f"large wheel, {what}: {elf / 1e6:.0f} MB of ELF in {best * 1e3:.0f} ms, {elf / best / 1e9:.2f} GB/s")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
PY
