#!/usr/bin/env python3
"""Attempts of whole runs: how often, how far apart, what is remembered. usage: run_attempts.py"""
import hashlib
import json
import resource
import subprocess
import time

import made
from run_network import ENV, Handler, Index, need
import whole


class Flaky(Index):
    """An index whose file fails with 503 as often as `fails` says; its metadata lies beside it."""

    def __init__(self, fails):
        self.data = made.wheel_bytes("lib")
        self.fails, self.asked = fails, []
        super().__init__({})
        self.RequestHandlerClass = Failing


class Failing(Handler):
    def do_GET(self):
        server, name = self.server, "lib-1.0-py3-none-any.whl"
        if self.path == "/simple/lib/":
            entry = {"filename": name, "url": f"../../files/{name}", "core-metadata": True,
                     "hashes": {"sha256": hashlib.sha256(server.data).hexdigest()}}
            return self.answer(json.dumps({"meta": {"api-version": "1.1"}, "name": "lib",
                                           "files": [entry]}).encode(),
                               kind="application/vnd.pypi.simple.v1+json")
        if self.path.endswith(".metadata"):
            return self.answer(made.metadata("lib").encode())
        if not self.path.endswith(name):
            return self.answer(b"", 404)
        server.asked.append(time.monotonic())
        if len(server.asked) <= server.fails:
            return self.answer(b"", 503)
        return self.answer(server.data)


def go(world, index, *words, cache):
    return world.run("-r", need(world, "lib\n"), "--index-url", index.url(), *words, local=False,
                     env={**ENV, "PIP_RETRIES": "0"}, cache=cache)


def part_backoff(world):
    world.check("the images are there", world.run(
        "--input", world.folder({"w-1.0-py3-none-any.whl": made.wheel_bytes("w")})).status == 0)
    index = Flaky(3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = go(world, index, "--max-attempts", "4", "--attempt-backoff-base", "1",
                "--attempt-backoff-max", "2", cache=world.make_cache("backoff"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    gaps = [b - a for a, b in zip(index.asked, index.asked[1:])]
    world.check("three failures and a success", result.status == 0 and len(index.asked) == 4 and
                len(result.delivered()) == 1, result)
    world.check("1 s, 2 s, and no more than 2 s apart", len(gaps) == 3 and all(
        want <= gap < want + 1.5 for want, gap in zip((1, 2, 2), gaps)), None, str(gaps))
    tries = result.packages["lib"]["attempts"]
    outcomes = [a["outcome"] for a in tries][:4]
    world.check("all are in the manifest, with their class", outcomes == ["failed"] * 3 + ["succeeded"]
                and tries[0]["failure_class"] == "fetch" and tries[1]["started_ms"] -
                tries[0]["started_ms"] >= 1000, None, str(tries))
    spent = sum(getattr(after, f) - getattr(before, f) for f in ("ru_utime", "ru_stime"))
    print(f"a run that waited 5 s took {spent:.2f} s of processor time")
    world.check("waiting costs nothing", spent < 4, None, f"{spent} s")
    index = Flaky(100)
    result = go(world, index, "--max-attempts", "2", cache=world.make_cache("most"))
    world.check("--max-attempts is the most", result.status == 1 and len(index.asked) == 2 and
                result.packages["lib"]["status"] == "missing" and "503" in
                result.packages["lib"]["why"], result, str(index.asked))


def log_of(world, package):
    path = world.cache / package["attempts"][-1]["log"]
    return subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout.decode()


def part_memory(world):
    fails = made.in_tree("fails", "print('the backend ran')\nraise RuntimeError('out of luck')")
    folder = world.folder({"fails-1.0.tar.gz": fails})
    words = ("--find-links", folder, "-r", need(world, "fails\n"), "--strategy", "cross")
    first = world.run(*words)
    world.check("it fails, and once: the same attempt would fail again", first.status == 1 and
                first.packages["fails"]["status"] == "failed" and
                len(first.packages["fails"]["attempts"]) == 1 and
                "the backend ran" in log_of(world, first.packages["fails"]), first)
    again = world.run(*words)
    world.check("the next run knows, and builds nothing", again.status == 1 and
                "out of luck" in again.packages["fails"]["why"] and
                "the backend ran" not in log_of(world, again.packages["fails"]), again)
    more = world.run(*words, "--retry-failed")
    world.check("--retry-failed builds it again", more.status == 1 and
                "the backend ran" in log_of(world, more.packages["fails"]), more)
    (folder / "fails-1.0.tar.gz").write_bytes(made.in_tree("fails"))
    skipped = world.run(*words, "--skip-known-failures")
    world.check("--skip-known-failures skips it, whatever changed", skipped.status == 1 and
                skipped.packages["fails"]["status"] == "skipped_known_failure" and
                "out of luck" in skipped.packages["fails"]["why"] and not skipped.delivered(), skipped)
    good = world.run(*words)
    world.check("without it the new source is built", good.status == 0 and
                good.packages["fails"]["status"] == "built", good)
    after = world.run(*words, "--skip-known-failures")
    world.check("and what was built since is no known failure", after.status == 0 and
                after.packages["fails"]["status"] == "cached", after, str(after.packages))


PICKY = """import os, sys
if not os.path.realpath(sys.executable).startswith("/sysroot/"):
    raise RuntimeError("this build needs the Python of the target")
return write(directory, {NAME + "/__init__.py": "VALUE = 1\\n"})"""
HOPELESS = 'raise RuntimeError("x.c:1:10: fatal error: x.h: No such file or directory")'


def strategies(package):
    return [(a["strategy"], a["outcome"]) for a in package["attempts"]
            if a.get("strategy") in ("cross", "hybrid", "emulate")]


def part_record(world):
    """auto goes through the strategies in the order of the package's record, whatever its version."""
    def go(name, version, **how):
        folder = world.folder({f"{name}-{version}.tar.gz": made.in_tree(name, version=version, **how)})
        result = world.run("--find-links", folder, "-r", need(world, f"{name}\n"))
        return result, strategies(result.packages[name])

    result, tried = go("picky", "1.0", body=PICKY)
    world.check("cross gives way to hybrid", result.status == 0 and
                tried == [("cross", "failed"), ("hybrid", "succeeded")], result, str(tried))
    result, tried = go("picky", "2.0", body=PICKY)
    world.check("the next version begins with hybrid", result.status == 0 and
                tried == [("hybrid", "succeeded")], result, str(tried))
    result, tried = go("lacks", "1.0", body=HOPELESS)
    world.check("what lacks a header fails by cross alone", result.status == 1 and
                tried == [("cross", "failed")], result, str(tried))
    result, tried = go("lacks", "2.0")
    world.check("which says nothing against cross", result.status == 0 and
                tried == [("cross", "succeeded")], result, str(tried))


PARTS = {"backoff": part_backoff, "memory": part_memory, "record": part_record}


whole.run_parts(PARTS)
