#include "image/pack_record.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/vec.h"
#include "os/file.h"

enum { RECORD_SIZE_MAX = 1 << 20 };

static const char record_dir[] = "share/refinery/packs";

bool pack_record_write(const char *dir, const struct pack_recipe *recipe,
                       const struct pack_source *source, const struct digest *digest,
                       struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    struct str folder = arena_printf(&scratch, "%s/%s", dir, record_dir);
    struct digest_hex hex = digest_to_hex(digest);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "name", recipe->name);
    json_add_str(doc, root, "version", source->version);
    json_add_str(doc, root, "digest", str_from(hex.text));
    json_add_str(doc, root, "note", source->note);
    yyjson_mut_val *needs = yyjson_mut_obj_add_arr(doc, root, "needs");
    for (size_t i = 0; i < recipe->needs.len; i++)
        json_append_str(doc, needs, recipe->needs.at[i]);
    yyjson_mut_val *files = yyjson_mut_obj_add_arr(doc, root, "sources");
    for (size_t i = 0; i < source->len; i++) {
        struct digest_hex sum = digest_to_hex(&source->files[i].sha256);
        yyjson_mut_val *file = yyjson_mut_arr_add_obj(doc, files);
        json_add_str(doc, file, "name", source->files[i].name);
        json_add_str(doc, file, "sha256", arena_str(&scratch, str_from(sum.text)));
    }
    json_write(doc, true, &text);
    buf_add_char(&text, '\n');
    struct str path =
        arena_printf(&scratch, STR_FMT "/" STR_FMT ".json", STR_ARG(folder), STR_ARG(recipe->name));
    return file_mkdirs(AT_FDCWD, folder.ptr, 0755, err) &&
           file_write(AT_FDCWD, path.ptr, 0644, buf_str(&text), err);
}

struct record_reader {
    struct arena *arena;
    struct str dir;
    VEC(struct pack_record) found;
};

static bool read_one(void *state, int dirfd, struct str name, struct err *err)
{
    struct record_reader *reader = state;
    JSON_AUTO yyjson_doc *doc = NULL;
    struct str text;
    (void)dirfd;
    if (!str_ends(name, STR(".json")))
        return true;
    struct str path = file_join(reader->arena, reader->dir, name);
    if (!file_read(AT_FDCWD, path.ptr, RECORD_SIZE_MAX, reader->arena, &text, err) ||
        !json_parse(text, path.ptr, &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    const struct pack_record record = {
        .name = arena_str(reader->arena, json_get_str(root, "name")),
        .version = arena_str(reader->arena, json_get_str(root, "version")),
        .digest = arena_str(reader->arena, json_get_str(root, "digest")),
        .note = arena_str(reader->arena, json_get_str(root, "note"))};
    if (!record.name.len || !record.digest.len)
        return err_set(err, ERR_FORMAT, "%s is no record of a pack", path.ptr);
    *vec_push(&reader->found, reader->arena) = record;
    return true;
}

bool pack_records_read(const char *dir, struct arena *arena, struct pack_records *records,
                       struct err *err)
{
    struct record_reader reader = {.arena = arena,
                                   .dir = arena_printf(arena, "%s/%s", dir, record_dir)};
    if (!file_each(AT_FDCWD, reader.dir.ptr, read_one, &reader, err))
        return false;
    *records = (struct pack_records){reader.found.at, reader.found.len};
    return true;
}

static bool read_kept(void *state, int dirfd, struct str name, struct err *err)
{
    struct record_reader *all = state;
    struct digest digest;
    struct pack_records own;
    (void)dirfd;
    struct str dir = file_join(all->arena, all->dir, name);
    struct str records = arena_printf(all->arena, STR_FMT "/%s", STR_ARG(dir), record_dir);
    /* Beside them lie trees of several, locks, and what an earlier version built. */
    if (!digest_from_hex(name, &digest) || access(records.ptr, F_OK))
        return true;
    if (!pack_records_read(dir.ptr, all->arena, &own, err))
        return false;
    for (size_t i = 0; i < own.len; i++)
        *vec_push(&all->found, all->arena) = own.at[i];
    return true;
}

static int record_order(const void *left, const void *right)
{
    const struct pack_record *a = left, *b = right;
    int order = str_cmp(a->name, b->name);
    order = order ? order : str_cmp(a->version, b->version);
    return order ? order : str_cmp(a->digest, b->digest);
}

bool pack_records_kept(const char *cache, struct arena *arena, struct pack_records *records,
                       struct err *err)
{
    struct record_reader all = {.arena = arena, .dir = arena_printf(arena, "%s/packs", cache)};
    if (access(all.dir.ptr, F_OK) == 0 && !file_each(AT_FDCWD, all.dir.ptr, read_kept, &all, err))
        return false;
    if (all.found.len)
        qsort(all.found.at, all.found.len, sizeof *all.found.at, record_order);
    *records = (struct pack_records){all.found.at, all.found.len};
    return true;
}
