#include "pkg/direct_url.h"
#include "base/json.h"
#include "base/url.h"
#include "base/vec.h"

struct reader {
    struct arena *arena;
    struct err *err;
};

static bool wrong(const struct reader *r, const char *key, const char *wanted)
{
    return err_set(r->err, ERR_FORMAT, "direct_url.json: %s must be %s", key, wanted);
}

/* A string; null counts as absent. */
static bool read_str(const struct reader *r, yyjson_val *object, const char *key, bool required,
                     struct str *value)
{
    yyjson_val *member = yyjson_obj_get(object, key);
    if (!member || yyjson_is_null(member))
        return !required || wrong(r, key, "there");
    if (!yyjson_is_str(member))
        return wrong(r, key, "a string");
    *value = arena_str(r->arena, json_str(member));
    return true;
}

/* The older "hash": "sha256=..."; the newer "hashes", where there are any, must hold it too. */
static bool read_hash(const struct reader *r, yyjson_val *info, struct direct_url *out)
{
    struct str text = {0};
    struct simple_hash *one = ARENA_NEW(r->arena, struct simple_hash);
    if (!read_str(r, info, "hash", false, &text))
        return false;
    if (!text.ptr)
        return true;
    if (!str_cut(text, '=', &one->algorithm, &one->hex))
        return wrong(r, "hash", "ALGORITHM=DIGEST");
    if (!yyjson_is_obj(yyjson_obj_get(info, "hashes"))) {
        out->hashes = one;
        out->hashes_len = 1;
        return true;
    }
    for (size_t i = 0; i < out->hashes_len; i++)
        if (str_eq(out->hashes[i].algorithm, one->algorithm) &&
            str_eq(out->hashes[i].hex, one->hex))
            return true;
    return wrong(r, "hash", "one of hashes");
}

static bool read_archive(const struct reader *r, yyjson_val *info, struct direct_url *out)
{
    yyjson_val *hashes = yyjson_obj_get(info, "hashes"), *key, *value;
    VEC(struct simple_hash) found = {0};
    size_t i, max;
    if (hashes && !yyjson_is_null(hashes) && !yyjson_is_obj(hashes))
        return wrong(r, "hashes", "an object");
    if (!yyjson_is_obj(hashes)) /* yyjson iterates over an object alone */
        return read_hash(r, info, out);
    yyjson_obj_foreach(hashes, i, max, key, value)
    {
        if (!yyjson_is_str(value))
            return wrong(r, "hashes", "an object of strings");
        *vec_push(&found, r->arena) = (struct simple_hash){arena_str(r->arena, json_str(key)),
                                                           arena_str(r->arena, json_str(value))};
    }
    out->hashes = found.at;
    out->hashes_len = found.len;
    return read_hash(r, info, out);
}

static bool read_vcs(const struct reader *r, yyjson_val *info, struct direct_url *out)
{
    return read_str(r, info, "vcs", true, &out->vcs) &&
           read_str(r, info, "requested_revision", false, &out->requested_revision) &&
           read_str(r, info, "commit_id", true, &out->commit_id);
}

static bool read_directory(const struct reader *r, yyjson_val *info, struct direct_url *out)
{
    yyjson_val *editable = yyjson_obj_get(info, "editable");
    if (editable && !yyjson_is_null(editable) && !yyjson_is_bool(editable))
        return wrong(r, "editable", "true or false");
    out->editable = yyjson_is_true(editable);
    struct url url = url_split(out->url);
    if (!str_eq_nocase(url.scheme, STR("file")) || !str_starts(url.path, STR("/")))
        return wrong(r, "url", "file:// and an absolute path, with dir_info");
    return true;
}

static const struct {
    const char *key;
    bool (*read)(const struct reader *r, yyjson_val *info, struct direct_url *out);
} kinds[] = {
    [DIRECT_URL_ARCHIVE] = {"archive_info", read_archive},
    [DIRECT_URL_VCS] = {"vcs_info", read_vcs},
    [DIRECT_URL_DIRECTORY] = {"dir_info", read_directory},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool read_kind(const struct reader *r, yyjson_val *root, struct direct_url *out)
{
    size_t given = 0;
    for (size_t i = 0; i < KINDS; i++) {
        yyjson_val *info = yyjson_obj_get(root, kinds[i].key);
        if (!info || yyjson_is_null(info))
            continue;
        if (!yyjson_is_obj(info))
            return wrong(r, kinds[i].key, "an object");
        out->kind = (enum direct_url_kind)i;
        given++;
        if (!kinds[i].read(r, info, out))
            return false;
    }
    if (given != 1)
        return err_set(r->err, ERR_FORMAT,
                       "direct_url.json: exactly one of archive_info, vcs_info and dir_info must "
                       "be there");
    return true;
}

bool direct_url_parse(struct str text, struct arena *arena, struct direct_url *direct,
                      struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    struct reader r = {arena, err};
    struct direct_url made = {0};
    if (text.len > DIRECT_URL_LIMIT)
        return err_set(err, ERR_LIMIT, "direct_url.json: %zu bytes, more than the %d allowed",
                       text.len, DIRECT_URL_LIMIT);
    if (!json_parse(text, "direct_url.json", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        return wrong(&r, "the document", "an object");
    if (!read_str(&r, root, "url", true, &made.url) ||
        !read_str(&r, root, "subdirectory", false, &made.subdirectory) ||
        !read_kind(&r, root, &made))
        return false;
    *direct = made;
    return true;
}

/* "${NAME}" or "${NAME}:${NAME}" */
static bool is_variables(struct str userinfo)
{
    struct str piece;
    size_t count = 0;
    while (str_next(&userinfo, ':', &piece)) {
        if (++count > 2 || piece.len < 4 || !str_starts(piece, STR("${")) ||
            !str_ends(piece, STR("}")))
            return false;
        for (size_t i = 2; i + 1 < piece.len; i++)
            if (!char_is_alnum(piece.ptr[i]) && !str_has_char(STR("-_"), piece.ptr[i]))
                return false;
    }
    return count > 0;
}

struct str direct_url_stripped(struct str text, struct arena *arena)
{
    struct url url = url_split(text);
    if (!url.userinfo.len || str_eq(url.userinfo, STR("git")) || is_variables(url.userinfo))
        return text;
    size_t at = (size_t)(url.userinfo.ptr - text.ptr);
    return arena_printf(arena, STR_FMT STR_FMT, STR_ARG(str_slice(text, 0, at)),
                        STR_ARG(str_from_pos(text, at + url.userinfo.len + 1)));
}
