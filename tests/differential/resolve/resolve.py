#!/usr/bin/env python3
"""Whole resolutions of random frozen indexes: `refinery plan` over file:, `uv pip compile` over loopback HTTP. The
verdicts must be the same, each of our solutions must pass checker.py, and at least 95 % of the picks must be uv's.
usage: resolve.py REFINERY UV CASES [FIRST-SEED]    (KEEP=1 leaves the indexes of what differs)"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "system"))
import checker  # noqa: E402
import frozen  # noqa: E402
import universe  # noqa: E402


def ours(program, folder, page, cache):
    words = [program, "plan", "--json", "--arch", "x86_64", "--platform-tag", "manylinux_2_17_x86_64", "--index-url", page,
             "--cache", cache, "-r", f"{folder}/requirements.txt", "-c", f"{folder}/constraints.txt", "--await-sdist", "0"]
    done = subprocess.run(words, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": folder})
    if done.returncode == 4:
        return None, done.stderr
    if done.returncode != 0:
        return "broken", f"exit status {done.returncode}: {done.stderr}"
    plan = json.loads(done.stdout)
    return {n["name"]: n["version"] for n in plan["nodes"] if n["kind"] == "wheel" and n["target"] == plan["target"]}, ""


def theirs(uv, folder, page, cache, pre):
    words = [uv, "pip", "compile", "--no-config", "--quiet", "--no-header", "--no-annotate", "--resolution", "highest",
             "--python", sys.executable, "--no-python-downloads", "--python-version", checker.PYTHON, "--python-platform", "x86_64-manylinux_2_17", "--default-index", page,
             "--prerelease", "allow" if pre else "if-necessary-or-explicit", "--no-build-isolation", "--no-strip-extras",
             "-c", f"{folder}/constraints.txt", f"{folder}/requirements.txt"]
    done = subprocess.run(words, capture_output=True, text=True, env={
        "PATH": os.environ["PATH"], "HOME": folder, "UV_CACHE_DIR": cache, "UV_NO_PROGRESS": "1"})
    if done.returncode:
        return None, done.stderr
    pairs = [re.match(r"([\w.-]+)(?:\[[^]]*\])?==(\S+)", line) for line in done.stdout.splitlines()]
    return {p[1]: p[2] for p in pairs if p}, ""


def resolve(case):
    program, uv, work, root, seed = case
    world = universe.Universe(seed)
    folder = f"{work}/{seed}"
    page = frozen.write(folder, world.files())
    lines = [*world.requirements, *(["--pre"] if world.pre else [])]
    pathlib.Path(folder, "requirements.txt").write_text("\n".join(lines) + "\n")
    pathlib.Path(folder, "requirements.uv.txt").write_text("\n".join(world.requirements) + "\n")
    pathlib.Path(folder, "constraints.txt").write_text("\n".join(world.constraints) + "\n")
    mine, said = ours(program, folder, page, f"{work}/cache-{os.getpid()}")
    uvs, uv_said = theirs(uv, folder, f"{root}{seed}/simple/", f"{work}/uv-cache", world.pre)
    wrong = checker.complaints(world, mine) if isinstance(mine, dict) else []
    uv_wrong = checker.complaints(world, uvs) if uvs is not None else []
    if not os.environ.get("KEEP"):
        shutil.rmtree(folder)
    return seed, mine, uvs, [said] if mine == "broken" else wrong, uv_wrong, said if mine is None else uv_said


def newer(mine, uvs):
    """Names in which the one or the other has the newer version."""
    both = mine.keys() & uvs.keys()
    return ([n for n in both if checker.Version(mine[n]) > checker.Version(uvs[n])],
            [n for n in both if checker.Version(mine[n]) < checker.Version(uvs[n])])


def main(program, uv, cases, first=1):
    work = tempfile.mkdtemp()
    server, root = frozen.serve(work)
    counts = dict.fromkeys(["solved", "unsatisfiable", "same", "other", "verdict", "wrong"], 0)
    failed = []
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for seed, mine, uvs, wrong, uv_wrong, said in pool.map(
                resolve, [(program, uv, work, root, seed) for seed in range(first, first + cases)], chunksize=8):
            counts["solved" if mine is not None else "unsatisfiable"] += 1
            if wrong:
                counts["wrong"] += 1
                failed.append(f"seed {seed}: {'; '.join(wrong)}\n  picks {mine}")
            if (mine is None) != (uvs is None):
                counts["verdict"] += 1
                failed.append(f"seed {seed}: ours {mine}, uv's {uvs} {uv_wrong}\n{said}")
            elif mine is not None:
                counts["same" if mine == uvs else "other"] += 1
                if mine != uvs and os.environ.get("SHOW"):
                    print(f"seed {seed}: ours {mine}\n        uv's {uvs} newer: {newer(mine, uvs)} {uv_wrong}")
    server.shutdown()
    if os.environ.get("KEEP"):
        print(f"indexes are in {work}")
    else:
        shutil.rmtree(work)
    for text in failed[:10]:
        print("FAILED", text)
    share = counts["same"] / max(1, counts["same"] + counts["other"])
    print(f"{cases} resolutions: {counts['solved']} solved, {counts['unsatisfiable']} unsatisfiable; other verdict than uv "
          f"{counts['verdict']}, refused by the checker {counts['wrong']}; the same picks in {share:.1%}")
    if share < 0.95:
        failed.append("")
        print("FAILED fewer than 95 % of the picks are the same")
    print(f"{cases - min(cases, len(failed))} passed, {len(failed)} failed")
    return len(failed) > 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[4:])))
