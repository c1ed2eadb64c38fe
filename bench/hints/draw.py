#!/usr/bin/env python3
"""Draws the packages that hints are measured on: real sdists that need native libraries, by seed, out of
Debian's list of sources. Written to set.tsv beside this file, which is committed: it was drawn before the
first rule. usage: draw.py SOURCES INDEX-URL [COUNT]    (SOURCES: main/source/Sources of a release, unpacked)

A source is in when it builds a python3-* package for each machine from its own lib*-dev build dependencies,
and the index has an sdist of exactly its upstream version and no pure wheel of it. Half are seen, half are
not: no rule, recipe or example names a package whose name's SHA-256 begins with an odd byte."""
import hashlib
import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

SEED = "refinery hints 1"
SIZE_MAX = 30 << 20
OF_PYTHON = re.compile(r"(lib)?python3(\.\d+)?(-all)?(-dev|-dbg)|libpython")


def paragraphs(path):
    with open(path, encoding="utf-8") as file:
        for text in file.read().split("\n\n"):
            fields = {}
            for line in text.split("\n"):
                if line[:1] in (" ", "\t"):
                    fields[name] += "\n" + line.strip()
                elif ":" in line:
                    name, value = line.split(":", 1)
                    fields[name] = value.strip()
            if fields:
                yield fields


def needs(fields, alternatives=False):
    """Names of all that it is built with."""
    text = ", ".join(fields.get(f"Build-Depends{kind}", "") for kind in ("", "-Arch"))
    parts = re.split(r"[,\n|]" if alternatives else r"[,\n]", text)
    return {re.split(r"[ (\[<|:]", part.strip())[0] for part in parts} - {""}


def libraries(fields):
    return sorted(w for w in needs(fields) if re.fullmatch(r"lib\S+-dev", w) and not OF_PYTHON.match(w))


def others(fields):
    """Further packages that are right to suggest: tools, alternatives, and what the source itself builds for
    others to build with, where Debian has library and Python package in one."""
    own = {line.split()[0] for line in fields.get("Package-List", "").split("\n") if re.match(r"\S+-dev ", line)}
    found = (needs(fields, True) | own) - set(libraries(fields))
    return sorted(w for w in found if not re.match(r"python3|dh-|debhelper|pypy", w))


def names(fields):
    """What the project may be called in the index, likeliest first."""
    found = [line.split()[0].removeprefix("python3-") for line in fields.get("Package-List", "").split("\n")
             if line.startswith("python3-") and "arch=any" in line]
    own = re.sub(r"^(python3?-)|(-python)$", "", fields["Package"])
    return list(dict.fromkeys(re.sub(r"[-_.]+", "-", n).lower() for n in (found + [own] if found else [])))


def upstream(version):
    version = re.sub(r"^\d+:", "", version).rsplit("-", 1)[0]
    return re.sub(r"[+~]?(dfsg|ds|repack|really|debian)[\d.]*$", "", version)


def sdist(index, name, version):
    """(filename, sha256) of the release's sdist; None: there is none, or a wheel for every machine."""
    request = urllib.request.Request(f"{index.rstrip('/')}/{name}/", headers={
        "Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            files = json.load(answer)["files"]
    except (urllib.error.URLError, ValueError):
        return None
    of = [f for f in files if re.match(rf"[^/]+-{re.escape(version)}(\.tar\.gz$|-.*\.whl$)", f["filename"])]
    if any(f["filename"].endswith("-none-any.whl") for f in of):
        return None
    for file in of:
        if file["filename"].endswith(".tar.gz") and (file.get("size") or 0) < SIZE_MAX:
            return file["filename"], file["hashes"]["sha256"]
    return None


def main(sources, index, count=44):
    drawn = []
    fields = [f for f in paragraphs(sources) if names(f) and libraries(f)]
    for of in sorted(fields, key=lambda f: hashlib.sha256(f"{SEED}:{f['Package']}".encode()).digest()):
        for name in names(of):
            found = sdist(index, name, upstream(of["Version"]))
            if found:
                seen = "unseen" if hashlib.sha256(name.encode()).digest()[0] & 1 else "seen"
                drawn.append((name, upstream(of["Version"]), seen, found[1], of["Package"],
                              ",".join(libraries(of)), ",".join(others(of))))
                print(*drawn[-1], flush=True)
                break
        if len(drawn) == int(count):
            break
    out = pathlib.Path(__file__).with_name("set.tsv")
    out.write_text("# name, version, seen or not, SHA-256 of the sdist, Debian's source, its libraries, other "
                   "packages that it is built with or builds\n" +
                   "".join("\t".join(row) + "\n" for row in sorted(drawn)))
    print(f"{len(fields)} sources to draw from, {len(drawn)} drawn")


main(*sys.argv[1:])
