#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "base/vec.h"
#include "image/linktree.h"
#include "os/fd.h"
#include "os/file.h"

#define PACK_RULES "refinery-pack-4"

enum { PACK_WALL_MS = 60 * 60 * 1000, PACK_OUTPUT_MAX = 64 << 20, PACK_TAIL = 700 };

extern const struct embedded_file pack_files[]; /* data/packs, by scripts/embed_table.py */

/* One that is wanted, or that one of those needs. */
struct pack_part {
    const struct pack_recipe *recipe;
    struct pack_source source; /* none until it was asked for */
    struct digest digest;
    struct str path;
};

struct pack_work {
    const struct pack_spec *spec;
    const char *cache;
    struct arena *arena;
    struct pack_recipes recipes;
    VEC(struct pack_part) parts; /* what a part needs stands before it */
    struct apt apt;
    struct pack_sources sources;
};

static bool is_relinked(const struct pack_recipe *recipe)
{
    return str_eq(recipe->build, STR("relink"));
}

/* Whether a file beside the recipes has steps of this one's build: "cmake.sh", and what is common.
 */
static bool is_step(const struct embedded_file *file, const struct pack_recipe *recipe)
{
    struct str stem, ending;
    return str_cut(str_from(file->name), '.', &stem, &ending) && !str_eq(ending, STR("yaml")) &&
           (str_eq(stem, recipe->build) || (!is_relinked(recipe) && str_eq(stem, STR("pack"))));
}

/* The wanted ones and what they need, in the order of the catalogue, which is one of building. */
static bool pack_choose(struct pack_work *work, struct err *err)
{
    bool *chosen = ARENA_ARRAY(work->arena, bool, work->recipes.len);
    for (size_t i = 0; i < work->spec->names.len; i++) {
        size_t at = pack_recipes_find(&work->recipes, work->spec->names.at[i]);
        if (at == work->recipes.len)
            return err_set(err, ERR_USAGE,
                           "no pack \"" STR_FMT "\"; \"refinery pack list\" has them",
                           STR_ARG(work->spec->names.at[i]));
        chosen[at] = true;
    }
    for (size_t i = work->recipes.len; i-- > 0;)
        for (size_t k = 0; chosen[i] && k < work->recipes.at[i].needs.len; k++)
            chosen[pack_recipes_find(&work->recipes, work->recipes.at[i].needs.at[k])] = true;
    for (size_t i = 0; i < work->recipes.len; i++)
        if (chosen[i])
            *vec_push(&work->parts, work->arena) =
                (struct pack_part){.recipe = &work->recipes.at[i]};
    return true;
}

static struct pack_part *pack_part_of(struct pack_work *work, struct str name)
{
    size_t i = 0;
    while (!str_eq(work->parts.at[i].recipe->name, name))
        i++;
    return &work->parts.at[i];
}

/*
 * What decides what comes out: recipe and steps, release and source, compiler and floor, and what
 * it is built against. The release's source may get a security fix under the same request:
 * `refresh` of the image's spec asks again, and the versions are then part of the digest.
 */
static struct digest pack_digest(struct pack_work *work, const struct pack_part *part)
{
    const struct pack_spec *spec = work->spec;
    const struct pack_recipe *recipe = part->recipe;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(PACK_RULES));
    digest_add_field(stream, recipe->text);
    for (size_t i = 0; i < part->source.len; i++) {
        digest_add_field(stream, part->source.files[i].name);
        digest_add_field(stream, str_of(part->source.files[i].sha256.bytes, DIGEST_SIZE));
    }
    digest_add_field(stream, spec->image->release);
    digest_add_field(stream, str_of(spec->floor_digest.bytes, DIGEST_SIZE));
    digest_add_field(stream, str_of(spec->toolchain->digest.bytes, DIGEST_SIZE));
    if (is_relinked(recipe))
        digest_add_field(stream, str_of(spec->linked_digest.bytes, DIGEST_SIZE));
    for (const struct embedded_file *file = pack_files; file->name; file++)
        if (is_step(file, recipe))
            digest_add_field(stream, str_of(file->bytes, file->len));
    for (size_t i = 0; i < recipe->needs.len; i++)
        digest_add_field(
            stream, str_of(pack_part_of(work, recipe->needs.at[i])->digest.bytes, DIGEST_SIZE));
    return digest_finish(stream);
}

