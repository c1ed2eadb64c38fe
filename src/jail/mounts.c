#include "jail/mounts.h"

#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "os/file.h"

enum { MOUNTS_LISTING_MAX = 1000, MOUNTS_SPEC_MAX = 1000 };

#define MOUNTS_TEXT_DIR "/.refinery"

struct mounts_build {
    const struct jail_spec *spec;
    struct arena *arena;
    struct mounts_plan before, after; /* of the pivot */
    uint32_t trees;
};

static void mounts_before(struct mounts_build *build, struct mounts_op op)
{
    *vec_push(&build->before, build->arena) = op;
}

static void mounts_after(struct mounts_build *build, struct mounts_op op)
{
    *vec_push(&build->after, build->arena) = op;
}

static uint32_t mounts_clone(struct mounts_build *build, const char *source, uint32_t attributes)
{
    uint32_t tree = build->trees++;
    mounts_before(
        build, (struct mounts_op){
                   .kind = MOUNTS_CLONE, .tree = tree, .source = source, .attributes = attributes});
    return tree;
}

static uint32_t mounts_new(struct mounts_build *build, const char *type, const char *options,
                           uint32_t attributes)
{
    uint32_t tree = build->trees++;
    mounts_before(build, (struct mounts_op){.kind = MOUNTS_NEW,
                                            .tree = tree,
                                            .source = type,
                                            .text = options,
                                            .attributes = attributes});
    return tree;
}

static void mounts_dir(struct mounts_build *build, const char *target, mode_t mode)
{
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_DIR, .target = target, .mode = mode});
}

static void mounts_file(struct mounts_build *build, const char *target, const char *text)
{
    mounts_after(build, (struct mounts_op){
                            .kind = MOUNTS_FILE, .target = target, .text = text, .mode = 0444});
}

static void mounts_link(struct mounts_build *build, const char *target, const char *text)
{
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_LINK, .target = target, .text = text});
}

static void mounts_attach(struct mounts_build *build, uint32_t tree, const char *target,
                          uint32_t attributes)
{
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_ATTACH,
                                           .tree = tree,
                                           .target = target,
                                           .attributes = attributes});
}

static void mounts_again(struct mounts_build *build, const char *source, const char *target,
                         uint32_t attributes)
{
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_AGAIN,
                                           .source = source,
                                           .target = target,
                                           .attributes = attributes});
}

/* Options of a tmpfs; 0 bytes leaves the kernel's own default, half of the memory. */
static const char *mounts_tmpfs(struct arena *arena, uint64_t size, unsigned mode)
{
    return size ? arena_printf(arena, "mode=%o,size=%llu", mode, (unsigned long long)size).ptr
                : arena_printf(arena, "mode=%o", mode).ptr;
}

/* Names of the root that the jail brings itself. */
static bool mounts_is_ours(const char *name)
{
    static const char *const ours[] = {"dev", "proc", "sys", "tmp", "lost+found"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return name[0] == '.';
}

static void mounts_root(struct mounts_build *build, const struct mounts_listing *listing)
{
    uint32_t root = mounts_new(build, "tmpfs", "mode=755,size=8388608,nr_inodes=4096", 0);
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_PIVOT, .tree = root});
    for (size_t i = 0; i < listing->len; i++) {
        const struct mounts_entry *entry = &listing->at[i];
        if (mounts_is_ours(entry->name))
            continue;
        const char *target = arena_printf(build->arena, "/%s", entry->name).ptr;
        if (entry->type == MOUNTS_IS_LINK) {
            mounts_link(build, target, entry->link);
            continue;
        }
        if (entry->type == MOUNTS_IS_DIR)
            mounts_dir(build, target, 0755);
        else
            mounts_file(build, target, "");
        const char *source =
            arena_printf(build->arena, "%s/%s", build->spec->root, entry->name).ptr;
        mounts_attach(build, mounts_clone(build, source, MOUNTS_READ_ONLY), target, 0);
    }
}

/* What of /proc tells about the host, or changes it, is hidden or cannot be written. */
static void mounts_proc(struct mounts_build *build)
{
    static const char *const fixed[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq",
                                        "/proc/bus", "/proc/fs"};
    static const char *const hidden[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
                                         "/proc/kallsyms", "/proc/kpagecount"};
    mounts_dir(build, "/proc", 0555);
    mounts_attach(build, mounts_new(build, "proc", NULL, MOUNTS_NO_EXEC), "/proc", 0);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        mounts_again(build, fixed[i], fixed[i],
                     MOUNTS_READ_ONLY | MOUNTS_NO_EXEC | MOUNTS_OPTIONAL);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        mounts_again(build, "/dev/null", hidden[i],
                     MOUNTS_READ_ONLY | MOUNTS_NO_EXEC | MOUNTS_DEVICES | MOUNTS_OPTIONAL);
    mounts_dir(build, "/sys", 0555);
}

