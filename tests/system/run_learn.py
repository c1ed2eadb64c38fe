#!/usr/bin/env python3
"""Builds that need more than their metadata says, for real: a header, a program, a build requirement.
usage: run_learn.py [part...] (SHOW=1 prints what was said)"""
import hashlib
import json
import pathlib
import subprocess

import made
import whole

SETUP = '''
import subprocess
{before}
from setuptools import setup, Extension
setup(name="{name}", version="{version}", py_modules=["{name}"],
      ext_modules=[Extension("_{name}", ["{name}.c"], libraries={libraries})])
'''

SOURCE = '''#include <Python.h>
#include <{header}>
static struct PyModuleDef d = {{PyModuleDef_HEAD_INIT, "_{name}", NULL, -1, NULL}};
PyMODINIT_FUNC PyInit__{name}(void)
{{
    PyObject *m = PyModule_Create(&d);
    PyModule_AddStringConstant(m, "SAYS", {says});
    return m;
}}
'''


def extension(name, header, libraries, says, before="", version="1.0", more=()):
    """An sdist whose extension module asks a native library for its version."""
    return made.sdist_bytes(name, version, {
        **dict(more),
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'
                          'build-backend = "setuptools.build_meta"\n',
        "setup.py": SETUP.format(name=name, version=version, libraries=libraries, before=before),
        f"{name}.py": f"from _{name} import SAYS\n",
        f"{name}.c": SOURCE.format(name=name, header=header, says=says)})


def sdists(world, version="1.0"):
    return world.folder({
        f"needsbz-{version}.tar.gz": extension("needsbz", "bzlib.h", ["bz2"], "BZ2_bzlibVersion()", "", version),
        f"needsflex-{version}.tar.gz": extension("needsflex", "stdio.h", [], '"plain"',
                                                 'subprocess.check_call(["flex", "--version"])', version),
        f"needspip-{version}.tar.gz": extension("needspip", "stdio.h", [], '"plain"', "import wrapt_to_be",
                                                version)})


def need(world, text):
    return world.folder({"r.txt": text}) / "r.txt"


def part_by_hand(world):
    """--recipe: what a user knows of a package."""
    files = sdists(world)
    wheels = world.folder({"wrapt_to_be-2.0-py3-none-any.whl": made.wheel_bytes("wrapt_to_be", "2.0"),
                           "wrapt_to_be-1.0-py3-none-any.whl": made.wheel_bytes("wrapt_to_be", "1.0")})
    words = ("--find-links", files, "--find-links", wheels, "--max-attempts", "1",
             "-r", need(world, "needsbz\nneedsflex\nneedspip\n"))
    result = world.run(*words, local=False)
    world.check("without recipes none is built", result.status == 1 and not result.delivered(), result)
    result = world.run(*words, "--recipe", "needsbz=apt:libbz2-dev", "--recipe", "NeedsFlex=apt:flex:native",
                       "--recipe", "needspip=pip:wrapt-to-be<2", local=False)
    world.check("with them all are", result.status == 0 and
                {p["status"] for p in result.packages.values()} == {"built"}, result)
    world.check("and the manifest names them", result.packages["needspip"].get("recipes") ==
                ["pip:wrapt-to-be<2"] and "apt:flex:native" in result.packages["needsflex"]["recipes"], result)
    for word, say in (("needsbz", "NAME=RECIPE"), ("needsbz=zlib1g-dev", "is none"),
                      ("needsbz=apt:../x", "name of a package"), ("needsbz=apt:-y", "name of a package"),
                      ("needsbz=pip:a b", "requirement"), ("needsbz=env:X", "KEY=VALUE")):
        world.sentence(word, world.run(*words, "--recipe", word), 2, say)


PATCH = """--- a/{name}.c
+++ b/{name}.c
@@ -1,2 +1,2 @@
 #include <Python.h>
-#include <no_such_header.h>
+#include <{header}>
"""