/* After those of the parts that it needs. */
static void pack_name(struct pack_work *work, struct pack_part *part)
{
    part->digest = pack_digest(work, part);
    part->path =
        arena_printf(work->arena, "%s/packs/%s", work->cache, digest_to_hex(&part->digest).text);
}

/* Of the set: of its parts, each with all that decides what it is. */
static struct digest pack_set_digest(struct pack_work *work)
{
    struct digest_stream *stream = digest_open();
    for (size_t i = 0; i < work->parts.len; i++)
        digest_add_field(stream, str_of(work->parts.at[i].digest.bytes, DIGEST_SIZE));
    return digest_finish(stream);
}

static void pack_output(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

/* The parts that a recipe needs, and theirs, as one tree. */
static bool pack_lay_needs(struct pack_work *work, const struct pack_recipe *recipe, const char *to,
                           struct err *err)
{
    for (size_t i = 0; i < recipe->needs.len; i++) {
        const struct pack_part *part = pack_part_of(work, recipe->needs.at[i]);
        if (!linktree_add(part->path.ptr, to, err) || !pack_lay_needs(work, part->recipe, to, err))
            return false;
    }
    return true;
}

static const char *const *pack_argv(const struct pack_recipe *recipe, struct arena *arena)
{
    VEC(const char *) argv = {0};
    *vec_push(&argv, arena) = "/bin/bash";
    *vec_push(&argv, arena) = is_relinked(recipe) ? "/script/relink.sh" : "/script/pack.sh";
    *vec_push(&argv, arena) = arena_cstr(arena, recipe->name);
    if (!is_relinked(recipe))
        *vec_push(&argv, arena) = arena_cstr(arena, recipe->build);
    for (size_t i = 0; i < recipe->options.len; i++)
        *vec_push(&argv, arena) = arena_cstr(arena, recipe->options.at[i]);
    *vec_push(&argv, arena) = NULL;
    return argv.at;
}

static bool pack_run(struct pack_work *work, const struct pack_recipe *recipe, const char *scratch,
                     struct err *err)
{
    struct arena *arena = work->arena;
    const struct toolchain *chain = work->spec->toolchain;
    BUF_AUTO struct buf said = {0};
    VEC(struct jail_mount) mounts = {0};
    VEC(const char *) env = {0};
    const struct jail_mount own[] = {
        {.kind = JAIL_RO,
         .source = is_relinked(recipe) ? work->spec->linked_root
                                       : arena_printf(arena, "%s/src", scratch).ptr,
         .target = "/src"},
        {.kind = JAIL_RW,
         .source = arena_printf(arena, "%s/build", scratch).ptr,
         .target = "/build"},
        {.kind = JAIL_RW, .source = arena_printf(arena, "%s/out", scratch).ptr, .target = "/out"},
        {.kind = JAIL_RO,
         .source = arena_printf(arena, "%s/script", scratch).ptr,
         .target = "/script"},
        /* What was built before is where it will be used. */
        {.kind = JAIL_RO,
         .source = arena_printf(arena, "%s/needs", scratch).ptr,
         .target = PACK_PLACE},
    };
    for (size_t i = 0; i < chain->mount_count; i++)
        *vec_push(&mounts, arena) = chain->mounts[i];
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        *vec_push(&mounts, arena) = own[i];
    for (size_t i = 0; i < chain->env_count; i++)
        *vec_push(&env, arena) = chain->env[i];
    *vec_push(&env, arena) = "HOME=/tmp";
    *vec_push(&env, arena) = NULL;
    struct jail_spec jail = {.root = work->spec->build_root,
                             .mounts = mounts.at,
                             .mount_count = mounts.len,
                             .argv = pack_argv(recipe, arena),
                             .envp = env.at,
                             .cwd = "/build",
                             .uid = 1000,
                             .gid = 1000,
                             .foreign = chain->foreign};
    jail.limits.wall_ms = PACK_WALL_MS;
    jail.limits.output_bytes = PACK_OUTPUT_MAX;
    struct jail_result result;
    if (!jail_run(&jail, pack_output, &said, &result, err))
        return err_wrap(err, "pack " STR_FMT, STR_ARG(recipe->name));
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    struct str text = str_trim(buf_str(&said));
    struct str tail = str_from_pos(text, text.len > PACK_TAIL ? text.len - PACK_TAIL : 0);
    return err_set(err, ERR_SYSTEM, "pack " STR_FMT ": " STR_FMT ": " STR_FMT,
                   STR_ARG(recipe->name), STR_ARG(jail_describe(&result, &jail.limits, arena)),
                   STR_ARG(tail));
}

static bool pack_write_scripts(struct pack_work *work, const struct pack_recipe *recipe,
                               const char *scratch, struct err *err)
{
    struct str own = arena_printf(work->arena, "%s/script/script.sh", scratch);
    for (const struct embedded_file *file = pack_files; file->name; file++) {
        struct str path = arena_printf(work->arena, "%s/script/%s", scratch, file->name);
        if (is_step(file, recipe) &&
            !file_write(AT_FDCWD, path.ptr, 0644, str_of(file->bytes, file->len), err))
            return false;
    }
    return !recipe->script.len || file_write(AT_FDCWD, own.ptr, 0644, recipe->script, err);
}

/*
 * Locks: "lock-NAME" while a pack is built, "lock" while a tree is put together, and apt's own
 * while it is asked, so that two packs can be built at a time.
 */
static bool pack_lock(struct pack_work *work, struct str name, int *fd, struct err *err)
{
    return file_lock(
        AT_FDCWD,
        arena_printf(work->arena, "%s/packs/lock" STR_FMT, work->cache, STR_ARG(name)).ptr, true,
        fd, err);
}

static bool pack_lock_apt(struct pack_work *work, int *fd, struct err *err)
{
    return file_mkdirs(AT_FDCWD, work->apt.dir, 0755, err) &&
           file_lock(AT_FDCWD, arena_printf(work->arena, "%s/lock", work->apt.dir).ptr, true, fd,
                     err);
}

static bool pack_find(struct pack_work *work, struct pack_part *part, struct err *err)
{
    FD_AUTO int lock = -1;
    if (part->recipe->source.len && !pack_lock_apt(work, &lock, err))
        return false;
    return pack_source_find(&work->sources, part->recipe, &part->source, err);
}

static bool pack_fetch(struct pack_work *work, struct pack_part *part, const char *into,
                       struct err *err)
{
    FD_AUTO int lock = -1;
    if (part->recipe->source.len && !pack_lock_apt(work, &lock, err))
        return false;
    return !part->source.len ||
           pack_source_fetch(&work->sources, part->recipe, into, &part->source, err);
}

/* The folders of a build, and all that it starts from. */
static bool pack_prepare(struct pack_work *work, struct pack_part *part, const char *scratch,
                         struct err *err)
{
    static const char *const dirs[] = {"src", "build", "out/pack", "script", "needs"};
    const struct pack_recipe *recipe = part->recipe;
    struct arena *arena = work->arena;
    struct str into = arena_printf(arena, "%s/src/" STR_FMT, scratch, STR_ARG(recipe->name));
    if (!file_remove_tree(AT_FDCWD, scratch, err))
        return false;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/%s", scratch, dirs[i]).ptr, 0755, err))
            return false;
    return pack_write_scripts(work, recipe, scratch, err) &&
           pack_lay_needs(work, recipe, arena_printf(arena, "%s/needs", scratch).ptr, err) &&
           pack_fetch(work, part, into.ptr, err);
}

/* What is relinked is of the version of its first package; of the compiler, if it names none. */
static void pack_linked_version(struct pack_work *work, struct pack_part *part)
{
    const struct image_names *exact = &work->spec->linked_exact;
    struct str name, rest, version, arch;
    if (!is_relinked(part->recipe) || !part->recipe->packages.len)
        return;
    for (size_t i = 0; i < exact->len; i++)
        if (str_cut(exact->at[i], '_', &name, &rest) &&
            str_eq(name, part->recipe->packages.at[0]) && str_cut(rest, '_', &version, &arch))
            part->source.version = version;
}

/* Complete or absent: built beside, named at the end. */
static bool pack_build(struct pack_work *work, struct pack_part *part, bool *built, struct err *err)
{
    struct str scratch = arena_printf(work->arena, "%s.new", part->path.ptr);
    struct str made = arena_printf(work->arena, "%s/out/pack", scratch.ptr);
    if (!pack_prepare(work, part, scratch.ptr, err))
        return false;
    pack_name(work, part); /* by the source that came */
    pack_linked_version(work, part);
    *built = access(part->path.ptr, F_OK) != 0;
    return (!*built ||
            (pack_run(work, part->recipe, scratch.ptr, err) &&
             pack_record_write(made.ptr, part->recipe, &part->source, &part->digest, err) &&
             (rename(made.ptr, part->path.ptr) == 0 ||
              err_errno(err, "cannot name %s", part->path.ptr)))) &&
           file_remove_tree(AT_FDCWD, scratch.ptr, err);
}

/* All parts as one tree. */
static bool pack_compose(struct pack_work *work, const struct pack *pack, struct err *err)
{
    struct str beside = arena_printf(work->arena, "%s.new", pack->path.ptr);
    if (!file_remove_tree(AT_FDCWD, beside.ptr, err) ||
        !file_mkdirs(AT_FDCWD, beside.ptr, 0755, err))
        return false;
    for (size_t i = 0; i < work->parts.len; i++)
        if (!linktree_add(work->parts.at[i].path.ptr, beside.ptr, err))
            return false;
    return rename(beside.ptr, pack->path.ptr) == 0 ||
           err_errno(err, "cannot name %s", pack->path.ptr);
}

/* Found, or built from its source. */
static bool pack_settle(struct pack_work *work, struct pack_part *part, bool *built,
                        struct err *err)
{
    FD_AUTO int lock = -1;
    struct str name = arena_printf(work->arena, "-" STR_FMT, STR_ARG(part->recipe->name));
    if (!pack_find(work, part, err))
        return err_wrap(err, "pack " STR_FMT, STR_ARG(part->recipe->name));
    pack_name(work, part);
    return access(part->path.ptr, F_OK) == 0 ||
           (pack_lock(work, name, &lock, err) &&
            (access(part->path.ptr, F_OK) == 0 || pack_build(work, part, built, err)));
}

static bool pack_parts(struct pack_work *work, struct pack *pack, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < work->parts.len; i++)
        any = any || work->parts.at[i].recipe->source.len;
    if (any) {
        FD_AUTO int lock = -1;
        if (!pack_lock_apt(work, &lock, err) ||
            !apt_update(&work->apt, work->spec->image->refresh, work->arena, err))
            return false;
    }
    for (size_t i = 0; i < work->parts.len; i++) {
        bool built = false;
        if (!pack_settle(work, &work->parts.at[i], &built, err))
            return false;
        pack->made = pack->made || built;
    }
    return true;
}

