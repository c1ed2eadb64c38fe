"""Images from a real docker-registry, and from one that lies: what is pulled, what is refused, what
stays. usage: pull.py PULL_TOOL"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

import registry as make

tool = sys.argv[1]
passed = failed = 0
work = tempfile.mkdtemp(prefix="refinery-oci-")
cache = os.path.join(work, "cache")
environment = {"PATH": os.environ["PATH"], "HOME": work}


def check(name, ok, said=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {name}\n{said}")


def pull(reference, machine="s390x", where=None, trusted="-", **more):
    done = subprocess.run([tool, where or cache, machine, trusted, reference], text=True,
                          capture_output=True, env={**environment, **more}, timeout=120)
    return done.returncode, done.stdout.split("\n"), done.stderr


def stored(where):
    """Blobs in the store and files being written."""
    names = {"sha256": 0, "stage": 0}
    for part in names:
        for _, _, files in os.walk(os.path.join(where, "cas", part)):
            names[part] += len(files)
    roots = os.path.join(where, "roots")
    return names, [name for name in (os.listdir(roots) if os.path.isdir(roots) else ())
                   if not name.endswith(".lock")]


def read(root, path):
    with open(os.path.join(root, path)) as source:
        return source.read()


def good(registry):
    base = make.layer_of({"etc/os-release": b"ID=test\n", "bin/tool": b"s390x",
                          "usr/lib/gone": b"x", "lib": ("l", "/usr/lib")})
    upper = make.layer_of({"lib/new": b"new", "usr/lib/.wh.gone": b""})
    s390x = make.Image([base, upper], "s390x")
    amd64 = make.Image([make.layer_of({"bin/tool": b"amd64"})], "amd64")
    registry.push_index("team/app", "both", [amd64, s390x])
    registry.push("team/app", "amd64-only", amd64)
    registry.push("team/app", "plain", make.Image([base, upper], "s390x", typed=False))
    name = f"{registry.name}/team/app"
    status, out, said = pull(f"{name}:both")
    check("an index gives the target's image", status == 0, said)
    pinned, root = out[0], out[1] if len(out) > 1 else ""
    check("its digest is said", pinned == f"{name}:both@{s390x.digest}", out)
    if status:
        return None
    check("its content is the target's", read(root, "bin/tool") == "s390x")
    check("layers lie on each other", read(root, "usr/lib/new") == "new" and
          not os.path.exists(os.path.join(root, "usr/lib/gone")))
    check("links stay inside", os.readlink(os.path.join(root, "lib")) == "usr/lib")
    status, again, said = pull(f"{name}:both")
    check("the second time nothing is made", again == [pinned, root, "there", ""], again)
    status, out, said = pull(f"{name}@{s390x.digest}")
    check("by digest it is the same root", out[1:3] == [root, "there"], said)
    status, out, said = pull(f"{name}:plain")
    check("the same layers under another manifest are the same root", out[1:3] == [root, "there"],
          (out, said))
    status, out, said = pull(f"{name}:both", "x86_64")
    check("another target, another root", status == 0 and read(out[1], "bin/tool") == "amd64", said)
    status, out, said = pull(f"{name}:both", "aarch64")
    check("an index without the target names what there is", status == 1 and
          "has no image for linux/arm64; it has linux/amd64, linux/s390x" in said, said)
    status, out, said = pull(f"{name}:amd64-only")
    check("an image of another machine is refused by name", status == 1 and
          "amd64-only: is an image for linux/amd64, not for linux/s390x" in said, said)
    registry.push_index("team/app", "lying-index", [amd64], {"amd64": "s390x"})
    status, out, said = pull(f"{name}:lying-index")
    check("an index that lies about the machine is found out", status == 1 and
          "is an image for linux/amd64, not for linux/s390x" in said, said)
    for reference in (f"{name}:absent", f"{registry.name}/nothing", f"{name}@sha256:{'0' * 64}"):
        status, out, said = pull(reference)
        check(f"absent: {reference}", status == 1 and "404" in said and reference in said, said)
    status, out, said = pull("Team/App")
    check("no reference", status == 1 and "names no image" in said, said)
    return pinned, root


def gone(registry, pinned, root):
    """The registry is stopped: what is known stays usable, what is not is said."""
    status, out, said = pull(pinned)
    check("a pinned image needs no registry", out[1:3] == [root, "there"], said)
    status, out, said = pull(pinned.split("@")[0])
    check("a tag means what it meant before, and that is said",
          out[:2] == [pinned, root] and said.startswith("note: ") and "what it was before" in said,
          said)
    status, out, said = pull(f"{registry.name}/team/other:1")
    check("a registry that is not there", status == 1 and "cannot be had" in said and
          "give another --container-image" in said, said)
    shutil.rmtree(root)
    status, out, said = pull(pinned)
    check("a lost root comes from the store again", out[1:3] == [root, "made"], said)


def logins(registry):
    image = make.Image([make.layer_of({"a": b"a"})], "s390x")
    registry.push("private", "1", image)
    name = f"{registry.name}/private:1"
    status, out, said = pull(name)
    check("without a login", status == 1 and "not for everybody" in said and
          f"podman login {registry.name}" in said, said)
    wrong = os.path.join(work, "wrong.json")
    right = os.path.join(work, "right.json")
    for path, words in ((wrong, b"user:wrong"), (right, b"user:secret")):
        with open(path, "w") as out:
            json.dump({"auths": {registry.name: {"auth": base64.b64encode(words).decode()}}}, out)
    status, out, said = pull(name, REGISTRY_AUTH_FILE=wrong)
    check("with a wrong one", status == 1 and "not for this login" in said and
          "wrong" not in said.replace("wrong.json", ""), said)
    status, out, said = pull(name, REGISTRY_AUTH_FILE=right)
    check("with the right one", status == 0, said)
    os.makedirs(os.path.join(work, "docker"), exist_ok=True)
    shutil.copy(right, os.path.join(work, "docker", "config.json"))
    status, out, said = pull(name, where=os.path.join(work, "cache-docker"),
                             DOCKER_CONFIG=os.path.join(work, "docker"))
    check("as docker keeps it", status == 0, said)


def lies():
    """Each lie in a cache of its own: refused, nothing half stored, and then the truth works."""
    port, other = make.lie(), make.lie()
    make.Lies.image = image = make.Image([make.layer_of({"a": os.urandom(3000)})], "s390x")
    for lie, words in {
            "wrong-bytes": "as promised", "longer": "larger than", "short": "as promised",
            "cut-for-ever": "closed", "endless-manifest": "larger than", "sign-in": "manifest",
            "redirect-loop": "redirect", "huge-layer": "bytes, more than", "login-loop":
            "not for everybody", "token-trap": "not safe"}.items():
        where = os.path.join(work, "lie-" + lie)
        status, out, said = pull(f"127.0.0.1:{port}/{lie}:1", where=where)
        blobs, roots = stored(where)
        check(f"lie {lie}", status == 1 and words in said, said)
        check(f"lie {lie} leaves nothing half", blobs["sha256"] <= 2 and blobs["stage"] == 0 and
              roots == [], (blobs, roots))
        status, out, said = pull(f"127.0.0.1:{port}/truth:1", where=where)
        check(f"after {lie} the truth works", status == 0, said)
    where = os.path.join(work, "lie-digest")
    status, out, said = pull(f"127.0.0.1:{port}/other-manifest@{image.digest}", where=where)
    check("another manifest than its digest", status == 1 and "as promised" in said, said)
    make.Lies.asked.clear()
    status, out, said = pull(f"127.0.0.1:{port}/cut-once:1", where=os.path.join(work, "cut-once"))
    check("a download that broke goes on", status == 0, said)
    login = os.path.join(work, "token.json")
    with open(login, "w") as out:
        json.dump({"auths": {f"127.0.0.1:{port}": {"auth": "dXNlcjpzZWNyZXQ="}}}, out)
    status, out, said = pull(f"127.0.0.1:{port}/token:1", where=os.path.join(work, "token"))
    check("a token without a login", status == 1 and "not for everybody" in said, said)
    status, out, said = pull(f"127.0.0.1:{port}/token:1", where=os.path.join(work, "token"),
                             REGISTRY_AUTH_FILE=login)
    check("a token with a login", status == 0, said)
    make.Lies.elsewhere = f"http://localhost:{other}"
    make.Lies.asked.clear()
    status, out, said = pull(f"127.0.0.1:{port}/token-elsewhere:1",
                             where=os.path.join(work, "elsewhere"), REGISTRY_AUTH_FILE=login)
    sent = [allowed for path, allowed in make.Lies.asked if path.startswith("/v2/plain/")]
    check("a redirect is followed without the token", status == 0 and sent and
          not any(sent), (said, sent))


def main():
    os.makedirs(os.path.join(work, "registry"))
    os.makedirs(os.path.join(work, "private"))
    registry = make.Registry(os.path.join(work, "registry"))
    private = make.Registry(os.path.join(work, "private"), make.HTPASSWD)
    try:
        known = good(registry)
        logins(private)
        lies()
        registry.stop()
        if known:
            gone(registry, *known)
    finally:
        registry.stop()
        private.stop()
        subprocess.run(["chmod", "-R", "u+w", work], check=False)
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed or not passed


sys.exit(1 if main() else 0)
