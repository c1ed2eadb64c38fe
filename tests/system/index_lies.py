#!/usr/bin/env python3
"""Runs index_tool against a local HTTP server that breaks, stalls and lies, one case per test,
then against the index that pip is configured with. usage: index_lies.py INDEX_TOOL"""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
import zipfile

TOOL = os.path.abspath(sys.argv[1])
passed = failed = 0
skipped = []


def wheel(name, version, requires=(), padding=0):
    out = io.BytesIO()
    info = f"{name}-{version}.dist-info/"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/big.bin", os.urandom(padding))
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        archive.writestr(info + "METADATA", "\n".join(lines) + "\n\ntext\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                         "Tag: py3-none-any\n")
        archive.writestr(info + "RECORD", "")
    return out.getvalue()


def sdist(name, version, metadata_version="2.2", extra=""):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        text = (f"Metadata-Version: {metadata_version}\nName: {name}\nVersion: {version}\n"
                f"Requires-Dist: dep\n{extra}").encode()
        for path, data in (("PKG-INFO", text), ("setup.py", b"")):
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


WHEEL = wheel("demo", "1.0", ["dep>=1", "other; extra == 'x'"], 400_000)
LARGE = wheel("demo", "1.0", [], 40 << 20)
SDIST = sdist("demo", "1.0")
OLD_SDIST = sdist("demo", "1.0", "2.1")
BOMB = gzip.compress(b" " * (400 << 20), 1)
SHA = hashlib.sha256(WHEEL).hexdigest()
FILE = "demo-1.0-py3-none-any.whl"


def page(url=None, sha=SHA, filename=FILE, **more):
    entry = {"filename": filename, "url": url or f"../../files/{filename}",
             "hashes": {"sha256": sha} if sha else {}, **more}
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": [entry]}).encode()


class Lies(http.server.BaseHTTPRequestHandler):
    """/<case>/simple/demo/ is the page of a case, /<case>/files/<name> its artifact."""
    protocol_version = "HTTP/1.1"
    seen = []
    lock = threading.Lock()

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, kind="application/vnd.pypi.simple.v1+json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def artifact(self, body, ranges=True):
        span = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not (span and ranges):
            return self.answer(body, kind="application/octet-stream")
        size = len(body)
        if span[1]:
            first, last = int(span[1]), min(int(span[2] or size - 1), size - 1)
        else:
            first, last = max(0, size - int(span[2])), size - 1
        self.answer(body[first:last + 1], 206, "application/octet-stream",
                    Content_Range=f"bytes {first}-{last}/{size}")

    def do_GET(self):
        with self.lock:
            self.seen.append(self.path)
            times = self.seen.count(self.path)
        _, case, kind, *rest = self.path.split("/")
        is_page = kind == "simple"
        if is_page and rest[0] != "demo":
            return self.answer(b"", 404)
        method = getattr(self, f"case_{case}")
        try:
            method(is_page, rest[-1] if not is_page else "", times)
        except (BrokenPipeError, ConnectionResetError):
            pass

    # ---- the cases ----
    def case_renewed(self, is_page, name, times):
        if times > 1:
            fit = self.headers.get("If-None-Match") == '"v1"'
            return self.answer(b"", 304 if fit else 404, ETag='"v1"', Cache_Control="max-age=600")
        self.answer(page(), ETag='"v1"', Cache_Control="max-age=0")

    def case_moving(self, is_page, name, times):
        self.answer(page(filename=f"demo-{min(times, 2)}.0-py3-none-any.whl"),
                    Cache_Control="max-age=0")

    def case_good(self, is_page, name, times):
        if not is_page:
            return self.artifact(WHEEL)
        if self.headers.get("If-None-Match") == '"v1"':
            return self.answer(b"", 304, ETag='"v1"')
        self.answer(page(), ETag='"v1"', Cache_Control="max-age=0")

    def case_fresh(self, is_page, name, times):
        self.answer(page(), Cache_Control="max-age=600") if is_page else self.artifact(WHEEL)

    def case_html(self, is_page, name, times):
        if not is_page:
            return self.artifact(WHEEL)
        text = f'<!DOCTYPE html><a href="../../files/{FILE}#sha256={SHA}">{FILE}</a>'
        self.answer(text.encode(), kind="text/html")

    def case_wronghash(self, is_page, name, times):
        self.answer(page(sha="0" * 64)) if is_page else self.artifact(WHEEL)

    def case_md5(self, is_page, name, times):
        if not is_page:
            return self.artifact(WHEEL)
        md5 = hashlib.md5(WHEEL[1:]).hexdigest()
        body = json.loads(page(sha=None))
        body["files"][0]["hashes"] = {"md5": md5}
        self.answer(json.dumps(body).encode())

    def case_truncated(self, is_page, name, times):
        if is_page:
            return self.answer(page())
        self.send_response(200)
        self.send_header("Content-Length", str(len(WHEEL)))
        self.end_headers()
        self.wfile.write(WHEEL[:1000])
        self.wfile.flush()
        self.close_connection = True

    def case_cutpage(self, is_page, name, times):
        body = page()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:50])
        self.close_connection = True

    def case_login(self, is_page, name, times):
        self.answer(b"<html><title>Please sign in</title><form><input name=u></form>",
                    kind="text/html")

    def case_loop(self, is_page, name, times):
        self.answer(b"", 302, Location=self.path)

    def case_elsewhere(self, is_page, name, times):
        if not is_page:
            return self.artifact(WHEEL)
        if self.headers["Host"].startswith("localhost"):
            return self.answer(page())
        port = self.server.server_address[1]
        self.answer(b"", 301, Location=f"http://localhost:{port}{self.path}")

    def case_tofile(self, is_page, name, times):
        self.answer(b"", 302, Location="file:///etc/passwd")

    def case_tolocal(self, is_page, name, times):
        self.answer(page(url=f"file:///etc/{FILE}"))

    def case_flaky(self, is_page, name, times):
        if times < 3:
            return self.answer(b"oops", 503, Retry_After="0")
        self.answer(page()) if is_page else self.artifact(WHEEL)

    def case_dead(self, is_page, name, times):
        self.answer(b"oops", 500)

    def case_noranges(self, is_page, name, times):
        self.answer(page()) if is_page else self.artifact(WHEEL, ranges=False)

    def case_large(self, is_page, name, times):
        if is_page:
            return self.answer(page(sha=hashlib.sha256(LARGE).hexdigest()))
        self.artifact(LARGE, ranges=False)

    def case_nolength(self, is_page, name, times):
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if is_page else "x/y")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(page() if is_page else WHEEL)
        self.close_connection = True

    def case_stall(self, is_page, name, times):
        body = page()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:20])
        self.wfile.flush()
        release.wait(20)
        self.close_connection = True

    def case_header(self, is_page, name, times):
        self.send_response(200)
        for number in range(5000):
            self.send_header(f"X-Junk-{number}", "y" * 200)
        self.end_headers()
        self.close_connection = True

    def case_bomb(self, is_page, name, times):
        self.answer(BOMB, Content_Encoding="gzip")

    def case_meta(self, is_page, name, times):
        text = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: beside\n"
        if is_page:
            digest = hashlib.sha256(text).hexdigest()
            return self.answer(page(**{"core-metadata": {"sha256": digest}}))
        self.answer(text if name.endswith(".metadata") else WHEEL, kind="x/y")

    def case_wrongmeta(self, is_page, name, times):
        if is_page:
            return self.answer(page(**{"core-metadata": {"sha256": "1" * 64}}))
        self.answer(b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n", kind="x/y")

    def case_nometa(self, is_page, name, times):
        if is_page:
            return self.answer(page(**{"core-metadata": True}))
        if name.endswith(".metadata"):
            return self.answer(b"", 404)
        self.artifact(WHEEL)

    def case_climb(self, is_page, name, times):
        self.answer(page(filename="../../demo-1.0-py3-none-any.whl"))

    def case_auth(self, is_page, name, times):
        wanted = "Basic " + base64.b64encode(b"me:s3cret").decode()
        if self.headers.get("Authorization") != wanted:
            return self.answer(b"", 401)
        self.answer(page()) if is_page else self.artifact(WHEEL)

    def case_sdist(self, is_page, name, times):
        if is_page:
            return self.answer(page(filename="demo-1.0.tar.gz",
                                    sha=hashlib.sha256(SDIST).hexdigest()))
        self.artifact(SDIST)

    def case_oldsdist(self, is_page, name, times):
        if is_page:
            return self.answer(page(filename="demo-1.0.tar.gz",
                                    sha=hashlib.sha256(OLD_SDIST).hexdigest()))
        self.artifact(OLD_SDIST)

    def case_times(self, is_page, name, times):
        body = json.loads(page(**{"upload-time": "2020-01-01T00:00:00Z"}))
        body["files"].append({"filename": "demo-2.0-py3-none-any.whl", "url": "x.whl",
                              "hashes": {}, "upload-time": "2024-01-01T00:00:00Z"})
        body["files"].append({"filename": "demo-3.0-py3-none-any.whl", "url": "y.whl",
                              "hashes": {}})
        self.answer(json.dumps(body).encode())


release = threading.Event()
http.server.ThreadingHTTPServer.request_queue_size = 64
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lies)
server.daemon_threads = True
server.handle_error = lambda *args: None  # clients that hang up are part of the cases
threading.Thread(target=server.serve_forever, daemon=True).start()
BASE = f"http://127.0.0.1:{server.server_address[1]}"
work = pathlib.Path(tempfile.mkdtemp(prefix="refinery-index-"))
CLEAN = {"PATH": os.environ["PATH"], "HOME": str(work), "PIP_CONFIG_FILE": "/dev/null",
         "TMPDIR": str(work)}


