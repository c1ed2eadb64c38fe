#!/usr/bin/env python3
"""Every backend and language on a package of its own, cross-built for the target and imported there;
then what Rust packages and network-hungry builds can do wrong. usage: run_backends.py [part...]
The packages are in backends/; crates come from a registry on loopback that is made here."""
import hashlib
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
import time

import made
import whole
from whole import World

SOURCES = pathlib.Path(__file__).parent / "backends"
TOOLS = ("setuptools", "setuptools<74", "setuptools-rust", "setuptools-scm", "scikit-build-core",
         "cmake", "pybind11", "nanobind", "cffi", "Cython<3", "Cython>=3")


def fetch(folder, name, *options):
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:",
                    "--python-version", "3.11", "-d", folder, *options, name], check=True)


def tools_folder():
    """Build requirements as wheels of this machine, fetched once."""
    folder = whole.STORE / "backends"
    done = folder / "complete"
    wanted = "\n".join(TOOLS) + "\ncffi for the target"
    if not done.is_file() or done.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        for tool in TOOLS:
            fetch(folder, tool)
        # What a package out of cffi imports on the target.
        fetch(folder, "cffi", "--platform", "manylinux2014_s390x")
        done.write_text(wanted)
    return folder


def sdist(name, more=None, requires=()):
    files = {str(path.relative_to(SOURCES / name)): path.read_bytes()
             for path in sorted((SOURCES / name).rglob("*")) if path.is_file()}
    files.update(more or {})
    return made.sdist_bytes(name, "1.0", files, requires)


# ---- a crate registry ----

def crate():
    """A crate as cargo wants it: name-version/ in a tar.gz."""
    return made.tree_bytes("madecrate-1.0.0", {
        "Cargo.toml": '[package]\nname = "madecrate"\nversion = "1.0.0"\nedition = "2021"\n',
        "src/lib.rs": "pub fn value() -> i64 {\n    4711\n}\n"})


CRATE = crate()
GOOD = hashlib.sha256(CRATE).hexdigest()


class Registry(http.server.BaseHTTPRequestHandler):
    """The sparse protocol, for one crate."""
    protocol_version = "HTTP/1.1"
    asked = []

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        entry = {"name": "madecrate", "vers": "1.0.0", "deps": [], "cksum": GOOD, "features": {},
                 "yanked": False}
        host = f"http://127.0.0.1:{self.server.server_address[1]}"
        body = {"/config.json": json.dumps({"dl": host + "/crate"}).encode(),
                "/ma/de/madecrate": json.dumps(entry).encode(),
                "/crate/madecrate/1.0.0/download": CRATE}.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")


def cargo_home(world):
    """Settings of cargo as an administrator would make them: another registry for crates.io."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return world.folder({"config.toml": (
        '[source.crates-io]\nreplace-with = "made"\n[source.made]\n'
        f'registry = "sparse+http://127.0.0.1:{server.server_address[1]}/"\n')})


def lock(checksum=GOOD, name="madecrate"):
    return ('version = 3\n\n'
            f'[[package]]\nname = "{name}"\nversion = "1.0.0"\n'
            'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
            f'checksum = "{checksum}"\n\n'
            f'[[package]]\nname = "rusty"\nversion = "1.0.0"\ndependencies = ["{name}"]\n')


# ---- the parts ----

GOOD_ONES = ("skbuild", "nanobound", "cffiout", "cythonold", "cythonnew", "autoconf", "scm")


def part_good(world):
    """All are built by cross, at most manylinux_2_28, and what their import asserts holds."""
    packages = {name: sdist(name, requires=["cffi"] if name == "cffiout" else ())
                for name in GOOD_ONES}
    packages["rusty"] = sdist("rusty", {"Cargo.lock": lock()})
    folder = world.folder({f"{name}-1.0.tar.gz": data for name, data in packages.items()})
    need = world.folder({"r.txt": "\n".join(packages) + "\n"}) / "r.txt"
    env = dict(os.environ, CARGO_HOME=str(cargo_home(world)))
    result = world.run("--find-links", folder, "--find-links", tools_folder(), "-r", need,
                       limit=900, env=env)
    for name in packages:
        package = result.packages.get(name, {})
        floor = tuple(int(part) for part in package.get("floor", "0.0").split("."))
        world.check(f"{name} is built by cross", package.get("status") == "built" and
                    package.get("strategy") == "cross", None, str(package))
        world.check(f"{name} runs on manylinux_2_28", name == "scm" or (2, 0) < floor <= (2, 28),
                    None, str(package.get("floor")))
    world.check("all are delivered",
                {n.split("-")[0] for n in result.delivered()} >= set(packages), result)
    world.check("the crate came from the registry that cargo is told of",
                "/crate/madecrate/1.0.0/download" in Registry.asked, None, str(Registry.asked))
    world.check("nothing is left", not world.leftovers(), result, str(world.leftovers()))


def part_hybrid(world):
    """The same compilers behind the target's own Python: those whose tools run on every machine."""
    packages = {name: sdist(name) for name in ("autoconf", "scm")}
    packages["rusty"] = sdist("rusty", {"Cargo.lock": lock()})
    folder = world.folder({f"{name}-1.0.tar.gz": data for name, data in packages.items()})
    need = world.folder({"r.txt": "\n".join(packages) + "\n"}) / "r.txt"
    env = dict(os.environ, CARGO_HOME=str(cargo_home(world)))
    result = world.run("--find-links", folder, "--find-links", tools_folder(), "-r", need,
                       "--strategy", "hybrid", limit=600, env=env)
    for name in packages:
        package = result.packages.get(name, {})
        world.check(f"{name} is built by hybrid", package.get("status") == "built" and
                    package.get("strategy") == "hybrid", None, str(package))
    world.check("all are delivered", len(result.delivered()) == len(packages), result)


