#include "run/inputs.h"

#include <stdlib.h>

#include "base/log.h"
#include "index/source.h"
#include "os/file.h"
#include "build/recipe.h"
#include "pkg/name.h"
#include "pkg/reqfile.h"

static bool inputs_open_file(void *state, struct str path, struct arena *arena, struct str *text,
                             struct err *err)
{
    (void)state;
    return file_read(AT_FDCWD, arena_cstr(arena, path), REQFILE_LIMIT, arena, text, err);
}

static bool inputs_env(void *state, struct str name, struct arena *arena, struct str *value)
{
    const char *found = getenv(arena_cstr(arena, name));
    (void)state;
    *value = str_from(found);
    return found != NULL;
}

/* A requirement without a name is a file or URL: its name is in the file name. */
static bool inputs_name_url(struct inputs *inputs, struct reqfile_entry *entry, struct err *err)
{
    struct wheel_name wheel;
    struct sdist_name sdist;
    struct err ignored = {0};
    struct str where = entry->path.len ? entry->path : entry->req.url;
    if (entry->path.len) /* this very file, and not the newest of its name */
        entry->req.url = entry->path;
    if (entry->req.name.len)
        return true;
    size_t slash = str_rfind_char(where, '/');
    struct str file = slash < where.len ? str_from_pos(where, slash + 1) : where;
    file = str_slice(file, 0, str_find_char(file, '#'));
    if (filename_kind(file) == FILENAME_WHEEL &&
        filename_parse_wheel(file, inputs->arena, &wheel, &ignored))
        entry->req.name = wheel.name;
    else if (filename_kind(file) == FILENAME_SDIST &&
             filename_parse_sdist(file, STR(""), inputs->arena, &sdist, &ignored))
        entry->req.name = sdist.name;
    else if (!source_is_tree(entry->req.url)) /* a tree says its name when it is there */
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": " STR_FMT
                               " names no wheel, sdist, directory or repository; write "
                               "\"name @ url\"",
                       STR_ARG(entry->origin), STR_ARG(where));
    return true;
}

/* What the entries of a file are for; those that it takes in with -c limit whatever it is. */
enum inputs_use { INPUTS_ASK, INPUTS_LIMIT, INPUTS_REPLACE };

static bool inputs_take_entry(struct inputs *inputs, struct reqfile_entry *entry,
                              enum inputs_use use, struct err *err)
{
    VEC(struct str) hashes = {0};
    if (!inputs_name_url(inputs, entry, err))
        return false;
    for (size_t i = 0; i < entry->hashes_len; i++)
        if (str_eq(entry->hashes[i].algorithm, STR("sha256")))
            *vec_push(&hashes, inputs->arena) = entry->hashes[i].hex;
    if (entry->hashes_len && !hashes.len)
        return err_set(err, ERR_FORMAT, STR_FMT ": only --hash=sha256:... is checked here",
                       STR_ARG(entry->origin));
    struct solve_require made = {
        .req = entry->req, .origin = entry->origin, .hashes = hashes.at, .hashes_len = hashes.len};
    for (size_t i = 0; i < entry->settings_len; i++)
        *vec_push(&inputs->recipes, inputs->arena) = (struct inputs_recipe){
            .origin = entry->origin,
            .word = arena_printf(inputs->arena, "setting:" STR_FMT, STR_ARG(entry->settings[i]))};
    if (entry->constraint) // NOLINT(bugprone-branch-clone): three lists of one type
        *vec_push(&inputs->constraints, inputs->arena) = made;
    else if (use == INPUTS_REPLACE)
        *vec_push(&inputs->overrides, inputs->arena) = made;
    else
        *vec_push(&inputs->requires, inputs->arena) = made;
    return true;
}

/* A name of --only-binary or --no-binary; ":all:" is noted apart. */
static void inputs_take_format(struct inputs *inputs, struct str name, bool *all, bool only)
{
    if (str_eq(name, STR(":all:")))
        *all = true;
    else if (only) // NOLINT(bugprone-branch-clone): two lists of one type
        *vec_push(&inputs->only_binary, inputs->arena) = name_normal(name, inputs->arena);
    else
        *vec_push(&inputs->no_binary, inputs->arena) = name_normal(name, inputs->arena);
}

