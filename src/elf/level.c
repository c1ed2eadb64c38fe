#include "elf/level.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "elf/bytes.h"

/* qemu-user emulates instructions whether or not the machine has them, all but the vector ones. */
#define LEVEL_NO_VECTORS "max,vx=off,vxeh=off,vxeh2=off,vxpd=off,vxpdeh=off,vxpdeh2=off"

/* Oldest first within an architecture. A z196 is what Debian's compiler takes for granted. */
static const struct elf_level level_table[] = {
    {ELF_ARCH_S390X, "z196", "z196", LEVEL_NO_VECTORS},
    {ELF_ARCH_S390X, "zEC12", "zEC12", LEVEL_NO_VECTORS},
    {ELF_ARCH_S390X, "z13", "z13", NULL},
    {ELF_ARCH_S390X, "z14", "z14", NULL},
    {ELF_ARCH_S390X, "z15", "z15", NULL},
    {ELF_ARCH_S390X, "z16", "z16", NULL},
    {ELF_ARCH_X86_64, "x86-64", "x86-64", NULL},
    {ELF_ARCH_X86_64, "x86-64-v2", "x86-64-v2", NULL},
    {ELF_ARCH_X86_64, "x86-64-v3", "x86-64-v3", NULL},
    {ELF_ARCH_X86_64, "x86-64-v4", "x86-64-v4", NULL},
};

enum { LEVEL_COUNT = sizeof level_table / sizeof *level_table };
enum level_s390x { LEVEL_z196, LEVEL_zEC12, LEVEL_z13, LEVEL_z14, LEVEL_z15, LEVEL_z16 };
enum { LEVEL_X86_64 = 6 }; /* GNU_PROPERTY_X86_ISA_1: bit 0 is the baseline */

/* Sorted by opcode, the row for all sizes before those for one. */
static const struct level_instruction {
    uint16_t opcode;
    int8_t size;
    uint8_t level;
    const char *name;
} level_instructions[] = {
#define S390X_LEVEL(opcode, size, level, name) {opcode, size, LEVEL_##level, name},
#include "../tables/s390x_levels.def"
};

enum { LEVEL_INSTRUCTIONS = sizeof level_instructions / sizeof *level_instructions };
enum { LEVEL_STFLE = 0xb2b0 };

const struct elf_level *elf_level_find(enum elf_arch arch, struct str name)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++)
        if (level_table[i].arch == arch && str_eq_nocase(name, str_from(level_table[i].name)))
            return &level_table[i];
    return NULL;
}

struct str elf_level_names(enum elf_arch arch, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < LEVEL_COUNT; i++)
        if (level_table[i].arch == arch)
            buf_printf(&out, "%s%s", out.len ? ", " : "", level_table[i].name);
    return arena_str(arena, buf_str(&out));
}

/* Where the rest of an opcode is, by its first byte (z/Architecture Principles of Operation). */
enum level_place { LEVEL_NOWHERE, LEVEL_SECOND, LEVEL_LAST, LEVEL_HALF };

static const uint8_t level_places[256] = {
    [0x01] = LEVEL_SECOND, [0xb2] = LEVEL_SECOND, [0xb3] = LEVEL_SECOND, [0xb9] = LEVEL_SECOND,
    [0xe5] = LEVEL_SECOND, [0xe3] = LEVEL_LAST,   [0xe6] = LEVEL_LAST,   [0xe7] = LEVEL_LAST,
    [0xeb] = LEVEL_LAST,   [0xec] = LEVEL_LAST,   [0xed] = LEVEL_LAST,   [0xa5] = LEVEL_HALF,
    [0xa7] = LEVEL_HALF,   [0xc0] = LEVEL_HALF,   [0xc2] = LEVEL_HALF,   [0xc4] = LEVEL_HALF,
    [0xc6] = LEVEL_HALF,   [0xc8] = LEVEL_HALF,   [0xcc] = LEVEL_HALF,
};

static uint16_t level_opcode(const unsigned char *code)
{
    uint16_t first = (uint16_t)(code[0] << 8);
    switch ((enum level_place)level_places[code[0]]) {
    case LEVEL_NOWHERE:
        return first;
    case LEVEL_SECOND:
        return first | code[1];
    case LEVEL_LAST:
        return first | code[5];
    case LEVEL_HALF:
        return first | (code[1] & 0x0f);
    }
    return first;
}

