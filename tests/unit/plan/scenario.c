#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "pkg/filename.h"
#include "unit.h"

#define bad(s, ...)                                                                                \
    do {                                                                                           \
        print_error("%s: ", (s)->file);                                                            \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

static struct scenario_project *project_at(struct scenario *s, struct str name)
{
    void **place = map_at(&s->projects, &s->arena, name_normal(name, &s->arena));
    if (!*place)
        *place = ARENA_NEW(&s->arena, struct scenario_project);
    return *place;
}

static struct scenario_release *release_at(struct scenario *s, struct str name,
                                           const struct version *version)
{
    struct str key = version_normal(version, &s->arena);
    void **place = map_at(&project_at(s, name)->releases, &s->arena, key);
    if (!*place)
        *place = ARENA_NEW(&s->arena, struct scenario_release);
    return *place;
}

static bool files(void *state, struct str name, struct arena *arena, struct provider_files *found,
                  struct err *err)
{
    struct scenario *s = state;
    const struct scenario_project *project = map_get(&s->projects, name);
    (void)arena;
    *vec_push(&s->asked, &s->arena) = name;
    if (!project || !project->files.len)
        return err_set(err, ERR_NOT_FOUND, "no index knows it");
    *found = (struct provider_files){project->files.at, project->files.len};
    return true;
}

static void prefetch_files(void *state, const struct str *names, size_t count)
{
    struct scenario *s = state;
    for (size_t i = 0; i < count; i++)
        *vec_push(&s->hinted, &s->arena) = names[i];
}

static bool url_file(void *state, struct str name, struct str url, struct arena *arena,
                     struct provider_file *file, struct err *err)
{
    struct scenario *s = state;
    const struct provider_file *found = map_get(&s->urls, url);
    (void)name;
    (void)arena;
    if (!found)
        return err_set(err, ERR_NETWORK, "nothing is there");
    *file = *found;
    return true;
}

static bool metadata(void *state, const struct provider_release *release, struct arena *arena,
                     struct provider_metadata *found, struct err *err)
{
    struct scenario *s = state;
    const struct scenario_release *r = release_at(s, release->name, &release->version);
    (void)arena;
    if (r->broken.len)
        return err_set(err, ERR_FORMAT, "%.*s", STR_ARG(r->broken));
    *found =
        (struct provider_metadata){.requires_dist = r->needs.at, .requires_dist_len = r->needs.len};
    return true;
}

static bool build_system(void *state, const struct provider_release *release, struct arena *arena,
                         struct provider_build_system *found, struct err *err)
{
    struct scenario *s = state;
    const struct scenario_release *r = release_at(s, release->name, &release->version);
    static const struct str setuptools = STR_INIT("setuptools");
    (void)arena;
    (void)err;
    *found = (struct provider_build_system){
        .requires = r->has_build ? r->build_requires.at : &setuptools,
        .requires_len = r->has_build ? r->build_requires.len : 1,
        .backend = r->backend.len ? r->backend : STR("setuptools.build_meta")};
    return true;
}

static void read_attribute(struct scenario *s, struct str word, struct provider_file *file)
{
    struct str key, value;
    str_cut(word, '=', &key, &value);
    if (str_eq(key, STR("yanked"))) {
        file->yanked = true;
        file->yanked_reason = value;
    } else if (str_eq(key, STR("python"))) {
        file->requires_python = value;
    } else if (str_eq(key, STR("sha"))) {
        file->sha256 = value;
    } else if (str_eq(key, STR("uploaded"))) {
        uint64_t when = 0;
        if (!str_to_u64(value, &when))
            bad(s, "when is \"%.*s\"?", STR_ARG(word));
        file->uploaded_ms = (int64_t)when;
    } else if (str_eq(key, STR("store"))) {
        file->origin = PROVIDER_STORE;
    } else {
        bad(s, "what is \"%.*s\"?", STR_ARG(word));
    }
}

static struct provider_file make_file(struct scenario *s, struct str filename, struct str rest)
{
    struct provider_file file = {.filename = filename, .origin = PROVIDER_INDEX};
    struct str word;
    file.url = arena_printf(&s->arena, "https://index.test/%.*s", STR_ARG(filename));
    file.index = STR("https://index.test/simple");
    while (rest.len && str_next(&rest, ' ', &word))
        if (word.len)
            read_attribute(s, word, &file);
    return file;
}

static void read_name(struct scenario *s, struct str filename, struct str *name,
                      struct version *version)
{
    struct wheel_name wheel;
    struct sdist_name sdist;
    struct err err = {0};
    if (filename_kind(filename) == FILENAME_WHEEL) {
        if (!filename_parse_wheel(filename, &s->arena, &wheel, &err))
            bad(s, "%s", err.text);
        *name = wheel.name;
        *version = wheel.version;
        return;
    }
    if (!filename_parse_sdist(filename, STR(""), &s->arena, &sdist, &err))
        bad(s, "%s", err.text);
    *name = sdist.name;
    *version = sdist.version;
}

static struct scenario_release *add_file(struct scenario *s, struct str filename, struct str rest)
{
    struct str name;
    struct version version;
    read_name(s, filename, &name, &version);
    *vec_push(&project_at(s, name)->files, &s->arena) = make_file(s, filename, rest);
    return release_at(s, name, &version);
}

static struct solve_require make_require(struct scenario *s, struct str origin, struct str text)
{
    struct solve_require require = {.origin = origin};
    struct err err = {0};
    size_t hash = str_find(text, STR(" --hash="));
    if (hash < text.len) {
        struct str *one = ARENA_NEW(&s->arena, struct str);
        *one = str_from_pos(text, hash + 8);
        require.hashes = one;
        require.hashes_len = 1;
        text = str_slice(text, 0, hash);
    }
    if (!requirement_parse(text, &s->arena, &require.req, &err))
        bad(s, "%s", err.text);
    return require;
}

static void add_pin(struct scenario *s, struct str filename, struct str rest)
{
    struct solve_pin *pin = vec_push(&s->pins, &s->arena);
    read_name(s, filename, &pin->name, &pin->version);
    pin->origin = filename;
    pin->file = make_file(s, filename, rest);
    pin->file.origin = PROVIDER_INPUT;
    pin->file.url = pin->file.index = STR("");
    pin->file.path = arena_printf(&s->arena, "in/%.*s", STR_ARG(filename));
}

static void set_option(struct scenario *s, struct str word, struct str rest)
{
    struct solve_request *r = &s->request.target;
    if (str_eq(word, STR("eager")))
        r->upgrade = SOLVE_EAGER;
    else if (str_eq(word, STR("pre")))
        r->pre = SPECIFIER_PRE_ALLOW;
    else if (str_eq(word, STR("no-pre")))
        r->pre = SPECIFIER_PRE_NEVER;
    else if (str_eq(word, STR("fallback-latest")))
        r->fallback_latest = true;
    else if (str_eq(word, STR("await-sdist")))
        r->awaited_from_ms = 1000;
    else if (str_eq(word, STR("broken-last")))
        r->broken_last = true;
    else if (str_eq(word, STR("wheels-only")))
        r->wheels_only = true;
    else if (str_eq(word, STR("wheels-only-of")))
        *vec_push(&s->wheels_only_names, &s->arena) = rest;
    else if (str_eq(word, STR("max-deps")))
        r->packages_limit = 2;
    else if (str_eq(word, STR("rebuild-all")))
        s->request.rebuild.all = true;
    else if (str_eq(word, STR("rebuild")))
        *vec_push(&s->rebuild_names, &s->arena) = rest;
    else if (str_eq(word, STR("provided")))
        *vec_push(&s->provided, &s->arena) = rest;
    else
        bad(s, "what is option \"%.*s\"?", STR_ARG(word));
}

/* Lines that stand below a file: what the release needs. */
static void read_detail(struct scenario *s, struct scenario_release *release, struct str line)
{
    struct str word, rest;
    str_cut(str_trim(line), ' ', &word, &rest);
    if (!release)
        bad(s, "no file above \"%.*s\"", STR_ARG(line));
    if (str_eq(word, STR("needs"))) {
        *vec_push(&release->needs, &s->arena) = rest;
    } else if (str_eq(word, STR("broken"))) {
        release->broken = rest;
    } else if (str_eq(word, STR("builds-with"))) {
        release->has_build = true;
        if (rest.len)
            *vec_push(&release->build_requires, &s->arena) = rest;
    } else if (str_eq(word, STR("backend"))) {
        release->backend = rest;
    } else {
        bad(s, "what is \"%.*s\"?", STR_ARG(line));
    }
}

static struct scenario_release *read_line(struct scenario *s, struct str line)
{
    struct str word, rest, first, tail, version;
    str_cut(line, ' ', &word, &rest);
    str_cut(rest, ' ', &first, &tail);
    if (str_eq(word, STR("pkg")) || str_eq(word, STR("sdist"))) {
        str_cut(tail, ' ', &version, &tail);
        struct str name = name_escaped(first, &s->arena);
        const char *ending = str_eq(word, STR("pkg")) ? "-py3-none-any.whl" : ".tar.gz";
        return add_file(
            s, arena_printf(&s->arena, "%.*s-%.*s%s", STR_ARG(name), STR_ARG(version), ending),
            tail);
    }
    if (str_eq(word, STR("file")))
        return add_file(s, first, tail);
    if (str_eq(word, STR("url"))) {
        struct provider_file *file = ARENA_NEW(&s->arena, struct provider_file);
        *file = make_file(s, str_from_pos(first, str_rfind_char(first, '/') + 1), tail);
        file->origin = PROVIDER_URL;
        file->url = first;
        *map_at(&s->urls, &s->arena, first) = file;
        struct str name;
        struct version parsed;
        read_name(s, file->filename, &name, &parsed);
        return release_at(s, name, &parsed);
    }
    if (str_eq(word, STR("require")))
        *vec_push(&s->requires, &s->arena) = make_require(s, first, tail);
    else if (str_eq(word, STR("constrain")))
        *vec_push(&s->constraints, &s->arena) = make_require(s, first, tail);
    else if (str_eq(word, STR("override")))
        *vec_push(&s->overrides, &s->arena) = make_require(s, first, tail);
    else if (str_eq(word, STR("pin")))
        add_pin(s, first, tail);
    else if (str_eq(word, STR("option")))
        set_option(s, first, tail);
    else
        bad(s, "what is \"%.*s\"?", STR_ARG(line));
    return NULL;
}

static void read_text(struct scenario *s, struct str text)
{
    struct scenario_release *release = NULL;
    struct str line;
    while (str_next_line(&text, &line)) {
        if (!str_trim(line).len || line.ptr[0] == '#')
            continue;
        if (line.ptr[0] == '=') {
            s->expect = str_trim(str_from_pos(line, 1));
            s->expected = text;
            return;
        }
        if (line.ptr[0] == ' ')
            read_detail(s, release, line);
        else
            release = read_line(s, line);
    }
    bad(s, "nothing is expected");
}

static void make_env(struct scenario *s, const char *arch, unsigned minor, struct tags *tags,
                     struct solve_env *env)
{
    struct err err = {0};
    struct tag_target target = {.python_minor = 11, .arch = str_from(arch), .libc_minor = minor};
    assert_ok(tags_build(&target, &s->arena, tags, &err));
    env->tags = tags;
    env->marker = marker_env_linux(STR("3.11.2"), str_from(arch));
    assert_true(version_try(STR("3.11.2"), &env->python));
}

void scenario_load(const char *path, struct scenario *s)
{
    *s = (struct scenario){.file = path};
    BUF_AUTO struct buf text = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    for (size_t got = 1; got; text.len += got)
        got = fread(buf_space(&text, 4096), 1, 4096, f);
    fclose(f);
    make_env(s, "s390x", 17, &s->target_tags, &s->target);
    make_env(s, "x86_64", 36, &s->build_tags, &s->build);
    read_text(s, arena_str(&s->arena, buf_str(&text)));
    struct graph_request *r = &s->request;
    r->target.env = &s->target;
    r->target.requires = s->requires.at;
    r->target.requires_len = s->requires.len;
    r->target.constraints = s->constraints.at;
    r->target.constraints_len = s->constraints.len;
    r->target.overrides = s->overrides.at;
    r->target.overrides_len = s->overrides.len;
    r->target.pins = s->pins.at;
    r->target.pins_len = s->pins.len;
    r->target.wheels_only_names = s->wheels_only_names.at;
    r->target.wheels_only_names_len = s->wheels_only_names.len;
    r->build_env = &s->build;
    r->rebuild.names = s->rebuild_names.at;
    r->rebuild.names_len = s->rebuild_names.len;
    r->provided = s->provided.at;
    r->provided_len = s->provided.len;
    s->provider = (struct provider){.state = s,
                                    .files = files,
                                    .url_file = url_file,
                                    .metadata = metadata,
                                    .build_system = build_system,
                                    .prefetch_files = prefetch_files};
}

void scenario_free(struct scenario *scenario)
{
    arena_free(&scenario->arena);
}