def with_links(name, *links):
    """A good sdist with symbolic links, (path, target) each, and a file behind the last of them."""
    out = io.BytesIO()
    source = io.BytesIO(made.in_tree(name))
    with tarfile.open(fileobj=source) as given, tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member in given:
            archive.addfile(member, given.extractfile(member))
        for path, target in links:
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        member = tarfile.TarInfo(f"{name}-1.0/{links[-1][0]}/escaped")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"here"))
    return out.getvalue()


def link_cases(world):
    outside = ("leads outside the archive",)
    return {"rootlink": (with_links("rootlink", ("data", "/etc")), ("/data is", *outside)),
            "uplink": (with_links("uplink", ("data", "../../../..")), ("/data is", *outside)),
            "twolinks": (with_links("twolinks", ("a", "."), ("a/b", "..")),
                         ("a/b", "through symlink")),
            "farlink": (with_links("farlink", ("out", str(world.dir))), ("/out is", *outside))}


def network_cases():
    ask = ("import urllib.request\n"
           "urllib.request.urlopen('http://downloads.example.org/model.bin', timeout=5)")
    tool = ("import subprocess\nprint('curl: (6) Could not resolve host: tools.example.org',"
            " flush=True)\nraise RuntimeError('curl failed')")
    local = ("import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
             "socket.create_connection(s.getsockname())\n"
             "return write(directory, {NAME + '/__init__.py': ''})")
    return {"asksnet": (made.in_tree("asksnet", ask),
                        ("needs the network", "http://downloads.example.org/model.bin", "--input")),
            "toolnet": (made.in_tree("toolnet", tool),
                        ("needs the network", "tools.example.org", "--input")),
            "loopback": (made.in_tree("loopback", local), ())}


def part_bad(world):
    """One sentence each: which crate or address it is about, and what to do."""
    def renamed(name, files):
        project = (SOURCES / "rusty" / "pyproject.toml").read_text()
        project = project.replace('name = "rusty"', f'name = "{name}"')
        base = {str(p.relative_to(SOURCES / "rusty")): p.read_bytes()
                for p in sorted((SOURCES / "rusty").rglob("*")) if p.is_file()}
        return made.sdist_bytes(name, "1.0", {**base, "pyproject.toml": project, **files})

    cases = {
        "nolock": (renamed("nolock", {}), ("Cargo.lock", "cargo generate-lockfile", "--input")),
        "oldlock": (renamed("oldlock", {"Cargo.lock": lock(name="othercrate")}),
                    ("Cargo.lock does not fit", "--input")),
        "wronglock": (renamed("wronglock", {"Cargo.lock": lock("0" * 64)}),
                      ("madecrate", "checksum", "--input")),
        "tornlock": (renamed("tornlock", {"Cargo.lock": "this is [not\n"}),
                     ("Cargo.lock is damaged", "--input")),
        # A configuration in the package names a program: the fetch phase must not run it.
        "wrapped": (renamed("wrapped", {
            "Cargo.lock": "# not the one of another case\n" + lock(),
            ".cargo/config.toml": '[build]\nrustc-wrapper = "/source/evil"\n',
            "evil": "#!/bin/sh\necho ran >/crates/evil\nexec \"$@\"\n"}), None),
        **network_cases(), **link_cases(world)}
    folder = world.folder({f"{name}-1.0.tar.gz": case[0] for name, case in cases.items()})
    need = world.folder({"r.txt": "\n".join(cases) + "\n"}) / "r.txt"
    env = dict(os.environ, CARGO_HOME=str(cargo_home(world)))
    result = world.run("--find-links", folder, "--find-links", tools_folder(), "-r", need,
                       limit=600, env=env)
    for name, (_, said) in cases.items():
        package = result.packages.get(name, {})
        why = package.get("why", "")
        if os.environ.get("SHOW"):
            print(f"== {name}: {package.get('status')}: {why}")
        if said:
            world.check(f"{name} fails in one sentence", package.get("status") == "failed" and
                        all(word in why for word in said) and "\n" not in why, None, str(package))
        elif name == "loopback":
            world.check("loopback is no network", package.get("status") == "built", None,
                        str(package))
    world.check("no file went through a link", not list(world.dir.rglob("escaped")))
    crates = world.cache / "crates"
    world.check("the fetch phase ran nothing of a package", not list(crates.rglob("evil")))
    world.check("failed crates leave nothing", not list(crates.glob("new-*")), None,
                str(list(crates.glob("*"))))