static bool inputs_take_reqfile(struct inputs *inputs, struct str path, enum inputs_use use,
                                struct err *err)
{
    const struct reqfile_io io = {.read = inputs_open_file, .env = inputs_env};
    struct reqfile file = {0};
    if (!reqfile_read(path, use == INPUTS_LIMIT, &io, inputs->arena, &file, err))
        return false;
    for (size_t i = 0; i < file.len; i++) {
        struct reqfile_entry entry = file.entries[i];
        if (!inputs_take_entry(inputs, &entry, use, err))
            return false;
    }
    if (file.index_url.len)
        inputs->index_url = file.index_url;
    inputs->no_index = inputs->no_index || file.no_index;
    inputs->pre = inputs->pre || file.pre;
    inputs->hashes_only = inputs->hashes_only || file.require_hashes;
    for (size_t i = 0; i < file.only_binary_len; i++)
        inputs_take_format(inputs, file.only_binary[i], &inputs->all_binary, true);
    for (size_t i = 0; i < file.no_binary_len; i++) {
        bool all = false;
        inputs_take_format(inputs, file.no_binary[i], &all, false);
        if (all)
            return err_set(err, ERR_USAGE,
                           STR_FMT ": --no-binary :all: would build pure packages too; give "
                                   "--rebuild all, which builds what has extension modules",
                           STR_ARG(path));
    }
    for (size_t i = 0; i < file.extra_index_urls_len; i++)
        *vec_push(&inputs->index_urls, inputs->arena) = file.extra_index_urls[i];
    for (size_t i = 0; i < file.find_links_len; i++)
        *vec_push(&inputs->find_links, inputs->arena) = file.find_links[i];
    for (size_t i = 0; i < file.trusted_hosts_len; i++)
        *vec_push(&inputs->trusted_hosts, inputs->arena) = file.trusted_hosts[i];
    return true;
}

static void inputs_add_pin(struct inputs *inputs, const struct scan_file *file)
{
    bool wheel = file->kind == SCAN_WHEEL;
    struct digest_hex hex = digest_to_hex(&file->digest);
    struct solve_pin *pin = vec_push(&inputs->pins, inputs->arena);
    *pin = (struct solve_pin){
        .name = wheel ? file->wheel.name.name : file->sdist.name.name,
        .version = wheel ? file->wheel.name.version : file->sdist.name.version,
        .file = {.filename = file->filename,
                 .path = file->path,
                 .sha256 = arena_str(inputs->arena, str_of(hex.text, DIGEST_HEX)),
                 .size = (uint64_t)file->size,
                 .requires_python = wheel ? file->wheel.metadata.requires_python
                                          : file->sdist.metadata.requires_python,
                 .index = inputs->config->input,
                 .origin = PROVIDER_INPUT,
                 .own = wheel ? &file->wheel.metadata : &file->sdist.metadata},
        .origin = file->path,
    };
}

static bool inputs_take_scanned(struct inputs *inputs, struct scan_file *file, struct err *err)
{
    struct digest digest;
    if (file->kind == SCAN_REQUIREMENTS || file->kind == SCAN_CONSTRAINTS)
        return inputs_take_reqfile(inputs, file->path,
                                   file->kind == SCAN_CONSTRAINTS ? INPUTS_LIMIT : INPUTS_ASK, err);
    if (!scan_digest(file, &digest, err)) /* the plan names its inputs by digest */
        return false;
    inputs_add_pin(inputs, file);
    return true;
}

/* A lock file among the inputs says the same as --locked, which goes before it. */
static bool inputs_take_lock(struct inputs *inputs, const struct scan_file *file, struct err *err)
{
    if (inputs->config->locked.len)
        return true;
    if (inputs->lock.len)
        return err_set(err, ERR_USAGE,
                       STR_FMT " and " STR_FMT " are both lock files; say with --locked which one "
                               "is meant",
                       STR_ARG(inputs->lock), STR_ARG(file->path));
    inputs->lock = file->path;
    return true;
}

