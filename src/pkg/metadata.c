#include "pkg/metadata.h"
#include "base/vec.h"

#include <string.h>

typedef VEC(struct str) metadata_list;

/* One field with its folded lines, and where it stands. */
struct metadata_field {
    struct str key, value, raw; /* raw: with its folded lines */
    size_t line;
};

struct metadata_reader {
    struct str text, rest;
    size_t line; /* of what rest starts with, from 1 */
    size_t fields;
    struct arena *arena;
};

static struct str metadata_take_line(struct metadata_reader *reader)
{
    struct str line = {0};
    str_next_line(&reader->rest, &line);
    reader->line++;
    return line;
}

static bool metadata_is_folded(struct str rest)
{
    return rest.len && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t');
}

/* Joins a folded value with single spaces. */
static struct str metadata_unfold(struct metadata_reader *reader, struct str first)
{
    const char *from = reader->rest.ptr;
    size_t room = first.len;
    struct metadata_reader ahead = *reader;
    while (metadata_is_folded(ahead.rest))
        room += metadata_take_line(&ahead).len + 1;
    if (ahead.rest.ptr == from)
        return first;
    char *joined = arena_alloc(reader->arena, room + 1);
    size_t len = first.len;
    memcpy(joined, first.ptr, first.len);
    while (metadata_is_folded(reader->rest)) {
        struct str more = str_trim(metadata_take_line(reader));
        if (!more.len)
            continue;
        if (len)
            joined[len++] = ' ';
        memcpy(joined + len, more.ptr, more.len);
        len += more.len;
    }
    return str_of(joined, len);
}

/* Printable ASCII without a space, as names of e-mail headers are (RFC 5322); none at all, too. */
static bool metadata_is_name(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~')
            return false;
    return true;
}

/* False at the end of the header: a blank line, the end, or (as e-mail readers do) a line without a
 * name. */
static bool metadata_next(struct metadata_reader *reader, struct metadata_field *field)
{
    struct metadata_reader before = *reader;
    if (!reader->rest.len)
        return false;
    field->line = reader->line;
    struct str line = metadata_take_line(reader), value;
    if (!str_cut(line, ':', &field->key, &value) || !metadata_is_name(field->key)) {
        *reader = before;
        return false;
    }
    field->value = metadata_unfold(reader, str_trim(value));
    field->raw = str_trim(str_of(value.ptr, (size_t)(reader->rest.ptr - value.ptr)));
    reader->fields++;
    return true;
}

static bool metadata_start(struct metadata_reader *reader, struct str text, size_t limit,
                           struct arena *arena, struct err *err)
{
    if (text.len > limit)
        return err_set(err, ERR_LIMIT, "%zu bytes, more than the %zu allowed", text.len, limit);
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
        text = str_from_pos(text, 3);
    *reader = (struct metadata_reader){text, text, 1, 0, arena};
    return true;
}

static bool metadata_check_field(const struct metadata_reader *reader,
                                 const struct metadata_field *field, struct err *err)
{
    if (reader->fields > METADATA_FIELD_LIMIT)
        return err_set_at(err, ERR_LIMIT, field->line, 0, "line %zu: more than %d fields",
                          field->line, METADATA_FIELD_LIMIT);
    if (str_has_char(field->value, '\0') || str_has_char(field->key, '\0'))
        return err_set_at(err, ERR_FORMAT, field->line, 0,
                          "line %zu: a NUL byte, so this is not text", field->line);
    return true;
}

/* "2.1" into two numbers; what is not two numbers is false. */
static bool metadata_split_version(struct str text, unsigned *major, unsigned *minor)
{
    struct str head, tail;
    uint64_t high, low;
    if (!str_cut(text, '.', &head, &tail) || !str_to_u64(head, &high) || !str_to_u64(tail, &low) ||
        high > 1000 || low > 1000)
        return false;
    *major = (unsigned)high;
    *minor = (unsigned)low;
    return true;
}

