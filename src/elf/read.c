#include "elf/read.h"

#include <string.h>

#include "base/endian.h"
#include "base/vec.h"

enum { PHDRS_MAX = 1024, DYN_MAX = 65536, SYMBOLS_MAX = 1 << 26 };

/* The relocation tables that tell how many symbols there are at least. */
enum { RELA, REL, JMPREL, RELOCATIONS };

/* The file while it is read. `load` is the table that turns addresses into offsets. */
struct reader {
    struct elf_file elf;
    struct arena *arena;
    struct err *err;
    struct {
        uint64_t addr, offset, size;
    } * load;
    size_t load_count;
    /* Of the dynamic segment: addresses, 0 when absent. */
    uint64_t dt_hash, dt_gnu_hash, dt_rel[RELOCATIONS], dt_relsz[RELOCATIONS];
    bool dt_is_rela[RELOCATIONS];
    uint64_t phoff, shoff;
    unsigned phnum, phentsize, shnum, shentsize;
};

static bool fits(const struct elf_file *elf, uint64_t offset, uint64_t size)
{
    return offset <= elf->bytes.len && size <= elf->bytes.len - offset;
}

static const unsigned char *at(const struct elf_file *elf, uint64_t offset)
{
    return (const unsigned char *)elf->bytes.ptr + offset;
}

static uint16_t get16(const struct elf_file *elf, uint64_t offset)
{
    return elf->big ? read_be16(at(elf, offset)) : read_le16(at(elf, offset));
}

static uint32_t get32(const struct elf_file *elf, uint64_t offset)
{
    return elf->big ? read_be32(at(elf, offset)) : read_le32(at(elf, offset));
}

static uint64_t get64(const struct elf_file *elf, uint64_t offset)
{
    return elf->big ? read_be64(at(elf, offset)) : read_le64(at(elf, offset));
}

/* An address-sized field. */
static uint64_t get_word(const struct elf_file *elf, uint64_t offset)
{
    return elf->is64 ? get64(elf, offset) : get32(elf, offset);
}

static bool bad(struct reader *r, uint64_t offset, const char *what)
{
    return err_set(r->err, ERR_FORMAT, "broken ELF file: %s (at offset %llu of %zu)", what,
                   (unsigned long long)offset, r->elf.bytes.len);
}

bool elf_read_is_elf(struct str bytes)
{
    return bytes.len >= EI_NIDENT && memcmp(bytes.ptr, ELFMAG, SELFMAG) == 0;
}

static bool read_header(struct reader *r)
{
    struct elf_file *elf = &r->elf;
    if (!elf_read_is_elf(elf->bytes))
        return err_set(r->err, ERR_FORMAT, "not an ELF file");
    const unsigned char *ident = at(elf, 0);
    if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
        return bad(r, EI_CLASS, "unknown class or byte order");
    elf->is64 = ident[EI_CLASS] == ELFCLASS64;
    elf->big = ident[EI_DATA] == ELFDATA2MSB;
    elf->osabi = ident[EI_OSABI];
    if (elf->bytes.len < (elf->is64 ? 64u : 52u))
        return bad(r, elf->bytes.len, "the header is cut off");
    elf->type = get16(elf, 16);
    elf->machine = get16(elf, 18);
    unsigned w = elf->is64 ? 8 : 4;
    r->phoff = get_word(elf, 24 + w);
    r->shoff = get_word(elf, 24 + 2 * w);
    uint64_t tail = 24 + 3 * w;
    elf->flags = get32(elf, tail);
    r->phentsize = get16(elf, tail + 6);
    r->phnum = get16(elf, tail + 8);
    r->shentsize = get16(elf, tail + 10);
    r->shnum = get16(elf, tail + 12);
    if (r->phnum > PHDRS_MAX)
        return err_set(r->err, ERR_LIMIT, "ELF file with %u program headers (limit %d)", r->phnum,
                       PHDRS_MAX);
    if (r->phnum != 0 && (r->phentsize != (elf->is64 ? 56u : 32u) ||
                          !fits(elf, r->phoff, (uint64_t)r->phnum * r->phentsize)))
        return bad(r, r->phoff, "program headers outside the file");
    return true;
}

