#include "image/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "os/fd.h"
#include "os/file.h"

const struct layer_limits layer_default_limits = {(uint64_t)16 << 30, 1000000};

enum { LAYER_BLOCK = 128 << 10, LAYER_SCRATCH_MAX = 1 << 20 };

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"

struct layer {
    struct layer_root *root;
    const char *what;
    struct archive *archive;
    int parent; /* the directory of the member before, kept: neighbours come together */
    struct str parent_path;
    struct arena keep, scratch; /* parent_path; the member at hand */
    /* Of an RPM: the files that it brought so far, see layer_link_data. */
    bool is_rpm;
    struct map files;
    struct arena files_memory;
};

static bool layer_bad(const struct layer *layer, struct str member, const char *why,
                      struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: member \"" STR_FMT "\": %s", layer->what,
                   STR_ARG(str_slice(member, 0, 200)), why);
}

static bool layer_failed(const struct layer *layer, struct str member, struct err *err)
{
    return err_errno(err, "%s: cannot unpack " STR_FMT, layer->what,
                     STR_ARG(str_slice(member, 0, 200)));
}

static bool layer_unreadable(const struct layer *layer, struct err *err)
{
    const char *why = archive_error_string(layer->archive);
    return err_set(err, ERR_FORMAT, "%s: not a readable layer: %s", layer->what,
                   why ? why : "damaged");
}

/* A path as programs inside see it: links, also absolute ones, lead nowhere but into the root. */
static int layer_open_in(const struct layer_root *root, const char *path, uint64_t resolve)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
    return (int)syscall(SYS_openat2, root->dirfd, path, &how, sizeof how);
}

static int layer_open_dir(const struct layer_root *root, struct str path, struct arena *arena)
{
    const struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                 .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    const char *name = path.len ? arena_cstr(arena, path) : ".";
    return (int)syscall(SYS_openat2, root->dirfd, name, &how, sizeof how);
}

static void layer_split(struct str path, struct str *parent, struct str *name)
{
    size_t slash = str_rfind_char(path, '/');
    *parent = str_slice(path, 0, slash == path.len ? 0 : slash);
    *name = slash == path.len ? path : str_from_pos(path, slash + 1);
}

/* The directory, made with its parents where nothing is there. -1 with errno. */
static int layer_make_dir(struct layer *layer, struct str path)
{
    int fd = layer_open_dir(layer->root, path, &layer->scratch);
    if (fd >= 0 || errno != ENOENT || !path.len)
        return fd;
    struct str parent, name;
    layer_split(path, &parent, &name);
    int FD_AUTO above = layer_make_dir(layer, parent);
    if (above < 0)
        return -1;
    const char *leaf = arena_cstr(&layer->scratch, name);
    if (mkdirat(above, leaf, 0755)) /* EEXIST: a link that leads nowhere */
        return -1;
    fd = openat(above, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, 0755)) /* whatever the umask */
        fd_close(&fd);
    return fd;
}

static bool layer_enter(struct layer *layer, struct str path, struct err *err)
{
    if (layer->parent >= 0 && str_eq(path, layer->parent_path))
        return true;
    int FD_AUTO fd = layer_make_dir(layer, path);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP || errno == EEXIST))
        return layer_bad(layer, path, "a path through something that is no directory", err);
    if (fd < 0)
        return layer_failed(layer, path, err);
    fd_close(&layer->parent);
    layer->parent = fd_take(&fd);
    arena_free(&layer->keep);
    layer->parent_path = arena_str(&layer->keep, path);
    return true;
}

/* What is removed or replaced may be, or hold, the directory that is kept open. */
static void layer_forget_parent(struct layer *layer)
{
    fd_close(&layer->parent);
    layer->parent_path = (struct str){0};
}

/* ---- links ---- */

struct str layer_link_target(struct str dir, struct str target, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    size_t depth = 0, up = 0;
    struct str rest = dir, piece;
    while (dir.len && str_next(&rest, '/', &piece))
        depth++;
    bool absolute = str_starts(target, STR("/"));
    if (absolute)
        for (up = 0; up < depth; up++)
            buf_add(&out, up ? STR("/..") : STR(".."));
    size_t at = absolute ? 0 : depth; /* how deep the text has led, links in it aside */
    for (rest = target; rest.len && str_next(&rest, '/', &piece);) {
        bool above = str_eq(piece, STR(".."));
        if (!piece.len || str_eq(piece, STR(".")) || (above && at == 0))
            continue;
        at = above ? at - 1 : at + 1;
        buf_printf(&out, "%s" STR_FMT, out.len ? "/" : "", STR_ARG(piece));
    }
    return out.len ? arena_str(arena, buf_str(&out)) : STR(".");
}

