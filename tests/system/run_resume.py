#!/usr/bin/env python3
"""Whole runs that are stopped: by Ctrl-C, and by death before a seeded n-th writing system call.
The next run completes, finds what was finished and leaves the history's rows in agreement.
RUN_KILL_POINTS (12) points from RUN_KILL_SEED. usage: run_resume.py"""
import os
import pathlib
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys

import made
import whole
from whole import ROOT, World

POINTS = int(os.environ.get("RUN_KILL_POINTS", "12"))
SEED = int(os.environ.get("RUN_KILL_SEED", "20260101"))
KILLAT = str(ROOT / "build" / "tests" / "fault" / "killat")


def checker():
    """The statements of the store's own checker, each of which counts rows that disagree."""
    text = (ROOT / "src" / "store" / "statements.def").read_text().partition("\n#undef SQL\n")[0]
    words = dict(re.findall(r'^#define (\w+) "(.*)"$', text, re.M))
    token = re.compile(r'"((?:[^"\\]|\\.)*)"|\b([A-Z_]+)\b')
    found = {}
    for part in re.split(r"^SQL\(", text, flags=re.M)[1:]:
        name, _, body = part.partition(",")
        if name.startswith("CHECK_"):
            found[name] = "".join(words.get(word, "") if word else said
                                  for said, word in token.findall(body))
    return found


def disagreements(cache, checks):
    if not (cache / "history.db").exists():
        return []
    bad = []
    with sqlite3.connect(cache / "history.db") as base:
        if not base.execute("select 1 from sqlite_master where name = 'attempts'").fetchone():
            return [] # died before the schema was there
        for name, statement in checks.items():
            row = base.execute(statement).fetchone()
            if row and row[0] not in (0, "ok", None):
                bad.append((name, row))
    return bad


def finished(cache):
    """Jobs that were built: name -> digest of the content."""
    if not (cache / "history.db").exists():
        return {}
    with sqlite3.connect(cache / "history.db") as base:
        try:
            return dict(base.execute("select hex(action_key), hex(content) from results").fetchall())
        except sqlite3.OperationalError:
            return {}


def reset(cache, out):
    for name in os.listdir(cache):
        if name not in whole.IMAGES:
            path = cache / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(out, ignore_errors=True)


def settle(world, name, words, out, checks, result=None):
    """After a stop: what was finished before is found again, and the run completes."""
    cache = world.cache
    bad = disagreements(cache, checks)
    before = finished(cache)
    again = world.run(*words, out=out)
    after = finished(cache)
    cached = sum(p["status"] == "cached" for p in again.packages.values())
    good = (not bad and again.status == 0 and again.delivered() == world.expected
            and not disagreements(cache, checks) and not world.leftovers(groups=False)
            and all(after.get(k) == v for k, v in before.items()))
    world.check(name, good, again, f"before {bad}, after {disagreements(cache, checks)}, "
                f"left {world.leftovers(groups=False)}")
    return cached


def slots(world):
    """Processes of this world's attempts."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) > 2 and words[1] == b"slot" and str(world.dir).encode() in words[2]:
            found.append(int(pid))
    return found


def orphans(world):
    """A run that is killed takes its attempts with it: nobody would limit or count them."""
    need = world.folder({"r.txt": "hangs\n"}) / "r.txt"
    folder = world.folder({"hangs-1.0.tar.gz": made.in_tree(
        "hangs", "import threading\nopen('/work/out/hangs', 'w').close()\nthreading.Event().wait()")})
    run = subprocess.Popen(world.command("--find-links", folder, "-r", need, "--no-index", "--strategy", "cross",
                                         out=world.dir / "hung"), cwd="/", stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while run.poll() is None and not list(world.cache.glob("work/*/jail/out/hangs")):
        pass
    watched = [os.pidfd_open(pid) for pid in slots(world)]
    run.kill()
    run.wait()
    gone = [bool(select.select([fd], [], [], 20)[0]) for fd in watched]
    world.check("the attempts of a killed run end", watched and all(gone), None, str(gone))
    for fd in watched:
        os.close(fd)


def marked(mark):
    """Processes that inherited the mark, by what they run."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in pathlib.Path(f"/proc/{pid}/environ").read_bytes():
                found[int(pid)] = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
    return found


def stopped(pid):
    """Holds a process, which would else come to its end by itself before we look."""
    try:
        os.kill(pid, signal.SIGSTOP)
        return True
    except ProcessLookupError:
        return False


def survivors(mark):
    """Those that bear the mark and do not end."""
    while left := marked(mark):
        for pid in left:
            try:
                watched = os.pidfd_open(pid)
            except OSError:
                continue
            gone = select.select([watched], [], [], 20)[0]
            os.close(watched)
            if not gone:
                return marked(mark)
    return {}


