#include "hint/capability_make.h"

#include <stdlib.h>

#include "base/endian.h"
#include "base/map.h"
#include "base/vec.h"

/* A string that many files share, numbered in order of its text at the end. */
struct capability_word {
    struct str text;
    uint32_t number, dependants, traits;
    bool used;
};

typedef VEC(struct capability_word *) capability_word_vec;

struct capability_words {
    struct map map;
    capability_word_vec all;
};

struct capability_entry {
    struct capability_word *key, *folder, *package;
};

struct capability_maker {
    struct arena *arena;
    struct capability_words keys, folders, packages;
    struct capability_words dependants; /* pairs that were counted */
    VEC(struct capability_entry) entries;
};

struct capability_maker *capability_make_open(struct arena *arena)
{
    struct capability_maker *maker = ARENA_NEW(arena, struct capability_maker);
    maker->arena = arena;
    return maker;
}

static struct capability_word *capability_word(struct capability_maker *maker,
                                               struct capability_words *words, struct str text)
{
    struct capability_word *word = map_get(&words->map, text);
    if (word)
        return word;
    word = ARENA_NEW(maker->arena, struct capability_word);
    word->text = arena_str(maker->arena, text);
    *map_at(&words->map, maker->arena, word->text) = word;
    *vec_push(&words->all, maker->arena) = word;
    return word;
}

/* What installing would not help: symbols, manuals, compilers for other machines. */
static bool capability_is_useless(struct str package, struct str section)
{
    static const char *const endings[] = {"-dbg", "-dbgsym", "-debuginfo", "-debugsource",
                                          "-doc", "-docs",   "-examples"};
    static const char *const parts[] = {"-cross",   "mingw",  "-none-eabi", "-avr",
                                        "avr-libc", "-djgpp", "-m68hc1",    "-xtensa-lx106",
                                        "picolibc", "newlib"};
    static const char *const sections[] = {"debug", "doc"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (str_ends(package, str_from(endings[i])))
            return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_find(package, str_from(parts[i])) < package.len)
            return true;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (str_eq(section, str_from(sections[i])))
            return true;
    return false;
}

/* It may end up among the arguments of a package manager: nothing but a name gets that far. */
static bool capability_is_name(struct str package)
{
    if (!package.len || package.len > CAPABILITY_NAME_MAX || !char_is_alnum(package.ptr[0]))
        return false;
    for (size_t i = 0; i < package.len; i++)
        if (!char_is_alnum(package.ptr[i]) && !str_has_char(STR(".+-_~^"), package.ptr[i]))
            return false;
    return true;
}

static uint32_t capability_traits_of(struct str package, struct str section)
{
    bool development = str_ends(package, STR("-dev")) || str_ends(package, STR("-devel")) ||
                       str_eq(section, STR("libdevel"));
    return development ? CAPABILITY_DEVELOPMENT : 0;
}

void capability_make_add(struct capability_maker *maker, struct str path, struct str package,
                         struct str section)
{
    ARENA_AUTO struct arena scratch = {0};
    struct capability_file file;
    if (!capability_is_name(package) || !capability_path_read(path, &scratch, &file) ||
        capability_is_useless(package, section))
        return;
    struct str key =
        arena_printf(&scratch, "%c" STR_FMT, (char)('0' + (int)file.kind), STR_ARG(file.key));
    struct capability_entry *entry = vec_push(&maker->entries, maker->arena);
    entry->key = capability_word(maker, &maker->keys, key);
    entry->folder = capability_word(maker, &maker->folders, file.dir);
    entry->package = capability_word(maker, &maker->packages, package);
    entry->package->traits |= capability_traits_of(package, section);
    entry->package->used = true;
}

void capability_make_count(struct capability_maker *maker, struct str by, struct str package)
{
    ARENA_AUTO struct arena scratch = {0};
    if (!capability_is_name(package) || by.len > CAPABILITY_NAME_MAX ||
        !(capability_traits_of(package, STR("")) & CAPABILITY_DEVELOPMENT))
        return;
    struct capability_word *pair =
        capability_word(maker, &maker->dependants,
                        arena_printf(&scratch, STR_FMT " " STR_FMT, STR_ARG(by), STR_ARG(package)));
    if (!pair->used)
        capability_word(maker, &maker->packages, package)->dependants++;
    pair->used = true;
}

size_t capability_make_files(const struct capability_maker *maker)
{
    return maker->entries.len;
}

static int capability_word_order(const void *a, const void *b)
{
    const struct capability_word *const *left = a, *const *right = b;
    return str_cmp((*left)->text, (*right)->text);
}

/* Sorts the words and gives them their numbers. */
static void capability_number(struct capability_words *words)
{
    if (words->all.len)
        qsort(words->all.at, words->all.len, sizeof *words->all.at, capability_word_order);
    for (size_t i = 0; i < words->all.len; i++)
        words->all.at[i]->number = (uint32_t)i;
}

static int capability_compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int capability_entry_order(const void *a, const void *b)
{
    const struct capability_entry *left = a, *right = b;
    int order = capability_compare(left->key->number, right->key->number);
    order = order ? order : capability_compare(left->folder->number, right->folder->number);
    return order ? order : capability_compare(left->package->number, right->package->number);
}

