"""Whole runs on an image of the target: a root of s390x, packed as an image and pushed to a real
docker-registry, is what a C extension is built against and tested in.
usage: image_run.py IMAGE_TOOL"""
import functools
import http.server
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import registry as make
import whole
from whole import World, setuptools_folder

tool = sys.argv[1]
TRIPLET = "s390x-linux-gnu"
MULTIARCH, LIB64 = f"usr/lib/{TRIPLET}/", "usr/lib64/"
DATA = "usr/lib64/python3.11/_sysconfigdata__"


def compose(role):
    done = subprocess.run([tool, str(whole.STORE), "3.11", "s390x", "compose", role], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return pathlib.Path(done.stdout.strip())


def to_lib64(path):
    """Debian's files where a distribution with lib64 has them."""
    for before, after in ((MULTIARCH, LIB64), ("usr/lib/python3.11", "usr/lib64/python3.11"),
                          (DATA + TRIPLET, DATA + "linux_" + TRIPLET)):
        if path.startswith(before):
            path = after + path[len(before):]
    return None if path == MULTIARCH[:-1] else path


def lib64_links(root):
    """What lets Debian's own loader and Python find their things there; nothing to build with."""
    files = {"lib64": ("l", "usr/lib64"), "usr/lib/python3.11": ("l", "../lib64/python3.11"),
             DATA + TRIPLET + ".py": ("l", f"_sysconfigdata__linux_{TRIPLET}.py"),
             "usr/lib/ld64.so.1": ("l", "../lib64/ld64.so.1")}
    for path in sorted((root / MULTIARCH).iterdir()):
        if ".so." in path.name:
            files[MULTIARCH + path.name] = ("l", f"../../lib64/{path.name}")
    return files


class Images(World):
    """Pulled roots are this test's own; the composed ones are those that are kept."""

    def make_cache(self, name):
        cache = super().make_cache(name)
        (cache / "roots").unlink()
        (cache / "roots").mkdir()
        for root in (whole.STORE / "roots").iterdir():
            (cache / "roots" / root.name).symlink_to(root)
        return cache

    def build(self, image, *words, python="3.11"):
        return self.run("--container-image", image, *words, "--python", python)


def good(world, registry, root):
    folder = whole.STORE / "sdists"
    if not list(folder.glob("[Mm]arkup[Ss]afe-*.tar.gz")):
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary",
                        ":all:", "-d", folder, "markupsafe==2.1.5"], check=True)
    need = world.folder({"need.txt": "markupsafe\n"}) / "need.txt"
    words = ("-r", need, "--find-links", folder, "--find-links", setuptools_folder())
    image = make.Image([make.layer_of_tree(root)], "s390x")
    registry.push_index("target", "1", [image, make.Image([make.layer_of({"a": b"a"})], "amd64")])
    name = f"{registry.name}/target:1"

    result = world.build(name, *words)
    wheel = "markupsafe-2.1.5-cp311-cp311-manylinux2014_s390x.manylinux_2_17_s390x.whl"
    world.check("a wheel is built on and tested in the image", result.status == 0 and
                result.delivered() == [wheel] and
                result.packages["markupsafe"]["strategy"] == "cross", result)
    world.check("the digest is said", f"image {name}@{image.digest}" in result.text, result)
    first = result.packages.get("markupsafe", {}).get("key")
    result = world.build(name, *words)
    world.check("the second time it is known", result.status == 0 and
                result.packages["markupsafe"]["status"] == "cached", result)
    result = world.build(f"{registry.name}/target@{image.digest}", *words, "--strategy", "hybrid")
    world.check("hybrid: the image's Python under qemu-user", result.status == 0 and
                result.packages["markupsafe"]["strategy"] == "hybrid", result)

    moved = make.Image([*image.layers, make.layer_of({"etc/moved": b"1"})], "s390x")
    registry.push("target", "1", moved)
    result = world.build(name, *words)
    world.check("a tag that moved is another image, and another build", result.status == 0 and
                moved.digest in result.text and
                result.packages["markupsafe"]["status"] == "built" and
                (first is None or result.packages["markupsafe"]["key"] != first), result)
    return words


def lib64(world, registry, root, words):
    image = make.Image([make.layer_of_tree(root, to_lib64), make.layer_of(lib64_links(root))],
                       "s390x")
    registry.push("lib64", "1", image)
    result = world.build(f"{registry.name}/lib64:1", *words, "--strategy", "hybrid")
    world.check("a distribution with lib64", result.status == 0 and
                result.packages["markupsafe"]["status"] == "built" and
                result.packages["markupsafe"]["strategy"] == "hybrid", result)


HEADERS = ("usr/include/python3.11/", f"usr/include/{TRIPLET}/python3.11/")
SPEC = """Name: {name}
Version: 1.0
Release: 1
Summary: test
License: MIT
AutoReqProv: no
{more}
%description
test
%install
mkdir -p %{{buildroot}}
{install}
%post
touch /a-script-ran
%files
{files}
"""


