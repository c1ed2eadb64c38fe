#include "elf/stub.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "elf/dso.h"
#include "elf/read.h"

enum { FLOOR_MIN = 17, MERGED = 34 /* glibc 2.34 took libpthread and the others into libc */ };

const char *const elf_stub_sonames[] = {"libc.so.6",   "libm.so.6",      "libpthread.so.0",
                                        "libdl.so.2",  "librt.so.1",     "libutil.so.1",
                                        "libanl.so.1", "libresolv.so.2", NULL};

static const struct {
    uint16_t machine;
    const char *loader;
} machines[] = {
    {EM_S390, "ld64.so.1"},
    {EM_X86_64, "ld-linux-x86-64.so.2"},
    {EM_AARCH64, "ld-linux-aarch64.so.1"},
};

/*
 * Where libc's symbols lived before 2.34: nothing in the files says it, the names do. For those
 * whose default version came with the merge; everything not listed was in libpthread.
 */
static const struct {
    const char *prefix, *soname;
    bool whole; /* the name itself, not a prefix */
} homes[] = {
    {"__libc_start_main", "libc.so.6", true},
    {"dl", "libdl.so.2", false},
    {"aio_", "librt.so.1", false},
    {"lio_", "librt.so.1", false},
    {"mq_", "librt.so.1", false},
    {"__mq_", "librt.so.1", false},
    {"timer_", "librt.so.1", false},
    {"shm_open", "librt.so.1", true},
    {"shm_unlink", "librt.so.1", true},
    {"openpty", "libutil.so.1", true},
    {"forkpty", "libutil.so.1", true},
    {"login", "libutil.so.1", true},
    {"login_tty", "libutil.so.1", true},
    {"logout", "libutil.so.1", true},
    {"logwtmp", "libutil.so.1", true},
    {"getaddrinfo_a", "libanl.so.1", true},
    {"gai_cancel", "libanl.so.1", true},
    {"gai_error", "libanl.so.1", true},
    {"gai_suspend", "libanl.so.1", true},
    {"ns_name_", "libresolv.so.2", false},
    {"dn_", "libresolv.so.2", false},
    {"res_", "libresolv.so.2", false},
    {"__dn_", "libresolv.so.2", false},
    {"__res_", "libresolv.so.2", false},
};

/* Names kept for old programs only (no default version) that were not in libc before the merge. */
static const struct {
    const char *prefix, *soname;
} compat_homes[] = {
    {"__dn_", "libresolv.so.2"},
    {"__res_", "libresolv.so.2"},
    {"pthread_", "libpthread.so.0"},
    {"_pthread_cleanup_", "libpthread.so.0"},
    {"__pthread_getspecific", "libpthread.so.0"},
    {"__pthread_setspecific", "libpthread.so.0"},
    {"__pthread_once", "libpthread.so.0"},
    {"__pthread_mutex_", "libpthread.so.0"},
    {"__pthread_mutexattr_", "libpthread.so.0"},
    {"__pthread_rwlock_", "libpthread.so.0"},
};

/* libc_nonshared.a has them; the shared ones are for old programs and know no __dso_handle. */
static const char *const static_names[] = {"atexit", "at_quick_exit", "pthread_atfork"};

static const char *const librt_clocks[] = {"clock_getcpuclockid", "clock_getres", "clock_gettime",
                                           "clock_nanosleep", "clock_settime"};

struct version {
    unsigned part[3];
};

struct offer {
    struct str name, version_name;
    struct version version;
    bool hidden, data;
    uint8_t bind, type;
    uint64_t value, size, place;
};

struct library {
    struct str soname;
    VEC(struct offer) offers; /* what the stub will have */
    VEC(struct str) versions;
    uint64_t text_size, data_size;
};

struct stubs {
    struct arena *arena;
    const struct elf_stub_options *options;
    uint16_t machine;
    bool big;
    VEC(struct library) libraries;
    struct map kept;          /* names that some stub offers */
    VEC(struct str) defaults; /* names that the sysroot offers by default */
};