struct segment {
    uint32_t type;
    uint64_t offset, addr, filesz;
};

static struct segment segment_at(const struct reader *r, unsigned index)
{
    const struct elf_file *elf = &r->elf;
    uint64_t p = r->phoff + (uint64_t)index * r->phentsize;
    struct segment s = {.type = get32(elf, p)};
    s.offset = get_word(elf, p + (elf->is64 ? 8 : 4));
    s.addr = get_word(elf, p + (elf->is64 ? 16 : 8));
    s.filesz = get_word(elf, p + (elf->is64 ? 32 : 16));
    return s;
}

/* The file offset behind an address and how many bytes of its segment follow. */
static bool offset_of(const struct reader *r, uint64_t addr, uint64_t *offset, uint64_t *room)
{
    for (size_t i = 0; i < r->load_count; i++) {
        if (addr < r->load[i].addr || addr - r->load[i].addr >= r->load[i].size)
            continue;
        uint64_t in = addr - r->load[i].addr;
        *offset = r->load[i].offset + in;
        *room = r->load[i].size - in;
        return true;
    }
    return false;
}

/* GNU_PROPERTY_X86_ISA_1_NEEDED of a PT_NOTE segment; a malformed note is passed over. */
static void read_notes(struct reader *r, uint64_t offset, uint64_t size, unsigned align)
{
    const struct elf_file *elf = &r->elf;
    uint64_t end = offset + size;
    while (end - offset >= 12) {
        uint64_t namesz = get32(elf, offset), descsz = get32(elf, offset + 4);
        uint32_t type = get32(elf, offset + 8);
        uint64_t desc = offset + 12 + (namesz + 3) / 4 * 4;
        if (desc > end || descsz > end - desc)
            return;
        if (type == NT_GNU_PROPERTY_TYPE_0 && namesz == 4 &&
            memcmp(at(elf, offset + 12), "GNU", 4) == 0) {
            for (uint64_t p = desc; desc + descsz - p >= 8;) {
                uint32_t kind = get32(elf, p), len = get32(elf, p + 4);
                if (len > desc + descsz - p - 8)
                    return;
                if (kind == GNU_PROPERTY_X86_ISA_1_NEEDED && len == 4)
                    r->elf.x86_isa = get32(elf, p + 8);
                uint64_t step = 8 + ((uint64_t)len + align - 1) / align * align;
                if (step > desc + descsz - p)
                    break;
                p += step;
            }
        }
        uint64_t next = desc + (descsz + align - 1) / align * align;
        if (next > end)
            return;
        offset = next;
    }
}

static bool read_segments(struct reader *r, uint64_t *dyn_offset, uint64_t *dyn_size)
{
    struct elf_file *elf = &r->elf;
    r->load = arena_array(r->arena, r->phnum, sizeof *r->load);
    for (unsigned i = 0; i < r->phnum; i++) {
        struct segment s = segment_at(r, i);
        bool inside = fits(elf, s.offset, s.filesz);
        if (s.type == PT_LOAD && s.filesz != 0) {
            if (!inside)
                return bad(r, s.offset, "a segment reaches past the end of the file");
            if (s.addr + s.filesz < s.addr)
                return bad(r, s.offset, "a segment wraps around the address space");
            r->load[r->load_count].addr = s.addr;
            r->load[r->load_count].offset = s.offset;
            r->load[r->load_count++].size = s.filesz;
        } else if (s.type == PT_DYNAMIC && s.filesz != 0) {
            if (!inside)
                return bad(r, s.offset, "the dynamic segment reaches past the end of the file");
            *dyn_offset = s.offset;
            *dyn_size = s.filesz;
        } else if (s.type == PT_INTERP && s.filesz != 0) {
            if (!inside || at(elf, s.offset)[s.filesz - 1] != 0)
                return bad(r, s.offset, "the interpreter's name is not a string in the file");
            elf->interp = str_of(at(elf, s.offset), strlen((const char *)at(elf, s.offset)));
        } else if (s.type == PT_NOTE && inside &&
                   (elf->machine == EM_X86_64 || elf->machine == EM_386)) {
            read_notes(r, s.offset, s.filesz, elf->is64 ? 8 : 4);
        }
    }
    return true;
}

