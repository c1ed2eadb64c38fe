#include "image/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/merged.h"
#include "os/fd.h"
#include "os/file.h"

const struct deb_limits deb_default_limits = {(uint64_t)8 << 30, 500000};

enum { DEB_CONTROL_MAX = 1 << 20, DEB_BLOCK = 64 << 10 };

struct deb {
    const char *path;
    struct archive *outer; /* the ar members */
    struct archive *inner; /* the tar in the current one */
    int dir, data;         /* <dir> and <dir>/data */
    int parent;            /* the directory of the member before, kept: neighbours come together */
    struct str parent_path;
    struct arena arena;
    uint64_t bytes, members;
    const struct deb_limits *limits;
};

static bool deb_bad(const struct deb *deb, struct str member, const char *why, struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: member \"" STR_FMT "\": %s", deb->path,
                   STR_ARG(str_slice(member, 0, 200)), why);
}

static bool deb_archive_error(const struct deb *deb, struct archive *archive, struct err *err)
{
    const char *why = archive_error_string(archive);
    return err_set(err, ERR_FORMAT, "%s: not a readable Debian package: %s", deb->path,
                   why ? why : "damaged");
}

/* Left out of every root: nothing that builds or imports reads them. */
static const char *const deb_left_out[] = {
    "usr/share/man/",      "usr/share/locale/", "usr/share/info/", "usr/share/lintian/",
    "usr/share/doc-base/", "usr/share/bug/",    "usr/share/help/", NULL};

static bool deb_is_wanted(struct str path, bool is_link)
{
    for (size_t i = 0; deb_left_out[i]; i++)
        if (str_starts(path, str_from(deb_left_out[i])))
            return false;
    if (str_starts(path, STR("usr/share/doc/")))
        return is_link || str_ends(path, STR("/copyright"));
    return true;
}

/* The directory opened part by part, made where missing; a link among them is refused. */
static bool deb_enter(struct deb *deb, struct str path, struct err *err)
{
    if (deb->parent >= 0 && str_eq(path, deb->parent_path))
        return true;
    int FD_AUTO fd = fcntl(deb->data, F_DUPFD_CLOEXEC, 0);
    struct str rest = path, piece;
    while (fd >= 0 && path.len && str_next(&rest, '/', &piece)) {
        const char *name = arena_cstr(&deb->arena, piece);
        int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 && errno == ENOENT && mkdirat(fd, name, 0755) == 0) {
            next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (next >= 0 && fchmod(next, 0755)) /* whatever the umask */
                fd_close(&next);
        }
        if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
            return deb_bad(deb, path, "a path through something that is no directory", err);
        fd_close(&fd);
        fd = next;
    }
    if (fd < 0)
        return err_errno(err, "cannot unpack %s: directory " STR_FMT, deb->path, STR_ARG(path));
    fd_close(&deb->parent);
    deb->parent = fd_take(&fd);
    deb->parent_path = arena_str(&deb->arena, path);
    return true;
}

static void deb_split(struct str path, struct str *parent, struct str *name)
{
    size_t slash = str_rfind_char(path, '/');
    *parent = str_slice(path, 0, slash == path.len ? 0 : slash);
    *name = slash == path.len ? path : str_from_pos(path, slash + 1);
}

static bool deb_write_file(struct deb *deb, struct archive_entry *entry, const char *name,
                           struct str path, struct err *err)
{
    mode_t mode = archive_entry_perm(entry) & 0111 ? 0755 : 0644;
    int FD_AUTO fd =
        openat(deb->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, "cannot unpack %s: " STR_FMT, deb->path, STR_ARG(path));
    for (;;) {
        const void *block;
        size_t size;
        la_int64_t offset;
        int got = archive_read_data_block(deb->inner, &block, &size, &offset);
        if (got == ARCHIVE_EOF)
            break;
        if (got != ARCHIVE_OK)
            return deb_archive_error(deb, deb->inner, err);
        deb->bytes += size;
        if (deb->bytes > deb->limits->bytes)
            return err_set(err, ERR_LIMIT, "%s: unpacks to more than %llu bytes", deb->path,
                           (unsigned long long)deb->limits->bytes);
        if (lseek(fd, offset, SEEK_SET) < 0 || !file_write_all(fd, name, str_of(block, size), err))
            return err_wrap(err, "cannot unpack %s", deb->path);
    }
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                      {.tv_sec = archive_entry_mtime(entry)}};
    /* The process's umask must not decide what others may read. */
    if (fchmod(fd, mode) || futimens(fd, times))
        return err_errno(err, "cannot unpack %s: " STR_FMT, deb->path, STR_ARG(path));
    return true;
}

