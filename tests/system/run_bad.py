#!/usr/bin/env python3
"""Whole runs on bad input: each kind gets one clear sentence, the right exit status, loses nothing
of the rest and leaves nothing behind. usage: run_bad.py [part...] (SHOW=1 prints what was said)"""
import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

import made
import whole
from whole import setuptools_folder

PURE = "py3-none-any.whl"


def zip_of(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in members:
            archive.writestr(path, data)
    return out.getvalue()


def part_files(world):
    """Bad wheels in the input directory: a complaint per file, the good one is delivered."""
    good = made.wheel_bytes("fine")
    info = "-1.0.dist-info"
    wheel_text = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    folder = world.folder({
        f"fine-1.0-{PURE}": good,
        f"corrupt-1.0-{PURE}": made.wheel_bytes("corrupt")[:-40],
        f"nozip-1.0-{PURE}": b"this is not a zip file at all\n" * 20,
        f"traverse-1.0-{PURE}": made.wheel_bytes("traverse", files={"../../escaped.py": b"x=1"}),
        f"bare-1.0-{PURE}": zip_of([("bare/__init__.py", b""), (f"bare{info}/WHEEL", wheel_text)]),
        f"large-1.0-{PURE}": made.wheel_bytes(
            "large", text=made.metadata("large").encode() + b"\n" + b" " * (100 << 20)),
        f"liar-1.0-{PURE}": made.wheel_bytes("other"),
        f"needy-1.0-{PURE}": made.wheel_bytes("needy", requires=["idna >>> 3"]),
        "README.txt": "How to use these wheels, in words\n",
    })
    result = world.run("--input", folder)
    for name, *words in (("corrupt", "zip"), ("nozip", "zip"), ("traverse", "escaped"),
                         ("bare", "METADATA"), ("large", "METADATA"), ("liar", "other"), ("needy", ">>>")):
        world.check(f"{name} wheel", any(f"{name}-1.0" in line and
                                         all(w.lower() in line.lower() for w in words)
                                         for line in result.text.splitlines()), result)
    world.check("the good wheel is delivered", result.delivered() == [f"fine-1.0-{PURE}"], result)
    world.check("skipped input files give status 1", result.status == 1, result)
    world.check("bad files leave nothing", not world.leftovers(), result, str(world.leftovers()))
    world.check("nothing escaped", not list(world.dir.rglob("escaped.py")))

    bomb = made.wheel_bytes("bomb", files={f"bomb/{i}.bin": bytes(1 << 30) for i in range(9)}) \
        if os.environ.get("BIG") else zip_bomb()
    folder = world.folder({f"bomb-1.0-{PURE}": bomb, f"fine-1.0-{PURE}": good})
    result = world.run("--input", folder)
    world.sentence("zip bomb", result, 1, "bomb")
    world.check("beside the bomb the good wheel is delivered",
                result.delivered() == [f"fine-1.0-{PURE}"], result)


def zip_bomb():
    """Nine members that share one compressed stream of 1 GiB: 9 GiB out of a megabyte."""
    import struct
    import zlib
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    crc, chunk, data = 0, bytes(1 << 24), b""
    for _ in range(64):
        crc = zlib.crc32(chunk, crc)
        data += packer.compress(chunk)
    data += packer.flush()
    base = made.wheel_bytes("bomb")
    with zipfile.ZipFile(io.BytesIO(base)) as archive:
        members = [(i.filename, archive.read(i)) for i in archive.infolist()]
    out, central = b"", b""
    entries = [(f"bomb/{i}.bin", data, crc, 1 << 30, 8) for i in range(9)]
    entries += [(n, d, zlib.crc32(d), len(d), 0) for n, d in members]
    for name, body, check, size, method in entries:
        raw = name.encode()
        central += struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, method, 0, 33, check,
                               len(body), size, len(raw), 0, 0, 0, 0, 0, len(out)) + raw
        out += struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, method, 0, 33, check, len(body), size,
                           len(raw), 0) + raw + body
    return out + central + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries),
                                       len(central), len(out), 0)


