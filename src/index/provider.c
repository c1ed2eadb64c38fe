#include "index/provider.h"

#include <fcntl.h>

#include "base/vec.h"
#include "index/sdist.h"
#include "index/source.h"
#include "index/wheel.h"
#include "os/file.h"
#include "base/url.h"

static struct provider_file provider_of_index(const struct index_file *file, struct arena *arena)
{
    struct provider_file out = {
        .filename = file->filename,
        .url = file->url,
        .path = file->path,
        .commit = file->commit,
        .requires_python = file->requires_python,
        .yanked_reason = file->yanked_reason,
        .index = file->origin,
        .size = file->size > 0 ? (uint64_t)file->size : 0,
        .uploaded_ms = file->upload_time_ms > 0 ? file->upload_time_ms : 0,
        .origin = file->path.len ? PROVIDER_FIND_LINKS : PROVIDER_INDEX,
        .yanked = file->yanked,
        .has_metadata = file->has_metadata,
        .own = file,
    };
    if (file->has_sha256)
        out.sha256 = arena_printf(arena, "%s", digest_to_hex(&file->sha256).text);
    return out;
}

static bool provider_files(void *state, struct str name, struct arena *arena,
                           struct provider_files *files, struct err *err)
{
    struct index_provider *provider = state;
    const struct index_project *project;
    VEC(struct provider_file) out = {0};
    if (!index_project(provider->index, name, &project, err))
        return false;
    for (size_t i = 0; i < project->own_len; i++)
        for (size_t f = 0; f < project->own[i].len; f++)
            *vec_push(&out, arena) = provider_of_index(&project->own[i].files[f], arena);
    *files = (struct provider_files){
        .at = out.at, .len = out.len, .listing = project->listing, .latest_ms = project->latest_ms};
    return true;
}

static bool provider_listed_files(void *state, struct str name, const struct version *version,
                                  struct arena *arena, struct provider_files *files,
                                  struct err *err)
{
    struct index_provider *provider = state;
    const struct index_project *project;
    const struct index_release *release;
    VEC(struct provider_file) out = {0};
    if (!index_project(provider->index, name, &project, err) ||
        !index_release(provider->index, project, version, &release, err))
        return false;
    for (size_t i = 0; release && i < release->len; i++)
        if (release->files[i].listed)
            *vec_push(&out, arena) = provider_of_index(&release->files[i], arena);
    *files = (struct provider_files){.at = out.at, .len = out.len};
    return true;
}

/* The file behind a URL or path requirement, fetched and known by its digest. */
static bool provider_url_file(void *state, struct str name, struct str url, struct arena *arena,
                              struct provider_file *file, struct err *err)
{
    struct index_provider *provider = state;
    struct str path;
    if (source_is_tree(url)) {
        const struct index_file *tree;
        if (!source_take(provider->index, provider->backend, url, name, &tree, err))
            return false;
        *file = provider_of_index(tree, arena);
        file->origin = PROVIDER_URL;
        return true;
    }
    struct index_file *fetched = ARENA_NEW(arena, struct index_file);
    struct str plain = url_without_fragment(url);
    *fetched = (struct index_file){.filename = url_filename(plain, arena),
                                   .origin = STR("url"),
                                   .size = -1,
                                   .upload_time_ms = -1};
    struct url parts = url_split(url);
    fetched->has_sha256 =
        digest_from_hex(url_fragment_value(parts.fragment, STR("sha256")), &fetched->sha256);
    if (!url_has_scheme(plain)) { /* a path, as requirements files may have it */
        if (!file_absolute(plain, arena, &fetched->path, err))
            return false;
    } else if (!url_to_path(plain, arena, &fetched->path)) {
        fetched->url = plain;
    }
    bool named = filename_kind(fetched->filename) == FILENAME_WHEEL
                     ? filename_parse_wheel(fetched->filename, arena, &fetched->wheel, err)
                     : filename_parse_sdist(fetched->filename, name, arena, &fetched->sdist, err);
    if (!named || !index_fetch(provider->index, fetched, &path, err))
        return false;
    fetched->kind = filename_kind(fetched->filename) == FILENAME_WHEEL ? INDEX_WHEEL : INDEX_SDIST;
    fetched->version =
        fetched->kind == INDEX_WHEEL ? fetched->wheel.version : fetched->sdist.version;
    fetched->path = path;
    *file = provider_of_index(fetched, arena);
    file->origin = PROVIDER_URL;
    return true;
}

static void provider_put(const struct metadata *from, struct provider_metadata *to)
{
    *to = (struct provider_metadata){.requires_dist = from->requires_dist,
                                     .requires_dist_len = from->requires_dist_len,
                                     .requires_python = from->requires_python,
                                     .extras = from->provides_extra,
                                     .extras_len = from->provides_extra_len};
}

