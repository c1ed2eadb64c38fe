#!/usr/bin/env python3
"""`refinery debug pkg` as a program that talks with it sees it: interactive, one answer a line, no end at a
bad one. usage: debug_pkg.py REFINERY"""
import json
import pathlib
import subprocess
import sys

program = sys.argv[1]
passed, failures = 0, []


def check(good, text):
    global passed
    if good:
        passed += 1
    else:
        failures.append(text)


def ask(data):
    done = subprocess.run([program, "debug", "pkg"], input=data, stdout=subprocess.PIPE, timeout=60)
    check(done.returncode == 0, f"{data[:80]!r}: status {done.returncode}")
    return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]


printed = subprocess.run([program, "debug", "document"], stdout=subprocess.PIPE, text=True, check=True).stdout
document = pathlib.Path("docs/debug-pkg.md").read_text()
check(document.endswith("\n\n" + printed), "docs/debug-pkg.md does not end with what `refinery debug document` prints")

# A conversation: each answer comes before the next question is asked.
with subprocess.Popen([program, "debug", "pkg"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as talk:
    for number in range(3):
        talk.stdin.write(json.dumps({"id": number, "op": "version.compare", "a": "1", "b": str(number)}).encode() + b"\n")
        talk.stdin.flush()
        answer = json.loads(talk.stdout.readline())
        check(answer == {"id": number, "ok": True, "result": (1 > number) - (1 < number)}, f"answer {answer}")
    talk.stdin.close()
    check(talk.wait(10) == 0, "the end of the input is not status 0")

examples = [part for part in document.split("\n") if part.startswith('    {"')]
for question, answer in zip(examples[::2], examples[1::2]):
    check(ask(question.encode()) == [json.loads(answer)], f"the document's answer to {question}")

bad = {
    b"": 0, b"\n": 1, b"x\n": 1, b"[]\n": 1, b"{}\n": 1, b'{"op":1}\n': 1, b'{"op":"none"}': 1, b"\xff\xfe\n": 1, b"\0\n": 1,
    b'{"op":"version.parse"}\n' * 3: 3, b'{"op":"version.parse","version":[]}\n': 1, b"{" * 100000 + b"\n": 1,
    b'{"op":"version.parse","version":"' + b"1" * (1 << 20) + b'"}\n': 1, b"\n" * 1000: 1000,
}
for data, count in bad.items():
    answers = ask(data)
    check(len(answers) == count and all(not a["ok"] and a["error"]["message"] for a in answers), f"{data[:60]!r}: {answers[:2]}")
long = ask(b'{"op":"ops","x":"' + b"y" * (17 << 20) + b'"}\n{"op":"ops"}\n')
check([a["ok"] for a in long] == [False, True] and long[0]["error"]["code"] == "limit", "a line that is too long")
check(ask(b'{"op":"version.parse","version":"1.0.x","id":{"a":[1]}}')[0] ==
      {"id": {"a": [1]}, "ok": False, "error": {"code": "format", "message": '"1.0.x" is not a version (PEP 440): position 4',
                                                "line": None, "position": 4}}, "id and position of an error")
names = [op["op"] for op in long[1]["result"]]
check(len(names) == len(set(names)), "an op is listed twice")
for name in names:
    answer = ask(json.dumps({"op": name}).encode())[0]
    check(answer["ok"] or answer["error"]["code"] in ("usage", "format"), f"{name} without members: {answer}")

for text in failures:
    print(text)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(1 if failures else 0)
