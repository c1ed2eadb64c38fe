"""Notes which address a build asks for. Builds have no network; what they wanted is the
first thing that a reader of the failure needs to know."""

import os
import sys


def is_local(host):
    host = str(host or "").strip("[]").lower()
    return host in ("", "localhost", "::1", "::", "0.0.0.0") or host.startswith("127.")


def install(path):
    seen = set()

    def note(address):
        if address in seen:
            return
        seen.add(address)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.write(fd, address.encode("utf-8", "backslashreplace").replace(b"\n", b"") + b"\n")
        os.close(fd)

    def audit(event, args):
        if event == "urllib.Request":
            url = str(args[0])
            if "://" in url and not url.startswith("file:") and not is_local(
                    url.split("://", 1)[1].split("/", 1)[0].rsplit("@", 1)[-1].split(":", 1)[0]):
                note(url)
        elif event == "socket.getaddrinfo":
            host = args[0].decode("ascii", "replace") if isinstance(args[0], bytes) else args[0]
            if not is_local(host):
                note("%s:%s" % (host, args[1]) if args[1] else str(host))
        elif event == "socket.connect" and isinstance(args[1], tuple) and not is_local(args[1][0]):
            note("%s:%s" % args[1][:2])

    sys.addaudithook(audit)
