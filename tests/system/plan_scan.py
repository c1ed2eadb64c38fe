#!/usr/bin/env python3
"""`refinery plan` over input directories: the plan is the same byte for byte whatever the scan's
cache holds, and its memory grows with the inputs as promised."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import made  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = pathlib.Path(tempfile.mkdtemp(prefix="refinery-scan-"))
CACHE = WORK / "cache"
REMEMBERED = CACHE / "index/scan/last"
# Files that are older than a scan by more than the tick of a clock; those for s390x have no use here.
OLD = TOP / "examples/wheels"
OLD_WHEELS = [name for name in sorted(os.listdir(OLD)) if name.endswith(".whl")]
FOR_OLD = ["--arch", "x86_64"] + [word for name in OLD_WHEELS if "s390x" not in name
                                  for word in ("--only", name.split("-")[0])]
passed = failed = 0


def plan(inputs, cache):
    """Standard output and error, and the most memory it had, in MB."""
    with open(WORK / "out", "wb") as out, open(WORK / "err", "wb") as err:
        child = subprocess.Popen([TOP / "build/refinery", "plan", "--json", "--no-index", "--input", inputs,
                                  "--cache", cache, "--max-deps", "10000", *(FOR_OLD if inputs == OLD else [])],
                                 stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    said = (WORK / "out").read_bytes(), (WORK / "err").read_bytes()
    if child.returncode:
        raise AssertionError(said[1].decode())
    return said, used.ru_maxrss / 1024


def same_without(inputs):
    """The plan with what is remembered, compared with one that remembers nothing."""
    fresh = WORK / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    said, _ = plan(inputs, CACHE)
    assert said == plan(inputs, fresh)[0], "the plan differs from one without a cache"
    return said


def check(what):
    global passed, failed
    try:
        what()
        passed += 1
    except Exception as error:  # noqa: BLE001
        failed += 1
        print(f"{what.__name__}: {error}")


def what_is_old_is_remembered():
    first = same_without(OLD)
    kept = REMEMBERED.read_bytes()
    assert all(name.encode() in kept for name in OLD_WHEELS), "not all wheels are remembered"
    assert REMEMBERED.stat().st_mode & 0o777 == 0o600
    before = REMEMBERED.stat().st_ino
    assert same_without(OLD) == first
    assert REMEMBERED.stat().st_ino == before, "written again although nothing changed"


def damage_is_found():
    first = same_without(OLD)
    kept = REMEMBERED.read_bytes()
    for damaged in (b"", kept[:-1], kept[:len(kept) // 2], kept + b"x",
                    kept[:40] + bytes([kept[40] ^ 1]) + kept[41:], b"\0" * len(kept)):
        REMEMBERED.write_bytes(damaged)
        assert same_without(OLD) == first
        assert REMEMBERED.read_bytes() == kept, "not made anew"
    REMEMBERED.chmod(0o666)
    assert same_without(OLD) == first
    assert REMEMBERED.stat().st_mode & 0o777 == 0o600, "what others may write was trusted"
    assert [path.name for path in REMEMBERED.parent.iterdir()] == ["last"]


def changes_are_seen():
    inputs = WORK / "inputs"
    inputs.mkdir()
    for name in "abcdef":
        (inputs / f"{name}-1.0-py3-none-any.whl").write_bytes(made.wheel_bytes(name))
    (inputs / "broken-1.0-py3-none-any.whl").write_bytes(b"not a zip")
    (inputs / "s-1.0.tar.gz").write_bytes(made.sdist_bytes("s"))
    (inputs / "s-1.0-py3-none-any.whl").write_bytes(made.wheel_bytes("s"))
    said = same_without(inputs)
    assert b"broken-1.0" in said[1], "nothing is said of the broken file"
    digests = set()
    for requires in (["b"], ["c"], ["d"]):  # as fast as can be, and of one size
        (inputs / "a-1.0-py3-none-any.whl").write_bytes(made.wheel_bytes("a", requires=requires))
        said = same_without(inputs)
        digests.add(said[0])
    assert len(digests) == 3
    (inputs / "b-1.0-py3-none-any.whl").unlink()
    os.rename(inputs / "c-1.0-py3-none-any.whl", WORK / "c")
    same_without(inputs)
    os.rename(WORK / "c", inputs / "c-1.0-py3-none-any.whl")
    os.utime(inputs / "d-1.0-py3-none-any.whl", (1e9, 1e9))
    (inputs / "new-1.0-py3-none-any.whl").write_bytes(made.wheel_bytes("new"))
    same_without(inputs)


def memory_is_bounded():
    count = 4000
    inputs = WORK / "many"
    inputs.mkdir()
    for number in range(count):
        name = f"package_{number:05d}"
        requires = [f"package-{number - i:05d}>=1" for i in range(1, 4) if number >= i]
        (inputs / f"{name}-1.0-py3-none-any.whl").write_bytes(made.wheel_bytes(name, requires=requires))
    for _ in range(2):
        most = plan(inputs, CACHE)[1]
        assert most < 50, f"{most:.0f} MB: 20,000 of them would not fit into 200 MB"


for one in (what_is_old_is_remembered, damage_is_found, changes_are_seen, memory_is_bounded):
    check(one)
shutil.rmtree(WORK, ignore_errors=True)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