static void mounts_dev(struct mounts_build *build)
{
    static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
    static const char *const links[][2] = {{"/dev/fd", "/proc/self/fd"},
                                           {"/dev/stdin", "/proc/self/fd/0"},
                                           {"/dev/stdout", "/proc/self/fd/1"},
                                           {"/dev/stderr", "/proc/self/fd/2"},
                                           {"/dev/ptmx", "pts/ptmx"}};
    uint32_t dev = mounts_new(build, "tmpfs", "mode=755,size=65536,nr_inodes=64", MOUNTS_NO_EXEC);
    mounts_dir(build, "/dev", 0755);
    mounts_attach(build, dev, "/dev", 0);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        const char *path = arena_printf(build->arena, "/dev/%s", nodes[i]).ptr;
        mounts_file(build, path, "");
        mounts_attach(build, mounts_clone(build, path, MOUNTS_DEVICES | MOUNTS_NO_EXEC), path, 0);
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        mounts_link(build, links[i][0], links[i][1]);
    mounts_dir(build, "/dev/pts", 0755);
    mounts_attach(
        build,
        mounts_new(build, "devpts", "ptmxmode=666,mode=620", MOUNTS_NO_EXEC | MOUNTS_DEVICES),
        "/dev/pts", 0);
    mounts_dir(build, "/dev/shm", 01777);
    mounts_attach(build,
                  mounts_new(build, "tmpfs",
                             mounts_tmpfs(build->arena, build->spec->limits.scratch_bytes, 01777),
                             MOUNTS_SCRATCH),
                  "/dev/shm", 0);
    mounts_dir(build, "/dev/mqueue", 01777);
    mounts_attach(build, mounts_new(build, "mqueue", NULL, MOUNTS_NO_EXEC | MOUNTS_OPTIONAL),
                  "/dev/mqueue", MOUNTS_OPTIONAL);
    mounts_after(build, (struct mounts_op){.kind = MOUNTS_SEAL, .tree = dev});
}

static void mounts_tmp(struct mounts_build *build, const char *target, uint64_t size)
{
    if (!size)
        size = build->spec->limits.scratch_bytes;
    mounts_dir(build, target, 01777);
    mounts_attach(
        build, mounts_new(build, "tmpfs", mounts_tmpfs(build->arena, size, 01777), MOUNTS_SCRATCH),
        target, 0);
}

static bool mounts_check(const struct jail_mount *mount, struct err *err)
{
    static const char *const kinds[] = {"ro", "rw", "tmpfs", "symlink", "text"};
    if ((unsigned)mount->kind >= sizeof kinds / sizeof *kinds)
        return err_set(err, ERR_USAGE, "jail: mount of an unknown kind (%d)", (int)mount->kind);
    struct str target = str_from(mount->target);
    if (target.len < 2 || target.ptr[0] != '/' || target.len > 4000 ||
        !file_path_is_safe(str_from_pos(target, 1)))
        return err_set(err, ERR_USAGE,
                       "jail: the target \"" STR_FMT "\" of a %s mount is not an absolute path "
                       "without \"..\"",
                       STR_ARG(target), kinds[mount->kind]);
    if (mount->kind != JAIL_TMPFS && !mount->source)
        return err_set(err, ERR_USAGE, "jail: the %s mount at %s has no source", kinds[mount->kind],
                       mount->target);
    return true;
}

/* The kind of mount point is not known here (directory or file): enter.c looks at the tree. */
static void mounts_bind(struct mounts_build *build, const struct jail_mount *mount)
{
    uint32_t attributes = mount->kind == JAIL_RO ? MOUNTS_READ_ONLY : 0;
    mounts_attach(build, mounts_clone(build, mount->source, attributes), mount->target, 0);
}

static bool mounts_asked(struct mounts_build *build, struct err *err)
{
    const struct jail_spec *spec = build->spec;
    if (spec->mount_count > MOUNTS_SPEC_MAX)
        return err_set(err, ERR_LIMIT, "jail: %zu mounts, more than %d", spec->mount_count,
                       (int)MOUNTS_SPEC_MAX);
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct jail_mount *mount = &spec->mounts[i];
        if (!mounts_check(mount, err))
            return false;
        switch (mount->kind) {
        case JAIL_RO:
        case JAIL_RW:
            mounts_bind(build, mount);
            break;
        case JAIL_TMPFS:
            mounts_tmp(build, mount->target, mount->size);
            break;
        case JAIL_SYMLINK:
            mounts_link(build, mount->target, mount->source);
            break;
        case JAIL_TEXT: {
            const char *path = arena_printf(build->arena, MOUNTS_TEXT_DIR "/%zu", i).ptr;
            mounts_file(build, path, mount->source);
            mounts_file(build, mount->target, "");
            mounts_again(build, path, mount->target, MOUNTS_READ_ONLY);
            break;
        }
        }
    }
    return true;
}

