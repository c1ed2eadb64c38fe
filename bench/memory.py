"""The most memory that each process of a run had, and large things to run it on."""
import base64
import glob
import hashlib
import io
import os
import subprocess
import tarfile
import threading
import time
import zipfile


def descendants(pid):
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in map(int, file.read().split()):
                    yield child
                    yield from descendants(child)
    except OSError:  # it ended meanwhile
        return


def note(pid, peaks):
    """VmHWM is the peak since the process began: only what ends between two looks is missed."""
    try:
        with open(f"/proc/{pid}/status") as file:
            peak = [int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM")]
        name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        with open(f"/proc/{pid}/cmdline") as file:
            words = file.read().split("\0")
    except OSError:
        return
    if name == "refinery":
        name += " " + next((word for word in words[1:] if word and not word.startswith("-")), "")
    if peak:
        peaks[name] = max(peaks.get(name, 0), peak[0])


def watched(argv, log):
    """(seconds, {"refinery run": MB, ...}) of a command and all that it starts; it must succeed."""
    peaks, started = {}, time.perf_counter()
    with open(log, "wb") as out:
        child = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=subprocess.STDOUT)
    ended = threading.Event()
    threading.Thread(target=lambda: (child.wait(), ended.set()), daemon=True).start()
    while not ended.wait(0.01):
        for pid in [child.pid, *descendants(child.pid)]:
            note(pid, peaks)
    seconds = time.perf_counter() - started
    if child.returncode:
        with open(log, "rb") as file:
            raise RuntimeError(f"{argv}: status {child.returncode}: {file.read()[-800:].decode(errors='replace')}")
    return seconds, peaks


def large_wheel(folder, megabytes):
    """A wheel of s390x with data and a library beside it that are as large as it says, and cannot be packed."""
    source = glob.glob("examples/wheels/*s390x.whl")[0]
    folder.mkdir()
    path = folder / os.path.basename(source)
    noise = os.urandom(1 << 20)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(name for name in old.namelist() if name.endswith("/RECORD"))
        module = next(name for name in old.namelist() if name.endswith(".so"))
        rows = old.read(record).decode()
        for name in old.namelist():
            if name != record:
                new.writestr(name, old.read(name))
        for name, start in (("large/data.bin", b""), ("large/libcopy.so.1", old.read(module))):
            digest, size = hashlib.sha256(), 0
            with new.open(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), "w", force_zip64=True) as member:
                for piece in [start, *[noise] * (megabytes // 2)]:
                    member.write(piece)
                    digest.update(piece)
                    size += len(piece)
            code = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            rows = f"{name},sha256={code},{size}\n{rows}"
        new.writestr(record, rows)
    return path


BACKEND = '''import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    info, file = "{name}-1.0.dist-info/", "{name}-1.0-py3-none-any.whl"
    members = {{"{name}.py": "answer = 42\\n", info + "METADATA": open("PKG-INFO").read(),
               info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}}
    members[info + "RECORD"] = "".join(f"{{member}},,\\n" for member in [*members, info + "RECORD"])
    with zipfile.ZipFile(os.path.join(directory, file), "w") as wheel:
        for member, text in members.items():
            wheel.writestr(member, text)
    return file
'''


def tiny_sdists(folder, count):
    """Sdists whose backend is their own file: a build costs what a build costs without a backend's time."""
    folder.mkdir()
    names = [f"tiny_{number:03d}" for number in range(count)]
    for name in names:
        files = {"PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n",
                 "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
                 "backend.py": BACKEND.format(name=name)}
        with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as out:
            for path, text in files.items():
                member = tarfile.TarInfo(f"{name}-1.0/{path}")
                member.size = len(text)
                out.addfile(member, io.BytesIO(text.encode()))
    return names
