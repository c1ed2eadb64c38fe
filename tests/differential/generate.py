"""Random questions to the packaging standards: by grammar, then some of them damaged. Everything comes
from one random.Random, so that a seed gives the same questions everywhere."""

DAMAGE = list("0159.-_+!*~=<>@;,()[]'\" \t\naAbBxXzv#/\\:%") + ["\u0661", "\u00e9", "\u00df", "\u2028", "dev", "rc", ".post", "==", "and"]
NUMBERS = ["0", "1", "2", "3", "9", "10", "11", "00", "01", "007", "20240101", "4294967296", "18446744073709551616",
           "99999999999999999999999999"]


def number(rng):
    return rng.choice(NUMBERS[:8]) if rng.random() < 0.8 else rng.choice(NUMBERS)


def version(rng, simple=False):
    release = ".".join(number(rng) for _ in range(rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 6])))
    if simple:
        return release
    text = release
    if rng.random() < 0.08:
        text = number(rng) + "!" + text
    if rng.random() < 0.3:
        text += rng.choice(["", "", ".", "-", "_"]) + rng.choice(["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "RC", "A"])
        text += rng.choice(["", "", ".", "-", "_"]) + (number(rng) if rng.random() < 0.8 else "")
    if rng.random() < 0.25:
        text += rng.choice(["-" + number(rng), rng.choice(["", ".", "-", "_"]) + rng.choice(["post", "rev", "r", "POST"]) +
                            rng.choice(["", ".", "-", "_"]) + (number(rng) if rng.random() < 0.8 else "")])
    if rng.random() < 0.2:
        text += rng.choice(["", ".", "-", "_"]) + rng.choice(["dev", "DEV"]) + rng.choice(["", ".", "-", "_"]) + \
            (number(rng) if rng.random() < 0.8 else "")
    if rng.random() < 0.15:
        text += "+" + rng.choice(".-_").join(rng.choice(["abc", "1", "01", "ubuntu", "5g", "A", "z9", "0"]) for _ in range(rng.choice([1, 1, 2, 3])))
    if rng.random() < 0.05:
        text = rng.choice(["v", "V"]) + text
    if rng.random() < 0.05:
        text = rng.choice([" ", "\t", "\n"]) + text + rng.choice(["", " ", "\n"])
    return text


def damaged(rng, text, often=0.15):
    if rng.random() > often:
        return text
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        how = rng.random()
        if how < 0.4:
            text = text[:at] + rng.choice(DAMAGE) + text[at:]
        elif how < 0.7:
            text = text[:at] + text[at + 1:]
        elif how < 0.85:
            text = text[:at] + rng.choice(DAMAGE) + text[at + 1:]
        else:
            text = text[:at] + text[at:][::-1]
    return text


def clause(rng):
    op = rng.choice(["==", "==", "!=", "!=", "<=", ">=", ">=", "<", ">", "~=", "==="])
    if op in ("==", "!=") and rng.random() < 0.3:
        text = (number(rng) + "!" if rng.random() < 0.1 else "") + version(rng, simple=True) + ".*"
    elif op == "~=":
        text = version(rng)
        if rng.random() < 0.8:
            text = text.split("+")[0]
    else:
        text = version(rng)
        if op not in ("==", "!=", "===") and rng.random() < 0.8:
            text = text.split("+")[0]
    return op + rng.choice(["", "", "", " "]) + text


def specifier(rng):
    return rng.choice([",", ",", ", ", " , "]).join(clause(rng) for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])))


def near(rng, text):
    """A version close to one that the specifier names, so that borders are met."""
    pieces = [p.strip("~=!<> \t\n").removesuffix(".*") for p in text.split(",")]
    base = rng.choice(pieces).strip() or "1.0"
    base = base.split("+")[0] if rng.random() < 0.5 else base
    return base + rng.choice(["", "", "", ".0", ".1", "a1", "rc1", ".dev0", ".dev1", ".post0", ".post1", ".post1.dev0", "a0.post1", "+x", "+x.1", ".0.0"])