static bool inputs_scan(struct inputs *inputs, struct err *err)
{
    const struct run_plan_config *config = inputs->config;
    size_t used = 0;
    const struct scan_options options = {
        .digests = true, /* the plan names its inputs by them */
        .cache = config->cache.len ? arena_printf(inputs->arena, STR_FMT "/index/scan/last",
                                                  STR_ARG(config->cache))
                                         .ptr
                                   : NULL,
        .clock = config->clock};
    if (!config->input.len)
        return true;
    if (!scan_dir(config->input.ptr, &options, inputs->arena, &inputs->scan, err))
        return err_wrap(err, "--input");
    for (size_t i = 0; i < inputs->scan.complaints_len; i++)
        log_warn(STR_FMT, STR_ARG(inputs->scan.complaints[i].text));
    vec_room(&inputs->pins, inputs->arena, inputs->scan.len);
    for (size_t i = 0; i < inputs->scan.len; i++) {
        used++;
        if (inputs->scan.files[i].kind == SCAN_LOCK) {
            if (!inputs_take_lock(inputs, &inputs->scan.files[i], err))
                return false;
            continue;
        }
        if (!inputs_take_scanned(inputs, &inputs->scan.files[i], err))
            return false;
    }
    if (used || config->requirements.len || config->only.len)
        return true;
    return err_set(err, ERR_USAGE,
                   STR_FMT
                   ": no usable wheel, sdist, requirements or lock file is in it; put some there "
                   "or give --requirements FILE",
                   STR_ARG(config->input));
}

/* ---- --only NAME[==VERSION] ---- */

/* The name that a word begins with, whatever follows: extras, a version, a marker. */
static struct str inputs_word_name(struct str word)
{
    size_t len = 0;
    word = str_trim(word);
    while (len < word.len && (char_is_alnum(word.ptr[len]) || word.ptr[len] == '-' ||
                              word.ptr[len] == '_' || word.ptr[len] == '.'))
        len++;
    return str_slice(word, 0, len);
}

static bool inputs_is_asked(const struct inputs *inputs, struct str name)
{
    for (size_t i = 0; i < inputs->config->only.len; i++)
        if (name_eq(inputs_word_name(inputs->config->only.at[i]), name))
            return true;
    return false;
}

static bool inputs_narrow(struct inputs *inputs, struct err *err)
{
    size_t kept = 0;
    if (!inputs->config->only.len)
        return true;
    for (size_t i = 0; i < inputs->requires.len; i++) {
        struct str name = inputs->requires.at[i].req.name;
        if (!name.len || inputs_is_asked(inputs, name)) /* a tree has no name yet */
        inputs->requires.at[kept++] = inputs->requires.at[i];
    }
    inputs->requires.len = kept;
    kept = 0;
    for (size_t i = 0; i < inputs->pins.len; i++)
        if (inputs_is_asked(inputs, inputs->pins.at[i].name))
            inputs->pins.at[kept++] = inputs->pins.at[i];
    inputs->pins.len = kept;
    for (size_t i = 0; i < inputs->config->only.len; i++) {
        struct reqfile_entry entry;
        if (!reqfile_parse_line(inputs->config->only.at[i], STR("--only"), inputs->arena, &entry,
                                err) ||
            !inputs_take_entry(inputs, &entry, INPUTS_ASK, err))
            return false;
    }
    return true;
}

/* Versions that earlier rounds of this run could not build, as constraints. */
static bool inputs_exclude(struct inputs *inputs, struct err *err)
{
    for (size_t i = 0; i < inputs->config->excluded.len; i++) {
        struct reqfile_entry entry;
        if (!reqfile_parse_line(inputs->config->excluded.at[i],
                                STR("could not be built, --fallback-latest"), inputs->arena, &entry,
                                err))
            return false;
        entry.constraint = true;
        if (!inputs_take_entry(inputs, &entry, INPUTS_ASK, err))
            return false;
    }
    return true;
}

