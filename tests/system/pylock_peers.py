#!/usr/bin/env python3
"""Lock files against PyPI's packaging: the same are refused, what is written means the same, and the
same files are selected (build tags apart: packaging takes the first listed, PEP 427 the highest). Every file is made by random changes to a right one; the seed is fixed.
usage: pylock_peers.py PYLOCK-TOOL CASES [SEED]"""

import datetime
import json
import random
import re
import subprocess
import sys
import tomllib

from packaging.markers import UndefinedEnvironmentName, default_environment
from packaging.pylock import Pylock, PylockSelectError, PylockValidationError
from packaging.tags import Tag, compatible_tags, cpython_tags

H = {"sha256": "ab" * 32}


def file(name, **more):
    return {"name": name, "url": f"https://h/{name}", "hashes": H, **more}


def package(name, version="1.0", **more):
    return {"name": name, "version": version, **more}


def whole():
    return {
        "lock-version": "1.0",
        "environments": ["sys_platform == 'linux'", "os_name == 'nt'"],
        "requires-python": ">=3.9",
        "extras": ["cli"],
        "dependency-groups": ["dev"],
        "default-groups": ["dev"],
        "created-by": "peers",
        "packages": [
            package("a", sdist=file("a-1.0.tar.gz", size=3),
                    wheels=[file("a-1.0-py3-none-any.whl"),
                            file("a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
                                 **{"upload-time": datetime.datetime(2025, 1, 2, 3, 4, 5)})]),
            package("b", marker="'cli' in extras", wheels=[file("b-1.0-cp39-abi3-manylinux2014_x86_64.whl")]),
            package("b", marker="'dev' in dependency_groups and sys_platform == 'win32'",
                    archive={"url": "https://h/b.zip", "hashes": H, "subdirectory": "x"}),
            {"name": "c", "directory": {"path": "./c", "editable": True}},
            package("d", "2!1.0rc1", vcs={"type": "git", "url": "https://h/d.git", "commit-id": "01" * 20},
                    dependencies=[{"name": "a", "version": "1.0"}]),
            package("e", wheels=[file("e-1.0-cp311-cp311-win_amd64.whl")], sdist=file("e-1.0.zip"),
                    **{"attestation-identities": [{"kind": "GitHub", "repository": "e/e"}],
                       "tool": {"x": {"y": [1, 2.5, True]}}, "requires-python": ">=3.8"}),
        ],
        "tool": {"peers": {"seed": 1}},
    }


VALUES = ["", "x", "1.0", "1.1", "2", 0, -1, 3, True, [], {}, [1], ["x"], [{}], {"a": 1}, ">=3.12", "<3.11",
          "sys_platform == 'win32'", "python_version >= '3.8'", "'cli' in extras", "a", "B", "a_b",
          "a-2.0.tar.gz", "a-1.0-py3-none-any.whl", "c-1.0-py3-none-any.whl", "https://h/a-1.0.zip",
          "a-1.0-cp311-cp311-macosx_10_9_x86_64.whl", datetime.datetime(2020, 2, 29, 1, 2, 3),
          datetime.datetime(2025, 5, 6, 7, 8, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=5))),
          datetime.date(2025, 1, 1), "1.0.0", "1.0+local", "manylinux", H, {"sha512": "x", "md5": "y"}]


