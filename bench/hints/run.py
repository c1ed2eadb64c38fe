#!/usr/bin/env python3
"""`make bench-hints`: builds the packages of set.tsv one by one from an image without their development packages.

catalogue   with what the rules state alone (--no-look-up)
hints       with the look-up too
learned     again, with what the build before taught and nothing else
maintainer  what hints did not build: with all that its Debian maintainer has, for what can be built at all

A build that no hint was applied to is one that gets through with hints off. Debian's build dependencies are the truth for
the first package suggested. Each row is kept in CACHE/rows until the program changes, so that a benchmark that was
stopped goes on. usage: run.py PROGRAM CACHE [NAME...]"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

program, cache = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
names = set(sys.argv[3:])
TIMEOUT, ATTEMPT = 600, 400 # seconds of a run, and of an attempt in it
AUTO = ["--auto-apply-suggestions"]
here = pathlib.Path(__file__).parent


def packages():
    for line in (here / "set.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version, seen, _, _, libraries, others = line.split("\t")
            if not names or name in names:
                yield name, version, seen, libraries.split(","), [o for o in others.split(",") if o]


def forget():
    """What was built and answered, not what was fetched, composed and learned."""
    for path in ("cas", "metadata", "index/metadata"):
        shutil.rmtree(cache / path, ignore_errors=True)


def said(text, name):
    """The first suggestion and all that were applied, by what the run says."""
    applied = re.findall(rf"^refinery: {re.escape(name)}: (?:tried|asked) again with (\S+?):? ", text, re.M)
    first = applied[0].split(",")[0] if applied else ""
    if not first:
        found = re.search(rf"^(?:refinery: )?{re.escape(name)}(?: \S+)?: Suggested packages: .*?\bapt: (\S+)", text, re.M)
        first = f"apt:{found.group(1)}" if found else ""
    return first, applied


def run(name, version, history, words):
    forget()
    out = cache / "out"
    shutil.rmtree(out, ignore_errors=True)
    requirements = cache / "requirements.txt"
    requirements.write_text(f"{name}=={version}\n")
    wheels = cache / "wheels" # of what they need to run: built once
    wheels.mkdir(exist_ok=True)
    started = time.monotonic()
    child = subprocess.Popen([program, "run", "-r", requirements, "--cache", cache, "--output", out, "--python", "3.11",
                              "--jobs", os.environ.get("JOBS", "2"), "--rebuild", name, "--history-db", history, "--find-links", wheels,
                              "--attempt-timeout", str(ATTEMPT), "--max-attempts", "1", *words],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        text = child.communicate(timeout=TIMEOUT)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGTERM) # it ends its attempts
        text = child.communicate()[0].decode(errors="replace")
    entry = {}
    if (out / "manifest.json").exists():
        found = json.loads((out / "manifest.json").read_text())["packages"]
        entry = next((p for p in found if p["name"] == name), {})
    for wheel in out.glob("*.whl"):
        if not re.match(re.escape(name).replace("-", "[-_.]") + "-", wheel.name, re.I):
            shutil.copy(wheel, wheels)
    first, applied = said(text, name)
    return {"status": entry.get("status", "none"), "why": entry.get("why") or " ".join(text.strip().splitlines()[-1:]),
            "attempts": [a["outcome"] for a in entry.get("attempts", [])], "applied": applied, "first": first,
            "asked_in_vain": text.count("does not tell its metadata"), "recipes": entry.get("recipes", []),
            "suggestion": entry.get("metadata", {}).get("suggestion", ""), "seconds": round(time.monotonic() - started)}


def show(mode, name, seen, result):
    built = result["status"] == "built"
    print(f"  {mode:<11}{seen:<7}{name:<18}{result['status']:<8}{result['seconds']:5} s  "
          f"{' '.join(result['applied']) if built or result['applied'] else ''}"
          f"{'' if built else '  ' + result['why'][:160]}", flush=True)


def maintained(libraries, others):
    """Recipes of what Debian's maintainer builds with: libraries, tools, the release's Cython and setuptools."""
    words = [f"apt:{l}" for l in libraries + [o for o in others if o.endswith("-dev")]] + \
        [f"apt:{o}:native" for o in others if re.fullmatch(r"(swig|cmake|bison|flex|sip-tools|pkg-config|meson)", o)]
    return words + ["pip:cython<3", "pip:setuptools<67", "pip:wheel"]


def measure(name, version, seen, libraries, others):
    """One row: each mode only where it can tell something."""
    row, history = {}, cache / "history" / f"{name}.db"
    def mode(key, words, fresh=True):
        for path in history.parent.glob(f"{name}.db*") if fresh else ():
            path.unlink()
        row[key] = run(name, version, history, words)
        show(key, name, seen, row[key])
        return row[key]["status"] == "built"
    mode("catalogue", [*AUTO, "--no-look-up"])
    if row["catalogue"]["status"] == "built":
        row["hints"] = row["catalogue"] # nothing that was looked up was needed
        mode("learned", [], False)
    elif mode("hints", AUTO):
        mode("learned", [], False)
    else:
        mode("maintainer", [w for r in maintained(libraries, others) for w in ("--recipe", f"{name}={r}")])
    return row


def kept(name, version, stamp, make):
    path = cache / "rows" / f"{name}.json"
    try:
        row = json.loads(path.read_text())
    except (OSError, ValueError):
        row = {}
    if row.get("of") != [version, stamp]:
        row = {"of": [version, stamp], **make()}
        path.write_text(json.dumps(row, indent=1))
    return row


def share(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part // whole} %)" if whole else "")


def summary(group, rows):
    """`rows`: (row, truth) by name."""
    def built(key):
        return [n for n, (row, _) in rows.items() if row.get(key, {}).get("status") == "built"]
    off = [n for n in built("hints") if not rows[n][0]["hints"]["applied"]]
    can = set(built("hints")) | set(built("maintainer"))
    firsts = {n: row["hints"]["first"] for n, (row, _) in rows.items() if row["hints"]["first"]}
    packaged = {n: f.split(":")[1] for n, f in firsts.items() if f.startswith("apt:")}
    right = [n for n, p in packaged.items() if p in rows[n][1]]
    clean = [n for n in built("learned") if "failed" not in rows[n][0]["learned"]["attempts"] and
             not rows[n][0]["learned"]["asked_in_vain"]]
    print(f"{group}: {len(rows)} packages, {len(can)} of which can be built with what Debian's maintainers have\n"
          f"  built with hints off {share(len(off), len(can))}, with the catalogue alone {share(len(built('catalogue')), len(can))}, "
          f"with look-up {share(len(built('hints')), len(can))}\n"
          f"  again with what was learned {share(len(built('learned')), len(built('hints')))}, "
          f"without a failed attempt {share(len(clean), len(built('hints')))}\n"
          f"  first package suggested is among those of Debian's maintainer: {share(len(right), len(packaged))}; "
          f"{len(firsts) - len(packaged)} began with a build requirement")
    for title, found in (("suggested wrongly at first", {n: p for n, p in packaged.items() if n not in right}),
                         ("not built", {n: rows[n][0]["hints"]["why"][:140] for n in can - set(built("hints"))}),
                         ("nor with what Debian has", {n: rows[n][0].get("maintainer", {}).get("why", "")[:140] for n in set(rows) - can})):
        for name, why in sorted(found.items()):
            print(f"    {title}: {name}: {why}")


def main():
    for path in ("rows", "history"):
        (cache / path).mkdir(parents=True, exist_ok=True)
    stamp = hashlib.sha256(program.read_bytes()).hexdigest()[:16]
    rows = {"seen": {}, "unseen": {}}
    started = time.monotonic()
    for name, version, seen, libraries, others in packages():
        row = kept(name, version, stamp, lambda of=(name, version, seen, libraries, others): measure(*of))
        rows[seen][name] = (row, set(libraries + others))
    for group, found in rows.items():
        if found:
            summary(group, found)
    print(f"{time.monotonic() - started:.0f} s")


main()
