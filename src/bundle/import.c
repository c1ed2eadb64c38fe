#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "os/fd.h"
#include "os/file.h"

enum { IMPORT_BLOCK = 1 << 17 };

struct import {
    struct arena arena;
    const char *file, *cache;
    const char *stage; /* "<cache>/import-XXXXXX" */
    struct archive *archive;
    struct bundle bundle;
    struct bundle_summary summary;
};

static bool import_damaged(const struct import *import, struct err *err)
{
    const char *reason = archive_error_string(import->archive);
    return err_set(err, ERR_FORMAT, "damaged or cut short (%s); get the file again",
                   reason ? reason : "no reason given");
}

/* The next member, which must have that name: nothing else belongs into a bundle. */
static bool import_next(struct import *import, const char *name, struct archive_entry **entry,
                        struct err *err)
{
    int code = archive_read_next_header(import->archive, entry);
    if (code == ARCHIVE_EOF)
        return err_set(err, ERR_FORMAT, "ends before %s; get the file again", name);
    if (code != ARCHIVE_OK)
        return import_damaged(import, err);
    const char *found = archive_entry_pathname(*entry);
    if (archive_entry_filetype(*entry) != AE_IFREG || archive_entry_hardlink(*entry) || !found ||
        !str_eq(str_from(found), str_from(name)))
        return err_set(err, ERR_FORMAT, "has \"%.200s\" where %s belongs; do not use this file",
                       found ? found : "?", name);
    return true;
}

/* ---- the manifest ---- */

static bool import_manifest(struct import *import, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    struct archive_entry *entry;
    if (!import_next(import, "manifest.json", &entry, err))
        return false;
    for (;;) {
        la_ssize_t got =
            archive_read_data(import->archive, buf_space(&text, IMPORT_BLOCK), IMPORT_BLOCK);
        if (got < 0)
            return import_damaged(import, err);
        if (got == 0)
            break;
        text.len += (size_t)got;
        if (text.len > BUNDLE_MANIFEST_LIMIT)
            return err_set(err, ERR_LIMIT, "its manifest is larger than the %d bytes allowed",
                           BUNDLE_MANIFEST_LIMIT);
    }
    return bundle_read(buf_str(&text), &import->arena, &import->bundle, err);
}

static bool import_has_room(const struct import *import, struct err *err)
{
    struct statvfs disk;
    if (statvfs(import->cache, &disk) < 0)
        return err_errno(err, "%s", import->cache);
    uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    return room > import->bundle.bytes ||
           err_set(err, ERR_LIMIT,
                   "needs %llu MB below %s, which has %llu MB; make room or give another --cache",
                   (unsigned long long)(import->bundle.bytes >> 20), import->cache,
                   (unsigned long long)(room >> 20));
}

/* ---- contents ---- */

static const char *import_blob_path(struct import *import, const struct digest *digest)
{
    return arena_printf(&import->arena, "%s/blobs/%s", import->stage, digest_to_hex(digest).text)
        .ptr;
}

static bool import_copy(struct import *import, int fd, const struct bundle_file *file,
                        struct err *err)
{
    char *block = mem_alloc(IMPORT_BLOCK);
    struct digest_stream *stream = digest_open();
    int64_t done = 0;
    la_ssize_t got;
    bool ok = true;
    while (ok && (got = archive_read_data(import->archive, block, IMPORT_BLOCK)) != 0) {
        done += got;
        if (got < 0) {
            ok = import_damaged(import, err);
        } else if (done > file->size) {
            ok =
                err_set(err, ERR_DIGEST, STR_FMT " is larger than its manifest says; do not use it",
                        STR_ARG(file->path));
        } else {
            digest_add(stream, str_of(block, (size_t)got));
            ok = file_write_all(fd, "a file of the bundle", str_of(block, (size_t)got), err);
        }
    }
    struct digest found = digest_finish(stream);
    mem_free(block);
    if (ok && (done != file->size || !digest_eq(&found, &file->digest)))
        ok = err_set(err, ERR_DIGEST,
                     STR_FMT " is not what its manifest promises (SHA-256 %s); do not use it",
                     STR_ARG(file->path), digest_to_hex(&found).text);
    return ok;
}

