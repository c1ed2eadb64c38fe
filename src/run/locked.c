#include "run/locked.h"

#include "base/log.h"
#include "base/url.h"
#include "index/vcs.h"
#include "os/file.h"
#include "pkg/pylock_select.h"

bool locked_read(struct str path, const struct solve_env *env, struct arena *arena,
                 struct index_locked *locked, struct err *err)
{
    const struct pylock_target target = {
        .marker = &env->marker, .python = &env->python, .tags = env->tags};
    struct index_locked made = {0};
    struct str text, absolute;
    struct pylock lock;
    size_t slash = str_rfind_char(path, '/');
    made.what = slash < path.len ? str_from_pos(path, slash + 1) : path;
    made.what = arena_str(arena, made.what);
    if (!file_absolute(path, arena, &absolute, err) ||
        !file_read(AT_FDCWD, absolute.ptr, PYLOCK_LIMIT, arena, &text, err) ||
        !pylock_parse(text, made.what.ptr, arena, &lock, err) ||
        !pylock_select(&lock, &target, made.what.ptr, arena, &made.choices, &made.len, err))
        return false;
    made.dir = arena_str(arena, str_slice(absolute, 0, str_rfind_char(absolute, '/')));
    if (lock.warning.len)
        log_warn(STR_FMT, STR_ARG(lock.warning));
    *locked = made;
    return true;
}

/* ---- what has no version to choose: a commit, a directory, an archive ---- */

static struct str locked_below(const struct index_locked *locked, struct str path,
                               struct arena *arena)
{
    if (str_starts(path, STR("./")))
        path = str_from_pos(path, 2);
    if (str_starts(path, STR("/")) || !path.len || str_eq(path, STR(".")))
        return str_starts(path, STR("/")) ? path : locked->dir;
    return file_join(arena, locked->dir, path);
}

static struct str locked_archive(const struct index_locked *locked,
                                 const struct pylock_package *package, struct arena *arena)
{
    const struct pylock_file *archive = &package->archive;
    struct str url = archive->url.len ? url_without_fragment(archive->url)
                                      : locked_below(locked, archive->path, arena);
    struct str hex = simple_find_hash(archive->hashes, archive->hashes_len, "sha256");
    return hex.len ? arena_printf(arena, STR_FMT "#sha256=" STR_FMT, STR_ARG(url), STR_ARG(hex))
                   : url;
}

static struct str locked_vcs(const struct index_locked *locked,
                             const struct pylock_package *package, struct arena *arena)
{
    const struct pylock_vcs *vcs = &package->vcs;
    struct str url =
        vcs->url.len ? vcs->url : url_from_path(locked_below(locked, vcs->path, arena), arena);
    return arena_printf(arena, STR_FMT "+" STR_FMT "@" STR_FMT "%s" STR_FMT, STR_ARG(vcs->type),
                        STR_ARG(url), STR_ARG(vcs->commit_id),
                        vcs->subdirectory.len ? "#subdirectory=" : "", STR_ARG(vcs->subdirectory));
}

/* Where such a package comes from, as a requirement says it; empty: from files of its project. */
static struct str locked_url(const struct index_locked *locked,
                             const struct pylock_package *package, struct arena *arena)
{
    switch (package->source) {
    case PYLOCK_VCS:
        return locked_vcs(locked, package, arena);
    case PYLOCK_ARCHIVE:
        return locked_archive(locked, package, arena);
    case PYLOCK_DIRECTORY: {
        struct str dir = locked_below(locked, package->directory.path, arena);
        return package->directory.subdirectory.len
                   ? file_join(arena, dir, package->directory.subdirectory)
                   : dir;
    }
    case PYLOCK_FILES:
        break;
    }
    return STR("");
}

static bool locked_check_archive(const struct index_locked *locked,
                                 const struct pylock_package *package, struct err *err)
{
    const struct pylock_file *archive = &package->archive;
    if (package->source != PYLOCK_ARCHIVE)
        return true;
    if (archive->subdirectory.len)
        return err_set(err, ERR_USAGE,
                       STR_FMT ":%u: " STR_FMT
                               " lies in a subdirectory of its archive, which is not built here",
                       STR_ARG(locked->what), package->line, STR_ARG(package->name));
    return simple_find_hash(archive->hashes, archive->hashes_len, "sha256").len ||
           err_set(err, ERR_FORMAT, STR_FMT ":%u: the archive of " STR_FMT " has no sha256",
                   STR_ARG(locked->what), package->line, STR_ARG(package->name));
}

