"""`refinery hint build-map` and `hint lookup` against an archive in Debian's layout, made here with a key
of its own and served on loopback; then against the machine's own mirror, where that answers.
usage: hint_map.py REFINERY"""
import functools
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

program = sys.argv[1]
MACHINE = """\
usr/include/openssl/ssl.h                           libdevel/libssl-dev
usr/include/s390x-linux-gnu/curl/curl.h             libdevel/libcurl4-gnutls-dev,libdevel/libcurl4-openssl-dev
usr/include/s390x-linux-gnu/ffi.h                   libdevel/libffi-dev
usr/include/zlib.h                                  libdevel/zlib1g-dev
usr/lib/s390x-linux-gnu/libz.so                     libdevel/zlib1g-dev
usr/lib/s390x-linux-gnu/libz.so.1                   libs/zlib1g
usr/lib/s390x-linux-gnu/pkgconfig/libffi.pc         libdevel/libffi-dev
usr/bin/swig                                        interpreters/swig
"""
ALL = """\
usr/include/eigen3/Eigen/Dense                      libdevel/libeigen3-dev
usr/share/eigen3/cmake/Eigen3Config.cmake           libdevel/libeigen3-dev
usr/lib/python3/dist-packages/yaml/__init__.py      python/python3-yaml
usr/s390x-linux-gnu/include/zlib.h                  devel/zlib1g-dev-s390x-cross
usr/share/doc/zlib1g-dev/copyright                  libdevel/zlib1g-dev
"""
PACKAGES = """\
Package: one
Version: 1
Architecture: s390x
Depends: libcurl4-openssl-dev
Filename: pool/one_1_s390x.deb
Size: 1
SHA256: 0000000000000000000000000000000000000000000000000000000000000000

"""


class Handler(http.server.SimpleHTTPRequestHandler):
    asked = []

    def do_GET(self):
        del self.headers["If-Modified-Since"]  # two releases may be of one second
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        pass


class Archive:
    """dists/bookworm with Contents by component; `lie` changes the bytes after they were signed."""

    def __init__(self, folder):
        self.dir, self.home = folder / "www", folder / "gnupg"
        self.keyring = folder / "keyring.gpg"
        self.home.mkdir(mode=0o700)
        self.gpg("--quick-gen-key", "archive@test", "ed25519")
        self.gpg("--output", self.keyring, "--export", "archive@test")

    def gpg(self, *words):
        subprocess.run(["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--yes",
                        "--passphrase", "", *map(str, words)], check=True)

    def publish(self, contents, date, lie=None, tree="debian", suite="bookworm", components=("main",)):
        dists = self.dir / tree / "dists" / suite
        lines = [f"Origin: {tree}", f"Codename: {suite}", f"Date: {date}", "Architectures: all s390x",
                 f"Components: {' '.join(components)}", "No-Support-for-Architecture-all: Packages",
                 "SHA256:"]
        files = {**{f"{one}/binary-s390x/Packages": PACKAGES for one in components}, **contents}
        for name, text in files.items():
            plain = text if isinstance(text, bytes) else text.encode()
            packed = gzip.compress(plain, 1, mtime=0)
            path = dists / (name + ".gz")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(lie(packed) if lie and "Contents" in name else packed)
            for which, data in ((name, plain), (name + ".gz", packed)):
                lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {which}")
        (dists / "Release").write_text("\n".join(lines) + "\n")
        self.gpg("--clearsign", "--output", dists / "InRelease", dists / "Release")

    def close(self):
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=True)


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {name}\n{str(detail)[-1500:]}")


