#include "pkg/simple.h"
#include "base/json.h"
#include "base/vec.h"
#include "pkg/filename.h"
#include "base/url.h"

#include <string.h>

struct str simple_find_hash(const struct simple_hash *hashes, size_t len, const char *algorithm)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(hashes[i].algorithm, str_from(algorithm)))
            return hashes[i].hex;
    return STR("");
}

/* `digits` decimal digits at text[at]; -1 when they are not there. */
static int simple_number(struct str text, size_t at, size_t digits)
{
    int value = 0;
    if (at + digits > text.len)
        return -1;
    for (size_t i = at; i < at + digits; i++) {
        if (!char_is_digit(text.ptr[i]))
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t simple_days(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - (month <= 2);
    int64_t leap_days = y / 4 - y / 100 + y / 400;
    return (int64_t)year * 365 + leap_days + before[month - 1] + day - 1 - (1970LL * 365 + 477);
}

/* "Z", "+00:00" and the like, in minutes. */
static bool simple_offset(struct str text, int *minutes)
{
    *minutes = 0;
    if (!text.len || str_eq_nocase(text, STR("Z")))
        return true;
    int hours = simple_number(text, 1, 2);
    size_t at = text.len > 3 && text.ptr[3] == ':' ? 4 : 3;
    int rest = simple_number(text, at, 2);
    if ((text.ptr[0] != '+' && text.ptr[0] != '-') || hours < 0 || rest < 0 || text.len != at + 2)
        return false;
    *minutes = (hours * 60 + rest) * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

bool simple_parse_time(struct str text, int64_t *ms)
{
    int year = simple_number(text, 0, 4), month = simple_number(text, 5, 2);
    int day = simple_number(text, 8, 2), hour = simple_number(text, 11, 2);
    int minute = simple_number(text, 14, 2), second = simple_number(text, 17, 2), offset;
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || text.ptr[4] != '-' ||
        text.ptr[7] != '-' || !memchr("Tt ", text.ptr[10], 3) || text.ptr[13] != ':' ||
        text.ptr[16] != ':')
        return false;
    size_t at = 19;
    int fraction = 0, scale = 100;
    if (at < text.len && text.ptr[at] == '.')
        for (at++; at < text.len && char_is_digit(text.ptr[at]); at++, scale /= 10)
            fraction += (text.ptr[at] - '0') * scale;
    if (!simple_offset(str_from_pos(text, at), &offset))
        return false;
    int64_t minutes = (simple_days(year, month, day) * 24 + hour) * 60 + minute - offset;
    *ms = (minutes * 60 + second) * 1000 + fraction;
    return true;
}

static void simple_json_hashes(yyjson_val *object, struct arena *arena,
                               const struct simple_hash **hashes, size_t *len)
{
    VEC(struct simple_hash) found = {0};
    size_t i, max;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(object))
        return;
    yyjson_obj_foreach(object, i, max, key, value)
    {
        if (yyjson_is_str(value))
            *vec_push(&found, arena) = (struct simple_hash){arena_str(arena, json_str(key)),
                                                            arena_str(arena, json_str(value))};
    }
    *hashes = found.at;
    *len = found.len;
}

/* core-metadata: true, or an object of hashes; dist-info-metadata is its older name (PEP 714). */
static void simple_json_metadata(yyjson_val *entry, struct arena *arena, struct simple_file *file)
{
    yyjson_val *value = yyjson_obj_get(entry, "core-metadata");
    if (!value)
        value = yyjson_obj_get(entry, "dist-info-metadata");
    file->has_metadata = yyjson_is_obj(value) || yyjson_is_true(value);
    simple_json_hashes(value, arena, &file->metadata_hashes, &file->metadata_hashes_len);
}

static bool simple_json_file(yyjson_val *entry, struct str url, struct arena *arena,
                             struct simple_file *file)
{
    struct str filename = json_get_str(entry, "filename"), link = json_get_str(entry, "url");
    if (!filename.len || !link.len || link.len > URL_LIMIT)
        return false;
    *file = (struct simple_file){
        .filename = arena_str(arena, filename), .size = -1, .upload_time_ms = -1};
    file->url = url_without_fragment(url_resolve(url, link, arena));
    file->requires_python = arena_str(arena, str_trim(json_get_str(entry, "requires-python")));
    simple_json_hashes(yyjson_obj_get(entry, "hashes"), arena, &file->hashes, &file->hashes_len);
    simple_json_metadata(entry, arena, file);
    yyjson_val *yanked = yyjson_obj_get(entry, "yanked");
    file->yanked = yyjson_is_str(yanked) || yyjson_is_true(yanked);
    file->yanked_reason = arena_str(arena, json_str(yanked));
    struct str provenance = json_get_str(entry, "provenance");
    if (provenance.len && provenance.len <= URL_LIMIT)
        file->provenance = url_resolve(url, provenance, arena);
    file->size = json_get_int(entry, "size", -1);
    simple_parse_time(json_get_str(entry, "upload-time"), &file->upload_time_ms);
    return true;
}

static const char *const simple_status_names[] = {"active", "archived", "quarantined",
                                                  "deprecated"};

enum simple_status simple_status_from(struct str name)
{
    for (size_t i = 0; i < sizeof simple_status_names / sizeof *simple_status_names; i++)
        if (str_eq_nocase(name, str_from(simple_status_names[i])))
            return (enum simple_status)i;
    return SIMPLE_ACTIVE;
}

static bool simple_check_version(yyjson_val *root, struct str url, struct arena *arena,
                                 struct err *err)
{
    struct str version = json_get_str(json_get_object(root, "meta"), "api-version");
    if (version.len && !str_starts(version, STR("1.")))
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": index API version " STR_FMT " is not known here (1.x is)",
                       STR_ARG(url_redacted(url, arena)), STR_ARG(str_slice(version, 0, 40)));
    return true;
}

