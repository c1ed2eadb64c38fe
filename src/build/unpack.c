#include "build/unpack.h"
#include "base/buf.h"
#include "jail/jail.h"
#include "os/fd.h"
#include "os/file.h"
#include "wheelfile/wheelfile.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct unpack_limits unpack_default_limits = {.bytes = 4ull << 30, .members = 200000};

enum { UNPACK_CHUNK = 1 << 17, UNPACK_MEMORY = 1 << 30, UNPACK_WALL_MS = 600000 };

/* What one unpacking has used of its limits. */
struct unpack_budget {
    const char *archive;
    const struct unpack_limits *limits;
    uint64_t bytes, members;
};

static bool unpack_spend(struct unpack_budget *budget, uint64_t bytes, uint64_t members,
                         struct err *err)
{
    budget->bytes += bytes;
    budget->members += members;
    if (budget->bytes > budget->limits->bytes)
        return err_set(err, ERR_LIMIT, "%s: unpacks to more than %llu bytes", budget->archive,
                       (unsigned long long)budget->limits->bytes);
    if (budget->members > budget->limits->members)
        return err_set(err, ERR_LIMIT, "%s: has more than %llu members", budget->archive,
                       (unsigned long long)budget->limits->members);
    return true;
}

/* ---- wheels ---- */

/* Where a wheel's member belongs: `base` becomes the directory, `path` what is below it. */
static bool unpack_wheel_place(struct str name, int dir, int scripts, int *base, struct str *path)
{
    struct str top, rest, category, below;
    *base = dir;
    *path = name;
    if (!str_cut(name, '/', &top, &rest) || !str_ends(top, STR(".data")))
        return true;
    str_cut(rest, '/', &category, &below);
    *path = below;
    if (str_eq(category, STR("scripts")))
        *base = scripts;
    else if (!str_eq(category, STR("purelib")) && !str_eq(category, STR("platlib")))
        *base = -1;
    return *base >= 0;
}

static bool unpack_make_parents(int base, struct arena *arena, struct str path, struct err *err)
{
    size_t slash = str_rfind_char(path, '/');
    return slash == path.len ||
           file_mkdirs(base, arena_cstr(arena, str_slice(path, 0, slash)), 0755, err);
}

struct unpack_file {
    int fd;
    const char *name;
};

static bool unpack_piece(void *state, struct str piece, struct err *err)
{
    const struct unpack_file *file = state;
    return file_write_all(file->fd, file->name, piece, err);
}

static bool unpack_wheel_member(struct wheelfile *wheel, const struct wheelfile_member *member,
                                int base, struct str path, bool script, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    const char *name = arena_cstr(&scratch, path);
    if (!unpack_make_parents(base, &scratch, path, err))
        return false;
    FD_AUTO int fd = openat(base, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                            script || (member->mode & 0100) ? 0755 : 0644);
    if (fd < 0)
        return err_errno(err, "creating %s", name);
    struct unpack_file file = {fd, name};
    return wheelfile_each_piece(wheel, member, unpack_piece, &file, err);
}