/* Where the open directory really is, below the root; links may have led to it. */
static bool layer_real_dir(const struct layer *layer, struct arena *arena, struct str *dir)
{
    char real[PATH_MAX];
    const char *link = arena_printf(arena, "/proc/self/fd/%d", layer->parent).ptr;
    ssize_t len = readlink(link, real, sizeof real);
    struct str path = str_of(real, len > 0 ? (size_t)len : 0), root = str_from(layer->root->path);
    if (len <= 0 || (size_t)len == sizeof real || !str_starts(path, root))
        return false;
    path = str_from_pos(path, root.len);
    *dir = arena_str(arena, str_starts(path, STR("/")) ? str_from_pos(path, 1) : path);
    return true;
}

static bool layer_symlink(struct layer *layer, struct str says, const char *leaf, struct str path,
                          struct err *err)
{
    struct str dir;
    if (!layer_real_dir(layer, &layer->scratch, &dir))
        return layer_failed(layer, path, err);
    struct str target = layer_link_target(dir, says, &layer->scratch);
    return symlinkat(target.ptr, layer->parent, leaf) == 0 || layer_failed(layer, path, err);
}

static struct str layer_clean(struct str path)
{
    while (str_starts(path, STR("./")) || str_starts(path, STR("/")))
        path = str_from_pos(path, path.ptr[0] == '/' ? 1 : 2);
    while (str_ends(path, STR("/")))
        path = str_slice(path, 0, path.len - 1);
    return path;
}

static bool layer_hard_link(struct layer *layer, struct str to, const char *leaf, struct str path,
                            struct err *err)
{
    struct str clean = layer_clean(to), dir, name;
    if (!file_path_is_safe(clean))
        return layer_bad(layer, path, "a hard link out of the image", err);
    layer_split(clean, &dir, &name);
    int FD_AUTO from = layer_open_dir(layer->root, dir, &layer->scratch);
    const char *source = arena_cstr(&layer->scratch, name);
    struct stat info;
    if (from < 0 || fstatat(from, source, &info, AT_SYMLINK_NOFOLLOW) || S_ISDIR(info.st_mode))
        return layer_bad(layer, path, "a hard link to what is not there", err);
    return linkat(from, source, layer->parent, leaf, 0) == 0 || layer_failed(layer, path, err);
}

/* ---- members ---- */

static bool layer_count(struct layer *layer, struct archive_entry *entry, struct err *err)
{
    la_int64_t size = archive_entry_size(entry);
    struct layer_root *root = layer->root;
    root->members++;
    root->bytes += size > 0 ? (uint64_t)size : 0;
    if (root->members > root->limits->members)
        return err_set(err, ERR_LIMIT, "%s: the image has more than %llu members", layer->what,
                       (unsigned long long)root->limits->members);
    if (root->bytes > root->limits->bytes || size < 0)
        return err_set(err, ERR_LIMIT, "%s: the image unpacks to more than %llu bytes", layer->what,
                       (unsigned long long)root->limits->bytes);
    return true;
}

static bool layer_write(struct layer *layer, struct archive_entry *entry, int fd, const char *leaf,
                        struct str path, struct err *err)
{
    mode_t mode = archive_entry_perm(entry) & 0111 ? 0755 : 0644;
    for (;;) {
        const void *block;
        size_t size;
        la_int64_t offset;
        int got = archive_read_data_block(layer->archive, &block, &size, &offset);
        if (got == ARCHIVE_EOF)
            break;
        if (got != ARCHIVE_OK)
            return layer_unreadable(layer, err);
        if (lseek(fd, offset, SEEK_SET) < 0 || !file_write_all(fd, leaf, str_of(block, size), err))
            return err_wrap(err, "%s", layer->what);
    }
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                      {.tv_sec = archive_entry_mtime(entry)}};
    /* A sparse file's last hole is in its size alone. */
    return (ftruncate(fd, archive_entry_size(entry)) == 0 && fchmod(fd, mode) == 0 &&
            futimens(fd, times) == 0) ||
           layer_failed(layer, path, err);
}

