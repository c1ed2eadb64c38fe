#include "image/contents_read.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/fd.h"

enum { CONTENTS_PIECE = 64 << 10 };

static bool contents_bad(struct archive *archive, const char *path, struct err *err)
{
    const char *why = archive_error_string(archive);
    return err_set(err, ERR_FORMAT, "cannot unpack %s: %s", path, why ? why : "unknown format");
}

static bool contents_read_pieces(struct archive *archive, const char *path,
                                 struct contents_text *text, struct err *err)
{
    struct archive_entry *entry;
    char piece[CONTENTS_PIECE];
    int got = archive_read_next_header(archive, &entry);
    if (got == ARCHIVE_EOF)
        return true;
    if (got != ARCHIVE_OK)
        return contents_bad(archive, path, err);
    for (;;) {
        la_ssize_t len = archive_read_data(archive, piece, sizeof piece);
        if (len < 0)
            return contents_bad(archive, path, err);
        if (len == 0)
            break;
        if (!contents_text_add(text, str_of(piece, (size_t)len), err))
            return err_wrap(err, "%s", path);
    }
    contents_text_end(text);
    return true;
}

static struct archive *contents_archive(void)
{
    struct archive *archive = archive_read_new();
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_lz4(archive);
    return archive;
}

bool contents_read(const char *path, enum contents_form form, struct capability_maker *maker,
                   struct err *err)
{
    struct contents_text text = {.maker = maker, .form = form};
    int FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(err, "cannot open %s", path);
    struct archive *archive = contents_archive();
    bool ok = archive_read_open_fd(archive, fd, CONTENTS_PIECE) == ARCHIVE_OK
                  ? contents_read_pieces(archive, path, &text, err)
                  : contents_bad(archive, path, err);
    archive_read_free(archive);
    return ok;
}

bool contents_read_shipped(struct str bytes, struct str triplet, struct capability_maker *maker,
                           struct err *err)
{
    static const char what[] = "the index that travels with the program";
    struct contents_text text = {.maker = maker, .form = CONTENTS_FILES, .triplet = triplet};
    struct archive *archive = contents_archive();
    bool ok = archive_read_open_memory(archive, bytes.ptr, bytes.len) == ARCHIVE_OK
                  ? contents_read_pieces(archive, what, &text, err)
                  : contents_bad(archive, what, err);
    archive_read_free(archive);
    return ok;
}
