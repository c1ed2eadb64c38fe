#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/vec.h"
#include "bundle/bundle.h"
#include "os/file.h"

#define BUNDLE_FORMAT "refinery-bundle"

const struct str bundle_tops[] = {
    STR_INIT("crates"),
    STR_INIT("index/files"),
    STR_INIT("index/metadata"),
    STR_INIT("index/pages"),
    STR_INIT("index/trees"),
    STR_INIT("index/vcs"),
    STR_INIT("packs"),
    STR_INIT("patches"),
    STR_INIT("requests"),
    STR_INIT("roots"),
    STR_INIT(""),
};

/* ---- writing ---- */

void bundle_write(const struct bundle *bundle, struct arena *arena, struct str *text)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf out = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "format", STR(BUNDLE_FORMAT));
    yyjson_mut_obj_add_int(doc, root, "version", BUNDLE_VERSION);
    json_add_str(doc, root, "target", bundle->target);
    yyjson_mut_val *files = yyjson_mut_obj_add_arr(doc, root, "files");
    for (size_t i = 0; i < bundle->files_len; i++) {
        const struct bundle_file *file = &bundle->files[i];
        yyjson_mut_val *one = yyjson_mut_arr_add_arr(doc, files);
        json_append_str(doc, one, file->path);
        json_append_str(doc, one, str_from(digest_to_hex(&file->digest).text));
        yyjson_mut_arr_add_sint(doc, one, file->size);
        yyjson_mut_arr_add_bool(doc, one, file->executable);
    }
    yyjson_mut_val *links = yyjson_mut_obj_add_arr(doc, root, "links");
    for (size_t i = 0; i < bundle->links_len; i++) {
        yyjson_mut_val *one = yyjson_mut_arr_add_arr(doc, links);
        json_append_str(doc, one, bundle->links[i].path);
        json_append_str(doc, one, bundle->links[i].target);
    }
    yyjson_mut_val *dirs = yyjson_mut_obj_add_arr(doc, root, "dirs");
    for (size_t i = 0; i < bundle->dirs_len; i++)
        json_append_str(doc, dirs, bundle->dirs[i]);
    json_write(doc, false, &out);
    *text = arena_str(arena, buf_str(&out));
}

/* ---- reading ---- */

static bool bundle_wrong(struct err *err, const char *what, struct str path)
{
    return err_set(err, ERR_FORMAT, "its manifest %s (\"" STR_FMT "\"); do not use this file", what,
                   STR_ARG(str_slice(path, 0, 200)));
}

static bool bundle_take_path(struct str path, struct arena *arena, struct str *out, struct err *err)
{
    for (const struct str *top = bundle_tops; top->len; top++)
        if (file_path_is_safe(path) && str_starts(path, *top) && path.len > top->len &&
            path.ptr[top->len] == '/') {
            *out = arena_str(arena, path);
            return true;
        }
    return bundle_wrong(err, "names a path that no bundle fills", path);
}

static bool bundle_read_file(yyjson_val *value, struct arena *arena, struct bundle_file *file,
                             struct err *err)
{
    struct str path = json_str(yyjson_arr_get(value, 0));
    yyjson_val *size = yyjson_arr_get(value, 2);
    if (!digest_from_hex(json_str(yyjson_arr_get(value, 1)), &file->digest) ||
        !yyjson_is_int(size) || yyjson_get_sint(size) < 0)
        return bundle_wrong(err, "has a file without digest and size", path);
    file->size = yyjson_get_sint(size);
    file->executable = yyjson_get_bool(yyjson_arr_get(value, 3));
    return bundle_take_path(path, arena, &file->path, err);
}

static bool bundle_read_files(yyjson_val *array, struct arena *arena, struct bundle *bundle,
                              struct err *err)
{
    struct bundle_file *files = ARENA_ARRAY(arena, struct bundle_file, yyjson_arr_size(array));
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(array, index, max, value)
    {
        if (!bundle_read_file(value, arena, &files[index], err))
            return false;
        bundle->bytes += (uint64_t)files[index].size;
        if ((uint64_t)files[index].size > BUNDLE_BYTES_LIMIT || bundle->bytes > BUNDLE_BYTES_LIMIT)
            return err_set(err, ERR_LIMIT, "unpacks to more than the %llu bytes allowed",
                           (unsigned long long)BUNDLE_BYTES_LIMIT);
    }
    bundle->files = files;
    bundle->files_len = max;
    return true;
}

