"""What the tests of whole runs feed the program with: sdists, wheels and an index that lies,
all made here with the standard library."""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import tarfile
import threading
import zipfile


def metadata(name, version="1.0", requires=()):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    return "\n".join(lines) + "\n"


def put(archive, path, data):
    """A member without the time of day: the same wheel made twice has the same digest."""
    info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
    info.compress_type = archive.compression
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


def wheel_bytes(name, version="1.0", files=None, tag="py3-none-any", requires=(), text=None,
                info_name=None):
    """A wheel with a correct RECORD; `text` replaces METADATA, None in `files` leaves one out."""
    out = io.BytesIO()
    info = f"{info_name or name}-{version}.dist-info"
    all_files = {f"{name}/__init__.py": b"", **(files or {})}
    all_files[f"{info}/METADATA"] = text or metadata(name, version, requires).encode()
    pure = "true" if tag.endswith("-any") else "false"
    all_files[f"{info}/WHEEL"] = (f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\n"
                                  f"Tag: {tag}\n").encode()
    record = ""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in all_files.items():
            if data is None:
                continue
            put(archive, path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(data)}\n"
        put(archive, f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return out.getvalue()


def tree_bytes(top, files, members=()):
    """Every file below one folder, as a tar.gz; `members` are entries without data."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(data)
            member.mode = 0o755 if data.startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(data))
        for member in members:
            archive.addfile(member)
    return gzip.compress(out.getvalue(), mtime=0)


def sdist_bytes(name, version="1.0", files=None, requires=(), members=()):
    """Its PKG-INFO is final (2.2) unless `files` has another; `members` are entries without data."""
    all_files = {"PKG-INFO": metadata(name, version, requires).replace("2.1", "2.2", 1),
                 **(files or {})}
    return tree_bytes(f"{name}-{version}", all_files, members)


BACKEND = '''
import base64, hashlib, os, sys, zipfile
NAME, VERSION = {name!r}, {version!r}
METADATA = {metadata!r}
def write(directory, files, name=None, tag="py3-none-any"):
    name = name or NAME
    info = f"{{name}}-{{VERSION}}.dist-info"
    files = dict(files)
    files[info + "/METADATA"] = METADATA.replace(f"Name: {{NAME}}", f"Name: {{name}}")
    pure = "true" if tag.endswith("-any") else "false"
    files[info + "/WHEEL"] = f"Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: {{pure}}\\nTag: {{tag}}\\n"
    record = ""
    path = f"{{name}}-{{VERSION}}-{{tag}}.whl"
    with zipfile.ZipFile(os.path.join(directory, path), "w") as archive:
        for member, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            archive.writestr(member, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{{member}},sha256={{digest}},{{len(data)}}\\n"
        archive.writestr(info + "/RECORD", record + info + "/RECORD,,\\n")
    return path
def build_wheel(directory, config_settings=None, metadata_directory=None):
'''


def in_tree(name, body='return write(directory, {NAME + "/__init__.py": "VALUE = 1\\n"})',
            version="1.0", requires=(), build_requires=(), before="", told=True, members=()):
    """An sdist whose own backend runs `body` as build_wheel(directory, ...); it alone says what the
    package needs when not `told`."""
    text = BACKEND.format(name=name, version=version, metadata=metadata(name, version, requires))
    text += "".join(f"    {line}\n" for line in body.splitlines()) + before
    project = (f"[build-system]\nrequires = {json.dumps(list(build_requires))}\n"
               'build-backend = "backend"\nbackend-path = ["."]\n')
    files = {"pyproject.toml": project, "backend.py": text}
    if not told:
        files["PKG-INFO"] = metadata(name, version)
    return sdist_bytes(name, version, files, requires, members)


def c_extension(name, setup_before="", macros="[]", code="1", init="", version="1.0"):
    """A setuptools sdist with one C extension module <name>._c with the constant VALUE."""
    source = f'''#include <Python.h>
static struct PyModuleDef d = {{PyModuleDef_HEAD_INIT, "_c", NULL, -1, NULL}};
PyMODINIT_FUNC PyInit__c(void)
{{
    PyObject *m = PyModule_Create(&d);
    PyModule_AddIntConstant(m, "VALUE", {code});
    return m;
}}
'''
    setup = f'''{setup_before}
from setuptools import setup, Extension
setup(name="{name}", version="{version}", packages=["{name}"],
      ext_modules=[Extension("{name}._c", ["{name}/_c.c"], define_macros={macros})])
'''
    return sdist_bytes(name, version, {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'
                          'build-backend = "setuptools.build_meta"\n',
        "setup.py": setup, f"{name}/_c.c": source,
        f"{name}/__init__.py": f"from ._c import VALUE\n{init}\n"})


class Index(http.server.BaseHTTPRequestHandler):
    """/<case>/simple/lie/ is the page of a case, /<case>/files/<name> its file."""
    protocol_version = "HTTP/1.1"
    name = "lie-1.0-py3-none-any.whl"

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, kind="application/vnd.pypi.simple.v1+json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def page(self, sha):
        entry = {"filename": self.name, "url": f"../../files/{self.name}",
                 "hashes": {"sha256": sha}}
        return json.dumps({"meta": {"api-version": "1.0"}, "name": "lie",
                           "files": [entry]}).encode()

    def do_GET(self):
        _, case, kind, *rest = self.path.split("/")
        wheel = wheel_bytes("lie", files={"lie/case.txt": case.encode()})
        good = hashlib.sha256(wheel).hexdigest()
        if case == "loop":
            return self.answer(b"", 302, Location=self.path)
        if kind == "simple" and rest[0] != "lie":
            return self.answer(b"", 404)
        if kind == "simple":
            if case == "login":
                return self.answer(b"<html><title>Please sign in</title><form><input name=u></form>",
                                   kind="text/html")
            return self.answer(self.page("0" * 64 if case == "hash" else good))
        if case == "short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(wheel)))
            self.end_headers()
            self.wfile.write(wheel[:300])
            self.wfile.flush()
            self.close_connection = True
            return None
        return self.answer(wheel, kind="application/octet-stream")


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"
