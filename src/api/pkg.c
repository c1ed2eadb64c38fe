#include <string.h>

#include "api/api.h"
#include "pkg/filename.h"
#include "pkg/requirement.h"
#include "pkg/tags.h"

bool api_fail(const struct err *err, struct refinery_error *error)
{
    if (error)
        memcpy(error->text, err->text, sizeof error->text);
    return false;
}

void *api_new(size_t size, size_t at)
{
    struct arena arena = {0};
    char *object = arena_alloc(&arena, size);
    memcpy(object + at, &arena, sizeof arena);
    return object;
}

void api_free(struct arena arena)
{
    arena_free(&arena);
}

_Static_assert(sizeof((struct refinery_error *)0)->text == sizeof((struct err *)0)->text,
               "an error's text fits as it is");

int refinery_api_version(void)
{
    return REFINERY_API_VERSION;
}

bool refinery_version_compare(const char *a, const char *b, int *order,
                              struct refinery_error *error)
{
    struct version x, y;
    struct err err = {0};
    if (!version_parse(str_from(a), &x, &err) || !version_parse(str_from(b), &y, &err))
        return api_fail(&err, error);
    int found = version_cmp(&x, &y);
    *order = (found > 0) - (found < 0);
    return true;
}

bool refinery_specifier_match(const char *specifiers, const char *version, bool *match,
                              struct refinery_error *error)
{
    ARENA_AUTO struct arena arena = {0};
    struct specifier_set set;
    struct version parsed;
    struct err err = {0};
    if (!specifier_set_parse(str_from(specifiers), &arena, &set, &err) ||
        !version_parse(str_from(version), &parsed, &err))
        return api_fail(&err, error);
    *match = specifier_set_match(&set, &parsed);
    return true;
}

/* ---- requirements ---- */

struct refinery_requirement {
    struct arena arena;
    struct requirement req;
    const char *name, *specifiers, *url;
    const char **extras;
};

bool refinery_requirement_parse(const char *text, struct refinery_requirement **requirement,
                                struct refinery_error *error)
{
    struct refinery_requirement *made = API_NEW(struct refinery_requirement);
    struct err err = {0};
    struct str kept = arena_str(&made->arena, str_from(text));
    if (!requirement_parse(kept, &made->arena, &made->req, &err)) {
        refinery_requirement_free(made);
        return api_fail(&err, error);
    }
    made->name = arena_cstr(&made->arena, made->req.name);
    made->url = arena_cstr(&made->arena, made->req.url);
    made->specifiers =
        arena_cstr(&made->arena, specifier_set_normal(&made->req.specifiers, &made->arena));
    made->extras = ARENA_ARRAY(&made->arena, const char *, made->req.extras_len);
    for (size_t i = 0; i < made->req.extras_len; i++)
        made->extras[i] = arena_cstr(&made->arena, made->req.extras[i]);
    *requirement = made;
    return true;
}

void refinery_requirement_free(struct refinery_requirement *requirement)
{
    if (requirement)
        api_free(requirement->arena);
}

const char *refinery_requirement_name(const struct refinery_requirement *requirement)
{
    return requirement->name;
}

const char *refinery_requirement_specifiers(const struct refinery_requirement *requirement)
{
    return requirement->specifiers;
}

const char *refinery_requirement_url(const struct refinery_requirement *requirement)
{
    return requirement->url;
}

size_t refinery_requirement_extras(const struct refinery_requirement *requirement)
{
    return requirement->req.extras_len;
}

const char *refinery_requirement_extra(const struct refinery_requirement *requirement, size_t index)
{
    return index < requirement->req.extras_len ? requirement->extras[index] : NULL;
}

bool refinery_requirement_holds(const struct refinery_requirement *requirement, const char *python,
                                const char *machine, const char *extra)
{
    struct marker_env env = marker_env_linux(str_from(python), str_from(machine));
    struct marker_wants wants = {.extra = str_from(extra)};
    return marker_holds(requirement->req.marker, &env, extra ? &wants : NULL);
}

/* ---- tags ---- */

struct refinery_tags {
    struct arena arena;
    struct tags tags;
    const char **texts;
};

bool refinery_tags_open(unsigned python_minor, const char *platform, struct refinery_tags **tags,
                        struct refinery_error *error)
{
    struct refinery_tags *made = API_NEW(struct refinery_tags);
    struct tag_target target = {0};
    struct err err = {0};
    bool ok = tags_parse_platform(arena_str(&made->arena, str_from(platform)), &target, &err);
    target.python_minor = python_minor;
    if (!ok || !tags_build(&target, &made->arena, &made->tags, &err)) {
        refinery_tags_free(made);
        return api_fail(&err, error);
    }
    made->texts = ARENA_ARRAY(&made->arena, const char *, made->tags.len);
    for (size_t i = 0; i < made->tags.len; i++) {
        const struct tag *tag = &made->tags.at[i];
        made->texts[i] =
            arena_printf(&made->arena, STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(tag->python),
                         STR_ARG(tag->abi), STR_ARG(tag->platform))
                .ptr;
    }
    *tags = made;
    return true;
}

void refinery_tags_free(struct refinery_tags *tags)
{
    if (tags)
        api_free(tags->arena);
}

size_t refinery_tags_count(const struct refinery_tags *tags)
{
    return tags->tags.len;
}

const char *refinery_tags_get(const struct refinery_tags *tags, size_t index)
{
    return index < tags->tags.len ? tags->texts[index] : NULL;
}

bool refinery_tags_rank(const struct refinery_tags *tags, const char *wheel, long *rank,
                        struct refinery_error *error)
{
    ARENA_AUTO struct arena arena = {0};
    struct wheel_name name;
    struct err err = {0};
    if (!filename_parse_wheel(str_from(wheel), &arena, &name, &err))
        return api_fail(&err, error);
    *rank = tags_rank(&tags->tags, name.python, name.abi, name.platform);
    return true;
}
