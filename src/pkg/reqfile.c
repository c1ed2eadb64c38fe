#include "pkg/reqfile.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "pkg/reqfile_option.h"
#include "base/url.h"

#include <string.h>

struct reqfile_reader {
    const struct reqfile_io *io;
    struct arena *arena;
    struct reqfile file; /* what is collected, over all files */
    VEC(struct reqfile_entry) entries;
    VEC(struct str) open; /* the files being read, outermost first */
    struct map seen;      /* "c path" or "r path" already read: a second time adds nothing */
};

/* Logical line: continued lines joined, comments gone, variables in place. */
struct reqfile_line {
    struct str text;
    size_t number; /* of its first physical line */
};

static bool reqfile_file(struct reqfile_reader *reader, struct str path, bool constraint,
                         struct err *err);

/* The next logical line; comments end a continuation, as pip does it. */
static bool reqfile_next(struct str *rest, size_t *number, struct arena *arena,
                         struct reqfile_line *line)
{
    BUF_AUTO struct buf joined = {0};
    struct str piece;
    line->number = *number + 1;
    bool more = true, any = false;
    while (more && str_next_line(rest, &piece)) {
        ++*number;
        any = true;
        struct str trimmed = str_trim(piece);
        bool comment = trimmed.len && trimmed.ptr[0] == '#';
        more = piece.len && piece.ptr[piece.len - 1] == '\\' && !comment;
        if (comment) { /* a comment inside a continued line ends it */
            buf_add_char(&joined, ' ');
            buf_add(&joined, piece);
            break;
        }
        buf_add(&joined, more ? str_slice(piece, 0, piece.len - 1) : piece);
    }
    if (!any)
        return false;
    struct str text = buf_str(&joined);
    for (size_t i = 0; i < text.len; i++) /* "#" starts a comment at the start or behind space */
        if (text.ptr[i] == '#' && (i == 0 || char_is_space(text.ptr[i - 1])))
            text.len = i;
    line->text = arena_str(arena, str_trim(text));
    return true;
}

static bool reqfile_is_variable(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') && !char_is_digit(name.ptr[i]) &&
            name.ptr[i] != '_')
            return false;
    return name.len != 0;
}

/* ${NAME} of set variables; one that is not set stays as it is written. */
static struct str reqfile_expand(const struct reqfile_reader *reader, struct str text)
{
    if (str_find(text, STR("${")) == text.len || !reader->io->env)
        return text;
    BUF_AUTO struct buf out = {0};
    while (text.len) {
        size_t open = str_find(text, STR("${"));
        struct str behind = str_from_pos(text, open + 2), value;
        struct str name = str_slice(behind, 0, str_find_char(behind, '}'));
        buf_add(&out, str_slice(text, 0, open));
        text = str_from_pos(text, open);
        if (!text.len)
            break;
        if (name.len < behind.len && reqfile_is_variable(name) &&
            reader->io->env(reader->io->state, name, reader->arena, &value)) {
            buf_add(&out, value);
            text = str_from_pos(behind, name.len + 1);
        } else {
            buf_add(&out, STR("${"));
            text = behind;
        }
    }
    return arena_str(reader->arena, buf_str(&out));
}

/* A path named in a file is relative to that file; one named by a file from a URL, to the URL. */
static struct str reqfile_relative(struct str base, struct str name, struct arena *arena)
{
    if (url_has_scheme(name) || str_starts(name, STR("/")))
        return name;
    if (url_has_scheme(base))
        return url_resolve(base, name, arena);
    size_t slash = str_rfind_char(base, '/');
    if (slash == base.len)
        return name;
    return arena_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(str_slice(base, 0, slash)),
                        STR_ARG(name));
}

