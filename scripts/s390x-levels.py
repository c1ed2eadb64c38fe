#!/usr/bin/env python3
"""Instructions of z/Architecture by the machine level that brought them: tables/s390x_levels.def.

Every opcode is disassembled, and what comes out assembled again for each level: the lowest that
takes it is its level. What the oldest takes already has no row. Operands are not looked at, but for
the element size of vector instructions (byte 4, upper half).
usage: s390x-levels.py [--check FILE]"""
import re
import subprocess
import sys
import tempfile

TOOLS = "s390x-linux-gnu-"
LEVELS = ("z196", "zEC12", "z13", "z14", "z15", "z16")
SECOND = {0x01, 0xB2, 0xB3, 0xB9, 0xE5}  # where the rest of the opcode is: the second byte,
LAST = {0xE3, 0xE6, 0xE7, 0xEB, 0xEC, 0xED}  # the last one,
NIBBLE = {0xA5, 0xA7, 0xC0, 0xC2, 0xC4, 0xC6, 0xC8, 0xCC}  # or half of the second
VECTOR = 0xE7
ROW = re.compile(r'S390X_LEVEL\((0x\w+), (0x\w+|-1), (\w+), "(\w+)"\)')


def patterns():
    """(opcode, element size or None) -> bytes, in two forms: with and without registers."""
    for first in range(256):
        length = (2, 4, 4, 6)[first >> 6]
        if first in LAST:
            for last in range(256):
                for size in range(16) if first == VECTOR else (None,):
                    for filler in ((0, 0, 0), (0x48, 0x80, 0)):
                        yield (first << 8 | last, size), bytes(
                            [first, *filler, (size or 0) << 4, last])
            continue
        for second in range(256 if first in SECOND else 16 if first in NIBBLE else 1):
            for filler in ((0, 0, 0, 0), (0x48, 0x84, 0, 0)):
                body = bytes([first, second, *filler])[:length]
                yield (first << 8 | (second if first in SECOND | NIBBLE else 0), None), body


def disassemble(folder, bodies):
    lines = [f".byte {','.join(map(str, body))}\n.align 8, 0\n" for body in bodies]
    with open(f"{folder}/all.s", "w", encoding="ascii") as out:
        out.write(".text\n" + "".join(lines))
    subprocess.run([f"{TOOLS}as", "-o", f"{folder}/all.o", f"{folder}/all.s"], check=True)
    done = subprocess.run([f"{TOOLS}objdump", "-d", "-z", "-M", "insnlength",
                           "--no-show-raw-insn", f"{folder}/all.o"],
                          stdout=subprocess.PIPE, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
        if match and int(match[1], 16) % 8 == 0:
            text = match[2].split("#")[0].strip()
            if not text.startswith("."):  # data: no instruction
                found[int(match[1], 16) // 8] = re.sub(r"\b[0-9a-fx]+ <.*>", "0x1000", text)
    return found


def accepted(folder, level, texts):
    """Which lines the assembler takes for that level."""
    with open(f"{folder}/some.s", "w", encoding="ascii") as out:
        out.write("\n".join(texts) + "\n")
    done = subprocess.run([f"{TOOLS}as", f"-march={level}", "-mzarch", "-o", "/dev/null",
                           f"{folder}/some.s"], stderr=subprocess.PIPE, text=True, check=False)
    if "Fatal" in done.stderr:
        sys.exit(done.stderr[-300:])
    wrong = {int(line) for line in re.findall(r"some\.s:(\d+): Error", done.stderr)}
    return [number + 1 not in wrong for number in range(len(texts))]


def levels():
    """(opcode, element size or None) -> (level, name)."""
    wanted = list(patterns())
    with tempfile.TemporaryDirectory(prefix="refinery-levels-") as folder:
        found = disassemble(folder, [body for _, body in wanted])
        at = sorted(found)
        level = {}
        for name in reversed(LEVELS):
            for index, good in zip(at, accepted(folder, name, [found[i] for i in at])):
                if good:
                    level[index] = name
    result = {}
    for index, name in level.items():
        key, word = wanted[index][0], found[index].split()[0]
        if key not in result or LEVELS.index(name) < LEVELS.index(result[key][0]):
            result[key] = (name, word)
        elif name == result[key][0]:
            result[key] = (name, word)  # the later form has registers: no alias of nothing
    return result


def rows(known):
    """One row an opcode with the level of most of its element sizes, and one for each other size."""
    opcodes = {}
    for (opcode, size), what in known.items():
        opcodes.setdefault(opcode, {})[size] = what
    for opcode, sizes in sorted(opcodes.items()):
        found = [level for level, _ in sizes.values()]
        usual = max(LEVELS, key=lambda level: (found.count(level), -LEVELS.index(level)))
        word = min((word for level, word in sizes.values() if level == usual),
                   key=lambda word: (len(word), word))
        if usual != LEVELS[0]:
            yield opcode, -1, usual, word
        for size, (level, word) in sorted(sizes.items()):
            if level != usual:
                yield opcode, size, level, word


def main():
    made = list(rows(levels()))
    if sys.argv[1:2] == ["--check"]:
        with open(sys.argv[2], encoding="utf-8") as table:
            told = {(int(row[0], 16), int(row[1], 16), row[2]) for row in ROW.findall(table.read())}
        wrong = told ^ {row[:3] for row in made}
        for opcode, size, level in sorted(wrong):
            print(f"{opcode:#06x} {size} {level}: the table and the assembler differ")
        print(f"{len(told)} rows")
        sys.exit(1 if wrong or not told else 0)
    print("/*\n * Instructions of z/Architecture newer than the z196, by the level that brought "
          "them; made and\n * checked by scripts/s390x-levels.py against the assembler.\n *\n"
          " *   S390X_LEVEL(opcode, size, level, name)\n *\n"
          " * opcode  first byte, and the byte or half byte with the rest of it\n"
          " * size    upper half of byte 4 for a form that is of another level; -1: all others\n */")
    for opcode, size, level, word in made:
        print(f'S390X_LEVEL({opcode:#06x}, {f"{size:#x}" if size >= 0 else "-1"}, {level}, "{word}")')
    print("#undef S390X_LEVEL")


main()
