#include "index/sdist.h"
#include "base/buf.h"
#include "base/vec.h"
#include "os/fd.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { SDIST_BLOCK = 128 * 1024 };

struct sdist_reader {
    struct archive *archive;
    struct sdist_limits limits;
    struct arena *arena;
    uint64_t members, total_size;
    struct str metadata_text;
    bool has_pyproject;
    bool named; /* by its file: PKG-INFO must say the same */
    struct sdist sdist;
};

static bool sdist_broken(struct sdist_reader *reader, struct err *err)
{
    const char *reason = archive_error_string(reader->archive);
    return err_set(err, ERR_FORMAT, "not a whole archive (%s); get the file again",
                   reason ? reason : "no reason given");
}

/* The whole of a small member. */
static bool sdist_read_member(struct sdist_reader *reader, const char *name, size_t limit,
                              struct str *text, struct err *err)
{
    BUF_AUTO struct buf buf = {0};
    for (;;) {
        la_ssize_t got = archive_read_data(reader->archive, buf_space(&buf, 16384), 16384);
        if (got < 0)
            return sdist_broken(reader, err);
        if (got == 0)
            break;
        buf.len += (size_t)got;
        if (buf.len > limit)
            return err_set(err, ERR_LIMIT, "its %s has more than the %zu bytes allowed", name,
                           limit);
    }
    *text = arena_str(reader->arena, buf_str(&buf));
    return true;
}

static bool sdist_check_member(struct sdist_reader *reader, struct archive_entry *entry,
                               struct str path, struct err *err)
{
    int64_t size = archive_entry_size(entry);
    struct str bare = path;
    if (bare.len && bare.ptr[bare.len - 1] == '/')
        bare.len--;
    reader->members++;
    reader->total_size += size > 0 ? (uint64_t)size : 0;
    if (reader->members > reader->limits.members)
        return err_set(err, ERR_LIMIT, "has more than the %llu members allowed",
                       (unsigned long long)reader->limits.members);
    if (reader->total_size > reader->limits.total_size)
        return err_set(err, ERR_LIMIT, "unpacks to more than the %llu bytes allowed (a bomb?)",
                       (unsigned long long)reader->limits.total_size);
    if (bare.len && !str_eq(bare, STR(".")) && !file_path_is_safe(bare))
        return err_set(err, ERR_FORMAT,
                       "the member \"" STR_FMT "\" would be unpacked outside its directory; do not "
                       "use this file",
                       STR_ARG(str_slice(path, 0, 200)));
    return true;
}

/* Takes PKG-INFO, pyproject.toml and the presence of setup.py from the one top directory. */
static bool sdist_take(struct sdist_reader *reader, struct str path, bool regular, struct err *err)
{
    struct str top, file;
    struct sdist *sdist = &reader->sdist;
    if (!str_cut(path, '/', &top, &file) || !file.len)
        return true;
    if (!sdist->top.len)
        sdist->top = arena_str(reader->arena, top);
    if (!str_eq(sdist->top, top) || !regular)
        return true;
    if (str_eq(file, STR("setup.py"))) {
        sdist->has_setup_py = true;
    } else if (str_eq(file, STR("PKG-INFO"))) {
        sdist->has_metadata = true;
        return sdist_read_member(reader, "PKG-INFO", METADATA_LIMIT, &reader->metadata_text, err);
    } else if (str_eq(file, STR("pyproject.toml"))) {
        reader->has_pyproject = true;
        return sdist_read_member(reader, "pyproject.toml", METADATA_LIMIT, &sdist->pyproject_text,
                                 err);
    }
    return true;
}

/* Members in their order until both files are known; a project without one is read to its end. */
static bool sdist_walk(struct sdist_reader *reader, struct err *err)
{
    while (!reader->sdist.has_metadata || !reader->has_pyproject) {
        struct archive_entry *entry;
        int code = archive_read_next_header(reader->archive, &entry);
        if (code == ARCHIVE_EOF)
            break;
        if (code < ARCHIVE_WARN)
            return sdist_broken(reader, err);
        const char *name = archive_entry_pathname(entry);
        struct str path = str_from(name);
        while (str_starts(path, STR("./")))
            path = str_from_pos(path, 2);
        if (!name)
            return err_set(err, ERR_FORMAT, "a member's name is no text");
        if (!sdist_check_member(reader, entry, path, err) ||
            !sdist_take(reader, path, archive_entry_filetype(entry) == AE_IFREG, err))
            return false;
    }
    if (!reader->sdist.top.len)
        return err_set(err, ERR_FORMAT, "has no top directory, so it is not a source distribution");
    return true;
}

static bool sdist_check_truth(const struct sdist *sdist, struct err *err)
{
    struct version version;
    if (!sdist->has_metadata)
        return true;
    if (!name_eq(sdist->metadata.name, sdist->name.name))
        return err_set(err, ERR_FORMAT,
                       "its name lies: PKG-INFO says the project is \"" STR_FMT "\"; rename or "
                       "replace it",
                       STR_ARG(str_slice(sdist->metadata.name, 0, 200)));
    if (!version_try(sdist->metadata.version, &version) ||
        version_cmp(&version, &sdist->name.version) != 0)
        return err_set(err, ERR_FORMAT,
                       "its name lies: PKG-INFO says the version is \"" STR_FMT "\"; rename or "
                       "replace it",
                       STR_ARG(str_slice(sdist->metadata.version, 0, 200)));
    return true;
}

