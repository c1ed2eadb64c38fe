#include "elf/patch.h"

#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "elf/bytes.h"

#define GROWTH_MAX ((uint64_t)256 << 20) /* bytes of padding that a program's .bss may cost */

struct entry {
    uint64_t tag, value;
};

struct patcher {
    const struct elf_file *elf;
    const struct elf_patch_changes *changes;
    struct arena *arena;
    struct err *err;
    struct elf_bytes in, out;
    struct buf strings; /* appended to .dynstr */
    VEC(struct entry) dynamic;
    bool changed, moves_dynamic;
    uint64_t phoff, shoff;
    unsigned phnum, phentsize, shnum, shentsize, word;
    uint64_t page;
    uint64_t start, addr; /* of the new segment: file offset and address */
    uint64_t names, dyn;  /* offsets inside it of .dynstr and, where it moves, .dynamic */
    uint64_t size;
};

/* Segments must begin where the largest page of any kernel for the machine can begin. */
static uint64_t page_of(uint16_t machine)
{
    switch (machine) {
    case EM_AARCH64:
    case EM_ARM:
    case EM_PPC64:
    case 258 /* EM_LOONGARCH */:
        return 0x10000;
    default:
        return 0x1000;
    }
}

static uint64_t align_up(uint64_t v, uint64_t align)
{
    return (v + align - 1) / align * align;
}

static bool bad(struct patcher *p, const char *what)
{
    return err_set(p->err, ERR_FORMAT, "cannot patch this ELF file: %s", what);
}

static void read_header(struct patcher *p)
{
    const struct elf_bytes *in = &p->in;
    p->word = p->elf->is64 ? 8 : 4;
    unsigned tail = 24 + 3 * p->word;
    p->phoff = elf_bytes_get_word(in, 24 + p->word);
    p->shoff = elf_bytes_get_word(in, 24 + 2 * p->word);
    p->phentsize = elf_bytes_get16(in, tail + 6);
    p->phnum = elf_bytes_get16(in, tail + 8);
    p->shentsize = elf_bytes_get16(in, tail + 10);
    p->shnum = elf_bytes_get16(in, tail + 12);
    /* Without usable section headers there is nothing to keep true in them. */
    uint64_t len = p->elf->bytes.len;
    if (p->shentsize != (p->elf->is64 ? 64u : 40u) || p->shoff > len ||
        (uint64_t)p->shnum * p->shentsize > len - p->shoff)
        p->shnum = 0;
}

/* The string's offset in the new .dynstr. */
static uint64_t intern(struct patcher *p, struct str s)
{
    for (size_t at = 0; at < p->strings.len;) {
        struct str have = str_from(p->strings.ptr + at);
        if (str_eq(have, s))
            return p->elf->at.strsz + at;
        at += have.len + 1;
    }
    uint64_t at = p->elf->at.strsz + p->strings.len;
    buf_add(&p->strings, s);
    buf_add_char(&p->strings, 0);
    return at;
}

static struct str old_string(const struct patcher *p, uint64_t index)
{
    if (index >= p->elf->at.strsz)
        return (struct str){0};
    const char *from = p->elf->bytes.ptr + p->elf->at.strtab + index;
    return str_of(from, strnlen(from, (size_t)(p->elf->at.strsz - index)));
}

static const struct elf_patch_rename *rename_of(const struct patcher *p, struct str name)
{
    for (size_t i = 0; i < p->changes->rename_count; i++)
        if (str_eq(p->changes->renames[i].from, name))
            return &p->changes->renames[i];
    return NULL;
}

static bool check_renames(struct patcher *p)
{
    for (size_t i = 0; i < p->changes->rename_count; i++) {
        const struct elf_patch_rename *r = &p->changes->renames[i];
        bool found = false;
        for (size_t j = 0; j < p->elf->needed_count; j++)
            found |= str_eq(p->elf->needed[j], r->from);
        if (!found)
            return err_set(p->err, ERR_NOT_FOUND, "the ELF file does not need " STR_FMT,
                           STR_ARG(r->from));
        for (size_t j = 0; r->to.len == 0 && j < p->elf->need_count; j++)
            if (str_eq(p->elf->needs[j].file, r->from))
                return err_set(p->err, ERR_FORMAT,
                               "cannot drop the need of " STR_FMT
                               ": the file needs its version " STR_FMT,
                               STR_ARG(r->from), STR_ARG(p->elf->needs[j].version));
    }
    return true;
}

