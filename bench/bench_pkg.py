"""What `packaging` does a second with the lines that bench_pkg reads.
usage: bench_pkg.py make DIRECTORY | bench_pkg.py VERSIONS SPECIFIERS REQUIREMENTS"""
import pathlib
import random
import sys
import time

rng = random.Random(440)


def version():
    text = rng.choice(["{a}.{b}.{c}"] * 10 + ["{a}.{b}"] * 4 + ["20{y}.{b}.{c}", "{a}.{b}.{c}rc{d}", "{a}.{b}.0b{d}", "{a}.{b}.dev{c}",
                                                                "{a}.{b}.{c}.post{d}", "{a}.{b}.{c}.{d}", "{a}.{b}.{c}a{d}"])
    return text.format(a=rng.randrange(12), b=rng.randrange(40), c=rng.randrange(30), d=rng.randrange(1, 5), y=rng.randrange(10, 27))


def release():
    return f"{rng.randrange(12)}.{rng.randrange(40)}"


def specifier():
    low = rng.randrange(10)
    return rng.choice([f">={low}.{rng.randrange(20)},<{low + 2}", f">={release()}", f"~={release()}", f"!={release()}.*,>={low}", f"=={release()}.*",
                       f">={release()}.1,!={release()}.5,<{low + 3}", f"<{release()}", f"=={version()}"])


def requirement():
    name = rng.choice(["requests", "typing-extensions", "importlib_metadata", "numpy", "zope.interface", "PyYAML"])
    extras = rng.choice(["", "", "", "[socks]", "[test, docs]"])
    return f"{name}{extras}{rng.choice(['', ' '])}{specifier()}" + rng.choice([
        "; python_version < '3.8'", " ; python_version >= \"3.9\" and extra == 'test'", "; sys_platform == 'win32'",
        "; (python_version < '3.11' and platform_python_implementation != 'PyPy') or extra == \"docs\"", "; extra == 'dev'"])


def measure(what, work, count):
    started, done = time.process_time(), 0
    while time.process_time() - started < 0.7:
        result = work()
        done += count
    print(f"{what}\t{done / (time.process_time() - started):.0f}\t{result}")


def main(paths):
    from packaging.markers import default_environment
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version
    versions, specifiers, requirements = (pathlib.Path(path).read_text().splitlines() for path in paths)
    measure("versions parsed", lambda: sum(1 for text in versions if Version(text)), len(versions))
    parsed, sets = [Version(text) for text in versions], [SpecifierSet(text) for text in specifiers]
    measure("specifier checks", lambda: sum(sets[i % len(sets)].contains(v, prereleases=True) for i, v in enumerate(parsed)), len(parsed))
    env = dict(default_environment(), python_version="3.11", python_full_version="3.11.2", platform_machine="s390x", extra="")
    measure("requirements with markers", lambda: sum(Requirement(text).marker.evaluate(env) for text in requirements), len(requirements))


if sys.argv[1] == "make":
    for name, make, count in (("versions", version, 5000), ("specifiers", specifier, 997), ("requirements", requirement, 5000)):
        (pathlib.Path(sys.argv[2]) / name).write_text("".join(make() + "\n" for _ in range(count)))
else:
    main(sys.argv[1:])