const char *elf_stub_loader(uint16_t machine)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == machine)
            return machines[i].loader;
    return NULL;
}

/* "GLIBC_2.17", "GLIBC_2.3.4"; false for GLIBC_PRIVATE, GLIBC_ABI_*, GCC_3.0. */
static bool parse_version(struct str name, struct version *version)
{
    struct version v = {{0}};
    struct str rest, piece;
    if (!str_starts(name, STR("GLIBC_")))
        return false;
    rest = str_from_pos(name, 6);
    for (int i = 0; str_next(&rest, '.', &piece); i++) {
        uint64_t n;
        if (i == 3 || !str_to_u64(piece, &n) || n > 9999)
            return false;
        v.part[i] = (unsigned)n;
    }
    *version = v;
    return v.part[0] == 2;
}

static int compare_versions(const struct version *a, const struct version *b)
{
    for (int i = 0; i < 3; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return 0;
}

static bool within(const struct version *v, unsigned floor)
{
    return v->part[1] <= floor;
}

static int by_name(const void *left, const void *right)
{
    const struct offer *a = left, *b = right;
    int order = str_cmp(a->name, b->name);
    if (order == 0)
        order = compare_versions(&a->version, &b->version);
    return order != 0 ? order : (a->value > b->value) - (a->value < b->value);
}

static int by_value(const void *left, const void *right)
{
    const struct offer *a = *(const struct offer *const *)left,
                       *b = *(const struct offer *const *)right;
    return a->value != b->value ? (a->value > b->value) - (a->value < b->value) : by_name(a, b);
}

static int by_version(const void *left, const void *right)
{
    struct version a = {{0}}, b = {{0}};
    (void)parse_version(*(const struct str *)left, &a);
    (void)parse_version(*(const struct str *)right, &b);
    return compare_versions(&a, &b);
}

static int by_text(const void *left, const void *right)
{
    return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

static int by_soname(const void *left, const void *right)
{
    return str_cmp(((const struct library *)left)->soname, ((const struct library *)right)->soname);
}

static struct library *library(struct stubs *s, struct str soname)
{
    for (size_t i = 0; i < s->libraries.len; i++)
        if (str_eq(s->libraries.at[i].soname, soname))
            return &s->libraries.at[i];
    struct library *made = vec_push(&s->libraries, s->arena);
    made->soname = soname;
    return made;
}

/* What a library exports under numbered versions, sorted by name, then version. */
static void list_offers(const struct elf_file *elf, struct arena *arena, struct offer **offers,
                        size_t *count)
{
    VEC(struct offer) all = {0};
    for (size_t i = 1; i < elf->symbol_count; i++) {
        struct elf_symbol sym;
        struct offer o;
        if (!elf_read_symbol(elf, i, &sym) || sym.shndx == SHN_UNDEF || sym.shndx == SHN_ABS ||
            sym.bind == STB_LOCAL || sym.type == STT_TLS || sym.type == STT_SECTION ||
            !parse_version(sym.version, &o.version) ||
            str_ends(sym.name, STR("_version_placeholder")))
            continue;
        o.name = sym.name;
        o.version_name = sym.version;
        o.hidden = sym.hidden;
        o.data = sym.type == STT_OBJECT || sym.type == STT_COMMON;
        o.bind = sym.bind == STB_WEAK ? STB_WEAK : STB_GLOBAL;
        o.type = sym.type == STT_GNU_IFUNC ? STT_FUNC : sym.type;
        o.value = sym.value;
        o.size = sym.size;
        o.place = 0;
        *vec_push(&all, arena) = o;
    }
    if (all.len > 1)
        qsort(all.at, all.len, sizeof *all.at, by_name);
    *offers = all.at;
    *count = all.len;
}

static bool is_one_of(struct str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, str_from(names[i])))
            return true;
    return false;
}