static void add_entry(struct patcher *p, uint64_t tag, uint64_t value)
{
    *vec_push(&p->dynamic, p->arena) = (struct entry){tag, value};
}

/* One entry of the old dynamic segment into the new one: as it is, changed, or left out. */
static void take_entry(struct patcher *p, struct entry e, bool *has_soname)
{
    const struct elf_patch_changes *c = p->changes;
    const struct elf_patch_rename *rename;
    if (e.tag == DT_NEEDED && (rename = rename_of(p, old_string(p, e.value))) != NULL &&
        !str_eq(rename->to, rename->from)) {
        p->changed = true;
        if (rename->to.len == 0)
            return;
        e.value = intern(p, rename->to);
    } else if (e.tag == DT_SONAME) {
        *has_soname = true;
        if (c->soname != NULL && !str_eq(*c->soname, p->elf->soname)) {
            e.value = intern(p, *c->soname);
            p->changed = true;
        }
    } else if ((e.tag == DT_RPATH || e.tag == DT_RUNPATH) && c->rpath != NULL) {
        return; /* written anew by build_dynamic */
    }
    add_entry(p, e.tag, e.value);
}

static void build_dynamic(struct patcher *p)
{
    const struct elf_patch_changes *c = p->changes;
    const struct elf_file *elf = p->elf;
    uint64_t count = elf->at.dyn_size / (2 * p->word);
    bool has_soname = false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = elf->at.dyn_offset + i * 2 * p->word;
        struct entry e = {elf_bytes_get_word(&p->in, at), elf_bytes_get_word(&p->in, at + p->word)};
        if (e.tag == DT_NULL)
            break;
        take_entry(p, e, &has_soname);
    }
    if (c->soname != NULL && !has_soname) {
        add_entry(p, DT_SONAME, intern(p, *c->soname));
        p->changed = true;
    }
    if (c->rpath == NULL)
        return;
    bool had =
        c->runpath ? elf->has_runpath && !elf->has_rpath : elf->has_rpath && !elf->has_runpath;
    struct str old = c->runpath ? elf->runpath : elf->rpath;
    if (c->rpath->len == 0)
        p->changed |= elf->has_rpath || elf->has_runpath;
    else
        p->changed |= !had || !str_eq(old, *c->rpath);
    if (c->rpath->len != 0)
        add_entry(p, c->runpath ? DT_RUNPATH : DT_RPATH, intern(p, *c->rpath));
}

/* Where the new segment goes: behind all others in the file and in memory. */
static bool lay_out(struct patcher *p)
{
    const struct elf_file *elf = p->elf;
    uint64_t end = 0, delta = 0, len = elf->bytes.len;
    bool has_first = false;
    for (unsigned i = 0; i < p->phnum; i++) {
        uint64_t h = p->phoff + (uint64_t)i * p->phentsize;
        if (elf_bytes_get32(&p->in, h) != PT_LOAD)
            continue;
        uint64_t offset = elf_bytes_get_word(&p->in, h + p->word);
        uint64_t addr = elf_bytes_get_word(&p->in, h + 2 * p->word);
        uint64_t memsz = elf_bytes_get_word(&p->in, h + (elf->is64 ? 40 : 20));
        if (addr + memsz < addr)
            return bad(p, "a segment wraps around the address space");
        end = addr + memsz > end ? addr + memsz : end;
        if (offset == 0) {
            delta = addr;
            has_first = true;
        }
    }
    uint64_t top = elf->is64 ? (uint64_t)1 << 48 : (uint64_t)1 << 31;
    if (end == 0 || end > top)
        return bad(p, "its segments leave no room for another one");
    p->page = page_of(elf->machine);
    p->addr = align_up(end, p->page);
    p->start = align_up(len, p->page);
    if (elf->interp.len != 0) {
        /* Kernels before 5.18 tell a program the address of its headers as load address + e_phoff.
         */
        if (!has_first || delta % p->page != 0)
            return bad(p, "its first segment does not begin with the ELF header");
        if (p->addr - delta > p->start)
            p->start = p->addr - delta;
        else
            p->addr = p->start + delta;
        if (p->start > len + GROWTH_MAX)
            return bad(p, "its uninitialised data is too large");
    }
    p->names = align_up((uint64_t)(p->phnum + 1) * p->phentsize, 8);
    uint64_t names_size = elf->at.strsz + p->strings.len;
    if (names_size > UINT32_MAX)
        return bad(p, "its string table is too large");
    p->size = p->names + names_size;
    p->moves_dynamic = (p->dynamic.len + 1) * 2 * p->word > elf->at.dyn_size;
    if (p->moves_dynamic) {
        p->dyn = align_up(p->size, 16);
        p->size = p->dyn + (p->dynamic.len + 1) * 2 * p->word;
    }
    return true;
}

