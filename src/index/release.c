/* Metadata of a release, from whichever of its files tells it at the least cost. */
#include "base/buf.h"
#include "base/url.h"
#include "index/locked.h"
#include "index/sdist.h"
#include "index/state.h"
#include "index/wheel.h"
#include "os/file.h"

struct index_known {
    struct metadata metadata;
    enum index_metadata_source source;
    struct page_ask page; /* of <url>.metadata, when it was asked for ahead */
    bool begun, ready;
};

static struct index_known *index_known_of(struct index *index, const struct index_release *release)
{
    struct str key = arena_printf(&index->arena, "%p", (const void *)release->files);
    void **place = map_at(&index->metadata, &index->arena, key);
    if (!*place)
        *place = ARENA_NEW(&index->arena, struct index_known);
    return *place;
}

/* The wheel that the target accepts, else the smallest of the others: markers make it fit. */
static const struct index_file *index_telling_wheel(const struct index_release *release,
                                                    const struct tags *tags, bool *other)
{
    const struct index_file *best = tags ? index_best_wheel(release, tags, true) : NULL;
    *other = !best;
    for (size_t i = 0; i < release->len && *other; i++) {
        const struct index_file *file = &release->files[i];
        if (file->kind != INDEX_WHEEL)
            continue;
        if (!best || (file->path.len && !best->path.len) ||
            (file->has_metadata && !best->has_metadata))
            best = file;
    }
    return best;
}

/* ---- kept by the digest of the file that told it ---- */

static const char *index_kept_path(struct index *index, const struct index_file *file)
{
    if (!index->config.cache_dir.len || !file->has_sha256)
        return NULL;
    return arena_printf(&index->arena, STR_FMT "/metadata/%s", STR_ARG(index->config.cache_dir),
                        digest_to_hex(&file->sha256).text)
        .ptr;
}

static bool index_recall(struct index *index, const struct index_file *file,
                         struct metadata *metadata)
{
    struct err ignored = {0};
    struct str text;
    const char *path = index_kept_path(index, file);
    return path && file_read(AT_FDCWD, path, METADATA_LIMIT, &index->arena, &text, &ignored) &&
           metadata_parse(text, &index->arena, metadata, &ignored);
}

static void index_write_lines(struct buf *out, const char *field, const struct str *values,
                              size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%s: " STR_FMT "\n", field, STR_ARG(values[i]));
}

/* Only what a plan asks is kept; a cache that cannot be written costs requests, nothing else. */
static void index_keep(struct index *index, const struct index_file *file,
                       const struct metadata *metadata)
{
    BUF_AUTO struct buf text = {0};
    struct err ignored = {0};
    const char *path = index_kept_path(index, file);
    if (!path ||
        !file_mkdirs(
            AT_FDCWD,
            arena_printf(&index->arena, STR_FMT "/metadata", STR_ARG(index->config.cache_dir)).ptr,
            0755, &ignored))
        return;
    index_write_lines(&text, "Metadata-Version", &metadata->metadata_version, 1);
    index_write_lines(&text, "Name", &metadata->name, 1);
    index_write_lines(&text, "Version", &metadata->version, 1);
    index_write_lines(&text, "Requires-Python", &metadata->requires_python,
                      metadata->requires_python.len ? 1 : 0);
    index_write_lines(&text, "Provides-Extra", metadata->provides_extra,
                      metadata->provides_extra_len);
    index_write_lines(&text, "Requires-Dist", metadata->requires_dist, metadata->requires_dist_len);
    index_write_lines(&text, "Import-Name", metadata->import_names, metadata->import_names_len);
    (void)!file_write(AT_FDCWD, path, 0644, buf_str(&text), &ignored);
}

/* ---- PEP 658 ---- */

static struct str index_metadata_url(struct index *index, const struct index_file *file)
{
    return arena_printf(&index->arena, STR_FMT ".metadata", STR_ARG(file->url));
}

static void index_begin_metadata(struct index *index, const struct index_file *file,
                                 struct index_known *known)
{
    if (known->begun || !file->has_metadata || !file->url.len)
        return;
    known->begun = true;
    known->page.url = index_metadata_url(index, file);
    pages_start(&index->pages, &index->arena, &known->page);
}

static bool index_take_metadata_file(struct index *index, const struct index_file *file,
                                     struct index_known *known, struct err *err)
{
    struct page page;
    struct digest promised;
    index_begin_metadata(index, file, known);
    if (!pages_wait(&index->pages, &known->page, &index->arena, &page, err))
        return false;
    struct str hex = simple_find_hash(file->metadata_hashes, file->metadata_hashes_len, "sha256");
    struct digest found = digest_of(page.text);
    if (digest_from_hex(hex, &promised) && !digest_eq(&promised, &found))
        return err_set(err, ERR_DIGEST, STR_FMT ".metadata: has SHA-256 %s, not %s as promised",
                       STR_ARG(url_redacted(file->url, &index->arena)), digest_to_hex(&found).text,
                       digest_to_hex(&promised).text);
    return metadata_parse(page.text, &index->arena, &known->metadata, err) ||
           err_wrap(err, STR_FMT ".metadata", STR_ARG(file->filename));
}

