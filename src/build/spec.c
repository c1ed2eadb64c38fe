#include "build/spec.h"
#include "base/json.h"
#include "base/vec.h"

static const char *const spec_kinds[] = {"fetch", "requires", "metadata", "wheel",
                                         "test",  "image",    "prove"};

static const char *const spec_outcomes[SPEC_OUTCOME_COUNT] = {
    "ok",    "machine facts", "fetch",         "build",  "no wheel", "silent fallback",
    "floor", "repair",        "machine level", "import", "timeout",  "memory",
    "disk",  "environment",
};

const char *spec_kind_name(enum spec_kind kind)
{
    return spec_kinds[kind];
}

const char *spec_outcome_name(enum spec_outcome outcome)
{
    return spec_outcomes[outcome];
}

static bool spec_word(struct str word, const char *const *words, size_t count, size_t *index)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, str_from(words[i]))) {
            *index = i;
            return true;
        }
    return false;
}

/* ---- writing ---- */

struct spec_list spec_list_join(struct spec_list a, struct spec_list b, struct arena *arena)
{
    struct str *all = ARENA_ARRAY(arena, struct str, a.len + b.len);
    for (size_t i = 0; i < a.len + b.len; i++)
        all[i] = i < a.len ? a.at[i] : b.at[i - a.len];
    return (struct spec_list){all, a.len + b.len};
}

struct str spec_list_json(struct spec_list list, struct arena *arena)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *array = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, array);
    for (size_t i = 0; i < list.len; i++)
        json_append_str(doc, array, list.at[i]);
    json_write(doc, false, &text);
    return arena_str(arena, buf_str(&text));
}

struct spec_list spec_list_read(struct str json, struct arena *arena)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    struct err ignored = {0};
    VEC(struct str) words = {0};
    size_t at, count;
    yyjson_val *word;
    if (!json_parse(json, "a list", &doc, &ignored))
        return (struct spec_list){0};
    yyjson_arr_foreach(yyjson_doc_get_root(doc), at, count, word)
    {
        if (yyjson_is_str(word))
            *vec_push(&words, arena) = arena_str(arena, json_str(word));
    }
    return (struct spec_list){words.at, words.len};
}

static void spec_add_list(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                          struct spec_list list)
{
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < list.len; i++)
        json_append_str(doc, array, list.at[i]);
}

static void spec_add_file(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct spec_file *file)
{
    json_add_str(doc, object, "filename", file->filename);
    json_add_str(doc, object, "url", file->url);
    json_add_str(doc, object, "sha256", file->sha256);
}

static void spec_add_files(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
                           struct spec_files files)
{
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, key);
    for (size_t i = 0; i < files.len; i++)
        spec_add_file(doc, yyjson_mut_arr_add_obj(doc, array), &files.at[i]);
}

static void spec_add_net(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct spec_net *net)
{
    spec_add_list(doc, object, "trusted_hosts", net->trusted_hosts);
    json_add_str(doc, object, "proxy", net->proxy);
    json_add_str(doc, object, "ca_file", net->ca_file);
    json_add_str(doc, object, "client_cert", net->client_cert);
    yyjson_mut_obj_add_bool(doc, object, "offline", net->offline);
}

static void spec_add_packs(yyjson_mut_doc *doc, yyjson_mut_val *object,
                           const struct spec_packs *packs)
{
    json_add_str(doc, object, "dir", packs->dir);
    json_add_str(doc, object, "sources", packs->sources);
    json_add_str(doc, object, "mirror", packs->mirror);
}

