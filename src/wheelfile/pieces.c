/* Members too large to be held: read by pieces, and looked at through a mapping. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/file.h"
#include "os/unzip.h"
#include "wheelfile/wheelfile.h"

enum { PIECE = 256 << 10 };

static bool is_small(const struct wheelfile_member *member)
{
    return member->size <= WHEELFILE_WHOLE && member->zipped->packed_size <= WHEELFILE_WHOLE;
}

static bool read_pieces(struct unzip_stream *stream, const struct wheelfile_member *member,
                        wheelfile_piece_fn *take, void *state, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    char *piece = arena_alloc(&scratch, PIECE);
    uint32_t crc = 0;
    size_t got = 1;
    while (got) {
        if (!unzip_next(stream, piece, PIECE, &got, err))
            return false;
        crc = unzip_crc(crc, str_of(piece, got));
        if (got && !take(state, str_of(piece, got), err))
            return false;
    }
    return crc == member->zipped->crc ||
           err_set(err, ERR_DIGEST, "member " STR_FMT " does not match its checksum",
                   STR_ARG(member->path));
}

bool wheelfile_each_piece(struct wheelfile *wheel, const struct wheelfile_member *member,
                          wheelfile_piece_fn *take, void *state, struct err *err)
{
    if (is_small(member)) {
        ARENA_AUTO struct arena scratch = {0};
        struct str bytes;
        return wheelfile_read(wheel, member, &scratch, &bytes, err) && take(state, bytes, err);
    }
    struct unzip_stream *stream = NULL;
    bool ok = unzip_open(wheelfile_source(wheel), member->zipped, &stream, err) &&
              read_pieces(stream, member, take, state, err);
    unzip_close(&stream);
    return ok ? true : err_wrap(err, "%s", wheelfile_path(wheel));
}

static bool write_piece(void *state, struct str piece, struct err *err)
{
    const int *fd = state;
    return file_write_all(*fd, "a temporary file", piece, err);
}

/* /tmp is memory on many machines: what is large does not belong there. */
static bool open_unnamed(int *fd, struct err *err)
{
    const char *dir = getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/var/tmp";
    *fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return *fd >= 0 || err_errno(err, "making a temporary file in %s", dir);
}

bool wheelfile_view(struct wheelfile *wheel, const struct wheelfile_member *member,
                    struct wheelfile_view *view, struct err *err)
{
    struct wheelfile_view made = {0};
    if (is_small(member)) {
        if (!wheelfile_read(wheel, member, &made.arena, &made.bytes, err)) {
            arena_free(&made.arena);
            return false;
        }
        *view = made;
        return true;
    }
    FD_AUTO int fd = -1;
    if (!open_unnamed(&fd, err) || !wheelfile_each_piece(wheel, member, write_piece, &fd, err))
        return false;
    made.map = mmap(NULL, (size_t)member->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (made.map == MAP_FAILED)
        return err_errno(err, "looking into member " STR_FMT, STR_ARG(member->path));
    made.bytes = str_of(made.map, (size_t)member->size);
    *view = made;
    return true;
}

void wheelfile_view_close(struct wheelfile_view *view)
{
    if (view->map)
        (void)munmap(view->map, view->bytes.len);
    arena_free(&view->arena);
    *view = (struct wheelfile_view){0};
}