/* A file of this machine that no index listed: an input, or what a URL brought. */
static bool provider_local_metadata(struct index_provider *provider,
                                    const struct provider_file *file, struct str name,
                                    struct arena *arena, struct provider_metadata *metadata,
                                    struct err *err)
{
    if (filename_kind(file->filename) == FILENAME_WHEEL) {
        struct wheel wheel;
        if (file->origin == PROVIDER_INPUT && file->own) { /* the scan has read it */
            provider_put(file->own, metadata);
            return true;
        }
        if (!wheel_read(AT_FDCWD, file->path.ptr, NULL, arena, &wheel, err))
            return false;
        provider_put(&wheel.metadata, metadata);
        return true;
    }
    struct sdist sdist;
    struct metadata parsed;
    struct str text;
    if (!sdist_read(AT_FDCWD, file->path.ptr, name, NULL, arena, &sdist, err))
        return false;
    if (sdist_is_static(&sdist)) {
        provider_put(&sdist.metadata, metadata);
        return true;
    }
    if (!provider->backend)
        return err_set(err, ERR_NOT_FOUND,
                       STR_FMT ": says its dependencies only when its build backend runs",
                       STR_ARG(file->filename));
    struct index_file local = {.kind = INDEX_SDIST,
                               .filename = file->filename,
                               .path = file->path,
                               .sdist = sdist.name,
                               .version = sdist.name.version};
    if (!provider->backend->metadata(provider->backend->state, &local, file->path, arena, &text,
                                     err) ||
        !metadata_parse(text, arena, &parsed, err))
        return false;
    provider_put(&parsed, metadata);
    return true;
}

/* The index's own release that a plan's release is a view of, or NULL. */
static const struct index_release *provider_release_of(struct index_provider *provider,
                                                       const struct provider_release *release)
{
    const struct index_project *project;
    const struct index_release *known;
    struct err ignored = {0};
    if (!index_project(provider->index, release->name, &project, &ignored) ||
        !index_release(provider->index, project, &release->version, &known, &ignored))
        return NULL;
    return known;
}

/* The file of this machine that speaks for its version, so that no index has to; or NULL. */
static const struct provider_file *provider_spokesman(const struct provider_release *release)
{
    const struct provider_file *chosen = release->wheel ? release->wheel : release->sdist;
    for (size_t i = 0; i < release->files_len; i++)
        if (release->files[i]->origin == PROVIDER_INPUT && release->files[i]->path.len &&
            (filename_kind(release->files[i]->filename) == FILENAME_WHEEL ||
             release->files[i] == chosen))
            return release->files[i];
    return chosen && chosen->origin == PROVIDER_URL ? chosen : NULL;
}

static bool provider_metadata(void *state, const struct provider_release *release,
                              struct arena *arena, struct provider_metadata *metadata,
                              struct err *err)
{
    struct index_provider *provider = state;
    const struct provider_file *spokesman = provider_spokesman(release);
    const struct metadata *found;
    enum index_metadata_source source;
    if (spokesman)
        return provider_local_metadata(provider, spokesman, release->name, arena, metadata, err);
    const struct index_release *known = provider_release_of(provider, release);
    if (!known)
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": the release is not in the index any more",
                       STR_ARG(release->name));
    if (!index_metadata(provider->index, known, provider->tags, provider->backend, &found, &source,
                        err))
        return false;
    provider_put(found, metadata);
    return true;
}

static bool provider_build_system(void *state, const struct provider_release *release,
                                  struct arena *arena, struct provider_build_system *system,
                                  struct err *err)
{
    struct index_provider *provider = state;
    const struct provider_file *file = release->sdist;
    struct sdist sdist;
    struct str path = file->path;
    if (!path.len) {
        struct index_file *own = (struct index_file *)(uintptr_t)file->own;
        if (!index_fetch(provider->index, own, &path, err))
            return false;
    }
    if (!sdist_read(AT_FDCWD, path.ptr, release->name, NULL, arena, &sdist, err))
        return false;
    *system = (struct provider_build_system){.requires = sdist.pyproject.requires,
                                             .requires_len = sdist.pyproject.requires_len,
                                             .backend = sdist.pyproject.backend,
                                             .in_tree = sdist.pyproject.backend_path_len > 0};
    return true;
}

static void provider_prefetch_files(void *state, const struct str *names, size_t count)
{
    struct index_provider *provider = state;
    index_prefetch(provider->index, names, count);
}

static void provider_prefetch_metadata(void *state, const struct provider_release *releases,
                                       size_t count)
{
    struct index_provider *provider = state;
    for (size_t i = 0; i < count; i++) {
        const struct index_release *known =
            provider_spokesman(&releases[i]) ? NULL : provider_release_of(provider, &releases[i]);
        if (known)
            index_prefetch_metadata(provider->index, known, provider->tags);
    }
}

struct provider provider_open(struct index_provider *provider)
{
    return (struct provider){.state = provider,
                             .files = provider_files,
                             .listed_files = provider_listed_files,
                             .url_file = provider_url_file,
                             .metadata = provider_metadata,
                             .build_system = provider_build_system,
                             .prefetch_files = provider_prefetch_files,
                             .prefetch_metadata = provider_prefetch_metadata};
}
