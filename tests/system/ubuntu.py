"""The preset ubuntu against an archive in Ubuntu's layout: /ubuntu for amd64, /ubuntu-ports for the
target, main and universe, three pockets, a key of its own. Its packages are Debian's, with the index
entries of the archive that other roots were composed from. usage: ubuntu.py IMAGE_TOOL"""
import functools
import gzip
import hashlib
import http.server
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

import made
import whole
from whole import World, setuptools_folder

tool = sys.argv[1]
HOST = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True,
                      check=True).stdout.strip()
TREES = {"ubuntu": HOST, "ubuntu-ports": "s390x"}
POCKETS = {"": "bookworm", "-updates": "bookworm-updates", "-security": "bookworm-security"}
# Found only where universe is asked for too; and fetched anew, where the rest is in the cache.
UNIVERSE = re.compile(r"^Package: (ninja-build|g\+\+-12-s390x-linux-gnu|libpython3\.11-dev)$", re.M)
FETCHED = (("patch", HOST), ("libpython3.11-dev", "s390x"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def state(arch):
    """apt's directory of the composed roots."""
    return next(path for path in (whole.STORE / "apt").glob(f"bookworm-{arch}-*")
                if (path / "updated").exists())


def entries(arch, suite):
    found = list((state(arch) / "lists").glob(f"*_dists_{suite}_main_binary-{arch}_Packages*"))
    if not found:
        return []  # no security updates for this machine
    done = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(found[0])], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip("\n").split("\n\n")


def settings(arch):
    """Its apt.conf, for the path that the directory has here: a run through a link wrote that of the link."""
    text = (state(arch) / "apt.conf").read_text()
    there = re.search(r'^Dir::State "([^"]*)";$', text, re.M)[1]
    own = tempfile.NamedTemporaryFile("w", suffix=".conf")
    own.write(text.replace(there, str(state(arch))))
    own.flush()
    return own


def closure(arch, roots):
    """All that apt would install for these roots, also what is left out of them on purpose."""
    names = set()
    for root in roots:
        status = (root / "var/lib/dpkg/status").read_text()
        if f"Architecture: {arch}\n" in status:
            names |= set(re.findall(r"^Package: (.*)$", status, re.M))
    with settings(arch) as conf:
        done = subprocess.run(["apt-get", "-q", "install", "-y", "--print-uris", "--", *sorted(names)],
                              env={**os.environ, "APT_CONFIG": conf.name},
                              check=True, stdout=subprocess.PIPE, text=True)
    return set(re.findall(r"^'[^']*' ([^_]*)_", done.stdout, re.M))


def publish(tree, arch, pocket, suite, names, sign):
    dists = tree / "dists" / f"mantic{pocket}"
    parts = {"main": [], "universe": []}
    for entry in entries(arch, suite):
        if re.search(r"^Package: (.*)$", entry, re.M)[1] not in names:
            continue
        parts["universe" if UNIVERSE.search(entry) else "main"].append(entry)
    lines = ["Origin: Ubuntu", f"Suite: mantic{pocket}", f"Codename: mantic{pocket}",
             "Date: Thu, 12 Oct 2023 12:00:00 UTC", f"Architectures: {arch}",
             "Components: main universe", "SHA256:"]
    for component, those in parts.items():
        folder = f"{component}/binary-{arch}"
        (dists / folder).mkdir(parents=True)
        plain = "".join(entry + "\n\n" for entry in those).encode()
        packed = gzip.compress(plain, 1, mtime=0)
        (dists / folder / "Packages.gz").write_bytes(packed)
        for name, data in (("Packages", plain), ("Packages.gz", packed)):
            lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {folder}/{name}")
    release = dists / "Release"
    release.write_text("\n".join(lines) + "\n")
    sign("--clearsign", "--output", dists / "InRelease", release)
    return parts["main"] + parts["universe"]


def fetch(folder, name, arch):
    """A package file of the archive, for the pool; where the entry says it is."""
    with settings(arch) as conf:
        subprocess.run(["apt-get", "-q", "download", name], cwd=folder, check=True,
                       env={**os.environ, "APT_CONFIG": conf.name},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def archive(world, roots):
    """Both trees below world.dir/www, and the keyring."""
    home = world.dir / "gnupg"
    home.mkdir(mode=0o700)
    www = world.dir / "www"

    def gpg(*words):
        subprocess.run(["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "",
                        *map(str, words)], check=True)

    gpg("--quick-gen-key", "archive@test", "ed25519")
    gpg("--output", world.dir / "keyring.gpg", "--export", "archive@test")
    files = {}  # digest -> tree and path
    for tree, arch in TREES.items():
        names = closure(arch, roots)
        for pocket, suite in POCKETS.items():
            for entry in publish(www / tree, arch, pocket, suite, names, gpg):
                name = re.search(r"^Filename: (.*)$", entry, re.M)[1]
                files[re.search(r"^SHA256: (.*)$", entry, re.M)[1]] = tree, name
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    fetched = {}
    for name, arch in FETCHED:
        fetch(world.dir, name, arch)
    for deb in world.dir.glob("*.deb"):
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        tree, path = files[digest]
        (www / tree / path).parent.mkdir(parents=True)
        deb.rename(www / tree / path)
        fetched[digest] = path
    return www, fetched


def private_cache(world, fetched):
    """What is unpacked already, without those that are to be fetched, and roots of this test's own."""
    for part in ("apt", "packages", "roots"):
        (world.cache / part).unlink()
        (world.cache / part).mkdir()
    for package in (whole.STORE / "packages").iterdir():
        if package.name not in fetched:
            subprocess.run(["cp", "-al", package, world.cache / "packages" / package.name], check=True)


def main():
    roots = [pathlib.Path(subprocess.run(
        [tool, str(whole.STORE), "3.11", "s390x", "compose", role], check=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip())
             for role in ("build", "sysroot", "clean")]
    world = World()
    www, fetched = archive(world, roots)
    private_cache(world, fetched)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(
        Quiet, directory=str(www)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = world.folder({"small-1.0.tar.gz": made.c_extension("small", code="42"),
                           "need.txt": "small\n"})
    mirror = f"http://127.0.0.1:{server.server_address[1]}/ubuntu"
    words = ("-r", folder / "need.txt", "--find-links", folder, "--find-links", setuptools_folder(),
             "--container-preset", "ubuntu", "--strategy", "cross", "--max-attempts", "1")
    keys = ("--keyring", world.dir / "keyring.gpg")
    world.sentence("keys that are not there", world.run(*words, "--mirror", mirror, "--keyring",
                                                        "/absent.gpg"), 1, "no keyring /absent.gpg",
                   "install ubuntu-keyring", "--keyring")
    world.sentence("keys of another", world.run(
        *words, "--mirror", mirror, "--keyring", "/usr/share/keyrings/debian-archive-keyring.gpg"), 1,
        "no signed package index for mantic", "is not signed")
    result = world.run(*words, *keys, "--mirror", mirror)
    world.check("a wheel built on and tested in Ubuntu's layout", result.status == 0 and
                result.packages["small"]["status"] == "built", result)
    world.check("what the cache did not have came from the mirror", all(
        (world.cache / "packages" / digest).is_dir() for digest in fetched), result)
    world.sentence("a mirror without it", world.run(*words, *keys, "--mirror", mirror + "/absent"), 1,
                   "no signed package index for mantic", "/ubuntu/absent; try later, or give another",
                   "does not have a Release file")
    server.shutdown()
    server.server_close()
    world.sentence("a Python that no release has", world.run(*words, "--python", "3.9"), 2,
                   "ubuntu 3.12 (noble)")
    world.close()


main()
