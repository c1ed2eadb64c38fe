#include "wheelfile/rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

#include "base/map.h"
#include "base/vec.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/record.h"

#define EPOCH_1980 315532800
#define EPOCH_2107 4354819198 /* the last second that a zip file can say */

struct entry {
    struct str path;
    struct str bytes;                      /* of a changed or new one */
    const struct wheelfile_member *member; /* of an unchanged one */
    uint16_t mode;
};

struct rewrite {
    struct arena arena;
    struct wheelfile *wheel;
    const struct wheelfile_member *members; /* in the order of the archive, as libzip counts */
    zip_t *in, *out;
    zip_uint16_t dos_time, dos_date;
    VEC(struct entry) entries;
};

static int by_path(const void *left, const void *right)
{
    return str_cmp(((const struct entry *)left)->path, ((const struct entry *)right)->path);
}

static uint16_t mode_of(const struct wheelfile_member *member)
{
    return (member->mode & 0111) != 0 ? 0755 : 0644;
}

static bool is_old_record(struct str path, struct str dist_info)
{
    static const char *const names[] = {"/RECORD", "/RECORD.jws", "/RECORD.p7s"};
    if (!str_starts(path, dist_info))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(str_from_pos(path, dist_info.len), str_from(names[i])))
            return true;
    return false;
}

static void collect(struct rewrite *r, const struct wheelfile_change *changes, size_t change_count)
{
    struct map changed = {0};
    size_t count;
    const struct wheelfile_member *members = r->members = wheelfile_members(r->wheel, &count);
    for (size_t i = 0; i < change_count; i++) {
        const struct wheelfile_member *old = wheelfile_find(r->wheel, changes[i].path);
        *map_at(&changed, &r->arena, changes[i].path) = r;
        if (!changes[i].removed)
            *vec_push(&r->entries, &r->arena) =
                (struct entry){.path = changes[i].path,
                               .bytes = changes[i].bytes,
                               .mode = old != NULL             ? mode_of(old)
                                       : changes[i].executable ? 0755
                                                               : 0644};
    }
    for (size_t i = 0; i < count; i++)
        if (!members[i].directory && map_get(&changed, members[i].path) == NULL &&
            !is_old_record(members[i].path, wheelfile_dist_info(r->wheel)))
            *vec_push(&r->entries, &r->arena) = (struct entry){
                .path = members[i].path, .member = &members[i], .mode = mode_of(&members[i])};
    if (r->entries.len)
        qsort(r->entries.at, r->entries.len, sizeof *r->entries.at, by_path);
}

static bool digest_piece(void *state, struct str piece, struct err *err)
{
    (void)err;
    digest_add(state, piece);
    return true;
}

static bool write_record(struct rewrite *r, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < r->entries.len; i++) {
        struct entry *e = &r->entries.at[i];
        struct digest_stream *stream = digest_open();
        if (e->member == NULL)
            digest_add(stream, e->bytes);
        bool ok = e->member == NULL ||
                  wheelfile_each_piece(r->wheel, e->member, digest_piece, stream, err);
        struct digest digest = digest_finish(stream);
        if (!ok)
            return false;
        record_write_row(e->path, &digest, e->member ? e->member->size : e->bytes.len, out);
    }
    struct str path =
        arena_printf(&r->arena, STR_FMT "/RECORD", STR_ARG(wheelfile_dist_info(r->wheel)));
    record_write_row(path, NULL, 0, out);
    *vec_push(&r->entries, &r->arena) =
        (struct entry){.path = path, .bytes = arena_str(&r->arena, buf_str(out)), .mode = 0644};
    return true;
}