/* "dep>=1; marker" under an extra: "dep>=1; (marker) and extra == 'x'". */
static struct str sdist_under_extra(struct str dependency, struct str extra, struct arena *arena)
{
    bool url = str_has_char(str_slice(dependency, 0, str_find_char(dependency, ';')), '@');
    size_t cut = str_find(dependency, url ? STR(" ;") : STR(";"));
    struct str plain = str_trim(str_slice(dependency, 0, cut));
    struct str marker = str_trim(str_from_pos(dependency, cut + (url ? 2 : 1)));
    if (!marker.len)
        return arena_printf(arena, STR_FMT " ; extra == '" STR_FMT "'", STR_ARG(plain),
                            STR_ARG(extra));
    return arena_printf(arena, STR_FMT " ; (" STR_FMT ") and extra == '" STR_FMT "'",
                        STR_ARG(plain), STR_ARG(marker), STR_ARG(extra));
}

/*
 * A tree without PKG-INFO whose [project] leaves nothing of this to the backend (PEP 621):
 * what a build would write is known.
 */
static void sdist_declare(struct sdist_reader *reader)
{
    static const struct str needed[] = {STR_INIT("name"), STR_INIT("version"),
                                        STR_INIT("dependencies"), STR_INIT("optional-dependencies"),
                                        STR_INIT("requires-python")};
    struct sdist *sdist = &reader->sdist;
    const struct pyproject *project = &sdist->pyproject;
    VEC(struct str) requires = {0}, extras = {0};
    if (sdist->has_metadata || !project->name.len || !project->version.len)
        return;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (pyproject_is_dynamic(project, needed[i]))
            return;
    for (size_t i = 0; i < project->dependencies_len; i++)
        *vec_push(&requires, reader->arena) = project->dependencies[i];
    for (size_t i = 0; i < project->extras_len; i++) {
        const struct pyproject_extra *extra = &project->extras[i];
        *vec_push(&extras, reader->arena) = extra->name;
        for (size_t d = 0; d < extra->dependencies_len; d++)
            *vec_push(&requires, reader->arena) =
                sdist_under_extra(extra->dependencies[d], extra->name, reader->arena);
    }
    sdist->declared = true;
    sdist->metadata = (struct metadata){.name = project->name,
                                        .version = project->version,
                                        .requires_python = project->requires_python,
                                        .requires_dist = requires.at,
                                        .requires_dist_len = requires.len,
                                        .provides_extra = extras.at,
                                        .provides_extra_len = extras.len};
}

static bool sdist_parse(struct sdist_reader *reader, struct err *err)
{
    struct sdist *sdist = &reader->sdist;
    if (sdist->has_metadata &&
        !metadata_parse(reader->metadata_text, reader->arena, &sdist->metadata, err))
        return err_wrap(err, "PKG-INFO");
    if ((reader->named && !sdist_check_truth(sdist, err)) ||
        !pyproject_parse(sdist->pyproject_text, "pyproject.toml", reader->arena, &sdist->pyproject,
                         err))
        return false;
    sdist_declare(reader);
    return true;
}

static bool sdist_open(struct sdist_reader *reader, int fd, struct err *err)
{
    struct archive *archive = reader->archive;
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_zip(archive);
    if (archive_read_open_fd(archive, fd, SDIST_BLOCK) != ARCHIVE_OK)
        return sdist_broken(reader, err);
    return true;
}

static bool sdist_read_fd(struct sdist_reader *reader, int fd, struct err *err)
{
    if (!reader->limits.members)
        reader->limits.members = 500000;
    if (!reader->limits.total_size)
        reader->limits.total_size = 4ULL << 30;
    reader->archive = archive_read_new();
    bool ok = sdist_open(reader, fd, err) && sdist_walk(reader, err) && sdist_parse(reader, err);
    archive_read_free(reader->archive);
    return ok;
}

static bool sdist_open_file(int dirfd, const char *path, int *fd, struct err *err)
{
    struct stat info;
    FD_AUTO int opened = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0 || fstat(opened, &info) < 0)
        return err_errno(err, "opening %s", path);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "%s: not a regular file", path);
    *fd = fd_take(&opened);
    return true;
}

bool sdist_read(int dirfd, const char *path, struct str project, const struct sdist_limits *limits,
                struct arena *arena, struct sdist *sdist, struct err *err)
{
    struct sdist_reader reader = {.arena = arena, .named = true};
    struct str whole = str_from(path);
    size_t slash = str_rfind_char(whole, '/');
    struct str name = arena_str(arena, slash < whole.len ? str_from_pos(whole, slash + 1) : whole);
    FD_AUTO int fd = -1;
    if (limits)
        reader.limits = *limits;
    if (!sdist_open_file(dirfd, path, &fd, err) ||
        !filename_parse_sdist(name, project, arena, &reader.sdist.name, err))
        return false;
    if (!sdist_read_fd(&reader, fd, err))
        return err_wrap(err, STR_FMT, STR_ARG(name));
    *sdist = reader.sdist;
    return true;
}

bool sdist_read_tree(int dirfd, const char *path, struct arena *arena, struct sdist *sdist,
                     struct err *err)
{
    struct sdist_reader reader = {.arena = arena};
    FD_AUTO int fd = -1;
    if (!sdist_open_file(dirfd, path, &fd, err) || !sdist_read_fd(&reader, fd, err))
        return false;
    *sdist = reader.sdist;
    return true;
}

bool sdist_is_static(const struct sdist *sdist)
{
    return sdist->declared || (sdist->has_metadata && metadata_is_static(&sdist->metadata));
}
