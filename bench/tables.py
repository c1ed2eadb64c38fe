"""Tables of `make bench`; one part a call: tables.py PART BUILD CACHE WORK.

Times are the best and the median of several runs, wall and processor (user and system of the process
and all it waited for), alternating between the tools compared, so that other work on the machine
falls on all of them.
"""
import glob
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tarfile
import time
import zipfile

import memory

part, build, cache, work = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
refinery = build / "refinery"
bin_dir = pathlib.Path(sys.executable).parent


def once(argv, **options):
    """Wall and processor seconds of one run; the exit status must be 0 or 1 (a verdict)."""
    started = time.perf_counter()
    child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, **options)
    words = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{argv[0]}: status {child.returncode}: {words.decode()[-500:]}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime


def alternate(count, in_a_row=1, **tools):
    """{name: (best wall, median wall, best cpu, median cpu)}; a tool is a function or an argv.

    A virtual machine gives unused memory back within seconds: the first after a pause waits for
    its pages from the host, those in a row do not."""
    runs = {name: [] for name in tools}
    for _ in range(count):
        for name, tool in tools.items():
            runs[name] += [tool() if callable(tool) else once(tool) for _ in range(in_a_row)]
    return {name: tuple(f(r[i] for r in of) for i in (0, 1) for f in (min, statistics.median))
            for name, of in runs.items()}


def title(text):
    load = os.getloadavg()[0]
    print(f"\n{text}  (load {load:.1f} on {os.cpu_count()} processors)")


def row(name, times, more=""):
    print("  {:<36}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}  {}".format(name, *(t * 1e3 for t in times), more))


def header():
    print("  {:<36}{:>10}{:>10}{:>10}{:>10}".format("ms", "wall best", "median", "cpu best", "median"))


def elf_bytes(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sum(m.file_size for m in archive.infolist() if archive.open(m).read(4) == b"\x7fELF")


def audit():
    show = bin_dir / "auditwheel"
    wheels = glob.glob("examples/wheels/*x86_64.whl") + glob.glob(str(cache / "test-wheels/*/*x86_64.whl"))
    small, large = (f(wheels, key=os.path.getsize) for f in (min, max))
    stored = work / os.path.basename(large)
    with zipfile.ZipFile(large) as source, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as out:
        for name in source.namelist():
            out.writestr(name, source.read(name))
    for what, wheel, count, in_a_row in (("small", small, 15, 1), ("large", large, 2, 3),
                                         ("large, stored", stored, 2, 3)):
        size, elf = os.path.getsize(wheel), elf_bytes(wheel)
        title(f"audit, {what}: {os.path.basename(wheel)}, {size / 1e6:.2f} MB, {elf / 1e6:.1f} MB of ELF")
        header()
        tools = {"refinery audit": [refinery, "audit", wheel]}
        if show.exists():
            tools["auditwheel show"] = [show, "show", wheel]
        times = alternate(count, in_a_row, **tools)
        ours = times["refinery audit"]
        for name, of in times.items():
            row(name, of, f"{of[2] / ours[2]:.0f} times the processor, {elf / of[0] / 1e9:.2f} GB/s of ELF")
    if not show.exists():
        print("  auditwheel is not installed here")


def generated_wheel(path, number):
    name = f"package_{number:05d}"
    with zipfile.ZipFile(path / f"{name}-1.{number % 9}.0-py3-none-any.whl", "w") as out:
        info = f"{name}-1.{number % 9}.0.dist-info/"
        for i in range(27):
            out.writestr(f"{name}/module_{i}.py", f"number = {number}\n" * 20)
        out.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{number % 9}.0\n"
                     + "".join(f"Requires-Dist: package-{number - i:05d}>=1\n" for i in range(1, 4) if number > i))
        out.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        out.writestr(info + "RECORD", "".join(f"{name}/module_{i}.py,,\n" for i in range(27)))


def first_time(plan, folder):
    shutil.rmtree(folder, ignore_errors=True)
    return once(plan)