def part_patches(world):
    """A patch of one's own, by its content part of what is built."""
    files, cache = world.folder({"needspatch-1.0.tar.gz": extension("needspatch", "no_such_header.h", [], '"patched"')}), \
        world.make_cache("patches")
    words = ("--find-links", files, "--max-attempts", "1", "-r", need(world, "needspatch\n"))
    asked = (*words, "--recipe", "needspatch=patch:fix.patch")
    world.sentence("a patch that is not there", world.run(*asked, local=False, cache=cache), 1, "recipe patch:fix.patch: opening")
    patch = pathlib.Path(cache) / "patches" / "fix.patch"
    patch.parent.mkdir()
    for text, say in (("this is no patch\n", "the patch fix.patch does not apply"),
                      (PATCH.format(name="other", header="string.h"), "the patch fix.patch does not apply"),
                      (PATCH.format(name="../../etc/x", header="string.h"), "the patch fix.patch does not apply"),
                      (PATCH.format(name="needspatch", header="neither_this.h"), "neither_this.h")):
        patch.write_text(text)
        world.sentence(f"a patch {text[:14]!r}", world.run(*asked, local=False, cache=cache), 1, say)
    patch.write_text(PATCH.format(name="needspatch", header="string.h"))
    result = world.run(*asked, local=False, cache=cache)
    world.check("with one that mends it the wheel is built and imported", result.status == 0 and
                "patch:fix.patch" in result.packages["needspatch"]["recipes"], result)
    again = world.run(*asked, local=False, cache=cache)
    world.check("the same patch again: the wheel that is there", again.status == 0 and
                again.packages["needspatch"]["status"] == "cached", again, str(again.packages))


def part_packs(world):
    """Native libraries from source on the floor: the wheel needs nothing of the system's."""
    files, cache = sdists(world), world.make_cache("packs")
    listed = subprocess.run([whole.PROGRAM, "pack", "list", "--json"], capture_output=True, check=True)
    names = [pack["name"] for pack in json.loads(listed.stdout)]
    world.check("packs are listed, what one needs before it", "bzip2" in names and
                names.index("libxml2") < names.index("libxslt"), None, str(names))
    words = ("--find-links", files, "-r", need(world, "needsbz\n"))
    plain = world.run(*words, "--recipe", "needsbz=apt:libbz2-dev", local=False, cache=cache)
    packed = world.run(*words, "--recipe", "needsbz=pack:bzip2", local=False, cache=cache)
    grafts = [r.packages["needsbz"].get("grafted", []) if r.status == 0 else None for r in (plain, packed)]
    world.check("a library of the release is grafted, one of a pack is inside", grafts[0] and
                not grafts[1] and packed.status == 0 and packed.packages["needsbz"]["recipes"] == ["pack:bzip2"], packed, str(grafts))
    path = subprocess.run([whole.PROGRAM, "pack", "build", "bzip2", "zlib", "--cache", str(world.cache)],
                          capture_output=True, text=True, check=False)
    tree = pathlib.Path(path.stdout.strip())
    world.check("two packs lie in one tree", path.returncode == 0 and all(
        (tree / p).is_file() for p in ("lib/libbz2.a", "lib/libz.a", "include/zlib.h",
                                       "lib/pkgconfig/bzip2.pc")), None, path.stderr)
    for argv, say in ((["build", "nothing"], "no pack"), (["build"], "say: pack list"), (["drop"], "say: pack list")):
        done = subprocess.run([whole.PROGRAM, "pack", *argv, "--cache", str(world.cache)],
                              capture_output=True, text=True, check=False)
        world.check(f"pack {argv}", done.returncode == 2 and say in done.stderr, None, done.stderr)


OWN = """name: {name}
version: "{version}"
url: https://{name}.invalid/{name}-{version}.tar.gz
sha256: {sha256}
needs: [{needs}]
build: script
script: |
{script}
provides: [header:{name}.h, library:{name}]
for: [{meant}]
"""


def own_pack(folder, sources, name, version, files, script, needs="", meant=""):
    data = made.tree_bytes(f"{name}-{version}", files)
    (sources / f"{name}-{version}.tar.gz").write_bytes(data)
    (folder / f"{name}.yaml").write_text(OWN.format(
        name=name, version=version, needs=needs, meant=meant, sha256=hashlib.sha256(data).hexdigest(),
        script="\n".join(f"  {line}" for line in script)))


