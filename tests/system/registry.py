"""Images and registries for tests: layers out of Python, pushed to a real docker-registry through
the distribution API, and a registry that lies in every way its path names."""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import socket
import subprocess
import tarfile
import threading
import urllib.request

OCI = "application/vnd.oci.image."
TOKEN = "a-token-of-the-test"
# "user" with the password "secret", as htpasswd -B writes it.
HTPASSWD = "user:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_of(files):
    """A gzip layer: path -> bytes, ("l", target) for a link, None for a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, what in files.items():
            member = tarfile.TarInfo(path)
            if what is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            elif isinstance(what, tuple):
                member.type, member.linkname = tarfile.SYMTYPE, what[1]
                archive.addfile(member)
            else:
                member.size, member.mode = len(what), 0o755
                archive.addfile(member, io.BytesIO(what))
    return gzip.compress(out.getvalue(), 1, mtime=0)


def layer_of_tree(root, rename=lambda path: path):
    """A gzip layer of a directory; `rename` gives another path, or None to leave one out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for folder, folders, names in os.walk(root):
            for name in sorted(folders) + sorted(names):
                path = os.path.join(folder, name)
                inside = rename(os.path.relpath(path, root))
                if inside:
                    archive.add(path, inside, recursive=False)
    return out.getvalue()


class Image:
    """Blobs and manifest of one image."""

    def __init__(self, layers, architecture, typed=True):
        config = json.dumps({"architecture": architecture, "os": "linux", "config": {},
                             "rootfs": {"type": "layers", "diff_ids": [
                                 digest_of(gzip.decompress(layer)) for layer in layers]}}).encode()
        self.architecture, self.layers = architecture, layers
        self.blobs = [config, *layers]
        manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": {"mediaType": OCI + "config.v1+json", "digest": digest_of(config),
                               "size": len(config)},
                    "layers": [{"mediaType": OCI + "layer.v1.tar+gzip", "digest": digest_of(layer),
                                "size": len(layer)} for layer in layers]}
        if not typed:
            del manifest["mediaType"]
        self.manifest = json.dumps(manifest).encode()
        self.digest = digest_of(self.manifest)


def archive_of(image, name, lie=lambda path, data: data):
    """The image as an OCI archive: what podman loads and engines save."""
    members = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps({
        "schemaVersion": 2, "manifests": [{
            "mediaType": OCI + "manifest.v1+json", "digest": image.digest,
            "size": len(image.manifest),
            "annotations": {"org.opencontainers.image.ref.name": name}}]}).encode()}
    for blob in (*image.blobs, image.manifest):
        members["blobs/sha256/" + digest_of(blob)[7:]] = blob
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, data in members.items():
            data = lie(path, data)
            if data is not None:
                member = tarfile.TarInfo(path)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def index_of(images, claims=None):
    entries = [{"mediaType": OCI + "manifest.v1+json", "digest": image.digest,
                "size": len(image.manifest),
                "platform": {"os": "linux", "architecture": (claims or {}).get(
                    image.architecture, image.architecture)}} for image in images]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                       "manifests": entries}).encode()


