"""Proves a directory of wheels on the target, as its user would: pip installs them all
without an index, then every module is imported and every known answer computed, each
package in an interpreter of its own.

usage: prove.py SPEC.json
"""

import json
import os
import subprocess
import sys


def install(wheels, names):
    return subprocess.call(
        [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", wheels,
         "--target", "/work/site", "--no-compile", "--no-warn-script-location", "--quiet",
         "--disable-pip-version-check", *names]
    )


def check(package):
    """What check.py found out about one installed package, or None when it failed."""
    package["path"] = ["/work/site"]
    with open("/work/out/package.json", "w", encoding="utf-8") as file:
        json.dump(package, file)
    status = subprocess.call(
        [sys.executable, "-B", "-s", "/runner/check.py", "/work/out/answer.json",
         "/work/out/package.json"]
    )
    if status != 0:
        return None
    with open("/work/out/answer.json", encoding="utf-8") as file:
        return json.load(file)


def tell(package, answer, as_json):
    name, version = package["name"], package["version"]
    if as_json:
        line = json.dumps({"name": name, "version": version, "imports": answer is not None,
                           "beside": answer["beside"] if answer else [],
                           "value": answer and answer["value"]}, sort_keys=True)
    elif answer is None:
        line = "%-20s %-10s FAILED" % (name, version)
    else:
        value = answer["value"]
        known = "" if value is None else ", known answer " + json.dumps(value)[:60]
        beside = " only beside " + ", ".join(answer["beside"]) if answer["beside"] else ""
        line = "%-20s %-10s imports%s%s" % (name, version, beside, known)
    print(line, flush=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    packages, as_json = spec["packages"], spec["as_json"]
    names = ["%s==%s" % (package["name"], package["version"]) for package in packages]
    if not as_json:
        print("pip install --no-index --find-links of %d wheels" % len(names), flush=True)
    if install("/wheels", names) != 0:
        sys.exit("pip does not install the wheels on the target")
    failed = 0
    for package in packages:
        answer = check(package)
        failed += answer is None
        tell(package, answer, as_json)
    if not as_json:
        print("%d of %d packages proved on %s"
              % (len(packages) - failed, len(packages), os.uname().machine))
    sys.exit(1 if failed else 0)


sys.path.pop(0)  # the runner's own directory: its names are not the packages'
main()