def part_own_packs(world):
    """Packs of one's own, by URL and digest; a wheel built against a shared library of one."""
    cache, packs, sources = world.make_cache("own"), world.folder({}), world.folder({})
    own_pack(packs, sources, "tinybase", "2.0", {"tinybase.h": "#define TINYBASE 42\n"},
             ["mkdir -p $OUT/pack/include", "cp tinybase.h $OUT/pack/include"])
    own_pack(packs, sources, "tiny", "1.0", {"tiny.c": "#include <tinybase.h>\nint tiny(void) { return TINYBASE; }\n",
                                             "tiny.h": "int tiny(void);\n"},
             ["mkdir -p $OUT/pack/include $OUT/pack/lib", "cp tiny.h $OUT/pack/include",
              "$CC -shared -fPIC -O2 -Wl,-soname,libtiny.so.1 -o $OUT/pack/lib/libtiny.so.1 tiny.c",
              "ln -s libtiny.so.1 $OUT/pack/lib/libtiny.so"], "tinybase", "needs-*")
    files = world.folder({"needstiny-1.0.tar.gz": extension(
        "needstiny", "tiny.h", ["tiny"], 'tiny() == 42 ? "forty-two" : "wrong"')})
    words = ("--find-links", files, "-r", need(world, "needstiny\n"), "--packs", packs)
    world.sentence("a source that is nowhere", world.run(*words, "--recipe", "needstiny=pack:tiny", "--offline", "--max-attempts", "1",
                                                         "--find-links", whole.setuptools_folder(), cache=cache), 1, "tinybase-2.0.tar.gz is not in the cache")
    recipe = packs / "tiny.yaml"
    recipe.write_text(recipe.read_text().replace("needs-*", "need*tiny"))
    result = world.run(*words, "--pack-sources", sources, local=False, cache=cache)
    package = result.packages.get("needstiny", {})
    world.check("a pack that is for a package is attached to it, and its library grafted", result.status == 0 and
                package["recipes"] == ["pack:tiny"] and package["packs"][0].startswith("tiny 1.0 sha256:") and
                package["packs"][1].startswith("tinybase 2.0 sha256:") and
                [pathlib.Path(g["origin"]).name for g in package["grafted"]] == ["libtiny.so.1"] and
                package["policy"] == "manylinux_2_17_s390x", result, str(package))
    lines = [line for line in result.text.splitlines() if line.startswith(("making pack", "ready pack", "building"))]
    world.check("each pack is a job, behind what it needs", [line.split()[1] for line in lines[:5]] ==
                ["pack:tinybase", "pack:tinybase", "pack:tiny", "pack:tiny", "needstiny"], result, str(lines))
    plan = subprocess.run([whole.PROGRAM, "plan", *map(str, words), "--cache", str(cache)],
                          capture_output=True, text=True, check=False)
    world.check("the plan shows it", "(pack tiny: a native library from source)" in plan.stdout, None, plan.stdout + plan.stderr)

    def build(*argv):
        return subprocess.run([whole.PROGRAM, "pack", "build", "tiny", "--packs", str(packs), "--cache", str(cache), *argv],
                              capture_output=True, text=True, check=False)
    again = build("--offline")
    world.check("what is built needs no source", again.returncode == 0 and
                (pathlib.Path(again.stdout.strip()) / "lib/libtiny.so.1").is_file(), None, again.stderr)
    listed = subprocess.run([whole.PROGRAM, "pack", "list", "--json", "--packs", str(packs), "--cache", str(cache)],
                            capture_output=True, text=True, check=False)
    built = {pack["name"]: [one["version"] for one in pack["built"]] for pack in json.loads(listed.stdout)}
    world.check("the list says what was built", built["tiny"] == ["1.0"] and built["zlib"] == [], None, str(built))
    recipe.write_text(recipe.read_text().replace("-O2", "-O1"))  # another recipe: built anew
    tarball = sources / "tiny-1.0.tar.gz"
    good = tarball.read_bytes()
    tarball.write_bytes(good + b"changed")
    wrong = build("--pack-sources", str(sources), "--offline")
    world.check("a source of another digest is passed over", wrong.returncode != 0 and "it is passed over" in wrong.stderr and
                "tiny-1.0.tar.gz is not in the cache" in wrong.stderr, None, wrong.stderr)
    wrong = build("--pack-mirror", sources.as_uri())
    world.check("and refused from a mirror", wrong.returncode != 0 and "--pack-mirror: " in wrong.stderr and
                "SHA-256" in wrong.stderr, None, wrong.stderr)
    tarball.write_bytes(good)
    right = build("--pack-mirror", sources.as_uri())
    world.check("the right one is taken from there", right.returncode == 0 and right.stdout != again.stdout, None, right.stderr)


def attempts(result, name):
    return [attempt["outcome"] for attempt in result.packages[name]["attempts"]]


