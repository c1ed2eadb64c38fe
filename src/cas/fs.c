#include "cas/fs.h"
#include "base/mem.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct fs {
    int dirfd;
};

enum { FS_SHARD_HEX = 2, FS_PATH_MAX = 96, FS_SHARD_MAX = 16 };

static const char *const fs_space_names[] = {[CAS_BLOBS] = "sha256", [CAS_RESULTS] = "results"};

struct fs_path {
    char shard[FS_SHARD_MAX]; /* "sha256/ab" */
    char file[FS_PATH_MAX];   /* "sha256/ab/cdef..." */
};

static struct fs_path fs_path_of(enum cas_space space, const struct digest *digest)
{
    struct fs_path path;
    struct digest_hex hex = digest_to_hex(digest);
    snprintf(path.shard, sizeof path.shard, "%s/%.*s", fs_space_names[space], FS_SHARD_HEX,
             hex.text);
    snprintf(path.file, sizeof path.file, "%s/%s", path.shard, hex.text + FS_SHARD_HEX);
    return path;
}

bool fs_open(int dirfd, void **state, struct err *err)
{
    for (size_t i = 0; i < sizeof fs_space_names / sizeof *fs_space_names; i++)
        if (!file_mkdirs(dirfd, fs_space_names[i], 0777, err))
            return false;
    if (!file_sync_dir(dirfd, ".", err))
        return false;
    struct fs *fs = mem_alloc(sizeof *fs);
    fs->dirfd = dirfd;
    *state = fs;
    return true;
}

static void fs_close(void *state)
{
    mem_free(state);
}

static bool fs_make_shard(const struct fs *fs, enum cas_space space, const struct fs_path *path,
                          struct err *err)
{
    if (mkdirat(fs->dirfd, path->shard, 0777) == 0)
        return file_sync_dir(fs->dirfd, fs_space_names[space], err);
    return errno == EEXIST || err_errno(err, "creating directory %s", path->shard);
}

static bool fs_commit(void *state, enum cas_space space, const struct digest *digest, int64_t size,
                      int stage_dirfd, const char *stage, int fd, struct err *err)
{
    const struct fs *fs = state;
    struct fs_path path = fs_path_of(space, digest);
    struct stat there;
    if (!fs_make_shard(fs, space, &path, err))
        return false;
    if (space == CAS_BLOBS && fstatat(fs->dirfd, path.file, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(there.st_mode) && there.st_size == size) {
        /* Its writer may have died before it synced the directory: that is made up for below. */
        if (unlinkat(stage_dirfd, stage, 0) < 0)
            return err_errno(err, "removing a staged copy of %s", path.file);
    } else {
        if (fchmod(fd, 0444) < 0 || fsync(fd) < 0)
            return err_errno(err, "syncing %s", path.file);
        if (renameat(stage_dirfd, stage, fs->dirfd, path.file) < 0)
            return err_errno(err, "renaming %s into place", path.file);
    }
    return file_sync_dir(fs->dirfd, path.shard, err);
}

static bool fs_get(void *state, enum cas_space space, const struct digest *digest, int *fd,
                   struct err *err)
{
    const struct fs *fs = state;
    struct fs_path path = fs_path_of(space, digest);
    int opened = openat(fs->dirfd, path.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (opened < 0)
        return err_errno(err, "%s of the content store", path.file);
    *fd = opened;
    return true;
}

static bool fs_has(void *state, enum cas_space space, const struct digest *digest, bool *there,
                   struct err *err)
{
    const struct fs *fs = state;
    struct fs_path path = fs_path_of(space, digest);
    struct stat info;
    if (fstatat(fs->dirfd, path.file, &info, AT_SYMLINK_NOFOLLOW) == 0)
        *there = S_ISREG(info.st_mode);
    else if (errno == ENOENT)
        *there = false;
    else
        return err_errno(err, "%s of the content store", path.file);
    return true;
}

static bool fs_remove(void *state, enum cas_space space, const struct digest *digest,
                      struct err *err)
{
    const struct fs *fs = state;
    struct fs_path path = fs_path_of(space, digest);
    if (unlinkat(fs->dirfd, path.file, 0) < 0 && errno != ENOENT)
        return err_errno(err, "removing %s of the content store", path.file);
    return true;
}

struct fs_walk {
    cas_visit_fn *visit;
    void *visit_state;
    struct str shard;
};

static bool fs_walk_file(void *state, int dirfd, struct str name, struct err *err)
{
    struct fs_walk *walk = state;
    char hex[DIGEST_HEX + 1];
    struct cas_blob blob;
    struct stat info;
    if (name.len != DIGEST_HEX - FS_SHARD_HEX)
        return true;
    snprintf(hex, sizeof hex, STR_FMT STR_FMT, STR_ARG(walk->shard), STR_ARG(name));
    if (!digest_from_hex(str_from(hex), &blob.digest))
        return true;
    if (fstatat(dirfd, name.ptr, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || err_errno(err, "%s of the content store", hex);
    blob.size = info.st_size;
    return walk->visit(walk->visit_state, &blob, err);
}

static bool fs_walk_shard(void *state, int dirfd, struct str name, struct err *err)
{
    struct fs_walk *walk = state;
    walk->shard = name;
    return name.len != FS_SHARD_HEX || file_each(dirfd, name.ptr, fs_walk_file, walk, err);
}

static bool fs_each(void *state, enum cas_space space, cas_visit_fn *visit, void *visit_state,
                    struct err *err)
{
    const struct fs *fs = state;
    struct fs_walk walk = {visit, visit_state, STR("")};
    return file_each(fs->dirfd, fs_space_names[space], fs_walk_shard, &walk, err);
}

static bool fs_link(void *state, const struct digest *digest, int dirfd, const char *path,
                    bool *linked, struct err *err)
{
    const struct fs *fs = state;
    struct fs_path from = fs_path_of(CAS_BLOBS, digest);
    if (linkat(fs->dirfd, from.file, dirfd, path, 0) == 0)
        *linked = true;
    else if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP)
        *linked = false;
    else
        return err_errno(err, "linking %s to %s", from.file, path);
    return true;
}

const struct cas_engine fs_engine = {
    .commit = fs_commit,
    .open = fs_get,
    .has = fs_has,
    .remove = fs_remove,
    .each = fs_each,
    .link = fs_link,
    .close = fs_close,
};