static bool mounts_has_target(const struct jail_spec *spec, const char *target)
{
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].target && strcmp(spec->mounts[i].target, target) == 0)
            return true;
    return false;
}

bool mounts_plan(const struct jail_spec *spec, const struct mounts_listing *listing,
                 struct arena *arena, struct mounts_plan *plan, struct err *err)
{
    struct mounts_build build = {.spec = spec, .arena = arena};
    mounts_root(&build, listing);
    mounts_dev(&build); /* before /proc, whose hidden files are /dev/null */
    mounts_proc(&build);
    if (!mounts_has_target(spec, "/tmp"))
        mounts_tmp(&build, "/tmp", 0);
    mounts_dir(&build, MOUNTS_TEXT_DIR, 0755);
    if (!mounts_asked(&build, err))
        return false;
    mounts_after(&build, (struct mounts_op){.kind = MOUNTS_SEAL, .tree = 0});
    for (size_t i = 0; i < build.after.len; i++)
        *vec_push(&build.before, arena) = build.after.at[i];
    *plan = build.before;
    plan->trees = build.trees;
    return true;
}

struct str mounts_describe(const struct mounts_op *op, struct arena *arena)
{
    static const char *const kinds[] = {"clone", "new",    "pivot", "dir", "file",
                                        "link",  "attach", "again", "seal"};
    static const char *const names[] = {"ro", "dev", "noexec", "optional", "scratch"};
    bool uses_tree =
        op->kind <= MOUNTS_PIVOT || op->kind == MOUNTS_ATTACH || op->kind == MOUNTS_SEAL;
    struct str line = str_from(kinds[op->kind]);
    if (uses_tree)
        line = arena_printf(arena, STR_FMT " #%u", STR_ARG(line), op->tree);
    if (op->source)
        line = arena_printf(arena, STR_FMT " %s", STR_ARG(line), op->source);
    if (op->target)
        line = arena_printf(arena, STR_FMT " %s%s", STR_ARG(line), op->source ? "-> " : "",
                            op->target);
    if (op->text && op->kind == MOUNTS_FILE)
        line = arena_printf(arena, STR_FMT " (%zu bytes)", STR_ARG(line), strlen(op->text));
    else if (op->text)
        line = arena_printf(arena, STR_FMT " \"%s\"", STR_ARG(line), op->text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (op->attributes & 1u << i)
            line = arena_printf(arena, STR_FMT " %s", STR_ARG(line), names[i]);
    return line;
}

struct mounts_reading {
    struct arena *arena;
    struct mounts_listing *listing;
};

static bool mounts_see(void *state, int dirfd, struct str name, struct err *err)
{
    struct mounts_reading *reading = state;
    struct mounts_entry entry = {.name = arena_cstr(reading->arena, name)};
    struct stat info;
    if (fstatat(dirfd, entry.name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return err_errno(err, "%s", entry.name);
    if (S_ISLNK(info.st_mode)) {
        char says[4096];
        ssize_t len = readlinkat(dirfd, entry.name, says, sizeof says);
        if (len < 0)
            return err_errno(err, "%s", entry.name);
        entry.type = MOUNTS_IS_LINK;
        entry.link = arena_str(reading->arena, str_of(says, (size_t)len)).ptr;
    } else if (S_ISDIR(info.st_mode)) {
        entry.type = MOUNTS_IS_DIR;
    } else if (S_ISREG(info.st_mode)) {
        entry.type = MOUNTS_IS_FILE;
    } else {
        return true; /* sockets and the like have no place in an image */
    }
    if (reading->listing->len >= MOUNTS_LISTING_MAX)
        return err_set(err, ERR_LIMIT, "more than %d names", (int)MOUNTS_LISTING_MAX);
    *vec_push(reading->listing, reading->arena) = entry;
    return true;
}

bool mounts_list_root(const char *root, struct arena *arena, struct mounts_listing *listing,
                      struct err *err)
{
    struct mounts_listing seen = {0};
    struct mounts_reading reading = {arena, &seen};
    if (!file_each(AT_FDCWD, root, mounts_see, &reading, err))
        return err_wrap(err, "jail: reading the root directory %s", root);
    *listing = seen;
    return true;
}
