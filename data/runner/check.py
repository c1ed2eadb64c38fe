"""Imports a wheel's modules on the target and runs its known-answer check.

usage: check.py ANSWER.json SPEC.json
The spec names the modules that must import, the extension modules that must load,
and the check's file, if there is one. A module that raises anything is a failure
with its traceback; of an extension module only a failure to load counts, since
some need their package's own start-up order. A module that lacks one which neither
the package nor anything that it requires would bring (a plugin without its host)
is told as "beside"; its extension modules are loaded all the same.
"""

import importlib
import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
import traceback

# Of an extension module that was found and loaded, not of the loading.
FORGIVEN = (ModuleNotFoundError, AttributeError, RuntimeError, SystemError, TypeError)


def is_promised(name, spec):
    """Whether that top-level module should be there: it or a part of it is, a maker of what is
    there lists it, or it is named like a private half of the package ("_yaml" of "yaml")."""
    own = tuple(module.partition(".")[0] for module in spec["modules"] + spec["extensions"])
    if name in own or name.startswith("_") and name.lstrip("_").startswith(own):
        return True
    for top in spec["path"]:
        for info in os.listdir(top):
            listing = os.path.join(top, info, "top_level.txt")
            if info.endswith(".dist-info") and os.path.exists(listing):
                with open(listing, encoding="utf-8", errors="replace") as file:
                    if name in file.read().split():
                        return True
    return importlib.machinery.PathFinder.find_spec(name, spec["path"]) is not None


def lacked(error, spec):
    """The module that somebody else would have to bring, or None."""
    top = (getattr(error, "name", None) or "").partition(".")[0]
    is_company = isinstance(error, ModuleNotFoundError) and top.isidentifier()
    return top if is_company and not is_promised(top, spec) else None


def load_alone(name, path):
    """Loads an extension module without its package, which cannot be imported."""
    for top in path:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            file = os.path.join(top, *name.split(".")) + suffix
            if os.path.exists(file):
                importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, file))
                return


def main():
    answer, spec_path = sys.argv[1:3]
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    result = {"imported": [], "failed": [], "beside": [], "value": None}
    sys.path[:0] = spec["path"]

    def attempt(name, load, forgiven):
        try:
            load()
            result["imported"].append(name)
        except BaseException as error:
            beside = lacked(error, spec)
            if beside:
                result["beside"] = sorted({*result["beside"], beside})
                return beside
            if isinstance(error, forgiven):
                return None
            # Imported alone, two modules of a package that need each other meet half-way.
            if forgiven and isinstance(error, ImportError) and "circular import" in str(error):
                return None
            result["failed"].append({"module": name, "traceback": traceback.format_exc()})
        return None

    for name in spec["modules"]:
        attempt(name, lambda: importlib.import_module(name), ())
    for name in spec["extensions"]:
        if attempt(name, lambda: importlib.import_module(name), FORGIVEN):
            attempt(name, lambda: load_alone(name, spec["path"]), FORGIVEN)
    if spec.get("check") and not result["failed"]:
        try:
            result["value"] = runpy.run_path(spec["check"])["answer"]()
        except BaseException:
            result["failed"].append({"module": "known answer", "traceback": traceback.format_exc()})
    for failure in result["failed"]:
        print("%s:\n%s" % (failure["module"], failure["traceback"]), file=sys.stderr)
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(result, file, sort_keys=True)
    sys.exit(1 if result["failed"] else 0)


sys.path.pop(0)  # the runner's own directory: its names are not the package's
main()
