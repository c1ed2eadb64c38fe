#!/usr/bin/env python3
"""Whole runs on sources that are no files: commits of git repositories, over file: and http:, and
directories of this machine. usage: run_sources.py [part...] (SHOW=1 prints what was said)"""
import functools
import http.server
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time
import zipfile

import made
import whole

GIT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
       "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
       "GIT_COMMITTER_EMAIL": "a@b", "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
       "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z"}


def git(folder, *words):
    done = subprocess.run(["git", "-C", folder, "-c", "init.defaultBranch=main", *map(str, words)],
                          env=GIT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def unpack(sdist, into):
    """The members of an sdist of made.py, without its PKG-INFO, as a project's directory."""
    into.mkdir(parents=True, exist_ok=True)
    archive = into / "archive.tar.gz"
    archive.write_bytes(sdist)
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            name = member.name.split("/", 1)[1]
            if name != "PKG-INFO":
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                (into / name).write_bytes(opened.extractfile(member).read())
    archive.unlink()


def project(name, version="1.0", value=1, requires=(), dynamic=False):
    """A project with a backend of its own; `dynamic`: only the backend knows name and version."""
    body = 'return write(directory, {NAME + "/__init__.py": "VALUE = %d\\n"})' % value
    head = "" if dynamic else (f'[project]\nname = "{name}"\nversion = "{version}"\n'
                               f"dependencies = {json.dumps(list(requires))}\n")
    sdist = made.in_tree(name, body, version, requires, before="""
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = f"{NAME}-{VERSION}.dist-info"
    os.makedirs(os.path.join(directory, info))
    open(os.path.join(directory, info, "METADATA"), "w").write(METADATA)
    return info
""")
    return sdist, head


def write_project(folder, *args, **more):
    sdist, head = project(*args, **more)
    unpack(sdist, folder)
    file = folder / "pyproject.toml"
    file.write_text(head + file.read_text())


def need(world, text):
    return world.folder({"r.txt": text}) / "r.txt"


def repository(world):
    """Two commits, a tag, a project in a subdirectory with a link out of it, hooks that would tell."""
    folder = world.dir / "repo"
    write_project(folder, "fromgit", value=1)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "tag", "v1")
    write_project(folder, "fromgit", version="2.0", value=2)
    write_project(folder / "sub" / "dir", "below", value=3)
    (folder / "LICENSE").write_text("all of it\n")
    (folder / "sub" / "dir" / "LICENSE").symlink_to("../../LICENSE")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "two")
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {world.dir}/hooked\n")
    hook.chmod(0o755)
    return folder, first, git(folder, "rev-parse", "HEAD")


def part_git(world):
    folder, first, second = repository(world)
    url = f"git+file://{folder}"
    result = world.run("-r", need(world, f"fromgit @ {url}@{first}\n"))
    package = result.packages.get("fromgit", {})
    world.check("a commit is built", result.status == 0 and
                result.delivered() == ["fromgit-1.0-py3-none-any.whl"], result)
    world.check("its commit is in the manifest", package.get("source", {}).get("commit") == first and
                package["source"]["url"] == f"{url}@{first}", result, str(package))
    plan = json.loads((world.cache / "plan.json").read_text())
    node = [n for n in plan["nodes"] if n["name"] == "fromgit" and n["kind"] == "wheel"][0]
    world.check("and in the plan", node["source"]["commit"] == first and
                node["source"]["sha256"], None, str(node))
    again = world.run("-r", need(world, f"fromgit @ {url}@{first}\n"), "--offline")
    world.check("a pinned commit needs its repository no more", again.status == 0 and
                again.packages["fromgit"]["status"] == "cached", again)
    result = world.run("-r", need(world, f"{url}\n"))
    world.check("no revision and no name: the head, and the name that is in it",
                result.delivered() == ["fromgit-2.0-py3-none-any.whl"] and
                result.packages["fromgit"]["source"]["commit"] == second, result)
    for revision in ("v1", "main", first[:10]):
        result = world.run("-r", need(world, f"{url}@{revision}#egg=fromgit\n"), "--plan-only")
        want = "fromgit 2.0" if revision == "main" else "fromgit 1.0"
        world.check(f"revision {revision}", result.status == 0 and want in result.text, result)
    result = world.run("-r", need(world, f"{url}@{second}#subdirectory=sub/dir\n"))
    world.check("a project in a subdirectory, with a link out of it", result.status == 0 and
                result.delivered() == ["below-1.0-py3-none-any.whl"], result)
    git(folder, "commit", "-q", "--allow-empty", "-m", "the same files")
    result = world.run("-r", need(world, f"{url}\n"))
    world.check("the same files under another commit are another action",
                result.packages["fromgit"]["status"] == "built", result)
    world.check("no hook ran", not (world.dir / "hooked").exists())
    world.sentence("another project than asked for",
                   world.run("-r", need(world, f"other @ {url}@v1\n")), 1, "holds the project fromgit",
                   "not other")
    world.sentence("no such revision", world.run("-r", need(world, f"{url}@nosuch\n")), 1, "nosuch",
                   "no branch, tag or commit")
    world.sentence("no such commit", world.run("-r", need(world, f"{url}@{'0' * 40}\n")), 1,
                   "0000000", "no branch, tag or commit")
    world.sentence("no such subdirectory",
                   world.run("-r", need(world, f"{url}#subdirectory=absent\n")), 1, "absent")
    world.sentence("an offline run and an unpinned revision",
                   world.run("-r", need(world, f"{url}@main\n"), "--offline"), 3, "offline")
    shutil.move(folder, world.dir / "moved")
    world.sentence("a repository that is gone", world.run("-r", need(world, f"{url}@main\n")), 3,
                   "cannot be fetched")
    shutil.move(world.dir / "moved", folder)
    world.check("what was taken half is gone again",
                not list((world.cache / "index" / "trees").glob("taking-*")))