static bool bundle_read_links(yyjson_val *array, struct arena *arena, struct bundle *bundle,
                              struct err *err)
{
    struct bundle_link *links = ARENA_ARRAY(arena, struct bundle_link, yyjson_arr_size(array));
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(array, index, max, value)
    {
        struct str path = json_str(yyjson_arr_get(value, 0));
        struct str target = json_str(yyjson_arr_get(value, 1));
        /* Roots, native libraries and crates have links: they are seen from inside a jail. */
        if (!target.len || target.len > BUNDLE_LINK_LIMIT || memchr(target.ptr, '\0', target.len) ||
            str_starts(path, STR("index/")) || str_starts(path, STR("requests/")))
            return bundle_wrong(err, "has a link where none belongs", path);
        links[index].target = arena_str(arena, target);
        if (!bundle_take_path(path, arena, &links[index].path, err))
            return false;
    }
    bundle->links = links;
    bundle->links_len = max;
    return true;
}

static bool bundle_read_dirs(yyjson_val *array, struct arena *arena, struct bundle *bundle,
                             struct err *err)
{
    struct str *dirs = ARENA_ARRAY(arena, struct str, yyjson_arr_size(array));
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(array, index, max, value)
    {
        if (!bundle_take_path(json_str(value), arena, &dirs[index], err))
            return false;
    }
    bundle->dirs = dirs;
    bundle->dirs_len = max;
    return true;
}

bool bundle_read(struct str text, struct arena *arena, struct bundle *bundle, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    struct bundle made = {0};
    if (!json_parse(text, "its manifest", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    int64_t version = json_get_int(root, "version", 0);
    yyjson_val *files = json_get_array(root, "files"), *links = json_get_array(root, "links"),
               *dirs = json_get_array(root, "dirs");
    if (!str_eq(json_get_str(root, "format"), STR(BUNDLE_FORMAT)))
        return err_set(err, ERR_FORMAT, "not a bundle of refinery");
    if (version != BUNDLE_VERSION)
        return err_set(err, ERR_FORMAT,
                       "has the format version %lld, and this program reads %d: use the same "
                       "version of refinery on both sides",
                       (long long)version, BUNDLE_VERSION);
    if (!files || !links || !dirs)
        return bundle_wrong(err, "lacks a list", STR(""));
    if (yyjson_arr_size(files) + yyjson_arr_size(links) + yyjson_arr_size(dirs) >
        BUNDLE_ENTRY_LIMIT)
        return err_set(err, ERR_LIMIT, "names more than the %d paths allowed", BUNDLE_ENTRY_LIMIT);
    made.target = arena_str(arena, json_get_str(root, "target"));
    if (!bundle_read_files(files, arena, &made, err) ||
        !bundle_read_links(links, arena, &made, err) || !bundle_read_dirs(dirs, arena, &made, err))
        return false;
    *bundle = made;
    return true;
}

/* ---- contents ---- */

struct bundle_key {
    struct digest digest;
    size_t index;
};

static int bundle_key_cmp(const void *a, const void *b)
{
    const struct bundle_key *x = a, *y = b;
    int order = memcmp(x->digest.bytes, y->digest.bytes, DIGEST_SIZE);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

const size_t *bundle_blobs(const struct bundle *bundle, struct arena *arena, size_t *len)
{
    struct bundle_key *keys = ARENA_ARRAY(arena, struct bundle_key, bundle->files_len);
    size_t *blobs = ARENA_ARRAY(arena, size_t, bundle->files_len), count = 0;
    for (size_t i = 0; i < bundle->files_len; i++)
        keys[i] = (struct bundle_key){bundle->files[i].digest, i};
    if (bundle->files_len)
        qsort(keys, bundle->files_len, sizeof *keys, bundle_key_cmp);
    for (size_t i = 0; i < bundle->files_len; i++)
        if (i == 0 || !digest_eq(&keys[i].digest, &keys[i - 1].digest))
            blobs[count++] = keys[i].index;
    *len = count;
    return blobs;
}