/* tar's own paths: "./usr/bin/x", directories with a slash at the end. */
static struct str deb_clean(struct str path)
{
    while (str_starts(path, STR("./")))
        path = str_from_pos(path, 2);
    while (str_ends(path, STR("/")))
        path = str_slice(path, 0, path.len - 1);
    return path;
}

static bool deb_hard_link(struct deb *deb, struct str to, const char *name, struct err *err)
{
    struct str clean = deb_clean(to), from_dir, from_name;
    if (!file_path_is_safe(clean))
        return deb_bad(deb, to, "a hard link out of the package", err);
    deb_split(merged_path(&deb->arena, clean), &from_dir, &from_name);
    int FD_AUTO here = fd_take(&deb->parent);
    deb->parent_path = (struct str){0};
    if (!deb_enter(deb, from_dir, err))
        return false;
    bool ok = linkat(deb->parent, arena_cstr(&deb->arena, from_name), here, name, 0) == 0;
    return ok || err_errno(err, "cannot unpack %s: link to " STR_FMT, deb->path, STR_ARG(to));
}

static bool deb_member(struct deb *deb, struct archive_entry *entry, struct err *err)
{
    struct str raw = str_from(archive_entry_pathname(entry)), path = deb_clean(raw), dir, name;
    mode_t type = archive_entry_filetype(entry);
    const char *hard = archive_entry_hardlink(entry);
    if (path.len == 0 || str_eq(path, STR(".")))
        return true;
    if (!file_path_is_safe(path))
        return deb_bad(deb, raw, "an unsafe path", err);
    struct str merged = merged_path(&deb->arena, path);
    bool is_dir = type == AE_IFDIR && !hard, is_link = type == AE_IFLNK && !hard;
    struct str tested = is_dir ? arena_printf(&deb->arena, STR_FMT "/", STR_ARG(merged)) : merged;
    if (!deb_is_wanted(tested, is_link) || (merged_is_top(path) && is_link))
        return true;
    if (is_dir)
        return deb_enter(deb, merged, err);
    deb_split(merged, &dir, &name);
    if (!deb_enter(deb, dir, err))
        return false;
    const char *leaf = arena_cstr(&deb->arena, name);
    if (hard)
        return deb_hard_link(deb, str_from(hard), leaf, err);
    if (type == AE_IFREG)
        return deb_write_file(deb, entry, leaf, path, err);
    if (type != AE_IFLNK)
        return true; /* devices, fifos, sockets: not for plain users, and nobody needs them */
    struct str says = merged_target(&deb->arena, path, str_from(archive_entry_symlink(entry)));
    return symlinkat(arena_cstr(&deb->arena, says), deb->parent, leaf) == 0 ||
           err_errno(err, "cannot unpack %s: " STR_FMT, deb->path, STR_ARG(raw));
}

/* The control file alone; the maintainer scripts beside it are never run, so never written. */
static bool deb_control(struct deb *deb, struct archive_entry *entry, struct err *err)
{
    if (!str_eq(deb_clean(str_from(archive_entry_pathname(entry))), STR("control")))
        return true;
    la_int64_t size = archive_entry_size(entry);
    if (size < 0 || size > DEB_CONTROL_MAX)
        return deb_bad(deb, STR("control"), "larger than 1 MiB", err);
    char *text = arena_alloc(&deb->arena, (size_t)size + 1);
    la_ssize_t got = archive_read_data(deb->inner, text, (size_t)size);
    if (got != size)
        return deb_archive_error(deb, deb->inner, err);
    int FD_AUTO fd = openat(deb->dir, "control", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, "cannot unpack %s: control", deb->path);
    return file_write_all(fd, "control", str_of(text, (size_t)size), err);
}

