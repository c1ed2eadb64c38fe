#include "image/pack_source.h"

#include <stdio.h>
#include <unistd.h>

#include "base/url.h"
#include "base/vec.h"
#include "os/fd.h"
#include "os/file.h"

enum { SOURCE_SIZE_MAX = 1 << 30 };

/* It becomes a path, and the end of a mirror's URL. */
static bool source_is_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!char_is_alnum(name.ptr[i]) && (i == 0 || !str_has_char(STR("+-._~"), name.ptr[i])))
            return false;
    return name.len > 0 && name.len < 200;
}

bool pack_source_parse(struct str lines, struct arena *arena, struct pack_source *source,
                       struct err *err)
{
    static const struct str prefix = STR_INIT("SHA256:"), dsc = STR_INIT(".dsc");
    struct pack_source made = {0};
    VEC(struct pack_file) files = {0};
    struct str line;
    while (str_next_line(&lines, &line)) {
        struct str name, size, hash, rest, head;
        struct pack_file file;
        if (!str_cut(line, ' ', &name, &rest) || !str_cut(rest, ' ', &size, &hash) ||
            !source_is_name(name) || !str_starts(hash, prefix) ||
            !digest_from_hex(str_trim(str_from_pos(hash, prefix.len)), &file.sha256))
            return err_set(err, ERR_FORMAT, "no file of a source package: " STR_FMT,
                           STR_ARG(str_slice(line, 0, 200)));
        file.name = arena_str(arena, name);
        *vec_push(&files, arena) = file;
        if (str_ends(file.name, dsc) &&
            str_cut(str_slice(file.name, 0, file.name.len - dsc.len), '_', &head, &rest))
            made.version = rest;
    }
    if (!made.version.len)
        return err_set(err, ERR_FORMAT, "a source package without a .dsc file");
    made.files = files.at;
    made.len = files.len;
    *source = made;
    return true;
}

static bool source_of_archive(const struct pack_sources *sources, const char *word,
                              struct pack_source *source, struct err *err)
{
    struct str lines;
    return apt_source_uris(sources->apt, word, sources->arena, &lines, err) &&
           pack_source_parse(lines, sources->arena, source, err);
}

bool pack_source_find(const struct pack_sources *sources, const struct pack_recipe *recipe,
                      struct pack_source *source, struct err *err)
{
    if (recipe->source.len)
        return source_of_archive(sources, arena_cstr(sources->arena, recipe->source), source, err);
    *source = (struct pack_source){.version = recipe->version};
    if (!recipe->url.len)
        return true;
    struct pack_file *file = ARENA_NEW(sources->arena, struct pack_file);
    file->name = url_filename(recipe->url, sources->arena);
    if (!source_is_name(file->name) || !digest_from_hex(recipe->sha256, &file->sha256))
        return err_set(err, ERR_FORMAT, "url " STR_FMT " names no file", STR_ARG(recipe->url));
    source->files = file;
    source->len = 1;
    return true;
}

/* ---- a file that is somewhere ---- */

static void source_note(const struct pack_sources *sources, struct str text)
{
    const struct apt *apt = sources->apt;
    if (apt->progress)
        apt->progress(apt->state, &(struct image_progress){IMAGE_NOTE, apt->what, text, 0, 0});
}

/* A copy is what is checked and used: what lies there may change. False: it is not the file. */
static bool source_copy(const struct pack_file *file, struct str from, const char *to,
                        struct digest *found, struct err *err)
{
    if (!file_copy(AT_FDCWD, from.ptr, AT_FDCWD, to, err))
        return false;
    FD_AUTO int fd = open(to, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", to);
    if (!digest_fd(fd, found, err))
        return false;
    return digest_eq(found, &file->sha256) || unlink(to) == 0 || err_errno(err, "removing %s", to);
}

/* Out of the user's directory, where it has that name; a file of another digest is said. */
static bool source_from_dir(const struct pack_sources *sources, const struct pack_file *file,
                            const char *to, bool *taken, struct err *err)
{
    struct digest found;
    if (!sources->origin->dir.len)
        return true;
    struct str from = file_join(sources->arena, sources->origin->dir, file->name);
    if (access(from.ptr, F_OK))
        return true;
    if (!source_copy(file, from, to, &found, err))
        return err_wrap(err, "--pack-sources");
    *taken = digest_eq(&found, &file->sha256);
    if (!*taken)
        source_note(sources, arena_printf(sources->arena,
                                          STR_FMT " has SHA-256 %s, not %s: it is passed over",
                                          STR_ARG(from), digest_to_hex(&found).text,
                                          digest_to_hex(&file->sha256).text));
    return true;
}

/* Checked as it comes in, kept in the cache under its digest. */
static bool source_download(const struct pack_sources *sources, const struct pack_file *file,
                            struct str url, const char *place, struct err *err)
{
    struct str beside = arena_printf(sources->arena, "%s.new", place);
    struct http_response response;
    struct http *http = NULL;
    FD_AUTO int fd =
        open(beside.ptr, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)0644);
    const struct http_request request = {.url = url,
                                         .size_limit = SOURCE_SIZE_MAX,
                                         .fd = fd,
                                         .has_sha256 = true,
                                         .sha256 = file->sha256};
    if (fd < 0)
        return err_errno(err, "opening %s", beside.ptr);
    bool ok = http_open(&sources->origin->http, &http, err) &&
              http_get(http, &request, sources->arena, &response, err);
    http_close(&http);
    if (!ok) {
        unlink(beside.ptr);
        return false;
    }
    return rename(beside.ptr, place) == 0 || err_errno(err, "cannot name %s", place);
}

