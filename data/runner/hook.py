"""Calls one PEP 517 hook of a package's backend and writes its answer as JSON.

usage: hook.py requires|wheel|metadata ANSWER.json [OPTIONS.json]
Runs with the source tree as the working directory. The options are the backend,
its path (PEP 517 build-backend, backend-path) and the config_settings.
Exit status: 0 the answer is written, 1 the backend failed (traceback on standard
error).
"""

import importlib
import json
import os
import sys
import traceback
import zipfile


def backend_of(options):
    for part in reversed(options.get("backend_path", [])):
        full = os.path.realpath(part)
        if full != os.getcwd() and not full.startswith(os.getcwd() + os.sep):
            sys.exit("backend-path leads outside the source tree: %r" % part)
        sys.path.insert(0, full)
    module, _, attribute = options.get("backend", "setuptools.build_meta:__legacy__").partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        backend = getattr(backend, name)
    return backend


def requires(backend, settings):
    hook = getattr(backend, "get_requires_for_build_wheel", None)
    return {"requires": list(hook(settings)) if hook else []}


def metadata(backend, settings):
    hook = getattr(backend, "prepare_metadata_for_build_wheel", None)
    if hook is None:  # optional: then the wheel itself tells
        name = backend.build_wheel("/work/dist", settings)
        with zipfile.ZipFile(os.path.join("/work/dist", name)) as built:
            for member in built.namelist():
                if member.endswith(".dist-info/METADATA"):
                    return {"metadata": built.read(member).decode("utf-8")}
        sys.exit("the wheel that the backend built has no METADATA")
    os.makedirs("/work/metadata", exist_ok=True)
    directory = hook("/work/metadata", settings)
    with open(os.path.join("/work/metadata", directory, "METADATA"), encoding="utf-8") as file:
        return {"metadata": file.read()}


def wheel(backend, settings):
    return {"wheel": backend.build_wheel("/work/dist", settings)}


def settings_of(options):
    """As front ends hand them on: a value, or a list where a key was given more than once."""
    settings = options.get("config_settings") or {}
    return {key: of[0] if len(of) == 1 else of for key, of in settings.items()} or None


def main():
    hook, answer = sys.argv[1:3]
    options = {}
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8") as file:
            options = json.load(file)
    sys.argv = ["setup.py"]
    try:
        result = {"requires": requires, "metadata": metadata, "wheel": wheel}[hook](
            backend_of(options), settings_of(options)
        )
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise
        sys.exit("the backend ended the process instead of returning")
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    with open(answer + ".part", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.rename(answer + ".part", answer)


sys.path.pop(0)  # the runner's own directory: its names are not the package's
main()