def run(*args, cache="cache", env=CLEAN, timeout=60):
    command = [TOOL, "--quick", "--cache", str(work / cache), *args]
    started = time.monotonic()
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout)
    done.seconds = time.monotonic() - started
    done.out = done.stdout + done.stderr
    return done


def case(name, command, *args, cache=None, env=CLEAN):
    url = f"{BASE}/{name}/simple"
    return run("--index-url", url, *args, command, "demo", cache=cache or f"cache-{name}", env=env)


def check(what, ok, done=None):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what}")
        if done is not None:
            print(f"  exit {done.returncode}, {done.seconds:.1f} s: {done.out.strip()[:1500]}")


def says(what, done, *parts, status=None):
    """All parts stand in the output; no password does; no half file is left in the cache."""
    ok = all(re.search(part, done.out) for part in parts)
    ok = ok and (status is None or done.returncode == status)
    check(what, ok and "s3cret" not in done.out and done.returncode in (0, 1), done)


def leftovers(cache):
    return [p for p in (work / cache).rglob("*") if "download-" in p.name or ".tmp-" in p.name]


# ---- pages ----
done = case("good", "files")
says("JSON page", done, r"project demo releases 1", rf"file {FILE} sha256", status=0)
before = len(Lies.seen)
done = case("good", "files")
says("revalidated by ETag", done, r"releases 1", r"requests 1", status=0)
done = case("good", "files", "--offline")
says("offline from the cache", done, r"releases 1", r"requests 0", status=0)
case("fresh", "files")
says("fresh answers are not asked again", case("fresh", "files"), r"releases 1", r"requests 0",
     status=0)