def part_http(world):
    """The repository as plain files over http, with a password: the server knows no depth."""
    folder = world.dir / "repo"
    first = git(folder, "rev-parse", "v1") if folder.exists() else repository(world)[1]
    bare = world.dir / "www" / "project.git"
    subprocess.run(["git", "clone", "-q", "--bare", folder, bare], env=GIT, check=True)
    git(bare, "update-server-info")

    class Guarded(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            if self.headers.get("Authorization") != "Basic bWU6aHVudGVyMg==":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            super().do_GET()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Guarded, directory=bare.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_address[1]}/project.git"
    env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    good = world.run("-r", need(world, f"git+http://me:hunter2@{host}@{first}\n"), env=env)
    world.check("a commit over http with a password", good.status == 0 and
                good.delivered() == ["fromgit-1.0-py3-none-any.whl"], good)
    world.check("the password stays out of what is handed on", good.out.is_dir() and not any(
        b"hunter2" in f.read_bytes() for f in good.out.iterdir()), good)
    bad = world.run("-r", need(world, f"git+http://me:hunter3@{host}@main\n"), env=env)
    world.sentence("a wrong password", bad, 3, "cannot be fetched")
    world.check("and it is not said", "hunter3" not in bad.text, bad)
    server.shutdown()


def part_injection(world):
    """URLs that would be options or commands of git, or of what it starts."""
    mark = world.dir / "owned"
    touch = f"touch${{IFS}}{mark}"
    for url in (f"git+ext::sh -c {touch}", f"git+ssh://-oProxyCommand={touch}/x",
                f"git+ssh://h/x@--upload-pack={touch}", f"git+file:///x@-u{touch}",
                f"git+--upload-pack={touch}", "git+file://host/etc", "git+http://h/x@a..b",
                "git+http://h/x@HEAD:secret", f"git+fd::17/{touch}", "git+http://h/x@a;b",
                "git+https://h/x#subdirectory=../..", "git+https://h/x#subdirectory=/etc",
                "git+file:///--help", "hg+https://h/x", "svn+ssh://h/x"):
        result = world.run("-r", need(world, f"n @ {url}\n"), limit=60)
        lines = [line for line in result.text.splitlines() if "error" in line.lower()]
        world.check(f"{url} is refused at once", result.status in (1, 2) and lines and
                    result.seconds < 20 and not mark.exists(), result)


TELLS = """
import json
return write(directory, {NAME + "/__init__.py": "SAID = " + repr(json.dumps(config_settings)) + "\\n"})
"""


def part_settings(world):
    """What stands behind a requirement reaches its backend, as pip hands it on."""
    files = world.folder({"told-1.0.tar.gz": made.in_tree("told", TELLS),
                          "other-1.0.tar.gz": made.in_tree("other", TELLS)})
    line = "told --config-settings=a=1 --config-setting a=2 --config-settings b=c=d --global-option=-v"
    result = world.run("--find-links", files, "-r", need(world, f"{line}\nother\n"))
    said = {}
    for path in result.out.glob("*.whl"):
        name = path.name.split("-")[0]
        with zipfile.ZipFile(path) as wheel:
            said[name] = json.loads(wheel.read(f"{name}/__init__.py").decode().split("'")[1])
            del said[name]["setup-args"] # ours, for meson
    world.check("settings behind a requirement reach its backend and no other", said == {
        "told": {"a": ["1", "2"], "b": "c=d", "--global-option": "-v"}, "other": {}}, result, str(said))
    world.check("and stand in the manifest", "setting:b=c=d" in
                result.packages.get("told", {}).get("recipes", []), result)
    again = world.run("--find-links", files, "-r", need(world, "told --config-settings=a=3\nother\n"))
    world.check("others make another build", {n: p["status"] for n, p in again.packages.items()} ==
                {"told": "built", "other": "cached"}, again)


