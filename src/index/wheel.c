#include "index/wheel.h"
#include "base/buf.h"
#include "base/map.h"
#include "os/fd.h"
#include "os/file.h"

#include <string.h>

enum { WHEEL_CHUNK = 8 * 1024, WHEEL_RATIO_FROM = 1 << 20, WHEEL_SUFFIX = sizeof ".dist-info" - 1 };

struct wheel_reader {
    const struct unzip_source *source;
    struct wheel_limits limits;
    struct str filename;
    struct arena *arena; /* of the result */
    struct arena scratch;
    struct map names;
    const struct unzip_member *metadata, *info; /* METADATA and WHEEL */
    struct wheel wheel;
};

static uint64_t wheel_or(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

static struct wheel_limits wheel_limits_filled(const struct wheel_limits *given)
{
    struct wheel_limits limits = given ? *given : (struct wheel_limits){0};
    limits.members = wheel_or(limits.members, 100000);
    limits.total_size = wheel_or(limits.total_size, 16ULL << 30);
    limits.member_ratio = wheel_or(limits.member_ratio, 1000);
    limits.total_ratio = wheel_or(limits.total_ratio, 200);
    return limits;
}

/* A member's name must stay inside the directory it is unpacked to, on any system. */
static bool wheel_check_name(struct str name, struct err *err)
{
    struct str path = name;
    if (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    bool drive = path.len > 1 && path.ptr[1] == ':';
    if (file_path_is_safe(path) && !str_has_char(path, '\\') && !drive)
        return true;
    return err_set(err, ERR_FORMAT,
                   "the member \"" STR_FMT "\" would be unpacked outside its directory; do not use "
                   "this file",
                   STR_ARG(str_slice(name, 0, 200)));
}

static bool wheel_check_size(struct wheel_reader *reader, const struct unzip_member *member,
                             struct err *err)
{
    const struct wheel_limits *limits = &reader->limits;
    reader->wheel.total_size += member->size;
    if (member->size > limits->total_size || reader->wheel.total_size > limits->total_size)
        return err_set(err, ERR_LIMIT, "unpacks to more than the %llu bytes allowed (a zip bomb?)",
                       (unsigned long long)limits->total_size);
    if (member->size > WHEEL_RATIO_FROM &&
        member->size / limits->member_ratio > member->packed_size)
        return err_set(err, ERR_LIMIT,
                       "the member \"%.200s\" unpacks to more than %llu times its size (a zip "
                       "bomb?)",
                       member->name.ptr, (unsigned long long)limits->member_ratio);
    return true;
}

/* Remembers METADATA and WHEEL of the one directory "<x>.dist-info". */
static bool wheel_note_member(struct wheel_reader *reader, const struct unzip_member *member,
                              struct err *err)
{
    struct str dir, file;
    if (!str_cut(member->name, '/', &dir, &file) || !str_ends(dir, STR(".dist-info")))
        return true;
    if (!reader->wheel.dist_info.len)
        reader->wheel.dist_info = arena_str(reader->arena, dir);
    if (!str_eq(reader->wheel.dist_info, dir))
        return err_set(err, ERR_FORMAT, "has two metadata directories, " STR_FMT " and " STR_FMT,
                       STR_ARG(reader->wheel.dist_info), STR_ARG(str_slice(dir, 0, 200)));
    if (str_eq(file, STR("METADATA")))
        reader->metadata = member;
    else if (str_eq(file, STR("WHEEL")))
        reader->info = member;
    return true;
}

static bool wheel_check_members(struct wheel_reader *reader, struct err *err)
{
    struct unzip_list list;
    if (!unzip_list(reader->source, reader->limits.members, &reader->scratch, &list, err))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        const struct unzip_member *member = &list.at[i];
        void **seen = map_at(&reader->names, &reader->scratch, member->name);
        if (*seen)
            return err_set(err, ERR_FORMAT, "holds \"" STR_FMT "\" twice; do not use this file",
                           STR_ARG(str_slice(member->name, 0, 200)));
        *seen = reader;
        if (!wheel_check_name(member->name, err) || !wheel_check_size(reader, member, err) ||
            !wheel_note_member(reader, member, err))
            return false;
    }
    uint64_t size = reader->source->size;
    if (reader->wheel.total_size / reader->limits.total_ratio > (size ? size : 1))
        return err_set(err, ERR_LIMIT, "unpacks to more than %llu times its size (a zip bomb?)",
                       (unsigned long long)reader->limits.total_ratio);
    reader->wheel.members = list.len;
    return true;
}

/* The header ends at the first blank line; what follows is description. */
static bool wheel_has_blank_line(struct str text, size_t from)
{
    for (size_t i = from; i + 1 < text.len; i++)
        if (text.ptr[i] == '\n' &&
            (text.ptr[i + 1] == '\n' ||
             (text.ptr[i + 1] == '\r' && i + 2 < text.len && text.ptr[i + 2] == '\n')))
            return true;
    return false;
}

/* A member up to its blank line (or its end), into the result's arena. */
static bool wheel_read_member(struct wheel_reader *reader, const struct unzip_member *member,
                              size_t limit, struct str *text, struct err *err)
{
    BUF_AUTO struct buf buf = {0};
    struct unzip_stream *stream = NULL;
    if (member->size > limit)
        return err_set(err, ERR_LIMIT, "its %s has %llu bytes, more than the %zu allowed",
                       member->name.ptr + reader->wheel.dist_info.len + 1,
                       (unsigned long long)member->size, limit);
    bool ok = unzip_open(reader->source, member, &stream, err);
    size_t got = 1, seen = 0;
    while (ok && got > 0 && !wheel_has_blank_line(buf_str(&buf), seen)) {
        seen = buf.len > 2 ? buf.len - 2 : 0;
        ok = unzip_next(stream, buf_space(&buf, WHEEL_CHUNK), WHEEL_CHUNK, &got, err);
        buf.len += ok ? got : 0;
    }
    unzip_close(&stream);
    if (ok)
        *text = arena_str(reader->arena, buf_str(&buf));
    return ok;
}

static bool wheel_read_metadata(struct wheel_reader *reader, struct err *err)
{
    struct str text;
    struct wheel *wheel = &reader->wheel;
    if (!wheel->dist_info.len)
        return err_set(err, ERR_FORMAT, "has no .dist-info directory, so it is not a wheel");
    if (!reader->metadata || !reader->info)
        return err_set(err, ERR_FORMAT, "has no " STR_FMT "/%s; build or get it again",
                       STR_ARG(wheel->dist_info), reader->metadata ? "WHEEL" : "METADATA");
    if (!wheel_read_member(reader, reader->metadata, METADATA_LIMIT, &text, err))
        return false;
    if (!metadata_parse(text, reader->arena, &wheel->metadata, err))
        return err_wrap(err, STR_FMT "/METADATA", STR_ARG(wheel->dist_info));
    if (!wheel_read_member(reader, reader->info, METADATA_WHEEL_LIMIT, &text, err))
        return false;
    if (!metadata_parse_wheel(text, reader->arena, &wheel->info, err))
        return err_wrap(err, STR_FMT "/WHEEL", STR_ARG(wheel->dist_info));
    return true;
}

/* The name that everything was chosen by must be the truth. */
static bool wheel_check_truth(struct wheel_reader *reader, struct err *err)
{
    struct wheel *wheel = &reader->wheel;
    struct version version;
    if (!name_eq(wheel->metadata.name, wheel->name.name))
        return err_set(err, ERR_FORMAT,
                       "its name lies: METADATA says the project is \"" STR_FMT "\"; rename or "
                       "replace it",
                       STR_ARG(str_slice(wheel->metadata.name, 0, 200)));
    if (!version_try(wheel->metadata.version, &version) ||
        version_cmp(&version, &wheel->name.version) != 0)
        return err_set(err, ERR_FORMAT,
                       "its name lies: METADATA says the version is \"" STR_FMT "\"; rename or "
                       "replace it",
                       STR_ARG(str_slice(wheel->metadata.version, 0, 200)));
    struct str stem = str_slice(wheel->dist_info, 0, wheel->dist_info.len - WHEEL_SUFFIX), head;
    str_cut(stem, '-', &head, &(struct str){0});
    if (!name_eq(str_slice(stem, 0, str_rfind_char(stem, '-')), wheel->name.name) &&
        !name_eq(head, wheel->name.name))
        return err_set(err, ERR_FORMAT, "its name lies: its metadata directory is " STR_FMT,
                       STR_ARG(str_slice(wheel->dist_info, 0, 200)));
    wheel->tags_agree = wheel_tags_agree(&wheel->name, &wheel->info);
    return true;
}

bool wheel_read_source(const struct unzip_source *source, struct str filename,
                       const struct wheel_limits *limits, struct arena *arena, struct wheel *wheel,
                       struct err *err)
{
    struct wheel_reader reader = {.source = source,
                                  .limits = wheel_limits_filled(limits),
                                  .filename = arena_str(arena, filename),
                                  .arena = arena};
    bool ok = filename_parse_wheel(reader.filename, arena, &reader.wheel.name, err) &&
              wheel_check_members(&reader, err) && wheel_read_metadata(&reader, err) &&
              wheel_check_truth(&reader, err);
    if (!ok)
        err_wrap(err, STR_FMT, STR_ARG(reader.filename));
    arena_free(&reader.scratch);
    if (ok)
        *wheel = reader.wheel;
    return ok;
}

bool wheel_read(int dirfd, const char *path, const struct wheel_limits *limits, struct arena *arena,
                struct wheel *wheel, struct err *err)
{
    struct str name = str_from(path);
    size_t slash = str_rfind_char(name, '/');
    struct stat info;
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) < 0)
        return err_errno(err, "opening %s", path);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, "%s: not a regular file", path);
    struct unzip_source source = {unzip_pread, &fd, (uint64_t)info.st_size};
    return wheel_read_source(&source, slash < name.len ? str_from_pos(name, slash + 1) : name,
                             limits, arena, wheel, err);
}
