#!/usr/bin/env python3
"""An air gap: a bundle made here, imported where nothing is, and a run in a network namespace without
a network; then bundles that are cut, changed, or made to harm. usage: run_bundle.py"""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time

import made
from run_bad import setuptools_folder
from run_network import ENV, Index, need, wheel
import whole
from whole import PROGRAM


def refinery(*words, prefix=()):
    done = subprocess.run([*prefix, PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENV, cwd="/",
                          timeout=600, check=False)
    done.text = done.stdout.decode(errors="replace")
    return done


def note(done):
    return f"status {done.returncode}: {done.text[-1500:]}"


def alone():
    """The prefix for a namespace with no network but a loopback that is down."""
    return ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-rn"]


def packages():
    tools = [(f.name, f.read_bytes(), {}) for f in setuptools_folder().glob("setuptools-*.whl")]
    order = made.c_extension(
        "setuporder", "import sys\nbig = '1' if sys.byteorder == 'big' else '0'",
        "[('BIG', big)]", "BIG", "import sys\nassert VALUE == (sys.byteorder == 'big')")
    return {"setuptools": tools, "compiled": [("compiled-1.0.tar.gz", made.c_extension("compiled"), {})],
            "setuporder": [("setuporder-1.0.tar.gz", order, {})],
            "plain": [("plain-1.0.tar.gz", made.in_tree("plain", requires=["pure"]), {})],
            "pure": [wheel("pure")]}


def rewrite(source, target, change):
    """The bundle's members through `change(name, bytes)` -> [(name, bytes)], packed again."""
    plain = subprocess.run(["zstd", "-dc", source], check=True, capture_output=True).stdout
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain)) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            for name, bytes_ in change(member.name, data):
                info = tarfile.TarInfo(name)
                info.size = len(bytes_)
                new.addfile(info, io.BytesIO(bytes_))
    target.write_bytes(out.getvalue())


def small_bundle(path):
    """A bundle of a few files as the format says, to be spoiled."""
    files = {"index/files/ab/a.whl": b"a wheel" * 1000, "roots/r1/etc/passwd": b"root\n",
             "roots/r1/usr/bin/tool": b"a tool", "roots/r1/usr/bin/same": b"a tool"}
    digests = {n: hashlib.sha256(d).hexdigest() for n, d in files.items()}
    manifest = {"format": "refinery-bundle", "version": 1, "target": "t",
                "files": [[n, digests[n], len(d), n.endswith("tool")] for n, d in files.items()],
                "links": [["roots/r1/bin", "usr/bin"]], "dirs": ["roots/r1/tmp"]}
    blobs = {digests[n]: d for n, d in files.items()}
    with tarfile.open(path, "w") as tar:
        for name, data in [("manifest.json", json.dumps(manifest).encode())] + \
                [(f"blobs/{d}", blobs[d]) for d in sorted(blobs)]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    subprocess.run(["zstd", "-q", "--rm", "-f", path, "-o", f"{path}.zst"], check=True)
    os.rename(f"{path}.zst", path)


def part_air_gap(world):
    index = Index(packages())
    text = "compiled\nsetuporder\nplain\n"
    file = world.dir / "all.bundle"
    words = ("-r", need(world, text), "--index-url", index.url(), "--python", "3.11")
    started = time.monotonic()
    made_ = refinery("bundle", "create", *words, "--cache", world.cache, "--output", file, "--jobs", 2)
    world.check("a bundle is made", made_.returncode == 0 and file.is_file(), None, note(made_))
    print(f"bundle create: {time.monotonic() - started:.1f} s, {file.stat().st_size >> 20} MB")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    world.check("its digest is told", f"sha256 {digest}" in made_.text, None, note(made_))
    asked = len(index.seen)
    (world.cache / "index" / "files" / "download-x").write_text("half a file")
    again = refinery("bundle", "create", *words, "--cache", world.cache, "--output",
                     world.dir / "again.bundle", "--jobs", 2, "--offline")
    world.check("the same cache gives the same bytes", again.returncode == 0 and
                (world.dir / "again.bundle").read_bytes() == file.read_bytes(), None, note(again))
    world.check("and asks nobody offline", len(index.seen) == asked)
    cache = world.dir / "far"
    started = time.monotonic()
    taken = refinery("bundle", "import", file, "--cache", cache, "--sha256", digest, prefix=alone())
    world.check("it is imported where nothing was", taken.returncode == 0, None, note(taken))
    print(f"bundle import: {time.monotonic() - started:.1f} s")
    world.check("nothing of the import is left", not list(cache.glob("import-*")))
    world.check("no result came along: the other side builds", not (cache / "cas").exists())
    index.shutdown()
    result = world.run(*words, "--offline", cache=cache, local=False, env=ENV, prefix=alone(),
                       limit=600)
    how = {n: (p["status"], p.get("strategy")) for n, p in result.packages.items()}
    world.check("without a network: from nothing to wheels", result.status == 0 and how == {
        "compiled": ("built", "cross"), "setuporder": ("built", "hybrid"), "plain": ("built", "cross"),
        "pure": ("reused", None)} and len(result.delivered()) == 4, result, str(how))
    print(f"run without a network: {result.seconds:.1f} s")
    there = world.run(*words, "--offline", local=False, env=ENV)
    world.check("both sides build the same bits", there.status == 0 and {
        n: p["wheel_digest"] for n, p in there.packages.items()} == {
        n: p["wheel_digest"] for n, p in result.packages.items()}, there)
    more = world.run("-r", need(world, "absent\n"), "--index-url", index.url(), "--offline",
                     cache=cache, local=False, env=ENV, prefix=alone())
    world.check("what is not in the bundle is said to be missing", more.status in (3, 4) and
                "offline" in more.text, more)
    shutil.rmtree(cache)