def scan():
    title("scan and plan of generated wheels, 30 members each; nothing remembered, then all")
    header()
    made = 0
    folder, remembered = work / "scan", work / "scan-cache"
    folder.mkdir()
    for count in (1000, 5000, 20000):
        for number in range(made, count):
            generated_wheel(folder, number)
        made = count
        plan = [refinery, "plan", "--input", folder, "--no-index", "--cache", remembered,
                "--max-deps", "30000"]
        times = alternate(5, first=lambda: first_time(plan, remembered))["first"]
        row(f"{count} wheels, first", times, f"{times[0] / count * 1e6:.0f} us each")
        time.sleep(2.5)  # what is younger than two seconds is not remembered
        once(plan)
        times = alternate(5, second=plan)["second"]
        row(f"{count} wheels, second", times, f"{times[0] / count * 1e6:.0f} us each")


def memory_row(name, argv):
    seconds, peaks = memory.watched(argv, work / "memory.log")
    ours = {who: peak for who, peak in peaks.items() if who.startswith("refinery")}
    others = {who: peak for who, peak in peaks.items() if who not in ours}
    words = ", ".join(f"{who} {peak:.0f}" for who, peak in sorted(ours.items(), key=lambda one: -one[1]))
    most = max(others, key=others.get, default=None)
    print(f"  {name:<36}{seconds:>8.1f} s{max(ours.values()):>8.0f} MB  {words}"
          + (f"; of others {most} {others[most]:.0f}" if most else ""))


def nodes():
    title("most memory of a plan of 20,000 nodes, and of each of its processes")
    folder = work / "nodes"
    folder.mkdir()
    for number in range(20000):
        generated_wheel(folder, number)
    for how in ("tree", "json", "dot"):
        memory_row(f"plan --format {how}", [refinery, "plan", "--input", folder, "--no-index", "--cache",
                                            work / "nodes-cache", "--max-deps", "30000", "--format", how])
    shutil.rmtree(folder)


def large():
    title("most memory with a wheel of 2 GB, and of each process")
    wheel = memory.large_wheel(work / "large", 2048)
    out = work / "large-out"
    out.mkdir()
    images = ["--cache", cache / "bench-memory"]
    memory_row("plan", [refinery, "plan", "--input", wheel.parent, "--no-index", *images])
    memory_row("audit", [refinery, "audit", wheel])
    memory_row("repair", [refinery, "repair", wheel, "--output", out])
    memory_row("run, with import test", [refinery, "run", "--input", wheel.parent, "--no-index", *images,
                                         "--output", work / "large-run"])
    memory_row("prove", [refinery, "prove", "--output", work / "large-run", *images])
    for folder in (wheel.parent, out, work / "large-run"):
        shutil.rmtree(folder)


def forget_results(folder):
    for path in [*folder.glob("history.db*"), folder / "cas"]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def builds():
    count = 500
    title(f"most memory of one run with {count} builds and their import tests, and of each process")
    names = memory.tiny_sdists(work / "builds", count)
    forget_results(cache / "bench-memory")
    requirements = work / "builds.txt"
    requirements.write_text("".join(f"{name}\n" for name in names))
    memory_row(f"{count} builds, two at a time", [
        refinery, "run", "--requirements", requirements, "--find-links", work / "builds", "--no-index",
        "--cache", cache / "bench-memory", "--output", work / "builds-out", "--jobs", "2"])


def hints():
    """All sealed logs of the cache and the harvested ones, over and over up to 100 MB."""
    log, size = work / "hints.log", 100 << 20
    texts = [subprocess.run(["zstd", "-dcq", path], capture_output=True, check=False).stdout
             for path in sorted(cache.glob("**/logs/**/*.log.zst"))]
    texts += [path.read_bytes() for path in sorted(pathlib.Path("tests/data/hints").glob("*.log"))]
    distinct = sum(map(len, texts))
    with open(log, "wb") as out:
        for at in range(10**9):
            if out.tell() >= size:
                break
            out.write(texts[at % len(texts)])
    answer = subprocess.run([build / "bench" / "bench_hints", log], capture_output=True, check=True, text=True)
    first, *rows = map(json.loads, answer.stdout.splitlines())
    title(f"classification of logs by {first['hints']} hints, which are read in {first['open_ms']:.1f} ms")
    print("  {:<36}{:>8}{:>10}{:>10}{:>10}{:>10}".format("", "MB", "MB/s", "findings", "unasked", "KiB"))
    for one in rows:
        name = one["log"] + (f", {distinct / 1e6:.0f} MB distinct" if one is rows[0] else "")
        print(f"  {name:<36}{one['mb']:>8.0f}{one['mb_per_s']:>10.0f}{one['findings']:>10}"
              f"{one['unasked']:>10}{one['kib']:>10}")
    log.unlink()