static struct str metadata_lower(struct str s, struct arena *arena)
{
    char *lower = arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        lower[i] = char_lower(s.ptr[i]);
    return str_of(lower, s.len);
}

/* Import-Name may end in "; private". */
static struct str metadata_import_name(struct str value)
{
    struct str name, rest;
    str_cut(value, ';', &name, &rest);
    return str_trim(name);
}

struct metadata_lists {
    metadata_list requires_dist, provides_extra, dynamic, import_names, import_namespaces;
};

/* Fields with one value: the first one counts, as for readers of e-mail headers. */
static bool metadata_take_single(const struct metadata_field *field, struct metadata *metadata)
{
    const struct {
        struct str key;
        struct str *value;
    } singles[] = {
        {STR("Metadata-Version"), &metadata->metadata_version},
        {STR("Name"), &metadata->name},
        {STR("Version"), &metadata->version},
        {STR("Requires-Python"), &metadata->requires_python},
        {STR("License"), &metadata->license},
        {STR("License-Expression"), &metadata->license_expression},
    };
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        if (!str_eq_nocase(field->key, singles[i].key))
            continue;
        if (!singles[i].value->len)
            *singles[i].value = field->value;
        return true;
    }
    return false;
}

static void metadata_take_list(const struct metadata_field *field, struct metadata_lists *lists,
                               struct arena *arena)
{
    if (str_eq_nocase(field->key, STR("Requires-Dist")))
        *vec_push(&lists->requires_dist, arena) = field->value;
    else if (str_eq_nocase(field->key, STR("Provides-Extra")))
        *vec_push(&lists->provides_extra, arena) = field->value;
    else if (str_eq_nocase(field->key, STR("Dynamic")))
        *vec_push(&lists->dynamic, arena) = metadata_lower(field->value, arena);
    else if (str_eq_nocase(field->key, STR("Import-Name")))
        *vec_push(&lists->import_names, arena) = metadata_import_name(field->value);
    else if (str_eq_nocase(field->key, STR("Import-Namespace")))
        *vec_push(&lists->import_namespaces, arena) = metadata_import_name(field->value);
}

static void metadata_set_lists(const struct metadata_lists *lists, struct metadata *metadata)
{
    metadata->requires_dist = lists->requires_dist.at;
    metadata->requires_dist_len = lists->requires_dist.len;
    metadata->provides_extra = lists->provides_extra.at;
    metadata->provides_extra_len = lists->provides_extra.len;
    metadata->dynamic = lists->dynamic.at;
    metadata->dynamic_len = lists->dynamic.len;
    metadata->import_names = lists->import_names.at;
    metadata->import_names_len = lists->import_names.len;
    metadata->import_namespaces = lists->import_namespaces.at;
    metadata->import_namespaces_len = lists->import_namespaces.len;
}

/* A major number we do not know may mean anything; a minor one only adds fields. */
static bool metadata_check_version(struct metadata *metadata, struct err *err)
{
    if (!metadata->metadata_version.len)
        metadata->metadata_version = STR("1.0");
    if (!metadata_split_version(metadata->metadata_version, &metadata->major, &metadata->minor))
        return err_set(err, ERR_FORMAT, "Metadata-Version \"" STR_FMT "\" is not a number pair",
                       STR_ARG(str_slice(metadata->metadata_version, 0, 80)));
    if (metadata->major < 1 || metadata->major > 2)
        return err_set(err, ERR_FORMAT,
                       "Metadata-Version " STR_FMT " is not known here (1.0 to 2.6 are)",
                       STR_ARG(metadata->metadata_version));
    return true;
}

