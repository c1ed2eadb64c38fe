#!/bin/bash
# Includes go down only: src/rooms.txt against every #include of src/. Also: malloc only in
# base/mem.c, SQL only in store, and none of the functions that the house does without.
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 1
python3 - <<'PY'
import os, re, sys

floors, pure = {}, set()
for line in open("src/rooms.txt"):
    names = line.split("#")[0].split()
    for name in names:
        if name.endswith("*"):
            pure.add(name.rstrip("*"))
        floors[name.rstrip("*")] = len(set(floors.values()))
SYSTEM = {"unistd.h", "fcntl.h", "dirent.h", "time.h", "poll.h", "pthread.h", "spawn.h",
          "sys/stat.h", "sys/types.h", "sys/socket.h", "sys/mman.h", "sys/wait.h", "sys/time.h"}
OUTSIDE = {"base/log.h", "base/clock.h", "base/mem.h"}
BANNED = {"strcpy", "strcat", "sprintf", "vsprintf", "system", "popen", "alloca", "atoi", "atol",
          "strtok", "gets", "sleep", "usleep"}
HEAP = {"malloc", "calloc", "realloc"}
passed, failures = 0, []


def check(good, text):
    global passed
    if good:
        passed += 1
    else:
        failures.append(text)


def code_of(text):
    """The text without comments and literals, lines kept."""
    keep = lambda m: "\n" * m.group(0).count("\n") if m.group(0).startswith("/") else '""'
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', keep, text,
                  flags=re.S)


for folder, _, files in sorted(os.walk("src")):
    for file in sorted(files):
        path = os.path.join(folder, file)
        if not file.endswith((".c", ".h")):
            continue
        parts = path.split(os.sep)
        room = parts[1]
        check(room in floors, f"{path}: the room {room} is not in src/rooms.txt")
        if room not in floors:
            continue
        text = open(path, encoding="utf-8").read()
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
            if not found:
                continue
            name, other = found.group(2), found.group(2).split("/")[0]
            where = f"{path}:{number}: includes {name}"
            if found.group(1) == '"' and other in floors and other != room:
                check(floors[other] < floors[room], f"{where}: not on a lower floor than {room}")
                if room in pure:
                    check((other in pure or other == "base") and name not in OUTSIDE,
                          f"{where}: {room} is pure")
            elif found.group(1) == "<" and room in pure:
                check(name not in SYSTEM, f"{where}: {room} is pure")
        for number, line in enumerate(code_of(text).split("\n"), 1):
            for word in re.findall(r"(?<![\w.>])([a-z]+)\s*\(", line):
                check(word not in BANNED, f"{path}:{number}: {word}() is not used here")
                check(word not in HEAP or path == "src/base/mem.c",
                      f"{path}:{number}: {word}() outside of src/base/mem.c")
        if room != "store":
            check("sqlite3_" not in text, f"{path}: SQL outside of src/store")
for failure in failures:
    print(failure)
print(f"{passed} checks of the rooms' walls" if not failures else f"{len(failures)} breaches")
print(f"{0 if failures else 1} passed, {1 if failures else 0} failed")
sys.exit(1 if failures else 0)
PY