def part_bad(world):
    good = world.dir / "good.bundle"
    small_bundle(good)
    target = world.dir / "target"

    def refused(name, file, *said, status=1, more=()):
        done = refinery("bundle", "import", file, "--cache", target, *more)
        lines = [line for line in done.text.splitlines() if all(w in line.lower() for w in said)]
        left = [p for p in target.rglob("*") if p.name != "lock"] if target.exists() else []
        world.check(name, done.returncode == status and lines and not left, None,
                    note(done) + str(left[:5]))
    bad = world.dir / "bad.bundle"
    data = good.read_bytes()
    for part in (0, 10, len(data) // 3, len(data) - 1):
        bad.write_bytes(data[:part])
        refused(f"cut to {part} bytes", bad, "bad.bundle")
    bad.write_bytes(b"x" * 4000)
    refused("no bundle", bad, "not a bundle")
    refused("another digest", good, "sha-256", "expected", more=("--sha256", "0" * 64))
    refused("no digest", good, "hexadecimal", more=("--sha256", "zz"), status=2)
    refused("not there", world.dir / "absent.bundle", "absent.bundle")

    def blobs(name, data):
        return [(name, data.replace(b"a wheel", b"a whale"))] if name.startswith("blobs/") else \
            [(name, data)]
    rewrite(good, bad, blobs)
    refused("a changed content", bad, "not what its manifest promises")
    rewrite(good, bad, lambda n, d: [(n, d), ("../../escaped", b"x")] if n == "manifest.json" else
            [(n, d)])
    refused("a member that climbs", bad, "escaped", "do not use")
    seen = []
    rewrite(good, bad, lambda n, d: [(n, d)] + ([] if seen or n == "manifest.json" else
                                               seen.append(n) or [(n, d)]))
    refused("a member twice", bad, "do not use")
    rewrite(good, bad, lambda n, d: [(n, d + b"more")] if n.startswith("blobs/") else [(n, d)])
    refused("a larger content", bad, "larger than its manifest")

    def manifest(change):
        def apply(name, data):
            if name != "manifest.json":
                return [(name, data)]
            root = json.loads(data)
            change(root)
            return [(name, json.dumps(root).encode())]
        rewrite(good, bad, apply)
    for path in ("../escaped", "/etc/passwd", "roots/../../escaped", "history.db", "cas/x/y", "roots",
                 "index/files/./x", ""):
        manifest(lambda m, p=path: m["files"][0].__setitem__(0, p))
        refused(f"a path {path!r}", bad, "no bundle fills")
        manifest(lambda m, p=path: m["links"][0].__setitem__(0, p))
        refused(f"a link at {path!r}", bad, "manifest")
    manifest(lambda m: m["links"].append(["index/files/x", "/etc"]))
    refused("a link among the downloads", bad, "link where none belongs")
    manifest(lambda m: (m["links"].append(["roots/r1/out", "/"]),
                        m["files"][0].__setitem__(0, "roots/r1/out/tmp/owned")))
    refused("a file below a link", bad, "roots/r1/out")
    manifest(lambda m: m["dirs"].append(m["files"][0][0]))
    refused("a directory where a file is", bad, "bad.bundle")
    manifest(lambda m: m.__setitem__("version", 2))
    refused("another version", bad, "format version 2", "reads 1")
    manifest(lambda m: m["files"][0].__setitem__(2, 1 << 60))
    refused("a giant", bad, "bytes allowed")
    manifest(lambda m: m["files"][0].__setitem__(2, 200 << 30))
    refused("more than the disk has", bad, "make room")
    manifest(lambda m: m["files"][0].__setitem__(2, -1))
    refused("a negative size", bad, "manifest")
    manifest(lambda m: m.pop("links"))
    refused("a list is missing", bad, "lacks a list")
    bomb = world.dir / "bomb.bundle"
    with tarfile.open(bomb.with_suffix(".tar"), "w") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = 600 << 20
        tar.addfile(info, io.BytesIO(bytes(600 << 20)))
    subprocess.run(["zstd", "-q", "--rm", "-f", bomb.with_suffix(".tar"), "-o", bomb], check=True)
    refused("a manifest that is a bomb", bomb, "larger than")
    world.check("nothing was written elsewhere", not (world.dir / "escaped").exists() and
                not pathlib.Path("/tmp/owned").exists())
    first = refinery("bundle", "import", good, "--cache", target)
    second = refinery("bundle", "import", good, "--cache", target)
    world.check("the good one still goes in, and once more", first.returncode == 0 and
                second.returncode == 0 and (target / "roots/r1/etc/passwd").read_text() == "root\n" and
                (target / "roots/r1/tmp").is_dir() and
                os.readlink(target / "roots/r1/bin") == "usr/bin" and
                os.access(target / "roots/r1/usr/bin/tool", os.X_OK) and
                not (target / "roots/r1/usr/bin/same").stat().st_mode & 0o111, None, note(first) + note(second))


PARTS = {"bad": part_bad, "air_gap": part_air_gap}


whole.run_parts(PARTS)