def rpm(folder, name, root, paths=(), more=""):
    """An RPM for s390x with these folders of the root, and a script that must not run."""
    install = "\n".join(f"mkdir -p %{{buildroot}}/{path}; cp -a {root}/{path}/. %{{buildroot}}/{path}"
                        for path in paths)
    spec = folder / f"{name}.spec"
    spec.write_text(SPEC.format(name=name, more=more, install=install,
                                files="\n".join("/" + path.rstrip("/") for path in paths)))
    subprocess.run(["rpmbuild", "--quiet", "--target", "s390x", "-bb", "--define",
                    f"_topdir {folder}/top", "--define", f"_rpmdir {folder}/repo", "--define",
                    "_build_id_links none", "--define", "__strip /bin/true", str(spec)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def dnf(world, registry, root, words):
    """A distribution with lib64 and dnf, whose image has neither headers nor sysconfig data."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="refinery-rpm-"))
    rpm(folder, "python3.11-devel", root, HEADERS, "Requires: python3.11 = 1.0")
    rpm(folder, "python3.11", root)
    rpm(folder, "glibc-devel", root)
    rpm(folder, "libstdc++", root, more="Provides: /bin/sh")
    subprocess.run(["createrepo_c", "-q", str(folder / "repo")], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(
        Quiet, directory=str(folder / "repo")))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def repository(port, check):
        return make.layer_of({"etc/yum.repos.d/test.repo": (
            f"[test]\nname=test\nbaseurl=http://127.0.0.1:{port}/\nenabled=1\n"
            f"gpgcheck={check}\n").encode()})

    def bare(path):
        return None if (path + "/").startswith(HEADERS) else to_lib64(path)

    port = server.server_address[1]
    for tag, layers in (("1", [make.layer_of_tree(root, bare), make.layer_of(lib64_links(root)),
                               repository(port, 0)]),
                        ("signed", [repository(port, 1)]), ("gone", [repository(1, 0)]),
                        ("none", [make.layer_of({"a": b"a"})])):
        registry.push("rpm", tag, make.Image(layers, "s390x"))
    name = f"{registry.name}/rpm"
    rocky = (*words, "--container-preset", "rocky", "--max-attempts", "1")
    result = world.build(f"{name}:1", *rocky)
    world.check("dnf brings what the preset's image lacks", result.status == 0 and
                result.packages["markupsafe"]["status"] == "built", result)
    roots = [path for path in (world.cache / "roots").iterdir()
             if (path / "etc/yum.repos.d").is_dir()]
    world.check("no script of a package ran", roots and not any(
        (path / "a-script-ran").exists() for path in roots))
    world.check("the image itself stays as it was", any(
        not (path / "usr/include/python3.11/Python.h").exists() for path in roots))
    # What the sdist needs is known from the run before: its build fails, not the plan.
    world.sentence("packages that are not signed", world.build(f"{name}:signed", *rocky), 1,
                   "dnf: exit status 1", "GPG")
    world.sentence("a repository that is not there", world.build(f"{name}:gone", *rocky), 1,
                   "dnf: exit status 1", "Failed to download metadata for repo 'test'")
    world.sentence("an image without repositories", world.build(f"{name}:none", *rocky), 1,
                   "has no repositories for dnf")
    lookups(world, name)
    server.shutdown()
    server.server_close()
    result = world.build(f"{name}:1", *rocky, "--rebuild", "all")
    world.check("what dnf brought is remembered", result.status == 0, result)
    shutil.rmtree(folder)


def lookups(world, name):
    """The capability map of what the image's repositories have."""
    def ask(tag, *what):
        done = subprocess.run([whole.PROGRAM, "hint", *what, "--container-preset", "rocky",
                               "--container-image", f"{name}:{tag}", "--cache", str(world.cache)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
                              check=False)
        return done.returncode, done.stdout

    status, text = ask("1", "build-map")
    world.check("a map by dnf", status == 0 and "\nrocky " in "\n" + text, text)
    status, text = ask("1", "lookup", "header", "Python.h")
    world.check("the package that has a header, by dnf", status == 0 and "python3.11-devel" in text and
                "reading" not in text, text)
    status, text = ask("gone", "lookup", "header", "Python.h")
    world.check("repositories that are not there have no map", status == 1 and
                "no capability map of" in text and "Failed to download metadata" in text, text)
    status, text = ask("none", "lookup", "header", "Python.h")
    world.check("nor has an image without them", status == 1 and
                "no repositories for dnf" in text, text)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def bad(world, registry, words):
    amd64 = make.Image([make.layer_of({"a": b"a"})], "amd64")
    registry.push("other", "1", amd64)
    musl = make.Image([make.layer_of({"lib/libc.musl-s390x.so.1": b"x"})], "s390x")
    registry.push("musl", "1", musl)
    libc = {f"{MULTIARCH}libc.so.6": b"x"}
    python = {"usr/bin/python3.11": b"x", "usr/lib/python3.11/os.py": b"x"}
    registry.push("bare", "1", make.Image([make.layer_of(libc)], "s390x"))
    registry.push("headless", "1", make.Image([make.layer_of({**libc, **python})], "s390x"))
    for repository, status, said in (
            ("other:1", 1, ("is an image for linux/amd64, not for linux/s390x",)),
            ("musl:1", 2, ("has no glibc",)),
            ("bare:1", 2, ("has no Python 3.11", "image that has it")),
            ("headless:1", 2, ("cannot be built against: it has no usr/include/stdio.h",)),
            ("absent:1", 1, ("404",))):
        world.sentence(f"image {repository}", world.build(f"{registry.name}/{repository}", *words),
                       status, *said)
    world.sentence("no image", world.build("No/Image", *words), 2, "names no image")
    registry.stop()
    world.sentence("no registry", world.build(f"{registry.name}/another:1", *words), 3,
                   "cannot be had", "give another --container-image")


def main():
    for role in ("build", "clean"):
        compose(role)
    root = compose("sysroot")
    world = Images()
    place = tempfile.mkdtemp(prefix="refinery-registry-")
    registry = make.Registry(place)
    try:
        words = good(world, registry, root)
        lib64(world, registry, root, words)
        dnf(world, registry, root, words)
        bad(world, registry, words)
    finally:
        registry.stop()
        shutil.rmtree(place)
    world.close()


main()