static void set_time(struct rewrite *r, int64_t epoch)
{
    struct tm tm;
    time_t t = (time_t)(epoch < EPOCH_1980 ? EPOCH_1980 : epoch > EPOCH_2107 ? EPOCH_2107 : epoch);
    gmtime_r(&t, &tm);
    r->dos_time = (zip_uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
    r->dos_date = (zip_uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
}

/* The compressed bytes of a member of the input as they are; its older name goes with libzip 1.10.
 */
static zip_source_t *source_of_member(const struct rewrite *r, zip_uint64_t index)
{
#if LIBZIP_VERSION_MAJOR > 1 || LIBZIP_VERSION_MINOR >= 10
    return zip_source_zip_file(r->out, r->in, index, ZIP_FL_COMPRESSED, 0, -1, NULL);
#else
    return zip_source_zip(r->out, r->in, index, ZIP_FL_COMPRESSED, 0, -1);
#endif
}

static bool add_entry(struct rewrite *r, const struct entry *e, struct err *err)
{
    zip_source_t *source = e->member != NULL
                               ? source_of_member(r, (zip_uint64_t)(e->member - r->members))
                               : zip_source_buffer(r->out, e->bytes.ptr, e->bytes.len, 0);
    zip_int64_t at = source == NULL ? -1
                                    : zip_file_add(r->out, arena_cstr(&r->arena, e->path), source,
                                                   ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        if (source != NULL)
            zip_source_free(source);
        return err_set(err, ERR_SYSTEM, "member " STR_FMT ": %s", STR_ARG(e->path),
                       zip_strerror(r->out));
    }
    zip_uint64_t index = (zip_uint64_t)at;
    if (zip_file_set_dostime(r->out, index, r->dos_time, r->dos_date, 0) != 0 ||
        zip_file_set_external_attributes(r->out, index, 0, ZIP_OPSYS_UNIX,
                                         (zip_uint32_t)(0100000 | e->mode) << 16) != 0 ||
        (e->member == NULL && zip_set_file_compression(r->out, index, ZIP_CM_DEFLATE, 6) != 0) ||
        (e->member != NULL && e->member->zipped->method == UNZIP_STORED &&
         zip_set_file_compression(r->out, index, ZIP_CM_STORE, 0) != 0)) /* else it is packed */
        return err_set(err, ERR_SYSTEM, "member " STR_FMT ": %s", STR_ARG(e->path),
                       zip_strerror(r->out));
    return true;
}

static bool add_entries(struct rewrite *r, struct err *err)
{
    for (size_t i = 0; i < r->entries.len; i++)
        if (!add_entry(r, &r->entries.at[i], err))
            return false;
    return true;
}

static bool write_zip(struct rewrite *r, const char *path, struct err *err)
{
    int code = 0;
    r->out = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (r->out == NULL)
        return err_errno(err, "cannot write %s", path);
    if (!add_entries(r, err)) {
        zip_discard(r->out);
        return false;
    }
    if (zip_close(r->out) != 0) {
        (void)err_set(err, ERR_SYSTEM, "cannot write %s: %s", path, zip_strerror(r->out));
        zip_discard(r->out);
        return false;
    }
    return true;
}

static bool open_input(struct rewrite *r, struct err *err)
{
    int code = 0;
    const char *path = wheelfile_path(r->wheel);
    r->in = zip_open(path, ZIP_RDONLY, &code);
    return r->in != NULL || err_errno(err, "cannot read %s again", path);
}

/* libzip writes beside and renames, but does not sync. */
static bool publish(const char *temporary, const char *path, const char *dir, struct err *err)
{
    int fd FD_AUTO = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0 || rename(temporary, path) != 0)
        return err_errno(err, "cannot write %s", path);
    return file_sync_dir(AT_FDCWD, dir, err);
}

bool wheelfile_rewrite(struct wheelfile *wheel, const struct wheelfile_change *changes,
                       size_t change_count, const char *out_dir, struct str file_name,
                       int64_t epoch, struct err *err)
{
    struct rewrite r = {.wheel = wheel};
    struct buf record BUF_AUTO = {0};
    set_time(&r, epoch);
    collect(&r, changes, change_count);
    struct str path = file_join(&r.arena, str_from(out_dir), file_name);
    struct str temporary = arena_printf(&r.arena, "%s/." STR_FMT ".%ld.part", out_dir,
                                        STR_ARG(file_name), (long)getpid());
    bool ok = write_record(&r, &record, err) && open_input(&r, err) &&
              write_zip(&r, temporary.ptr, err) && publish(temporary.ptr, path.ptr, out_dir, err);
    if (r.in != NULL)
        zip_discard(r.in);
    if (!ok)
        (void)unlink(temporary.ptr);
    arena_free(&r.arena);
    return ok;
}