void spec_write(const struct spec *spec, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "kind", str_from(spec_kinds[spec->kind]));
    json_add_str(doc, root, "name", spec->name);
    json_add_str(doc, root, "version", spec->version);
    json_add_str(doc, root, "python", spec->python);
    json_add_str(doc, root, "arch", spec->arch);
    json_add_str(doc, root, "platform_tag", spec->platform_tag);
    json_add_str(doc, root, "max_machine", spec->max_machine);
    yyjson_mut_obj_add_bool(doc, root, "for_build_machine", spec->for_build_machine);
    yyjson_mut_obj_add_bool(doc, root, "strict_floor", spec->strict_floor);
    json_add_str(doc, root, "strategy", spec->strategy);
    spec_add_file(doc, yyjson_mut_obj_add_obj(doc, root, "source"), &spec->source);
    json_add_str(doc, root, "commit", spec->commit);
    spec_add_files(doc, root, "requires", spec->requires);
    spec_add_files(doc, root, "linked", spec->linked);
    spec_add_files(doc, root, "wheels", spec->wheels);
    spec_add_files(doc, root, "patches", spec->patches);
    spec_add_list(doc, root, "recipes", spec->recipes);
    json_add_str(doc, root, "preset", spec->preset);
    json_add_str(doc, root, "image", spec->image);
    json_add_str(doc, root, "cache", spec->cache);
    json_add_str(doc, root, "mirror", spec->mirror);
    json_add_str(doc, root, "keyring", spec->keyring);
    spec_add_net(doc, yyjson_mut_obj_add_obj(doc, root, "net"), &spec->net);
    spec_add_packs(doc, yyjson_mut_obj_add_obj(doc, root, "packs"), &spec->packs);
    yyjson_mut_obj_add_int(doc, root, "cpu_milli", spec->cpu_milli);
    yyjson_mut_obj_add_int(doc, root, "memory_bytes", spec->memory_bytes);
    yyjson_mut_obj_add_int(doc, root, "timeout_ms", spec->timeout_ms);
    yyjson_mut_obj_add_int(doc, root, "silence_ms", spec->silence_ms);
    yyjson_mut_obj_add_bool(doc, root, "as_json", spec->as_json);
    yyjson_mut_obj_add_bool(doc, root, "retry_failed", spec->retry_failed);
    yyjson_mut_obj_add_bool(doc, root, "gather", spec->gather);
    yyjson_mut_obj_add_bool(doc, root, "fresh", spec->fresh);
    json_write(doc, false, out);
}

void spec_result_write(const struct spec_result *result, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "outcome", str_from(spec_outcomes[result->outcome]));
    yyjson_mut_obj_add_bool(doc, root, "cached", result->cached);
    json_add_str(doc, root, "key", result->key);
    json_add_str(doc, root, "why", result->why);
    json_add_str(doc, root, "file", result->file);
    json_add_str(doc, root, "sha256", result->sha256);
    json_add_str(doc, root, "tag", result->tag);
    json_add_str(doc, root, "floor", result->floor);
    json_add_str(doc, root, "policy", result->policy);
    yyjson_mut_val *grafts = yyjson_mut_obj_add_arr(doc, root, "grafts");
    for (size_t i = 0; i < result->graft_count; i++) {
        yyjson_mut_val *graft = yyjson_mut_arr_add_obj(doc, grafts);
        json_add_str(doc, graft, "name", result->grafts[i].name);
        json_add_str(doc, graft, "origin", result->grafts[i].origin);
        json_add_str(doc, graft, "digest", result->grafts[i].digest);
    }
    spec_add_list(doc, root, "packs", result->packs);
    spec_add_list(doc, root, "requires", result->requires);
    spec_add_list(doc, root, "facts", result->facts);
    spec_add_list(doc, root, "evidence", result->evidence);
    json_add_str(doc, root, "value", result->value);
    json_add_str(doc, root, "metadata", result->metadata);
    yyjson_mut_obj_add_int(doc, root, "cpu_ms", result->cpu_ms);
    yyjson_mut_obj_add_int(doc, root, "peak_bytes", result->peak_bytes);
    yyjson_mut_obj_add_int(doc, root, "build_ms", result->build_ms);
    json_write(doc, false, out);
}

/* ---- reading: strings are copied, so that the document can go ---- */

static struct str spec_get(yyjson_val *object, const char *key, struct arena *arena)
{
    return arena_str(arena, json_get_str(object, key));
}

static struct spec_list spec_get_list(yyjson_val *object, const char *key, struct arena *arena)
{
    VEC(struct str) list = {0};
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(yyjson_obj_get(object, key), index, max, value) * vec_push(&list, arena) =
        arena_str(arena, json_str(value));
    return (struct spec_list){list.at, list.len};
}

static struct spec_file spec_get_file(yyjson_val *object, struct arena *arena)
{
    return (struct spec_file){.filename = spec_get(object, "filename", arena),
                              .url = spec_get(object, "url", arena),
                              .sha256 = spec_get(object, "sha256", arena)};
}

static struct spec_files spec_get_files(yyjson_val *object, const char *key, struct arena *arena)
{
    VEC(struct spec_file) files = {0};
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(yyjson_obj_get(object, key), index, max, value) * vec_push(&files, arena) =
        spec_get_file(value, arena);
    return (struct spec_files){files.at, files.len};
}

static struct spec_net spec_get_net(yyjson_val *object, struct arena *arena)
{
    return (struct spec_net){.trusted_hosts = spec_get_list(object, "trusted_hosts", arena),
                             .proxy = spec_get(object, "proxy", arena),
                             .ca_file = spec_get(object, "ca_file", arena),
                             .client_cert = spec_get(object, "client_cert", arena),
                             .offline = json_get_bool(object, "offline", false)};
}

