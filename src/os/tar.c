#include "os/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { TAR_EPOCH = 315532800, TAR_BLOCK = 1 << 17 };

struct tar {
    struct archive *archive;
    const char *what;
};

static bool tar_failed(struct tar *tar, struct err *err)
{
    const char *reason = archive_error_string(tar->archive);
    return err_set(err, ERR_SYSTEM, "writing %s: %s", tar->what, reason ? reason : "unknown error");
}

bool tar_open(int fd, const char *what, bool zstd, struct tar **tar, struct err *err)
{
    struct tar *made = mem_alloc(sizeof *made);
    *made = (struct tar){.archive = archive_write_new(), .what = what};
    if (archive_write_set_format_pax_restricted(made->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(made->archive, 1) != ARCHIVE_OK ||
        (zstd && archive_write_add_filter_zstd(made->archive) != ARCHIVE_OK) ||
        archive_write_open_fd(made->archive, fd) != ARCHIVE_OK) {
        tar_failed(made, err);
        tar_free(&made);
        return false;
    }
    *tar = made;
    return true;
}

static bool tar_header(struct tar *tar, const char *path, const char *link, int64_t size,
                       bool executable, struct err *err)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, link ? AE_IFLNK : AE_IFREG);
    archive_entry_set_perm(entry, link ? 0777 : executable ? 0755 : 0644);
    archive_entry_set_mtime(entry, TAR_EPOCH, 0);
    archive_entry_set_size(entry, size);
    if (link)
        archive_entry_set_symlink(entry, link);
    bool ok = archive_write_header(tar->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return ok || tar_failed(tar, err);
}

static bool tar_data(struct tar *tar, struct str bytes, struct err *err)
{
    return archive_write_data(tar->archive, bytes.ptr, bytes.len) == (la_ssize_t)bytes.len ||
           tar_failed(tar, err);
}

bool tar_add_bytes(struct tar *tar, const char *path, struct str bytes, struct err *err)
{
    return tar_header(tar, path, NULL, (int64_t)bytes.len, false, err) &&
           (!bytes.len || tar_data(tar, bytes, err));
}

bool tar_add_link(struct tar *tar, const char *path, const char *target, struct err *err)
{
    return tar_header(tar, path, target, 0, false, err);
}

bool tar_add_fd(struct tar *tar, const char *path, int file, int64_t size, bool executable,
                struct err *err)
{
    char *block = mem_alloc(TAR_BLOCK);
    int64_t done = 0;
    ssize_t got = 0;
    bool ok = tar_header(tar, path, NULL, size, executable, err);
    while (ok && (got = read(file, block, TAR_BLOCK)) > 0) {
        done += got;
        ok = done <= size ? tar_data(tar, str_of(block, (size_t)got), err) : false;
        if (done > size)
            break;
    }
    mem_free(block);
    if (got < 0)
        return err_errno(err, "reading %s", path);
    if (ok && done == size)
        return true;
    return done != size
               ? err_set(err, ERR_CONFLICT, "%s changed while it was read; try again", path)
               : false;
}

bool tar_close(struct tar **tar, struct err *err)
{
    bool ok = archive_write_close((*tar)->archive) == ARCHIVE_OK || tar_failed(*tar, err);
    tar_free(tar);
    return ok;
}

void tar_free(struct tar **tar)
{
    if (!*tar)
        return;
    archive_write_free((*tar)->archive);
    mem_free(*tar);
    *tar = NULL;
}
