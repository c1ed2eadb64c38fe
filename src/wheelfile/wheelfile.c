#include "wheelfile/wheelfile.h"

#include <libdeflate.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "os/file.h"

enum { RATIO_FREE = 16 << 20 /* below this size no ratio is suspicious */ };

struct wheelfile {
    struct arena arena;
    zip_t *zip;
    pthread_mutex_t reading; /* over zip, for wheelfile_read_to */
    struct str path;
    struct wheelfile_name name;
    struct str dist_info;
    VEC(struct wheelfile_member) members;
    struct map by_path;
};

static bool bad_name(struct err *err, struct str basename, const char *why)
{
    return err_set(err, ERR_FORMAT,
                   STR_FMT " is not a wheel's name (%s): "
                           "expected NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl",
                   STR_ARG(basename), why);
}

bool wheelfile_parse_name(struct str basename, struct wheelfile_name *name, struct err *err)
{
    struct str parts[6], rest = basename, piece;
    size_t count = 0;
    if (!str_ends(basename, STR(".whl")))
        return bad_name(err, basename, "no .whl at the end");
    rest.len -= 4;
    while (str_next(&rest, '-', &piece)) {
        if (count == 6 || piece.len == 0)
            return bad_name(err, basename, count == 6 ? "too many parts" : "an empty part");
        for (size_t i = 0; i < piece.len; i++)
            if (!char_is_alnum(piece.ptr[i]) && memchr("._+!", piece.ptr[i], 4) == NULL)
                return bad_name(err, basename, "a character that may not be there");
        parts[count++] = piece;
    }
    if (count < 5)
        return bad_name(err, basename, "too few parts");
    struct wheelfile_name n = {.name = parts[0], .version = parts[1]};
    if (count == 6) {
        n.build = parts[2];
        if (!char_is_digit(n.build.ptr[0]))
            return bad_name(err, basename, "the build tag does not begin with a digit");
    }
    n.python = parts[count - 3];
    n.abi = parts[count - 2];
    n.platform = parts[count - 1];
    *name = n;
    return true;
}

static bool bad_member(struct err *err, struct str path, const char *why)
{
    return err_set(err, ERR_FORMAT, "member " STR_FMT ": %s",
                   (int)(path.len > 300 ? 300 : path.len), path.ptr, why);
}

static bool check_member(const struct wheelfile_member *m, const zip_stat_t *st, uint64_t *total,
                         struct err *err)
{
    struct str path = m->path;
    if (m->directory)
        path.len--;
    if (!file_path_is_safe(path) || str_has_char(path, '\\') || str_has_char(path, '\n'))
        return bad_member(err, path, "its path leaves the wheel or has characters no wheel needs");
    if (st->encryption_method != ZIP_EM_NONE)
        return bad_member(err, path, "it is encrypted");
    if (m->size > WHEELFILE_MEMBER_MAX || *total + m->size > WHEELFILE_TOTAL_MAX)
        return err_set(err, ERR_LIMIT,
                       "member " STR_FMT ": larger than a wheel may be (%llu bytes)", STR_ARG(path),
                       (unsigned long long)m->size);
    if (m->size > RATIO_FREE && m->size / WHEELFILE_RATIO_MAX > m->packed_size)
        return err_set(
            err, ERR_LIMIT,
            "member " STR_FMT ": %llu bytes packed into %llu, which looks like a zip bomb",
            STR_ARG(path), (unsigned long long)m->size, (unsigned long long)m->packed_size);
    *total += m->size;
    return true;
}

static uint16_t mode_of(zip_t *zip, zip_uint64_t index)
{
    zip_uint8_t system;
    zip_uint32_t attributes;
    if (zip_file_get_external_attributes(zip, index, 0, &system, &attributes) != 0 ||
        system != ZIP_OPSYS_UNIX)
        return 0;
    return (uint16_t)(attributes >> 16 & 07777);
}