EXTRAS = ["test", "Fast_IO", "fast-io", "a.b", "A--b", "x"]
NAMES = ["requests", "Foo.Bar", "foo_bar", "A", "zope.interface", "x--y", "a_.b", "1", "py2-x3"]
TEXT_KEYS = {"os_name": ["posix", "nt", "java", "", "a posix b"], "sys_platform": ["linux", "win32", "linux2"],
             "platform_machine": ["s390x", "x86_64", "1.0", "5.10.0"], "platform_python_implementation": ["CPython", "PyPy", "cpython"],
             "platform_system": ["Linux", "Windows"], "platform_version": ["", "#1 SMP", "5.10", "1.0"],
             "implementation_name": ["cpython", "pypy"]}
VERSION_KEYS = ["python_version", "python_full_version", "implementation_version", "platform_release"]
ALIASES = {"os_name": "os.name", "sys_platform": "sys.platform", "platform_version": "platform.version",
           "platform_machine": "platform.machine", "platform_python_implementation": "python_implementation"}
OPS = ["==", "==", "!=", "<", ">", "<=", ">=", "~=", "===", "in", "not in"]
ENVS = [
    {"os_name": "posix", "sys_platform": "linux", "platform_machine": "s390x", "platform_python_implementation": "CPython",
     "platform_release": "", "platform_system": "Linux", "platform_version": "", "python_version": "3.11",
     "python_full_version": "3.11.2", "implementation_name": "cpython", "implementation_version": "3.11.2"},
    {"os_name": "posix", "sys_platform": "linux", "platform_machine": "x86_64", "platform_python_implementation": "PyPy",
     "platform_release": "5.10.0-21-amd64", "platform_system": "Linux", "platform_version": "#1 SMP Debian", "python_version": "3.13",
     "python_full_version": "3.13.0rc1", "implementation_name": "pypy", "implementation_version": "7.3.12"},
    {"os_name": "nt", "sys_platform": "win32", "platform_machine": "AMD64", "platform_python_implementation": "CPython",
     "platform_release": "10", "platform_system": "Windows", "platform_version": "10.0.19041", "python_version": "3.9",
     "python_full_version": "3.9.0", "implementation_name": "cpython", "implementation_version": "3.9.0"},
]


def quoted(rng, text):
    quote = rng.choice("'\"")
    return text if quote in text else quote + text + quote


def comparison(rng):
    how = rng.random()
    if how < 0.15:
        sides = ["extra", quoted(rng, rng.choice(EXTRAS))]
        op = rng.choice(["==", "==", "!=", "in"])
    elif how < 0.25:
        sides = [quoted(rng, rng.choice(EXTRAS)), rng.choice(["extras", "dependency_groups"])]
        op = rng.choice(["in", "in", "not in", "=="])
        return " ".join([sides[0], op, sides[1]])
    elif how < 0.6:
        key = rng.choice(VERSION_KEYS)
        text = rng.choice(["3.11", "3.9", "3", "3.11.2", "3.*", "3.11.*", "3.13.0rc1", "2.7", "10", "5.10", "3.10 3.11", "3.9, 3.11", "", "x"])
        sides = [key, quoted(rng, text if rng.random() < 0.8 else version(rng))]
        op = rng.choice(OPS)
    else:
        key = rng.choice(list(TEXT_KEYS))
        sides = [ALIASES.get(key, key) if rng.random() < 0.1 else key, quoted(rng, rng.choice(TEXT_KEYS[key]))]
        op = rng.choice(OPS)
    if rng.random() < 0.2:
        sides.reverse()
    space = " " if op in ("in", "not in") else rng.choice([" ", " ", ""])
    return sides[0] + space + op + space + sides[1]


def marker(rng, depth=0):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        if depth < 3 and rng.random() < 0.2:
            parts.append("(" + rng.choice(["", " "]) + marker(rng, depth + 1) + rng.choice(["", " "]) + ")")
        else:
            parts.append(comparison(rng))
    text = parts[0]
    for part in parts[1:]:
        text += " " + rng.choice(["and", "or"]) + " " + part
    return text