/* The row of an instruction; NULL: a z196 has it, or it is none at all. */
static const struct level_instruction *level_row(uint16_t opcode, const unsigned char *code,
                                                 unsigned length)
{
    size_t low = 0, high = LEVEL_INSTRUCTIONS;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (level_instructions[middle].opcode < opcode)
            low = middle + 1;
        else
            high = middle;
    }
    const struct level_instruction *row = NULL;
    for (; low < LEVEL_INSTRUCTIONS && level_instructions[low].opcode == opcode; low++) {
        const struct level_instruction *next = &level_instructions[low];
        if (next->size < 0 || (length == 6 && next->size == code[4] >> 4))
            row = next;
    }
    return row;
}

/* The first two bits of an instruction are its length: code is read from one to the next. */
static void level_sweep(const struct elf_file *elf, uint64_t from, uint64_t size,
                        struct elf_level_use *use)
{
    const unsigned char *code = (const unsigned char *)elf->bytes.ptr + from;
    static const unsigned lengths[] = {2, 4, 4, 6};
    for (uint64_t at = 0; at < size;) {
        unsigned length = lengths[code[at] >> 6];
        if (length > size - at)
            return;
        uint16_t opcode = level_opcode(code + at);
        const struct level_instruction *row = level_row(opcode, code + at, length);
        use->asks = use->asks || opcode == LEVEL_STFLE;
        const struct elf_level *level = row ? &level_table[row->level] : NULL;
        if (level && (!use->level || level > use->level)) {
            use->level = level;
            use->instruction = row->name;
            use->offset = from + at;
            use->count = 0;
        }
        use->count += level && level == use->level;
        at += length;
    }
}

/* Executable sections; a file without section headers has only segments, which hold data too. */
static void level_sweep_sections(const struct elf_file *elf, struct elf_level_use *use)
{
    enum { SHOFF = 40, SHENTSIZE = 58, SHNUM = 60, SHDR = 64 };
    const struct elf_bytes bytes = {(unsigned char *)(uintptr_t)elf->bytes.ptr, elf->big,
                                    elf->is64};
    uint64_t offset = elf_bytes_get64(&bytes, SHOFF), len = elf->bytes.len;
    uint64_t count = elf_bytes_get16(&bytes, SHNUM);
    if (elf_bytes_get16(&bytes, SHENTSIZE) != SHDR || offset > len || count > (len - offset) / SHDR)
        return;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = offset + i * SHDR;
        uint64_t flags = elf_bytes_get64(&bytes, at + 8), size = elf_bytes_get64(&bytes, at + 32);
        uint64_t from = elf_bytes_get64(&bytes, at + 24);
        bool is_plt = elf_bytes_get64(&bytes, at + 56) != 0; /* entries: each has a word of data */
        if (elf_bytes_get32(&bytes, at + 4) == SHT_PROGBITS && (flags & SHF_EXECINSTR) && !is_plt &&
            from <= len && size <= len - from)
            level_sweep(elf, from, size, use);
    }
}

static void level_asks(const struct elf_file *elf, struct elf_level_use *use)
{
    static const char *const names[] = {"getauxval", "__getauxval", "__cpu_model"};
    struct elf_symbol symbol;
    for (size_t i = 1; i < elf->symbol_count && !use->asks; i++) {
        if (!elf_read_symbol(elf, i, &symbol))
            continue;
        use->asks = symbol.type == STT_GNU_IFUNC;
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            use->asks = use->asks || str_eq(symbol.name, str_from(names[j]));
    }
}

void elf_level_of(const struct elf_file *elf, struct elf_level_use *use)
{
    enum { EHDR = 64 };
    enum elf_arch arch = elf_policy_arch_of(elf);
    *use = (struct elf_level_use){0};
    if (arch == ELF_ARCH_S390X && elf->bytes.len >= EHDR) {
        level_sweep_sections(elf, use);
        level_asks(elf, use);
    }
    for (unsigned bit = 1; arch == ELF_ARCH_X86_64 && bit < LEVEL_COUNT - LEVEL_X86_64; bit++)
        if (elf->x86_isa & 1u << bit)
            use->level = &level_table[LEVEL_X86_64 + bit];
}

bool elf_level_exceeds(const struct elf_level_use *use, const struct elf_level *limit)
{
    return use->level && use->level->arch == limit->arch && use->level > limit;
}

struct str elf_level_describe(const struct elf_level_use *use, struct arena *arena)
{
    if (!use->instruction)
        return arena_printf(arena, "its linker noted that it needs %s", use->level->name);
    struct str first = arena_printf(arena, "%s of %s at offset 0x%" PRIx64, use->instruction,
                                    use->level->name, use->offset);
    return use->count == 1 ? first
                           : arena_printf(arena, STR_FMT " (%zu such instructions)", STR_ARG(first),
                                          use->count);
}