static struct spec_packs spec_get_packs(yyjson_val *object, struct arena *arena)
{
    return (struct spec_packs){.dir = spec_get(object, "dir", arena),
                               .sources = spec_get(object, "sources", arena),
                               .mirror = spec_get(object, "mirror", arena)};
}

bool spec_read(struct str json, struct arena *arena, struct spec *spec, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    size_t kind;
    if (!json_parse(json, "the spec of an attempt", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!spec_word(json_get_str(root, "kind"), spec_kinds, sizeof spec_kinds / sizeof *spec_kinds,
                   &kind))
        return err_set(err, ERR_FORMAT, "the spec of an attempt has no known kind");
    *spec = (struct spec){
        .kind = (enum spec_kind)kind,
        .name = spec_get(root, "name", arena),
        .version = spec_get(root, "version", arena),
        .python = spec_get(root, "python", arena),
        .arch = spec_get(root, "arch", arena),
        .platform_tag = spec_get(root, "platform_tag", arena),
        .max_machine = spec_get(root, "max_machine", arena),
        .for_build_machine = json_get_bool(root, "for_build_machine", false),
        .strict_floor = json_get_bool(root, "strict_floor", false),
        .strategy = spec_get(root, "strategy", arena),
        .source = spec_get_file(yyjson_obj_get(root, "source"), arena),
        .commit = spec_get(root, "commit", arena),
        .requires = spec_get_files(root, "requires", arena),
        .linked = spec_get_files(root, "linked", arena),
        .wheels = spec_get_files(root, "wheels", arena),
        .patches = spec_get_files(root, "patches", arena),
        .recipes = spec_get_list(root, "recipes", arena),
        .preset = spec_get(root, "preset", arena),
        .image = spec_get(root, "image", arena),
        .cache = spec_get(root, "cache", arena),
        .mirror = spec_get(root, "mirror", arena),
        .keyring = spec_get(root, "keyring", arena),
        .net = spec_get_net(yyjson_obj_get(root, "net"), arena),
        .packs = spec_get_packs(yyjson_obj_get(root, "packs"), arena),
        .cpu_milli = json_get_int(root, "cpu_milli", 0),
        .memory_bytes = json_get_int(root, "memory_bytes", 0),
        .timeout_ms = json_get_int(root, "timeout_ms", 0),
        .silence_ms = json_get_int(root, "silence_ms", 0),
        .as_json = json_get_bool(root, "as_json", false),
        .retry_failed = json_get_bool(root, "retry_failed", false),
        .gather = json_get_bool(root, "gather", false),
        .fresh = json_get_bool(root, "fresh", false),
    };
    return true;
}

static void spec_get_grafts(yyjson_val *root, struct arena *arena, struct spec_result *result)
{
    VEC(struct spec_graft) grafts = {0};
    yyjson_val *value;
    size_t index, max;
    yyjson_arr_foreach(yyjson_obj_get(root, "grafts"), index, max, value) *
        vec_push(&grafts, arena) = (struct spec_graft){.name = spec_get(value, "name", arena),
                                                       .origin = spec_get(value, "origin", arena),
                                                       .digest = spec_get(value, "digest", arena)};
    result->grafts = grafts.at;
    result->graft_count = grafts.len;
}

bool spec_result_read(struct str json, struct arena *arena, struct spec_result *result,
                      struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    size_t outcome;
    if (!json_parse(json, "the result of an attempt", &doc, err))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!spec_word(json_get_str(root, "outcome"), spec_outcomes, SPEC_OUTCOME_COUNT, &outcome))
        return err_set(err, ERR_FORMAT, "the result of an attempt has no known outcome");
    *result = (struct spec_result){
        .outcome = (enum spec_outcome)outcome,
        .cached = json_get_bool(root, "cached", false),
        .key = spec_get(root, "key", arena),
        .why = spec_get(root, "why", arena),
        .file = spec_get(root, "file", arena),
        .sha256 = spec_get(root, "sha256", arena),
        .tag = spec_get(root, "tag", arena),
        .floor = spec_get(root, "floor", arena),
        .policy = spec_get(root, "policy", arena),
        .packs = spec_get_list(root, "packs", arena),
        .requires = spec_get_list(root, "requires", arena),
        .facts = spec_get_list(root, "facts", arena),
        .evidence = spec_get_list(root, "evidence", arena),
        .value = spec_get(root, "value", arena),
        .metadata = spec_get(root, "metadata", arena),
        .cpu_ms = json_get_int(root, "cpu_ms", 0),
        .peak_bytes = json_get_int(root, "peak_bytes", 0),
        .build_ms = json_get_int(root, "build_ms", 0),
    };
    spec_get_grafts(root, arena, result);
    return true;
}