def spots(value, found):
    """All (container, key) pairs of the tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        found.append((value, key))
        if isinstance(inner, (dict, list)):
            spots(inner, found)
    return found


def change(draw, document):
    where, key = draw.choice(spots(document, []))
    how = draw.randrange(4)
    if how == 0:
        del where[key]
    elif how == 1:
        where[key] = json_copy(draw.choice(VALUES))
    elif how == 2:
        other, from_key = draw.choice(spots(document, []))
        where[key] = json_copy(other[from_key])
    elif isinstance(where, list):
        where.append(json_copy(where[key]))
    else:
        where[draw.choice(["name", "version", "marker", "sdist", "archive", "directory", "unknown", "size"])] = \
            json_copy(draw.choice(VALUES))


def json_copy(value):
    if isinstance(value, dict):
        return {k: json_copy(v) for k, v in value.items()}
    return [json_copy(v) for v in value] if isinstance(value, list) else value


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return json.dumps(value)


def document_text(document):
    return "".join(f"{json.dumps(k)} = {toml(v)}\n" for k, v in document.items())


def target_tags():
    platforms = [f"manylinux_2_{n}_x86_64" for n in range(36, 4, -1)]
    for legacy, at in (("manylinux2014", "2_17"), ("manylinux2010", "2_12"), ("manylinux1", "2_5")):
        platforms.insert(platforms.index(f"manylinux_{at}_x86_64") + 1, f"{legacy}_x86_64")
    platforms.append("linux_x86_64")
    tags = list(cpython_tags((3, 11), ["cp311"], platforms))
    return tags + list(compatible_tags((3, 11), "cp311", platforms)) + [Tag("py3", "none", "any")]


ENV = default_environment() | {
    "os_name": "posix", "sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.11",
    "python_full_version": "3.11.2", "implementation_name": "cpython", "implementation_version": "3.11.2",
    "platform_python_implementation": "CPython", "platform_system": "Linux", "platform_release": "",
    "platform_version": ""}
TAGS = target_tags()


def comparable(lock):
    """What a lock means: times in whole milliseconds of UTC, markers and specifiers in one spelling, tables that
    say nothing left out."""
    def walk(value):
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items() if v not in ("", None, [], False)}
        if isinstance(value, (list, tuple)):
            return [walk(v) for v in value]
        if isinstance(value, datetime.datetime):
            utc = value.replace(tzinfo=value.tzinfo or datetime.timezone.utc)
            return int(utc.timestamp() * 1000)
        return re.sub(r"[\s()]+", "", value) if isinstance(value, str) else value
    return walk(dict(lock.to_dict()))


def expected(text):
    try:
        lock = Pylock.from_dict(tomllib.loads(text))
    except (PylockValidationError, tomllib.TOMLDecodeError) as error:
        return None, f"refused: {error}"
    try:
        chosen = lock.select(environment=ENV, tags=TAGS, extras=["cli"])
        return lock, [[p.name, getattr(f, "filename", "") or ""] for p, f in chosen]
    except UndefinedEnvironmentName:  # extras in `environments` mean nothing: packaging ends with this
        return lock, None
    except PylockSelectError as error:
        return lock, f"refused: {error}"


def differs(text, answer):
    """What is not the same, or an empty text."""
    lock, picks = expected(text)
    if lock is None:
        return "" if "error" in answer else f"only packaging says {picks}"
    if "error" in answer:
        return f"only ours is {answer['error']}"
    again = Pylock.from_dict(tomllib.loads(answer["written"]))
    if comparable(again) != comparable(lock):
        return f"written as {answer['written']}"
    if picks is None:
        return ""
    if isinstance(picks, str) != ("refused" in answer):
        return f"picks {picks}, ours {answer.get('picks')} {answer.get('refused')}"
    return "" if isinstance(picks, str) or picks == answer["picks"] else f"picks {picks}, not {answer['picks']}"


# Where ours is stricter, and why.
STRICTER = [
    ("size must not be negative", "a size is a number of bytes"),
    ("is already defined", "tomllib reads no such file either"),
]


def main(tool, cases, seed=1):
    draw = random.Random(seed)
    texts = [document_text(whole())]
    for _ in range(cases - 1):
        document = json_copy(whole())
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            change(draw, document)
        texts.append(document_text(document))
    done = subprocess.run([tool], input="".join(json.dumps(t) + "\n" for t in texts), text=True,
                          capture_output=True, check=True)
    passed = failed = accepted = selected = 0
    for text, line in zip(texts, done.stdout.splitlines(), strict=True):
        answer = json.loads(line)
        what = differs(text, answer)
        if what and any(words in answer.get("error", "") for words, _ in STRICTER):
            what = ""
        accepted += "error" not in answer
        selected += "picks" in answer
        passed, failed = passed + (not what), failed + bool(what)
        if what and failed <= 5:
            print(f"FAILED {what}\n{text}")
    print(f"{len(texts)} lock files: {accepted} accepted, {selected} with a selection")
    if accepted < cases // 20 or selected < cases // 40:
        failed += 1
        print("FAILED too few of them are right to mean anything")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:])))
