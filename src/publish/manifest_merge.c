#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "os/file.h"
#include "publish/manifest.h"

enum { MERGE_BYTES_MAX = 256 << 20 };

struct merge_entry {
    struct str name, version;
    yyjson_val *package;
};

struct merge {
    struct arena *arena;
    struct map names; /* of the new one's packages */
    struct merge_entry *entries;
    size_t len;
};

static yyjson_val *merge_root(yyjson_doc *doc)
{
    return yyjson_doc_get_root(doc);
}

static struct str merge_target(yyjson_doc *doc)
{
    return json_get_str(json_get_object(merge_root(doc), "run"), "target");
}

static void merge_add(struct merge *merge, yyjson_val *package)
{
    merge->entries[merge->len++] = (struct merge_entry){json_get_str(package, "name"),
                                                        json_get_str(package, "version"), package};
}

static int merge_compare(const void *a, const void *b)
{
    const struct merge_entry *x = a, *y = b;
    int order = str_cmp(x->name, y->name);
    return order ? order : str_cmp(x->version, y->version);
}

/* Both lists as one, in the order of the file: what the new one names replaces the old. */
static void merge_collect(struct merge *merge, yyjson_val *old, yyjson_val *new)
{
    size_t at, count;
    yyjson_val *package;
    merge->entries =
        ARENA_ARRAY(merge->arena, struct merge_entry, yyjson_arr_size(old) + yyjson_arr_size(new));
    yyjson_arr_foreach(new, at, count, package)
    {
        *map_at(&merge->names, merge->arena, json_get_str(package, "name")) = merge;
        merge_add(merge, package);
    }
    yyjson_arr_foreach(old, at, count, package)
    {
        struct str name = json_get_str(package, "name");
        if (name.len && !map_get(&merge->names, name))
            merge_add(merge, package);
    }
    if (merge->len)
        qsort(merge->entries, merge->len, sizeof *merge->entries, merge_compare);
}

static void merge_counts(const struct merge *merge, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    yyjson_mut_val *counts = yyjson_mut_obj_add_obj(doc, root, "counts");
    for (int status = 0; status < MANIFEST_STATUS_COUNT; status++) {
        const char *word = manifest_status_name((enum manifest_status)status);
        size_t of = 0;
        for (size_t i = 0; i < merge->len; i++)
            of += str_eq(json_get_str(merge->entries[i].package, "status"), str_from(word));
        yyjson_mut_obj_add_uint(doc, counts, word, of);
    }
}

static void merge_write(const struct merge *merge, yyjson_val *new, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *packages;
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_val(doc, root, "manifest_version",
                           yyjson_val_mut_copy(doc, yyjson_obj_get(new, "manifest_version")));
    yyjson_mut_obj_add_val(doc, root, "run", yyjson_val_mut_copy(doc, yyjson_obj_get(new, "run")));
    merge_counts(merge, doc, root);
    packages = yyjson_mut_obj_add_arr(doc, root, "packages");
    for (size_t i = 0; i < merge->len; i++)
        yyjson_mut_arr_append(packages, yyjson_val_mut_copy(doc, merge->entries[i].package));
    json_write(doc, true, out);
}

bool manifest_merge(const struct manifest *manifest, const char *path, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf fresh = {0}, text = {0};
    JSON_AUTO yyjson_doc *old = NULL, *new = NULL;
    struct merge merge = {.arena = &arena};
    struct err none = {0};
    struct str before;
    if (!file_read(AT_FDCWD, path, MERGE_BYTES_MAX, &arena, &before, &none) ||
        !json_parse(before, path, &old, &none))
        return manifest_write(manifest, path, err);
    manifest_json(manifest, &fresh);
    if (!json_parse(buf_str(&fresh), path, &new, err))
        return false;
    if (!str_eq(merge_target(old), merge_target(new)))
        return manifest_write(manifest, path, err);
    merge_collect(&merge, json_get_array(merge_root(old), "packages"),
                  json_get_array(merge_root(new), "packages"));
    merge_write(&merge, merge_root(new), &text);
    return file_write(AT_FDCWD, path, 0644, buf_str(&text), err);
}
