#include "pkg/record.h"
#include "base/vec.h"

#include <string.h>

struct record_reader {
    struct str rest;
    size_t line;
    struct arena *arena;
};

/* Position of the quote that closes a field, or s.len; "" inside stands for one quote. */
static size_t record_closing(struct str s, bool *has_quotes)
{
    *has_quotes = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '"')
            continue;
        if (i + 1 >= s.len || s.ptr[i + 1] != '"')
            return i;
        *has_quotes = true;
        i++;
    }
    return s.len;
}

/* A quoted field; line ends may lie inside. */
static bool record_quoted(struct record_reader *reader, struct str *field, struct err *err)
{
    struct str rest = str_from_pos(reader->rest, 1);
    bool has_quotes;
    size_t end = record_closing(rest, &has_quotes);
    if (end == rest.len)
        return err_set_at(err, ERR_FORMAT, reader->line, 0, "line %zu: a quote is not closed",
                          reader->line);
    *field = str_slice(rest, 0, end);
    reader->rest = str_from_pos(rest, end + 1);
    if (!has_quotes)
        return true;
    char *plain = arena_alloc(reader->arena, end + 1);
    size_t len = 0;
    for (size_t i = 0; i < end; i++) {
        plain[len++] = rest.ptr[i];
        i += rest.ptr[i] == '"';
    }
    *field = str_of(plain, len);
    return true;
}

/* One field; *last tells whether it ended its row. */
static bool record_field(struct record_reader *reader, struct str *field, bool *last,
                         struct err *err)
{
    if (reader->rest.len && reader->rest.ptr[0] == '"') {
        if (!record_quoted(reader, field, err))
            return false;
    } else {
        size_t end = 0;
        while (end < reader->rest.len && !memchr(",\r\n", reader->rest.ptr[end], 3))
            end++;
        *field = str_slice(reader->rest, 0, end);
        reader->rest = str_from_pos(reader->rest, end);
    }
    *last = true;
    if (!reader->rest.len)
        return true;
    char next = reader->rest.ptr[0];
    size_t skip = next == '\r' && reader->rest.len > 1 && reader->rest.ptr[1] == '\n' ? 2 : 1;
    if (next != ',' && next != '\n' && next != '\r')
        return err_set_at(err, ERR_FORMAT, reader->line, 0, "line %zu: text behind a closed quote",
                          reader->line);
    *last = next != ',';
    reader->rest = str_from_pos(reader->rest, skip);
    return true;
}

static bool record_row(struct record_reader *reader, struct record_row *row, struct err *err)
{
    struct str fields[3] = {0}, field;
    size_t count = 0;
    for (bool last = false; !last; count++) {
        if (!record_field(reader, &field, &last, err))
            return false;
        if (count < 3)
            fields[count] = field;
    }
    if (count == 1 && !field.len) { /* a blank line */
        *row = (struct record_row){0};
        return true;
    }
    if (count > 3 || !fields[0].len)
        return err_set_at(err, ERR_FORMAT, reader->line, 0, "line %zu: not \"path,digest,size\"",
                          reader->line);
    *row = (struct record_row){.path = fields[0]};
    if (fields[1].len && !str_cut(fields[1], '=', &row->algorithm, &row->digest))
        return err_set_at(err, ERR_FORMAT, reader->line, 0,
                          "line %zu: \"" STR_FMT "\" is not \"algorithm=digest\"", reader->line,
                          STR_ARG(str_slice(fields[1], 0, 100)));
    row->has_size = fields[2].len != 0;
    if (row->has_size && !str_to_u64(fields[2], &row->size))
        return err_set_at(err, ERR_FORMAT, reader->line, 0,
                          "line %zu: \"" STR_FMT "\" is not a size", reader->line,
                          STR_ARG(str_slice(fields[2], 0, 100)));
    return true;
}

bool record_parse(struct str text, struct arena *arena, struct record *record, struct err *err)
{
    if (text.len > RECORD_LIMIT)
        return err_set(err, ERR_LIMIT, "%zu bytes, more than the %d allowed", text.len,
                       RECORD_LIMIT);
    struct record_reader reader = {text, 1, arena};
    VEC(struct record_row) rows = {0};
    while (reader.rest.len) {
        const char *from = reader.rest.ptr;
        struct record_row row;
        if (!record_row(&reader, &row, err))
            return false;
        for (; from < reader.rest.ptr; from++)
            reader.line += *from == '\n';
        if (!row.path.len)
            continue;
        if (rows.len == RECORD_ROW_LIMIT)
            return err_set_at(err, ERR_LIMIT, reader.line, 0, "line %zu: more than %d rows",
                              reader.line, RECORD_ROW_LIMIT);
        *vec_push(&rows, arena) = row;
    }
    *record = (struct record){rows.at, rows.len};
    return true;
}

static int record_base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (char_is_digit(c))
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

enum { RECORD_BASE64 = 43 }; /* digits of 32 bytes, without the padding */

bool record_digest(const struct record_row *row, struct digest *digest)
{
    struct str text = row->digest;
    while (text.len && text.ptr[text.len - 1] == '=')
        text.len--;
    if (!str_eq_nocase(row->algorithm, STR("sha256")) || text.len != RECORD_BASE64)
        return false;
    struct digest parsed;
    unsigned bits = 0, have = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = record_base64_value(text.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            parsed.bytes[len++] = (unsigned char)(bits >> have);
            bits &= (1U << have) - 1;
        }
    }
    if (bits) /* what is left over must be zero: one digest, one text */
        return false;
    *digest = parsed;
    return true;
}

static void record_write_field(struct str field, struct buf *out)
{
    bool quote = false;
    for (size_t i = 0; i < field.len; i++)
        quote |= memchr(",\"\r\n", field.ptr[i], 4) != NULL;
    if (!quote) {
        buf_add(out, field);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, field.ptr[i]);
    }
    buf_add_char(out, '"');
}

void record_write_row(struct str path, const struct digest *digest, uint64_t size, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    record_write_field(path, out);
    if (!digest) {
        buf_add(out, STR(",,\n"));
        return;
    }
    char text[RECORD_BASE64];
    for (size_t i = 0; i < RECORD_BASE64; i++) {
        size_t bit = i * 6, at = bit / 8;
        unsigned pair =
            (unsigned)digest->bytes[at] << 8 | (at + 1 < DIGEST_SIZE ? digest->bytes[at + 1] : 0U);
        text[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    buf_printf(out, ",sha256=%.*s,%llu\n", RECORD_BASE64, text, (unsigned long long)size);
}
