#include "hint/catalogue_read.h"

#include "base/vec.h"
#include "pkg/name.h"

static bool read_fail(const struct yamltree *node, struct err *err, const char *what)
{
    return yamltree_fail(node, err, STR_FMT ": %s", STR_ARG(str_slice(node->key, 0, 100)), what);
}

static bool read_text(const struct yamltree *node, struct str *text, struct err *err)
{
    if (node->kind != YAMLTREE_TEXT)
        return read_fail(node, err, "one value is expected here");
    *text = node->text;
    return true;
}

/* One value or a list of them. */
static bool read_list(const struct yamltree *node, struct arena *arena, struct hint_list *list,
                      struct err *err)
{
    size_t len = node->kind == YAMLTREE_LIST ? node->len : node->text.len > 0;
    struct str *values = ARENA_ARRAY(arena, struct str, len + 1);
    if (node->kind == YAMLTREE_MAP)
        return read_fail(node, err, "a list is expected here");
    if (len > CATALOGUE_LIST_LIMIT)
        return read_fail(node, err, "more values than allowed");
    for (size_t i = 0; i < len; i++) {
        const struct yamltree *item = node->kind == YAMLTREE_LIST ? &node->items[i] : node;
        if (item->kind != YAMLTREE_TEXT)
            return read_fail(node, err, "a list of plain values is expected here");
        values[i] = item->text;
    }
    *list = (struct hint_list){values, len};
    return true;
}

/* "0.85", "85%", or a word of earlier catalogues. */
static bool read_confidence(const struct yamltree *node, double *confidence, struct err *err)
{
    static const struct {
        struct str word;
        double value;
    } words[] = {{STR_INIT("low"), 0.4}, {STR_INIT("medium"), 0.65}, {STR_INIT("high"), 0.85}};
    struct str text, whole, part;
    uint64_t units, digits = 0;
    double value, scale = 1;
    if (!read_text(node, &text, err))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(text, words[i].word)) {
            *confidence = words[i].value;
            return true;
        }
    bool percent = str_ends(text, STR("%"));
    text = str_slice(text, 0, text.len - percent);
    bool fraction = str_cut(text, '.', &whole, &part);
    if (part.len > 9 || !str_to_u64(whole, &units) || (fraction && !str_to_u64(part, &digits)))
        return read_fail(node, err, "a number from 0 to 1 is expected here");
    for (size_t i = 0; i < part.len; i++)
        scale *= 10;
    value = ((double)units + (double)digits / scale) / (percent ? 100 : 1);
    if (value > 1)
        return read_fail(node, err, "a number from 0 to 1 is expected here");
    *confidence = value;
    return true;
}

static bool read_is_kind(struct str kind)
{
    static const char *const kinds[] = {"apt",  "dnf",   "emerge", "pip",    "env",
                                        "pack", "patch", "tool",   "setting"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kind, str_from(kinds[i])))
            return true;
    return false;
}

/* No control characters, and nothing that a package manager would take for an option. */
static bool read_is_value(struct str value)
{
    if (value.len == 0 || value.len > 500 || value.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == 0x7f)
            return false;
    return true;
}

typedef VEC(struct hint_recipe) read_recipes_vec;

static bool read_recipe(const struct yamltree *node, struct str kind, struct str value,
                        struct arena *arena, read_recipes_vec *recipes, struct err *err)
{
    value = str_trim(value);
    if (!read_is_kind(kind))
        return read_fail(node, err,
                         "no such kind of recipe (apt, dnf, emerge, pip, env, pack, "
                         "patch, tool, setting)");
    if (!read_is_value(value))
        return read_fail(node, err, "this is no value of a recipe");
    if (recipes->len >= CATALOGUE_LIST_LIMIT)
        return read_fail(node, err, "more recipes than allowed");
    *vec_push(recipes, arena) = (struct hint_recipe){kind, value};
    return true;
}

/* {apt: [..], dnf: ..}, {env: {K: V}}, or ["apt:libffi-dev", ..]. */
static bool read_recipes(const struct yamltree *node, struct arena *arena, struct hint *hint,
                         struct err *err)
{
    read_recipes_vec recipes = {0};
    struct str kind, value;
    for (size_t i = 0; i < node->len; i++) {
        const struct yamltree *item = &node->items[i];
        struct hint_list values;
        if (node->kind == YAMLTREE_LIST) {
            if (item->kind != YAMLTREE_TEXT || !str_cut(item->text, ':', &kind, &value))
                return read_fail(node, err, "\"apt:NAME\" is expected here");
            if (!read_recipe(node, kind, value, arena, &recipes, err))
                return false;
            continue;
        }
        for (size_t j = 0; item->kind == YAMLTREE_MAP && j < item->len; j++) {
            value = arena_printf(arena, STR_FMT "=" STR_FMT, STR_ARG(item->items[j].key),
                                 STR_ARG(item->items[j].text));
            if (!read_recipe(item, item->key, value, arena, &recipes, err))
                return false;
        }
        if (item->kind == YAMLTREE_MAP)
            continue;
        if (!read_list(item, arena, &values, err))
            return false;
        for (size_t j = 0; j < values.len; j++)
            if (!read_recipe(item, item->key, values.at[j], arena, &recipes, err))
                return false;
    }
    if (node->kind == YAMLTREE_TEXT && node->text.len)
        return read_fail(node, err, "recipes by manager are expected here: {apt: [..], dnf: [..]}");
    hint->recipes = (struct hint_recipes){recipes.at, recipes.len};
    return true;
}

