#include "build/hook.h"

#include "base/json.h"
#include "base/vec.h"
#include "build/recipe.h"
#include "build/unpack.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/pyproject.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    HOOK_ANSWER_MAX = 8 << 20,
    HOOK_TEXT_MAX = 16 << 20,
    HOOK_PIDS = 256, /* and for each processor: */
    HOOK_PIDS_PER_CPU = 16,
    HOOK_FILES = 65536,
};
#define HOOK_OUTPUT_MAX ((uint64_t)256 << 20)
#define HOOK_SCRATCH_MAX ((uint64_t)32 << 30)

static const char *const hook_words[] = {"requires", "metadata", "wheel"};

bool hook_open_output(const char *dir, const char *below, struct str name, int *fd, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct stat info;
    FD_AUTO int base = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FD_AUTO int sub =
        base < 0 ? -1 : openat(base, below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub < 0)
        return err_errno(err, "opening what the build left in %s", below);
    if (!file_path_is_safe(name) || str_has_char(name, '/'))
        return err_set(err, ERR_FORMAT,
                       "the build named a file \"" STR_FMT "\" that leads elsewhere",
                       STR_ARG(name));
    FD_AUTO int file =
        openat(sub, arena_cstr(&scratch, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ELOOP)
        return err_set(err, ERR_FORMAT, STR_FMT " that the build left is a symbolic link",
                       STR_ARG(name));
    if (file < 0)
        return err_errno(err, "opening " STR_FMT " that the build should have left", STR_ARG(name));
    if (fstat(file, &info) < 0 || !S_ISREG(info.st_mode))
        return err_set(err, ERR_FORMAT, STR_FMT " that the build left is not a regular file",
                       STR_ARG(name));
    *fd = fd_take(&file);
    return true;
}

/* ---- preparing ---- */

static void hook_add_settings(yyjson_mut_doc *doc, yyjson_mut_val *settings,
                              const struct hook_call *call)
{
    struct arena *arena = call->slot->arena;
    struct spec_list words = recipe_values(call->slot->spec->recipes, STR("setting"), arena);
    for (size_t i = 0; i < words.len; i++) {
        struct str key, value;
        str_cut(words.at[i], '=', &key, &value);
        const char *name = arena_cstr(arena, key);
        yyjson_mut_val *list = yyjson_mut_obj_get(settings, name);
        if (!list)
            list = yyjson_mut_obj_add_arr(doc, settings, name);
        json_append_str(doc, list, value);
    }
}

/* meson-python hands setup-args on to meson: there the cross file goes. */
static void hook_add_meson(yyjson_mut_doc *doc, yyjson_mut_val *settings,
                           const struct hook_call *call)
{
    const char *option = call->place->toolchain.meson_option;
    if (!option)
        return;
    yyjson_mut_val *list = yyjson_mut_obj_get(settings, "setup-args");
    if (!list)
        list = yyjson_mut_obj_add_arr(doc, settings, "setup-args");
    json_append_str(doc, list, str_from(option));
}

static bool hook_write_options(const struct hook_call *call, const struct pyproject *pyproject,
                               struct err *err)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    BUF_AUTO struct buf text = {0};
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    if (pyproject->backend.len)
        json_add_str(doc, root, "backend", pyproject->backend);
    yyjson_mut_val *path = yyjson_mut_obj_add_arr(doc, root, "backend_path");
    for (size_t i = 0; i < pyproject->backend_path_len; i++)
        json_append_str(doc, path, pyproject->backend_path[i]);
    yyjson_mut_val *settings = yyjson_mut_obj_add_obj(doc, root, "config_settings");
    hook_add_settings(doc, settings, call);
    if (str_starts(pyproject->backend, STR("mesonpy")) || pyproject->backend_path_len)
        hook_add_meson(doc, settings, call);
    json_write(doc, false, &text);
    const char *file = arena_printf(call->slot->arena, "%s/options.json", call->dir).ptr;
    return file_write(AT_FDCWD, file, 0644, buf_str(&text), err);
}

/* ---- running ---- */

typedef VEC(const char *) hook_words_vec;

