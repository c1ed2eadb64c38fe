#!/usr/bin/env python3
"""The small index that travels with the program (data/contents/): for a release of Debian the files of the
packages that matter most to Python's extension modules, out of Contents.

Which packages: those that at least one of the release's source packages with Python extension modules
build-depend on (Sources), that are named like development packages or have a program. Which files:
pkg-config, CMake, libX.so, programs, and headers at most one folder below where compilers look. The machine's
folder is written @, so that one excerpt serves every machine.
usage: contents_excerpt.py REFINERY CACHE PYTHON OUTPUT.gz   (PYTHON names the release: 3.11, 3.13)"""
import collections
import gzip
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TRIPLET = "s390x-linux-gnu"
PYTHON_DEV = {"python3-all-dev", "python3-dev", "libpython3-all-dev", "libpython3-dev"}
DEVELOPMENT = re.compile(r"(lib.*|zlib1g|.*)-dev$")
# Of any package; of headers at most one folder below, or two where the first is an umbrella's.
FILES = re.compile(
    rf"usr/(lib|share)/({TRIPLET}/)?pkgconfig/[^/]*\.pc$|usr/.*(Config|-config)\.cmake$|"
    rf"usr/lib/({TRIPLET}/)?lib[^/]*\.so$|usr/bin/[^/]*$|"
    rf"usr/include/({TRIPLET}/)?([^/]*/)?[^/]*\.(h|hpp|hh)$")
MOST = 250  # headers of a package: of a larger one, those that are not below a folder


def state(cache, release):
    """apt's directory of the indexes that a map was made of."""
    return next(path for path in (pathlib.Path(cache) / "apt").glob(f"contents-{release}-s390x-*")
                if (path / "updated").exists())


def sources(state_dir, work):
    """Stanzas of the release's Sources, through apt with the settings of that directory."""
    folder = pathlib.Path(work) / "sources"
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    conf = (state_dir / "apt.conf").read_text().replace(str(state_dir), str(folder))
    (folder / "apt.conf").write_text(conf)
    (folder / "sources.list").write_text(
        (state_dir / "sources.list").read_text().replace("deb [arch=s390x ", "deb-src ["))
    env = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    subprocess.run(["apt-get", "-q", "update"], env=env, check=True, stdout=subprocess.DEVNULL)
    path = next((folder / "lists").glob("*_source_Sources*"))
    return subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split("\n\n")


def build_depends(stanzas):
    """Of each source package with Python extension modules the names that it build-depends on."""
    for stanza in stanzas:
        depends = ", ".join(re.findall(r"^Build-Depends(?:-Arch)?: *(.*)$", stanza, re.M))
        names = {name.split("|")[0].split()[0].split(":")[0]
                 for name in depends.split(",") if name.strip()}
        if names & PYTHON_DEV:
            yield names


def contents(state_dir):
    """(path, where) of each line of Contents."""
    for path in sorted((state_dir / "lists").glob("*_Contents-*")):
        for line in gzip.open(path, "rt"):
            name, _, where = line.rstrip("\n").rpartition(" ")
            yield name.rstrip(), where


def excerpt(state_dir, packages):
    of = collections.defaultdict(list)
    for path, where in contents(state_dir):
        if FILES.match(path):
            for one in where.split(","):
                if one.rpartition("/")[2] in packages:
                    of[one].append(path)
    for one, paths in of.items():
        package = one.rpartition("/")[2]
        if not DEVELOPMENT.match(package):
            paths = [path for path in paths if path.startswith("usr/bin/")]
        headers = [path for path in paths if path.startswith("usr/include/")]
        if len(headers) > MOST:
            flat = re.compile(rf"usr/include/({TRIPLET}/)?[^/]*$")
            paths = [path for path in paths if path not in set(headers) or flat.match(path)]
        for path in paths:
            yield path.replace(f"/{TRIPLET}/", "/@/"), one


def main():
    program, cache, python, output = sys.argv[1:]
    release = {"3.11": "bookworm", "3.13": "trixie"}[python]
    subprocess.run([program, "hint", "build-map", "--cache", cache, "--python", python], check=True)
    with tempfile.TemporaryDirectory() as work:
        packages = set().union(*build_depends(sources(state(cache, release), work)))
    lines = sorted(f"{path} {where}\n" for path, where in excerpt(state(cache, release), packages))
    data = "".join(lines).encode()
    pathlib.Path(output).write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(packages)} packages, {len(lines)} files, {len(data)} bytes, "
          f"{pathlib.Path(output).stat().st_size} compressed")


if __name__ == "__main__":
    main()