static void put_segment(struct patcher *p, uint64_t at, uint32_t type, uint32_t flags,
                        uint64_t inside, uint64_t size, uint64_t align)
{
    const struct elf_bytes *o = &p->out;
    unsigned w = p->word;
    elf_bytes_put32(o, at, type);
    elf_bytes_put32(o, at + (p->elf->is64 ? 4 : 24), flags);
    elf_bytes_put_word(o, at + w, p->start + inside);
    elf_bytes_put_word(o, at + 2 * w, p->addr + inside);
    elf_bytes_put_word(o, at + 3 * w, p->addr + inside);
    elf_bytes_put_word(o, at + (p->elf->is64 ? 32 : 16), size);
    elf_bytes_put_word(o, at + (p->elf->is64 ? 40 : 20), size);
    elf_bytes_put_word(o, at + (p->elf->is64 ? 48 : 28), align);
}

/* The program headers move to the new segment, whose own entry follows the last PT_LOAD: loaders
 * want those in ascending order. */
static void put_segments(struct patcher *p)
{
    const struct elf_bytes *o = &p->out;
    unsigned last = 0, tail = 24 + 3 * p->word;
    for (unsigned i = 0; i < p->phnum; i++)
        if (elf_bytes_get32(&p->in, p->phoff + (uint64_t)i * p->phentsize) == PT_LOAD)
            last = i;
    uint64_t to = p->start, table = (uint64_t)(p->phnum + 1) * p->phentsize;
    for (unsigned i = 0; i < p->phnum; i++) {
        const unsigned char *from = p->in.ptr + p->phoff + (uint64_t)i * p->phentsize;
        memcpy(o->ptr + to, from, p->phentsize);
        uint32_t type = elf_bytes_get32(o, to);
        if (type == PT_PHDR)
            put_segment(p, to, PT_PHDR, PF_R, 0, table, p->word);
        else if (type == PT_DYNAMIC && p->moves_dynamic)
            put_segment(p, to, PT_DYNAMIC, PF_R | PF_W, p->dyn, p->size - p->dyn, p->word);
        to += p->phentsize;
        if (i == last) {
            /* Loaders write into the dynamic segment. */
            put_segment(p, to, PT_LOAD, p->moves_dynamic ? PF_R | PF_W : PF_R, 0, p->size, p->page);
            to += p->phentsize;
        }
    }
    elf_bytes_put_word(o, 24 + p->word, p->start);
    elf_bytes_put16(o, tail + 8, (uint16_t)(p->phnum + 1));
}

static void put_dynamic(struct patcher *p)
{
    const struct elf_bytes *o = &p->out;
    uint64_t place = p->moves_dynamic ? p->start + p->dyn : p->elf->at.dyn_offset;
    uint64_t room = p->moves_dynamic ? p->size - p->dyn : p->elf->at.dyn_size;
    memset(o->ptr + place, 0, room);
    for (size_t i = 0; i < p->dynamic.len; i++) {
        struct entry e = p->dynamic.at[i];
        if (e.tag == DT_STRTAB)
            e.value = p->addr + p->names;
        else if (e.tag == DT_STRSZ)
            e.value = p->elf->at.strsz + p->strings.len;
        elf_bytes_put_word(o, place + i * 2 * p->word, e.tag);
        elf_bytes_put_word(o, place + i * 2 * p->word + p->word, e.value);
    }
}