/* Versions of the project, also those without files (PEP 700). */
static void simple_json_versions(yyjson_val *root, struct arena *arena, struct simple_page *page)
{
    yyjson_val *versions = json_get_array(root, "versions"), *one;
    struct str *found = ARENA_ARRAY(arena, struct str, yyjson_arr_size(versions) + 1);
    size_t i, max;
    yyjson_arr_foreach(versions, i, max, one)
    {
        if (yyjson_is_str(one))
            found[page->versions_len++] = arena_str(arena, json_str(one));
    }
    page->versions = found;
}

bool simple_parse_json(struct str text, struct str url, struct arena *arena,
                       struct simple_page *page, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    VEC(struct simple_file) found = {0};
    struct str shown = url_redacted(url, arena);
    if (!json_parse(text, shown.ptr, &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *files = json_get_array(root, "files"), *entry;
    if (!files)
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": the answer is JSON, but no page of a package index",
                       STR_ARG(shown));
    if (!simple_check_version(root, url, arena, err))
        return false;
    size_t i, max;
    yyjson_arr_foreach(files, i, max, entry)
    {
        struct simple_file file;
        if (found.len >= SIMPLE_FILE_LIMIT)
            return err_set(err, ERR_LIMIT, STR_FMT ": more than %d files", STR_ARG(shown),
                           SIMPLE_FILE_LIMIT);
        if (simple_json_file(entry, url, arena, &file) &&
            filename_kind(file.filename) != FILENAME_OTHER)
            *vec_push(&found, arena) = file;
    }
    yyjson_val *status = json_get_object(root, "project-status");
    *page = (struct simple_page){
        .name = arena_str(arena, json_get_str(root, "name")),
        .status = simple_status_from(json_get_str(status, "status")),
        .status_reason = arena_str(arena, json_get_str(status, "reason")),
        .api_version = arena_str(arena, json_get_str(json_get_object(root, "meta"), "api-version")),
        .files = found.at,
        .files_len = found.len,
    };
    simple_json_versions(root, arena, page);
    return true;
}

bool simple_parse(struct str text, struct str content_type, struct str url, struct arena *arena,
                  struct simple_page *page, struct err *err)
{
    struct str type, parameters;
    if (text.len > SIMPLE_LIMIT)
        return err_set(err, ERR_LIMIT, STR_FMT ": the page has %zu bytes, more than the %d allowed",
                       STR_ARG(url_redacted(url, arena)), text.len, SIMPLE_LIMIT);
    str_cut(content_type, ';', &type, &parameters);
    type = str_trim(type);
    struct str body = str_trim(text);
    bool looks_json = body.len && body.ptr[0] == '{';
    bool says_json = str_ends(type, STR("json")), says_html = str_ends(type, STR("html"));
    /* Proxies and mirrors mislabel pages: the first byte decides where it is plain. */
    if (looks_json || (says_json && !(body.len && body.ptr[0] == '<')))
        return simple_parse_json(text, url, arena, page, err);
    if (says_html || (body.len && body.ptr[0] == '<'))
        return simple_parse_html(text, url, arena, page, err);
    return err_set(err, ERR_FORMAT,
                   STR_FMT ": not a page of a package index (content type \"" STR_FMT "\")",
                   STR_ARG(url_redacted(url, arena)), STR_ARG(str_slice(type, 0, 80)));
}