def part_words(world):
    """What is wrong before any work: said at once, nothing made."""
    fine = world.folder({f"fine-1.0-{PURE}": made.wheel_bytes("fine")})
    need = world.folder({"r.txt": "fine\n"}) / "r.txt"
    base = ("--find-links", fine)
    world.sentence("unknown Python", world.run(*base, "-r", need, "--python", "3.7"), 2,
                   "3.7", "3.11")
    world.sentence("--strategy native", world.run(*base, "-r", need, "--strategy", "native"), 2,
                   "is the target itself", "hybrid or emulate")
    world.sentence("--strategy cross at home", world.run(
        *base, "-r", need, "--strategy", "cross", "--arch", os.uname().machine), 2, "auto or native")
    world.sentence("--verify-reproducible", world.run(*base, "-r", need, "--verify-reproducible"), 2,
                   "--verify-reproducible", "not available yet")
    for tag, said in (("manylinux_2_99_s390x", "manylinux_2_36_s390x"),
                      ("musllinux_1_2_s390x", "glibc 2.36")):
        world.sentence(f"--platform-tag {tag}", world.run(*base, "-r", need, "--platform-tag", tag),
                       2, tag, said)
    for words in (("--cache", ""), ("--output", "")):
        world.sentence(f"{words[0]} that is empty", world.run(*base, "-r", need, *words), 2, words[0],
                       "is empty")
    hashes = world.folder({"h.txt": "--require-hashes\nfine\n"}) / "h.txt"
    world.sentence("--require-hashes without one", world.run(*base, "-r", hashes), 1, "h.txt:2", "no --hash")
    world.sentence("empty directory", world.run("--input", world.folder({})), 2,
                   "no usable wheel", "--requirements")
    world.sentence("no such directory", world.run("--input", world.dir / "absent"), 1, "absent")
    world.sentence("no such requirements file", world.run("-r", world.dir / "absent.txt"), 1,
                   "absent.txt")
    file = world.dir / "plainfile"
    file.write_text("")
    world.sentence("output is a file", world.run(*base, "-r", need, out=file), 1, "plainfile")
    world.sentence("output below a file", world.run(*base, "-r", need, out=file / "x"), 1,
                   "plainfile")
    world.sentence("cache is a file", world.run(*base, "-r", need, cache=file), 1, "plainfile")
    if os.getuid() == 0:
        locked = world.dir / "locked"
        locked.mkdir(mode=0o755)
        home = world.dir / "home"
        home.mkdir()
        shutil.chown(home, 65534)
        prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        result = world.run(*base, "-r", need, out=locked / "out", cache=home / "cache",
                           prefix=prefix)
        world.sentence("a plain user's output that cannot be made", result, 1, str(locked))
        secret = world.folder({"r.txt": "fine\n"}) / "r.txt"
        secret.chmod(0)
        result = world.run(*base, "-r", secret, out=home / "out", cache=home / "cache",
                           prefix=prefix)
        world.sentence("a plain user's input that cannot be read", result, 1, "r.txt", "denied")
    bad = world.folder({"r.txt": "fine\n# text\nfine ==== 1 1\n"}) / "r.txt"
    world.sentence("unparsable requirement", world.run(*base, "-r", bad), 1, "r.txt:3")
    bad = world.folder({"r.txt": "fine>2\n"}) / "r.txt"
    world.sentence("unsatisfiable requirement", world.run(*base, "-r", bad), 4, "fine")
    more = world.folder({f"{n}-1.0-{PURE}": made.wheel_bytes(n, requires=[w]) for n, w in
                         (("left", "base==1.0"), ("right", "base==2.0"))} |
                        {f"base-{v}-{PURE}": made.wheel_bytes("base", v) for v in ("1.0", "2.0")})
    bad = world.folder({"r.txt": "left\nright\n"}) / "r.txt"
    result = world.run("--find-links", more, "-r", bad)
    world.sentence("two that clash", result, 4, "no version of base")
    world.check("both are named", all(w in result.text for w in ("left 1.0 needs", "right 1.0 needs")),
                result)
    cycle = world.folder({f"{n}-1.0.tar.gz": made.in_tree(n, build_requires=[w]) for n, w in
                          (("chicken", "egg"), ("egg", "chicken"))})
    bad = world.folder({"r.txt": "chicken\n"}) / "r.txt"
    result = world.run("--find-links", cycle, "-r", bad)
    world.sentence("cyclic build requirements", result, 1, "missing", "cyclic", "chicken", "egg",
                   "--find-links")