/* PATH with the build requirements' programs in front; everything else as the toolchain says. */
static const char *const *hook_environment(const struct hook_call *call)
{
    struct arena *arena = call->slot->arena;
    hook_words_vec env = {0};
    const char *path = "PATH=/env/bin:/usr/local/bin:/usr/bin:/bin";
    for (size_t i = 0; i < call->place->toolchain.env_count; i++) {
        struct str word = str_from(call->place->toolchain.env[i]);
        if (str_starts(word, STR("PATH=")))
            path = arena_printf(arena, "PATH=/env/bin:%s", word.ptr + 5).ptr;
        else
            *vec_push(&env, arena) = word.ptr;
    }
    *vec_push(&env, arena) = path;
    *vec_push(&env, arena) = "HOME=/work/home";
    *vec_push(&env, arena) = "TMPDIR=/tmp";
    *vec_push(&env, arena) = "PYTHONPATH=/runner/site";
    *vec_push(&env, arena) = "PYTHONNOUSERSITE=1";
    *vec_push(&env, arena) = "PYTHONDONTWRITEBYTECODE=1";
    *vec_push(&env, arena) = "PYTHONUNBUFFERED=1";
    if (!call->place->toolchain.env_count) { /* the toolchain says these for a foreign target */
        *vec_push(&env, arena) = "LC_ALL=C.UTF-8";
        *vec_push(&env, arena) = "PYTHONHASHSEED=0";
        *vec_push(&env, arena) = "SOURCE_DATE_EPOCH=315532800";
    }
    *vec_push(&env, arena) = "REFINERY_NETWORK=/work/out/network";
    if (call->facts)
        *vec_push(&env, arena) = "REFINERY_FACTS=/work/out/facts";
    struct spec_list words = recipe_values(call->slot->spec->recipes, STR("env"), arena);
    for (size_t i = 0; i < words.len; i++)
        *vec_push(&env, arena) = arena_cstr(arena, words.at[i]);
    *vec_push(&env, arena) = NULL;
    return env.at;
}

/* Enough for a compiler's processes on every processor; a fork bomb of more would stop the machine.
 */
static uint64_t hook_pids(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return HOOK_PIDS + HOOK_PIDS_PER_CPU * (uint64_t)(cpus > 0 ? cpus : 1);
}

static struct jail_limits hook_limits(const struct spec *spec)
{
    return (struct jail_limits){.cpu_milli = (uint32_t)spec->cpu_milli,
                                .memory_bytes = (uint64_t)spec->memory_bytes,
                                .pids = hook_pids(),
                                .scratch_bytes = HOOK_SCRATCH_MAX,
                                .wall_ms = spec->timeout_ms,
                                .silence_ms = spec->silence_ms,
                                .output_bytes = HOOK_OUTPUT_MAX,
                                .open_files = HOOK_FILES};
}

static const char *hook_python(const struct hook_call *call)
{
    return call->place->toolchain.python
               ? call->place->toolchain.python
               : arena_printf(call->slot->arena, "/usr/bin/python" STR_FMT,
                              STR_ARG(call->slot->spec->python))
                     .ptr;
}

static const struct jail_mount *hook_mounts(const struct hook_call *call, size_t *count)
{
    VEC(struct jail_mount) mounts = {0};
    struct arena *arena = call->slot->arena;
    for (size_t i = 0; i < call->place->toolchain.mount_count; i++)
        *vec_push(&mounts, arena) = call->place->toolchain.mounts[i];
    if (call->place->pack.path.len)
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = JAIL_RO, .source = call->place->pack.path.ptr, .target = PACK_PLACE};
    if (call->crates.len)
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = JAIL_RO, .source = call->crates.ptr, .target = TOOLCHAIN_CRATES};
    if (!call->place->toolchain.mount_count) { /* scripts of the environment name this Python */
        *vec_push(&mounts, arena) =
            (struct jail_mount){.kind = JAIL_TMPFS, .target = TOOLCHAIN_DIR, .size = 1 << 20};
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = JAIL_SYMLINK, .source = hook_python(call), .target = TOOLCHAIN_PYTHON};
    }
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RO, .source = call->slot->runner, .target = "/runner"};
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RO, .source = call->env, .target = "/env"};
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RW, .source = call->dir, .target = "/work"};
    *count = mounts.len;
    return mounts.at;
}

