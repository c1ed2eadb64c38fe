"""Random universes of packages: releases with dependencies, extras, markers, Requires-Python, wheels of
several machines, sdists, yanked and pre-releases. A universe is data; frozen.write makes an index of it."""
import random

import made

NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kiwi", "lynx"]
FINALS = ["0.9", "1.0", "1.1", "1.2.3", "2.0", "2.1", "2.1.post1", "3.0", "10.0"]
PRES = ["2.0rc1", "3.0a2", "3.1.dev4", "11.0b1"]
TAGS = ["py3-none-any"] * 6 + ["cp311-cp311-manylinux_2_17_x86_64", "cp311-abi3-manylinux2014_x86_64",
                               "cp310-cp310-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_34_x86_64",
                               "cp311-cp311-manylinux_2_17_aarch64", "py2-none-any", "cp39-abi3-manylinux_2_5_x86_64"]
# Lower bounds alone: of Requires-Python uv looks at nothing else, and so takes releases that pip refuses.
PYTHONS = [None] * 8 + [">=3.8", ">=3.11", ">=3.12", ">=3.6,<4", "~=3.9"]
MARKERS = [""] * 8 + ["; python_version >= '3.8'", "; python_version < '3.9'", "; sys_platform == 'win32'",
                      "; sys_platform == 'linux' and platform_machine == 'x86_64'", "; python_full_version >= '3.11.3'",
                      "; implementation_name == 'pypy' or os_name == 'posix'"]


class Release:
    """One version of a project. `tags`: of its wheels; `sdist`: has one."""

    def __init__(self, name, version, requires, python, tags, sdist, yanked):
        self.name, self.version, self.requires, self.python = name, version, requires, python
        self.tags, self.sdist, self.yanked = tags, sdist, yanked

    def metadata(self):
        lines = ["Metadata-Version: 2.2", f"Name: {self.name}", f"Version: {self.version}",
                 "Provides-Extra: fast", "Provides-Extra: all"]
        lines += [f"Requires-Python: {self.python}"] if self.python else []
        return "\n".join(lines + [f"Requires-Dist: {r}" for r in self.requires]) + "\n"

    def files(self):
        more = {"yanked": "broken"} if self.yanked else {}
        if self.python:
            more["requires-python"] = self.python
        text = self.metadata().encode()
        for tag in self.tags:
            yield {"name": self.name, "filename": f"{self.name}-{self.version}-{tag}.whl", "data": None,
                   "metadata": text, **more}
        if self.sdist:
            project = '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
            data = made.sdist_bytes(self.name, self.version, {"PKG-INFO": text.decode(), "pyproject.toml": project, "b.py": ""})
            yield {"name": self.name, "filename": f"{self.name}-{self.version}.tar.gz", "data": data,
                   "metadata": None, **more}


def specifier(draw, pool):
    version = draw.choice(pool)
    plain = version.split(".post")[0].split("rc")[0].split("a")[0].split(".dev")[0].split("b")[0]
    return draw.choice(["", "", "", f">={version}", f"<{version}", f"<={version}", f">{version}", f"!={version}",
                        f"=={version}", f"~={plain}" if "." in plain else f">={plain}", f"=={plain.split('.')[0]}.*",
                        f">={draw.choice(pool)},<{version}", f"!={version},>={draw.choice(pool)}"])


def requirement(draw, names, pool, extra=""):
    name = draw.choice(names)
    extras = draw.choice(["", "", "", "", "[fast]", "[all]", "[fast,all]"])
    marker = draw.choice(MARKERS)
    if extra:
        marker = f"; extra == '{extra}'" + (f" and ({marker[2:]})" if marker else "")
    return f"{name}{extras}{specifier(draw, pool)}{marker}"


class Universe:
    def __init__(self, seed):
        draw = random.Random(seed)
        self.names = draw.sample(NAMES, draw.randint(3, len(NAMES)))
        self.pre = draw.random() < 0.2  # pre-releases are there, and asked for as others are
        pool = FINALS + (PRES if self.pre else [])
        self.releases = []
        for name in self.names:
            versions = draw.sample(pool, draw.randint(1, min(6, len(pool))))
            for version in versions:
                self.releases.append(self.release(draw, name, version, pool))
        self.requirements = [requirement(draw, self.names, pool) for _ in range(draw.choice([1, 1, 2, 3, 4]))]
        self.constraints = [f"{draw.choice(self.names)}{draw.choice(['<', '>=', '!='])}{draw.choice(FINALS)}"
                            for _ in range(draw.choice([0, 0, 0, 1, 2]))]

    def release(self, draw, name, version, pool):
        others = [n for n in self.names if n != name] or self.names
        requires = [requirement(draw, others, pool) for _ in range(draw.choice([0, 0, 1, 1, 2, 3]))]
        requires += [requirement(draw, others, pool, draw.choice(["fast", "all"])) for _ in range(draw.choice([0, 0, 1, 2]))]
        tags = draw.sample(TAGS, draw.choice([0, 1, 1, 1, 2, 3]))
        sdist = draw.random() < 0.3 or not tags
        return Release(name, version, requires, draw.choice(PYTHONS), sorted(set(tags)), sdist, draw.random() < 0.05)

    def files(self):
        return [file for release in self.releases for file in release.files()]