def jail():
    title("start and end of a sandbox that runs /bin/true")
    header()
    root = work / "root"
    for name in ("usr", "proc", "dev", "tmp", "etc", "work", "sys", "run"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to("usr/" + name)
    argv = [refinery, "jail", "--root", root, "--bind", "/usr", "--", "/bin/true"]
    times = alternate(20, **{"refinery jail (process and sandbox)": argv, "refinery alone": [refinery, "--version"]})
    for name, of in times.items():
        row(name, of)


def store():
    title("store, every transaction durable")
    subprocess.run([build / "bench/bench_store", work], check=True)


def sdist(name, compiled):
    """A minimal project; deterministic, so that its digest says the same on every run."""
    folder = work / "projects" / name
    folder.mkdir(parents=True)
    extension = "ext_modules=[Extension('_tiny', ['tiny.c'])]" if compiled else "py_modules=['tiny']"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "setup.py": f"from setuptools import setup, Extension\nsetup(name='{name}', version='1.0', {extension})\n",
        "pyproject.toml": "[build-system]\nrequires = ['setuptools', 'wheel']\n"
                          "build-backend = 'setuptools.build_meta'\n",
        "tiny.py": "answer = 42\n",
        "tiny.c": "#include <Python.h>\nstatic struct PyModuleDef m = {PyModuleDef_HEAD_INIT, \"_tiny\"};\n"
                  "PyMODINIT_FUNC PyInit__tiny(void) { return PyModule_Create(&m); }\n",
    }
    for file, text in files.items():
        (folder / file).write_text(text)
    path = work / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as out:
        out.add(folder, f"{name}-1.0")
    return path


def local_file(path):
    digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    return {"filename": os.path.basename(path), "url": str(path), "sha256": digest}


def slot(spec):
    """One attempt as the agent starts it. Wall and processor, and the result it reported."""
    path = work / "spec.json"
    path.write_text(json.dumps(spec))
    read, write = os.pipe()
    spent = once([refinery, "slot", path, write], pass_fds=[write], start_new_session=True)
    os.close(write)
    with os.fdopen(read) as status:
        lines = [json.loads(line) for line in status]
    result = next(line["result"] for line in lines if "result" in line)
    if result["outcome"] not in ("ok",):
        raise RuntimeError(f"{spec['name']}: {result['outcome']}: {result['why']} {result['evidence']}")
    if result["cached"] or not result["file"]:
        raise RuntimeError(f"{spec['name']}: nothing was built, so nothing was measured")
    return spent, result


def overhead():
    wheelhouse = cache / "bench-wheels"
    if not list(wheelhouse.glob("setuptools-*.whl")):
        subprocess.run([bin_dir / "pip", "-q", "download", "--no-deps", "-d", wheelhouse, "setuptools==75.6.0",
                        "wheel==0.45.1"], check=True)
    requires = [local_file(w) for w in sorted(wheelhouse.glob("*.whl"))]
    pip = [bin_dir / "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--no-index",
           "--disable-pip-version-check", "--find-links", wheelhouse, "-w", work / "out"]
    common = {"python": "3.11", "arch": "s390x", "platform_tag": "manylinux2014_s390x", "strict_floor": False,
              "for_build_machine": False, "preset": "debian", "cache": str(cache), "mirror": "", "wheels": [],
              "recipes": [], "trusted_hosts": [], "cpu_milli": 0, "memory_bytes": 0, "timeout_ms": 600000,
              "silence_ms": 600000, "fresh": True, "requires": requires}
    for name, compiled in (("tinyc", True), ("tinypure", False)):
        source = sdist(name, compiled)
        spec = dict(common, kind="wheel", name=name, version="1.0", strategy="cross", source=local_file(source))
        began = time.perf_counter()
        slot(spec)  # the roots and the environment are made here, once, and tell nothing of a package
        warm = time.perf_counter() - began
        title(f"one package: {name}-1.0 ({'a C extension' if compiled else 'pure'}), setuptools"
              f"; first attempt, with images where they were missing: {warm:.1f} s")
        header()
        names = "refinery slot, cross", "pip wheel --no-build-isolation", "pip wheel, isolated"
        times = alternate(7, **{names[0]: lambda spec=spec: slot(spec)[0],
                                names[1]: [*pip, "--no-build-isolation", source], names[2]: [*pip, source]})
        for name_, of in times.items():
            row(name_, of)
        for other in names[1:]:
            gaps = [a - b for a, b in zip(times[names[0]], times[other])]
            print("  overhead against {}: {:+.2f} s wall at best, {:+.2f} s of processor".format(
                other, gaps[0], gaps[2]))