def hint(*words, **more):
    done = subprocess.run([program, "hint", *map(str, words)], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, timeout=300, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def first(*words):
    """The first candidate's package, who needs it, and how many there are."""
    status, out, err = hint("lookup", *words, "--json")
    if status:
        return status, out + err
    found = json.loads(out)["candidates"]
    return found[0]["package"], found[0]["for"], len(found)


def lookups(checks, *place):
    for kind, name, wanted in (
            ("header", "zlib.h", ("zlib1g-dev", "target", 1)),
            ("header", "openssl/ssl.h", ("libssl-dev", "target", 1)),
            ("header", "Eigen/Dense", ("libeigen3-dev", "target", 1)),
            ("header", "ffi.h", ("libffi-dev", "target", 1)),
            ("header", "curl/curl.h", ("libcurl4-openssl-dev", "target", 2)),
            ("pkgconfig", "libffi", ("libffi-dev", "target", 1)),
            ("library", "z", ("zlib1g-dev", "target", 1)),
            ("soname", "libz.so.1", ("zlib1g", "target", 1)),
            ("cmake", "Eigen3", ("libeigen3-dev", "target", 1)),
            ("cmake", "ZLIB", ("zlib1g-dev", "target", 1)),
            ("program", "swig", ("swig", "build", 1)),
            ("python", "yaml.loader", ("python3-yaml", "build", 1))):
        checks.check(f"{kind} {name}", first(kind, name, *place) == wanted, first(kind, name, *place))


def against_the_archive(checks, folder, archive, mirror):
    cache, made = folder / "cache", folder / "made.map"
    place = ("--mirror", mirror, "--keyring", archive.keyring, "--cache", cache)
    contents = {"main/Contents-s390x": MACHINE, "main/Contents-all": ALL}
    archive.publish(contents, "Sat, 06 Jan 2024 12:00:00 UTC")
    status, out, err = hint("build-map", *place, "--output", made)
    checks.check("a map is made", status == 0 and out.startswith("debian bookworm s390x: 11 names of"
                                                                 " 9 packages"), out + err)
    lookups(checks, "--map", made)
    Handler.asked.clear()
    status, out, err = hint("build-map", *place)
    checks.check("made once, nobody asked again", status == 0 and "made earlier" in out and
                 not Handler.asked, f"{out}{err}{Handler.asked}")
    again = folder / "again"
    hint("build-map", "--mirror", mirror, "--keyring", archive.keyring, "--cache", again, "--output",
         folder / "again.map")
    checks.check("another cache gets the same bytes",
                 made.read_bytes() == (folder / "again.map").read_bytes())
    kept = next((cache / "maps").glob("*.map"))
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")
    status, out, err = hint("lookup", "header", "zlib.h", "--map", kept)
    checks.check("a damaged map is refused with what to do", status == 1 and
                 "its checksum is wrong" in err and "refinery hint build-map" in err, err)
    checks.check("and made again where it was kept", first("header", "zlib.h", *place)[0] ==
                 "zlib1g-dev")
    contents["main/Contents-all"] = ALL.replace("python3-yaml", "python3-other")
    archive.publish(contents, "Sun, 07 Jan 2024 12:00:00 UTC")
    checks.check("within a day the map stays", first("python", "yaml", *place)[0] == "python3-yaml")
    asked = first("python", "yaml", "--refresh", *place)
    checks.check("--refresh asks", asked[0] == "python3-other", f"{asked} {Handler.asked}")
    return place


def ubuntus_layout(checks, folder, archive, mirror):
    """One index for all components and machines' ports in a tree of their own."""
    archive.publish({"Contents-s390x": MACHINE.replace("libdevel/", "universe/libdevel/")},
                    "Fri, 05 Jan 2024 12:00:00 UTC", tree="ubuntu-ports", suite="noble",
                    components=("main", "universe"))
    place = ("--mirror", mirror.replace("debian", "ubuntu"), "--keyring", archive.keyring, "--cache",
             folder / "ubuntu", "--container-preset", "ubuntu", "--python", "3.12")
    status, out, err = hint("build-map", *place)
    checks.check("a map of Ubuntu's layout", status == 0 and out.startswith("ubuntu noble s390x: 8 names"),
                 out + err)
    checks.check("and a look-up in it", first("header", "zlib.h", *place) == ("zlib1g-dev", "target", 1))


def lies(checks, folder, archive, mirror):
    contents = {"main/Contents-s390x": MACHINE, "main/Contents-all": ALL}

    def asked(name, *words):
        cache = folder / name
        result = hint("build-map", "--mirror", mirror, "--cache", cache, *words)
        return (*result, list(cache.glob("maps/*.map")))

    status, out, err, maps = asked("key", "--keyring",
                                   "/usr/share/keyrings/debian-archive-keyring.gpg")
    checks.check("keys of another: nothing is taken", status == 1 and "is not signed" in err and not maps and
                 out.endswith(", the small map that travels with the program\n"), out + err)
    keys = ("--keyring", archive.keyring)
    archive.publish(contents, "Mon, 08 Jan 2024 12:00:00 UTC",
                    lie=lambda data: gzip.compress(b"usr/include/zlib.h libdevel/evil-dev\n"))
    status, out, err, maps = asked("digest", *keys)
    checks.check("bytes that were not signed: nothing is taken", status == 1 and "Contents" in err and
                 not maps and out.endswith(", the small map that travels with the program\n"), out + err)
    archive.publish({}, "Tue, 09 Jan 2024 12:00:00 UTC")
    for path in archive.dir.glob("**/Contents*"):
        path.unlink()
    status, out, err, maps = asked("absent", *keys)
    checks.check("an archive without Contents: the small map, and why", status == 1 and not maps and
                 "the small map that travels with the program is used: no signed package index" in err,
                 out + err)
    archive.publish({"main/Contents-s390x": MACHINE + "usr/bin/" + "a" * (5 << 20) + " x/y\n" +
                     "usr/bin/late devel/late\n", "main/Contents-all": bytes(range(256)) * 1000},
                    "Wed, 10 Jan 2024 12:00:00 UTC")
    status, out, err, maps = asked("hostile", *keys)
    checks.check("a line of 5 MB and binary garbage", status == 0 and
                 first("program", "late", "--map", maps[0])[0] == "late", out + err)


def shipped(checks, folder):
    """What travels with the program, for each machine, and for a release that it has not."""
    place = ("--cache", folder / "empty", "--offline")
    for words, wanted in (((), ("libssl-dev", "debian bookworm s390x")),
                          (("--arch", "aarch64"), ("libssl-dev", "debian bookworm arm64")),
                          (("--python", "3.13"), ("libssl-dev", "debian bookworm s390x"))):
        status, out, err = hint("lookup", "pkgconfig", "libssl", "--json", *words, *place)
        found = json.loads(out) if status == 0 else {"candidates": [{"package": out + err}]}
        checks.check(f"the small map {words}", (found["candidates"][0]["package"], " ".join(
            found.get(name, "") for name in ("distro", "release", "arch"))) == wanted, found)
    for kind, name, package in (("header", "zlib.h", "zlib1g-dev"), ("program", "swig", "swig"),
                                ("header", "ffi.h", "libffi-dev"), ("cmake", "ZLIB", "zlib1g-dev")):
        found = first(kind, name, *place)
        checks.check(f"the small map's {kind} {name}", found[0] == package, found)
    status, out, err = hint("build-map", "--container-preset", "ubuntu", "--python", "3.12", *place)
    checks.check("nothing was shipped for Ubuntu", status == 3 and
                 "no capability map of noble s390x" in err, out + err)


def usage(checks):
    for words, status, sentence in (
            (("lookup", "headers", "zlib.h"), 2, "kinds are header, pkgconfig"),
            (("lookup", "header"), 2, "hint takes: lookup KIND NAME"),
            (("frobnicate",), 2, "build-map and lookup, not \"frobnicate\""),
            (("lookup", "header", "x.h", "--map", "/absent.map"), 1, "/absent.map")):
        done = hint(*words)
        checks.check(" ".join(words), done[0] == status and sentence in done[2], done)


def of_this_machine(checks):
    """The real archive; its indexes are kept between runs."""
    cache = pathlib.Path(os.environ.get("REFINERY_TEST_CACHE") or pathlib.Path(
        os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "refinery" / "run-test")
    status, out, err = hint("build-map", "--cache", cache)
    if "travels with" in out:
        print(f"not tried here: the archive's own indexes: {err.strip()}")
        return
    checks.check("the map of Debian 12", status == 0 and out.startswith("debian bookworm s390x: "),
                 out + err)
    for kind, name, package in (
            ("header", "zlib.h", "zlib1g-dev"), ("header", "libxml/parser.h", "libxml2-dev"),
            ("header", "Python.h", "libpython3.11-dev"), ("header", "sys/cdefs.h", "libc6-dev"),
            ("header", "Eigen/Dense", "libeigen3-dev"), ("header", "vector", "libstdc++-12-dev"),
            ("pkgconfig", "openssl", "libssl-dev"), ("library", "jpeg", "libjpeg62-turbo-dev"),
            ("cmake", "OpenSSL", "libssl-dev"), ("program", "pg_config", "libpq-dev"),
            ("python", "google.protobuf.message", "python3-protobuf"),
            ("soname", "libssl.so.3", "libssl3")):
        found = first(kind, name, "--cache", cache)
        checks.check(f"Debian's {kind} {name}", found[0] == package, found)


    # What the table of external dependencies calls packages of Debian is there.
    rows = [line.rstrip("\n").split("\t") for line in open("data/external.tsv") if line[0] != "#"]
    state = next((cache / "apt").glob("contents-bookworm-s390x-*"))
    known = subprocess.run(["apt-cache", "pkgnames"], stdout=subprocess.PIPE, text=True, check=True,
                           env={**os.environ, "APT_CONFIG": str(state / "apt.conf")}).stdout.split()
    strange = [row[0] for row in rows if row[1].split()[0] not in known]
    checks.check(f"all of {len(rows)} external dependencies are in Debian", not strange, strange)
    status, out, err = hint("lookup", "header", "openssl/ssl.h", "--cache", cache)
    checks.check("and what others call it", "generic/openssl: apt: libssl-dev | dnf: openssl-devel | "
                 "apk: openssl-dev | emerge: dev-libs/openssl" in out, out + err)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="refinery-map-") as name:
        folder = pathlib.Path(name)
        archive = Archive(folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(
            Handler, directory=str(archive.dir)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror = f"http://127.0.0.1:{server.server_address[1]}/debian"
        place = against_the_archive(checks, folder, archive, mirror)
        ubuntus_layout(checks, folder, archive, mirror)
        lies(checks, folder, archive, mirror)
        server.shutdown()
        server.server_close()
        archive.close()
        status, out, err = hint("lookup", "header", "zlib.h", "--refresh", *place)
        checks.check("out of reach: the indexes of yesterday, which is said", status == 0 and
                     "zlib1g-dev" in out and "Could not connect" in err, out + err)
        shutil.rmtree(folder / "cache" / "apt")
        status, out, err = hint("lookup", "header", "zlib.h", *place)
        checks.check("without indexes the map made earlier, and why", status == 0 and
                     "zlib1g-dev" in out and "the map made earlier is used: " in err, out + err)
        status, out, err = hint("lookup", "header", "zlib.h", "--offline", *place)
        checks.check("--offline the same", status == 0 and "zlib1g-dev" in out, out + err)
        status, out, err = hint("lookup", "header", "no/such.h", "--offline", *place)
        checks.check("nobody has it", status == 1 and "no package of debian bookworm has header" in out,
                     out + err)
        shipped(checks, folder)
    usage(checks)
    of_this_machine(checks)
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed or not checks.passed else 0)


main()