static bool source_from_url(const struct pack_sources *sources, const struct pack_file *file,
                            struct str url, const char *to, struct err *err)
{
    struct str dir = arena_printf(sources->arena, "%s/packs/sources/%s", sources->cache,
                                  digest_to_hex(&file->sha256).text);
    struct str place = file_join(sources->arena, dir, file->name);
    bool kept = access(place.ptr, R_OK) == 0;
    if (!kept && sources->origin->offline)
        return err_set(err, ERR_NETWORK,
                       STR_FMT " is not in the cache, and --offline asks nobody: give a directory "
                               "that has it with --pack-sources",
                       STR_ARG(file->name));
    return (kept || (file_mkdirs(AT_FDCWD, dir.ptr, 0755, err) &&
                     source_download(sources, file, url, place.ptr, err))) &&
           file_copy(AT_FDCWD, place.ptr, AT_FDCWD, to, err);
}

static bool source_from_mirror(const struct pack_sources *sources, const struct pack_file *file,
                               const char *to, bool *taken, struct err *err)
{
    struct str base = sources->origin->mirror;
    struct err failed = {0};
    if (*taken || !base.len)
        return true;
    while (str_ends(base, STR("/")))
        base = str_slice(base, 0, base.len - 1);
    struct str url =
        arena_printf(sources->arena, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(file->name));
    *taken = source_from_url(sources, file, url, to, &failed);
    if (!*taken && failed.code != ERR_NOT_FOUND)
        return err_set(err, failed.code, "--pack-mirror: %s", failed.text);
    return true;
}

/* ---- all files of a source ---- */

/* What the user's directory and mirror have of them; `missing` counts the rest. */
static bool source_gather(const struct pack_sources *sources, const struct pack_source *source,
                          const char *into, size_t *missing, struct err *err)
{
    *missing = 0;
    if (!file_mkdirs(AT_FDCWD, into, 0755, err))
        return false;
    for (size_t i = 0; i < source->len; i++) {
        const struct pack_file *file = &source->files[i];
        struct str to = arena_printf(sources->arena, "%s/" STR_FMT, into, STR_ARG(file->name));
        bool taken = false;
        if (!source_from_dir(sources, file, to.ptr, &taken, err) ||
            !source_from_mirror(sources, file, to.ptr, &taken, err))
            return false;
        *missing += !taken;
    }
    return true;
}

static bool source_fetch_archive(const struct pack_sources *sources, const char *word,
                                 const struct pack_source *source, const char *into,
                                 struct err *err)
{
    size_t missing;
    if (!source_gather(sources, source, into, &missing, err))
        return false;
    /* It leaves alone what is there and has the digest of the index. */
    return !missing || apt_download_source(sources->apt, word, into, sources->arena, err);
}

/* The release's own version, where the archive does not carry the newest that it names. */
static bool source_fetch_release(const struct pack_sources *sources,
                                 const struct pack_recipe *recipe, const char *into,
                                 struct pack_source *source, struct err *err)
{
    struct err failed = *err;
    struct pack_source own;
    struct str word = arena_printf(sources->arena, STR_FMT "/" STR_FMT, STR_ARG(recipe->source),
                                   STR_ARG(sources->apt->spec->release));
    if (!file_remove_tree(AT_FDCWD, into, err) ||
        !source_of_archive(sources, word.ptr, &own, err) ||
        !source_fetch_archive(sources, word.ptr, &own, into, err))
        return err_set(err, failed.code,
                       "%s; a directory that has it may be given with --pack-sources", failed.text);
    if (!str_eq(own.version, source->version)) {
        own.note =
            arena_printf(sources->arena,
                         "the archive does not carry the source of " STR_FMT " " STR_FMT
                         ", which its index names: " STR_FMT
                         " is what it is built from (to build the newer one, give its files "
                         "with --pack-sources)",
                         STR_ARG(recipe->source), STR_ARG(source->version), STR_ARG(own.version));
        source_note(sources, own.note);
    }
    *source = own;
    return true;
}

bool pack_source_fetch(const struct pack_sources *sources, const struct pack_recipe *recipe,
                       const char *into, struct pack_source *source, struct err *err)
{
    size_t missing;
    if (recipe->source.len) {
        const char *word = arena_cstr(sources->arena, recipe->source);
        return source_fetch_archive(sources, word, source, into, err) ||
               (err->code == ERR_NETWORK &&
                source_fetch_release(sources, recipe, into, source, err));
    }
    if (!source_gather(sources, source, into, &missing, err))
        return false;
    if (!missing)
        return true;
    if (sources->origin->mirror.len)
        return err_set(err, ERR_NOT_FOUND, "--pack-mirror " STR_FMT " has no " STR_FMT,
                       STR_ARG(sources->origin->mirror), STR_ARG(source->files[0].name));
    struct str to =
        arena_printf(sources->arena, "%s/" STR_FMT, into, STR_ARG(source->files[0].name));
    return source_from_url(sources, &source->files[0], recipe->url, to.ptr, err);
}
