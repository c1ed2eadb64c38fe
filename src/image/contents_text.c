#include "image/contents_text.h"

#include <string.h>

/* "libdevel/zlib1g-dev", "universe/libdevel/zlib1g-dev", "zlib1g-dev" */
static void contents_add(struct contents_text *text, struct str path, struct str location)
{
    size_t slash = str_rfind_char(location, '/');
    bool named = slash < location.len;
    struct str section = str_slice(location, 0, named ? slash : 0);
    size_t component = str_rfind_char(section, '/');
    if (component < section.len)
        section = str_from_pos(section, component + 1);
    capability_make_add(text->maker, path, str_from_pos(location, named ? slash + 1 : 0), section);
}

/* "usr/lib/@/libz.so" -> "usr/lib/s390x-linux-gnu/libz.so" */
static struct str contents_path(const struct contents_text *text, struct str path,
                                struct arena *scratch)
{
    size_t at = text->triplet.len ? str_find(path, STR("/@/")) : path.len;
    return at == path.len
               ? path
               : arena_printf(scratch, STR_FMT "/" STR_FMT STR_FMT, (int)at, path.ptr,
                              STR_ARG(text->triplet), STR_ARG(str_from_pos(path, at + 2)));
}

/* A path may have spaces in it: where the packages are is behind the last of them. */
static void contents_read_files(struct contents_text *text, struct str line)
{
    size_t at = line.len;
    while (at > 0 && line.ptr[at - 1] != ' ' && line.ptr[at - 1] != '\t')
        at--;
    ARENA_AUTO struct arena scratch = {0};
    struct str all = str_from_pos(line, at), location;
    struct str path = contents_path(text, str_trim(str_slice(line, 0, at)), &scratch);
    while (path.len && str_next(&all, ',', &location))
        contents_add(text, path, location);
}

static void contents_name(struct contents_name *name, struct str text)
{
    name->len = text.len <= sizeof name->text ? text.len : 0;
    memcpy(name->text, text.ptr, name->len);
}

/* A name without the version or architecture behind it. */
static struct str contents_first_word(struct str s)
{
    size_t len = 0;
    s = str_trim(s);
    while (len < s.len && !char_is_space(s.ptr[len]) && s.ptr[len] != ':' && s.ptr[len] != '|' &&
           s.ptr[len] != '(')
        len++;
    return str_slice(s, 0, len);
}

/* Of alternatives the first is what the distribution prefers. */
static void contents_count(struct contents_text *text, struct str depends)
{
    const struct contents_name *by = text->source.len ? &text->source : &text->package;
    struct str one;
    while (str_next(&depends, ',', &one))
        capability_make_count(text->maker, str_of(by->text, by->len), contents_first_word(one));
}

static void contents_read_packages(struct contents_text *text, struct str line)
{
    struct str field, value;
    if (!str_cut(line, ':', &field, &value))
        return;
    if (str_eq(field, STR("Package"))) {
        contents_name(&text->package, contents_first_word(value));
        text->source.len = 0;
    } else if (str_eq(field, STR("Source")))
        contents_name(&text->source, contents_first_word(value));
    else if (str_eq(field, STR("Depends")))
        contents_count(text, value);
}

static void contents_read_dnf(struct contents_text *text, struct str line)
{
    if (str_starts(line, STR("@")))
        contents_name(&text->package, str_from_pos(line, 1));
    else if (str_starts(line, STR("/")))
        capability_make_add(text->maker, line, str_of(text->package.text, text->package.len),
                            STR(""));
}

static void contents_read_line(struct contents_text *text, struct str line)
{
    static void (*const readers[])(struct contents_text * text, struct str line) = {
        [CONTENTS_FILES] = contents_read_files,
        [CONTENTS_PACKAGES] = contents_read_packages,
        [CONTENTS_DNF] = contents_read_dnf,
    };
    if (str_ends(line, STR("\r")))
        line.len--;
    readers[text->form](text, line);
}

/* The line that is under way gets `piece`. */
static void contents_keep(struct contents_text *text, struct str piece)
{
    if (piece.len > sizeof text->line - text->len)
        text->long_line = true;
    if (text->long_line)
        return;
    memcpy(text->line + text->len, piece.ptr, piece.len);
    text->len += piece.len;
}

void contents_text_end(struct contents_text *text)
{
    if (text->long_line)
        text->passed_over++;
    else if (text->len)
        contents_read_line(text, str_of(text->line, text->len));
    text->len = 0;
    text->long_line = false;
}

bool contents_text_add(struct contents_text *text, struct str piece, struct err *err)
{
    text->bytes += piece.len;
    if (text->bytes > CONTENTS_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "an index of more than %llu GiB is none of a distribution",
                       (unsigned long long)(CONTENTS_BYTES_MAX >> 30));
    while (piece.len) {
        size_t end = str_find_char(piece, '\n');
        struct str line = str_slice(piece, 0, end);
        if (end == piece.len) {
            contents_keep(text, line);
            break;
        }
        if (text->len || text->long_line || line.len > sizeof text->line) {
            contents_keep(text, line);
            contents_text_end(text);
        } else if (line.len)
            contents_read_line(text, line);
        piece = str_from_pos(piece, end + 1);
    }
    if (capability_make_files(text->maker) > CONTENTS_FILES_MAX)
        return err_set(err, ERR_LIMIT,
                       "an index of more than %d files for builds is none of a distribution",
                       CONTENTS_FILES_MAX);
    return true;
}