static struct hint_list *read_scope(struct hint_applies *applies, struct str key)
{
    const struct {
        const char *names[5];
        struct hint_list *list;
    } scopes[] = {
        {{"package", "packages", "name", "names"}, &applies->packages},
        {{"pattern", "patterns", "package_pattern", "package_patterns"}, &applies->patterns},
        {{"python", "python_version", "python_versions", "pythons"}, &applies->python},
        {{"python_tag", "python_tags"}, &applies->python_tags},
        {{"platform", "platforms", "platform_tag", "platform_tags"}, &applies->platforms},
        {{"arch", "archs", "arches", "architecture", "architectures"}, &applies->arch},
        {{"backend", "backends", "build_backend", "build_backends"}, &applies->backends},
    };
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        for (size_t j = 0; j < 5 && scopes[i].names[j]; j++)
            if (str_eq(key, str_from(scopes[i].names[j])))
                return scopes[i].list;
    return NULL;
}

static bool read_applies(const struct yamltree *node, bool lenient, struct arena *arena,
                         struct hint_applies *applies, struct err *err)
{
    if (node->kind == YAMLTREE_TEXT && !node->text.len)
        return true;
    if (node->kind != YAMLTREE_MAP)
        return read_fail(node, err, "a map is expected here: {packages: [..]}");
    for (size_t i = 0; i < node->len; i++) {
        const struct yamltree *item = &node->items[i];
        struct hint_list *list = read_scope(applies, item->key);
        if (!list && lenient)
            continue;
        if (!list)
            return yamltree_fail(item, err, "applies_to knows no \"" STR_FMT "\"",
                                 STR_ARG(str_slice(item->key, 0, 100)));
        if (list->len)
            return read_fail(item, err, "given twice, in singular and plural");
        if (!read_list(item, arena, list, err))
            return false;
    }
    struct str *names = ARENA_ARRAY(arena, struct str, applies->packages.len + 1);
    for (size_t i = 0; i < applies->packages.len; i++)
        names[i] = name_normal(applies->packages.at[i], arena);
    applies->packages.at = names;
    return true;
}

static bool read_word(const struct yamltree *node, struct hint *hint, struct err *err)
{
    struct str text;
    if (!read_text(node, &text, err))
        return false;
    if (str_eq(node->key, STR("class")))
        return hint_class_from(text, &hint->class) ||
               read_fail(node, err, "no such class (tables/hint_classes.def)");
    if (str_eq(node->key, STR("need")))
        return hint_need_from(text, &hint->need) ||
               read_fail(node, err, "no such need (tables/hint_needs.def)");
    if (str_eq(node->key, STR("severity")))
        return hint_severity_from(text, &hint->severity) ||
               read_fail(node, err, "info, warning, error or fatal is expected here");
    hint->has_impact = true;
    return hint_impact_from(text, &hint->impact) ||
           read_fail(node, err, "normal or high is expected here");
}

static bool read_field(const struct yamltree *node, bool lenient, struct arena *arena,
                       struct hint *hint, struct err *err)
{
    const struct {
        const char *name;
        struct str *text;
        struct hint_list *list;
    } plain[] = {
        {"id", &hint->id, NULL},
        {"pattern", &hint->pattern, NULL},
        {"regex", &hint->pattern, NULL},
        {"note", &hint->note, NULL},
        {"tags", NULL, &hint->tags},
        {"tag", NULL, &hint->tags},
        {"examples", NULL, &hint->examples},
        {"example", NULL, &hint->examples},
        {"counterexamples", NULL, &hint->counterexamples},
        {"phase", NULL, &hint->phases},
        {"phases", NULL, &hint->phases},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (str_eq(node->key, str_from(plain[i].name)))
            return plain[i].text ? read_text(node, plain[i].text, err)
                                 : read_list(node, arena, plain[i].list, err);
    if (str_eq(node->key, STR("recipes")) || str_eq(node->key, STR("recipe")) ||
        str_eq(node->key, STR("packages")))
        return read_recipes(node, arena, hint, err);
    if (str_eq(node->key, STR("applies_to")))
        return read_applies(node, lenient, arena, &hint->applies, err);
    if (str_eq(node->key, STR("confidence"))) {
        hint->has_confidence = true;
        return read_confidence(node, &hint->confidence, err);
    }
    if (str_eq(node->key, STR("class")) || str_eq(node->key, STR("need")) ||
        str_eq(node->key, STR("severity")) || str_eq(node->key, STR("impact")))
        return read_word(node, hint, err);
    return lenient || yamltree_fail(node, err, "a hint has no \"" STR_FMT "\"",
                                    STR_ARG(str_slice(node->key, 0, 100)));
}

bool catalogue_read(const struct yamltree *item, bool lenient, struct arena *arena,
                    struct hint *hint, struct err *err)
{
    struct hint made = {.line = item->line, .severity = SEVERITY_ERROR, .confidence = 0.5};
    read_recipes_vec flat = {0};
    if (item->kind != YAMLTREE_MAP)
        return yamltree_fail(item, err, "a hint is a map: {id: .., pattern: ..}");
    for (size_t i = 0; i < item->len; i++) {
        const struct yamltree *node = &item->items[i];
        struct hint_list values;
        if (lenient && read_is_kind(node->key)) { /* apt: [..] beside the pattern */
            if (!read_list(node, arena, &values, err))
                return false;
            for (size_t j = 0; j < values.len; j++)
                if (!read_recipe(node, node->key, values.at[j], arena, &flat, err))
                    return false;
        } else if (!read_field(node, lenient, arena, &made, err)) {
            return false;
        }
    }
    if (flat.len && !made.recipes.len)
        made.recipes = (struct hint_recipes){flat.at, flat.len};
    if (!made.id.len && item->key.len)
        made.id = item->key;
    *hint = made;
    return true;
}
