#include "pkg/tags.h"
#include "base/vec.h"

#include <string.h>

enum {
    LIBC_MINOR_LIMIT = 500,
    PYTHON_MINOR_LIMIT = 500,
    ABI3_FIRST = 2,      /* cp32 */
    GLIBC_OLDEST = 17,   /* manylinux_2_17, but for the two below */
    GLIBC_OLDEST_X86 = 5 /* manylinux_2_5 */
};

/* A hash table from tag to place, so that ranking one tag is one look-up. */
struct tag_slot {
    uint32_t place; /* index + 1; 0 is free */
};

/* Names of before PEP 600, each right behind the tag it stands for. */
static const struct {
    unsigned minor;
    const char *name;
    bool x86_only;
} legacy[] = {{17, "manylinux2014", false}, {12, "manylinux2010", true}, {5, "manylinux1", true}};
enum { LEGACY = sizeof legacy / sizeof *legacy };

static bool is_x86(struct str arch)
{
    return str_eq(arch, STR("x86_64")) || str_eq(arch, STR("i686"));
}

typedef VEC(struct str) platform_list;

static void add_glibc(const struct tag_target *target, struct arena *arena, platform_list *list)
{
    bool x86 = is_x86(target->arch);
    unsigned oldest = x86 ? GLIBC_OLDEST_X86 : GLIBC_OLDEST;
    for (unsigned minor = target->libc_minor; minor >= oldest; minor--) {
        *vec_push(list, arena) =
            arena_printf(arena, "manylinux_2_%u_%.*s", minor, STR_ARG(target->arch));
        for (size_t i = 0; i < LEGACY; i++)
            if (legacy[i].minor == minor && (x86 || !legacy[i].x86_only))
                *vec_push(list, arena) =
                    arena_printf(arena, "%s_%.*s", legacy[i].name, STR_ARG(target->arch));
    }
}

static void list_platforms(const struct tag_target *target, struct arena *arena,
                           platform_list *list)
{
    *vec_push(list, arena) = arena_printf(arena, "linux_%.*s", STR_ARG(target->arch));
    if (target->libc == TAG_GLIBC) {
        add_glibc(target, arena, list);
        return;
    }
    for (unsigned minor = target->libc_minor + 1; minor-- > 0;)
        *vec_push(list, arena) =
            arena_printf(arena, "musllinux_1_%u_%.*s", minor, STR_ARG(target->arch));
}

typedef VEC(struct tag) tag_list;

static void add_for_platforms(tag_list *list, struct arena *arena, struct str python,
                              struct str abi, const platform_list *platforms)
{
    for (size_t i = 0; i < platforms->len; i++)
        *vec_push(list, arena) = (struct tag){python, abi, platforms->at[i]};
}

/* py311, py3, py310 ... py30: the generic interpreters, in pip's order. */
static void add_generic(tag_list *list, struct arena *arena, unsigned minor,
                        const platform_list *platforms)
{
    struct str none = STR("none");
    add_for_platforms(list, arena, arena_printf(arena, "py3%u", minor), none, platforms);
    add_for_platforms(list, arena, STR("py3"), none, platforms);
    for (unsigned older = minor; older-- > 0;)
        add_for_platforms(list, arena, arena_printf(arena, "py3%u", older), none, platforms);
}

static void list_tags(const struct tag_target *target, struct arena *arena,
                      const platform_list *platforms, tag_list *list)
{
    const char *threads = target->free_threaded ? "t" : "";
    struct str stable = target->free_threaded ? STR("abi3t") : STR("abi3"), none = STR("none");
    struct str python = arena_printf(arena, "cp3%u", target->python_minor);
    struct str abi = arena_printf(arena, "cp3%u%s", target->python_minor, threads);
    add_for_platforms(list, arena, python, abi, platforms);
    add_for_platforms(list, arena, python, stable, platforms);
    add_for_platforms(list, arena, python, none, platforms);
    for (unsigned older = target->python_minor; older-- > ABI3_FIRST;)
        add_for_platforms(list, arena, arena_printf(arena, "cp3%u", older), stable, platforms);
    add_generic(list, arena, target->python_minor, platforms);
    struct str any = STR("any");
    platform_list any_list = {.at = &any, .len = 1};
    *vec_push(list, arena) = (struct tag){python, none, any};
    add_generic(list, arena, target->python_minor, &any_list);
}

static uint64_t tag_hash(struct str python, struct str abi, struct str platform)
{
    return str_hash(python) * 31 + str_hash(abi) * 7 + str_hash(platform);
}