/* Packages that were counted but have no file of use are not in the map. */
static void capability_drop_unused(struct capability_words *packages)
{
    size_t kept = 0;
    for (size_t i = 0; i < packages->all.len; i++)
        if (packages->all.at[i]->used)
            packages->all.at[kept++] = packages->all.at[i];
    packages->all.len = kept;
}

static void capability_put_packages(const struct capability_words *packages,
                                    struct capability_table_text *table)
{
    BUF_AUTO struct buf extra = {0};
    for (size_t i = 0; i < packages->all.len; i++) {
        const struct capability_word *word = packages->all.at[i];
        buf_clear(&extra);
        capability_table_put_number(&extra, word->traits);
        capability_table_put_number(&extra, word->dependants);
        capability_table_put(table, word->text, buf_str(&extra));
    }
}

static void capability_put_folders(const struct capability_words *folders,
                                   struct capability_table_text *table)
{
    for (size_t i = 0; i < folders->all.len; i++)
        capability_table_put(table, folders->all.at[i]->text, STR(""));
}

static bool capability_same_entry(const struct capability_entry *a,
                                  const struct capability_entry *b)
{
    return a->key == b->key && a->folder == b->folder && a->package == b->package;
}

static void capability_put_keys(const struct capability_maker *maker,
                                struct capability_table_text *table)
{
    BUF_AUTO struct buf extra = {0};
    const struct capability_entry *all = maker->entries.at;
    for (size_t from = 0, to; from < maker->entries.len; from = to) {
        uint32_t folder = 0;
        buf_clear(&extra);
        for (to = from; to < maker->entries.len && all[to].key == all[from].key; to++) {
            if (to > from && capability_same_entry(&all[to], &all[to - 1]))
                continue;
            capability_table_put_number(&extra, all[to].folder->number - folder);
            capability_table_put_number(&extra, all[to].package->number);
            folder = all[to].folder->number;
        }
        capability_table_put(table, all[from].key->text, buf_str(&extra));
    }
}

static void capability_put_u32(struct buf *out, size_t value)
{
    unsigned char bytes[4];
    write_le32(bytes, (uint32_t)value);
    buf_add(out, str_of(bytes, sizeof bytes));
}

static void capability_put_u64(struct buf *out, uint64_t value)
{
    unsigned char bytes[8];
    write_le64(bytes, value);
    buf_add(out, str_of(bytes, sizeof bytes));
}

/* All from the digest of the sources on: what the checksum is of. */
static void capability_put_body(const struct capability_facts *facts, const struct buf *text,
                                const struct capability_table_text *tables, struct buf *body)
{
    struct str sections[7] = {buf_str(text)};
    size_t at = CAPABILITY_HEADER_SIZE;
    for (size_t i = 0; i < 3; i++) {
        sections[1 + i * 2] = buf_str(&tables[i].index);
        sections[2 + i * 2] = buf_str(&tables[i].text);
    }
    buf_add(body, str_of(facts->source.bytes, DIGEST_SIZE));
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        capability_put_u32(body, at);
        capability_put_u32(body, sections[i].len);
        at += sections[i].len;
    }
    for (size_t i = 0; i < 3; i++)
        capability_put_u32(body, tables[i].count);
    capability_put_u32(body, 0);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        buf_add(body, sections[i]);
}

bool capability_make_finish(struct capability_maker *maker, const struct capability_facts *facts,
                            struct buf *out, struct err *err)
{
    BUF_AUTO struct buf text = {0}, body = {0};
    struct capability_table_text tables[3] = {0};
    capability_drop_unused(&maker->packages);
    capability_number(&maker->packages);
    capability_number(&maker->folders);
    capability_number(&maker->keys);
    if (maker->entries.len)
        qsort(maker->entries.at, maker->entries.len, sizeof *maker->entries.at,
              capability_entry_order);
    capability_put_packages(&maker->packages, &tables[0]);
    capability_put_folders(&maker->folders, &tables[1]);
    capability_put_keys(maker, &tables[2]);
    buf_printf(&text,
               "distro " STR_FMT "\nrelease " STR_FMT "\narch " STR_FMT "\ntriplet " STR_FMT "\n",
               STR_ARG(facts->distro), STR_ARG(facts->release), STR_ARG(facts->arch),
               STR_ARG(facts->triplet));
    capability_put_body(facts, &text, tables, &body);
    for (size_t i = 0; i < 3; i++)
        capability_table_free(&tables[i]);
    size_t size = CAPABILITY_HEADER_SIZE - 104 + body.len;
    if (size > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "a capability map of %zu bytes; 4 GiB is the most", size);
    struct digest sum = digest_of(buf_str(&body));
    buf_add(out, STR(CAPABILITY_MAGIC));
    capability_put_u32(out, CAPABILITY_VERSION);
    capability_put_u32(out, 0);
    capability_put_u64(out, size);
    buf_add(out, str_of(sum.bytes, DIGEST_SIZE));
    buf_add(out, buf_str(&body));
    return true;
}