static la_ssize_t deb_feed(struct archive *inner, void *state, const void **block)
{
    struct deb *deb = state;
    size_t size = 0;
    la_int64_t offset;
    int got = archive_read_data_block(deb->outer, block, &size, &offset);
    if (got == ARCHIVE_EOF)
        return 0;
    if (got == ARCHIVE_OK)
        return (la_ssize_t)size;
    archive_set_error(inner, EIO, "%s", "truncated");
    return -1;
}

static bool deb_tar(struct deb *deb, bool is_control, struct err *err)
{
    bool ok = true;
    struct archive_entry *entry;
    deb->inner = archive_read_new();
    archive_read_support_format_tar(deb->inner);
    archive_read_support_filter_xz(deb->inner);
    archive_read_support_filter_zstd(deb->inner);
    archive_read_support_filter_gzip(deb->inner);
    archive_read_support_filter_bzip2(deb->inner);
    int got = archive_read_open(deb->inner, deb, NULL, deb_feed, NULL);
    while (ok && got == ARCHIVE_OK) {
        got = archive_read_next_header(deb->inner, &entry);
        if (got != ARCHIVE_OK)
            break;
        if (++deb->members > deb->limits->members)
            ok = err_set(err, ERR_LIMIT, "%s: more than %llu members", deb->path,
                         (unsigned long long)deb->limits->members);
        else if (!archive_entry_pathname(entry))
            ok = deb_bad(deb, STR("?"), "no name", err);
        else
            ok = is_control ? deb_control(deb, entry, err) : deb_member(deb, entry, err);
    }
    if (ok && got != ARCHIVE_EOF)
        ok = deb_archive_error(deb, deb->inner, err);
    archive_read_free(deb->inner);
    deb->inner = NULL;
    return ok;
}

static bool deb_members(struct deb *deb, struct err *err)
{
    bool control = false, data = false;
    struct archive_entry *entry;
    int got;
    while ((got = archive_read_next_header(deb->outer, &entry)) == ARCHIVE_OK) {
        struct str name = str_from(archive_entry_pathname(entry));
        bool is_control = str_starts(name, STR("control.tar"));
        if (!is_control && !str_starts(name, STR("data.tar")))
            continue;
        if (!deb_tar(deb, is_control, err))
            return false;
        control = control || is_control;
        data = data || !is_control;
    }
    if (got != ARCHIVE_EOF)
        return deb_archive_error(deb, deb->outer, err);
    if (!control || !data)
        return err_set(err, ERR_FORMAT, "%s: not a Debian package: no %s", deb->path,
                       control ? "data.tar" : "control.tar");
    return true;
}

bool deb_unpack(const char *path, const char *dir, const struct deb_limits *limits, struct err *err)
{
    int FD_AUTO dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0 || mkdirat(dirfd, "data", 0755))
        return err_errno(err, "cannot unpack into %s", dir);
    int FD_AUTO data = openat(dirfd, "data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data < 0)
        return err_errno(err, "cannot open %s/data", dir);
    struct deb deb = {.path = path, .dir = dirfd, .data = data, .parent = -1, .limits = limits};
    deb.outer = archive_read_new();
    archive_read_support_format_ar(deb.outer);
    bool ok = archive_read_open_filename(deb.outer, path, DEB_BLOCK) == ARCHIVE_OK
                  ? deb_members(&deb, err)
                  : deb_archive_error(&deb, deb.outer, err);
    archive_read_free(deb.outer);
    fd_close(&deb.parent);
    arena_free(&deb.arena);
    return ok;
}
