#!/usr/bin/env python3
"""--max-machine: extension modules with vector instructions of the z13 against older and newer
levels; compilers held to a level; code that asks the machine first, and code that only pretends to.
usage: run_machine.py [PART...] (SHOW=1 prints what was said)"""
import made
from whole import run_parts, setuptools_folder

HEAD = '''#include <Python.h>
#include <sys/auxv.h>
enum { VX = 1 << 11 }; /* HWCAP_S390_VXRS */
static struct PyModuleDef d = {PyModuleDef_HEAD_INIT, "_c", NULL, -1, NULL};
static void vector(void) { __asm__ volatile(".machine z13\\n vzero %%v0" ::: "f0"); }
'''
PLAIN = "vector();"
ASKS = '''if (getauxval(AT_HWCAP) & VX) vector();
    if ((getauxval(AT_HWCAP) & VX) && OLD) return PyErr_Format(PyExc_ImportError, "it has VX"), NULL;'''
PRETENDS = "if (getauxval(AT_HWCAP) != 1) vector();"
# Autovectorized where the compiler may.
LOOP = '''static int sum[256];
    for (int i = 0; i < 256; i++) sum[i] += (int)(size_t)&d * i;'''


def sdist(name, code, flags="[]", more=""):
    source = HEAD + f'''PyMODINIT_FUNC PyInit__c(void)
{{
    {code}
    return PyModule_Create(&d);
}}
'''
    setup = f'''from setuptools import setup, Extension
setup(name="{name}", version="1.0", packages=["{name}"],
      ext_modules=[Extension("{name}._c", ["{name}/_c.c"], extra_compile_args={flags})])
'''
    return made.sdist_bytes(name, files={
        "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'
                          'build-backend = "setuptools.build_meta"\n',
        "setup.py": setup, f"{name}/_c.c": source.replace("OLD", more or "0"),
        f"{name}/__init__.py": "from . import _c\n"})


def run(world, name, data, *words, **options):
    folder = world.folder({f"{name}-1.0.tar.gz": data, "need.txt": f"{name}\n"})
    return world.run("-r", folder / "need.txt", "--find-links", folder, "--find-links",
                     setuptools_folder(), "--max-attempts", "1", "--strategy", "cross", *words,
                     **options)


def part_code(world):
    plain = sdist("plain", PLAIN)
    result = run(world, "plain", plain, "--max-machine", "zEC12")
    world.sentence("vector code for a zEC12", result, 1, "plain/_c.",
                   "needs an instruction that zEC12 lacks: vzero of z13 at offset 0x",
                   "raise --max-machine")
    result = run(world, "plain", plain, "--max-machine", "z13")
    world.check("the same for a z13", result.status == 0 and
                result.packages["plain"]["status"] == "built", result)
    [wheel] = result.out.glob("*.whl")
    folder = world.folder({wheel.name: wheel.read_bytes(), "need.txt": "plain\n"})
    words = ("-r", folder / "need.txt", "--find-links", folder)
    world.sentence("a wheel that is reused", world.run(*words, "--max-machine", "zEC12"), 1,
                   "needs an instruction that zEC12 lacks: vzero of z13")
    result = world.run(*words, "--max-machine", "z14")
    world.check("reused where the level allows it", result.status == 0 and
                result.packages["plain"]["status"] == "reused", result)
    result = run(world, "plain", plain)
    world.check("no level, no limit", result.status == 0, result)


def part_asks(world):
    asks = sdist("asks", ASKS, more="1")
    result = run(world, "asks", asks, "--max-machine", "zEC12")
    world.check("code that asks first is tested on a machine without vectors",
                result.status == 0 and result.packages["asks"]["status"] == "built", result)
    result = run(world, "asks", asks, "--max-machine", "z13")
    world.check("and finds them on a newer one", result.status == 1 and "it has VX" in result.text,
                result)
    result = run(world, "pretends", sdist("pretends", PRETENDS), "--max-machine", "zEC12")
    world.sentence("code that asks and does not listen", result, 1,
                   "needs an instruction that zEC12 lacks (killed by signal 8")


def part_compilers(world):
    fast = sdist("fast", LOOP, '["-O3", "-march=z14"]')
    result = run(world, "fast", fast, "--max-machine", "zEC12")
    world.check("compilers are held to the level", result.status == 0, result)
    result = run(world, "free", sdist("free", LOOP, '["-O3", "-march=z14"]'))
    world.check("control: the package builds without", result.status == 0, result)
    [wheel] = result.out.glob("*.whl")
    folder = world.folder({wheel.name: wheel.read_bytes(), "need.txt": "free\n"})
    world.sentence("control: and has newer code then", world.run(
        "-r", folder / "need.txt", "--find-links", folder, "--max-machine", "zEC12"), 1,
        "needs an instruction that zEC12 lacks")


def part_words(world):
    folder = world.folder({"need.txt": "plain\n"})
    for level, *words in (("z17",), ("z10",), ("x86-64-v3",)):
        world.sentence(level, world.run("-r", folder / "need.txt", "--max-machine", level, *words), 2,
                       f"--max-machine {level} is no level", "z196, zEC12, z13, z14, z15, z16")
    world.sentence("a machine without levels", world.run(
        "-r", folder / "need.txt", "--max-machine", "z13", "--arch", "aarch64"), 2, "aarch64",
        "there are: none")


run_parts({"code": part_code, "asks": part_asks, "compilers": part_compilers, "words": part_words})