bool metadata_parse(struct str text, struct arena *arena, struct metadata *metadata,
                    struct err *err)
{
    struct metadata_reader reader;
    struct metadata_field field;
    struct metadata_lists lists = {0};
    struct metadata parsed = {0};
    if (!metadata_start(&reader, text, METADATA_LIMIT, arena, err))
        return false;
    while (metadata_next(&reader, &field)) {
        if (!metadata_check_field(&reader, &field, err))
            return false;
        if (!metadata_take_single(&field, &parsed))
            metadata_take_list(&field, &lists, arena);
    }
    if (!metadata_check_version(&parsed, err))
        return false;
    if (!parsed.name.len || !parsed.version.len)
        return err_set(err, ERR_FORMAT, "the field %s is missing",
                       parsed.name.len ? "Version" : "Name");
    parsed.header_len = text.len - reader.rest.len;
    metadata_set_lists(&lists, &parsed);
    *metadata = parsed;
    return true;
}

bool metadata_read_entries(struct str text, struct arena *arena,
                           const struct metadata_entry **entries, size_t *len,
                           struct str *description, struct err *err)
{
    struct metadata_reader reader;
    struct metadata_field field;
    VEC(struct metadata_entry) found = {0};
    if (!metadata_start(&reader, text, METADATA_LIMIT, arena, err))
        return false;
    while (metadata_next(&reader, &field)) {
        if (!metadata_check_field(&reader, &field, err))
            return false;
        if (!field.key.len) /* ": text" is passed over, as e-mail readers do */
            continue;
        *vec_push(&found, arena) = (struct metadata_entry){metadata_find_spec(field.key), field.key,
                                                           field.value, field.raw, field.line};
    }
    *entries = found.at;
    *len = found.len;
    /* A line without a name ends the header too, and is the first of the description. */
    struct str behind = reader.rest, blank = {0};
    str_next_line(&behind, &blank);
    *description = blank.len ? reader.rest : behind;
    return true;
}

bool metadata_is_dynamic(const struct metadata *metadata, struct str field)
{
    for (size_t i = 0; i < metadata->dynamic_len; i++)
        if (str_eq_nocase(metadata->dynamic[i], field))
            return true;
    return false;
}

bool metadata_is_static(const struct metadata *metadata)
{
    bool has_dynamic = metadata->major > 2 || (metadata->major == 2 && metadata->minor >= 2);
    return has_dynamic && !metadata_is_dynamic(metadata, STR("Requires-Dist"));
}

bool metadata_parse_wheel(struct str text, struct arena *arena, struct metadata_wheel *wheel,
                          struct err *err)
{
    struct metadata_reader reader;
    struct metadata_field field;
    struct metadata_wheel parsed = {0};
    metadata_list tags = {0};
    unsigned major, minor;
    if (!metadata_start(&reader, text, METADATA_WHEEL_LIMIT, arena, err))
        return false;
    while (metadata_next(&reader, &field)) {
        if (!metadata_check_field(&reader, &field, err))
            return false;
        if (str_eq_nocase(field.key, STR("Wheel-Version")))
            parsed.wheel_version = field.value;
        else if (str_eq_nocase(field.key, STR("Generator")))
            parsed.generator = field.value;
        else if (str_eq_nocase(field.key, STR("Root-Is-Purelib")))
            parsed.root_is_purelib = str_eq_nocase(field.value, STR("true"));
        else if (str_eq_nocase(field.key, STR("Build")))
            parsed.build = field.value;
        else if (str_eq_nocase(field.key, STR("Tag")))
            *vec_push(&tags, arena) = field.value;
    }
    if (!parsed.wheel_version.len)
        return err_set(err, ERR_FORMAT, "the field Wheel-Version is missing");
    if (!metadata_split_version(parsed.wheel_version, &major, &minor) || major != 1)
        return err_set(err, ERR_FORMAT, "Wheel-Version " STR_FMT " is not known here (1.x is)",
                       STR_ARG(str_slice(parsed.wheel_version, 0, 80)));
    parsed.tags = tags.at;
    parsed.tags_len = tags.len;
    *wheel = parsed;
    return true;
}