def requirement(rng):
    text = rng.choice(NAMES)
    if rng.random() < 0.3:
        text += rng.choice(["", " "]) + "[" + rng.choice([",", ", ", " , "]).join(rng.choice(EXTRAS) for _ in range(rng.choice([0, 1, 1, 2]))) + "]"
    if rng.random() < 0.15:
        text += rng.choice([" @ ", "@", " @"]) + rng.choice(["https://example.org/a-1.0.zip", "file:///x/y", "git+https://h/x.git@v1#egg=x", "./rel", "https://u:p@h/x?y=1"])
        if rng.random() < 0.4:
            text += rng.choice([" ; ", " ;", "; "]) + marker(rng)
        return text
    chosen = specifier(rng)
    if chosen:
        text += "(" + chosen + ")" if rng.random() < 0.15 else rng.choice(["", " "]) + chosen
    if rng.random() < 0.4:
        text += rng.choice([";", " ; ", "; "]) + marker(rng)
    return text


def name(rng):
    return "".join(rng.choice("abcXYZ019") if rng.random() < 0.7 else rng.choice("-_.") for _ in range(rng.randrange(1, 12)))


PYTHONS = ["py3", "py2.py3", "cp311", "cp39", "cp310.cp311", "pp310", "cp36", "py311", "3cp", "jy27"]
ABIS = ["none", "abi3", "cp311", "cp313t", "abi3t", "cp36m", "pypy310_pp73", "abi3.none"]
PLATFORMS = ["any", "linux_s390x", "manylinux_2_17_s390x.manylinux2014_s390x", "musllinux_1_2_x86_64", "win_amd64",
             "macosx_11_0_universal2", "manylinux1_x86_64"]


def tag(rng):
    return "-".join([rng.choice(PYTHONS), rng.choice(ABIS), rng.choice(PLATFORMS)])


def wheel(rng):
    text = rng.choice(["foo", "foo_bar", "Foo.Bar", "a", "foo__bar", "x1"]) + "-" + version(rng).replace("-", "_")
    if rng.random() < 0.3:
        text += "-" + rng.choice(["1", "2local", "0", "007x", "x1", "1_2"])
    return text + "-" + tag(rng) + rng.choice([".whl"] * 12 + [".WHL", ".zip", ""])


def sdist(rng):
    return rng.choice(["foo", "foo_bar", "Foo.Bar", "foo-bar", "a"]) + "-" + version(rng) + rng.choice([".tar.gz", ".tar.gz", ".zip", ".tar", ".tgz", ".whl"])


def license_expression(rng, depth=0):
    parts = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        if depth < 3 and rng.random() < 0.2:
            parts.append("(" + license_expression(rng, depth + 1) + ")")
            continue
        one = rng.choice(["MIT", "mit", "Apache-2.0", "GPL-2.0-only", "gpl-2.0-or-later", "BSD-3-Clause", "LicenseRef-Mine", "licenseref-x.y-1",
                          "GPL-2.0+", "Nope-1.0", "LicenseRef-", "CC0-1.0"])
        if rng.random() < 0.15:
            one += " WITH " + rng.choice(["Classpath-exception-2.0", "LLVM-exception", "nope", "MIT"])
        parts.append(one)
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice([" AND ", " OR ", " and ", " or ", "  OR "]) + part
    return text


CLASSIFIERS = ["Programming Language :: Python", "Private :: Do Not Upload"]