/* As pip has it: one hash, or --require-hashes, and every requirement must have one. */
static bool inputs_check_hashes(struct inputs *inputs, struct err *err)
{
    for (size_t i = 0; i < inputs->requires.len; i++) {
        const struct solve_require *require = &inputs->requires.at[i];
        inputs->hashes_only = inputs->hashes_only || require->hashes_len;
    }
    for (size_t i = 0; i < inputs->requires.len && inputs->hashes_only; i++) {
        const struct solve_require *require = &inputs->requires.at[i];
        if (!require->hashes_len)
            return err_set(err, ERR_FORMAT,
                           STR_FMT ": " STR_FMT " has no --hash, which all must have when one has "
                                   "or --require-hashes is given",
                           STR_ARG(require->origin), STR_ARG(require->req.name));
    }
    return true;
}

/* --recipe NAME=WORD */
static bool inputs_take_recipes(struct inputs *inputs, struct err *err)
{
    for (size_t i = 0; i < inputs->config->recipes.len; i++) {
        struct str name, word;
        if (!str_cut(inputs->config->recipes.at[i], '=', &name, &word) || !name_is_valid(name))
            return err_set(err, ERR_USAGE,
                           "--recipe " STR_FMT ": say NAME=RECIPE, such as lxml=apt:libxml2-dev",
                           STR_ARG(inputs->config->recipes.at[i]));
        if (!recipe_check(word, err))
            return err_wrap(err, "--recipe");
        *vec_push(&inputs->recipes, inputs->arena) =
            (struct inputs_recipe){.name = name_normal(name, inputs->arena), .word = word};
    }
    return true;
}

bool inputs_read(const struct run_plan_config *config, struct arena *arena, struct inputs *inputs,
                 struct err *err)
{
    *inputs = (struct inputs){.arena = arena, .config = config, .lock = config->locked};
    for (size_t i = 0; i < config->requirements.len; i++)
        if (!inputs_take_reqfile(inputs, config->requirements.at[i], INPUTS_ASK, err))
            return false;
    for (size_t i = 0; i < config->constraints.len; i++)
        if (!inputs_take_reqfile(inputs, config->constraints.at[i], INPUTS_LIMIT, err))
            return false;
    for (size_t i = 0; i < config->overrides.len; i++)
        if (!inputs_take_reqfile(inputs, config->overrides.at[i], INPUTS_REPLACE, err))
            return false;
    return inputs_take_recipes(inputs, err) && inputs_exclude(inputs, err) &&
           inputs_scan(inputs, err) && inputs_check_hashes(inputs, err) &&
           inputs_narrow(inputs, err);
}

bool inputs_name_trees(struct inputs *inputs, struct index_provider *provider, struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < inputs->requires.len; i++) {
        struct solve_require require = inputs->requires.at[i];
        const struct index_file *tree;
        if (!require.req.name.len) {
            if (!source_take(provider->index, provider->backend, require.req.url, STR(""), &tree,
                             err))
                return err_wrap(err, STR_FMT, STR_ARG(require.origin));
            require.req.name = require.req.written = tree->sdist.name;
            if (inputs->config->only.len && !inputs_is_asked(inputs, require.req.name))
                continue;
        }
        inputs->requires.at[kept++] = require;
    }
    inputs->requires.len = kept;
    return true;
}

/* Whether the requirement of that line asks for the project. */
static bool inputs_line_asks(const struct inputs *inputs, struct str origin, struct str name,
                             struct arena *arena)
{
    for (size_t i = 0; i < inputs->requires.len; i++)
        if (str_eq(inputs->requires.at[i].origin, origin) &&
            str_eq(name_normal(inputs->requires.at[i].req.name, arena), name))
            return true;
    return false;
}

struct spec_list inputs_recipes(const struct inputs *inputs, struct str name, struct arena *arena)
{
    VEC(struct str) words = {0};
    for (size_t i = 0; i < inputs->recipes.len; i++) {
        const struct inputs_recipe *recipe = &inputs->recipes.at[i];
        if (recipe->name.len ? str_eq(recipe->name, name)
                             : inputs_line_asks(inputs, recipe->origin, name, arena))
            *vec_push(&words, arena) = recipe->word;
    }
    return (struct spec_list){words.at, words.len};
}