COST = ["markupsafe==2.1.5", "msgpack==1.1.0", "pyyaml==6.0.2", "cffi==1.17.1", "wrapt==1.17.2",
        "multidict==6.1.0"]


def cost_of(strategy, machine, requirements):
    """Processor seconds of each package's build by one strategy, from a store without results."""
    forget_results(cache / "bench-cost")
    once([refinery, "run", "--requirements", requirements, "--rebuild", "all", "--strategy", strategy, "--arch",
          machine, "--cache", cache / "bench-cost", "--output", work / f"cost-{strategy}", "--jobs", "1"])
    with sqlite3.connect(cache / "bench-cost/history.db") as base:
        return {name: cpu_ms / 1000 for name, cpu_ms in base.execute(
            "SELECT jobs.name, sum(attempts.cpu_ms) FROM attempts JOIN jobs ON jobs.id = attempts.job"
            " WHERE jobs.kind = 'wheel' AND jobs.target <> 'build' AND attempts.class = ''"
            " AND attempts.cpu_ms > 0 GROUP BY jobs.name")}


def cost():
    title("processor seconds of builds, import tests apart: native x86-64, and s390x")
    requirements = work / "cost.txt"
    requirements.write_text("\n".join(COST) + "\n")
    ways = {"native": os.uname().machine, "cross": "s390x", "hybrid": "s390x"}
    seconds = {way: cost_of(way, machine, requirements) for way, machine in ways.items()}
    names = sorted(set.intersection(*map(set, seconds.values())))
    print(("  {:<20}" + "{:>10}" * 5).format("", *ways, "cross/", "hybrid/"))
    for name in [*names, "all"]:
        of = [sum(seconds[way][n] for n in (names if name == "all" else [name])) for way in ways]
        print(("  {:<20}" + "{:>10.2f}" * 5).format(name, *of, of[1] / of[0], of[2] / of[0]))


def measures(argv):
    out = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {what: int(rate) for what, rate, _ in (line.split("\t") for line in out.splitlines())}


def standards():
    """The same lines parsed and checked in C and by `packaging`, one processor each, in turns."""
    title("packaging standards, a second of one processor")
    python = subprocess.run(["tests/differential/setup.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    subprocess.run([python, "bench/bench_pkg.py", "make", work], check=True)
    files = [work / name for name in ("versions", "specifiers", "requirements")]
    best = {}
    for _ in range(3):
        for who, argv in {"refinery": [build / "bench/bench_pkg"], "packaging": [python, "bench/bench_pkg.py"]}.items():
            for what, rate in measures([*argv, *files]).items():
                best[what, who] = max(rate, best.get((what, who), 0))
    print("  {:<36}{:>14}{:>14}{:>9}".format("", "refinery", "packaging", "times"))
    for what in dict.fromkeys(what for what, _ in best):
        ours, theirs = best[what, "refinery"], best[what, "packaging"]
        print(f"  {what:<36}{ours:>14,}{theirs:>14,}{ours / theirs:>9.0f}")


shutil.rmtree(work / part, ignore_errors=True)
{"audit": audit, "scan": scan, "jail": jail, "store": store, "overhead": overhead,
 "cost": cost, "standards": standards, "nodes": nodes, "large": large, "builds": builds,
 "hints": hints}[part]()