def metadata(rng):
    lines = ["Metadata-Version: " + rng.choice(["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.6", "2.4", "3.0", "2.0", "x"]),
             "Name: " + damaged(rng, rng.choice(NAMES), 0.05), "Version: " + damaged(rng, version(rng).strip(), 0.05)]
    optional = [
        lambda: "Summary: " + rng.choice(["one line", "", "with: colon"]),
        lambda: "Requires-Dist: " + damaged(rng, requirement(rng), 0.05).replace("\n", " "),
        lambda: "Requires-Dist: " + requirement(rng).replace("\n", " "),
        lambda: "Requires-Python: " + damaged(rng, specifier(rng), 0.05).replace("\n", " "),
        lambda: "Provides-Extra: " + rng.choice(EXTRAS + ["-bad", "b\u00e4d"]),
        lambda: "Dynamic: " + rng.choice(["Requires-Dist", "License", "version", "Nope", "name", "classifier"]),
        lambda: "License-Expression: " + license_expression(rng),
        lambda: "License-File: " + rng.choice(["LICENSE", "a/b.txt", "../x", "/abs", "a*b", "a\\b", "licenses/./x"]),
        lambda: "License: " + rng.choice(["MIT", "text"]),
        lambda: "Keywords: " + rng.choice(["a,b", "a", "a, b ,c", ""]),
        lambda: "Project-URL: " + rng.choice(["Home, https://x", "Bug, https://y", "nolabel", "Home,https://z"]),
        lambda: "Classifier: " + rng.choice(CLASSIFIERS),
        lambda: "Import-Name: " + rng.choice(["foo", "foo.bar", "foo; private", "1x", "foo.", "class", "", "foo ;private"]),
        lambda: "Import-Namespace: " + rng.choice(["ns", "ns.x", "ns; private", "n-s"]),
        lambda: "Description-Content-Type: " + rng.choice(["text/plain", "text/markdown; variant=GFM", "text/markdown; variant=Nope", "text/html",
                                                          "text/x-rst; charset=UTF-8", "text/plain; charset=latin1", "TEXT/PLAIN"]),
        lambda: "Author: Some One", lambda: "Author-Email: a@b", lambda: "Home-Page: https://x", lambda: "Unknown-Field: x",
        lambda: "Platform: any", lambda: "Supported-Platform: RedHat 7.2", lambda: "Obsoletes-Dist: Gorgon", lambda: "Requires-External: C",
    ]
    for _ in range(rng.randrange(0, 7)):
        lines.append(rng.choice(optional)())
    if rng.random() < 0.05:
        rng.shuffle(lines)
    if rng.random() < 0.08:
        lines.pop(rng.randrange(len(lines)))
    text = "\n".join(lines) + "\n"
    if rng.random() < 0.3:
        text += "\nThe description: long.\n"
    return text


def groups(rng):
    names = ["dev", "Test_1", "lint", "docs", "test-1"]
    made = {}
    for one in rng.sample(names, rng.randrange(1, 5)):
        items = []
        for _ in range(rng.randrange(0, 4)):
            how = rng.random()
            if how < 0.5:
                items.append(rng.choice(["pytest", "Sphinx>=7", "ruff ; python_version > '3.8'", "bad requirement"]) if rng.random() < 0.9 else requirement(rng))
            elif how < 0.95:
                items.append({"include-group": rng.choice(names)})
            else:
                items.append(rng.choice([{"include": "x"}, {"include-group": 1}, 3, {"include-group": "dev", "x": "y"}]))
        made[one] = items
    return made


def direct_url(rng):
    made = {}
    if rng.random() < 0.97:
        made["url"] = rng.choice(["https://x/a.zip", "file:///a/b", "git+https://h/x", "file:rel", "FILE:///a", "https://u:p@h/x.zip", "https://git@h/x", 3,
                                  "https://${USER}:${PW}@h/x"])
    if rng.random() < 0.5:
        info = {}
        if rng.random() < 0.5:
            info["hash"] = rng.choice(["sha256=abc", "sha256", "md5=1", 5])
        if rng.random() < 0.5:
            info["hashes"] = rng.choice([{"sha256": "abc"}, {"md5": "1", "sha256": "abc"}, {"sha256": 1}, [], {}])
        made["archive_info"] = info
    if rng.random() < 0.35:
        info = {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"}
        for key in list(info):
            if rng.random() < 0.2:
                info.pop(key)
        made["vcs_info"] = info
    if rng.random() < 0.3:
        made["dir_info"] = rng.choice([{}, {"editable": True}, {"editable": "x"}, [], {"editable": False}])
    if rng.random() < 0.2:
        made["subdirectory"] = rng.choice(["x/y", 3, ""])
    return made