static bool add_member(struct wheelfile *w, zip_uint64_t index, uint64_t *total, struct err *err)
{
    zip_stat_t st;
    zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                          ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(w->zip, index, 0, &st) != 0 || (st.valid & wanted) != wanted)
        return err_set(err, ERR_FORMAT, "member %llu of the zip file cannot be read: %s",
                       (unsigned long long)index, zip_strerror(w->zip));
    struct wheelfile_member m = {.path = arena_str(&w->arena, str_from(st.name)),
                                 .size = st.size,
                                 .packed_size = st.comp_size,
                                 .crc = st.crc,
                                 .method = st.comp_method,
                                 .mode = mode_of(w->zip, index),
                                 .index = index};
    m.directory = m.path.len > 0 && m.path.ptr[m.path.len - 1] == '/';
    if (!check_member(&m, &st, total, err))
        return false;
    void **seen = map_at(&w->by_path, &w->arena, m.path);
    if (*seen != NULL)
        return bad_member(err, m.path, "it is there twice");
    *seen = (void *)(uintptr_t)(w->members.len + 1);
    *vec_push(&w->members, &w->arena) = m;
    return true;
}

static bool find_dist_info(struct wheelfile *w, struct err *err)
{
    struct str found = {0};
    for (size_t i = 0; i < w->members.len; i++) {
        struct str top, rest;
        if (!str_cut(w->members.at[i].path, '/', &top, &rest) || !str_ends(top, STR(".dist-info")))
            continue;
        if (found.len != 0 && !str_eq(found, top))
            return err_set(err, ERR_FORMAT,
                           "two .dist-info directories (" STR_FMT " and " STR_FMT ")",
                           STR_ARG(found), STR_ARG(top));
        found = top;
    }
    if (found.len == 0)
        return err_set(err, ERR_FORMAT, "no .dist-info directory: not a wheel");
    w->dist_info = found;
    return true;
}

static bool load(struct wheelfile *w, struct err *err)
{
    int code = 0;
    struct stat info;
    if (stat(w->path.ptr, &info) < 0)
        return err_errno(err, "opening it");
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "not a file");
    size_t slash = str_rfind_char(w->path, '/');
    struct str basename = slash == w->path.len ? w->path : str_from_pos(w->path, slash + 1);
    if (!wheelfile_parse_name(basename, &w->name, err))
        return false;
    w->zip = zip_open(w->path.ptr, ZIP_RDONLY, &code);
    if (w->zip == NULL) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        (void)err_set(err, ERR_FORMAT, "not a whole zip archive (%s); get the file again",
                      zip_error_strerror(&error));
        zip_error_fini(&error);
        return false;
    }
    zip_int64_t count = zip_get_num_entries(w->zip, 0);
    if (count > WHEELFILE_MEMBERS_MAX)
        return err_set(err, ERR_LIMIT, "%lld members (limit %d)", (long long)count,
                       WHEELFILE_MEMBERS_MAX);
    uint64_t total = 0;
    for (zip_int64_t i = 0; i < count; i++)
        if (!add_member(w, (zip_uint64_t)i, &total, err))
            return false;
    return find_dist_info(w, err);
}

bool wheelfile_open(const char *path, struct wheelfile **wheel, struct err *err)
{
    struct wheelfile *w = mem_alloc(sizeof *w);
    pthread_mutex_init(&w->reading, NULL);
    w->path = arena_str(&w->arena, str_from(path));
    if (!load(w, err)) {
        wheelfile_close(&w);
        return err_wrap(err, "%s", path);
    }
    *wheel = w;
    return true;
}

void wheelfile_close(struct wheelfile **wheel)
{
    struct wheelfile *w = *wheel;
    if (w == NULL)
        return;
    if (w->zip != NULL)
        zip_discard(w->zip);
    pthread_mutex_destroy(&w->reading);
    arena_free(&w->arena);
    mem_free(w);
    *wheel = NULL;
}

const struct wheelfile_name *wheelfile_get_name(const struct wheelfile *wheel)
{
    return &wheel->name;
}

const struct wheelfile_member *wheelfile_members(const struct wheelfile *wheel, size_t *count)
{
    *count = wheel->members.len;
    return wheel->members.at;
}

const struct wheelfile_member *wheelfile_find(const struct wheelfile *wheel, struct str path)
{
    uintptr_t found = (uintptr_t)map_get(&wheel->by_path, path);
    return found == 0 ? NULL : &wheel->members.at[found - 1];
}

struct zip *wheelfile_zip(struct wheelfile *wheel)
{
    return wheel->zip;
}

struct str wheelfile_dist_info(const struct wheelfile *wheel)
{
    return wheel->dist_info;
}