static struct str pack_set_path(const struct pack_work *work, const struct digest *digest)
{
    return arena_printf(work->arena, "%s/packs/set-%s", work->cache, digest_to_hex(digest).text);
}

/* The request is remembered with its answer, so that the next one asks nobody. */
static bool pack_answer(struct pack_work *work, const char *request, struct pack *pack,
                        struct err *err)
{
    FD_AUTO int lock = -1;
    if (!pack_parts(work, pack, err) || !pack_lock(work, STR(""), &lock, err))
        return false;
    pack->digest = pack_set_digest(work);
    pack->path = pack_set_path(work, &pack->digest);
    if (access(pack->path.ptr, F_OK) && !pack_compose(work, pack, err))
        return false;
    return file_write(AT_FDCWD, request, 0644, str_from(digest_to_hex(&pack->digest).text), err);
}

/* What a request asks for, before anybody is asked for sources. */
static struct digest pack_request(struct pack_work *work)
{
    for (size_t i = 0; i < work->parts.len; i++)
        pack_name(work, &work->parts.at[i]);
    return pack_set_digest(work);
}

static void pack_open(struct pack_work *work, image_progress_fn *progress, void *state)
{
    const struct image_spec *image = work->spec->image;
    work->apt = (struct apt){
        .spec = image,
        .progress = progress,
        .state = state,
        .use = APT_SOURCES,
        .what = arena_printf(work->arena, STR_FMT " sources", STR_ARG(image->release))};
    work->apt.dir = arena_printf(work->arena, "%s/apt/" STR_FMT "-sources", work->cache,
                                 STR_ARG(image->release))
                        .ptr;
    work->sources =
        (struct pack_sources){&work->apt, &work->spec->origin, work->cache, work->arena};
}

