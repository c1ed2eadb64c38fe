"""Frozen indexes: directories of PEP 691 pages with PEP 658 metadata beside the files, that file: URLs
and any web server of static files serve alike."""
import functools
import hashlib
import http.server
import json
import pathlib
import threading


def write(folder, releases, uploads=True):
    """releases: dicts with filename, name, data (bytes, or None: only its metadata exists), metadata (bytes,
    or None), and members of the page's file objects (yanked, requires-python, upload-time). Pages are
    folder/simple/NAME/index.json, files lie in folder/files."""
    folder = pathlib.Path(folder)
    (folder / "files").mkdir(parents=True, exist_ok=True)
    pages = {}
    for release in releases:
        release = dict(release)
        name, data, metadata = release.pop("name"), release.pop("data"), release.pop("metadata")
        said = data if data is not None else release["filename"].encode() + (metadata or b"")
        entry = {"url": f"../../files/{release['filename']}",
                 "hashes": {"sha256": hashlib.sha256(said).hexdigest()}, "size": len(said), **release}
        if uploads:
            entry.setdefault("upload-time", "2025-01-01T00:00:00Z")
        if data is not None:
            (folder / "files" / release["filename"]).write_bytes(data)
        if metadata is not None:
            (folder / "files" / (release["filename"] + ".metadata")).write_bytes(metadata)
            entry["core-metadata"] = {"sha256": hashlib.sha256(metadata).hexdigest()}
        pages.setdefault(name, []).append(entry)
    for name, files in pages.items():
        page = folder / "simple" / name / "index.json"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files,
                                    "versions": sorted({f["filename"].split("-")[1] for f in files})}))
    return (folder / "simple").as_uri() + "/"


class Server(http.server.SimpleHTTPRequestHandler):
    """A directory's index.json is its page, as the type that the Simple API asks for."""
    protocol_version = "HTTP/1.1"
    asked = None  # a list, where requests are counted

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.asked is not None:
            self.asked.append(self.path)
        path = pathlib.Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.json"
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        page = path.name == "index.json"
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json" if page
                         else "application/octet-stream")
        if page:
            self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET


def serve(folder, asked=None):
    """(server, URL of its root); the caller shuts it down."""
    handler = type("Frozen", (Server,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"