/* A string of the dynamic string table. */
static bool string_at(struct reader *r, uint64_t index, const char *what, struct str *s)
{
    const struct elf_file *elf = &r->elf;
    if (elf->at.strtab == 0 || index >= elf->at.strsz)
        return bad(r, elf->at.strtab + index, what);
    const unsigned char *from = at(elf, elf->at.strtab + index);
    const unsigned char *nul = memchr(from, 0, elf->at.strsz - index);
    if (nul == NULL)
        return bad(r, elf->at.strtab + index, what);
    *s = str_of(from, (size_t)(nul - from));
    return true;
}

struct dynamic_entry {
    uint64_t tag, value;
};

static struct dynamic_entry dynamic_at(const struct elf_file *elf, size_t index)
{
    unsigned w = elf->is64 ? 8 : 4;
    uint64_t p = elf->at.dyn_offset + (uint64_t)index * 2 * w;
    return (struct dynamic_entry){get_word(elf, p), get_word(elf, p + w)};
}

/* Addresses and sizes that the dynamic segment gives, before they become file offsets. */
struct dynamic_values {
    uint64_t strtab, strsz, symtab, versym, verneed, verneed_num, verdef, verdef_num, flags, pltrel;
};

static void collect_dynamic(struct reader *r, size_t count, struct dynamic_values *v,
                            size_t *needed)
{
    struct elf_file *elf = &r->elf;
    const struct {
        uint64_t tag;
        uint64_t *to;
    } wanted[] = {
        {DT_STRTAB, &v->strtab},         {DT_STRSZ, &v->strsz},
        {DT_SYMTAB, &v->symtab},         {DT_VERSYM, &v->versym},
        {DT_VERNEED, &v->verneed},       {DT_VERNEEDNUM, &v->verneed_num},
        {DT_VERDEF, &v->verdef},         {DT_VERDEFNUM, &v->verdef_num},
        {DT_FLAGS, &v->flags},           {DT_PLTREL, &v->pltrel},
        {DT_HASH, &r->dt_hash},          {DT_GNU_HASH, &r->dt_gnu_hash},
        {DT_RELA, &r->dt_rel[RELA]},     {DT_RELASZ, &r->dt_relsz[RELA]},
        {DT_REL, &r->dt_rel[REL]},       {DT_RELSZ, &r->dt_relsz[REL]},
        {DT_JMPREL, &r->dt_rel[JMPREL]}, {DT_PLTRELSZ, &r->dt_relsz[JMPREL]},
    };
    for (size_t i = 0; i < count; i++) {
        struct dynamic_entry d = dynamic_at(elf, i);
        if (d.tag == DT_NULL)
            break;
        *needed += d.tag == DT_NEEDED;
        elf->has_rpath |= d.tag == DT_RPATH;
        elf->has_runpath |= d.tag == DT_RUNPATH;
        elf->textrel |= d.tag == DT_TEXTREL;
        for (size_t j = 0; j < sizeof wanted / sizeof *wanted; j++)
            if (wanted[j].tag == d.tag)
                *wanted[j].to = d.value;
    }
}

