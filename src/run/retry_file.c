#include "run/retry_file.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "build/recipe.h"
#include "pkg/name.h"
#include "pkg/tags.h"
#include "pkg/version.h"
#include "run/strategy.h"

enum { RETRY_REASON_MAX = 500, RETRY_SHOWN_MAX = 80, RETRY_ATTEMPTS_MAX = 1000 };

typedef VEC(struct str) retry_words;

struct retry_reader {
    struct arena *arena;
    struct map by_key, said; /* requests by what makes them one; keys that were named */
    VEC(struct retry_request *) requests;
    VEC(struct str) complaints;
    size_t more;
};

/* A copy of what the file says, cut, and fit for a terminal. */
static struct str retry_shown(struct retry_reader *reader, struct str text, size_t most)
{
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < text.len && i < most; i++)
        buf_add_char(&out,
                     (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 127 ? ' ' : text.ptr[i]);
    return arena_str(reader->arena, utf8_clean(buf_str(&out), reader->arena));
}

static void retry_complain(struct retry_reader *reader, size_t number, struct str what,
                           const char *why)
{
    if (reader->complaints.len == RETRY_FILE_COMPLAINTS) {
        reader->more++;
        return;
    }
    *vec_push(&reader->complaints, reader->arena) =
        arena_printf(reader->arena, "request %zu: \"" STR_FMT "\" %s", number + 1,
                     STR_ARG(retry_shown(reader, what, RETRY_SHOWN_MAX)), why);
}

bool retry_file_target(struct str python_tag, struct str platform_tag, struct arena *arena,
                       struct str *target, struct err *err)
{
    struct tag_target made = {0};
    uint64_t minor = 0;
    bool threaded = str_ends(python_tag, STR("t"));
    struct str digits = str_slice(python_tag, sizeof "cp3" - 1, python_tag.len - threaded);
    if (!str_starts(python_tag, STR("cp3")) || !str_to_u64(digits, &minor) || minor > 99)
        return err_set(err, ERR_FORMAT, "\"" STR_FMT "\" is no tag of a CPython, such as cp311",
                       STR_ARG(str_slice(python_tag, 0, RETRY_SHOWN_MAX)));
    if (!tags_parse_platform(platform_tag, &made, err))
        return false;
    made.python_minor = (unsigned)minor;
    made.free_threaded = threaded;
    *target = tags_name(&made, arena);
    return true;
}

/* ---- recipes ---- */

static void retry_take_recipe(struct retry_reader *reader, size_t number, struct str word,
                              retry_words *words)
{
    struct err why = {0};
    if (recipe_has((struct spec_list){words->at, words->len}, word))
        return;
    if (words->len == RETRY_FILE_RECIPES)
        retry_complain(reader, number, word, "is a recipe too many");
    else if (!recipe_check(word, &why))
        retry_complain(reader, number, word, "is no recipe that can be carried out here");
    else
        *vec_push(words, reader->arena) = arena_str(reader->arena, word);
}

/* ["apt:libxml2-dev"] or {"apt": ["libxml2-dev"]} */
static void retry_take_recipes(struct retry_reader *reader, size_t number, yyjson_val *recipes,
                               retry_words *words)
{
    size_t at, count, i, len;
    yyjson_val *word, *kind, *list;
    yyjson_arr_foreach(recipes, at, count, word)
    {
        retry_take_recipe(reader, number, json_str(word), words);
    }
    if (!yyjson_is_obj(recipes)) /* yyjson's loop over what is none begins behind NULL */
        return;
    yyjson_obj_foreach(recipes, at, count, kind, list)
    {
        yyjson_arr_foreach(list, i, len, word)
        {
            struct str made = arena_printf(reader->arena, STR_FMT ":" STR_FMT,
                                           STR_ARG(json_str(kind)), STR_ARG(json_str(word)));
            retry_take_recipe(reader, number, made, words);
        }
    }
}

/* ---- requests ---- */

static bool retry_is_known_key(struct str key)
{
    static const struct str known[] = {
        STR_INIT("package"), STR_INIT("name"),     STR_INIT("version"),      STR_INIT("python_tag"),
        STR_INIT("recipes"), STR_INIT("strategy"), STR_INIT("platform_tag"), STR_INIT("attempts"),
        STR_INIT("reason"),  STR_INIT("detail"),   STR_INIT("error")};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(key, known[i]))
            return true;
    return false;
}

static void retry_name_keys(struct retry_reader *reader, size_t number, yyjson_val *item)
{
    size_t at, count;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(item))
        return;
    yyjson_obj_foreach(item, at, count, key, value)
    {
        if (retry_is_known_key(json_str(key)) || map_get(&reader->said, json_str(key)))
            continue;
        if (reader->complaints.len < RETRY_FILE_COMPLAINTS)
            *map_at(&reader->said, reader->arena, arena_str(reader->arena, json_str(key))) = reader;
        retry_complain(reader, number, json_str(key), "is not known here; left out wherever it is");
    }
}

static struct str retry_first_of(yyjson_val *item, const char *const *keys, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (json_get_str(item, keys[i]).len)
            return json_get_str(item, keys[i]);
    return STR("");
}