static bool reqfile_include(struct reqfile_reader *reader, struct str from, struct str name,
                            bool constraint, struct err *err)
{
    struct str path = reqfile_relative(from, name, reader->arena);
    if (!name.len)
        return err_set(err, ERR_FORMAT, "the name of a file is missing");
    for (size_t i = 0; i < reader->open.len; i++)
        if (str_eq(reader->open.at[i], path))
            return err_set(err, ERR_FORMAT, STR_FMT " includes itself", STR_ARG(path));
    if (reader->open.len >= REQFILE_DEPTH_LIMIT)
        return err_set(err, ERR_LIMIT, "files included more than %d deep", REQFILE_DEPTH_LIMIT);
    return reqfile_file(reader, path, constraint, err);
}

static bool reqfile_line(struct reqfile_reader *reader, struct str path,
                         const struct reqfile_line *line, bool constraint, struct err *err)
{
    struct reqfile_include include = {0};
    struct str text = reqfile_expand(reader, line->text);
    struct str origin = arena_printf(reader->arena, STR_FMT ":%zu", STR_ARG(path), line->number);
    if (!text.len)
        return true;
    if (text.ptr[0] == '-' && !reqfile_option_is_editable(text)) {
        if (!reqfile_option_take(text, path, reader->arena, &reader->file, &include, err))
            return err_wrap(err, STR_FMT, STR_ARG(origin));
        if (include.path.ptr &&
            !reqfile_include(reader, path, include.path, constraint || include.constraint, err))
            return err_wrap(err, STR_FMT, STR_ARG(origin));
        return true;
    }
    struct reqfile_entry entry;
    if (!reqfile_parse_line(text, origin, reader->arena, &entry, err))
        return false;
    entry.constraint = constraint;
    if (reader->entries.len >= REQFILE_ENTRY_LIMIT)
        return err_set(err, ERR_LIMIT, STR_FMT ": more than %d requirements", STR_ARG(origin),
                       REQFILE_ENTRY_LIMIT);
    *vec_push(&reader->entries, reader->arena) = entry;
    return true;
}

/* Windows editors leave a byte order mark; other Unicode encodings are refused with a name. */
static bool reqfile_check_text(struct str path, struct str *text, struct err *err)
{
    if (text->len > REQFILE_LIMIT)
        return err_set(err, ERR_LIMIT, STR_FMT ": %zu bytes, more than the %d allowed",
                       STR_ARG(path), text->len, REQFILE_LIMIT);
    if (str_starts(*text, STR("\xef\xbb\xbf")))
        *text = str_from_pos(*text, 3);
    if (str_has_char(*text, '\0'))
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": not a text in UTF-8 (it has NUL bytes); save it as UTF-8",
                       STR_ARG(path));
    return true;
}

static bool reqfile_file(struct reqfile_reader *reader, struct str path, bool constraint,
                         struct err *err)
{
    struct str text, rest;
    struct reqfile_line line;
    size_t number = 0;
    struct str key =
        arena_printf(reader->arena, "%c " STR_FMT, constraint ? 'c' : 'r', STR_ARG(path));
    void **seen = map_at(&reader->seen, reader->arena, key);
    if (*seen)
        return true;
    *seen = reader;
    if (!reader->io->read(reader->io->state, path, reader->arena, &text, err) ||
        !reqfile_check_text(path, &text, err))
        return false;
    *vec_push(&reader->open, reader->arena) = path;
    rest = text;
    while (reqfile_next(&rest, &number, reader->arena, &line))
        if (!reqfile_line(reader, path, &line, constraint, err))
            return false;
    reader->open.len--;
    return true;
}

bool reqfile_read(struct str path, bool constraint, const struct reqfile_io *io,
                  struct arena *arena, struct reqfile *file, struct err *err)
{
    struct reqfile_reader reader = {.io = io, .arena = arena, .file = *file};
    for (size_t i = 0; i < file->len; i++)
        *vec_push(&reader.entries, arena) = file->entries[i];
    if (!reqfile_file(&reader, arena_str(arena, path), constraint, err))
        return false;
    reader.file.entries = reader.entries.at;
    reader.file.len = reader.entries.len;
    *file = reader.file;
    return true;
}
