"""Images out of podman's own storage, a storage of this test's; engines that are absent, do not work
or lie; and a whole run against such an image. usage: engine.py PULL_TOOL IMAGE_TOOL"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import made
import registry as make
import whole
from whole import World, setuptools_folder

tool, image_tool = sys.argv[1:3]
SMALL = make.Image([make.layer_of({"bin/tool": b"s390x", "lib": ("l", "/usr/lib")}),
                    make.layer_of({"usr/lib/new": b"new"})], "s390x")


class Engine(World):
    """`path` is searched for engines before all else; podman's storage is below the test's folder."""

    def __init__(self):
        super().__init__()
        storage = self.dir / "storage.conf"
        storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.dir}/graph"\n'
                           f'runroot = "{self.dir}/run"\n')
        self.env = {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage)}
        self.bin = self.dir / "bin"
        self.bin.mkdir()

    def podman(self, *words, **options):
        return subprocess.run(["podman", *map(str, words)], env=self.env, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def load(self, image, name):
        path = self.dir / "load.tar"
        path.write_bytes(make.archive_of(image, name))
        done = self.podman("load", "--quiet", "--input", path)
        assert done.returncode == 0, done.stdout
        path.unlink()

    def pull(self, name, engine="podman", path=None):
        env = {**self.env, "PATH": path or f"{self.bin}:{os.environ['PATH']}"}
        done = subprocess.run([tool, str(self.dir / "pulled"), "s390x", "-", name, engine], env=env,
                              capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, done.stdout.split("\n"), done.stderr.strip()

    def refuses(self, text, name, *words, **options):
        status, _, said = self.pull(name, **options)
        left = [one for one in os.listdir(self.dir / "pulled/images") if one.startswith("engine-")]
        self.check(text, status == 1 and all(word in said for word in words) and not left, None,
                   f"{said!r}, left {left}")


def podman(world):
    world.load(SMALL, "localhost/team/app:1")
    status, out, said = world.pull("localhost/team/app:1")
    if not world.check("an image of podman's storage", status == 0 and out[2] == "made", None, said):
        return
    world.check("pinned to a digest", out[0].startswith("localhost/team/app:1@sha256:"), None, out)
    root = pathlib.Path(out[1])
    world.check("its layers are the root", (root / "bin/tool").read_text() == "s390x" and
                (root / "usr/lib/new").read_text() == "new")
    again = world.pull("localhost/team/app:1")[1]
    world.check("saved twice it is the same image", again[:3] == [out[0], out[1], "there"], None,
                again)
    world.load(make.Image([make.layer_of({"a": b"a"})], "amd64"), "localhost/other:1")
    world.refuses("an image of another machine", "localhost/other:1",
                  "is an image for linux/amd64, not for linux/s390x",
                  '"podman pull --arch s390x localhost/other:1" brings it')
    world.refuses("an image that is not there", "localhost/absent:1",
                  "podman has no image localhost/absent:1",
                  '"podman pull --arch s390x localhost/absent:1" brings it')
    world.refuses("no podman", "localhost/team/app:1", "there is no podman here",
                  "apt-get install podman", path=str(world.bin))


def engines(world):
    """What a docker may write, by a stand-in that writes it: there is no daemon here to save any."""
    def write(data):
        (world.dir / "saved.tar").write_bytes(data)
        stand_in = world.bin / "docker"
        stand_in.write_text(f'#!/bin/sh\ncp {world.dir}/saved.tar "$4"\n')
        stand_in.chmod(0o755)

    name = "demo/lies:1"
    write(make.archive_of(SMALL, name))
    status, out, said = world.pull(name, "docker")
    world.check("docker's archive", status == 0 and
                out[0] == f"docker.io/demo/lies:1@{SMALL.digest}", None, said)
    fresh = make.Image([make.layer_of({"fresh": b"1"})], "s390x")
    layer = "blobs/sha256/" + make.digest_of(fresh.layers[0])[7:]
    lies = {"a blob that is another": (layer, b"x", "the bytes have sha256"),
            "a blob that is missing": (layer, None, "docker gave is not the whole image"),
            "no index": ("index.json", None, "docker wrote no OCI image"),
            "an index that is none": ("index.json", b"{}", "image docker.io/demo/lies:1")}
    for text, (member, lie, said) in lies.items():
        write(make.archive_of(fresh, name, lambda path, data, member=member, lie=lie:
                              lie if path == member else data))
        world.refuses(text, name, said, engine="docker")
    write(make.archive_of(fresh, name)[:1500])
    world.refuses("half an archive", name, "cannot be read", engine="docker")
    (world.bin / "docker").unlink()
    if shutil.which("docker"):
        world.refuses("docker without its daemon", name, "docker does not give it",
                      'see what "docker info" says', engine="docker")


def run(world):
    done = subprocess.run([image_tool, str(whole.STORE), "3.11", "s390x", "compose", "sysroot"],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    world.load(make.Image([make.layer_of_tree(done.stdout.strip())], "s390x"), "localhost/target:1")
    (world.cache / "roots").unlink()  # what is pulled is this test's own
    (world.cache / "roots").mkdir()
    for root in (whole.STORE / "roots").iterdir():
        (world.cache / "roots" / root.name).symlink_to(root)
    folder = world.folder({"small-1.0.tar.gz": made.c_extension("small", code="42"),
                           "need.txt": "small\n"})
    words = ("-r", folder / "need.txt", "--find-links", folder, "--find-links", setuptools_folder(),
             "--strategy", "cross", "--container-engine", "podman")
    result = world.run(*words, "--container-image", "localhost/target:1", env=world.env)
    world.check("a wheel built against and tested in an image of podman's", result.status == 0 and
                result.packages["small"]["status"] == "built", result)
    world.check("the digest is said", "image localhost/target:1@sha256:" in result.text and
                json.loads((result.out / "manifest.json").read_text())["run"]["image"].startswith(
                    "localhost/target:1@sha256:"), result)
    proof = subprocess.run([whole.PROGRAM, "prove", "--cache", world.cache, "--output", result.out,
                            "--container-engine", "podman", "--container-image",
                            "localhost/target:1"], env=world.env, text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    world.check("the proof takes place in it too", proof.returncode == 1 and
                "No module named pip" in proof.stdout, None, proof.stdout)
    world.sentence("an engine without an image", world.run(*words, env=world.env), 2,
                   "name it with --container-image")


def main():
    world = Engine()
    info = world.podman("info")
    notes = []
    if info.returncode == 0:
        podman(world)
        run(world)
    else:
        notes.append("podman: " + info.stdout.strip().splitlines()[-1])
        (world.dir / "pulled/images").mkdir(parents=True)
    engines(world)
    shutil.rmtree(world.dir / "graph", ignore_errors=True)
    world.close(*notes)


main()