static bool layer_file(struct layer *layer, struct archive_entry *entry, const char *leaf,
                       struct str path, struct err *err)
{
    int FD_AUTO fd =
        openat(layer->parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return layer_failed(layer, path, err);
    if (layer->is_rpm)
        *map_at(&layer->files, &layer->files_memory, arena_str(&layer->files_memory, path)) = layer;
    return layer_write(layer, entry, fd, leaf, path, err);
}

/*
 * In cpio the bytes of a file with several names come with the last of them. They may go into a
 * file that this package brought, never into one that is shared with another root.
 */
static bool layer_link_data(struct layer *layer, struct archive_entry *entry, struct str to,
                            const char *leaf, struct str path, struct err *err)
{
    if (!layer->is_rpm || archive_entry_size(entry) <= 0)
        return true;
    if (!map_get(&layer->files, layer_clean(to)))
        return layer_bad(layer, path, "a hard link with bytes for a file of another", err);
    int FD_AUTO fd = openat(layer->parent, leaf, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return layer_failed(layer, path, err);
    return layer_write(layer, entry, fd, leaf, path, err);
}

/* A directory stays with what is in it; anything else at its place goes. */
static bool layer_directory(struct layer *layer, struct archive_entry *entry, const char *leaf,
                            struct str path, struct err *err)
{
    struct stat info;
    bool is_open = (archive_entry_perm(entry) & 01002) == 01002; /* /tmp */
    if (fstatat(layer->parent, leaf, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode) &&
        unlinkat(layer->parent, leaf, 0))
        return layer_failed(layer, path, err);
    if (mkdirat(layer->parent, leaf, 0755) && errno != EEXIST)
        return layer_failed(layer, path, err);
    int FD_AUTO fd = openat(layer->parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return (fd >= 0 && fchmod(fd, is_open ? 01777 : 0755) == 0) || layer_failed(layer, path, err);
}

/* libarchive converts names to the locale's character set, which has no place in a path. */
static struct str layer_text(const char *utf8, const char *plain)
{
    return str_from(utf8 ? utf8 : plain);
}

static bool layer_member(struct layer *layer, struct archive_entry *entry, struct str path,
                         struct err *err)
{
    struct str dir, name;
    mode_t type = archive_entry_filetype(entry);
    struct str hard = layer_text(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
    layer_split(path, &dir, &name);
    if (str_starts(name, STR(WHITEOUT))) /* done before the first member */
        return true;
    if (!hard.len && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
        return true; /* devices, fifos, sockets: not for plain users, and nobody needs them */
    if (!layer_enter(layer, dir, err))
        return false;
    const char *leaf = arena_cstr(&layer->scratch, name);
    if (!hard.len && type == AE_IFDIR)
        return layer_directory(layer, entry, leaf, path, err);
    if (!file_remove_tree(layer->parent, leaf, err))
        return err_wrap(err, "%s", layer->what);
    if (hard.len)
        return layer_hard_link(layer, hard, leaf, path, err) &&
               layer_link_data(layer, entry, hard, leaf, path, err);
    if (type == AE_IFREG)
        return layer_file(layer, entry, leaf, path, err);
    return layer_symlink(
        layer, layer_text(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry)), leaf,
        path, err);
}

/* ---- whiteouts ---- */

static bool layer_remove_one(void *state, int dirfd, struct str name, struct err *err)
{
    struct layer *layer = state;
    return file_remove_tree(dirfd, arena_cstr(&layer->scratch, name), err);
}

/*
 * The first pass: nothing is written before the whole layer is known to be within the limits, and
 * whiteouts take away of lower layers only, so they come before the layer's own members.
 */
static bool layer_whiteout(struct layer *layer, struct archive_entry *entry, struct str path,
                           struct err *err)
{
    struct str dir, name;
    layer_split(path, &dir, &name);
    if (!layer_count(layer, entry, err))
        return false;
    if (!str_starts(name, STR(WHITEOUT)))
        return true;
    int FD_AUTO fd = layer_open_dir(layer->root, dir, &layer->scratch);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || layer_failed(layer, path, err);
    if (str_eq(name, STR(OPAQUE)))
        return file_each(fd, ".", layer_remove_one, layer, err);
    struct str gone = str_from_pos(name, sizeof WHITEOUT - 1);
    if (str_starts(gone, STR(WHITEOUT))) /* other notes of a file system that is no more */
        return true;
    if (!file_path_is_safe(gone))
        return layer_bad(layer, path, "a whiteout of nothing", err);
    return file_remove_tree(fd, arena_cstr(&layer->scratch, gone), err);
}

static bool layer_count_only(struct layer *layer, struct archive_entry *entry, struct str path,
                             struct err *err)
{
    (void)path;
    return layer_count(layer, entry, err);
}

/* ---- one pass over the archive ---- */

typedef bool layer_visit_fn(struct layer *layer, struct archive_entry *entry, struct str path,
                            struct err *err);

static bool layer_visit(struct layer *layer, layer_visit_fn *visit, struct err *err)
{
    struct archive_entry *entry;
    int got;
    while ((got = archive_read_next_header(layer->archive, &entry)) == ARCHIVE_OK ||
           got == ARCHIVE_WARN) {
        struct str raw =
            layer_text(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
        struct str path = layer_clean(raw);
        if (path.len == 0 || str_eq(path, STR(".")))
            continue;
        if (!file_path_is_safe(path) || path.len >= PATH_MAX)
            return layer_bad(layer, raw, "an unsafe path", err);
        if (!visit(layer, entry, path, err))
            return false;
        if (layer->scratch.bytes > LAYER_SCRATCH_MAX)
            arena_free(&layer->scratch);
    }
    return got == ARCHIVE_EOF || layer_unreadable(layer, err);
}

static bool layer_pass(struct layer *layer, int fd, layer_visit_fn *visit, struct err *err)
{
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "%s", layer->what);
    layer->archive = archive_read_new();
    if (layer->is_rpm) {
        archive_read_support_format_cpio(layer->archive);
        archive_read_support_filter_rpm(layer->archive);
        archive_read_support_filter_xz(layer->archive);
        archive_read_support_filter_bzip2(layer->archive);
    } else {
        archive_read_support_format_tar(layer->archive);
    }
    archive_read_support_filter_gzip(layer->archive);
    archive_read_support_filter_zstd(layer->archive);
    bool ok = archive_read_open_fd(layer->archive, fd, LAYER_BLOCK) == ARCHIVE_OK
                  ? layer_visit(layer, visit, err)
                  : layer_unreadable(layer, err);
    archive_read_free(layer->archive);
    layer_forget_parent(layer);
    arena_free(&layer->keep);
    arena_free(&layer->scratch);
    return ok;
}

bool layer_apply(struct layer_root *root, int fd, const char *what, struct err *err)
{
    struct layer layer = {.root = root, .what = what, .parent = -1};
    return layer_pass(&layer, fd, layer_whiteout, err) && layer_pass(&layer, fd, layer_member, err);
}

bool layer_apply_rpm(struct layer_root *root, int fd, const char *what, struct err *err)
{
    struct layer layer = {.root = root, .what = what, .parent = -1, .is_rpm = true};
    bool ok =
        layer_pass(&layer, fd, layer_count_only, err) && layer_pass(&layer, fd, layer_member, err);
    arena_free(&layer.files_memory);
    return ok;
}

/* ---- the last look ---- */

struct layer_looking {
    const struct layer_root *root;
    struct str dir; /* below the root, with a slash at the end unless empty */
    unsigned depth;
};

enum { LAYER_DEPTH_MAX = 256 };

static bool layer_look(void *state, int dirfd, struct str name, struct err *err)
{
    const struct layer_looking *looking = state;
    ARENA_AUTO struct arena arena = {0};
    struct stat info;
    const char *leaf = arena_cstr(&arena, name);
    struct str path = arena_printf(&arena, STR_FMT STR_FMT, STR_ARG(looking->dir), STR_ARG(name));
    if (fstatat(dirfd, leaf, &info, AT_SYMLINK_NOFOLLOW))
        return err_errno(err, "looking at " STR_FMT, STR_ARG(path));
    if (S_ISDIR(info.st_mode)) {
        struct layer_looking below = {
            looking->root, arena_printf(&arena, STR_FMT "/", STR_ARG(path)), looking->depth + 1};
        if (below.depth > LAYER_DEPTH_MAX)
            return err_set(err, ERR_LIMIT, "the image has folders more than %d deep",
                           LAYER_DEPTH_MAX);
        return file_each(dirfd, leaf, layer_look, &below, err);
    }
    if (!S_ISLNK(info.st_mode))
        return true;
    int FD_AUTO fd = layer_open_in(looking->root, path.ptr, RESOLVE_BENEATH);
    return fd >= 0 || errno != EXDEV ||
           err_set(err, ERR_FORMAT, "the image has a link " STR_FMT " that leads out of it",
                   STR_ARG(path));
}

bool layer_check_links(const struct layer_root *root, struct err *err)
{
    struct layer_looking looking = {.root = root};
    return file_each(root->dirfd, ".", layer_look, &looking, err);
}
