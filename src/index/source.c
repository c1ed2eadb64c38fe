#include "index/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/url.h"
#include "index/sdist.h"
#include "index/snapshot.h"
#include "index/state.h"
#include "index/sweep.h"
#include "index/vcs.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/name.h"

enum { SOURCE_NOTE_MAX = 4096 };

struct source {
    struct index *index;
    const struct index_backend *backend;
    const char *work; /* a directory of this attempt alone; NULL: none yet */
    int lock;         /* on it, as long as it is used; -1: none */
    struct vcs_ref ref;
    struct str commit; /* of a repository */
    const char *dir;   /* where the sources lie */
    struct str archive;
    struct digest digest;
    struct str name, version; /* what the tree says; normal forms */
};

/* ---- what it is ---- */

static struct str source_directory(struct str url, struct arena *arena)
{
    struct str path = url_without_fragment(url), from_url;
    return url_has_scheme(path) ? url_to_path(path, arena, &from_url) ? from_url : STR("") : path;
}

bool source_is_tree(struct str url)
{
    ARENA_AUTO struct arena scratch = {0};
    struct stat info;
    if (vcs_is_url(url))
        return true;
    struct str path = source_directory(url, &scratch);
    return path.len && stat(arena_cstr(&scratch, path), &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- which archive a commit became ---- */

static const char *source_note_path(const struct source *source, struct str commit)
{
    struct arena *arena = &source->index->arena;
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, source->ref.url);
    digest_add_field(stream, commit);
    digest_add_field(stream, source->ref.subdirectory);
    struct digest key = digest_finish(stream);
    return arena_printf(arena, STR_FMT "/vcs/%s", STR_ARG(source->index->config.cache_dir),
                        digest_to_hex(&key).text)
        .ptr;
}

static struct str source_place(const struct source *source, struct str filename)
{
    return arena_printf(&source->index->arena, STR_FMT "/trees/%s/" STR_FMT,
                        STR_ARG(source->index->config.cache_dir),
                        digest_to_hex(&source->digest).text, STR_ARG(filename));
}

/* Name and version out of the file name; false when it is not one of ours. */
static bool source_read_name(struct source *source, struct str filename)
{
    struct sdist_name sdist;
    struct err ignored = {0};
    if (!filename_parse_sdist(filename, STR(""), &source->index->arena, &sdist, &ignored))
        return false;
    source->name = sdist.name;
    source->version = version_normal(&sdist.version, &source->index->arena);
    return true;
}

static bool source_recall(struct source *source)
{
    struct str text, digest, filename;
    struct err ignored = {0};
    if (!source->ref.pinned ||
        !file_read(AT_FDCWD, source_note_path(source, source->ref.revision), SOURCE_NOTE_MAX,
                   &source->index->arena, &text, &ignored) ||
        !str_cut(str_trim(text), ' ', &digest, &filename) || !file_path_is_safe(filename) ||
        !digest_from_hex(digest, &source->digest) || !source_read_name(source, filename))
        return false;
    source->commit = source->ref.revision;
    source->archive = source_place(source, filename);
    return access(source->archive.ptr, R_OK) == 0;
}

static bool source_remember(const struct source *source, struct str filename, struct err *err)
{
    struct arena *arena = &source->index->arena;
    const char *dir =
        arena_printf(arena, STR_FMT "/vcs", STR_ARG(source->index->config.cache_dir)).ptr;
    struct str line = arena_printf(arena, "%s " STR_FMT "\n", digest_to_hex(&source->digest).text,
                                   STR_ARG(filename));
    return !source->commit.len ||
           (file_mkdirs(AT_FDCWD, dir, 0755, err) &&
            file_write(AT_FDCWD, source_note_path(source, source->commit), 0644, line, err));
}

/* ---- getting it ---- */

static bool source_find_repository(struct source *source, struct err *err)
{
    struct arena *arena = &source->index->arena;
    struct stat info;
    if (source->index->config.offline)
        return err_set(err, ERR_NETWORK,
                       "not in the cache, and this run is offline; only a requirement that is "
                       "pinned to a whole commit can be found there");
    if (!vcs_checkout(&source->ref, &source->index->config.http, &vcs_default_limits, source->work,
                      arena, &source->commit, err))
        return false;
    struct str below = source->ref.subdirectory;
    source->dir =
        arena_printf(arena, "%s/tree%s" STR_FMT, source->work, below.len ? "/" : "", STR_ARG(below))
            .ptr;
    if (stat(source->dir, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    return err_set(err, ERR_NOT_FOUND, "commit " STR_FMT " has no directory " STR_FMT,
                   STR_ARG(source->commit), STR_ARG(below));
}

static bool source_pack(struct source *source, struct err *err)
{
    struct arena *arena = &source->index->arena;
    const char *boundary =
        source->commit.len ? arena_printf(arena, "%s/tree", source->work).ptr : source->dir;
    source->archive = arena_printf(arena, "%s/source.tar", source->work);
    FD_AUTO int fd = open(source->archive.ptr, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, "creating %s", source->archive.ptr);
    if (!snapshot_take(source->dir, boundary, &snapshot_default_limits, fd, err))
        return false;
    if (fsync(fd) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "writing %s", source->archive.ptr);
    return digest_fd(fd, &source->digest, err);
}

/* ---- what it is called ---- */

static bool source_ask_backend(struct source *source, struct metadata *metadata, struct err *err)
{
    struct arena *arena = &source->index->arena;
    const char *place = arena_printf(arena, "%s/source-0.tar", source->work).ptr;
    struct index_file asked = {.kind = INDEX_SDIST, .filename = STR("source-0.tar")};
    struct str text;
    if (!source->backend)
        return err_set(err, ERR_NOT_FOUND,
                       "says its name and version only when its build backend runs");
    if (link(source->archive.ptr, place) < 0)
        return err_errno(err, "linking %s", place);
    asked.path = str_from(place);
    return filename_parse_sdist(asked.filename, STR(""), arena, &asked.sdist, err) &&
           source->backend->metadata(source->backend->state, &asked, asked.path, arena, &text,
                                     err) &&
           metadata_parse(text, arena, metadata, err);
}

static bool source_learn(struct source *source, struct err *err)
{
    struct arena *arena = &source->index->arena;
    struct sdist sdist;
    struct version version;
    if (!sdist_read_tree(AT_FDCWD, source->archive.ptr, arena, &sdist, err))
        return false;
    struct metadata told = sdist.metadata;
    if (!told.name.len && sdist.pyproject.name.len && sdist.pyproject.version.len &&
        !pyproject_is_dynamic(&sdist.pyproject, STR("version"))) {
        told.name = sdist.pyproject.name;
        told.version = sdist.pyproject.version;
    }
    if (!told.name.len && !sdist.has_setup_py && !sdist.pyproject.root)
        return err_set(err, ERR_FORMAT,
                       "is no Python project: neither pyproject.toml nor setup.py is in it");
    if (!told.name.len && !source_ask_backend(source, &told, err))
        return false;
    if (!name_is_valid(told.name) || !version_parse(told.version, &version, err))
        return err_set(
            err, ERR_FORMAT,
            "calls itself " STR_FMT " " STR_FMT ", which is no name and version of a project",
            STR_ARG(str_slice(told.name, 0, 100)), STR_ARG(str_slice(told.version, 0, 100)));
    source->name = name_normal(told.name, arena);
    source->version = version_normal(&version, arena);
    return true;
}

static bool source_put_in_place(struct source *source, struct err *err)
{
    struct arena *arena = &source->index->arena;
    char *plain = (char *)(uintptr_t)arena_str(arena, source->name).ptr;
    for (size_t i = 0; i < source->name.len; i++)
        plain[i] = plain[i] == '-' ? '_' : plain[i];
    struct str filename =
        arena_printf(arena, "%s-" STR_FMT ".tar", plain, STR_ARG(source->version));
    struct str place = source_place(source, filename);
    const char *dir = arena_cstr(arena, str_slice(place, 0, str_rfind_char(place, '/')));
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err))
        return false;
    if (rename(source->archive.ptr, place.ptr) < 0)
        return err_errno(err, "putting %s in place", place.ptr);
    source->archive = place;
    return file_sync_dir(AT_FDCWD, dir, err) && source_remember(source, filename, err);
}

static bool source_make(struct source *source, struct str url, struct err *err)
{
    struct arena *arena = &source->index->arena;
    struct str cache = source->index->config.cache_dir, work, dir;
    const char *parent = arena_printf(arena, STR_FMT "/trees", STR_ARG(cache)).ptr;
    if (!cache.len)
        return err_set(err, ERR_USAGE, "nowhere to keep it: no cache directory is set");
    if (!file_mkdirs(AT_FDCWD, parent, 0755, err) ||
        !sweep_new_directory(parent, arena, &work, &source->lock, err))
        return false;
    source->work = work.ptr;
    if (source->ref.url.len) {
        if (!source_find_repository(source, err))
            return false;
    } else {
        if (!file_absolute(source_directory(url, arena), arena, &dir, err))
            return false;
        source->dir = dir.ptr;
    }
    return source_pack(source, err) && source_learn(source, err) &&
           source_put_in_place(source, err);
}

static bool source_get(struct source *source, struct str url, struct err *err)
{
    struct err ignored = {0};
    if (vcs_is_url(url) && !vcs_parse(url, &source->index->arena, &source->ref, err))
        return false;
    bool ok = source_recall(source) || source_make(source, url, err);
    if (source->work)
        (void)!file_remove_tree(AT_FDCWD, source->work, &ignored);
    fd_close(&source->lock);
    return ok;
}

static struct index_file *source_file(const struct source *source, struct str url, struct err *err)
{
    struct arena *arena = &source->index->arena;
    struct index_file *file = ARENA_NEW(arena, struct index_file);
    size_t slash = str_rfind_char(source->archive, '/');
    *file = (struct index_file){
        .kind = INDEX_SDIST,
        .filename = str_from_pos(source->archive, slash + 1),
        .url = source->commit.len ? vcs_shown(&source->ref, source->commit, arena)
                                  : arena_str(arena, url),
        .path = source->archive,
        .commit = source->commit,
        .origin = STR("url"),
        .has_sha256 = true,
        .sha256 = source->digest,
        .size = -1,
        .upload_time_ms = -1,
    };
    if (!filename_parse_sdist(file->filename, source->name, arena, &file->sdist, err))
        return NULL;
    file->version = file->sdist.version;
    return file;
}

bool source_take(struct index *index, const struct index_backend *backend, struct str url,
                 struct str name, const struct index_file **file, struct err *err)
{
    void **place = map_at(&index->trees, &index->arena, arena_str(&index->arena, url));
    const struct index_file *made = *place;
    if (!made) {
        struct source source = {.index = index, .backend = backend, .lock = -1};
        if (!source_get(&source, url, err) || !(made = source_file(&source, url, err)))
            return err_wrap(err, STR_FMT, STR_ARG(url_redacted(url, &index->arena)));
        place = map_at(&index->trees, &index->arena, arena_str(&index->arena, url));
        *place = (void *)(uintptr_t)made;
    }
    if (name.len && !name_eq(name, made->sdist.name))
        return err_set(err, ERR_FORMAT, STR_FMT ": holds the project " STR_FMT ", not " STR_FMT,
                       STR_ARG(url_redacted(url, &index->arena)), STR_ARG(made->sdist.name),
                       STR_ARG(name));
    *file = made;
    return true;
}
