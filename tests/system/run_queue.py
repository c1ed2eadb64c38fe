#!/usr/bin/env python3
"""The retry queue: what runs put there, what people do with it, and the worker that drains it, with
its door. usage: run_queue.py [part...] (SHOW=1 prints what was said)"""
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import made
import whole
from run_network import ENV, Index, need

# It builds when somebody says how: a recipe, which nothing else can say.
STUBBORN = """import os
print("the backend ran")
if os.environ.get("STUBBORN") != "no":
    raise RuntimeError("out of luck")
return write(directory, {NAME + "/__init__.py": "VALUE = 1\\n"})"""
# It waits for the signal that ends it.
ENDLESS = """import signal
print("the backend waits", flush=True)
signal.pause()"""
TOKEN = "a-token-of-this-test"


def words(world, what, *args, cache=None):
    return [whole.PROGRAM, what, "--cache", str(cache or world.cache), *map(str, args)]


def queue(world, *args, cache=None, limit=60):
    started = time.monotonic()
    done = subprocess.run(words(world, "queue", *args, cache=cache), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False)
    return whole.Result(done.returncode, done.stdout.decode(), world.dir / "none",
                        time.monotonic() - started)


def entries(world, cache=None, *args):
    done = subprocess.run(words(world, "queue", "--json", *args, cache=cache), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return {e["package"]: e for e in json.loads(done.stdout)["entries"]} if not done.returncode else {}


def worker_words(world, out, *args, cache=None):
    return words(world, "worker", "--output", out, "--jobs", "2", "--python", "3.11", "--no-index",
                 "--strategy", "cross", "--attempt-backoff-base", "0", *args, cache=cache)


def worker(world, out, *args, cache=None, limit=240):
    started = time.monotonic()
    done = subprocess.run(worker_words(world, out, *args, cache=cache), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False)
    return whole.Result(done.returncode, done.stdout.decode(), out, time.monotonic() - started)


class Staying:
    """A worker that stays; its lines are read as they come."""

    def __init__(self, world, out, *args, cache=None, token=TOKEN):
        env = {**os.environ, "WORKER_TOKEN": token}
        self.lines = []
        self.process = subprocess.Popen(
            worker_words(world, out, *args, cache=cache), stdin=subprocess.DEVNULL, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def until(self, word, count=1, limit=60):
        """The line that has the word the count-th time from now; None when the worker ended, which
        it does past the limit."""
        late = threading.Timer(limit, self.process.kill)
        late.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                if word in line:
                    count -= 1
                    if count == 0:
                        return line
            return None
        finally:
            late.cancel()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=60)
        self.lines.append(rest)
        return self.process.returncode

    def text(self):
        return "".join(self.lines)


def emptied(world):
    """The world's cache with nothing in its queue: what earlier parts built makes later ones quick."""
    queue(world, "clear")
    return world.cache


def sdists(world, **bodies):
    return world.folder({f"{name}-1.0.tar.gz": made.in_tree(name, **how)
                         for name, how in bodies.items()})


def part_life(world):
    """Failed, waiting, asked for, failed again, built with a recipe; what waited for it is built too."""
    folder = sdists(world, stubborn={"body": STUBBORN}, fine={}, needy={"requires": ["stubborn"]})
    from_it = ("--find-links", folder)
    first = world.run(*from_it, "-r", need(world, "fine\nneedy\n"), "--strategy", "cross")
    held = entries(world)
    world.check("a failed run fills the queue", first.status == 1 and
                set(held) == {"stubborn", "needy"} and held["stubborn"]["attempts"] == 1 and
                held["stubborn"]["status"] == "waiting" and held["stubborn"]["version"] == "1.0" and
                held["stubborn"]["target"] == "cp311-s390x-manylinux_2_17" and
                "out of luck" in held["stubborn"]["why"] and
                800 < held["stubborn"]["not_before"] - time.time() <= 900 and
                held["needy"]["waits_for"] == "stubborn", first, str(held))
    table = queue(world)
    world.check("the table says so", table.status == 0 and "stubborn" in table.text and
                "2 entries in the queue, 0 due" in table.text, table)
    result = worker(world, first.out, *from_it)
    world.check("a worker takes nothing that is not due", result.status == 0 and
                "0 entries taken" in result.text and entries(world) == held, result)
    world.check("retry makes one due", queue(world, "retry", "stubborn").status == 0 and
                entries(world)["stubborn"]["status"] == "due" and
                entries(world)["needy"]["status"] == "waiting")
    result = worker(world, first.out, *from_it)
    now = entries(world)
    log = result.packages.get("stubborn", {}).get("log", "")
    said = subprocess.run(["zstd", "-dc", world.cache / log], capture_output=True, check=False).stdout
    world.check("asked for, it is built again although it is known to fail", result.status == 1 and
                b"the backend ran" in said and now["stubborn"]["attempts"] == 2 and
                now["stubborn"]["status"] == "waiting" and
                1700 < now["stubborn"]["not_before"] - time.time() <= 1800, result, str(now))
    world.check("the rest of the manifest stays", set(result.packages) == {"stubborn", "fine", "needy"}
                and result.packages["fine"]["status"] == "built", result, str(set(result.packages)))
    queue(world, "add", "stubborn==1.0", "--recipe", "stubborn=env:STUBBORN=no")
    now = entries(world)
    world.check("one package and version is one entry of each target", len(now) == 2 and
                now["stubborn"]["status"] == "due", None, str(now))
    result = worker(world, first.out, *from_it)
    world.check("with a recipe it is built, and what waited for it", result.status == 0 and
                entries(world) == {} and result.packages["stubborn"]["status"] == "built" and
                result.packages["stubborn"]["recipes"] == ["env:STUBBORN=no"] and
                result.packages["needy"]["status"] in ("built", "cached") and
                len(result.delivered()) == 3, result, str(entries(world)))
    after = world.run(*from_it, "-r", need(world, "needy\n"), "--strategy", "cross")
    world.check("the next run begins with what was asked for", after.status == 0 and
                after.packages["stubborn"]["status"] == "cached", after)
    world.check("it leaves nothing", not world.leftovers(), None, str(world.leftovers()))


def part_again(world):
    """A run that delivers what is in the queue takes it out; failures are held in the end."""
    folder = sdists(world, late={"body": STUBBORN}, gone={})
    cache = emptied(world)
    run = ("--find-links", folder, "-r", need(world, "late\n"), "--strategy", "cross")
    world.run(*run, cache=cache)
    queue(world, "add", "nosuch==3", "gone", cache=cache)
    out = world.dir / "again-out"
    result = worker(world, out, "--find-links", folder, cache=cache)
    now = entries(world, cache)
    world.check("an entry that cannot be planned keeps no other back", result.status == 1 and
                "gone" not in now and now["nosuch"]["class"] == "plan" and
                "nosuch" in now["nosuch"]["why"] and "2 entries taken from the queue, 1 delivered"
                in result.text and [n for n in result.delivered() if "gone" in n], result, str(now))
    queue(world, "retry", "nosuch", cache=cache)
    result = worker(world, out, "--find-links", folder, "--requeue-attempts", "2", cache=cache)
    now = entries(world, cache)
    world.check("after the most failures it is held", now["nosuch"]["status"] == "held" and
                now["nosuch"]["attempts"] == 2, result, str(now))
    queue(world, "retry", cache=cache)
    world.check("until somebody asks", entries(world, cache)["nosuch"]["status"] == "due")
    world.check("clear one", queue(world, "clear", "nosuch", cache=cache).status == 0 and
                set(entries(world, cache)) == {"late"})
    mended = world.run(*run, "--recipe", "late=env:STUBBORN=no", cache=cache)
    world.check("a run that builds it takes it out", mended.status == 0 and
                entries(world, cache) == {}, mended)
    world.sentence("a word that is none", queue(world, "add", "a==", cache=cache), 2, "a==", "NAME==VERSION")
    world.sentence("a recipe that is none", queue(world, "add", "a", "--recipe", "a=sh:rm", cache=cache), 2,
                   "sh:rm", "none")
    world.sentence("a name that is not there", queue(world, "clear", "absent", cache=cache), 1, "absent",
                   "queue list")
    nowhere = queue(world, cache=world.dir / "nowhere")
    world.sentence("no queue at all", nowhere, 2, "--cache", "--queue-path", "not available yet")


def part_missing(world):
    """A release whose sdist is not there yet waits in the queue, and is never held."""
    wheel = made.wheel_bytes("early", tag="cp311-cp311-manylinux_2_17_x86_64")
    name = "early-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
    page = {"meta": {"api-version": "1.1"}, "name": "early", "versions": ["1.0"], "files": [
        {"filename": name, "url": f"../../files/{name}", "size": len(wheel),
         "upload-time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600)),
         "hashes": {"sha256": hashlib.sha256(wheel).hexdigest()}}]}
    folder = world.folder({"index.json": json.dumps(page)})
    simple = world.dir / "frozen" / "early"
    simple.mkdir(parents=True)
    (folder / "index.json").rename(simple / "index.json")
    cache = world.make_cache("missing")
    result = world.run("-r", need(world, "early\n"), "--index-url", f"file://{simple.parent}",
                       "--requeue-attempts", "1", cache=cache, local=False, env=ENV)
    now = entries(world, cache)
    world.check("what is missing waits, whatever the most is", result.status == 1 and
                result.packages["early"]["status"] == "missing" and
                now["early"]["status"] == "waiting" and now["early"]["class"] == "missing",
                result, str(now))


def part_file(world):
    """retry_queue.json of an earlier system."""
    cache = world.cache
    (cache / "history.db").unlink(missing_ok=True)
    folder = sdists(world, old={"body": STUBBORN}, other={})
    file = cache / "retry_queue.json"
    file.write_text(json.dumps([
        {"package": "Old", "version": "1.0", "python_tag": "cp311", "attempts": 2,
         "platform_tag": "manylinux2014_s390x", "recipes": ["env:STUBBORN=no"], "color": "red"},
        {"name": "old", "version": "1.0", "python_tag": "cp311", "platform_tag": "manylinux2014_s390x",
         "recipes": {"env": ["A=1"]}, "color": "blue"},
        "other", {"version": "2"}, {"package": "../../etc"}, 7,
        {"package": "elsewhere", "python_tag": "cp313", "platform_tag": "manylinux_2_28_s390x"},
        {"package": "old2", "recipes": ["dnf install -y x", "apt:zlib1g-dev"]}]))
    shown = queue(world, "--queue-path", file, cache=cache)
    world.check("a file is shown as it is", shown.status == 0 and file.exists() and
                "4 entries" in shown.text and not (cache / "history.db").exists(), shown)
    taken = queue(world, cache=cache)
    now = entries(world, cache)
    world.check("it is taken in once, and kept", taken.status == 0 and not file.exists() and
                (cache / "retry_queue.json.imported").exists() and
                set(now) == {"old", "other", "elsewhere", "old2"} and
                now["old"]["recipes"] == ["env:STUBBORN=no", "env:A=1"] and now["old"]["attempts"] == 2
                and now["old2"]["recipes"] == ["apt:zlib1g-dev"], taken, str(now))
    for word in ('"color" is not known', '"../../etc" is no name', '"dnf install -y x" is no recipe'):
        world.check(f"said: {word}", taken.text.count(word) == 1, taken)
    queue(world, "clear", "old2", cache=cache)
    file.write_text('["other"]')
    out = world.dir / "file-out"
    result = worker(world, out, "--find-links", folder, cache=cache)
    world.check("the worker builds with what it asked for", result.status == 0 and
                (cache / "retry_queue.json.imported.2").exists() and
                set(result.packages) == {"old", "other"} and
                set(entries(world, cache)) == {"elsewhere"}, result, str(entries(world, cache)))
    file.write_text('[{"package": "x"},]')
    world.sentence("no JSON", queue(world, cache=cache), 1, "retry_queue.json", "byte 17", "move it away")
    world.sentence("no JSON, to a worker", worker(world, out, cache=cache), 1, "retry_queue.json", "byte 17")
    run = world.run("--input", world.folder({"w-1.0-py3-none-any.whl": made.wheel_bytes("w")}), cache=cache)
    world.check("a run says it and goes on", run.status == 0 and "byte 17" in run.text and file.exists(), run)
    file.unlink()
    os.mkfifo(file)
    world.sentence("a pipe", queue(world, cache=cache), 1, "retry_queue.json", "no regular file")
    file.unlink()
    file.symlink_to(world.dir / "else.json")
    world.sentence("a link", queue(world, cache=cache), 1, "retry_queue.json")
    file.unlink()


def part_kill(world):
    """A worker that is killed in the middle loses no entry, and the next one builds what it can."""
    cache = emptied(world)
    folder = sdists(world, endless={"body": ENDLESS}, quick={})
    queue(world, "add", "endless", "quick", cache=cache)
    before = entries(world, cache)
    stays = Staying(world, world.dir / "kill-out", "--find-links", folder, "--watch", "3600", cache=cache)
    world.check("it builds", stays.until("quick"), None, stays.text())
    stays.end(signal.SIGKILL)
    now = entries(world, cache)
    world.check("killed, the entries stay as they were", now == before, None, str(now))
    (folder / "endless-1.0.tar.gz").write_bytes(made.in_tree("endless"))
    result = worker(world, world.dir / "kill-out", "--find-links", folder, cache=cache)
    world.check("the next worker delivers both", result.status == 0 and entries(world, cache) == {} and
                len(result.delivered()) == 2, result)
    world.check("nothing is left of the killed one", not world.leftovers(cache, groups=False), None,
                str(world.leftovers(cache)))


def curl(url, *args):
    done = subprocess.run(["curl", "-s", "-m", "20", "-o", "-", "-w", "\n%{http_code} %{content_type}",
                           *args, url], capture_output=True, text=True, check=False)
    body, _, tail = done.stdout.rpartition("\n")
    return int(tail.split()[0]), body, tail


def part_door(world):
    cache = emptied(world)
    folder = sdists(world, endless={"body": ENDLESS}, quick={})
    out = world.dir / "door-out"
    for env, args, said in (({}, (), "WORKER_TOKEN"), ({"WORKER_TOKEN": ""}, (), "WORKER_TOKEN"),
                            ({}, ("--worker-token", "x"), "command lines")):
        done = subprocess.run(worker_words(world, out, "--listen", "0", *args, cache=cache), check=False,
                              env={**os.environ, **env}, capture_output=True, text=True, timeout=60)
        world.check(f"refused: {args} {env}", done.returncode == 2 and said in done.stderr, None, done.stderr)
    done = subprocess.run(worker_words(world, out, "--listen", "nowhere:::1", cache=cache), check=False,
                          env={**os.environ, "WORKER_TOKEN": TOKEN}, capture_output=True, text=True, timeout=60)
    world.check("no address", done.returncode == 2 and "no address" in done.stderr, None, done.stderr)
    stays = Staying(world, out, "--find-links", folder, "--listen", "0", cache=cache)
    line = stays.until("listening at") or ""
    url = line.rsplit(" ", 1)[-1].strip()
    world.check("it listens on the loopback", url.startswith("http://127.0.0.1:"), None, stays.text())
    bearer = ("-H", f"Authorization: Bearer {TOKEN}")
    for name, want, path, args in (
            ("health", 200, "/health", ()), ("ready", 200, "/ready", ()),
            ("no token", 401, "/trigger", ("-X", "POST")),
            ("another token", 401, "/trigger", ("-X", "POST", "-H", "X-Worker-Token: no")),
            ("half a token", 401, "/trigger", ("-X", "POST", "-H", f"X-Worker-Token: {TOKEN[:-1]}")),
            ("no scheme", 401, "/trigger", ("-X", "POST", "-H", f"Authorization: {TOKEN}")),
            ("a token in the URL", 400, f"/trigger?token={TOKEN}", ("-X", "POST", *bearer)),
            ("another method", 405, "/trigger", bearer), ("another path", 404, "/x", bearer),
            ("a large body", 413, "/trigger", ("-d", "x" * 70000, *bearer)),
            ("a large body in chunks", 413, "/trigger",
             ("-d", "x" * 70000, "-H", "Transfer-Encoding: chunked", *bearer)),
            ("a large header", 431, "/health", ("-H", "X-A: " + "x" * 40000))):
        status, body, tail = curl(url + path, *args)
        good = status == want and (want in (200, 431) or "problem+json" in tail)
        world.check(name, good, None, f"{tail} {body}")
    world.check("health", json.loads(curl(url + "/health")[1])["status"] == "ok")
    world.check("nothing was begun", json.loads(curl(url + "/ready")[1])["drains"] == 0)
    with socket.create_connection(url[7:].split(":")) as half:
        half.sendall(b"POST /trigger HTTP/1.1\r\nHost: x\r\nX-Wor")
        world.check("half a request keeps nobody waiting", curl(url + "/health")[0] == 200)
    queue(world, "add", "quick", cache=cache)
    status, body, _ = curl(url + "/trigger", "-X", "POST", *bearer)
    world.check("a trigger is accepted", status == 202, None, body)
    world.check("and drains", stays.until("1 entry taken from the queue, 1 delivered"), None, stays.text())
    queue(world, "add", "endless", "quick", cache=cache)
    world.check("the other header", curl(url + "/trigger", "-X", "POST", "-H",
                                         f"X-Worker-Token: {TOKEN}")[0] == 202)
    world.check("while it drains", curl(url + "/trigger", "-X", "POST", *bearer)[0] == 409 and
                json.loads(curl(url + "/ready")[1])["draining"] is True and
                curl(url + "/health")[0] == 200)
    stays.until("quick")
    world.check("the environment of builds has no token", not any(
        TOKEN.encode() in read(f"/proc/{pid}/environ") for pid in children(stays.process.pid)))
    status = stays.end()
    now = entries(world, cache)
    world.check("SIGTERM ends it, and the entry stays", status == 0 and
                now["endless"]["status"] == "due" and now["endless"]["attempts"] == 0, None,
                f"{status} {now} {stays.text()}")
    left = world.leftovers(cache, groups=False) # its group the next jail clears
    world.check("it leaves nothing", not left, None, str(left))


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def children(pid):
    found = []
    for child in read(f"/proc/{pid}/task/{pid}/children").split():
        found += [int(child), *children(int(child))]
    return found


def part_watch(world):
    """Wakes when an entry is due, long before it would look by itself; idle, SIGTERM ends it."""
    cache = emptied(world)
    folder = sdists(world, poor={"body": STUBBORN})
    queue(world, "add", "poor", cache=cache)
    stays = Staying(world, world.dir / "watch-out", "--find-links", folder, "--watch", "3600",
                    "--requeue-base", "1", cache=cache)
    started = time.monotonic()
    good = stays.until("1 entry taken from the queue, 0 delivered", 2)
    world.check("twice, as it was due", good and time.monotonic() - started < 60, None, stays.text())
    stays.until("1 entry taken")
    status = stays.end()
    world.check("SIGTERM", status == 0, None, f"{status} {stays.text()}")
    queue(world, "clear", cache=cache)
    stays = Staying(world, world.dir / "watch-out", "--watch", "3600", cache=cache)
    stays.until("0 entries taken")
    world.check("idle, too", stays.end() == 0, None, stays.text())


if __name__ == "__main__":
    whole.run_parts({"life": part_life, "again": part_again, "missing": part_missing, "file": part_file,
                     "kill": part_kill, "door": part_door, "watch": part_watch})