class Registry:
    """A real docker-registry on a free loopback port; with `htpasswd` it asks for a login."""

    def __init__(self, work, htpasswd=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.name = f"127.0.0.1:{self.port}"
        config = {"version": "0.1", "log": {"level": "info"},
                  "storage": {"filesystem": {"rootdirectory": os.path.join(work, "blobs")}},
                  "http": {"addr": self.name}}
        if htpasswd:
            with open(os.path.join(work, "htpasswd"), "w") as out:
                out.write(htpasswd)
            config["auth"] = {"htpasswd": {"realm": "test",
                                           "path": os.path.join(work, "htpasswd")}}
        path = os.path.join(work, "registry.yml")
        with open(path, "w") as out:
            json.dump(config, out)  # JSON is YAML
        self.basic = base64.b64encode(b"user:secret").decode() if htpasswd else None
        self.process = subprocess.Popen(["docker-registry", "serve", path],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                break
        else:
            raise SystemExit("docker-registry does not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def send(self, method, path, data=None, kind="application/octet-stream"):
        url = path if path.startswith("http") else f"http://{self.name}/v2/{path}"
        request = urllib.request.Request(url, data, {"Content-Type": kind}, method=method)
        if self.basic:
            request.add_header("Authorization", "Basic " + self.basic)
        return urllib.request.urlopen(request)

    def put_manifest(self, repository, tag, manifest):
        kind = json.loads(manifest).get("mediaType", OCI + "manifest.v1+json")
        self.send("PUT", f"{repository}/manifests/{tag}", manifest, kind)

    def push(self, repository, tag, image):
        for blob in image.blobs:
            place = self.send("POST", f"{repository}/blobs/uploads/", b"").headers["Location"]
            joint = "&" if "?" in place else "?"
            self.send("PUT", f"{place}{joint}digest={digest_of(blob)}", blob)
        self.put_manifest(repository, tag, image.manifest)

    def push_index(self, repository, tag, images, claims=None):
        for image in images:
            self.push(repository, image.digest, image)
        self.put_manifest(repository, tag, index_of(images, claims))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Lies(http.server.BaseHTTPRequestHandler):
    """/v2/<lie>/manifests/<tag>, /v2/<lie>/blobs/<digest>: the name of the repository is the lie."""
    protocol_version = "HTTP/1.1"
    image, asked, turns = None, [], {}

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self, body, promised):
        self.send_response(200)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = True

    def endless(self):
        self.send_response(200)
        self.send_header("Content-Type", OCI + "manifest.v1+json")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b" " * 65536)
        except OSError:
            pass

    def do_GET(self):
        allowed = self.headers.get("Authorization")
        Lies.asked.append((self.path, allowed))
        here = f"http://127.0.0.1:{self.server.server_address[1]}"
        if self.path.startswith("/token"):
            if allowed == "Basic " + base64.b64encode(b"user:secret").decode():
                return self.answer(json.dumps({"token": TOKEN}).encode())
            return self.answer(b"{}", 401)
        match = re.fullmatch(r"/v2/([a-z-]+)/(manifests|blobs)/([^/]+)", self.path)
        if not match:
            return self.answer(b"{}", 404)
        lie, kind, name = match.groups()
        if lie.startswith("token") and allowed != f"Bearer {TOKEN}":
            realm = "http://u:p@127.0.0.1:1/token" if lie == "token-trap" else here + "/token"
            return self.answer(b"{}", 401, WWW_Authenticate=f'Bearer realm="{realm}",'
                               f'service="test",scope="repository:{lie}:pull"')
        if lie == "login-loop":
            return self.answer(b"{}", 401, WWW_Authenticate='Basic realm="again"')
        if lie == "redirect-loop":
            return self.answer(b"", 302, Location=self.path)
        return self.manifest(lie, name) if kind == "manifests" else self.blob(lie, name)

    def manifest(self, lie, name):
        image = Lies.image
        if lie == "endless-manifest":
            return self.endless()
        if lie == "sign-in":
            return self.answer(b"<html>Please sign in</html>", kind="text/html")
        if lie == "other-manifest" and name.startswith("sha256:"):
            return self.answer(image.manifest + b"\n", kind=OCI + "manifest.v1+json")
        if lie == "huge-layer":
            told = json.loads(image.manifest)
            told["layers"][0]["size"] = 1 << 50
            return self.answer(json.dumps(told).encode())
        return self.answer(image.manifest, kind=OCI + "manifest.v1+json")

    def blob(self, lie, name):
        blob = next((one for one in Lies.image.blobs if digest_of(one) == name), None)
        if blob is None:
            return self.answer(b"{}", 404)
        if blob is Lies.image.blobs[0]:  # its config is what it should be
            return self.answer(blob)
        if lie == "wrong-bytes":
            return self.answer(bytes([blob[0] ^ 1]) + blob[1:])
        if lie == "longer":
            return self.answer(blob + b"x")
        if lie == "short":
            return self.answer(blob[:-1])
        if lie == "cut-for-ever":
            return self.cut(blob[:50], len(blob))
        if lie == "cut-once":
            turn = Lies.turns[lie] = Lies.turns.get(lie, 0) + 1
            return self.cut(blob[:50], len(blob)) if turn == 1 else self.answer(blob)
        if lie == "token-elsewhere" and Lies.elsewhere:
            return self.answer(b"", 307, Location=f"{Lies.elsewhere}{self.path}".replace(
                "token-elsewhere", "plain"))
        return self.answer(blob)


Lies.elsewhere = None


def lie():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lies)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