def part_index(world):
    """An index that lies or is not there."""
    url = made.serve()
    need = world.folder({"r.txt": "lie\n"}) / "r.txt"
    env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    env["PIP_CONFIG_FILE"] = "/dev/null"

    def run(where):
        return world.run("-r", need, "--index-url", where, "--max-attempts", "2", local=False,
                         env=env)
    good = run(f"{url}/good/simple")
    world.check("the honest index", good.status == 0 and good.delivered(), good)
    secret = run(f"{url}/good/simple".replace("//", "//me:hunter2@"))
    world.check("a password in a URL stays out of what is handed on", secret.status == 0 and
                not any(b"hunter2" in f.read_bytes() for f in secret.out.iterdir()), secret)
    world.sentence("unreachable index", run("http://127.0.0.1:9/simple"), 3, "127.0.0.1:9")
    world.sentence("wrong hash", run(f"{url}/hash/simple"), 1, "sha-256", "lie")
    world.sentence("truncated file", run(f"{url}/short/simple"), 3, "lie-1.0")
    world.sentence("login page", run(f"{url}/login/simple"), 1, "/login/")
    world.sentence("endless redirect", run(f"{url}/loop/simple"), 3, "redirect")


def builds():
    """name -> (sdist, expected status, words of its reason)"""
    fork = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        os._exit(1)"
    flood = "import os\nline = b'x' * 65535 + b'\\n'\nfor i in range(16384):\n    os.write(1, line)\n" \
            "return write(directory, {})"
    shut = "import shutil, os\nshutil.rmtree(os.getcwd(), ignore_errors=True)\n" \
           "os.chdir('/')\nshutil.rmtree('/work', ignore_errors=True)\n" \
           "shutil.rmtree('/env', ignore_errors=True)\nos._exit(0)"
    link = "path = write('/tmp', {})\nos.symlink('/tmp/' + path, directory + '/' + path)\nreturn path"
    host = "path = write('/tmp', {})\nos.symlink('/etc/passwd', directory + '/' + path)\nreturn path"
    fall = "return write(directory, {NAME + '/__init__.py': ''}, tag='cp311-cp311-linux_s390x')"
    order = "return write(directory, {NAME + '/__init__.py':\n" \
            "    f'import sys\\nassert sys.byteorder == {sys.byteorder!r}\\n'})"
    alone = "import socket\nnames = [n for _, n in socket.if_nameindex()]\n" \
            "assert names == ['lo'], names\nreturn write(directory, {NAME + '/__init__.py': ''})"
    version = "global VERSION, METADATA\nVERSION = '9.9'\n" \
              "METADATA = METADATA.replace('1.0', '9.9')\n" \
              "return write(directory, {NAME + '/__init__.py': ''})"
    badzip = "path = NAME + '-1.0-py3-none-any.whl'\nopen(directory + '/' + path, 'wb').write(b'x' * 500)\n" \
             "return path"
    badelf = "return write(directory, {NAME + '/_x.cpython-311-s390x-linux-gnu.so':" \
             " b'\\x7fELF' + bytes(300)}, tag='cp311-cp311-linux_s390x')"
    answer = "return write(directory, {NAME + '/__init__.py': 'import os\\n" \
             "os.%s\\nos._exit(0)\\n'})"
    told = answer % 'symlink(\"/etc/passwd\", \"/work/out/answer.json\")'
    pipe = answer % 'mkfifo(\"/work/out/answer.json\")'
    broken = "return write(directory, {NAME + '/__init__.py': 'def f():\\n" \
             "    raise ValueError(\"not on this machine\")\\nf()\\n'})"
    plug = "return write(directory, {NAME + '/__init__.py': 'import %s\\n'})"
    return {
        "forks": (made.in_tree("forks", fork), "failed", ("process",)),
        "floods": (made.in_tree("floods", flood), "failed", ("wrote more than", "output")),
        "deletes": (made.in_tree("deletes", shut), "failed", ("without an answer",)),
        "nowheel": (made.in_tree("nowheel", "return 'nowheel-1.0-py3-none-any.whl'"), "failed",
                    ("no wheel",)),
        "evilname": (made.in_tree("evilname", "return '../../../etc/passwd'"), "failed",
                     ("leads elsewhere",)),
        "renames": (made.in_tree("renames", "return write(directory, {}, name='somebody')"),
                    "failed", ("somebody-1.0", "not renames")),
        "linked": (made.in_tree("linked", link), "failed", ("no wheel", "symbolic link")),
        "hostlink": (made.in_tree("hostlink", host), "failed", ("no wheel", "symbolic link")),
        "wrongversion": (made.in_tree("wrongversion", version), "failed",
                         ("wrongversion-9.9", "not version 1.0")),
        "othertag": (made.in_tree("othertag", "return write(directory, {}, tag='cp312-cp312-any')"),
                     "failed", ("othertag-1.0-cp312", "does not accept")),
        "badzip": (made.in_tree("badzip", badzip), "failed", ("damaged wheel",)),
        "badelf": (made.in_tree("badelf", badelf), "failed", ("damaged wheel", "_x.cpython-311")),
        "answerlink": (made.in_tree("answerlink", told), "failed", ("does not import",)),
        "answerpipe": (made.in_tree("answerpipe", pipe), "failed", ("does not import",)),
        "fallback": (made.in_tree("fallback", fall), "failed", ("silent fallback", "no ELF")),
        "order": (made.in_tree("order", order), "built", ("sys.byteorder",)),
        "setuporder": (made.c_extension(
            "setuporder", "import sys\nbig = '1' if sys.byteorder == 'big' else '0'",
            "[('BIG', big)]", "BIG", "import sys\nassert VALUE == (sys.byteorder == 'big')"),
            "built", ("sys.byteorder",)),
        "compiled": (made.c_extension("compiled"), "built", ()),
        "broken": (made.in_tree("broken", broken), "failed", ("not on this machine",)),
        "plugin": (made.in_tree("plugin", plug % "no_such_host"), "built",
                   ("only beside no_such_host,", "metadata does not name")),
        "ownlost": (made.in_tree("ownlost", plug % "ownlost.part"), "failed", ("does not import",)),
        "needlost": (made.in_tree("needlost", plug % "plain.part", requires=["plain"]), "failed",
                     ("does not import", "plain.part")),
        "raises": (made.in_tree("raises", "raise RuntimeError('no such luck')"), "failed",
                   ("no such luck",)),
        "needsbroken": (made.in_tree("needsbroken", requires=["raises"]), "failed", ("raises",)),
        "plain": (made.in_tree("plain"), "built", ()),
        "alone": (made.in_tree("alone", alone), "built", ()),
    }