#define IS_ONE_OF(name, table) is_one_of((name), (table), sizeof(table) / sizeof *(table))

/* `def`: the name's default version in the sysroot, NULL when it has none any more. */
static struct str home_of(const struct stubs *s, struct str soname, struct str name,
                          const struct version *def)
{
    if (s->options->floor >= MERGED || !str_eq(soname, STR("libc.so.6")))
        return soname;
    if (def == NULL) {
        for (size_t i = 0; i < sizeof compat_homes / sizeof *compat_homes; i++)
            if (str_starts(name, str_from(compat_homes[i].prefix)))
                return str_from(compat_homes[i].soname);
        return soname;
    }
    if (def->part[1] < 32 || within(def, s->options->floor))
        return soname;
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (homes[i].whole ? str_eq(name, str_from(homes[i].prefix))
                           : str_starts(name, str_from(homes[i].prefix)))
            return str_from(homes[i].soname);
    return STR("libpthread.so.0");
}

/* All versions of one name in one library: which stay, which is the default, and where. */
static void place_name(struct stubs *s, struct str soname, struct offer *offers, size_t count)
{
    const struct version *def = NULL;
    for (size_t i = 0; i < count; i++)
        if (!offers[i].hidden)
            def = &offers[i].version;
    if (def != NULL)
        *vec_push(&s->defaults, s->arena) = offers->name;
    size_t last = count; /* the newest within the floor */
    for (size_t i = 0; i < count; i++)
        if (within(&offers[i].version, s->options->floor))
            last = i;
    if (last == count)
        return;
    /* A default that is old enough stays the default even when a later version exists: s390x has
     * setjmp@GLIBC_2.19, withdrawn again, beside setjmp@@GLIBC_2.2. */
    bool keeps = def != NULL && within(def, s->options->floor);
    struct str home = home_of(s, soname, offers->name, def);
    *map_at(&s->kept, s->arena, offers->name) = s;
    for (size_t i = 0; i < count; i++) {
        struct offer o = offers[i];
        if (!within(&o.version, s->options->floor))
            continue;
        if (!keeps)
            o.hidden = i != last || (def == NULL && IS_ONE_OF(o.name, static_names));
        struct str to = home;
        if (s->options->floor < MERGED && o.hidden && IS_ONE_OF(o.name, librt_clocks) &&
            str_eq(soname, STR("libc.so.6"))) {
            to = STR("librt.so.1");
            o.hidden = false;
        }
        struct library *lib = library(s, to);
        *vec_push(&lib->offers, s->arena) = o;
    }
}

static bool add_input(struct stubs *s, const struct elf_stub_input *input, struct err *err)
{
    struct elf_file elf;
    if (!elf_read(input->bytes, s->arena, &elf, err))
        return err_wrap(err, STR_FMT, STR_ARG(input->soname));
    if (!elf.is64 || elf.type != ET_DYN || elf_stub_loader(elf.machine) == NULL)
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": not a 64-bit shared library for s390x, x86_64 or aarch64",
                       STR_ARG(input->soname));
    if (s->machine == 0) {
        s->machine = elf.machine;
        s->big = elf.big;
    } else if (s->machine != elf.machine || s->big != elf.big) {
        return err_set(err, ERR_FORMAT, STR_FMT " is for another machine than the libraries before",
                       STR_ARG(input->soname));
    }
    /* The name as the linker is to record it: the file's own, whatever it was opened as. */
    struct str soname = arena_str(s->arena, elf.soname.len != 0 ? elf.soname : input->soname);
    struct library *lib = library(s, soname);
    for (size_t i = 0; i < elf.def_count; i++) {
        struct version v;
        if (!elf.defs[i].base && parse_version(elf.defs[i].version, &v) &&
            within(&v, s->options->floor))
            *vec_push(&lib->versions, s->arena) = elf.defs[i].version;
    }
    struct offer *offers;
    size_t count;
    list_offers(&elf, s->arena, &offers, &count);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && str_eq(offers[next].name, offers[i].name);)
            next++;
        place_name(s, soname, offers + i, next - i);
    }
    return true;
}

