"""Start-up of every interpreter inside a build: the build requirements become
importable, with their .pth files, machine facts are recorded in cross builds, and
what is asked of the network always."""

import os
import site
import sys

site.addsitedir("/env/site")
sys.path.insert(0, "/runner")
if os.environ.get("REFINERY_FACTS"):
    import refinery_facts

    refinery_facts.install(os.environ["REFINERY_FACTS"], "/work/src")
if os.environ.get("REFINERY_NETWORK"):
    import refinery_network

    refinery_network.install(os.environ["REFINERY_NETWORK"])
sys.path.remove("/runner")