/* The build image with all that the attempt has, for one program in the source tree. */
static struct jail_spec hook_jail(const struct hook_call *call, const char *const *argv)
{
    struct jail_spec jail = {.root = call->place->build_root,
                             .argv = argv,
                             .envp = hook_environment(call),
                             .cwd = "/work/src",
                             .uid = 1000,
                             .gid = 1000,
                             .foreign = call->place->foreign,
                             .limits = hook_limits(call->slot->spec)};
    jail.mounts = hook_mounts(call, &jail.mount_count);
    return jail;
}

/* ---- the source ---- */

/* One patch of the recipes, by patch(1) in the jail: neither it nor the source is trusted. */
static bool hook_patch(const struct hook_call *call, size_t at, struct err *err)
{
    static const char *const argv[] = {"/usr/bin/patch",          "-p1", "--batch", "--forward",
                                       "--no-backup-if-mismatch", NULL};
    struct evidence evidence = {.arena = call->slot->arena};
    struct str name = call->slot->spec->patches.at[at].filename;
    struct jail_result ended;
    FD_AUTO int input = open(call->patches.at[at].ptr, O_RDONLY | O_CLOEXEC);
    if (input < 0)
        return err_errno(err, "cannot open the patch %s", call->patches.at[at].ptr);
    struct jail_spec jail = hook_jail(call, argv);
    jail.input = input;
    if (!jail_run(&jail, evidence_hear, &evidence, &ended, err))
        return false;
    if (ended.end == JAIL_EXITED && ended.code == 0)
        return true;
    struct str last = evidence_last(&evidence);
    return err_set(err, ERR_FORMAT, "the patch " STR_FMT " does not apply: " STR_FMT, STR_ARG(name),
                   STR_ARG(last));
}

bool hook_prepare(const struct hook_call *call, const char *sdist, struct err *err)
{
    struct arena *arena = call->slot->arena;
    static const char *const parts[] = {"src", "dist", "out", "home"};
    struct pyproject pyproject = {0};
    struct str text;
    struct err absent = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/%s", call->dir, parts[i]).ptr, 0755,
                         err))
            return false;
    const char *source = arena_printf(arena, "%s/src", call->dir).ptr;
    const char *empty = arena_printf(arena, "%s/empty", call->slot->work).ptr;
    if (!file_mkdirs(AT_FDCWD, empty, 0755, err) ||
        !unpack_sdist_in_jail(sdist, source, empty, &unpack_default_limits, err))
        return false;
    for (size_t i = 0; i < call->patches.len; i++)
        if (!hook_patch(call, i, err))
            return false;
    const char *path = arena_printf(arena, "%s/pyproject.toml", source).ptr;
    if (file_read(AT_FDCWD, path, HOOK_TEXT_MAX, arena, &text, &absent)) {
        if (!pyproject_parse(text, "pyproject.toml", arena, &pyproject, err))
            return err_wrap(err, STR_FMT, STR_ARG(call->slot->spec->source.filename));
    } else if (absent.code != ERR_NOT_FOUND) {
        return err_set(err, absent.code, "%s", absent.text);
    }
    return hook_write_options(call, &pyproject, err);
}

/* ---- reading back ---- */

static bool hook_read_output(const struct hook_call *call, const char *name, size_t limit,
                             struct str *text)
{
    struct err ignored = {0};
    int fd = -1;
    bool ok = hook_open_output(call->dir, "out", str_from(name), &fd, &ignored) &&
              file_read_fd(fd, name, limit, call->slot->arena, text, &ignored);
    fd_close(&fd);
    return ok;
}

static void hook_read_answer(const struct hook_call *call, struct hook_answer *answer)
{
    struct arena *arena = call->slot->arena;
    struct err ignored = {0};
    struct str text;
    JSON_AUTO yyjson_doc *doc = NULL;
    if (!hook_read_output(call, "answer.json", HOOK_ANSWER_MAX, &text) ||
        !json_parse(text, "the hook's answer", &doc, &ignored))
        return;
    yyjson_val *root = yyjson_doc_get_root(doc), *value;
    VEC(struct str) requires = {0};
    size_t index, max;
    yyjson_arr_foreach(yyjson_obj_get(root, "requires"), index, max, value) *
        vec_push(&requires, arena) = arena_str(arena, json_str(value));
    answer->requires = (struct spec_list){requires.at, requires.len};
    answer->wheel = arena_str(arena, json_get_str(root, "wheel"));
    answer->metadata = arena_str(arena, json_get_str(root, "metadata"));
    answer->answered = true;
}

