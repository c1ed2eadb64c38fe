"""Whether picks are a solution of a universe, by the standards alone: no search, nothing shared with a solver.
Target: CPython 3.11.2 on x86_64 with glibc 2.17."""
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import compatible_tags, cpython_tags, parse_tag
from packaging.version import Version

PYTHON = "3.11.2"
ENV = {"os_name": "posix", "sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.11",
       "python_full_version": PYTHON, "implementation_name": "cpython", "implementation_version": PYTHON,
       "platform_python_implementation": "CPython", "platform_system": "Linux", "platform_release": "",
       "platform_version": ""}
PLATFORMS = [f"manylinux_2_{n}_x86_64" for n in range(17, 4, -1)] + [
    "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]
TAGS = set(cpython_tags((3, 11), ["cp311"], PLATFORMS)) | set(compatible_tags((3, 11), "cp311", PLATFORMS))


def holds(requirement, extra=""):
    return requirement.marker is None or requirement.marker.evaluate({**ENV, "extra": extra})


def usable(release):
    """It has a file for the target, and its Requires-Python holds."""
    if release.python and not SpecifierSet(release.python).contains(PYTHON):
        return False
    return release.sdist or any(parse_tag(tag) & TAGS for tag in release.tags)


def complaints(universe, picks):
    """picks: {name: version text}. What is wrong, as sentences; an empty list: a solution."""
    wrong, chosen = [], {}
    for name, version in picks.items():
        found = [r for r in universe.releases if r.name == name and Version(r.version) == Version(version)]
        if not found:
            return [f"{name} {version} does not exist"]
        chosen[name] = found[0]
        if not usable(found[0]):
            wrong.append(f"{name} {version} has no usable file")
    wanted, todo, pins = set(), [], {}

    def ask(text, by, extra=""):
        requirement = Requirement(text)
        if not holds(requirement, extra):
            return
        pick = chosen.get(requirement.name)
        if pick is None:
            wrong.append(f"{by} needs {text}, and nothing is picked")
            return
        if not requirement.specifier.contains(pick.version, prereleases=True):
            wrong.append(f"{by} needs {text}, and {pick.version} is picked")
        if any(s.operator == "==" and "*" not in s.version for s in requirement.specifier):
            pins[requirement.name] = True
        for one in ["", *requirement.extras]:
            if (requirement.name, one) not in wanted:
                wanted.add((requirement.name, one))
                todo.append((requirement.name, one))

    for text in universe.requirements:
        ask(text, "the input")
    while todo:
        name, extra = todo.pop()
        for text in chosen[name].requires:
            if not extra or not holds(Requirement(text)):
                ask(text, f"{name} {chosen[name].version}" + (f"[{extra}]" if extra else ""), extra)
    for text in universe.constraints:
        requirement = Requirement(text)
        pick = chosen.get(requirement.name)
        if pick and not requirement.specifier.contains(pick.version, prereleases=True):
            wrong.append(f"constraint {text}, and {pick.version} is picked")
    wrong += [f"{name} is picked, and nobody asks for it" for name in chosen if (name, "") not in wanted]
    wrong += [f"{name} {r.version} is yanked, and nobody names it" for name, r in chosen.items()
              if r.yanked and name not in pins]
    return wrong