says("offline and unknown", case("html", "files", "--offline"), r"error \d+ .*offline", status=1)
says("HTML page", case("html", "wheel"), rf"fetched .*{FILE} {SHA}", status=0)
says("login page", case("login", "files"), r"not a page of a package index.*Please sign in",
     status=1)
says("endless redirect", case("loop", "files"), r"error \d+ .*redirect", status=1)
says("redirect to another host", case("elsewhere", "wheel"), rf"fetched .* {SHA}", status=0)
says("redirect to a file", case("tofile", "files"), r"error \d+ ", status=1)
check("redirect to a file gives nothing away", "root:" not in done.out)
says("a page that leads to a file here", case("tolocal", "files"), r"releases 0", status=0)
done = run("--no-index", "--find-links", f"{BASE}/tolocal/simple/demo/", "files", "demo")
says("a page of find-links that does", done, r"nobody knows demo", status=1)
says("503 twice, then fine", case("flaky", "files"), r"releases 1", r"requests 3", status=0)
done = case("dead", "files")
says("always 500", done, r"error \d+ .*500", r"requests 3", status=1)
says("truncated page", case("cutpage", "files"), r"error \d+ ", status=1)
says("no content length", case("nolength", "wheel"), rf"fetched .* {SHA}", status=0)
done = case("stall", "files")
says("stalled page", done, r"error \d+ ", status=1)
check("stalled page ends in time", done.seconds < 12, done)
release.set()
done = case("header", "files")
says("endless header", done, r"error \d+ ", status=1)
says("compression bomb", case("bomb", "files"), r"error \d+ .*(more|larger) than", status=1)
says("no such project", run("--index-url", f"{BASE}/good/simple", "files", "absent"),
     r"error \d+ .*absent", status=1)
