#include "index/locked.h"

#include "base/url.h"
#include "index/state.h"
#include "os/file.h"

const struct pylock_choice *index_locked_find(const struct index_locked *locked, struct str name)
{
    for (size_t i = 0; i < locked->len; i++)
        if (str_eq(locked->choices[i].package->name, name))
            return &locked->choices[i];
    return NULL;
}

/* A copy that --find-links offers: fetched from there, and only good with the lock's hash. */
static struct str locked_link(const struct index *index, const struct pylock_file *file)
{
    for (size_t i = 0; i < index->links.len; i++)
        if (str_eq(index->links.at[i].filename, file->filename))
            return index->links.at[i].path;
    return STR("");
}

static struct str locked_path(struct index *index, const struct pylock_file *file)
{
    const struct index_locked *locked = index->config.locked;
    if (file->path.len)
        return str_starts(file->path, STR("/")) ? arena_str(&index->arena, file->path)
                                                : file_join(&index->arena, locked->dir, file->path);
    return locked_link(index, file);
}

static bool locked_file(struct index *index, const struct pylock_package *package,
                        const struct pylock_file *from, bool wheel, struct index_file *file,
                        struct err *err)
{
    const struct index_locked *locked = index->config.locked;
    struct index_file made = {
        .kind = wheel ? INDEX_WHEEL : INDEX_SDIST,
        .filename = from->filename,
        .path = locked_path(index, from),
        .origin = package->index.len ? url_redacted(package->index, &index->arena) : locked->what,
        .hashes = from->hashes,
        .hashes_len = from->hashes_len,
        .requires_python = package->requires_python.text,
        .size = from->size,
        .upload_time_ms = from->upload_time_ms,
    };
    if (!made.path.len)
        made.url = url_without_fragment(from->url);
    /* Whether METADATA lies beside it (PEP 658) a lock does not say: it is asked for, at no harm.
     */
    made.has_metadata = wheel && made.url.len > 0;
    made.has_sha256 =
        digest_from_hex(simple_find_hash(from->hashes, from->hashes_len, "sha256"), &made.sha256);
    if (wheel
            ? !filename_parse_wheel(from->filename, &index->arena, &made.wheel, err)
            : !filename_parse_sdist(from->filename, package->name, &index->arena, &made.sdist, err))
        return err_wrap(err, STR_FMT ":%u", STR_ARG(locked->what), package->line);
    if (made.path.len && !made.has_sha256)
        return err_set(err, ERR_FORMAT,
                       STR_FMT ":%u: " STR_FMT " has no sha256, by which a local file is checked",
                       STR_ARG(locked->what), package->line, STR_ARG(from->filename));
    if (made.path.len && !index_fetch(index, &made, &made.path, err))
        return err_wrap(err, STR_FMT ":%u", STR_ARG(locked->what), package->line);
    made.version = wheel ? made.wheel.version : made.sdist.version;
    *file = made;
    return true;
}

bool index_locked_project(struct index *index, struct str normal, struct index_project *project,
                          struct err *err)
{
    const struct index_locked *locked = index->config.locked;
    const struct pylock_choice *choice = index_locked_find(locked, normal);
    if (!choice)
        return err_set(err, ERR_NOT_FOUND, STR_FMT " has no " STR_FMT "; lock again",
                       STR_ARG(locked->what), STR_ARG(normal));
    const struct pylock_package *package = choice->package;
    struct index_file *files =
        ARENA_ARRAY(&index->arena, struct index_file, package->wheels_len + 1);
    size_t len = 0;
    for (size_t i = 0; i < package->wheels_len; i++)
        if (!locked_file(index, package, &package->wheels[i], true, &files[len++], err))
            return false;
    if (package->has_sdist &&
        !locked_file(index, package, &package->sdist, false, &files[len++], err))
        return false;
    index_group(index, project, files, len);
    return true;
}

bool index_locked_metadata(struct index *index, struct str name, struct metadata *metadata)
{
    const struct index_locked *locked = index->config.locked;
    const struct pylock_choice *choice = locked ? index_locked_find(locked, name) : NULL;
    bool tells = false;
    for (size_t i = 0; choice && i < locked->len && !tells; i++)
        tells = locked->choices[i].package->dependencies_len > 0;
    if (!tells)
        return false;
    const struct pylock_package *package = choice->package;
    struct str *names = ARENA_ARRAY(&index->arena, struct str, package->dependencies_len + 1);
    size_t len = 0;
    for (size_t i = 0; i < package->dependencies_len; i++)
        if (index_locked_find(locked, package->dependencies[i].name)) /* else of another target */
            names[len++] = package->dependencies[i].name;
    *metadata = (struct metadata){.metadata_version = STR("2.1"),
                                  .major = 2,
                                  .minor = 1,
                                  .name = package->name,
                                  .version = package->version.text,
                                  .requires_dist = names,
                                  .requires_dist_len = len};
    return true;
}