bool unpack_wheel(const char *path, const char *dir, const char *scripts_dir,
                  const struct unpack_limits *limits, struct err *err)
{
    struct unpack_budget budget = {.archive = path, .limits = limits};
    FD_AUTO int base = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FD_AUTO int scripts = scripts_dir ? open(scripts_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (base < 0 || (scripts_dir && scripts < 0))
        return err_errno(err, "opening %s", base < 0 ? dir : scripts_dir);
    WHEELFILE_AUTO struct wheelfile *wheel = NULL;
    if (!wheelfile_open(path, &wheel, err))
        return false;
    size_t count;
    const struct wheelfile_member *members = wheelfile_members(wheel, &count);
    for (size_t i = 0; i < count; i++) {
        struct str place;
        int into;
        if (!unpack_spend(&budget, members[i].size, 1, err))
            return false;
        if (!members[i].directory &&
            unpack_wheel_place(members[i].path, base, scripts, &into, &place) &&
            !unpack_wheel_member(wheel, &members[i], into, place, into == scripts, err))
            return false;
    }
    return true;
}

/* ---- sdists ---- */

/* The name without "./" in front, which tar adds when it was given ".", and "/" behind. */
static struct str unpack_plain(struct str path)
{
    while (str_starts(path, STR("./")))
        path = str_from_pos(path, 2);
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Plain path without the top directory; empty for the top itself. */
static struct str unpack_below_top(struct str path)
{
    struct str top, rest;
    str_cut(path, '/', &top, &rest);
    return rest;
}

/*
 * Whether a symbolic link at `below` stays in the tree: some ".." first, no more than it is deep,
 * then names only. A ".." behind a name could climb through another link.
 */
static bool unpack_link_is_inside(struct str below, struct str target)
{
    size_t depth = 0;
    bool names = false;
    struct str rest = target, part;
    for (size_t i = 0; i < below.len; i++)
        depth += below.ptr[i] == '/';
    if (!target.len || target.ptr[0] == '/')
        return false;
    while (str_next(&rest, '/', &part)) {
        if (!str_eq(part, STR("..")))
            names = names || (part.len && !str_eq(part, STR(".")));
        else if (names || !depth--)
            return false;
    }
    return true;
}

static bool unpack_entry_is_safe(struct archive_entry *entry, struct str below, struct str link)
{
    __LA_MODE_T type = archive_entry_filetype(entry);
    if (link.len)
        return file_path_is_safe(link) && unpack_below_top(link).len;
    if (type == AE_IFLNK)
        return unpack_link_is_inside(below, str_from(archive_entry_symlink(entry)));
    return type == AE_IFREG || type == AE_IFDIR;
}

/* Sets where the entry goes: relative to the working directory of the unpacking. */
static bool unpack_rename(struct archive_entry *entry, const char *archive, struct arena *scratch,
                          bool *wanted, struct err *err)
{
    struct str path = unpack_plain(str_from(archive_entry_pathname(entry)));
    struct str link = unpack_plain(str_from(archive_entry_hardlink(entry)));
    struct str below = unpack_below_top(path);
    *wanted = below.len > 0;
    if (!path.len || str_eq(path, STR(".")))
        return true;
    if (!file_path_is_safe(path))
        return err_set(err, ERR_FORMAT, "%s: member name " STR_FMT " leads elsewhere", archive,
                       STR_ARG(path));
    if (!*wanted)
        return true;
    if (!unpack_entry_is_safe(entry, below, link))
        return err_set(err, ERR_FORMAT,
                       "%s: member " STR_FMT " is a device or leads outside the archive", archive,
                       STR_ARG(path));
    archive_entry_set_pathname(entry, arena_cstr(scratch, below));
    if (link.len)
        archive_entry_set_hardlink(entry, arena_cstr(scratch, unpack_below_top(link)));
    if (archive_entry_filetype(entry) != AE_IFLNK) /* readable and writable by the build */
        archive_entry_set_perm(entry, archive_entry_filetype(entry) == AE_IFDIR ||
                                              (archive_entry_perm(entry) & 0100)
                                          ? 0755
                                          : 0644);
    return true;
}

static bool unpack_entry_bytes(struct archive *in, struct archive *out,
                               struct unpack_budget *budget, struct err *err)
{
    const void *block;
    size_t len;
    la_int64_t offset;
    int status;
    while ((status = archive_read_data_block(in, &block, &len, &offset)) == ARCHIVE_OK) {
        if (!unpack_spend(budget, len, 0, err))
            return false;
        if (archive_write_data_block(out, block, len, offset) != ARCHIVE_OK)
            return err_set(err, ERR_SYSTEM, "%s: unpacking: %s", budget->archive,
                           archive_error_string(out));
    }
    if (status != ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, "%s: damaged: %s", budget->archive,
                       archive_error_string(in));
    return true;
}

static bool unpack_tar(struct archive *in, struct archive *out, struct unpack_budget *budget,
                       struct err *err)
{
    struct archive_entry *entry;
    int status;
    while ((status = archive_read_next_header(in, &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        ARENA_AUTO struct arena scratch = {0};
        bool wanted;
        if (!unpack_spend(budget, 0, 1, err) ||
            !unpack_rename(entry, budget->archive, &scratch, &wanted, err))
            return false;
        if (!wanted)
            continue;
        if (archive_write_header(out, entry) != ARCHIVE_OK)
            return err_set(err, ERR_FORMAT, "%s: unpacking %s: %s", budget->archive,
                           archive_entry_pathname(entry), archive_error_string(out));
        if (!unpack_entry_bytes(in, out, budget, err))
            return false;
    }
    if (status != ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, "%s: damaged: %s", budget->archive,
                       archive_error_string(in));
    return true;
}

/* The archive that is open as `fd`, called `sdist` in messages, into `dir`. */
static bool unpack_sdist_fd(int fd, const char *sdist, const char *dir,
                            const struct unpack_limits *limits, struct err *err)
{
    struct unpack_budget budget = {.archive = sdist, .limits = limits};
    FD_AUTO int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct archive *in = archive_read_new(), *out = archive_write_disk_new();
    /* By name: "all" has filters that start programs of this machine on what came from outside. */
    archive_read_support_filter_gzip(in);
    archive_read_support_filter_bzip2(in);
    archive_read_support_filter_xz(in);
    archive_read_support_filter_zstd(in);
    archive_read_support_format_tar(in);
    archive_read_support_format_zip(in);
    /* Paths are relative to the directory: libarchive refuses what leaves it, links included. */
    archive_write_disk_set_options(out, ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                            ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                            ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS |
                                            ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM);
    bool ok;
    if (back < 0)
        ok = err_errno(err, "opening the working directory");
    else if (archive_read_open_fd(in, fd, UNPACK_CHUNK) != ARCHIVE_OK)
        ok = err_set(err, ERR_FORMAT, "%s: not a readable archive: %s", sdist,
                     archive_error_string(in));
    else if (chdir(dir) < 0)
        ok = err_errno(err, "entering %s", dir);
    else
        ok = unpack_tar(in, out, &budget, err);
    archive_write_free(out);
    archive_read_free(in);
    if (back >= 0 && fchdir(back) < 0)
        return ok ? err_errno(err, "returning to the working directory") : false;
    return ok;
}

static int unpack_open(const char *sdist, struct err *err)
{
    int fd = open(sdist, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)!err_errno(err, "opening %s", sdist);
    return fd;
}

bool unpack_sdist(const char *sdist, const char *dir, const struct unpack_limits *limits,
                  struct err *err)
{
    FD_AUTO int fd = unpack_open(sdist, err);
    return fd >= 0 && unpack_sdist_fd(fd, sdist, dir, limits, err);
}

/* ---- the same in a jail ---- */

#define UNPACK_TREE "/tree"

struct unpack_call {
    const char *sdist;
    const struct unpack_limits *limits;
};

/* In the jail: the archive is standard input; a failure's text goes out, its code is the status. */
static int unpack_inside(void *state)
{
    const struct unpack_call *call = state;
    struct err err = {0};
    if (unpack_sdist_fd(STDIN_FILENO, call->sdist, UNPACK_TREE, call->limits, &err))
        return 0;
    struct err ignored;
    (void)!file_write_all(STDOUT_FILENO, "the failure", str_from(err.text), &ignored);
    return (int)err.code;
}

static void unpack_hear(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

bool unpack_sdist_in_jail(const char *sdist, const char *dir, const char *root,
                          const struct unpack_limits *limits, struct err *err)
{
    BUF_AUTO struct buf said = {0};
    ARENA_AUTO struct arena scratch = {0};
    struct jail_result ended;
    struct unpack_call call = {sdist, limits};
    FD_AUTO int fd = unpack_open(sdist, err);
    if (fd < 0)
        return false;
    archive_read_free(archive_read_new()); /* loads the library: inside there is none */
    const struct jail_mount tree = {.kind = JAIL_RW, .source = dir, .target = UNPACK_TREE};
    const struct jail_spec jail = {.root = root,
                                   .mounts = &tree,
                                   .mount_count = 1,
                                   .call = unpack_inside,
                                   .call_state = &call,
                                   .input = fd,
                                   .uid = 1000,
                                   .gid = 1000,
                                   .limits = {.memory_bytes = UNPACK_MEMORY,
                                              .pids = 4,
                                              .scratch_bytes = limits->bytes * 2,
                                              .wall_ms = UNPACK_WALL_MS,
                                              .output_bytes = sizeof err->text}};
    if (!jail_run(&jail, unpack_hear, &said, &ended, err))
        return false;
    if (ended.end == JAIL_EXITED && ended.code == 0)
        return true;
    struct str end = jail_describe(&ended, &jail.limits, &scratch);
    if (ended.end == JAIL_EXITED && buf_str(&said).len)
        return err_set(err,
                       ended.code == ERR_SYSTEM || ended.code == ERR_LIMIT
                           ? (enum err_code)ended.code
                           : ERR_FORMAT,
                       STR_FMT, STR_ARG(buf_str(&said)));
    return err_set(err, ended.end == JAIL_DISK ? ERR_SYSTEM : ERR_FORMAT,
                   "%s: unpacking it ended early: " STR_FMT, sdist, STR_ARG(end));
}