done = run("--index-url", "http://me:s3cret@127.0.0.1:9/simple", "files", "demo")
says("unreachable", done, r"error \d+ http://.*127.0.0.1:9/.*(connect|refused)", status=1)
says("unknown host", run("--index-url", "http://no.such.host.invalid/simple", "files", "demo"),
     r"error \d+ .*no.such.host.invalid", status=1)
says("strange scheme", run("--index-url", "gopher://x/simple", "files", "demo"), r"error \d+ ",
     status=1)

# ---- several places ----
done = run("--index-url", f"{BASE}/good/simple", "--extra-index-url", f"{BASE}/html/simple",
           "files", "demo")
says("the first index wins", done, r"releases 1", r"file .*/good/", status=0)
check("and only it", "/html/" not in done.out, done)
says("credentials are redacted",
     run("--index-url", BASE.replace("//", "//me:s3cret@") + "/auth/simple", "files", "demo"),
     r"releases 1", status=0)
says("credentials of the index serve its files",
     run("--index-url", BASE.replace("//", "//me:s3cret@") + "/auth/simple", "wheel", "demo"),
     rf"fetched .* {SHA}", status=0)
says("no credentials", case("auth", "files"), r"error \d+ .*(401|credentials|password)", status=1)
netrc = work / ".netrc"
netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
netrc.chmod(0o600)
says("credentials of .netrc", case("auth", "files", cache="cache-netrc"), r"releases 1", status=0)
netrc.unlink()
says("as of a time", case("times", "files", "--as-of", "2021-01-01T00:00:00Z"),
     r"releases 1 hidden 2", status=0)


# ---- what is kept of a page, ready to look up ----
def listings(cache):
    return list((work / cache / "pages").glob("*.listing"))


others = []
for version in "12":
    says("a page that changed leaves no old listing", case("moving", "files", cache="cache-other"),
         r"releases 1", rf"demo-{version}\.0-", r"requests 1", status=0)
    others += [path.read_bytes() for path in listings("cache-other")]


def damaged(how):
    """The listing of the case is changed; the page answers in its place, which makes it anew."""
    (path,) = listings("cache-fresh")
    whole = path.read_bytes()
    path.write_bytes(how(whole))
    return case("fresh", "files"), path.read_bytes() == whole