static void hook_read_facts(const struct hook_call *call, struct hook_answer *answer)
{
    struct arena *arena = call->slot->arena;
    VEC(struct str) facts = {0};
    struct str text, line;
    if (!hook_read_output(call, "facts", HOOK_TEXT_MAX, &text))
        return;
    while (str_next_line(&text, &line)) {
        JSON_AUTO yyjson_doc *doc = NULL;
        struct err ignored = {0};
        if (!json_parse(line, "a recorded fact", &doc, &ignored))
            continue;
        yyjson_val *root = yyjson_doc_get_root(doc);
        *vec_push(&facts, arena) = arena_printf(
            arena, STR_FMT " read " STR_FMT " (" STR_FMT ")", STR_ARG(json_get_str(root, "where")),
            STR_ARG(json_get_str(root, "fact")), STR_ARG(json_get_str(root, "answer")));
    }
    answer->facts = (struct spec_list){facts.at, facts.len};
}

/* Python code tells by itself (data/runner/refinery_network.py), programs in the log. */
static void hook_read_network(const struct hook_call *call, struct hook_answer *answer)
{
    struct str text, line;
    answer->asked_network = answer->evidence.network;
    if (hook_read_output(call, "network", HOOK_TEXT_MAX, &text) && str_next_line(&text, &line) &&
        line.len <= EVIDENCE_LINE_MAX)
        answer->asked_network = line;
}

bool hook_run(const struct hook_call *call, enum hook_name hook, struct hook_answer *answer,
              struct err *err)
{
    const char *const argv[] = {hook_python(call),
                                "-B",
                                "-s",
                                "/runner/hook.py",
                                hook_words[hook],
                                "/work/out/answer.json",
                                "/work/options.json",
                                NULL};
    const struct jail_spec jail = hook_jail(call, argv);
    *answer = (struct hook_answer){.limits = jail.limits, .evidence = {.arena = call->slot->arena}};
    if (!jail_run(&jail, evidence_hear, &answer->evidence, &answer->ended, err))
        return false;
    hook_read_facts(call, answer);
    hook_read_network(call, answer);
    if (answer->ended.end == JAIL_EXITED && answer->ended.code == 0)
        hook_read_answer(call, answer);
    return true;
}

void hook_failure(const struct hook_answer *answer, const struct slot *slot,
                  struct spec_result *result)
{
    static const enum spec_outcome outcomes[] = {
        [JAIL_EXITED] = SPEC_BUILD_FAILED,  [JAIL_SIGNALED] = SPEC_BUILD_FAILED,
        [JAIL_TIMEOUT] = SPEC_TIMEOUT,      [JAIL_SILENT] = SPEC_TIMEOUT,
        [JAIL_FLOODED] = SPEC_BUILD_FAILED, [JAIL_OOM] = SPEC_MEMORY,
        [JAIL_PIDS] = SPEC_BUILD_FAILED,    [JAIL_DISK] = SPEC_DISK,
    };
    struct evidence evidence = answer->evidence;
    struct str end = jail_describe(&answer->ended, &answer->limits, slot->arena);
    struct str last = evidence_last(&evidence);
    result->outcome = outcomes[answer->ended.end];
    result->evidence = evidence_lines(&evidence);
    if (answer->ended.end == JAIL_EXITED && answer->ended.code == 0)
        result->why = STR("the backend ended without an answer");
    else if (answer->ended.end == JAIL_EXITED && answer->asked_network.len)
        result->why = arena_printf(
            slot->arena,
            "needs the network while it builds, which no build has: it asked for " STR_FMT
            "; give an sdist that holds what it downloads, with --input (" STR_FMT ")",
            STR_ARG(answer->asked_network), STR_ARG(last));
    else if (answer->ended.end == JAIL_EXITED && last.len)
        result->why =
            arena_printf(slot->arena, STR_FMT " (" STR_FMT ")", STR_ARG(last), STR_ARG(end));
    else if (answer->ended.end == JAIL_TIMEOUT)
        result->why = arena_printf(
            slot->arena, STR_FMT "; if it only needs longer, give --attempt-timeout", STR_ARG(end));
    else
        result->why = end;
}