/* The library names in .gnu.version_r have to be those of DT_NEEDED: the loader looks them up. */
static void put_version_files(struct patcher *p)
{
    uint64_t at = p->elf->at.verneed;
    for (uint32_t i = 0; at != 0 && i < p->elf->at.verneed_num; i++) {
        struct str file = old_string(p, elf_bytes_get32(&p->in, at + 4));
        const struct elf_patch_rename *rename = rename_of(p, file);
        if (rename != NULL && rename->to.len != 0 && !str_eq(rename->to, rename->from))
            elf_bytes_put32(&p->out, at + 4, (uint32_t)intern(p, rename->to));
        uint32_t next = elf_bytes_get32(&p->in, at + 12);
        if (next == 0)
            break;
        at += next;
    }
}

static void move_section(struct patcher *p, uint64_t header, uint64_t inside, uint64_t size)
{
    unsigned w = p->word;
    elf_bytes_put_word(&p->out, header + 8 + w, p->addr + inside);
    elf_bytes_put_word(&p->out, header + 8 + 2 * w, p->start + inside);
    elf_bytes_put_word(&p->out, header + 8 + 3 * w, size);
}

static void put_sections(struct patcher *p)
{
    const struct elf_file *elf = p->elf;
    for (unsigned i = 0; i < p->shnum; i++) {
        uint64_t h = p->shoff + (uint64_t)i * p->shentsize;
        uint32_t type = elf_bytes_get32(&p->in, h + 4);
        uint64_t offset = elf_bytes_get_word(&p->in, h + 8 + 2 * p->word);
        uint64_t size = elf_bytes_get_word(&p->in, h + 8 + 3 * p->word);
        if (type == SHT_STRTAB && offset == elf->at.strtab && size == elf->at.strsz)
            move_section(p, h, p->names, elf->at.strsz + p->strings.len);
        else if (type == SHT_DYNAMIC && offset == elf->at.dyn_offset && p->moves_dynamic)
            move_section(p, h, p->dyn, p->size - p->dyn);
    }
}

static struct str write_file(struct patcher *p)
{
    const struct elf_file *elf = p->elf;
    p->out = p->in;
    p->out.ptr = arena_alloc(p->arena, p->start + p->size);
    memcpy(p->out.ptr, elf->bytes.ptr, elf->bytes.len);
    unsigned char *names = p->out.ptr + p->start + p->names;
    memcpy(names, elf->bytes.ptr + elf->at.strtab, elf->at.strsz);
    memcpy(names + elf->at.strsz, p->strings.ptr, p->strings.len);
    put_version_files(p);
    put_dynamic(p);
    put_segments(p);
    put_sections(p);
    return str_of(p->out.ptr, p->start + p->size);
}

bool elf_patch(const struct elf_file *elf, const struct elf_patch_changes *changes,
               struct arena *arena, struct str *patched, struct err *err)
{
    struct patcher p = {.elf = elf, .changes = changes, .arena = arena, .err = err};
    /* Reading only: the result is a copy. */
    p.in = (struct elf_bytes){(unsigned char *)(uintptr_t)elf->bytes.ptr, elf->big, elf->is64};
    if (!elf->dynamic || elf->at.strtab == 0 || elf->at.strsz == 0)
        return err_set(err, ERR_FORMAT, "not a dynamically linked ELF file");
    if (!check_renames(&p))
        return false;
    read_header(&p);
    build_dynamic(&p);
    bool ok = true;
    if (!p.changed) {
        *patched = elf->bytes;
    } else {
        if (p.strings.len == 0) /* something was only removed */
            buf_add_char(&p.strings, 0);
        ok = lay_out(&p);
        if (ok)
            *patched = write_file(&p);
    }
    buf_free(&p.strings);
    return ok;
}
