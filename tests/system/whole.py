"""A world for whole runs: a cache whose images are kept between test runs, the program, its
results, and the search for what it left behind."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("REFINERY", str(ROOT / "build" / "refinery"))
IMAGES = ("roots", "floors", "toolchains", "apt", "bytecode", "packages")
STORE = pathlib.Path(os.environ.get("REFINERY_TEST_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "refinery" / "run-test")


def setuptools_folder():
    """A folder with a wheel of setuptools, for --find-links."""
    folder = STORE / "wheels"
    if not list(folder.glob("setuptools-*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                        "setuptools"], check=True)
    return folder


class Result:
    def __init__(self, status, text, out, seconds):
        self.status, self.text, self.out, self.seconds = status, text, out, seconds
        self.packages = {}
        path = out / "manifest.json"
        if path.is_file():
            self.packages = {p["name"]: p for p in json.loads(path.read_text())["packages"]}

    def delivered(self):
        return sorted(p.name for p in self.out.glob("*.whl"))


class World:
    """A directory of its own; `cache` borrows the kept images by links."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="refinery-run-"))
        self.dir.chmod(0o755)
        self.count = 0
        self.started = time.time()
        self.cache = self.make_cache("cache")
        self.passed = self.failed = 0

    def make_cache(self, name):
        cache = self.dir / name
        cache.mkdir()
        for part in IMAGES:
            (STORE / part).mkdir(parents=True, exist_ok=True)
            (cache / part).symlink_to(STORE / part)
        return cache

    def folder(self, files):
        self.count += 1
        folder = self.dir / f"in{self.count}"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return folder

    def command(self, *args, cache=None, out=None):
        return [PROGRAM, "run", "--cache", str(cache or self.cache), "--output", str(out),
                "--jobs", "2", "--python", "3.11", "--attempt-backoff-base", "0", *map(str, args)]

    def run(self, *args, cache=None, out=None, prefix=(), limit=240, env=None, local=True):
        self.count += 1
        out = pathlib.Path(out or self.dir / f"out{self.count}")
        words = list(prefix) + self.command(*args, cache=cache, out=out)
        if local:
            words += ["--no-index"]
        started = time.monotonic()
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit, env=env, cwd="/",
                              check=False)
        return Result(done.returncode, done.stdout.decode(errors="replace"), out,
                      time.monotonic() - started)

    # ---- judging ----

    def leftovers(self, cache=None, groups=True):
        """Processes, mounts, groups and work that a finished run should not have left."""
        found = []
        cache = pathlib.Path(cache or self.cache)
        if (cache / "work").exists():
            found += [f"{cache.name}/work/{p}" for p in os.listdir(cache / "work")]
        found += [f"cas/stage/{p}" for p in os.listdir(cache / "cas" / "stage")] \
            if (cache / "cas" / "stage").exists() else []
        mine = str(self.dir)
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            found += [line.strip() for line in mounts if mine in line and "/full" not in line]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if mine.encode() in line and int(pid) != os.getpid():
                found.append(f"process {pid}: {line[:200]!r}")
        if groups: # of a killed run the next jail clears them
            for top, folders, _ in os.walk("/sys/fs/cgroup"):
                found += [f"{top}/{f}" for f in folders if f.startswith("refinery-jail-") and
                          self.is_stale(f"{top}/{f}")]
        return found

    def is_stale(self, path):
        """Of an owner that is gone, and made since this test began."""
        try:
            return os.stat(path).st_ctime > self.started and \
                not os.path.exists(f"/proc/{path.rsplit('-', 2)[1]}")
        except OSError:
            return False

    def check(self, name, good, result=None, note=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {name} {note}")
            if result is not None:
                print(f"  status {result.status}, {result.seconds:.1f} s, said:")
                print("    " + "\n    ".join(result.text.strip().splitlines()[-12:]))
        if os.environ.get("SHOW") and result is not None:
            print(f"== {name}: status {result.status}, {result.seconds:.1f} s")
            print("    " + "\n    ".join(result.text.strip().splitlines()[-3:]))
        return good

    def sentence(self, name, result, status, *words):
        """Ended with that status and said all of these words in one line, and left nothing."""
        lines = [line for line in result.text.splitlines()
                 if all(word.lower() in line.lower() for word in words)]
        left = self.leftovers()
        self.check(name, result.status == status and lines and not left, result,
                   f"(wanted {status} and {words}; left: {left})")

    def close(self, *notes):
        shutil.rmtree(self.dir, ignore_errors=True)
        for note in notes:
            print(f"not tried here: {note}")
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


def run_parts(parts):
    """The main of a test file: its parts by name, those of the command line or all, in one world.
    A part may return a list of what it could not try."""
    world = World()
    notes = []
    try:
        for name in sys.argv[1:] or parts:
            started = time.monotonic()
            notes += parts[name](world) or []
            print(f"{name}: {time.monotonic() - started:.1f} s")
    except subprocess.TimeoutExpired as late:
        world.check("a run ends", False, None, f"{late.cmd}: {late.output!r:.3000}")
    world.close(*notes)
