#!/usr/bin/env python3
"""Whole runs against indexes of this machine: their order, passwords, netrc, proxies, certificates,
yanked releases, times, releases without an sdist, direct URLs. usage: run_network.py [part...]"""
import base64
import datetime
import email.utils
import hashlib
import http.server
import json
import os
import select
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import made
import whole

PURE = "py3-none-any.whl"
ENV = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and not k.startswith("PIP_")}
ENV["PIP_CONFIG_FILE"] = "/dev/null"
HOUR = datetime.timedelta(hours=1)
NOW = datetime.datetime.now(datetime.timezone.utc)


def stamp(ago):
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


class Index(http.server.ThreadingHTTPServer):
    """An index of the files given: {project: [(filename, bytes, more of its entry)]}."""
    daemon_threads = True

    def __init__(self, projects, user=None, context=None, clock=0, times=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.projects, self.user, self.clock, self.times = projects, user, clock, times
        self.seen = []
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https" if context else "http"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *args):
        pass

    @property
    def port(self):
        return self.server_address[1]

    def url(self, user="", host="127.0.0.1"):
        return f"{self.scheme}://{user}{host}:{self.port}/simple"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + self.server.clock, usegmt=True)

    def answer(self, body, status=200, kind="application/octet-stream", **more):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for key, value in more.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        server = self.server
        server.seen.append(self.path)
        if server.user:
            wanted = "Basic " + base64.b64encode(server.user.encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self.answer(b"", 401, WWW_Authenticate='Basic realm="x"')
        _, kind, name, *_ = self.path.split("/")
        if kind == "files":
            for files in server.projects.values():
                for filename, data, _ in files:
                    if filename == name:
                        return self.answer(data)
        if kind != "simple" or name not in server.projects:
            return self.answer(b"", 404)
        files = []
        for filename, data, more in server.projects[name]:
            entry = {"filename": filename, "url": f"../../files/{filename}", "size": len(data),
                     "hashes": {"sha256": hashlib.sha256(data).hexdigest()}, **more}
            if server.times and "upload-time" not in entry:
                entry["upload-time"] = "2020-01-01T00:00:00Z"
            files.append(entry)
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": files, "versions": []}
        return self.answer(json.dumps(page).encode(), kind="application/vnd.pypi.simple.v1+json")


class Proxy(socketserver.ThreadingTCPServer):
    """CONNECT for https, whole URLs for http; with a password when one is given."""
    daemon_threads = allow_reuse_address = True

    def __init__(self, user=None):
        super().__init__(("127.0.0.1", 0), Relay)
        self.user, self.seen = user, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Relay(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode().split()
        headers = {}
        while (text := self.rfile.readline().decode().strip()):
            key, _, value = text.partition(":")
            headers[key.lower()] = value.strip()
        if len(line) < 3:
            return
        self.server.seen.append(" ".join(line[:2]))
        if self.server.user and headers.get("proxy-authorization") != "Basic " + \
                base64.b64encode(self.server.user.encode()).decode():
            self.wfile.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if line[0] == "CONNECT":
            host, _, port = line[1].rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                self.pump(far)
            return
        host, _, path = line[1].removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        keep = {k: v for k, v in headers.items() if not k.startswith("proxy-") and k != "connection"}
        with socket.create_connection((name, int(port or 80))) as far:
            far.sendall((f"{line[0]} /{path} HTTP/1.1\r\n" + "".join(
                f"{k}: {v}\r\n" for k, v in keep.items()) + "Connection: close\r\n\r\n").encode())
            self.pump(far)

    def pump(self, far):
        ends = {self.connection: far, far: self.connection}
        while True:
            for side in select.select(list(ends), [], [], 30)[0] or [None]:
                data = side.recv(65536) if side else b""
                if not data:
                    return
                ends[side].sendall(data)


def wheel(name, version="1.0", tag="py3-none-any", requires=(), **more):
    return f"{name}-{version}-{tag}.whl", made.wheel_bytes(name, version, tag=tag,
                                                           requires=requires), more


def source(name, version="1.0", body=None, **more):
    data = made.in_tree(name, body, version) if body else made.in_tree(name, version=version)
    return f"{name}-{version}.tar.gz", data, more


def need(world, text):
    return world.folder({"r.txt": text}) / "r.txt"


def go(world, text, *words, env=None, cache=None):
    return world.run("-r", need(world, text), *words, local=False, env={**ENV, **(env or {})},
                     cache=cache)


def part_order(world):
    """The first index that knows a name is the only one for it, whatever the others offer."""
    own = Index({"inner": [wheel("inner")], "both": [wheel("both", "1.0")]})
    world_wide = Index({"both": [wheel("both", "9.0")], "inner": [wheel("inner", "9.9")],
                        "outer": [wheel("outer")]})
    result = go(world, "inner\nboth\nouter\n", "--index-url", own.url(), "--extra-index-url",
                world_wide.url())
    world.check("the first index that knows a name wins", result.status == 0 and
                {n: p["version"] for n, p in result.packages.items()} ==
                {"inner": "1.0", "both": "1.0", "outer": "1.0"}, result)
    world.check("and the second is not even asked for it", not any(
        "inner" in path or "both" in path for path in world_wide.seen), None, str(world_wide.seen))
    result = go(world, f"--index-url {own.url()}\n--extra-index-url {world_wide.url()}\nouter\n")
    world.check("indexes of a requirements file", result.status == 0, result)


def part_access(world):
    index = Index({"lib": [wheel("lib"), ], "src": [source("src")]}, user="me:hunter2")
    bad = go(world, "lib\n", "--index-url", index.url())
    world.sentence("no password", bad, 3, "401", "netrc")
    good = go(world, "lib\nsrc\n", "--index-url", index.url("me:hunter2@"))
    world.check("a password in the URL, for pages and for files in slots", good.status == 0 and
                len(good.delivered()) == 2, good)
    netrc = world.dir / "passwords"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    good = go(world, "lib\nsrc\n", "--index-url", index.url(), env={"NETRC": str(netrc)},
              cache=world.make_cache("netrc"))
    world.check("a password in netrc, for pages and for files in slots", good.status == 0 and
                len(good.delivered()) == 2, good)
    world.check("passwords stay out of what is handed on", not any(
        b"hunter2" in f.read_bytes() for f in good.out.iterdir()), good)
    lib = wheel("lib")
    other = Index({"lib": [lib]})
    go(world, "lib\n", "--index-url", index.url("me:hunter2@"), "--extra-index-url", other.url())
    world.check("a direct URL", go(world, f"lib @ http://127.0.0.1:{other.port}/files/lib-1.0-{PURE}\n",
                                   "--index-url", other.url()).delivered() == [f"lib-1.0-{PURE}"])
    digest = hashlib.sha256(lib[1]).hexdigest()
    url = f"http://127.0.0.1:{other.port}/files/lib-1.0-{PURE}"
    world.check("with its digest", go(world, f"lib @ {url}#sha256={digest}\n", "--index-url",
                                      other.url()).status == 0)
    world.sentence("with another one", go(world, f"lib @ {url}#sha256={'0' * 64}\n", "--index-url",
                                          other.url()), 1, "sha-256", "promised")


def part_proxy(world):
    index = Index({"lib": [wheel("lib")], "src": [source("src")]})
    proxy = Proxy()
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    result = go(world, "lib\nsrc\n", "--index-url", index.url(), "--proxy", address,
                cache=world.make_cache("proxy"))
    asked = {line for line in proxy.seen if "/files/" in line}
    world.check("--proxy carries pages and what slots fetch", result.status == 0 and
                len(asked) == 2 and any("/simple/" in line for line in proxy.seen), result,
                str(proxy.seen))
    proxy.seen.clear()
    result = go(world, "lib\n", "--index-url", index.url(), env={"http_proxy": address},
                cache=world.make_cache("proxyenv"))
    world.check("http_proxy does too", result.status == 0 and proxy.seen, result)
    proxy.seen.clear()
    result = go(world, "lib\n", "--index-url", index.url(), cache=world.make_cache("noproxy"),
                env={"http_proxy": address, "no_proxy": "127.0.0.1"})
    world.check("no_proxy goes around it", result.status == 0 and not proxy.seen, result)
    guarded = Proxy("p:s3same")
    where = f"127.0.0.1:{guarded.server_address[1]}"
    result = go(world, "lib\n", "--index-url", index.url(), "--proxy", f"http://p:s3same@{where}",
                cache=world.make_cache("proxyauth"))
    world.check("a proxy with a password", result.status == 0 and guarded.seen, result)
    world.check("which is not handed on", not any(
        b"s3same" in f.read_bytes() for f in result.out.iterdir()), result)
    result = go(world, "lib\n", "--index-url", index.url(), "--proxy", f"http://{where}",
                cache=world.make_cache("proxyrefused"))
    world.sentence("a proxy that refuses", result, 3, "407")
    result = go(world, "lib\n", "--index-url", index.url(), "--proxy", "http://127.0.0.1:9",
                cache=world.make_cache("proxydead"))
    world.sentence("a proxy that is not there", result, 3, "proxy")


def openssl(folder, *words):
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


def certificates(world):
    """A CA, a server's certificate, one that is not valid yet, and one for clients."""
    folder = world.dir / "tls"
    folder.mkdir()
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    (folder / "index.txt").touch()
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\n"
        "policy=p\ndefault_md=sha256\nunique_subject=no\n[p]\ncommonName=supplied\n")
    (folder / "serial").write_text("10\n")
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", "/CN=test CA", "-days", "3650")
    for name in ("server", "client", "future"):
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN={name}")
        start = "20200101000000Z" if name != "future" else (NOW + 9000 * HOUR).strftime(
            "%Y%m%d%H%M%SZ")
        openssl(folder, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                "-in", f"{name}.csr", "-out", f"{name}.crt", "-startdate", start, "-enddate",
                (NOW + 20000 * HOUR).strftime("%Y%m%d%H%M%SZ"), "-extfile", "ext", "-notext")
        (folder / f"{name}.pem").write_text((folder / f"{name}.key").read_text() +
                                            (folder / f"{name}.crt").read_text())
    return folder


def part_tls(world):
    tls = certificates(world)

    def context(name, clients=False):
        made_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made_context.load_cert_chain(tls / f"{name}.pem")
        if clients:
            made_context.load_verify_locations(tls / "ca.pem")
            made_context.verify_mode = ssl.CERT_REQUIRED
        return made_context
    files = {"lib": [wheel("lib")], "src": [source("src")]}
    index = Index(files, context=context("server"))
    world.sentence("a certificate of an unknown CA", go(world, "lib\n", "--index-url", index.url()),
                   3, "certificate", "--trusted-host")
    good = go(world, "lib\nsrc\n", "--index-url", index.url(), "--cert", tls / "ca.pem",
              cache=world.make_cache("cert"))
    world.check("--cert, for pages and in slots", good.status == 0 and len(good.delivered()) == 2,
                good)
    good = go(world, "lib\nsrc\n", "--index-url", index.url(), "--trusted-host",
              f"127.0.0.1:{index.port}", cache=world.make_cache("trusted"))
    world.check("--trusted-host", good.status == 0 and len(good.delivered()) == 2, good)
    good = go(world, f"--trusted-host 127.0.0.1\n--index-url {index.url()}\nlib\nsrc\n",
              cache=world.make_cache("trustedfile"))
    world.check("--trusted-host of a requirements file", good.status == 0 and
                len(good.delivered()) == 2, good)
    world.sentence("another host is not trusted for it",
                   go(world, "lib\n", "--index-url", index.url(), "--trusted-host", "localhost",
                      cache=world.make_cache("other")), 3, "certificate")
    proxy = Proxy()
    good = go(world, "lib\n", "--index-url", index.url(), "--cert", tls / "ca.pem", "--proxy",
              f"http://127.0.0.1:{proxy.server_address[1]}", cache=world.make_cache("connect"))
    world.check("https through a proxy is CONNECTed", good.status == 0 and
                f"CONNECT 127.0.0.1:{index.port}" in proxy.seen, good, str(proxy.seen))
    closed = Index(files, context=context("server", clients=True))
    bad = go(world, "lib\n", "--index-url", closed.url(), "--cert", tls / "ca.pem",
             cache=world.make_cache("noclient"))
    world.check("no client certificate", bad.status == 3 and not bad.delivered(), bad)
    good = go(world, "lib\nsrc\n", "--index-url", closed.url(), "--cert", tls / "ca.pem",
              "--client-cert", tls / "client.pem", cache=world.make_cache("client"))
    world.check("--client-cert, for pages and in slots", good.status == 0 and
                len(good.delivered()) == 2, good)
    future = Index(files, context=context("future"))
    world.sentence("a certificate of the future: the clock is named",
                   go(world, "lib\n", "--index-url", future.url(), "--cert", tls / "ca.pem",
                      cache=world.make_cache("future")), 3, "not yet valid", "clock")


def part_choice(world):
    """Yanked releases, Requires-Python, times."""
    week = datetime.timedelta(days=7)
    index = Index({
        "lib": [wheel("lib", "1.0", **{"upload-time": stamp(50 * week)}),
                wheel("lib", "2.0", **{"upload-time": stamp(10 * week)}),
                wheel("lib", "3.0", **{"upload-time": stamp(week), "yanked": "broken wheel"}),
                wheel("lib", "4.0", **{"requires-python": ">=3.12", "upload-time": stamp(week)})],
        "young": [wheel("young", **{"upload-time": stamp(week)})]})
    words = ("--index-url", index.url())
    result = go(world, "lib\n", *words)
    world.check("neither the yanked nor the one for another Python",
                result.packages["lib"]["version"] == "2.0", result)
    result = go(world, "lib==3.0\n", *words)
    world.check("a yanked one by its exact version, and its reason", result.status == 0 and
                "broken wheel" in result.packages["lib"]["version_why"], result)
    world.sentence("the other Python by its version", go(world, "lib==4.0\n", *words), 4, "3.12")
    result = go(world, "lib\n", *words, "--as-of", stamp(20 * week))
    world.check("--as-of", result.packages["lib"]["version"] == "1.0", result)
    result = go(world, "lib\n", *words, "--min-release-age", "20w")
    world.check("--min-release-age", result.packages["lib"]["version"] == "1.0", result)
    world.sentence("--as-of before it was there", go(world, "young\n", *words, "--as-of",
                                                     stamp(20 * week)), 4, "young",
                   "left out by --as-of")
    silent = Index({"lib": [wheel("lib")]}, times=False)
    result = go(world, "lib\n", "--index-url", silent.url(), "--as-of", stamp(week))
    world.sentence("an index without upload times", result, 4, "PEP 700", str(silent.port))
    for clock, word in ((400 * 24 * 3600, "behind"), (-400 * 24 * 3600, "ahead of")):
        off = Index({"lib": [wheel("lib")]}, clock=clock)
        result = go(world, "lib\n", "--index-url", off.url())
        world.check(f"a clock that is {word} is told, and nothing lost", result.status == 0 and
                    f"hours {word}" in result.text, result)


def part_missing(world):
    """Wheels for others and no sdist yet: to be retried later; past a day it cannot be had."""
    x86 = "cp311-cp311-manylinux_2_17_x86_64"
    index = Index({
        "new": [wheel("new", "2.0", x86, **{"upload-time": stamp(HOUR)})],
        "both": [wheel("both", "1.0"), wheel("both", "2.0", x86, **{"upload-time": stamp(HOUR)})],
        "old": [wheel("old", "1.0", x86, **{"upload-time": stamp(48 * HOUR)})],
        "user": [wheel("user", requires=["new"])], "good": [wheel("good")]})
    words = ("--index-url", index.url())
    result = go(world, "new==2.0\nuser\ngood\n", *words)
    states = {n: p["status"] for n, p in result.packages.items()}
    world.check("missing, not failed, and the others are delivered", result.status == 1 and
                states["new"] == "missing" and states["good"] == "reused" and
                result.delivered() == [f"good-1.0-{PURE}"], result, str(states))
    world.check("with what to do", "retry later" in result.packages["new"]["why"] and
                "new" in result.packages["user"]["why"], None, str(result.packages["user"]))
    result = go(world, "both\n", *words)
    world.check("an older release that can be had is taken, and it says why", result.status == 0 and
                result.packages["both"]["version"] == "1.0" and
                "no source distribution yet" in result.packages["both"]["version_why"], result,
                str(result.packages))
    world.sentence("past the day", go(world, "old==1.0\n", *words), 4, "old", "source distribution")
    world.sentence("--await-sdist 0", go(world, "new==2.0\n", *words, "--await-sdist", "0"), 4,
                   "new", "source distribution")
    index.projects["new"].append(source("new", "2.0"))
    late = go(world, "new==2.0\n", *words, cache=world.make_cache("late"))
    world.check("once it is there it is built", late.status == 0 and
                late.packages["new"]["status"] == "built", late)


def part_fallback(world):
    x86 = "cp311-cp311-manylinux_2_17_x86_64"
    index = Index({
        "gone": [wheel("gone", "1.0"), wheel("gone", "2.0", x86), wheel("gone", "3.0")],
        "breaks": [source("breaks", "1.0"),
                   source("breaks", "2.0", "raise RuntimeError('does not build')"),
                   source("breaks", "3.0", "raise RuntimeError('nor this')")],
        "alone": [source("alone", "1.0", "raise RuntimeError('never')")]})
    words = ("--index-url", index.url(), "--max-attempts", "1")
    world.sentence("without it", go(world, "gone==2.0\n", *words), 4, "gone")
    result = go(world, "gone==2.0\n", *words, "--fallback-latest")
    world.check("neither wheel nor sdist: the newest", result.status == 0 and
                result.packages["gone"]["version"] == "3.0" and
                "fallback" in result.packages["gone"]["version_why"] and
                "gone==2.0" in result.packages["gone"]["version_why"], result, str(result.packages))
    limit = need(world, "gone<3\n")
    result = go(world, "gone==2.0\n", *words, "--fallback-latest", "-c", limit)
    world.check("inside the constraints", result.packages["gone"]["version"] == "1.0", result)
    result = go(world, "breaks==2.0\n", *words, "--fallback-latest")
    package = result.packages.get("breaks", {})
    world.check("what cannot be built: the newest that can", result.status == 0 and
                package.get("version") == "1.0" and "could not be built" in package["version_why"] and
                result.delivered() == [f"breaks-1.0-{PURE}"], result, str(package))
    result = go(world, "alone==1.0\n", *words, "--fallback-latest")
    world.sentence("where nothing else is", result, 1, "no other version fits")
    world.check("its failure stands in the manifest", result.packages["alone"]["status"] == "failed"
                and "never" in result.packages["alone"]["why"], result)


PARTS = {"order": part_order, "access": part_access, "proxy": part_proxy, "tls": part_tls,
         "choice": part_choice, "missing": part_missing, "fallback": part_fallback}


if __name__ == "__main__":
    whole.run_parts(PARTS)