def part_directories(world):
    folder = world.dir / "projects" / "local"
    write_project(folder, "local", requires=["dep"])
    for junk in (".git/config", "venv/pyvenv.cfg", "venv/bin/python", "local/__pycache__/x.pyc"):
        (folder / junk).parent.mkdir(parents=True, exist_ok=True)
        (folder / junk).write_text("x")
    deps = world.folder({"dep-1.0-py3-none-any.whl": made.wheel_bytes("dep")})
    words = ("--find-links", deps, "-r", need(world, f"-e {folder}\n"))
    result = world.run(*words)
    world.check("-e DIR is built, with what it requires", result.status == 0 and
                result.delivered() == ["dep-1.0-py3-none-any.whl", "local-1.0-py3-none-any.whl"],
                result)
    line = [line for line in result.text.splitlines() if line.startswith("pip install")]
    place = world.dir / "installed"
    done = subprocess.run(["sh", "-c", f"{line[0].removesuffix('PACKAGE...')} local --target {place}"
                           if line else "false"], capture_output=True, text=True, check=False)
    world.check("the pip line that a run prints installs from its output", len(line) == 1 and
                done.returncode == 0 and (place / "local" / "__init__.py").exists(), result,
                done.stderr[-500:])
    digest = result.packages["local"]["source"]["digest"]
    os.utime(folder / "backend.py", (1, 1))
    (folder / "venv" / "more").write_text("y")
    again = world.run(*words)
    world.check("times and what no build reads change nothing", again.status == 0 and
                again.packages["local"]["status"] == "cached" and
                again.packages["local"]["source"]["digest"] == digest, again)
    (folder / "README").write_text("new")
    again = world.run(*words)
    world.check("a new file does", again.packages["local"]["status"] == "built" and
                again.packages["local"]["source"]["digest"] != digest, again)
    for line in (f"{folder}\n", f"local @ file://{folder}\n", f"{folder}/\n"):
        result = world.run("--find-links", deps, "-r", need(world, line))
        world.check(line.strip(), result.packages.get("local", {}).get("status") == "cached",
                    result)
    result = world.run("--find-links", deps, "--find-links", world.dir / "gone",
                       "-r", need(world, f"{folder}\nabsent-one\n"), "--only", "local")
    world.check("a place that is not there is named and passed over",
                "gone is not there" in result.text, result)
    world.check("--only takes a directory by the name in it", result.status == 0 and
                "local-1.0-py3-none-any.whl" in result.delivered(), result)
    asks = world.dir / "projects" / "asks"
    write_project(asks, "asks", version="3.1", dynamic=True)
    result = world.run("-r", need(world, f"{asks}\n"))
    world.check("name and version that only its backend knows", result.status == 0 and
                result.delivered() == ["asks-3.1-py3-none-any.whl"], result)
    bad = world.dir / "projects" / "bad"
    bad.mkdir()
    world.sentence("an empty directory", world.run("-r", need(world, f"{bad}\n")), 1, "empty")
    (bad / "notes.txt").write_text("x")
    world.sentence("no project", world.run("-r", need(world, f"{bad}\n")), 1,
                   "neither pyproject.toml nor setup.py")
    write_project(bad, "bad")
    (bad / "passwd").symlink_to("/etc/passwd")
    world.sentence("a link to outside", world.run("-r", need(world, f"{bad}\n")), 1, "passwd",
                   "leads outside")
    (bad / "passwd").unlink()
    os.mkfifo(bad / "pipe")
    world.sentence("a pipe", world.run("-r", need(world, f"{bad}\n"), limit=60), 1, "pipe",
                   "no regular file")
    world.sentence("nothing there", world.run("-r", need(world, f"{bad}/absent\n")), 1, "absent")


PARTS = {"git": part_git, "http": part_http, "injection": part_injection,
         "directories": part_directories, "settings": part_settings}


whole.run_parts(PARTS)