/*
 * Data keeps its shape: aliases share one address (the linker finds the exported strong name behind
 * a weak one by section and value when it makes a copy relocation), and alignment is the real one.
 */
static void place_symbols(struct library *lib, struct arena *arena)
{
    struct offer **data = ARENA_ARRAY(arena, struct offer *, lib->offers.len);
    size_t count = 0;
    for (size_t i = 0; i < lib->offers.len; i++) {
        struct offer *o = &lib->offers.at[i];
        if (o->data) {
            data[count++] = o;
        } else {
            o->place = lib->text_size;
            lib->text_size += 16;
        }
    }
    if (count > 1)
        qsort(data, count, sizeof *data, by_value);
    uint64_t end = 0, shift = 0; /* of the cluster of overlapping objects: old end, old - new */
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || data[i]->value >= end) {
            uint64_t base = (lib->data_size + 63) / 64 * 64 + data[i]->value % 64;
            shift = data[i]->value - base;
            end = data[i]->value + 1;
        }
        data[i]->place = data[i]->value - shift;
        uint64_t stop = data[i]->value + data[i]->size;
        end = stop > end ? stop : end;
        lib->data_size = end - shift;
    }
}

static void unique_strings(struct str *at, size_t *len, int (*order)(const void *, const void *))
{
    size_t kept = 0;
    if (*len > 1)
        qsort(at, *len, sizeof *at, order);
    for (size_t i = 0; i < *len; i++)
        if (kept == 0 || !str_eq(at[kept - 1], at[i]))
            at[kept++] = at[i];
    *len = kept;
}

static struct str write_library(struct stubs *s, struct library *lib)
{
    if (lib->offers.len > 1)
        qsort(lib->offers.at, lib->offers.len, sizeof *lib->offers.at, by_name);
    for (size_t i = 0; i < lib->offers.len; i++)
        *vec_push(&lib->versions, s->arena) = lib->offers.at[i].version_name;
    unique_strings(lib->versions.at, &lib->versions.len, by_version);
    place_symbols(lib, s->arena);
    struct map index = {0};
    for (size_t i = 0; i < lib->versions.len; i++)
        *map_at(&index, s->arena, lib->versions.at[i]) = &lib->versions.at[i];
    struct elf_dso_symbol *symbols = ARENA_ARRAY(s->arena, struct elf_dso_symbol, lib->offers.len);
    for (size_t i = 0; i < lib->offers.len; i++) {
        const struct offer *o = &lib->offers.at[i];
        symbols[i] = (struct elf_dso_symbol){
            .name = o->name,
            .hidden = o->hidden,
            .data = o->data,
            .bind = o->bind,
            .type = o->type,
            .place = o->place,
            .size = o->size,
            .version = (size_t)((struct str *)map_get(&index, o->version_name) - lib->versions.at)};
    }
    return elf_dso_write(&(struct elf_dso){.machine = s->machine,
                                           .big = s->big,
                                           .soname = lib->soname,
                                           .versions = lib->versions.at,
                                           .version_count = lib->versions.len,
                                           .symbols = symbols,
                                           .symbol_count = lib->offers.len,
                                           .text_size = lib->text_size,
                                           .data_size = lib->data_size},
                         s->arena);
}

static struct str libc_script(const struct stubs *s)
{
    struct buf text BUF_AUTO = {0};
    const struct elf_stub_options *o = s->options;
    buf_printf(&text, "/* glibc 2.%u: versions no newer than the floor. */\nGROUP (", o->floor);
    /* First, so that it may replace what libc offers (__libc_start_main). */
    if (o->compat_archive.len != 0)
        buf_printf(&text, " " STR_FMT, STR_ARG(o->compat_archive));
    buf_add(&text, STR(" libc.so.6"));
    if (o->nonshared.len != 0)
        buf_printf(&text, " " STR_FMT, STR_ARG(o->nonshared));
    buf_printf(&text, " AS_NEEDED (%s %s ) )\n",
               o->floor < MERGED ? " libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1" : "",
               elf_stub_loader(s->machine));
    return arena_str(s->arena, buf_str(&text));
}

