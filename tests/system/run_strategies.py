#!/usr/bin/env python3
"""Every strategy on every kind of target, with one small C extension: cross and native to machines
other than s390x, everything under qemu-user, and the way from one strategy to the next.
usage: run_strategies.py (SHOW=1 prints what was said)"""
import os
import shutil
import sys

import made
from whole import World

C = r'''
#include <Python.h>
static PyObject *order(PyObject *self, PyObject *args)
{
    const union { unsigned number; unsigned char bytes[4]; } one = {1};
    return PyUnicode_FromString(one.bytes[0] ? "little" : "big");
}
static PyMethodDef methods[] = {{"order", order, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "NAME", "", -1, methods};
PyMODINIT_FUNC PyInit_NAME(void) { return PyModule_Create(&module); }
'''
# The module is called as the target's Python would call it; the compiler by the name that it says.
BUILD = '''
    import shlex, subprocess, sysconfig
    CONDITION
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    include = "/sysroot/usr/include/python3.11"
    with open("m.c", "w") as file:
        file.write(CODE.replace("NAME", NAME))
    subprocess.check_call(shlex.split(os.environ["CC"]) + ["-O1", "-shared", "-fPIC", "-I" + include,
                          "m.c", "-o", NAME + suffix])
    tag = "cp311-cp311-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return write(directory, {NAME + suffix: open(NAME + suffix, "rb").read()}, tag=tag)
'''
ONLY_HYBRID = '''if not os.path.realpath(sys.executable).startswith("/sysroot/"):
        raise RuntimeError("this build needs the Python of the target")'''


def sdist(name, condition="pass"):
    body = f"CODE = {C!r}\n" + made.BACKEND.format(
        name=name, version="1.0", metadata=made.metadata(name)) + BUILD.replace("CONDITION", condition)
    return made.sdist_bytes(name, files={
        "backend.py": body,
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'})


def part_targets(world, folder, need):
    home = os.uname().machine
    other = "aarch64" if home != "aarch64" else "x86_64"
    for words, strategy, machine in (
            (("--arch", other), "cross", other),
            (("--platform-tag", f"manylinux_2_28_{home}"), "native", home),
            (("--strategy", "hybrid"), "hybrid", "s390x"),
            (("--strategy", "emulate"), "emulate", "s390x")):
        if not shutil.which(f"qemu-{machine}-static") and machine != home:
            print(f"not tried here: {machine}, no qemu-{machine}-static")
            continue
        result = world.run("--find-links", folder, "-r", need, *words, limit=900)
        package = result.packages.get("tiny", {})
        world.check(f"{strategy} to {machine}", result.status == 0 and
                    package.get("status") == "built" and package.get("strategy") == strategy and
                    len(result.delivered()) == 1 and result.delivered()[0].endswith(f"_{machine}.whl"),
                    result, str(package))
    world.check("nothing is left", not world.leftovers(), None, str(world.leftovers()))


def part_next(world, folder, need):
    """auto: a cross build that fails gives way to hybrid, which the next run begins with."""
    result = world.run("--find-links", folder, "-r", need)
    package = result.packages.get("picky", {})
    attempts = [(a.get("strategy"), a["outcome"]) for a in package.get("attempts", [])
                if a.get("strategy") in ("cross", "hybrid")]
    world.check("cross fails, hybrid builds", result.status == 0 and
                package.get("strategy") == "hybrid" and ("cross", "failed") in attempts and
                ("hybrid", "succeeded") in attempts, result, str(package))
    world.check("and it says why", "cross failed" in package.get("why", ""), result,
                str(package.get("why")))
    result = world.run("--find-links", folder, "-r", need, "--rebuild", "picky")
    package = result.packages.get("picky", {})
    world.check("the next run begins with what worked", result.status == 0 and
                package.get("strategy") == "hybrid" and
                all(a["outcome"] == "succeeded" for a in package.get("attempts", [])), result, str(package))


def main():
    world = World()
    folder = world.folder({"tiny-1.0.tar.gz": sdist("tiny"),
                           "picky-1.0.tar.gz": sdist("picky", ONLY_HYBRID)})
    needs = world.folder({"tiny.txt": "tiny\n", "picky.txt": "picky\n"})
    part_targets(world, folder, needs / "tiny.txt")
    part_next(world, folder, needs / "picky.txt")
    world.close()


if sys.argv[1:]:
    sys.exit(__doc__)
main()