fresh = case("fresh", "files")
check("a page leaves a listing", len(listings("cache-fresh")) == 1)
for what, how in {
    "cut": lambda b: b[:-1], "empty": lambda b: b"", "foreign": lambda b: b"\x7fELF" + b[4:],
    "of the same page elsewhere": lambda b: others[0], "of another page": lambda b: others[1], "of another form": lambda b: b[:7] + b"0" + b[8:], "with a flipped bit in its head":
    lambda b: b[:70] + bytes([b[70] ^ 4]) + b[71:], "with a flipped bit in a record":
    lambda b: b[:-9] + bytes([b[-9] ^ 4]) + b[-8:]}.items():
    done, again = damaged(how)
    says(f"a listing {what}", done, r"releases 1", rf"file {FILE} sha256", r"requests 0", status=0)
    check(f"a listing {what} is made anew", again and done.stdout == fresh.stdout, done)
(path,) = listings("cache-fresh")
body = path.with_suffix("")
body.write_bytes(body.read_bytes().replace(b"demo-1.0", b"demo-1.1"))
says("with a listing the page itself is not read", case("fresh", "files"), rf"file {FILE}",
     r"requests 0", status=0)
path.unlink()
says("a damaged page is not answered from", case("fresh", "files", "--offline"), r"error \d+ ",
     status=1)
says("and fetched anew", case("fresh", "files"), rf"file {FILE}", r"requests 1", status=0)
case("renewed", "files")
(path,) = listings("cache-renewed")
kept = path.with_suffix("").stat()
says("an unchanged page", case("renewed", "files"), rf"file {FILE}", r"requests 1", status=0)
check("is not written again", path.with_suffix("").stat().st_ino == kept.st_ino)
says("and is fresh for as long as was said", case("renewed", "files"), rf"file {FILE}",
     r"requests 0", status=0)
path.unlink()
says("its text is whole", case("renewed", "files"), rf"file {FILE}", r"requests 0", status=0)
auth = BASE.replace("//", "//me:s3cret@") + "/auth/simple"
done = run("--index-url", auth, "wheel", "demo", cache="cache-listed")
check("no password is kept", listings("cache-listed") and not [
    p for p in (work / "cache-listed").rglob("*") if p.is_file() and b"s3cret" in p.read_bytes()],
    done)
shutil.rmtree(work / "cache-listed" / "files")
says("a listing's links have the password of now",
     run("--index-url", auth, "wheel", "demo", cache="cache-listed"), rf"fetched .* {SHA}",
     r"requests 1", status=0)

# ---- artifacts ----
done = case("wronghash", "wheel")
says("wrong hash", done, r"error \d+ .*(promised)", status=1)
check("wrong hash leaves nothing", not leftovers("cache-wronghash") and
      not list((work / "cache-wronghash").rglob("*.whl")), done)
says("wrong md5", case("md5", "wheel"), r"error \d+ .*(promised)", status=1)
done = case("truncated", "wheel")
says("truncated artifact", done, r"error \d+ ", status=1)
check("truncated artifact leaves nothing", not leftovers("cache-truncated") and
      not list((work / "cache-truncated").rglob("*.whl")), done)
done = case("climb", "wheel")
check("a name that climbs stays inside", not list(work.rglob("*")) or
      not [p for p in work.rglob("demo-1.0*") if "files" not in str(p)], done)
case("fresh", "wheel")
says("a fetched file is not fetched again", case("fresh", "wheel"), r"fetched", r"requests 0",
     status=0)

# ---- metadata ----
says("metadata beside the wheel", case("meta", "metadata"), r"from file requires 1",
     r"requires beside", status=0)
says("wrong metadata hash", case("wrongmeta", "metadata"), r"error \d+ .*(promised|metadata)",
     status=1)
says("metadata promised and absent", case("nometa", "metadata"), r"from wheel requires 2",
     status=0)
