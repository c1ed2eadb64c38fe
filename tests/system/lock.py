#!/usr/bin/env python3
"""`refinery lock` and `--locked` on indexes made here: what is written is repeated, whatever the index
says since, and what does not fit is refused by name. With the directory of a venv that has uv and
packaging, both read what is written, and the lock of uv is taken.
usage: lock.py REFINERY [PEERS]"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import frozen
import made

program, peers = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
work = pathlib.Path(tempfile.mkdtemp())
passed = failed = 0
NATIVE = ["--arch", "x86_64"]


def check(what, ok, said=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAILED {what}\n{said}")


class Ran:
    def __init__(self, *words, cache="cache", cwd=work, **env):
        done = subprocess.run([program, *map(str, words), "--cache", str(work / cache)], cwd=cwd, text=True,
                              capture_output=True, env={"PATH": os.environ["PATH"], "HOME": str(work), **env})
        self.status, self.out, self.text = done.returncode, done.stdout, done.stdout + done.stderr


def wheel(name, version="1.0", requires=(), tag="py3-none-any", **more):
    data = made.wheel_bytes(name, version, tag=tag, requires=requires)
    return {"name": name.replace("_", "-"), "filename": f"{name}-{version}-{tag}.whl", "data": data,
            "metadata": made.metadata(name, version, requires).encode(), **more}


def sdist(name, version="1.0", requires=()):
    return {"name": name, "filename": f"{name}-{version}.tar.gz", "data": made.in_tree(name, version=version, requires=requires),
            "metadata": None}


BOTH = ["cp311-cp311-manylinux_2_17_s390x", "cp311-cp311-manylinux_2_17_x86_64"]
RELEASES = [wheel("alpha", "1.0", ["beta[fast]>=1", "gamma; sys_platform == 'linux'", "omega; os_name == 'nt'"]),
            wheel("beta", "1.0"), *[wheel("beta", "1.5", ["delta; extra == 'fast'"], tag) for tag in BOTH],
            sdist("gamma", "0.9", ["delta"]), wheel("delta", "2.0", **{"requires-python": ">=3.8"})]
first = frozen.write(work / "index", RELEASES)
(work / "r.txt").write_text("alpha\n")
INDEX = ["--index-url", first]


def nodes(ran):
    return [(n["id"], n["action"], n["source"].get("sha256"), n.get("edges")) for n in json.loads(ran.out)["nodes"]]


# ---- written, and repeated ----

lock = work / "pylock.toml"
ran = Ran("lock", "-r", "r.txt", *INDEX, "--output", lock)
check("a lock is written", ran.status == 0 and "4 packages for cp311-s390x-manylinux_2_17, 1 of them" in ran.text, ran.text)
text = lock.read_text()
check("with what is taken for the target alone", "s390x.whl" in text and "x86_64.whl" not in text
      and "gamma-0.9.tar.gz" in text and "upload-time = 2025-01-01T00:00:00Z" in text, text)
check("it says what builds are not told", "what builds need is not in the lock" in ran.text, ran.text)
again = Ran("lock", "-r", "r.txt", *INDEX, cache="other")
check("the same again is the same bytes", again.out == text, again.text)
planned = Ran("plan", "-r", "r.txt", *INDEX, "--json")
repeated = Ran("plan", "-r", "r.txt", *INDEX, "--locked", lock, "--json", cache="fresh")
check("the plan of the lock is the plan", repeated.status == 0 and nodes(planned) == nodes(repeated), repeated.text)
alone = Ran("plan", *INDEX, "--locked", lock, "--json")
check("a lock alone asks for all of it", alone.status == 0 and len(nodes(alone)) == len(nodes(planned)), alone.text)

frozen.write(work / "index", [*RELEASES, wheel("alpha", "3.0"), wheel("beta", "1.6"), wheel("delta", "9.0")])
ran = Ran("plan", "-r", "r.txt", *INDEX, "--json", cache="third")
check("a newer index gives another plan", "alpha==3.0" in ran.out, ran.text)
ran = Ran("plan", "-r", "r.txt", *INDEX, "--locked", lock, "--json", cache="third")
check("the lock gives its own", nodes(ran) == nodes(planned), ran.text)
(work / "input").mkdir()
shutil.copy(lock, work / "input")
ran = Ran("plan", *INDEX, "--input", work / "input", "--json")
check("a lock among the inputs is taken as one", nodes(ran) == nodes(planned), ran.text)
shutil.copy(lock, work / "input" / "pylock.more.toml")
ran = Ran("plan", *INDEX, "--input", work / "input")
check("two of them are not", ran.status == 2 and "--locked which one is meant" in ran.text, ran.text)
ran = Ran("plan", *INDEX, "--input", work / "input", "--locked", lock)
check("unless one is named", ran.status == 0, ran.text)

# ---- without a network ----

server, url = frozen.serve(work / "index")
ran = Ran("lock", "-r", "r.txt", "--index-url", url + "simple", "--output", work / "pylock.http.toml")
check("a lock over HTTP", ran.status == 0, ran.text)
warm = Ran("plan", "--index-url", url + "simple", "--locked", work / "pylock.http.toml")
server.shutdown()
server.server_close()
ran = Ran("plan", "--offline", "--locked", work / "pylock.http.toml", "--json")
check("offline, with what the cache has", ran.status == 0 and "alpha==3.0" in ran.out, ran.text)
ran = Ran("plan", "--no-index", "--find-links", work / "index/files", "--locked", work / "pylock.http.toml", "--json", cache="empty")
check("offline, with a directory that has the files", ran.status == 0 and "alpha==3.0" in ran.out, ran.text)
shutil.copytree(work / "index/files", work / "links")
(work / "links" / "alpha-3.0-py3-none-any.whl").write_bytes(made.wheel_bytes("alpha", "3.0", {"evil.py": b"1"}))
ran = Ran("plan", "--no-index", "--find-links", work / "links", "--locked", work / "pylock.http.toml", cache="empty2")
check("a file with another digest is refused", ran.status == 1 and "alpha-3.0-py3-none-any.whl: has SHA-256" in ran.text, ran.text)

# ---- refused, by name ----


def refused(what, says, words, edit=None, status=4):
    path = work / "pylock.edited.toml"
    path.write_text(edit(text) if edit else text)
    got = Ran("plan", *INDEX, "--locked", path, *words, cache="refusals")
    check(what, got.status == status and says in got.text, got.text)


(work / "newer.txt").write_text("# wanted\nalpha>=2\n")
refused("a requirement that the lock does not satisfy names both lines",
        "newer.txt:2 asks for alpha>=2; no version fits, there is only 1.0, the version of pylock.edited.toml:", ["-r", "newer.txt"])
(work / "more.txt").write_text("alpha\nzeta\n")
refused("a name that it lacks", "more.txt:2 asks for zeta; pylock.edited.toml has no zeta; lock again", ["-r", "more.txt"])
refused("another machine", "made for other environments", NATIVE)
refused("another Python", "made for Python ==3.11.*, the target has 3.13.", ["--python", "3.13"])
refused("no file for the target", "beta has no wheel for cp311-x86_64-manylinux_2_17 and no sdist", NATIVE,
        lambda t: t.replace("s390x\\\"", "x86_64\\\""))
refused("a dependency that is not there", "delta", ["-r", "r.txt"],
        lambda t: "\n\n".join(p for p in t.split("\n\n") if 'name = "delta"\nversion' not in p))
refused("a package's Python", "delta needs Python <3", [], lambda t: t.replace('">=3.8"', '"<3"'))
refused("the same package twice", "is here for this target, and in line", [],
        lambda t: t + "\n" + next(p for p in t.split("\n\n") if 'name = "delta"\nversion' in p) + "\n")
refused("no hash", "hashes must hold at least one", [], lambda t: re.sub("hashes = {[^}]*}", "hashes = {}", t, count=1), 1)
refused("another format", "lock-version 2.0 is not known here", [], lambda t: t.replace('"1.0"', '"2.0"', 1), 1)
ran = Ran("plan", *INDEX, "--locked", lock, "--fallback-latest")
check("no other versions", ran.status == 2 and "leave out --fallback-latest" in ran.text, ran.text)
ran = Ran("lock", "-r", "r.txt", *INDEX, "--output", "lock.toml")
check("a lock has its name", ran.status == 2 and "pylock.NAME.toml" in ran.text, ran.text)

# ---- requirements with hashes ----

ran = Ran("lock", "-r", "r.txt", *INDEX, "--output", "hashed.txt")
check("requirements with hashes", ran.status == 0 and "alpha==3.0 \\\n    --hash=sha256:" in (work / "hashed.txt").read_text(), ran.text)
ran = Ran("plan", "-r", "hashed.txt", *INDEX, "--json")
check("are read again", ran.status == 0 and "alpha==3.0" in ran.out, ran.text)

# ---- commits, directories, archives ----

project = work / "tree"
(project / "tree").mkdir(parents=True)
(project / "tree/__init__.py").write_text("")
(project / "pyproject.toml").write_text('[project]\nname = "tree"\nversion = "1.0"\ndependencies = ["delta"]\n'
                                        '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n')
(project / "b.py").write_text("")
shutil.copytree(project, work / "repo")


def git(*words):
    env = {"PATH": os.environ["PATH"], "HOME": str(work), "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    done = subprocess.run(["git", "-C", str(work / "repo"), *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


git("init", "-q", "-b", "main")
git("add", "-A")
git("commit", "-q", "-m", "x")
commit = git("rev-parse", "HEAD")
archive = (work / "index/files/delta-2.0-py3-none-any.whl").as_uri()
for kind, asked, says in [("git", f"tree @ git+{(work / 'repo').as_uri()}", f'commit-id = "{commit}"'),
                          ("directory", "./tree", 'directory = {path = "tree"}'),
                          ("archive", f"delta @ {archive}", "archive = {")]:
    (work / "u.txt").write_text(asked + "\n")
    ran = Ran("lock", "-r", "u.txt", *INDEX, "--output", work / "pylock.u.toml")
    written = (work / "pylock.u.toml").read_text() if ran.status == 0 else ran.text
    check(f"{kind}: locked", says in written, written)
    if kind == "git":
        (work / "repo/new").write_text("")
        git("add", "-A")
        git("commit", "-q", "-m", "y")
    plans = [Ran("plan", *INDEX, "--locked", work / "pylock.u.toml", "--json", *more, cache="u") for more in ([], ["-r", "u.txt"])]
    check(f"{kind}: repeated", all(p.status == 0 and (kind != "git" or commit in p.out) for p in plans),
          plans[0].text[-1500:] + plans[1].text[-1500:])
    if kind == "git":
        ran = Ran("lock", "-r", "u.txt", *INDEX, "--output", "u-hashed.txt")
        check("git: no hash", ran.status == 2 and "write a pylock.toml" in ran.text, ran.text)
    (work / "else.txt").write_text("tree @ git+file:///elsewhere\n" if kind != "archive" else "delta @ file:///else/delta-2.0-py3-none-any.whl\n")
    ran = Ran("plan", *INDEX, "--locked", work / "pylock.u.toml", "-r", "else.txt", cache="u")
    check(f"{kind}: from elsewhere is refused", ran.status == 4 and "else.txt:1" in ran.text, ran.text)

# ---- others read ours, we read theirs ----

if peers:
    ran = Ran("lock", "-r", "r.txt", *INDEX, *NATIVE, "--output", work / "pylock.native.toml")
    check("a lock for this machine", ran.status == 0, ran.text)
    code = ("import sys, tomllib; from packaging.pylock import Pylock; "
            "lock = Pylock.from_dict(tomllib.load(open(sys.argv[1], 'rb'))); print(len(list(lock.select())))")
    done = subprocess.run([f"{peers}/bin/python", "-c", code, str(work / "pylock.native.toml")], capture_output=True, text=True)
    check("packaging reads and selects from it", done.stdout.strip() == "1", done.stdout + done.stderr)
    uv_env = {"PATH": os.environ["PATH"], "HOME": str(work), "UV_CACHE_DIR": str(work / "uv")}
    uv = [f"{peers}/bin/uv", "--no-config", "--quiet"]
    done = subprocess.run([*uv, "pip", "install", "--python", f"{peers}/bin/python", "--target", str(work / "installed"),
                           "-r", str(work / "pylock.native.toml")], capture_output=True, text=True, env=uv_env)
    check("uv installs from it", done.returncode == 0 and (work / "installed/alpha-3.0.dist-info").exists(), done.stderr)
    frozen.write(work / "old", [r for r in RELEASES if r["name"] != "gamma"] + [wheel("gamma", "0.9", ["delta"]), wheel("omega")])
    server, url = frozen.serve(work / "old")
    done = subprocess.run([*uv, "pip", "compile", "--python-version", "3.11", "--universal", "--default-index", url + "simple",
                           "--format", "pylock.toml", "-o", str(work / "pylock.uv.toml"), str(work / "r.txt")],
                          capture_output=True, text=True, env=uv_env)
    check("uv locks", done.returncode == 0, done.stderr)
    for words in ([], NATIVE, ["-r", "r.txt"]):
        ran = Ran("plan", "--no-index", "--locked", work / "pylock.uv.toml", *words, "--json", cache="uv-cache")
        check(f"and its lock is taken {words}", ran.status == 0 and "alpha==1.0" in ran.out and "omega" not in ran.out
              and len(nodes(ran)) == 4, ran.text)
    server.shutdown()

shutil.rmtree(work)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
