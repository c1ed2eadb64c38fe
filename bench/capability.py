"""`make bench PARTS=capability`: the capability map of Debian 12 for s390x: what making it costs, look-ups
a second, and how often the first candidate is right.

Truth is Debian's own: of the -dev packages that Python extension packages build-depend on (Sources), headers
and .pc files are drawn from Contents by a fixed seed, three and two a package at most, so that no large
package decides alone. Right: the very package that it was drawn from. `same file`: a package with the very
same path, an alternative that the archive does not tell apart by the name.
usage: capability.py BUILD CACHE WORK"""
import collections
import pathlib
import random
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scripts"))
import contents_excerpt  # noqa: E402

build, cache, work = map(pathlib.Path, sys.argv[1:])
SEED, HEADERS, MODULES = 20240517, 3, 2


def make():
    """The map, made anew of indexes that are there; seconds, memory, bytes."""
    made, words = work / "bench.map", [build / "refinery", "hint", "build-map", "--cache", cache]
    subprocess.run([*words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for path in cache.glob("maps/debian-bookworm-s390x.map"):
        path.unlink()
    started = time.monotonic()
    subprocess.run([*words, "--output", made], check=True, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"made in {seconds:.1f} s, peak memory (apt's included) {peak / 1024:.0f} MB, "
          f"{made.stat().st_size / 1e6:.1f} MB on disk")
    return made


def wanted(stanzas):
    """The -dev packages that Python extension packages need, and how many of these there are."""
    every = list(contents_excerpt.build_depends(stanzas))
    names = set().union(*every)
    return {name for name in names if re.fullmatch(r"lib.*-dev|zlib1g-dev", name)}, len(every)


def files(state, packages):
    """Of each package its headers and .pc files; of each path the packages that have it."""
    of, have = collections.defaultdict(lambda: ([], [])), {}
    header = re.compile(r"usr/include/.*\.(h|hpp|hh|hxx)$")
    for name, where in contents_excerpt.contents(state):
        kind = 0 if header.match(name) else 1 if name.endswith(".pc") else None
        if kind is None:
            continue
        names = [one.rpartition("/")[2] for one in where.split(",")]
        have.setdefault(name, []).extend(names)
        for one in set(names) & packages:
            of[one][kind].append(name)
    return of, have


def drawn(of):
    """(what is asked, in which form, the path, the package), by the seed."""
    chance = random.Random(SEED)
    for package in sorted(of):
        headers, modules = (sorted(set(some)) for some in of[package])
        for path in chance.sample(headers, min(HEADERS, len(headers))):
            name = path.removeprefix("usr/include/").removeprefix(contents_excerpt.TRIPLET + "/")
            yield f"header {name}", "header from /usr/include", path, package
            if "/" in name:
                yield f"header {name.partition('/')[2]}", "header without its first folder", path, package
        for path in chance.sample(modules, min(MODULES, len(modules))):
            yield f"pkgconfig {pathlib.Path(path).stem}", ".pc file", path, package


def main():
    made = make()
    state = contents_excerpt.state(cache, "bookworm")
    packages, count = wanted(contents_excerpt.sources(state, work))
    of, have = files(state, packages)
    questions = list(drawn(of))
    done = subprocess.run([build / "bench" / "bench_capability", made], text=True, check=True,
                          input="".join(row[0] + "\n" for row in questions), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    print(f"{done.stderr.strip()}\n{count} Python extension packages need {len(packages)} -dev packages, "
          f"of which {len(of)} have such files; seed {SEED}")
    totals, misses = collections.defaultdict(lambda: [0, 0, 0, 0]), []
    for (asked, form, path, package), answer in zip(questions, done.stdout.split("\n")):
        answers = answer.split()
        row = totals[form]
        row[0] += 1
        row[1] += answers[:1] == [package]
        row[2] += bool(answers) and answers[0] in have[path]
        row[3] += package in answers
        if answers[:1] != [package]:
            misses.append(f"  {asked}: {package}, not {' '.join(answers) or 'found'}")
    print(f"{'':34}{'drawn':>7}{'first':>8}{'same file':>11}{'of five':>9}")
    for form, (all_, first, same, five) in totals.items():
        print(f"{form:34}{all_:7}{first / all_:8.1%}{same / all_:11.1%}{five / all_:9.1%}")
    kept = work.parent / "refinery-capability-misses.txt"
    kept.write_text("\n".join(misses) + "\n")
    print(f"what was missed: {kept}")


main()
