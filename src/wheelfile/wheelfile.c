#include "wheelfile/wheelfile.h"

#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "os/fd.h"
#include "os/file.h"

enum { RATIO_FREE = 16 << 20 /* below this size no ratio is suspicious */ };

struct wheelfile {
    struct arena arena;
    int fd;
    struct unzip_source source; /* of fd */
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

static bool check_member(const struct wheelfile_member *m, uint64_t *total, struct err *err)
{
    struct str path = m->path;
    if (m->directory)
        path.len--;
    if (!file_path_is_safe(path) || str_has_char(path, '\\') || str_has_char(path, '\n'))
        return bad_member(err, path, "its path leaves the wheel or has characters no wheel needs");
    if (m->size > WHEELFILE_MEMBER_MAX || *total + m->size > WHEELFILE_TOTAL_MAX)
        return err_set(err, ERR_LIMIT,
                       "member " STR_FMT ": larger than a wheel may be (%llu bytes)", STR_ARG(path),
                       (unsigned long long)m->size);
    uint64_t packed = m->zipped->packed_size;
    if (m->size > RATIO_FREE && m->size / WHEELFILE_RATIO_MAX > packed)
        return err_set(err, ERR_LIMIT,
                       "member " STR_FMT
                       ": %llu bytes packed into %llu, which looks like a zip bomb",
                       STR_ARG(path), (unsigned long long)m->size, (unsigned long long)packed);
    *total += m->size;
    return true;
}

static bool add_member(struct wheelfile *w, const struct unzip_member *zipped, uint64_t *total,
                       struct err *err)
{
    struct wheelfile_member m = {.path = zipped->name,
                                 .size = zipped->size,
                                 .mode = zipped->mode,
                                 .directory = str_ends(zipped->name, STR("/")),
                                 .zipped = zipped};
    if (!check_member(&m, total, err))
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

static bool open_file(struct wheelfile *w, struct err *err)
{
    struct stat info;
    w->fd = open(w->path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (w->fd < 0 || fstat(w->fd, &info) < 0)
        return err_errno(err, "opening it");
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "not a file");
    w->source = (struct unzip_source){unzip_pread, &w->fd, (uint64_t)info.st_size};
    return true;
}

static bool load(struct wheelfile *w, struct err *err)
{
    struct unzip_list list;
    size_t slash = str_rfind_char(w->path, '/');
    struct str basename = slash == w->path.len ? w->path : str_from_pos(w->path, slash + 1);
    if (!open_file(w, err) || !wheelfile_parse_name(basename, &w->name, err) ||
        !unzip_list(&w->source, WHEELFILE_MEMBERS_MAX, &w->arena, &list, err))
        return false;
    uint64_t total = 0;
    for (size_t i = 0; i < list.len; i++)
        if (!add_member(w, &list.at[i], &total, err))
            return false;
    return find_dist_info(w, err);
}

bool wheelfile_open(const char *path, struct wheelfile **wheel, struct err *err)
{
    struct wheelfile *w = mem_alloc(sizeof *w);
    w->fd = -1;
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
    fd_close(&w->fd);
    arena_free(&w->arena);
    mem_free(w);
    *wheel = NULL;
}

const char *wheelfile_path(const struct wheelfile *wheel)
{
    return wheel->path.ptr;
}

const struct unzip_source *wheelfile_source(const struct wheelfile *wheel)
{
    return &wheel->source;
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

struct str wheelfile_dist_info(const struct wheelfile *wheel)
{
    return wheel->dist_info;
}

bool wheelfile_peek(struct wheelfile *wheel, const struct wheelfile_member *member, size_t size,
                    char *to, size_t *got, struct err *err)
{
    struct unzip_stream *stream = NULL;
    bool ok = unzip_open(&wheel->source, member->zipped, &stream, err) &&
              unzip_next(stream, to, size, got, err);
    unzip_close(&stream);
    return ok ? true : err_wrap(err, "%s", wheel->path.ptr);
}

bool wheelfile_read_to(struct wheelfile *wheel, const struct wheelfile_member *member, char *to,
                       struct err *err)
{
    return unzip_read(&wheel->source, member->zipped, to, err)
               ? true
               : err_wrap(err, "%s", wheel->path.ptr);
}

bool wheelfile_read(struct wheelfile *wheel, const struct wheelfile_member *member,
                    struct arena *arena, struct str *bytes, struct err *err)
{
    char *to = arena_alloc(arena, (size_t)member->size + 1);
    *bytes = str_of(to, (size_t)member->size);
    return wheelfile_read_to(wheel, member, to, err);
}