def composing(world):
    """What slots start ends with the run too: it dies while apt-get composes an image, with a seeded
    number of apt's own processes seen."""
    fine = world.folder({"fine-1.0.tar.gz": made.in_tree("fine"), "r.txt": "fine\n"})
    draw = random.Random(SEED)
    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        wanted, seen, held = draw.randrange(1, 9), {}, []
        mark = f"REFINERY_TEST_MARK={world.dir}/{how.name}"
        cache = world.dir / f"bare-{how.name}"
        run = subprocess.Popen(
            world.command("--find-links", fine, "-r", fine / "r.txt", "--no-index", cache=cache,
                          out=world.dir / "bare"), cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict([*os.environ.items(), mark.split("=", 1)]))
        while run.poll() is None and not held:
            now = {pid: line for pid, line in marked(mark.encode()).items()
                   if b"apt" in line.partition(b"\0")[0]}
            seen |= now
            held = len(seen) >= wanted and [pid for pid in now if stopped(pid)]
        run.send_signal(how)
        run.wait()
        left = survivors(mark.encode())
        world.check(f"{how.name} while an image is composed, {wanted} of apt seen: all end",
                    held and not left, None, f"saw {seen}, left {left}")
        for pid in left:
            os.kill(pid, signal.SIGKILL)


def main():
    world = World()
    orphans(world)
    composing(world)
    checks = checker()
    world.check("the checker's statements are found", len(checks) >= 8, None, str(list(checks)))
    names = ("one", "two")
    folder = world.folder({f"{n}-1.0.tar.gz": made.in_tree(n) for n in names})
    need = world.folder({"r.txt": "\n".join(names) + "\n"}) / "r.txt"
    words = ("--find-links", folder, "-r", need)
    out = world.dir / "out"
    first = world.run(*words, out=out)
    world.check("a quiet run", first.status == 0 and len(first.delivered()) == len(names), first)
    wheels = {p.name: p.read_bytes() for p in out.glob("*.whl")}
    world.expected = sorted(wheels)
    second = world.run(*words, out=out)
    world.check("the second run rebuilds nothing",
                {p["status"] for p in second.packages.values()} == {"cached"}, second)
    print(f"a warm run takes {second.seconds:.1f} s")

    for how in (signal.SIGINT, signal.SIGTERM):
        reset(world.cache, out)
        run = subprocess.Popen(world.command(*words, "--no-index", out=out), cwd="/",
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
        said = b""
        for line in run.stdout:
            said += line
            if line.startswith(b"built"):
                run.send_signal(how)
                break
        said += run.stdout.read()
        status = run.wait()
        result = whole.Result(status, said.decode(), out, 0)
        world.check(f"{how.name}: says how to go on", status not in (0, -how) and
                    "same command" in result.text and not world.leftovers(groups=False),
                    result, str(world.leftovers(groups=False)))
        cached = settle(world, f"after {how.name}", words, out, checks)
        world.check(f"{how.name}: what was finished is found", cached >= 1)

    command = world.command(*words, "--no-index", out=out)
    draw = random.Random(SEED)
    for warm in (False, True):
        def prepare():
            if warm: # everything is in the store: what dies is planning, recalling, delivering
                shutil.rmtree(out, ignore_errors=True)
            else:
                reset(world.cache, out)
        prepare()
        count = subprocess.run([KILLAT, "0", "--", *command], stdin=subprocess.DEVNULL, cwd="/",
                               capture_output=True, text=True, check=False)
        calls = int(count.stdout.split()[-1])
        print(f"a run {'that finds all' if warm else 'from nothing'} makes {calls} writing calls; "
              f"{POINTS // 2} of them, seed {SEED}")
        for _ in range(POINTS // 2):
            prepare()
            point = draw.randrange(1, calls)
            name = f"after death before call {point} of {calls}"
            dead = subprocess.run([KILLAT, str(point), "--", *command], stdin=subprocess.DEVNULL,
                                  cwd="/", capture_output=True, text=True, check=False)
            # Two slots: a run may make fewer calls than the first.
            world.check(f"{name}: it died", dead.returncode in (137, 0), None,
                        dead.stdout + dead.stderr)
            settle(world, name, words, out, checks)
            same = {p.name: p.read_bytes() for p in out.glob("*.whl")} == wheels
            world.check(f"{name}: the same wheels", same)
    reset(world.cache, out)
    last = world.run(*words, out=out)
    world.check("the groups of the dead are swept up", last.status == 0 and not world.leftovers(),
                last, str(world.leftovers()))
    world.close()


main()
