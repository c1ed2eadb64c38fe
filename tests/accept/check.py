#!/usr/bin/env python3
"""Checks what the acceptance run delivered against upstream and against x86-64.

usage: check.py LIST OUTPUT_DIR PROOF.jsonl DOWNLOADS_DIR
Every compiled package of the list: built by cross or hybrid, the same extension modules
as the upstream x86-64 wheel of that version, the same verdict from auditwheel, floor as
demanded or the reason said, and a known answer equal to x86-64's. Prints a line each,
then the counts.
"""

import json
import os
import re
import subprocess
import sys
import zipfile

COMPILED = {
    "acceptance": ["markupsafe", "pyyaml", "msgpack", "cffi", "wrapt", "multidict", "lxml",
                   "greenlet", "numpy"],
    "breadth": ["aiohttp", "bcrypt", "bitarray", "cryptography", "frozenlist", "gevent", "pandas",
                "pillow", "protobuf", "psutil", "psycopg2", "pynacl", "pywavelets", "regex",
                "rpds-py", "scipy", "ujson", "yarl", "zstandard"],
}
AT_MOST_2_28 = {
    "acceptance": {"cffi", "msgpack", "greenlet", "numpy"},
    # The others graft libraries of the release, and say which one is above the floor.
    "breadth": set(COMPILED["breadth"]) - {"pillow", "psycopg2", "scipy"},
}
# Published for x86-64 under another name.
UPSTREAM = {"psycopg2": "psycopg2-binary"}
# Modules of upstream that its own build makes of what only its build machines have.
ONLY_UPSTREAM = {
    "pillow": {"PIL/_avif"},  # libavif is not among the recipes
}
HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = os.path.join(HERE, "..", "..", "data", "checks")
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%s %s" % ("ok  " if good else "FAIL", text), flush=True)


def extensions(path):
    names = set()
    for name in zipfile.ZipFile(path).namelist():
        found = re.match(r"(.*?)\.(cpython-[^/]*|abi3)?\.?so$", name)
        if found and ".libs/" not in name:
            names.add(found.group(1))
    return names


def upstream(name, version, downloads):
    """The x86-64 wheel of the same version, fetched once."""
    directory = os.path.join(downloads, "%s-%s" % (name, version))
    if not os.path.isdir(directory) or not os.listdir(directory):
        subprocess.check_call(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:",
             "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64",
             "--platform", "manylinux2014_x86_64", "--python-version", "3.11", "-d", directory,
             "%s==%s" % (UPSTREAM.get(name, name), version)]
        )
    return os.path.join(directory, sorted(os.listdir(directory))[0])


def x86_answer(name, packages, downloads):
    """The known answer computed by upstream's wheels on this machine."""
    site = os.path.join(downloads, "site-" + name)
    if not os.path.isdir(site):
        wheels = [upstream(name, packages[name]["version"], downloads)]
        subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "--target", site,
                               "--no-warn-script-location", *wheels])
    program = (
        "import json, runpy, sys; sys.path.insert(0, sys.argv[1]);"
        "print(json.dumps(runpy.run_path(sys.argv[2])['answer'](), sort_keys=True))"
    )
    out = subprocess.check_output(
        [sys.executable, "-c", program, site, os.path.join(CHECKS, name + ".py")]
    )
    return json.loads(out)


def auditwheel_tag(path):
    try:
        out = subprocess.check_output(
            [sys.executable, "-m", "auditwheel", "show", path], stderr=subprocess.STDOUT
        ).decode()
    except subprocess.CalledProcessError as error:
        return error.output.decode()[-200:]
    found = re.search(r'following platform tag:\s*"([^"]+)"', out) or re.search(
        r"platform\s+tag:\s+\"([^\"]+)\"", out
    )
    return found.group(1) if found else out[-200:]


def main():
    listed, output, proof, downloads = sys.argv[1:5]
    with open(os.path.join(output, "manifest.json"), encoding="utf-8") as file:
        packages = {entry["name"]: entry for entry in json.load(file)["packages"]}
    with open(proof, encoding="utf-8") as file:
        answers = {entry["name"]: entry for entry in map(json.loads, file)}
    for name in COMPILED[listed]:
        entry = packages.get(name)
        if not entry:
            check(False, "%s is not in the manifest" % name)
            continue
        version, strategy = entry["version"], entry.get("strategy")
        built = entry["status"] in ("built", "cached") and strategy in ("cross", "hybrid")
        check(built, "%s %s: %s by %s" % (name, version, entry["status"], strategy))
        if not built:
            continue
        wheel = os.path.join(output, entry["wheel"])
        ours, theirs = extensions(wheel), extensions(upstream(name, version, downloads))
        theirs -= ONLY_UPSTREAM.get(name, set())
        check(ours == theirs and ours, "%s: the extension modules of upstream (%d)%s"
              % (name, len(ours), "" if ours == theirs else ": %s" % sorted(ours ^ theirs)))
        floor = tuple(int(part) for part in entry.get("floor", "99.99").split("."))
        if name in AT_MOST_2_28[listed]:
            check(floor <= (2, 28), "%s: floor %s is at most 2.28" % (name, entry.get("floor")))
        else:
            print("     %s: floor %s, %s: %s"
                  % (name, entry.get("floor"), entry["wheel"], entry.get("why", "")))
        theirs_tag = auditwheel_tag(wheel)
        check(theirs_tag == entry.get("policy"),
              "%s: auditwheel says %s, we say %s" % (name, theirs_tag, entry.get("policy")))
        on_target = answers.get(name, {}).get("value")
        on_x86 = x86_answer(name, packages, downloads)
        check(on_target is not None and on_target == on_x86,
              "%s: known answer equals x86-64's%s"
              % (name, "" if on_target == on_x86 else ": %s, not %s" % (on_target, on_x86)))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
