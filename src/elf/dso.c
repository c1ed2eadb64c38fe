#include "elf/dso.h"

#include <elf.h>
#include <string.h>

#include "base/buf.h"
#include "elf/bytes.h"

enum {
    EHDR = 64,
    PHDR = 56,
    SHDR = 64,
    PHDRS = 4,
    PAGE = 0x10000, /* aarch64's largest */
};

/* Sections in file order; the names' offsets in .shstrtab follow from the table. */
enum section {
    S_NULL,
    S_HASH,
    S_DYNSYM,
    S_DYNSTR,
    S_VERSYM,
    S_VERDEF,
    S_DYNAMIC,
    S_TEXT,
    S_BSS,
    S_SHSTRTAB,
    S_COUNT
};

struct layout {
    uint64_t offset, size, addr;
};

struct writer {
    const struct elf_dso *dso;
    struct elf_bytes out;
    struct layout at[S_COUNT];
    struct buf strings;     /* .dynstr */
    uint32_t *symbol_names; /* offsets in it */
    uint32_t *version_names;
    uint32_t soname;
    uint64_t total, shoff;
};

static const struct {
    const char *name;
    uint32_t type;
    uint64_t flags;
    uint32_t link;
    uint64_t align, entry;
} sections[S_COUNT] = {
    [S_NULL] = {""},
    [S_HASH] = {".hash", SHT_HASH, SHF_ALLOC, S_DYNSYM, 8, 0},
    [S_DYNSYM] = {".dynsym", SHT_DYNSYM, SHF_ALLOC, S_DYNSTR, 8, 24},
    [S_DYNSTR] = {".dynstr", SHT_STRTAB, SHF_ALLOC, 0, 1, 0},
    [S_VERSYM] = {".gnu.version", SHT_GNU_versym, SHF_ALLOC, S_DYNSYM, 2, 2},
    [S_VERDEF] = {".gnu.version_d", SHT_GNU_verdef, SHF_ALLOC, S_DYNSTR, 8, 0},
    [S_DYNAMIC] = {".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, S_DYNSTR, 8, 16},
    [S_TEXT] = {".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 0, 64, 0},
    [S_BSS] = {".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0, 64, 0},
    [S_SHSTRTAB] = {".shstrtab", SHT_STRTAB, 0, 0, 1, 0},
};

/* Words of .hash are 8 bytes on 64-bit s390, 4 elsewhere. */
static unsigned hash_word(const struct elf_dso *dso)
{
    return dso->machine == EM_S390 ? 8 : 4;
}

static size_t bucket_count(const struct elf_dso *dso)
{
    return dso->symbol_count / 4 + 1;
}

static uint32_t add_string(struct buf *strings, struct str s)
{
    uint32_t at = (uint32_t)strings->len;
    buf_add(strings, s);
    buf_add_char(strings, 0);
    return at;
}

static void collect_strings(struct writer *w, struct arena *arena)
{
    const struct elf_dso *dso = w->dso;
    buf_add_char(&w->strings, 0);
    w->soname = add_string(&w->strings, dso->soname);
    w->version_names = ARENA_ARRAY(arena, uint32_t, dso->version_count);
    for (size_t i = 0; i < dso->version_count; i++)
        w->version_names[i] = add_string(&w->strings, dso->versions[i]);
    w->symbol_names = ARENA_ARRAY(arena, uint32_t, dso->symbol_count);
    for (size_t i = 0; i < dso->symbol_count; i++)
        /* Versions of one name stand next to each other: one string serves them. */
        w->symbol_names[i] = i > 0 && str_eq(dso->symbols[i].name, dso->symbols[i - 1].name)
                                 ? w->symbol_names[i - 1]
                                 : add_string(&w->strings, dso->symbols[i].name);
}

static uint64_t align_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) / align * align;
}

static void lay_out(struct writer *w)
{
    const struct elf_dso *dso = w->dso;
    size_t symbols = dso->symbol_count + 1;
    uint64_t shstr = 0;
    for (int i = 0; i < S_COUNT; i++)
        shstr += strlen(sections[i].name) + 1;
    const uint64_t sizes[S_COUNT] = {
        [S_HASH] = (2 + bucket_count(dso) + symbols) * hash_word(dso),
        [S_DYNSYM] = symbols * 24,
        [S_DYNSTR] = w->strings.len,
        [S_VERSYM] = symbols * 2,
        [S_VERDEF] = (dso->version_count + 1) * 20 +
                     (dso->version_count == 0 ? 1 : dso->version_count * 2) * 8,
        [S_DYNAMIC] = 10 * 16,
        [S_TEXT] = dso->text_size,
        [S_BSS] = dso->data_size,
        [S_SHSTRTAB] = shstr,
    };
    uint64_t offset = EHDR + PHDRS * PHDR, next = 0;
    for (int i = S_HASH; i < S_COUNT; i++) {
        bool bytes = sections[i].type != SHT_NOBITS;
        if (bytes)
            offset = align_up(offset, sections[i].align);
        w->at[i] = (struct layout){offset, sizes[i], offset};
        if (i == S_SHSTRTAB)
            w->at[i].addr = 0;
        if (!bytes) { /* each in pages of its own, behind all that is in the file */
            next = align_up(next > offset ? next : offset, PAGE);
            w->at[i].addr = next;
            next += sizes[i];
        }
        offset += bytes ? sizes[i] : 0;
    }
    w->shoff = align_up(offset, 8);
    w->total = w->shoff + S_COUNT * SHDR;
}

static void put_header(struct writer *w)
{
    const struct elf_bytes *o = &w->out;
    memcpy(o->ptr, ELFMAG, SELFMAG);
    o->ptr[EI_CLASS] = ELFCLASS64;
    o->ptr[EI_DATA] = o->big ? ELFDATA2MSB : ELFDATA2LSB;
    o->ptr[EI_VERSION] = EV_CURRENT;
    elf_bytes_put16(o, 16, ET_DYN);
    elf_bytes_put16(o, 18, w->dso->machine);
    elf_bytes_put32(o, 20, EV_CURRENT);
    elf_bytes_put64(o, 32, EHDR);
    elf_bytes_put64(o, 40, w->shoff);
    elf_bytes_put16(o, 52, EHDR);
    elf_bytes_put16(o, 54, PHDR);
    elf_bytes_put16(o, 56, PHDRS);
    elf_bytes_put16(o, 58, SHDR);
    elf_bytes_put16(o, 60, S_COUNT);
    elf_bytes_put16(o, 62, S_SHSTRTAB);
}

static void put_segment(struct writer *w, int index, uint32_t type, uint32_t flags,
                        struct layout at, uint64_t filesz, uint64_t align)
{
    uint64_t p = EHDR + (uint64_t)index * PHDR;
    const struct elf_bytes *o = &w->out;
    elf_bytes_put32(o, p, type);
    elf_bytes_put32(o, p + 4, flags);
    elf_bytes_put64(o, p + 8, at.offset);
    elf_bytes_put64(o, p + 16, at.addr);
    elf_bytes_put64(o, p + 24, at.addr);
    elf_bytes_put64(o, p + 32, filesz);
    elf_bytes_put64(o, p + 40, at.size);
    elf_bytes_put64(o, p + 48, align);
}

static void put_segments(struct writer *w)
{
    uint64_t end = w->at[S_DYNAMIC].offset + w->at[S_DYNAMIC].size;
    put_segment(w, 0, PT_LOAD, PF_R | PF_W, (struct layout){0, end, 0}, end, PAGE);
    /* No byte of these two is in the file; the offset only has to agree with the address. */
    struct layout text = w->at[S_TEXT], bss = w->at[S_BSS];
    text.offset = bss.offset = 0;
    put_segment(w, 1, PT_LOAD, PF_R | PF_X, text, 0, PAGE);
    put_segment(w, 2, PT_LOAD, PF_R | PF_W, bss, 0, PAGE);
    put_segment(w, 3, PT_DYNAMIC, PF_R | PF_W, w->at[S_DYNAMIC], w->at[S_DYNAMIC].size, 8);
}

static void put_sections(struct writer *w)
{
    const struct elf_bytes *o = &w->out;
    uint32_t name = 0;
    for (int i = 0; i < S_COUNT; i++) {
        uint64_t p = w->shoff + (uint64_t)i * SHDR;
        size_t len = strlen(sections[i].name) + 1;
        memcpy(o->ptr + w->at[S_SHSTRTAB].offset + name, sections[i].name, len);
        elf_bytes_put32(o, p, name);
        name += (uint32_t)len;
        if (i == S_NULL)
            continue;
        elf_bytes_put32(o, p + 4, sections[i].type);
        elf_bytes_put64(o, p + 8, sections[i].flags);
        elf_bytes_put64(o, p + 16, w->at[i].addr);
        elf_bytes_put64(o, p + 24, w->at[i].offset);
        elf_bytes_put64(o, p + 32, w->at[i].size);
        elf_bytes_put32(o, p + 40, sections[i].link);
        elf_bytes_put32(o, p + 44,
                        i == S_DYNSYM   ? 1 /* first that is not local */
                        : i == S_VERDEF ? (uint32_t)w->dso->version_count + 1
                                        : 0);
        elf_bytes_put64(o, p + 48, sections[i].align);
        elf_bytes_put64(o, p + 56, i == S_HASH ? hash_word(w->dso) : sections[i].entry);
    }
}

static void put_hash_word(struct writer *w, size_t index, uint64_t value)
{
    uint64_t p = w->at[S_HASH].offset + index * hash_word(w->dso);
    if (hash_word(w->dso) == 8)
        elf_bytes_put64(&w->out, p, value);
    else
        elf_bytes_put32(&w->out, p, (uint32_t)value);
}

static void put_symbols(struct writer *w, struct arena *arena)
{
    const struct elf_dso *dso = w->dso;
    const struct elf_bytes *o = &w->out;
    size_t buckets = bucket_count(dso);
    uint32_t *first = ARENA_ARRAY(arena, uint32_t, buckets);
    put_hash_word(w, 0, buckets);
    put_hash_word(w, 1, dso->symbol_count + 1);
    for (size_t i = 0; i < dso->symbol_count; i++) {
        const struct elf_dso_symbol *s = &dso->symbols[i];
        uint64_t p = w->at[S_DYNSYM].offset + (i + 1) * 24;
        int section = s->data ? S_BSS : S_TEXT;
        elf_bytes_put32(o, p, w->symbol_names[i]);
        o->ptr[p + 4] = (unsigned char)ELF64_ST_INFO(s->bind, s->type);
        elf_bytes_put16(o, p + 6, (uint16_t)section);
        elf_bytes_put64(o, p + 8, w->at[section].addr + s->place);
        elf_bytes_put64(o, p + 16, s->size);
        elf_bytes_put16(o, w->at[S_VERSYM].offset + (i + 1) * 2,
                        (uint16_t)((s->version + 2) | (s->hidden ? 0x8000u : 0)));
        uint32_t *bucket = &first[elf_bytes_hash(s->name.ptr, s->name.len) % buckets];
        put_hash_word(w, 2 + buckets + i + 1, *bucket);
        *bucket = (uint32_t)(i + 1);
    }
    for (size_t i = 0; i < buckets; i++)
        put_hash_word(w, 2 + i, first[i]);
}

static void put_versions(struct writer *w)
{
    const struct elf_dso *dso = w->dso;
    const struct elf_bytes *o = &w->out;
    uint64_t p = w->at[S_VERDEF].offset;
    for (size_t i = 0; i <= dso->version_count; i++) {
        struct str name = i == 0 ? dso->soname : dso->versions[i - 1];
        unsigned aux = i < 2 ? 1 : 2; /* itself, and the one it inherits */
        elf_bytes_put16(o, p, VER_DEF_CURRENT);
        elf_bytes_put16(o, p + 2, i == 0 ? VER_FLG_BASE : 0);
        elf_bytes_put16(o, p + 4, (uint16_t)(i + 1));
        elf_bytes_put16(o, p + 6, (uint16_t)aux);
        elf_bytes_put32(o, p + 8, elf_bytes_hash(name.ptr, name.len));
        elf_bytes_put32(o, p + 12, 20);
        elf_bytes_put32(o, p + 16, i == dso->version_count ? 0 : 20 + aux * 8);
        elf_bytes_put32(o, p + 20, i == 0 ? w->soname : w->version_names[i - 1]);
        if (aux == 2) {
            elf_bytes_put32(o, p + 24, 8);
            elf_bytes_put32(o, p + 28, w->version_names[i - 2]);
        }
        p += 20 + aux * 8;
    }
}

static void put_dynamic(struct writer *w)
{
    const struct {
        uint64_t tag, value;
    } entries[] = {
        {DT_SONAME, w->soname},
        {DT_HASH, w->at[S_HASH].addr},
        {DT_STRTAB, w->at[S_DYNSTR].addr},
        {DT_SYMTAB, w->at[S_DYNSYM].addr},
        {DT_STRSZ, w->at[S_DYNSTR].size},
        {DT_SYMENT, 24},
        {DT_VERSYM, w->at[S_VERSYM].addr},
        {DT_VERDEF, w->at[S_VERDEF].addr},
        {DT_VERDEFNUM, w->dso->version_count + 1},
        {DT_NULL, 0},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        elf_bytes_put64(&w->out, w->at[S_DYNAMIC].offset + i * 16, entries[i].tag);
        elf_bytes_put64(&w->out, w->at[S_DYNAMIC].offset + i * 16 + 8, entries[i].value);
    }
}

struct str elf_dso_write(const struct elf_dso *dso, struct arena *arena)
{
    struct writer w = {.dso = dso, .out = {.big = dso->big, .is64 = true}};
    collect_strings(&w, arena);
    lay_out(&w);
    w.out.ptr = arena_alloc(arena, w.total);
    memcpy(w.out.ptr + w.at[S_DYNSTR].offset, w.strings.ptr, w.strings.len);
    buf_free(&w.strings);
    put_header(&w);
    put_segments(&w);
    put_symbols(&w, arena);
    put_versions(&w);
    put_dynamic(&w);
    put_sections(&w);
    return str_of(w.out.ptr, w.total);
}