def part_hints(world):
    """What the logs say is missing is looked up, said, applied, and remembered."""
    files, cache, fresh = sdists(world), world.make_cache("hints"), world.make_cache("hints-fresh")
    words = ("--find-links", files, "--max-attempts", "1", "-r", need(world, "needsbz\nneedsflex\nneedspip\n"))
    result = world.run(*words, local=False, cache=cache)
    world.check("without leave nothing is applied, and what would help is said", result.status == 1 and
                "needsbz: Suggested packages: dnf: bzip2-devel | apt: libbz2-dev | emerge: app-arch/bzip2" in result.text and
                "apt: flex" in result.packages["needsflex"].get("metadata", {}).get("suggestion", ""), result)
    result = world.run(*words, "--dry-run-recipes", local=False, cache=cache)
    world.check("a dry run names what it would apply", result.status == 1 and not result.delivered() and
                "needsbz: would be tried again with pack:bzip2" in result.text, result)
    result = world.run(*words, "--auto-apply-suggestions", "--no-system-recipes", local=False, cache=cache)
    world.check("no system packages where they are not wanted: a pack is none", result.status == 1 and
                {n: p["status"] for n, p in result.packages.items()} ==
                {"needsbz": "built", "needsflex": "failed", "needspip": "failed"}, result)
    broken = world.folder({"bzip2.yaml": OWN.format(name="bzip2", version="9", needs="", meant="", script="  exit 1",
                                                    sha256="0" * 64).replace("header:bzip2.h", "header:bzlib.h")})
    result = world.run("--find-links", files, "-r", need(world, "needsbz\n"), "--packs", broken, "--offline",
                       "--find-links", whole.setuptools_folder(), "--auto-apply-suggestions", cache=fresh)
    world.check("a pack that cannot be had gives way to the distribution's package", result.status == 0 and
                result.packages["needsbz"]["recipes"] == ["apt:libbz2-dev"] and
                "without the packs that hints brought" in result.text, result)
    result = world.run(*words, "--auto-apply-suggestions", local=False, cache=cache)
    world.check("a header and a program are found and the builds made", result.status == 1 and
                {n: p["status"] for n, p in result.packages.items()} ==
                {"needsbz": "cached", "needsflex": "built", "needspip": "failed"}, result)
    world.check("with what has them: a pack before a package", result.packages["needsbz"]["recipes"] == ["pack:bzip2"] and
                not result.packages["needsbz"].get("grafted") and
                result.packages["needsbz"]["packs"][0].startswith("bzip2 1.0.8") and
                result.packages["needsflex"]["recipes"] == ["apt:flex:native"], result)
    world.check("a module that a log names is not installed by itself",
                "needs approval" in result.packages["needspip"]["metadata"].get("suggestion", ""), result)
    again = world.run("--find-links", sdists(world, "1.1"), "-r", need(world, "needsbz\nneedsflex\n"), local=False, cache=cache)
    world.check("the next version is built at once with what worked", again.status == 0 and
                again.packages["needsbz"]["recipes"] == ["pack:bzip2"] and
                set(attempts(again, "needsbz") + attempts(again, "needsflex")) == {"succeeded"}, again,
                str([again.packages[n].get("attempts") for n in ("needsbz", "needsflex")] + [again.packages["needsbz"]["recipes"]]))


def asking(world, version="1.0"):
    """Sdists whose metadata their backends alone can tell, which lack something for it."""
    def dynamic(name, *words):
        return extension(name, *words, version, {"PKG-INFO": made.metadata(name, version)})
    config = 'subprocess.check_call(["pkg-config", "--print-errors", "--exists", "libffi"])'
    return world.folder({
        f"needsffi-{version}.tar.gz": dynamic("needsffi", "ffi.h", ["ffi"], '"plain"', config),
        f"needspkg-{version}.tar.gz": dynamic("needspkg", "stdio.h", [], '"plain"', "import pkg_resources")})