static int by_file(const void *left, const void *right)
{
    return str_cmp(((const struct elf_stub_file *)left)->name,
                   ((const struct elf_stub_file *)right)->name);
}

static void write_files(struct stubs *s, struct elf_stub_set *set)
{
    VEC(struct elf_stub_file) files = {0};
    qsort(s->libraries.at, s->libraries.len, sizeof *s->libraries.at, by_soname);
    for (size_t i = 0; i < s->libraries.len; i++) {
        struct library *lib = &s->libraries.at[i];
        struct str soname = lib->soname;
        *vec_push(&files, s->arena) =
            (struct elf_stub_file){.name = soname, .bytes = write_library(s, lib)};
        if (!str_starts(soname, STR("lib")))
            continue;
        struct str plain = str_slice(soname, 0, str_find(soname, STR(".so")) + 3);
        struct str text =
            str_eq(soname, STR("libc.so.6"))
                ? libc_script(s)
                : arena_printf(s->arena, "INPUT ( AS_NEEDED ( " STR_FMT " ) )\n", STR_ARG(soname));
        if (!str_eq(plain, soname))
            *vec_push(&files, s->arena) =
                (struct elf_stub_file){.name = plain, .bytes = text, .is_text = true};
    }
    if (files.len != 0)
        qsort(files.at, files.len, sizeof *files.at, by_file);
    set->files = files.at;
    set->file_count = files.len;
}

static void list_missing(struct stubs *s, struct elf_stub_set *set)
{
    VEC(struct str) missing = {0};
    struct buf text BUF_AUTO = {0};
    for (size_t i = 0; i < s->defaults.len; i++)
        if (map_get(&s->kept, s->defaults.at[i]) == NULL)
            *vec_push(&missing, s->arena) = arena_str(s->arena, s->defaults.at[i]);
    unique_strings(missing.at, &missing.len, by_text);
    for (size_t i = 0; i < missing.len; i++)
        buf_printf(&text, STR_FMT "\n", STR_ARG(missing.at[i]));
    set->missing = missing.at;
    set->missing_count = missing.len;
    set->missing_text = arena_str(s->arena, buf_str(&text));
}

bool elf_stub_make(const struct elf_stub_input *libs, size_t lib_count,
                   const struct elf_stub_options *options, struct arena *arena,
                   struct elf_stub_set *set, struct err *err)
{
    struct stubs s = {.arena = arena, .options = options};
    struct elf_stub_set made = {.floor = options->floor};
    if (options->floor < FLOOR_MIN || options->floor > 99)
        return err_set(err, ERR_USAGE, "floor glibc 2.%u: 2.%d is the oldest that can be held",
                       options->floor, FLOOR_MIN);
    for (size_t i = 0; i < lib_count; i++)
        if (!add_input(&s, &libs[i], err))
            return false;
    struct library *libc = library(&s, STR("libc.so.6"));
    if (libc->offers.len == 0)
        return err_set(err, ERR_USAGE, "no libc.so.6 with symbol versions among the libraries");
    if (library(&s, str_from(elf_stub_loader(s.machine)))->offers.len == 0)
        return err_set(err, ERR_USAGE, "the loader %s is not among the libraries",
                       elf_stub_loader(s.machine));
    if (options->floor < MERGED)
        for (size_t i = 0; elf_stub_sonames[i] != NULL; i++)
            (void)library(&s, str_from(elf_stub_sonames[i]));
    made.machine = s.machine;
    list_missing(&s, &made);
    write_files(&s, &made);
    *set = made;
    return true;
}
