#!/usr/bin/env python3
"""`make bench-hints`: builds the packages of set.tsv one by one from an image without their development
packages, with hints, and those that got through once more with what was learned. A build that no hint was
applied to is one that gets through with hints off. What their Debian maintainers build them with is the
truth for the first suggestion.
usage: run.py PROGRAM CACHE [NAME...]"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

program, cache = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
names = set(sys.argv[3:])
TIMEOUT = 900 # seconds of a run
MODES = {"hints": ["--auto-apply-suggestions"], "learned": []}
here = pathlib.Path(__file__).parent


def packages():
    for line in (here / "set.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version, seen, _, source, libraries = line.split("\t")
            if not names or name in names:
                yield name, version, seen, set(libraries.split(","))


def forget():
    """What was built, not what was learned."""
    shutil.rmtree(cache / "cas", ignore_errors=True)


def run(name, version, words):
    out = cache / "out"
    shutil.rmtree(out, ignore_errors=True)
    requirements = cache / "requirements.txt"
    requirements.write_text(f"{name}=={version}\n")
    started = time.monotonic()
    try:
        done = subprocess.run([program, "run", "-r", requirements, "--cache", cache, "--output", out, "--python", "3.11",
                               "--jobs", "2", "--rebuild", name, "--attempt-timeout", "600", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        text = done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return {"status": "timeout", "attempts": [], "hints": [], "seconds": TIMEOUT, "first": ""}
    entry = {}
    if (out / "manifest.json").exists():
        found = json.loads((out / "manifest.json").read_text())["packages"]
        entry = next((p for p in found if p["name"] == name), {})
    first = re.search(r"tried again with (\S+?):(\S+?)[:,] ", text) or re.search(
        rf"^{re.escape(name)}: Suggested packages: (apt): (\S+)", text, re.M)
    return {"status": entry.get("status", "none"), "why": entry.get("why", text.strip().splitlines()[-1:]),
            "attempts": [a["outcome"] for a in entry.get("attempts", [])], "hints": entry.get("hint_ids", []), "recipes": entry.get("recipes", []),
            "first": first.group(2).removesuffix(":native") if first else "", "seconds": time.monotonic() - started,
            "suggestion": entry.get("metadata", {}).get("suggestion", "")}


def show(mode, name, seen, result):
    print(f"  {mode:<8}{seen:<7}{name:<18}{result['status']:<8} {result['seconds']:5.0f} s  "
          f"{' '.join(result.get('recipes', []))}"
          f"{'' if result['status'] == 'built' else '  ' + str(result.get('why', ''))[:160]}", flush=True)


def main():
    cache.mkdir(parents=True, exist_ok=True)
    for path in cache.glob("history.db*"):
        path.unlink()
    of, results = {}, {mode: {} for mode in MODES}
    for name, version, seen, truth in packages():
        of[name] = (seen, truth)
        for mode, words in MODES.items():
            forget()
            results[mode][name] = result = run(name, version, words)
            show(mode, name, seen, result)
            if result["status"] != "built":
                break
        (cache / "results.json").write_text(json.dumps(results, indent=1))
    for group in ("seen", "unseen"):
        mine = {n: results["hints"][n] for n in of if of[n][0] == group}
        built = [n for n, r in mine.items() if r["status"] == "built"]
        alone = [n for n in built if not mine[n]["hints"]]
        firsts = [n for n in mine if mine[n]["first"]]
        right = sum(mine[n]["first"] in of[n][1] for n in firsts)
        clean = sum("failed" not in results["learned"].get(n, {"attempts": ["failed"]})["attempts"] for n in built)
        print(f"{group}: of {len(mine)} packages {len(alone)} are built with hints off, {len(built)} with them, "
              f"{clean} of these again without a failed attempt; first suggestion among the maintainer's libraries: "
              f"{right} of {len(firsts)}")


main()
