"""Start-up of every interpreter inside a build: the build requirements become
importable, with their .pth files, and machine facts are recorded in cross builds."""

import os
import site
import sys

site.addsitedir("/env/site")
if os.environ.get("REFINERY_FACTS"):
    sys.path.insert(0, "/runner")
    import refinery_facts

    refinery_facts.install(os.environ["REFINERY_FACTS"], "/work/src")
    sys.path.remove("/runner")
