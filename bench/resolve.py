"""`make bench PARTS=resolve`: whole resolutions of bench/resolve/*.txt for CPython 3.11 on x86_64, glibc 2.28, by
refinery lock, uv pip compile and pip install --dry-run, each with its cache warmed just before. Wall is the best of
three (pip: one), processor time and memory of that run. Where an index says nothing of how long its pages are fresh,
uv asks again for each; "uv offline" does not. An output of before is no help to it (--upgrade).
usage: resolve.py BUILD CACHE WORK [NAME...]"""
import os
import pathlib
import subprocess
import sys
import threading
import time

build, cache, work = map(pathlib.Path, sys.argv[1:4])
top = pathlib.Path(__file__).resolve().parent
peers = subprocess.run([top.parent / "tests/system/peers.sh"], capture_output=True, text=True).stdout.strip()
LIMIT = 120
PLATFORMS = [f"manylinux_2_{n}_x86_64" for n in range(28, 4, -1)] + ["manylinux2014_x86_64", "manylinux1_x86_64"]


def once(argv):
    """(wall, processor seconds, MB, status); status None: given up at the limit."""
    started = time.perf_counter()
    child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = threading.Timer(LIMIT, child.kill)
    limit.start()
    _, status, used = os.wait4(child.pid, 0)
    limit.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
            None if child.returncode == -9 else child.returncode)


def tools(requirements):
    yield "refinery", 3, [build / "refinery", "lock", "--arch", "x86_64", "--platform-tag", "manylinux_2_28_x86_64",
                          "--cache", cache / "bench-resolve", "-r", requirements, "--output", work / "pylock.toml"]
    if not peers:
        return
    uv = [f"{peers}/bin/uv", "pip", "compile", "--no-config", "--quiet", "--python", f"{peers}/bin/python",
          "--python-version", "3.11.2", "--python-platform", "x86_64-manylinux_2_28", "--upgrade",
          "--cache-dir", cache / "bench-uv", requirements, "-o", work / "uv.txt"]
    yield "uv", 3, uv
    yield "uv offline", 3, [*uv, "--offline"]
    yield "pip", 1, [f"{peers}/bin/python", "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed",
                     "--target", work / "none", "--only-binary", ":all:", "--python-version", "3.11",
                     "--cache-dir", cache / "bench-pip", *(f"--platform={p}" for p in PLATFORMS), "-r", requirements]


def cell(result):
    wall, cpu, memory, status = result
    if status is None:
        return f"{'> ' + str(LIMIT) + ' s':>10}{cpu:>9.2f}{memory:>7.0f}"
    return f"{wall * 1e3:>10.0f}{cpu:>9.2f}{memory:>7.0f}{'' if status == 0 else f'  status {status}'}"


def main(names):
    print(f"whole resolutions, warm caches (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors)")
    print(f"  {'':<20}{'':<10}{'wall ms':>10}{'cpu s':>9}{'MB':>7}")
    for path in sorted(top.glob("resolve/*.txt")):
        if names and path.stem not in names:
            continue
        for name, times, argv in tools(path):
            first = once(argv)
            runs = [once(argv) for _ in range(times)] if first[3] is not None else [first]
            print(f"  {path.stem:<20}{name:<10}{cell(min(runs))}", flush=True)


main(sys.argv[4:])