static struct tag_slot *find_slot(const struct tags *tags, struct tag_slot *slots, struct tag tag)
{
    size_t mask = tags->slot_count - 1;
    for (size_t i = tag_hash(tag.python, tag.abi, tag.platform) & mask;; i = (i + 1) & mask) {
        if (!slots[i].place)
            return &slots[i];
        const struct tag *other = &tags->at[slots[i].place - 1];
        if (str_eq(other->platform, tag.platform) && str_eq(other->python, tag.python) &&
            str_eq(other->abi, tag.abi))
            return &slots[i];
    }
}

static void index_tags(struct tags *tags, struct arena *arena)
{
    tags->slot_count = 64;
    while (tags->slot_count < tags->len * 2)
        tags->slot_count *= 2;
    struct tag_slot *slots = ARENA_ARRAY(arena, struct tag_slot, tags->slot_count);
    for (size_t i = 0; i < tags->len; i++)
        find_slot(tags, slots, tags->at[i])->place = (uint32_t)(i + 1);
    tags->slots = slots;
}

struct str tags_python(struct str version, struct arena *arena)
{
    struct str major, minor;
    str_cut(version, '.', &major, &minor);
    return arena_printf(arena, "cp" STR_FMT STR_FMT, STR_ARG(major), STR_ARG(minor));
}

struct str tags_name(const struct tag_target *target, struct arena *arena)
{
    return arena_printf(arena, "cp3%u%s-%.*s-%s_%u", target->python_minor,
                        target->free_threaded ? "t" : "", STR_ARG(target->arch),
                        target->libc == TAG_GLIBC ? "manylinux_2" : "musllinux_1",
                        target->libc_minor);
}

static bool is_arch(struct str arch)
{
    for (size_t i = 0; i < arch.len; i++)
        if (!char_is_alnum(arch.ptr[i]) && arch.ptr[i] != '_')
            return false;
    return arch.len > 0 && arch.len < 32;
}

bool tags_build(const struct tag_target *target, struct arena *arena, struct tags *tags,
                struct err *err)
{
    if (!is_arch(target->arch))
        return err_set(err, ERR_USAGE, "\"%.*s\" is not an architecture such as s390x",
                       STR_ARG(str_slice(target->arch, 0, 60)));
    if (target->python_minor < ABI3_FIRST || target->python_minor > PYTHON_MINOR_LIMIT)
        return err_set(err, ERR_USAGE, "Python 3.%u is not a target", target->python_minor);
    if (target->libc_minor > LIBC_MINOR_LIMIT)
        return err_set(err, ERR_USAGE, "a C library of minor version %u is not a target",
                       target->libc_minor);
    platform_list platforms = {0};
    tag_list list = {0};
    struct tags made = {.target = *target};
    made.target.arch = arena_str(arena, target->arch);
    list_platforms(&made.target, arena, &platforms);
    list_tags(&made.target, arena, &platforms, &list);
    made.at = list.at;
    made.len = list.len;
    made.platforms = platforms.at;
    made.platforms_len = platforms.len;
    made.name = tags_name(&made.target, arena);
    index_tags(&made, arena);
    *tags = made;
    return true;
}

static long rank_one(const struct tags *tags, struct tag tag)
{
    size_t mask = tags->slot_count - 1;
    for (size_t i = tag_hash(tag.python, tag.abi, tag.platform) & mask;; i = (i + 1) & mask) {
        if (!tags->slots[i].place)
            return -1;
        const struct tag *other = &tags->at[tags->slots[i].place - 1];
        if (str_eq(other->platform, tag.platform) && str_eq(other->python, tag.python) &&
            str_eq(other->abi, tag.abi))
            return (long)tags->slots[i].place - 1;
    }
}

long tags_rank(const struct tags *tags, struct str python, struct str abi, struct str platform)
{
    long best = -1;
    size_t looked = 0;
    struct tag tag;
    for (struct str pythons = python; str_next(&pythons, '.', &tag.python);)
        for (struct str abis = abi; str_next(&abis, '.', &tag.abi);)
            for (struct str platforms = platform; str_next(&platforms, '.', &tag.platform);) {
                if (++looked > TAGS_SET_LIMIT)
                    return best;
                long rank = rank_one(tags, tag);
                if (rank >= 0 && (best < 0 || rank < best))
                    best = rank;
            }
    return best;
}

bool tags_any_platform(struct str platform)
{
    struct str piece;
    for (struct str rest = platform; str_next(&rest, '.', &piece);)
        if (str_eq(piece, STR("any")))
            return true;
    return false;
}