static bool import_blob(struct import *import, const struct bundle_file *file, struct err *err)
{
    struct archive_entry *entry;
    const char *member =
        arena_printf(&import->arena, "blobs/%s", digest_to_hex(&file->digest).text).ptr;
    const char *path = import_blob_path(import, &file->digest);
    if (!import_next(import, member, &entry, err))
        return false;
    FD_AUTO int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, "creating %s", path);
    return import_copy(import, fd, file, err) &&
           (!file->executable || fchmod(fd, 0755) == 0 || err_errno(err, "%s", path));
}

static bool import_blobs(struct import *import, struct err *err)
{
    struct archive_entry *entry;
    const size_t *blobs = bundle_blobs(&import->bundle, &import->arena, &import->summary.blobs);
    const char *dir = arena_printf(&import->arena, "%s/blobs", import->stage).ptr;
    if (!file_mkdirs(AT_FDCWD, dir, 0700, err))
        return false;
    for (size_t i = 0; i < import->summary.blobs; i++)
        if (!import_blob(import, &import->bundle.files[blobs[i]], err))
            return false;
    int code = archive_read_next_header(import->archive, &entry);
    if (code == ARCHIVE_EOF)
        return true;
    return code != ARCHIVE_OK
               ? import_damaged(import, err)
               : err_set(err, ERR_FORMAT, "goes on behind its last file; do not use this file");
}

/* ---- the tree, still beside the cache: files first, links last, so that none is gone through ----
 */

static const char *import_place(struct import *import, struct str path)
{
    return arena_printf(&import->arena, "%s/tree/" STR_FMT, import->stage, STR_ARG(path)).ptr;
}

static bool import_parent(struct import *import, const char *place, struct err *err)
{
    struct str whole = str_from(place);
    const char *dir = arena_cstr(&import->arena, str_slice(whole, 0, str_rfind_char(whole, '/')));
    return access(dir, F_OK) == 0 || file_mkdirs(AT_FDCWD, dir, 0755, err);
}

static bool import_file(struct import *import, const struct bundle_file *file, struct err *err)
{
    const char *place = import_place(import, file->path);
    const char *blob = import_blob_path(import, &file->digest);
    struct stat info;
    if (!import_parent(import, place, err))
        return false;
    if (stat(blob, &info) < 0)
        return err_errno(err, "%s", blob);
    /* One inode has one mode: the same content under another one is a copy. */
    if (!(info.st_mode & 0100) == !file->executable)
        return link(blob, place) == 0 || err_errno(err, "linking " STR_FMT, STR_ARG(file->path));
    return file_copy(AT_FDCWD, blob, AT_FDCWD, place, err) &&
           (chmod(place, file->executable ? 0755 : 0644) == 0 || err_errno(err, "%s", place));
}

static bool import_tree(struct import *import, struct err *err)
{
    const struct bundle *bundle = &import->bundle;
    for (size_t i = 0; i < bundle->files_len; i++)
        if (!import_file(import, &bundle->files[i], err))
            return false;
    for (size_t i = 0; i < bundle->dirs_len; i++)
        if (!file_mkdirs(AT_FDCWD, import_place(import, bundle->dirs[i]), 0755, err))
            return false;
    for (size_t i = 0; i < bundle->links_len; i++) /* their parents: all of them before any link */
        if (!import_parent(import, import_place(import, bundle->links[i].path), err))
            return false;
    for (size_t i = 0; i < bundle->links_len; i++)
        if (symlink(bundle->links[i].target.ptr, import_place(import, bundle->links[i].path)) < 0)
            return err_errno(err, "linking " STR_FMT, STR_ARG(bundle->links[i].path));
    return true;
}

/* ---- into the cache ---- */

struct import_move {
    struct import *import;
    const char *from, *to;
};