def part_asked(world):
    """The same for backends that a plan asks for metadata; what failed is not asked again."""
    files, cache = asking(world), world.make_cache("asked")
    words = ("--find-links", files, "-r", need(world, "needsffi\nneedspkg\n"))
    logs = lambda: {p.name: p.stat().st_ino for p in (cache / "metadata").glob("*.log")}
    result = world.run(*words, local=False, cache=cache)
    world.check("what would help is said and stored with the reason", result.status == 1 and
                "needsffi 1.0: Suggested packages:" in result.text and "apt: libffi-dev" in
                result.packages["needsffi"].get("metadata", {}).get("suggestion", "") and
                "libffi" in result.packages["needsffi"]["why"], result)
    first = logs()
    result = world.run(*words, "--auto-apply-suggestions", "--no-system-recipes", "--dry-run-recipes", local=False, cache=cache)
    world.check("no system packages where they are not wanted, and nothing in a dry run", result.status == 1 and
                "needspkg: would be asked again with pip:setuptools<81" in result.text and
                "asked again with apt:" not in result.text and not result.delivered(), result)
    world.check("a question that failed is not asked again", len(first) == 2 and logs() == first, result, str((first, logs())))
    result = world.run(*words, "--rebuild", "NeedsFFI", local=False, cache=cache)
    changed = [name for name in first if logs().get(name) != first[name]]
    world.check("unless its package is to be rebuilt", result.status == 1 and len(changed) == 1, result, str(changed))
    result = world.run(*words, "--auto-apply-suggestions", local=False, cache=cache)
    world.check("asked again with what helps, then built with it", result.status == 0 and
                {n: p["status"] for n, p in result.packages.items()} == {"needsffi": "built", "needspkg": "built"} and
                result.packages["needsffi"]["recipes"] == ["pack:libffi"] and
                result.packages["needspkg"]["recipes"] == ["pip:setuptools<81"] and
                set(attempts(result, "needsffi") + attempts(result, "needspkg")) == {"succeeded"}, result,
                str({n: (p.get("recipes"), p.get("attempts")) for n, p in result.packages.items()}))
    stats = json.loads(hint(cache, "stats").stdout)
    helped = {h["hint"]: (h["applied"], h["fixed"]) for h in stats["hints"] if h["applied"]}
    world.check("that is their record", set(helped.values()) == {(1, 1)} and len(helped) == 2 and
                [r["recipe"] for r in stats["looked_up"]] == ["pack:libffi"], result, str(stats))
    again = world.run("--find-links", asking(world, "1.1"), "-r", need(world, "needsffi\nneedspkg\n"), local=False, cache=cache)
    world.check("the next version's backend is asked with it at once", again.status == 0 and
                "asked again" not in again.text and len(logs()) == len(first) and
                again.packages["needspkg"]["recipes"] == ["pip:setuptools<81"], again, str(logs()))


def hint(cache, *argv):
    return subprocess.run([whole.PROGRAM, "hint", *argv, "--json", "--cache", str(cache)], capture_output=True,
                          text=True, check=False)


def part_record(world):
    """What came of hints, and for how many stored failures there is a recipe."""
    files, cache = sdists(world), world.make_cache("record")
    world.run("--find-links", files, "-r", need(world, "needsbz\n"), "--auto-apply-suggestions", local=False, cache=cache)
    done = hint(cache, "stats")
    stats = json.loads(done.stdout or "{}")
    header = next((h for h in stats.get("hints", []) if h["hint"] == "header-missing"), {})
    world.check("a hint's record: applied, fixed, surer than written", header.get("applied") == 1 and
                header["fixed"] == 1 and header["confidence"] > header["confidence_written"] and
                header["for_stored_failures"] == stats["stored_failures"] == 1, None, done.stdout + done.stderr)
    world.check("what was looked up is kept with its line", [(r["name"], r["recipe"]) for r in stats.get("looked_up", [])] ==
                [("bzlib.h", "pack:bzip2")] and "bzlib.h" in stats["looked_up"][0]["example"], None, done.stdout)
    mine = world.dir / "mine.yaml"
    for pattern, count in (("bzlib\\.h: No such file", 1), ("nothing of this cache", 0)):
        mine.write_text(f"- id: mine\n  pattern: '{pattern}'\n  recipes: {{apt: [libbz2-dev]}}\n")
        done = hint(cache, "add", str(mine))
        world.check(f"a rule of one's own is held against {count} stored failure", done.returncode == 0 and
                    json.loads(done.stdout)["hints"] == [{"id": "mine", "for_stored_failures": count}], None, done.stdout + done.stderr)
    mine.write_text("- id: mine\n  pattern: 'never closed\n")
    done = hint(cache, "add", str(mine))
    world.check("a broken one is refused, and the one before stays", done.returncode == 1 and "mend the file" in done.stderr and
                "nothing of this cache" in hint(cache, "show", "mine").stdout, None, done.stderr)


PARTS = {"by-hand": part_by_hand, "patches": part_patches, "packs": part_packs, "own-packs": part_own_packs, "hints": part_hints,
         "asked": part_asked, "record": part_record}

whole.run_parts(PARTS)