STRATEGY = {"order": "hybrid", "plugin": "cross", "setuporder": "hybrid", "compiled": "cross", "plain": "cross",
            "alone": "cross"}


def part_builds(world):
    """Backends of every bad kind in one run: each fails by itself, the good ones are delivered."""
    cases = builds()
    folder = world.folder({f"{n}-1.0.tar.gz": c[0] for n, c in cases.items()})
    need = world.folder({"r.txt": "\n".join(cases) + "\n"}) / "r.txt"
    words = ("--find-links", folder, "--find-links", setuptools_folder(), "-r", need)
    result = world.run(*words)
    world.check("some failed: status 1", result.status == 1, result)
    for name, (_, status, said) in cases.items():
        package = result.packages.get(name, {})
        why = package.get("why", "").lower()
        good = package.get("status") == status and all(w.lower() in why for w in said) and \
            "/work/attempt-" not in why  # it is gone by then
        world.check(f"{name} is {status}", good and "\n" not in why, None, str(package))
        if os.environ.get("SHOW"):
            print(f"== {name}: {package.get('status')} by {package.get('strategy')}: {why}")
        if status == "built":
            world.check(f"{name} by {STRATEGY[name]}", package.get("strategy") == STRATEGY[name],
                        None, str(package))
    world.check("the good ones are delivered, the others not",
                [n.split("-")[0] for n in result.delivered()] ==
                sorted(n for n, c in cases.items() if c[1] == "built"), result)
    evidence = "\n".join(result.packages.get("broken", {}).get("metadata", {}).get("evidence", []))
    world.check("the traceback is evidence", "Traceback" in evidence and "ValueError" in evidence,
                result, evidence)
    world.check("bad backends leave nothing", not world.leftovers(), result,
                str(world.leftovers()))
    again = world.run(*words, "--max-attempts", "1")
    built = {n for n, p in again.packages.items() if p["status"] in ("built", "cached")}
    world.check("the second run rebuilds nothing",
                built and all(again.packages[n]["status"] == "cached" for n in built), again)

    masked = world.folder({"plain-1.0.tar.gz": cases["plain"][0]})
    need = world.folder({"r.txt": "plain\n"}) / "r.txt"
    result = world.run("--find-links", masked, "-r", need, cache=world.make_cache("masked"),
                       prefix=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    world.check("a umask of 077", result.status == 0 and result.delivered(), result)

    hang = made.in_tree("hangs", "import subprocess\nsubprocess.Popen(['sleep', '98765'],"
                        " start_new_session=True)\nimport time\ntime.sleep(98765)")
    folder = world.folder({"hangs-1.0.tar.gz": hang, f"fine-1.0-{PURE}": made.wheel_bytes("fine")})
    need = world.folder({"r.txt": "hangs\nfine\n"}) / "r.txt"
    result = world.run("--find-links", folder, "-r", need, "--attempt-timeout", "5")
    why = result.packages.get("hangs", {}).get("why", "")
    world.check("a backend that hangs", result.status == 1 and "5 s" in why and
                "--attempt-timeout" in why, result, why)
    world.check("what it started is gone", "98765" not in subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout)
    world.check("beside it the other is delivered", len(result.delivered()) == 1, result)
    world.check("a hang leaves nothing", not world.leftovers(), result, str(world.leftovers()))


def part_disk(world):
    """A full disk under output and cache: said, status 1, and it works once there is room."""
    if os.getuid():
        return ["full disk: needs root"]
    full = world.dir / "full"
    full.mkdir()
    sdist = made.in_tree("big", "import os\nreturn write(directory, "
                         "{NAME + '/__init__.py': '', NAME + '/data.bin': os.urandom(3 << 20)})")
    folder = world.folder({"big-1.0.tar.gz": sdist})
    need = world.folder({"r.txt": "big\n"}) / "r.txt"
    words = ("--find-links", folder, "-r", need)

    def mount(size):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", full],
                              check=False, stderr=subprocess.DEVNULL).returncode == 0
    if not mount("2m"):
        return ["full disk: tmpfs cannot be mounted"]
    try:
        result = world.run(*words, out=full / "out")
        world.sentence("full disk under the output", result, 1, "disk is full", "make room")
        subprocess.run(["mount", "-o", "remount,size=64m", full], check=True)
        result = world.run(*words, out=full / "out")
        world.check("with room it goes on", result.status == 0 and result.delivered() and
                    result.packages["big"]["status"] == "cached", result)
        subprocess.run(["umount", full], check=True)
        for size in ("400k", "4m"):
            mount(size)
            cache = world.make_cache(f"full/cache{size}")
            result = world.run(*words, cache=cache)
            world.check(f"full disk of {size} under the cache", result.status == 1 and
                        "disk is full" in result.text.lower(), result)
            subprocess.run(["mount", "-o", "remount,size=256m", full], check=True)
            result = world.run(*words, cache=cache)
            world.check(f"with room after {size} it goes on", result.status == 0 and
                        result.delivered() and not world.leftovers(cache), result,
                        str(world.leftovers(cache)))
            subprocess.run(["umount", full], check=True)
    finally:
        subprocess.run(["umount", full], check=False, stderr=subprocess.DEVNULL)
    return []