static bool scan_dynamic(struct reader *r, size_t count, size_t *needed)
{
    struct elf_file *elf = &r->elf;
    struct dynamic_values v = {0};
    collect_dynamic(r, count, &v, needed);
    elf->textrel |= (v.flags & DF_TEXTREL) != 0;
    elf->at.strsz = v.strtab == 0 ? 0 : v.strsz;
    elf->at.verneed_num = (uint32_t)v.verneed_num;
    elf->at.verdef_num = (uint32_t)v.verdef_num;
    r->dt_is_rela[RELA] = true;
    r->dt_is_rela[JMPREL] = v.pltrel == DT_RELA;
    const struct {
        uint64_t addr, least;
        uint64_t *place;
        const char *what;
    } tables[] = {
        {v.strtab, v.strsz, &elf->at.strtab, "the string table lies outside the segments"},
        {v.symtab, elf->is64 ? 24 : 16, &elf->at.symtab,
         "the symbol table lies outside the segments"},
        {v.versym, 2, &elf->at.versym, "the version table lies outside the segments"},
        {v.verneed, 16, &elf->at.verneed, "the needed versions lie outside the segments"},
        {v.verdef, 20, &elf->at.verdef, "the defined versions lie outside the segments"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        uint64_t room;
        if (tables[i].addr == 0)
            continue;
        if (!offset_of(r, tables[i].addr, tables[i].place, &room) || room < tables[i].least)
            return bad(r, tables[i].addr, tables[i].what);
    }
    return true;
}

static bool read_dynamic_strings(struct reader *r, size_t count, size_t needed)
{
    struct elf_file *elf = &r->elf;
    struct str *names = ARENA_ARRAY(r->arena, struct str, needed);
    for (size_t i = 0; i < count; i++) {
        struct dynamic_entry d = dynamic_at(elf, i);
        if (d.tag == DT_NULL)
            break;
        struct str *to = d.tag == DT_NEEDED    ? &names[elf->needed_count]
                         : d.tag == DT_SONAME  ? &elf->soname
                         : d.tag == DT_RPATH   ? &elf->rpath
                         : d.tag == DT_RUNPATH ? &elf->runpath
                                               : NULL;
        if (to == NULL)
            continue;
        if (!string_at(r, d.value, "a name of the dynamic segment is not in its string table", to))
            return false;
        elf->needed_count += d.tag == DT_NEEDED;
    }
    elf->needed = names;
    return true;
}

static bool read_needs(struct reader *r)
{
    struct elf_file *elf = &r->elf;
    VEC(struct elf_need) needs = {0};
    uint64_t p = elf->at.verneed;
    for (uint32_t i = 0; p != 0 && i < elf->at.verneed_num; i++) {
        if (!fits(elf, p, 16))
            return bad(r, p, "needed versions are cut off");
        uint64_t aux = p + get32(elf, p + 8);
        unsigned count = get16(elf, p + 2);
        struct str file;
        if (!string_at(r, get32(elf, p + 4), "a needed library's name is not in the string table",
                       &file))
            return false;
        for (unsigned j = 0; j < count; j++) {
            if (!fits(elf, aux, 16))
                return bad(r, aux, "a needed version is cut off");
            if (needs.len >= ELF_READ_VERSIONS_MAX)
                return err_set(r->err, ERR_LIMIT, "ELF file needs more than %d symbol versions",
                               ELF_READ_VERSIONS_MAX);
            struct elf_need need = {.file = file};
            need.weak = (get16(elf, aux + 4) & VER_FLG_WEAK) != 0;
            need.index = get16(elf, aux + 6) & 0x7fff;
            if (!string_at(r, get32(elf, aux + 8), "a needed version is not in the string table",
                           &need.version))
                return false;
            *vec_push(&needs, r->arena) = need;
            uint32_t next = get32(elf, aux + 12);
            if (next == 0)
                break;
            aux += next;
        }
        uint32_t next = get32(elf, p + 12);
        if (next == 0)
            break;
        p += next;
    }
    elf->needs = needs.at;
    elf->need_count = needs.len;
    return true;
}

static bool read_defs(struct reader *r)
{
    struct elf_file *elf = &r->elf;
    VEC(struct elf_def) defs = {0};
    uint64_t p = elf->at.verdef;
    for (uint32_t i = 0; p != 0 && i < elf->at.verdef_num; i++) {
        if (!fits(elf, p, 20))
            return bad(r, p, "defined versions are cut off");
        if (defs.len >= ELF_READ_VERSIONS_MAX)
            return err_set(r->err, ERR_LIMIT, "ELF file defines more than %d symbol versions",
                           ELF_READ_VERSIONS_MAX);
        struct elf_def def = {.index = get16(elf, p + 4) & 0x7fff,
                              .base = (get16(elf, p + 2) & VER_FLG_BASE) != 0};
        uint64_t aux = p + get32(elf, p + 12);
        struct str *to = &def.version;
        for (unsigned j = 0, count = get16(elf, p + 6); j < count && j < 2; j++, to = &def.parent) {
            if (!fits(elf, aux, 8))
                return bad(r, aux, "a defined version is cut off");
            if (!string_at(r, get32(elf, aux), "a defined version is not in the string table", to))
                return false;
            aux += get32(elf, aux + 4);
        }
        *vec_push(&defs, r->arena) = def;
        uint32_t next = get32(elf, p + 16);
        if (next == 0)
            break;
        p += next;
    }
    elf->defs = defs.at;
    elf->def_count = defs.len;
    return true;
}

static void index_versions(struct reader *r)
{
    struct elf_file *elf = &r->elf;
    size_t limit = 0;
    for (size_t i = 0; i < elf->need_count; i++)
        limit = elf->needs[i].index >= limit ? elf->needs[i].index + 1u : limit;
    for (size_t i = 0; i < elf->def_count; i++)
        limit = elf->defs[i].index >= limit ? elf->defs[i].index + 1u : limit;
    struct elf_version_name *names = ARENA_ARRAY(r->arena, struct elf_version_name, limit);
    for (size_t i = 0; i < elf->need_count; i++)
        names[elf->needs[i].index] =
            (struct elf_version_name){elf->needs[i].version, elf->needs[i].file};
    for (size_t i = 0; i < elf->def_count; i++)
        if (!elf->defs[i].base)
            names[elf->defs[i].index] = (struct elf_version_name){.version = elf->defs[i].version};
    elf->at.by_index = names;
    elf->at.version_limit = limit;
}

/* Nothing in the dynamic segment says how many symbols there are; the section headers do, where
 * they were kept. */
static uint64_t count_by_sections(const struct reader *r)
{
    const struct elf_file *elf = &r->elf;
    if (r->shnum == 0 || r->shentsize != (elf->is64 ? 64u : 40u) ||
        !fits(elf, r->shoff, (uint64_t)r->shnum * r->shentsize))
        return 0;
    for (unsigned i = 0; i < r->shnum; i++) {
        uint64_t p = r->shoff + (uint64_t)i * r->shentsize;
        if (get32(elf, p + 4) == SHT_DYNSYM &&
            get_word(elf, p + (elf->is64 ? 24 : 16)) == elf->at.symtab)
            return get_word(elf, p + (elf->is64 ? 32 : 20)) / (elf->is64 ? 24 : 16);
    }
    return 0;
}

static uint64_t count_by_gnu_hash(const struct reader *r)
{
    const struct elf_file *elf = &r->elf;
    uint64_t p, room;
    if (r->dt_gnu_hash == 0 || !offset_of(r, r->dt_gnu_hash, &p, &room) || room < 16)
        return 0;
    uint64_t buckets = get32(elf, p), first = get32(elf, p + 4), bloom = get32(elf, p + 8);
    uint64_t head = 16 + bloom * (elf->is64 ? 8 : 4);
    if (room < head + buckets * 4)
        return 0;
    uint64_t last = 0;
    for (uint64_t i = 0; i < buckets; i++) {
        uint32_t b = get32(elf, p + head + i * 4);
        last = b > last ? b : last;
    }
    if (last < first)
        return first;
    for (uint64_t chain = head + buckets * 4 + (last - first) * 4; chain + 4 <= room; chain += 4) {
        last++;
        if ((get32(elf, p + chain) & 1) != 0)
            break;
    }
    return last;
}

static uint64_t count_by_relocations(const struct reader *r)
{
    const struct elf_file *elf = &r->elf;
    uint64_t count = 0;
    for (int i = 0; i < RELOCATIONS; i++) {
        uint64_t p, room, size = r->dt_relsz[i];
        uint64_t step = elf->is64 ? (r->dt_is_rela[i] ? 24 : 16) : (r->dt_is_rela[i] ? 12 : 8);
        if (r->dt_rel[i] == 0 || !offset_of(r, r->dt_rel[i], &p, &room))
            continue;
        for (uint64_t o = 0; o + step <= size && o + step <= room; o += step) {
            uint64_t sym = elf->is64 ? get64(elf, p + o + 8) >> 32 : get32(elf, p + o + 4) >> 8;
            count = sym >= count ? sym + 1 : count;
        }
    }
    return count;
}

static void count_symbols(struct reader *r)
{
    struct elf_file *elf = &r->elf;
    if (elf->at.symtab == 0)
        return;
    uint64_t count = count_by_sections(r), p, room;
    if (count == 0 && r->dt_hash != 0 && offset_of(r, r->dt_hash, &p, &room) && room >= 16)
        /* Entries of 8 bytes on 64-bit s390 and Alpha, of 4 elsewhere. */
        count = elf->machine == EM_S390 && elf->is64 ? get64(elf, p + 8) : get32(elf, p + 4);
    if (count == 0) {
        count = count_by_gnu_hash(r);
        uint64_t used = count_by_relocations(r);
        count = used > count ? used : count;
    }
    uint64_t whole = (elf->bytes.len - elf->at.symtab) / (elf->is64 ? 24 : 16);
    count = count > whole ? whole : count;
    elf->symbol_count = (size_t)(count > SYMBOLS_MAX ? SYMBOLS_MAX : count);
}

bool elf_read(struct str bytes, struct arena *arena, struct elf_file *elf, struct err *err)
{
    struct reader r = {.elf.bytes = bytes, .arena = arena, .err = err};
    uint64_t dyn_offset = 0, dyn_size = 0;
    if (!read_header(&r))
        return false;
    if (r.elf.type != ET_REL && !read_segments(&r, &dyn_offset, &dyn_size))
        return false;
    uint64_t count = dyn_size / (r.elf.is64 ? 16 : 8);
    if (count > DYN_MAX)
        return err_set(err, ERR_LIMIT, "ELF file with a dynamic segment of %llu entries (limit %d)",
                       (unsigned long long)count, DYN_MAX);
    if (count != 0) {
        size_t needed = 0;
        r.elf.dynamic = true;
        r.elf.at.dyn_offset = dyn_offset;
        r.elf.at.dyn_size = dyn_size;
        if (!scan_dynamic(&r, (size_t)count, &needed))
            return false;
        if (needed > ELF_READ_NEEDED_MAX)
            return err_set(err, ERR_LIMIT, "ELF file needs %zu libraries (limit %d)", needed,
                           ELF_READ_NEEDED_MAX);
        if (!read_dynamic_strings(&r, (size_t)count, needed) || !read_needs(&r) || !read_defs(&r))
            return false;
        index_versions(&r);
        count_symbols(&r);
    }
    *elf = r.elf;
    return true;
}

bool elf_read_symbol(const struct elf_file *elf, size_t index, struct elf_symbol *symbol)
{
    if (index >= elf->symbol_count)
        return false;
    uint64_t p = elf->at.symtab + (uint64_t)index * (elf->is64 ? 24 : 16);
    struct elf_symbol s = {0};
    uint64_t info = p + (elf->is64 ? 4 : 12), name = get32(elf, p);
    s.bind = ELF64_ST_BIND(at(elf, info)[0]);
    s.type = ELF64_ST_TYPE(at(elf, info)[0]);
    s.visibility = ELF64_ST_VISIBILITY(at(elf, info + 1)[0]);
    s.shndx = get16(elf, info + 2);
    s.value = get_word(elf, p + (elf->is64 ? 8 : 4));
    s.size = elf->is64 ? get64(elf, p + 16) : get32(elf, p + 8);
    if (name >= elf->at.strsz)
        return false;
    const unsigned char *from = at(elf, elf->at.strtab + name);
    const unsigned char *nul = memchr(from, 0, elf->at.strsz - name);
    if (nul == NULL)
        return false;
    s.name = str_of(from, (size_t)(nul - from));
    uint64_t versym = elf->at.versym + (uint64_t)index * 2;
    if (elf->at.versym != 0 && fits(elf, versym, 2)) {
        uint16_t v = get16(elf, versym);
        s.hidden = (v & 0x8000) != 0;
        v &= 0x7fff;
        if (v > VER_NDX_GLOBAL && v < elf->at.version_limit) {
            s.version = elf->at.by_index[v].version;
            s.library = elf->at.by_index[v].file;
        }
    }
    *symbol = s;
    return true;
}
