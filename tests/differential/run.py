#!/usr/bin/env python3
"""Random questions to `refinery debug pkg` and to the Python package `packaging`. Every difference in the
answers must be listed in differences.tsv, with the clause of the standard that decides it.

usage: run.py REFINERY COUNT [--seed N] [--kind NAME] [--show N]"""
import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import time
import warnings

import cases
import packaging

BATCH = 20000
warnings.simplefilter("ignore")


def listed_differences():
    out = []
    for number, line in enumerate((pathlib.Path(__file__).parent / "differences.tsv").read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            name, pattern, clause = line.split("\t")
            out.append({"kind": name, "pattern": re.compile(pattern, re.S), "clause": clause, "line": number, "met": 0})
    return out


def their_answer(kind, request):
    try:
        return kind.theirs(request)
    except (ValueError, KeyError, TypeError, ExceptionGroup, cases.DirectUrlValidationError):
        return None


def our_answer(kind, answer):
    return kind.ours(answer["result"]) if answer["ok"] else None


def batch(program, kind, rng, count):
    requests = [kind.make(rng) for _ in range(count)]
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([program, "debug", "pkg"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.split(b"\n")[:-1]
    if len(answers) != count:
        sys.exit(f"{kind.name}: {count} requests, {len(answers)} answers")
    for request, answer in zip(requests, answers):
        theirs, ours = their_answer(kind, request), our_answer(kind, json.loads(answer))
        if theirs != ours:
            yield request, ours, theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=440)
    parser.add_argument("--kind")
    parser.add_argument("--show", type=int, default=5)
    args = parser.parse_args()
    listed, asked, known, started = listed_differences(), 0, 0, time.monotonic()
    unknown = collections.Counter()
    kinds = [kind for kind in cases.KINDS if args.kind in (None, kind.name)]
    shares = sum(kind.share for kind in kinds)
    for kind in kinds:
        left = max(1, round(args.count * kind.share / shares))
        rng = random.Random(f"{args.seed} {kind.name}")
        while left:
            size = min(left, BATCH)
            for request, ours, theirs in batch(args.program, kind, rng, size):
                text = json.dumps(request, ensure_ascii=False) + f" ours {ours} theirs {theirs}"
                rule = next((r for r in listed if r["kind"] == kind.name and r["pattern"].search(text)), None)
                if rule:
                    rule["met"] += 1
                    known += 1
                    continue
                unknown[kind.name] += 1
                if unknown[kind.name] <= args.show:
                    print(f"{kind.name}: {text}")
            asked += size
            left -= size
    for rule in listed:
        if rule["met"]:
            print(f"{rule['met']:8} {rule['kind']}: {rule['clause']}")
    print(f"{asked} questions, packaging {packaging.__version__}, seed {args.seed}: {known} listed differences, "
          f"{sum(unknown.values())} others {dict(unknown) or ''}; {time.monotonic() - started:.1f} s")
    print(f"{len(kinds) - len(unknown)} passed, {len(unknown)} failed")
    sys.exit(1 if unknown else 0)


main()
