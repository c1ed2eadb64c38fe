"""Records every read of a fact about the build machine by a package's own code.

In a cross build the interpreter belongs to the build machine: its byte order, its
platform strings and its native struct layout are not the target's. A package that
asks for them may compile a wheel that imports and computes wrong, so each question
is written down, one JSON line each, and the build's caller decides. Only answers
that can differ between machines count; only code below the source tree asks.
"""

import json
import os
import sys
import types

# Build systems that ship inside source trees ask about the build machine legitimately.
TRUSTED = ("/mesonbuild/", "/vendored-meson/", "/setuptools/", "/distutils/", "/skbuild/")


class Recorder:
    def __init__(self, path, root):
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.root = os.path.realpath(root) + os.sep
        self.seen = set()

    def asker(self, depth):
        """File and line of the code that asked, when it is the package's own."""
        frame = sys._getframe(depth)
        name = frame.f_code.co_filename
        if name.startswith("<"):  # setuptools executes setup.py as a string; __file__ tells
            name = str(frame.f_globals.get("__file__", name))
        full = os.path.realpath(os.path.join(os.getcwd(), name))
        if not full.startswith(self.root) or any(part in full for part in TRUSTED):
            return None
        return "%s:%d" % (full[len(self.root) :], frame.f_lineno)

    def note(self, fact, answer, depth=3):
        try:
            where = self.asker(depth)
        except (ValueError, OSError):
            where = None
        if where is None or (fact, where) in self.seen:
            return
        self.seen.add((fact, where))
        line = json.dumps({"fact": fact, "answer": str(answer)[:200], "where": where})
        os.write(self.fd, line.encode() + b"\n")


def watch_module(recorder, module, names):
    """Turns plain attributes of a module into recorded ones."""

    def recorded(name, value):
        def read(self):
            recorder.note("%s.%s" % (module.__name__, name), value)
            return value

        return property(read)

    body = {name: recorded(name, getattr(module, name)) for name in names}
    module.__class__ = type("module", (types.ModuleType,), body)


def watch_function(recorder, module, name, differs):
    """Wraps a function; `differs` tells from its arguments whether another machine could
    answer otherwise."""
    original = getattr(module, name)

    def asked(*args, **kwargs):
        answer = original(*args, **kwargs)
        if differs(args):
            recorder.note("%s.%s" % (module.__name__, name), answer)
        return answer

    asked.__name__ = name
    asked.__doc__ = original.__doc__
    setattr(module, name, asked)


def always(_args):
    return True


def native_order(args):
    form = args[0] if args else ""
    if isinstance(form, bytes):
        form = form.decode("ascii", "replace")
    text = str(form).lstrip("@=")
    if str(form)[:1] in ("<", ">", "!"):
        return False
    return any(c not in "0123456789 cbB?xsp" for c in text)


def is_foreign_program(path):
    """An ELF file for another machine than this interpreter's own."""
    try:
        with open(path, "rb") as program, open("/proc/self/exe", "rb") as own:
            head, mine = program.read(20), own.read(20)
    except (OSError, TypeError, ValueError):
        return False
    return head[:4] == b"\x7fELF" and head[4:20] != mine[4:20] and head[18:20] != mine[18:20]


def install(path, root):
    import platform
    import socket
    import struct

    recorder = Recorder(path, root)
    watch_module(recorder, sys, ["byteorder"])
    for name in ("machine", "processor", "architecture", "uname", "platform"):
        watch_function(recorder, platform, name, always)
    watch_function(recorder, os, "uname", always)
    for name in ("pack", "unpack", "pack_into", "unpack_from"):
        watch_function(recorder, struct, name, native_order)
    for name in ("htons", "htonl", "ntohs", "ntohl"):
        watch_function(recorder, socket, name, always)

    def audit(event, args):
        if event == "ctypes.dlopen":
            depth = 2  # the caller of ctypes' own Python code; its start-up opens None
            while "/ctypes/" in sys._getframe(depth - 1).f_code.co_filename:
                depth += 1
            if args[0] is not None:
                recorder.note("ctypes.dlopen", args[0], depth + 1)
        elif event == "subprocess.Popen":
            program = args[0] or (args[1] and args[1][0])
            if program and is_foreign_program(program):
                # Popen is called from helper layers, so the nearest package frame counts.
                for depth in range(3, 16):
                    try:
                        if recorder.asker(depth):
                            recorder.note("try-run", program, depth + 1)
                            break
                    except ValueError:
                        break

    sys.addaudithook(audit)