/* ---- the others ---- */

static bool index_from_wheel(struct index *index, const struct index_file *file,
                             struct index_known *known, struct err *err)
{
    struct wheel wheel;
    const char *path = file->path.len ? file->path.ptr : index_is_fetched(index, file);
    if (path) {
        if (!wheel_read(AT_FDCWD, path, NULL, &index->arena, &wheel, err))
            return false;
    } else if (str_starts(file->url, STR("file:"))) {
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": neither the file nor its .metadata is there",
                       STR_ARG(file->url));
    } else if (!index_read_remote(index, file, &wheel, err)) {
        return false;
    }
    known->metadata = wheel.metadata;
    index_keep(index, file, &wheel.metadata);
    return true;
}

/* An old PKG-INFO without a word on dependencies, from a project without setup.py, is final too. */
static bool index_from_sdist(struct index *index, struct index_file *file,
                             const struct index_backend *backend, struct index_known *known,
                             struct err *err)
{
    struct sdist sdist;
    struct str path, text;
    known->source = INDEX_METADATA_PKGINFO;
    if (index_recall(index, file, &known->metadata))
        return true;
    if (!index_fetch(index, file, &path, err))
        return false;
    if (index_recall(index, file, &known->metadata)) /* a file of this machine has its digest now */
        return true;
    if (!sdist_read(AT_FDCWD, path.ptr, file->sdist.name, NULL, &index->arena, &sdist, err))
        return false;
    if (sdist_is_static(&sdist)) {
        known->metadata = sdist.metadata;
        known->source = INDEX_METADATA_PKGINFO;
    } else if (index_locked_metadata(index, file->sdist.name, &known->metadata)) {
        known->source = INDEX_METADATA_LOCK;
        return true;
    } else if (backend) {
        if (!backend->metadata(backend->state, file, path, &index->arena, &text, err) ||
            !metadata_parse(text, &index->arena, &known->metadata, err))
            return false;
        known->source = INDEX_METADATA_BACKEND;
    } else {
        return err_set(err, ERR_NOT_FOUND,
                       STR_FMT ": says its dependencies only when its build backend runs",
                       STR_ARG(file->filename));
    }
    index_keep(index, file, &known->metadata);
    return true;
}

static bool index_find_metadata(struct index *index, const struct index_release *release,
                                const struct tags *tags, const struct index_backend *backend,
                                struct index_known *known, struct err *err)
{
    bool other;
    const struct index_file *wheel = index_telling_wheel(release, tags, &other);
    if (wheel && index_recall(index, wheel, &known->metadata)) {
        known->source = other ? INDEX_METADATA_OTHER : INDEX_METADATA_WHEEL;
        return true;
    }
    if (wheel && wheel->has_metadata && wheel->url.len) {
        struct err absent = {0};
        known->source = INDEX_METADATA_FILE;
        if (index_take_metadata_file(index, wheel, known, &absent)) {
            index_keep(index, wheel, &known->metadata);
            return true;
        }
        /* Promised and not there, or not to be had now: the wheel itself tells. */
        if (absent.code != ERR_NOT_FOUND &&
            !(absent.code == ERR_NETWORK && index_is_fetched(index, wheel)))
            return err_set(err, absent.code, "%s", absent.text);
    }
    if (wheel) {
        known->source = other ? INDEX_METADATA_OTHER : INDEX_METADATA_WHEEL;
        return index_from_wheel(index, wheel, known, err);
    }
    const struct index_file *sdist = index_best_sdist(release, true);
    if (!sdist)
        return err_set(err, ERR_NOT_FOUND, "the release has neither a wheel nor an sdist");
    return index_from_sdist(index, (struct index_file *)(uintptr_t)sdist, backend, known, err);
}

bool index_metadata(struct index *index, const struct index_release *release,
                    const struct tags *tags, const struct index_backend *backend,
                    const struct metadata **metadata, enum index_metadata_source *source,
                    struct err *err)
{
    struct index_known *known = index_known_of(index, release);
    if (!known->ready && !index_find_metadata(index, release, tags, backend, known, err))
        return false;
    known->ready = true;
    *metadata = &known->metadata;
    *source = known->source;
    return true;
}

void index_prefetch_metadata(struct index *index, const struct index_release *release,
                             const struct tags *tags)
{
    bool other;
    const struct index_file *wheel = index_telling_wheel(release, tags, &other);
    struct index_known *known = index_known_of(index, release);
    if (!wheel || known->ready || known->begun)
        return;
    known->ready = index_recall(index, wheel, &known->metadata);
    known->source = other ? INDEX_METADATA_OTHER : INDEX_METADATA_WHEEL;
    if (!known->ready)
        index_begin_metadata(index, wheel, known);
}
