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


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        packages = json.load(file)["packages"]
    names = ["%s==%s" % (package["name"], package["version"]) for package in packages]
    print("pip install --no-index --find-links of %d wheels" % len(names), flush=True)
    if install("/wheels", names) != 0:
        sys.exit("pip does not install the wheels on the target")
    failed = 0
    for package in packages:
        package["path"] = ["/work/site"]
        with open("/work/out/package.json", "w", encoding="utf-8") as file:
            json.dump(package, file)
        status = subprocess.call(
            [sys.executable, "-B", "-s", "/runner/check.py", "/work/out/answer.json",
             "/work/out/package.json"]
        )
        if status != 0:
            failed += 1
            print("%-20s %-10s FAILED" % (package["name"], package["version"]), flush=True)
            continue
        with open("/work/out/answer.json", encoding="utf-8") as file:
            answer = json.load(file)
        known = "" if answer["value"] is None else ", known answer " + json.dumps(answer["value"])[:60]
        print(
            "%-20s %-10s imports%s"
            % (package["name"], package["version"], known),
            flush=True,
        )
    print("%d of %d packages proved on %s" % (len(packages) - failed, len(packages), os.uname().machine))
    sys.exit(1 if failed else 0)


sys.path.pop(0)  # the runner's own directory: its names are not the packages'
main()
