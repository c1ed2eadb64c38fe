"""Imports a wheel's modules on the target and runs its known-answer check.

usage: check.py ANSWER.json SPEC.json
The spec names the modules that must import, the extension modules that must load,
and the check's file, if there is one. A module that raises anything is a failure
with its traceback; of an extension module only a failure to load counts, since
some need their package's own start-up order.
"""

import importlib
import json
import runpy
import sys
import traceback


def main():
    answer, spec_path = sys.argv[1:3]
    with open(spec_path, encoding="utf-8") as file:
        spec = json.load(file)
    result = {"imported": [], "failed": [], "value": None}
    sys.path[:0] = spec["path"]

    def attempt(name, forgiven):
        try:
            importlib.import_module(name)
            result["imported"].append(name)
        except forgiven:
            pass
        except BaseException as error:
            # Imported alone, two modules of a package that need each other meet half-way.
            if forgiven and isinstance(error, ImportError) and "circular import" in str(error):
                return
            result["failed"].append({"module": name, "traceback": traceback.format_exc()})

    for name in spec["modules"]:
        attempt(name, ())
    for name in spec["extensions"]:
        attempt(name, (ModuleNotFoundError, AttributeError, RuntimeError, SystemError, TypeError))
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