static int64_t retry_count(yyjson_val *item)
{
    int64_t attempts = json_get_int(item, "attempts", 0);
    return attempts < 0 ? 0 : attempts > RETRY_ATTEMPTS_MAX ? RETRY_ATTEMPTS_MAX : attempts;
}

/* False: it asks for nothing that could be built, and that was said. */
static bool retry_take_who(struct retry_reader *reader, size_t number, yyjson_val *item,
                           struct retry_request *request)
{
    static const char *const names[] = {"package", "name"};
    struct version version;
    struct err why = {0};
    struct str name = yyjson_is_str(item) ? json_str(item) : retry_first_of(item, names, 2);
    struct str told = json_get_str(item, "version");
    struct str python = json_get_str(item, "python_tag");
    struct str platform = json_get_str(item, "platform_tag");
    if (!name_is_valid(name)) {
        retry_complain(reader, number, name, "is no name of a package; left out");
        return false;
    }
    if (told.len && !version_parse(told, &version, &why)) {
        retry_complain(reader, number, told, "is no version; left out");
        return false;
    }
    if (python.len && platform.len &&
        !retry_file_target(python, platform, reader->arena, &request->target, &why)) {
        retry_complain(reader, number, str_slice(python, 0, RETRY_SHOWN_MAX),
                       "and its platform_tag are no target; left out");
        return false;
    }
    request->name = name_normal(arena_str(reader->arena, name), reader->arena);
    request->version = arena_str(reader->arena, told);
    return true;
}

static struct retry_request *retry_place(struct retry_reader *reader,
                                         const struct retry_request *request)
{
    struct str key =
        arena_printf(reader->arena, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(request->name),
                     STR_ARG(request->version), STR_ARG(request->target));
    void **slot = map_at(&reader->by_key, reader->arena, key);
    if (!*slot) {
        struct retry_request *made = ARENA_NEW(reader->arena, struct retry_request);
        *made = *request;
        *vec_push(&reader->requests, reader->arena) = made;
        *slot = made;
    }
    return *slot;
}

static void retry_take(struct retry_reader *reader, size_t number, yyjson_val *item)
{
    static const char *const reasons[] = {"reason", "detail", "error"};
    struct retry_request request = {0};
    if (!retry_take_who(reader, number, item, &request))
        return;
    struct retry_request *kept = retry_place(reader, &request);
    retry_words words = {0};
    for (size_t i = 0; i < kept->recipes.len; i++)
        *vec_push(&words, reader->arena) = kept->recipes.at[i];
    retry_take_recipes(reader, number, yyjson_obj_get(item, "recipes"), &words);
    kept->recipes = (struct spec_list){words.at, words.len};
    struct str strategy = json_get_str(item, "strategy");
    if (strategy.len && !strategy_is_known(strategy))
        retry_complain(reader, number, strategy, "is no strategy; left out");
    else if (strategy.len)
        kept->strategy = arena_str(reader->arena, strategy);
    struct str reason = retry_first_of(item, reasons, sizeof reasons / sizeof *reasons);
    if (reason.len)
        kept->reason = retry_shown(reader, reason, RETRY_REASON_MAX);
    if (retry_count(item) > kept->attempts)
        kept->attempts = retry_count(item);
    retry_name_keys(reader, number, item);
}

/* The list may be the document itself or a member of it. */
static yyjson_val *retry_list(yyjson_val *root)
{
    static const char *const names[] = {"items", "queue", "requests", "builds", "packages"};
    if (yyjson_is_arr(root))
        return root;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_get_array(root, names[i]))
            return json_get_array(root, names[i]);
    return NULL;
}

static void retry_hand_over(struct retry_reader *reader, struct retry_file *file)
{
    struct retry_request *all =
        ARENA_ARRAY(reader->arena, struct retry_request, reader->requests.len);
    for (size_t i = 0; i < reader->requests.len; i++)
        all[i] = *reader->requests.at[i];
    *file = (struct retry_file){.at = all,
                                .len = reader->requests.len,
                                .complaints = reader->complaints.at,
                                .complaints_len = reader->complaints.len,
                                .complaints_more = reader->more};
}

bool retry_file_parse(struct str text, const char *what, struct arena *arena,
                      struct retry_file *file, struct err *err)
{
    struct retry_reader reader = {.arena = arena};
    JSON_AUTO yyjson_doc *doc = NULL;
    size_t at, count;
    yyjson_val *item;
    if (text.len > RETRY_FILE_BYTES)
        return err_set(err, ERR_LIMIT, "%s: more than %d bytes", what, RETRY_FILE_BYTES);
    if (!str_trim(text).len) { /* a queue that was emptied */
        *file = (struct retry_file){0};
        return true;
    }
    if (!json_parse(text, what, &doc, err))
        return false;
    yyjson_val *list = retry_list(yyjson_doc_get_root(doc));
    if (!list)
        return err_set(err, ERR_FORMAT,
                       "%s: no list of requests, such as [{\"package\": \"lxml\"}]", what);
    if (yyjson_arr_size(list) > RETRY_FILE_ENTRIES)
        return err_set(err, ERR_LIMIT, "%s: more than %d requests", what, RETRY_FILE_ENTRIES);
    yyjson_arr_foreach(list, at, count, item)
    {
        retry_take(&reader, at, item);
    }
    retry_hand_over(&reader, file);
    return true;
}