/* What is there already is complete, and the same by its name; index answers are the newer ones. */
static bool import_move_entry(void *state, int dirfd, struct str name, struct err *err)
{
    struct import_move *move = state;
    struct arena *arena = &move->import->arena;
    const char *from = arena_printf(arena, "%s/" STR_FMT, move->from, STR_ARG(name)).ptr;
    const char *to = arena_printf(arena, "%s/" STR_FMT, move->to, STR_ARG(name)).ptr;
    (void)dirfd;
    if (rename(from, to) == 0 || errno == EEXIST || errno == ENOTEMPTY)
        return true;
    return err_errno(err, "putting %s in place", to);
}

static bool import_move(struct import *import, struct err *err)
{
    for (const struct str *top = bundle_tops; top->len; top++) {
        struct import_move move = {import, import_place(import, *top), NULL};
        move.to = arena_printf(&import->arena, "%s/" STR_FMT, import->cache, STR_ARG(*top)).ptr;
        if (access(move.from, F_OK) < 0)
            continue;
        if (!file_mkdirs(AT_FDCWD, move.to, 0755, err) ||
            !file_each(AT_FDCWD, move.from, import_move_entry, &move, err) ||
            !file_sync_dir(AT_FDCWD, move.to, err))
            return false;
    }
    return true;
}

static bool import_flush(const struct import *import, struct err *err)
{
    FD_AUTO int fd = open(import->stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && syncfs(fd) == 0) || err_errno(err, "writing below %s", import->cache);
}

/* ---- */

static bool import_open(struct import *import, int fd, struct err *err)
{
    archive_read_support_filter_zstd(import->archive);
    archive_read_support_format_tar(import->archive);
    return archive_read_open_fd(import->archive, fd, IMPORT_BLOCK) == ARCHIVE_OK ||
           err_set(err, ERR_FORMAT, "not a bundle of refinery (%s)",
                   archive_error_string(import->archive));
}

static bool import_sweep(void *state, int dirfd, struct str name, struct err *err)
{
    struct import *import = state;
    return !str_starts(name, STR("import-")) ||
           file_remove_tree(dirfd, arena_cstr(&import->arena, name), err);
}

static bool import_all(struct import *import, int fd, struct err *err)
{
    struct str stage;
    if (!import_open(import, fd, err) || !import_manifest(import, err))
        return false;
    if (!file_mkdirs(AT_FDCWD, import->cache, 0755, err) ||
        !file_each(AT_FDCWD, import->cache, import_sweep, import, err) ||
        !import_has_room(import, err) ||
        !file_make_temp_dir(import->cache, "import-", &import->arena, &stage, err))
        return false;
    import->stage = stage.ptr;
    return import_blobs(import, err) && import_tree(import, err) && import_flush(import, err) &&
           import_move(import, err);
}

static bool import_check_digest(int fd, const struct digest *expected, struct digest *found,
                                struct err *err)
{
    if (!digest_fd(fd, found, err))
        return false;
    if (expected && !digest_eq(found, expected))
        return err_set(err, ERR_DIGEST, "has SHA-256 %s, not %s as expected; get the file again",
                       digest_to_hex(found).text, digest_to_hex(expected).text);
    return lseek(fd, 0, SEEK_SET) == 0 || err_errno(err, "reading it");
}

bool bundle_import(const char *file, const struct digest *expected, const char *cache,
                   struct bundle_summary *summary, struct err *err)
{
    struct import import = {.file = file, .cache = cache, .archive = archive_read_new()};
    struct err ignored = {0};
    FD_AUTO int fd = open(file, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 ? import_check_digest(fd, expected, &import.summary.digest, err) &&
                            import_all(&import, fd, err)
                      : err_errno(err, "opening it");
    archive_read_free(import.archive);
    if (import.stage)
        (void)!file_remove_tree(AT_FDCWD, import.stage, &ignored);
    if (ok) {
        *summary = import.summary;
        summary->bytes = import.bundle.bytes;
        summary->paths = import.bundle.files_len + import.bundle.links_len + import.bundle.dirs_len;
    }
    arena_free(&import.arena);
    return ok || err_wrap(err, "%s", file);
}