def part_lost(world):
    """A cache whose database was deleted: its logs and results stay, the next run counts from 1."""
    fine = made.in_tree("fine", "return write(directory, {NAME + '/__init__.py': ''})")
    folder = world.folder({"fine-1.0.tar.gz": fine})
    need = world.folder({"r.txt": "fine\n"}) / "r.txt"
    cache = world.make_cache("lost")
    for status in ("built", "cached"):
        result = world.run("--find-links", folder, "-r", need, cache=cache)
        world.check(f"without a database: {status}", result.status == 0 and
                    result.packages["fine"]["status"] == status, result)
        for path in cache.glob("history.db*"):
            path.unlink()


def special(name, kind, target=""):
    """A member of an archive that is no file of its own."""
    member = tarfile.TarInfo(f"{name}-1.0/special")
    member.type, member.linkname, member.devmajor, member.devminor = kind, target, 1, 3
    return member


def part_silent(world):
    """Sdists whose backend alone could say what they need, and cannot: the others go on."""
    cases = {
        "exits": (made.in_tree("exits", "import os\nos._exit(0)", told=False), "without an answer"),
        "device": (made.in_tree("device", told=False, members=[special("device", tarfile.CHRTYPE)]),
                   "special"),
        "outside": (made.in_tree("outside", told=False, members=[
            special("outside", tarfile.LNKTYPE, "../../etc/passwd")]), "special"),
        "nobody": (made.in_tree("nobody", told=False, build_requires=["nowhere>=3"]), "nowhere>=3"),
        "noline": (made.in_tree("noline", told=False, build_requires=["a b c"]), "pyproject.toml"),
        "chicken": (made.in_tree("chicken", told=False, build_requires=["egg"]), "egg"),
        "egg": (made.in_tree("egg", told=False, build_requires=["chicken"]), "chicken"),
    }
    folder = world.folder({f"{n}-1.0.tar.gz": c[0] for n, c in cases.items()} | {
        f"fine-1.0-{PURE}": made.wheel_bytes("fine"), "good-1.0.tar.gz": made.in_tree("good"),
        "tells-1.0.tar.gz": made.in_tree("tells", told=False, requires=["fine"])})
    result = world.run("--input", folder, "--find-links", setuptools_folder())
    world.check("silent sdists: status 1", result.status == 1, result)
    for name, (_, said) in cases.items():
        package = result.packages.get(name, {})
        why = package.get("why", "")
        world.check(f"{name} is missing", package.get("status") == "missing" and said in why and
                    f"{name}-1.0.tar.gz" in why and "\n" not in why, None, str(package))
        world.check(f"{name} is said", any(f"{name} 1.0 is unusable" in line
                                           for line in result.text.splitlines()), result)
    world.check("beside silent ones all others are delivered", result.delivered() == [
        f"{n}-1.0-{PURE}" for n in ("fine", "good", "tells")], result)
    world.check("silent ones leave nothing", not world.leftovers(), result, str(world.leftovers()))
    locked = subprocess.run([whole.PROGRAM, "lock", "--input", folder, "--no-index", "--cache",
                             world.cache, "--output", world.dir / "pylock.toml"], check=False,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    world.check("and no lock is made without what they need", locked.returncode == 4 and
                "cannot be locked" in locked.stdout and not (world.dir / "pylock.toml").exists(),
                None, locked.stdout)


def part_needs(world):
    """A package that is delivered although one that it needs failed says so, by name."""
    raises = b"raise ValueError('not on this machine')\n"
    folder = world.folder({
        f"raises-1.0-{PURE}": made.wheel_bytes("raises", files={"raises/__init__.py": raises}),
        f"near-1.0-{PURE}": made.wheel_bytes("near", requires=["raises"]),
        "far-1.0.tar.gz": made.in_tree("far", requires=["near"]),
        f"apart-1.0-{PURE}": made.wheel_bytes("apart")})
    result = world.run("--input", folder)
    said = "raises, which it needs, failed; "
    world.check("one failed: status 1", result.status == 1 and
                result.packages["raises"]["status"] == "failed", result)
    for name, status in (("near", "reused"), ("far", "built")):
        package = result.packages[name]
        world.check(f"{name} names what it needs", package["status"] == status and
                    package["why"].startswith(said), result, str(package))
        world.check(f"{name} does so in the table", any(
            line.startswith(f"{name} ") and said in line for line in result.text.splitlines()), result)
    world.check("apart has nothing to say", "needs" not in result.packages["apart"]["why"], result)
    world.check("what is good is delivered", result.delivered() == [
        f"{n}-1.0-{PURE}" for n in ("apart", "far", "near")], result)


PARTS = {"files": part_files, "silent": part_silent, "needs": part_needs, "words": part_words,
         "index": part_index, "builds": part_builds, "disk": part_disk, "lost": part_lost}


if __name__ == "__main__":
    whole.run_parts(PARTS)