/* Reads up to `size` bytes; short only at the end. */
static bool read_stream(struct wheelfile *w, const struct wheelfile_member *m, zip_flags_t flags,
                        char *to, size_t size, struct err *err)
{
    zip_file_t *file = zip_fopen_index(w->zip, m->index, flags);
    size_t done = 0;
    zip_int64_t got = 0;
    while (file != NULL && done < size && (got = zip_fread(file, to + done, size - done)) > 0)
        done += (size_t)got;
    if (file == NULL || got < 0 || done != size)
        (void)err_set(err, ERR_FORMAT, STR_FMT ": member " STR_FMT " cannot be read: %s",
                      STR_ARG(w->path), STR_ARG(m->path),
                      file == NULL ? zip_strerror(w->zip)
                      : got < 0    ? zip_file_strerror(file)
                                   : "it is shorter than it says");
    bool ok = file != NULL && done == size;
    if (file != NULL)
        (void)zip_fclose(file);
    return ok;
}

bool wheelfile_peek(struct wheelfile *wheel, const struct wheelfile_member *member, size_t size,
                    char *to, size_t *got, struct err *err)
{
    size_t want = member->size < size ? (size_t)member->size : size;
    if (want != 0 && !read_stream(wheel, member, 0, to, want, err))
        return false;
    *got = want;
    return true;
}

/* By libzip, one thread at a time. */
static bool read_by_turns(struct wheelfile *w, const struct wheelfile_member *m, zip_flags_t flags,
                          char *to, uint64_t size, struct err *err)
{
    pthread_mutex_lock(&w->reading);
    bool ok = read_stream(w, m, flags, to, (size_t)size, err);
    pthread_mutex_unlock(&w->reading);
    return ok;
}

/* libdeflate does whole buffers some four times as fast as the stream that libzip has. */
static bool inflate(struct wheelfile *w, const struct wheelfile_member *m, const char *packed,
                    char *to, struct err *err)
{
    size_t made = 0;
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (inflater == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory for unpacking");
    enum libdeflate_result result = libdeflate_deflate_decompress(
        inflater, packed, (size_t)m->packed_size, to, (size_t)m->size, &made);
    libdeflate_free_decompressor(inflater);
    if (result != LIBDEFLATE_SUCCESS || made != m->size)
        return err_set(err, ERR_FORMAT, STR_FMT ": member " STR_FMT " is broken", STR_ARG(w->path),
                       STR_ARG(m->path));
    return true;
}

static bool read_deflated(struct wheelfile *w, const struct wheelfile_member *m, char *to,
                          struct err *err)
{
    char *packed = mem_buffer((size_t)m->packed_size);
    bool ok = read_by_turns(w, m, ZIP_FL_COMPRESSED, packed, m->packed_size, err) &&
              inflate(w, m, packed, to, err);
    mem_free(packed);
    return ok;
}

static bool read_whole(struct wheelfile *w, const struct wheelfile_member *m, char *to,
                       struct err *err)
{
    if (m->size == 0)
        return true;
    if (m->method == ZIP_CM_DEFLATE)
        return read_deflated(w, m, to, err);
    /* As it stands where it is stored: libzip would compute the checksum too, and slowly. */
    bool stored = m->method == ZIP_CM_STORE && m->packed_size == m->size;
    return read_by_turns(w, m, stored ? ZIP_FL_COMPRESSED : 0, to, m->size, err);
}

bool wheelfile_read_to(struct wheelfile *wheel, const struct wheelfile_member *member, char *to,
                       struct err *err)
{
    if (!read_whole(wheel, member, to, err))
        return false;
    if (libdeflate_crc32(0, to, (size_t)member->size) != member->crc)
        return err_set(err, ERR_DIGEST, STR_FMT ": member " STR_FMT " does not match its checksum",
                       STR_ARG(wheel->path), STR_ARG(member->path));
    return true;
}

bool wheelfile_read(struct wheelfile *wheel, const struct wheelfile_member *member,
                    struct arena *arena, struct str *bytes, struct err *err)
{
    char *to = arena_alloc(arena, (size_t)member->size + 1);
    *bytes = str_of(to, (size_t)member->size);
    return wheelfile_read_to(wheel, member, to, err);
}