bool pack_make(const struct pack_spec *spec, const char *cache, image_progress_fn *progress,
               void *state, struct arena *arena, struct pack *pack, struct err *err)
{
    struct pack_work work = {.spec = spec, .cache = cache, .arena = arena};
    struct pack made = {0};
    struct str text, packs = arena_printf(arena, "%s/packs", cache);
    struct err ignored;
    pack_open(&work, progress, state);
    if (!pack_recipes_load(spec->recipes, arena, &work.recipes, err) || !pack_choose(&work, err) ||
        !file_mkdirs(AT_FDCWD, packs.ptr, 0755, err))
        return false;
    struct digest key = pack_request(&work);
    struct str request = arena_printf(arena, "%s/request-%s", packs.ptr, digest_to_hex(&key).text);
    bool known = !spec->image->refresh &&
                 file_read(AT_FDCWD, request.ptr, 1000, arena, &text, &ignored) &&
                 digest_from_hex(str_trim(text), &made.digest);
    if (known)
        made.path = pack_set_path(&work, &made.digest);
    if (((!known || access(made.path.ptr, F_OK)) && !pack_answer(&work, request.ptr, &made, err)) ||
        !pack_records_read(made.path.ptr, arena, &made.parts, err))
        return err_wrap(err, "packs");
    *pack = made;
    return true;
}

static void pack_want(struct image_names *all, const struct yamltree_texts *more,
                      struct arena *arena)
{
    struct str *at = ARENA_ARRAY(arena, struct str, all->len + more->len);
    for (size_t i = 0; i < all->len + more->len; i++)
        at[i] = i < all->len ? all->at[i] : more->at[i - all->len];
    *all = (struct image_names){at, all->len + more->len};
}

struct pack_wants pack_wants(struct image_names names, struct str recipes, struct arena *arena)
{
    struct pack_work work = {.spec = &(struct pack_spec){.names = names}, .arena = arena};
    struct pack_wants wants = {0};
    struct err ignored = {0}; /* an unknown one is named when it is made */
    if (!names.len || !pack_recipes_load(recipes, arena, &work.recipes, &ignored) ||
        !pack_choose(&work, &ignored))
        return wants;
    for (size_t i = 0; i < work.parts.len; i++) {
        const struct pack_recipe *recipe = work.parts.at[i].recipe;
        pack_want(&wants.sets, &recipe->sets, arena);
        pack_want(&wants.tools, &recipe->tools, arena);
        pack_want(&wants.packages, &recipe->packages, arena);
    }
    return wants;
}