BLAS = """#include <Python.h>
#include <cblas.h>
extern void dgesv_(int *n, int *nrhs, double *a, int *lda, int *ipiv, double *b, int *ldb, int *info);
static struct PyModuleDef d = {PyModuleDef_HEAD_INIT, "_needsblas", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__needsblas(void)
{
    static double wide[300 * 300], v[300], out[300];
    double a[4] = {2, 1, 1, 3}, b[2] = {3, 5}; /* 2x + y = 3, x + 3y = 5 */
    int n = 2, one = 1, pivots[2], info = -1;
    PyObject *m = PyModule_Create(&d);
    dgesv_(&n, &one, a, &n, pivots, b, &n, &info);
    for (int i = 0; i < 300; i++)
        wide[i * 300 + i] = 2, v[i] = i;
    cblas_dgemv(CblasRowMajor, CblasNoTrans, 300, 300, 1, wide, 300, v, 1, 0, out, 1); /* in threads */
    PyModule_AddObject(m, "SOLVED", Py_BuildValue("iddd", info, b[0], b[1], out[299]));
    return m;
}
"""


def part_packs(world):
    """OpenBLAS linked anew on the floor: what is built against it grafts it, and can be imported."""
    files = {"pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
             "setup.py": "from setuptools import setup, Extension\nsetup(name='needsblas', version='1.0', "
                         "py_modules=['needsblas'], ext_modules=[Extension('_needsblas', ['needsblas.c'], libraries=['openblas'])])\n",
             "needsblas.py": "import _needsblas\ninfo, x, y, last = _needsblas.SOLVED\n"
                             "assert info == 0 and abs(x - 0.8) + abs(y - 1.4) < 1e-12 and last == 598\n",
             "needsblas.c": BLAS}
    folder = world.folder({"needsblas-1.0.tar.gz": made.sdist_bytes("needsblas", "1.0", files)})
    need = world.folder({"r.txt": "needsblas\n"}) / "r.txt"
    result = world.run("--find-links", folder, "--find-links", tools_folder(), "-r", need, "--recipe",
                       "needsblas=pack:openblas", limit=900)
    package = result.packages.get("needsblas", {})
    world.check("a wheel against OpenBLAS is imported and computes", package.get("status") == "built", result, str(package))
    world.check("it has the pack's libraries and names the pack", package.get("packs", [""])[0].startswith("openblas 0.3") and
                sorted(pathlib.Path(g["origin"]).name for g in package.get("grafted", [])) ==
                ["libopenblas-fortran.so.0", "libopenblas.so.0"], result, str(package))
    world.check("for glibc 2.17", package.get("policy") == "manylinux_2_17_s390x", result, str(package.get("policy")))
    blas = next(iter(world.cache.glob("packs/*/lib/libopenblas.so.0")), "none")
    flags = subprocess.run(["readelf", "-W", "-d", blas], stdout=subprocess.PIPE, text=True).stdout
    world.check("its variables of threads are not in the static block", "libm.so" in flags and
                "STATIC_TLS" not in flags, None, flags)


PARTS = {"good": part_good, "packs": part_packs, "hybrid": part_hybrid, "bad": part_bad}


def main():
    world = World()
    for name in sys.argv[1:] or PARTS:
        started = time.monotonic()
        PARTS[name](world)
        print(f"{name}: {time.monotonic() - started:.1f} s")
    world.close()


main()