/* ---- constraints ---- */

static bool locked_hashes(const struct pylock_file *file, struct arena *arena,
                          struct solve_require *made)
{
    struct str hex = simple_find_hash(file->hashes, file->hashes_len, "sha256");
    struct str *hashes = ARENA_ARRAY(arena, struct str, made->hashes_len + 1);
    for (size_t i = 0; i < made->hashes_len; i++)
        hashes[i] = made->hashes[i];
    hashes[made->hashes_len] = hex;
    made->hashes = hashes;
    made->hashes_len++;
    return hex.len > 0;
}

/* One file without a SHA-256, and none is asked for: the others the fetch checks. */
static void locked_all_hashes(const struct pylock_package *package, struct arena *arena,
                              struct solve_require *made)
{
    bool all = package->source == PYLOCK_FILES;
    for (size_t i = 0; i < package->wheels_len; i++)
        all = locked_hashes(&package->wheels[i], arena, made) && all;
    if (package->has_sdist)
        all = locked_hashes(&package->sdist, arena, made) && all;
    if (!all)
        made->hashes_len = 0;
}

static bool locked_constraint(const struct index_locked *locked,
                              const struct pylock_package *package, struct arena *arena,
                              struct solve_require *made, struct err *err)
{
    struct str text = package->name;
    *made = (struct solve_require){0};
    made->origin = arena_printf(arena, STR_FMT ":%u", STR_ARG(locked->what), package->line);
    if (package->source == PYLOCK_FILES && package->has_version)
        text = arena_printf(arena, STR_FMT "==" STR_FMT, STR_ARG(package->name),
                            STR_ARG(version_normal(&package->version, arena)));
    if (!locked_check_archive(locked, package, err) ||
        !requirement_parse(text, arena, &made->req, err))
        return false;
    made->req.url = locked_url(locked, package, arena);
    locked_all_hashes(package, arena, made);
    return true;
}

static bool locked_same_place(struct str asked, struct str locked, struct arena *arena)
{
    struct vcs_ref a, b;
    struct err ignored = {0};
    struct str path = url_without_fragment(asked), other;
    if (vcs_is_url(asked) || vcs_is_url(locked))
        return vcs_is_url(asked) && vcs_is_url(locked) && vcs_parse(asked, arena, &a, &ignored) &&
               vcs_parse(locked, arena, &b, &ignored) && str_eq(a.url, b.url) &&
               str_eq(a.subdirectory, b.subdirectory);
    if (url_to_path(path, arena, &other))
        path = other;
    if (!url_has_scheme(path) && !file_absolute(path, arena, &path, &ignored))
        return false;
    other = url_without_fragment(locked);
    return str_eq(path, other) || (url_to_path(other, arena, &other) && str_eq(path, other));
}

/* "name @ url" of the input: the lock's commit or digest of the same place. */
static bool locked_settle(const struct index_locked *locked, struct solve_require *require,
                          struct arena *arena, struct err *err)
{
    const struct pylock_choice *choice = index_locked_find(locked, require->req.name);
    if (!require->req.url.len || !choice)
        return true;
    struct str url = locked_url(locked, choice->package, arena);
    if (!url.len || !locked_same_place(require->req.url, url, arena))
        return err_set(err, ERR_UNSAT,
                       STR_FMT ": " STR_FMT " is asked for from " STR_FMT ", and " STR_FMT
                               ":%u has it from %s; lock again",
                       STR_ARG(require->origin), STR_ARG(require->req.name),
                       STR_ARG(url_redacted(require->req.url, arena)), STR_ARG(locked->what),
                       choice->package->line, url.len ? url_redacted(url, arena).ptr : "an index");
    require->req.url = url;
    return true;
}

bool locked_apply(const struct index_locked *locked, struct inputs *inputs, struct err *err)
{
    bool all = !inputs->requires.len && !inputs->pins.len;
    for (size_t i = 0; i < inputs->requires.len; i++)
        if (!locked_settle(locked, &inputs->requires.at[i], inputs->arena, err))
            return false;
    for (size_t i = 0; i < locked->len; i++) {
        struct solve_require made;
        if (!locked_constraint(locked, locked->choices[i].package, inputs->arena, &made, err))
            return false;
        if (all)
            *vec_push(&inputs->requires, inputs->arena) = made;
        *vec_push(&inputs->constraints, inputs->arena) = made;
    }
    return true;
}