before = len(Lies.seen)
says("metadata by ranges", case("good", "metadata", cache="cache-range"), r"from wheel requires 2",
     r"requests 2", status=0)
says("metadata of a large wheel without ranges", case("large", "metadata"),
     r"from wheel requires 0", status=0)
says("metadata without ranges", case("noranges", "metadata"), r"from wheel requires 2", status=0)
says("static PKG-INFO", case("sdist", "metadata"), r"from pkg-info requires 1", r"requires dep",
     status=0)
says("old PKG-INFO needs the backend", case("oldsdist", "metadata"), r"error \d+ .*backend",
     status=1)

# ---- no network ----
links = work / "links"
links.mkdir()
(links / FILE).write_bytes(WHEEL)
done = run("--no-index", "--find-links", str(links), "metadata", "demo")
says("local files need no network", done, r"from wheel requires 2", r"requests 0", status=0)
says("local file fetched where it lies",
     run("--no-index", "--find-links", links.as_uri(), "wheel", "demo"),
     rf"fetched {links}/{FILE} {SHA}", r"requests 0", status=0)
if shutil.which("strace"):
    trace = work / "trace"
    subprocess.run(["strace", "-f", "-e", "trace=network", "-o", trace, TOOL, "--no-index",
                    "--find-links", str(links), "metadata", "demo"],
                   env={**CLEAN, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True)
    text = trace.read_text()
    check("not one internet socket is opened", "AF_INET" not in text and "exited with 0" in text)
else:
    skipped.append("strace is not here: sockets of a local run were not watched")

# ---- plain transfers ----
urls = [f"{BASE}/fresh/files/{n}" for n in range(40)]
done = run("get", *urls)
check("40 transfers at once", done.stdout.count("got 200") == 40, done)
done = run("get", links.as_uri() + "/" + FILE, (links / "gone").as_uri())
says("file URLs", done, r"got 200", r"error 5 ", r"requests 0", status=1)

# ---- the configured index ----
NAMES = "markupsafe pyyaml msgpack cffi wrapt multidict requests jinja2 click lxml numpy".split()


def real_index():
    env = {**os.environ, "PIP_FIND_LINKS": ""}
    try:
        index = env.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
        urllib.request.urlopen(index + "/click/", timeout=20).read(100)
    except OSError as reason:
        skipped.append(f"the configured index cannot be reached ({reason}): not compared with it")
        return
    command = [TOOL, "--cache", str(work / "real"), "files", *NAMES]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    ours, files = {}, None
    for line in done.stdout.splitlines():
        words = line.split()
        if words[0] == "project":
            files = ours.setdefault(words[1], set())
        elif words[0] == "file":
            files.add(words[1])
    for name in NAMES:
        with urllib.request.urlopen(f"{index}/{name}/", timeout=60) as answer:
            text = answer.read().decode()
        listed = set(re.findall(r">\s*([^<>\s]+\.(?:whl|tar\.gz|zip|tar\.bz2))\s*</a>", text))
        got = ours.get(name, set())
        odd = {f for f in listed - got if not re.search(r"\.(exe|egg|msi|rpm)$|\.win", f)}
        check(f"{name}: {len(got)} candidates as listed", got and got <= listed and
              len(odd) * 50 <= len(listed))
        if odd:
            print(f"  {name}: not taken: {' '.join(sorted(odd)[:5])}")
    started = time.monotonic()
    command[-len(NAMES) - 1] = "metadata"
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    check("metadata of all", done.returncode == 0 and done.stdout.count("metadata ") == len(NAMES))
    print(f"metadata of {len(NAMES)} releases, cold: {time.monotonic() - started:.2f} s, "
          f"{done.stdout.splitlines()[-1]}")
    again = subprocess.run(command, env=env, capture_output=True, text=True)
    check("all from the cache", "requests 0" in again.stdout)


try:
    real_index()
finally:
    shutil.rmtree(work)
for line in skipped:
    print(f"skipped: {line}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
