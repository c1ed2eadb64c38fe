#include "run/backend.h"

#include <errno.h>
#include <unistd.h>

#include "base/vec.h"
#include "build/recipe.h"
#include "build/spec.h"
#include "index/sdist.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/proc.h"
#include "pkg/name.h"

enum { BACKEND_STATUS_MAX = 16 << 20 };
#define BACKEND_RESULT "{\"result\":"

/* Wheels for the build machine that meet the source's own build requirements. */
static bool backend_environment(struct backend *backend, const struct sdist *sdist,
                                struct arena *arena, struct spec_files *wheels, struct err *err)
{
    VEC(struct solve_require) requires = {0};
    VEC(struct spec_file) files = {0};
    struct solve_result solved;
    struct str explanation = {0};
    for (size_t i = 0; i < sdist->pyproject.requires_len; i++) {
        struct solve_require *require = vec_push(&requires, arena);
        require->origin = STR("pyproject.toml");
        if (!requirement_parse(sdist->pyproject.requires[i], arena, &require -> req, err))
            return err_wrap(err, "pyproject.toml");
    }
    const struct solve_request request = {.env = backend->build_env,
                                          .requires = requires.at,
                                          .requires_len = requires.len,
                                          .wheels_only = true};
    if (!solve_run(&request, backend->provider, arena, &solved, &explanation, err))
        return err_wrap(err, "its build requirements");
    for (size_t i = 0; i < solved.picks_len; i++) {
        const struct provider_file *wheel = solved.picks[i].release.wheel;
        if (wheel)
            *vec_push(&files, arena) =
                (struct spec_file){.filename = wheel->filename,
                                   .url = wheel->path.len ? wheel->path : wheel->url,
                                   .sha256 = wheel->sha256};
    }
    *wheels = (struct spec_files){files.at, files.len};
    return true;
}

static bool backend_spec(struct backend *backend, const struct index_file *file, struct str path,
                         const struct sdist *sdist, struct arena *arena, struct spec *spec,
                         struct err *err)
{
    const struct run_plan_config *config = backend->config;
    *spec = (struct spec){
        .kind = SPEC_METADATA,
        .name = sdist->name.name,
        .version = version_normal(&sdist->name.version, arena),
        .python = config->python,
        .arch = config->arch,
        .platform_tag = config->platform_tag,
        .max_machine = config->max_machine,
        .strategy = STR("cross"),
        .source = {.filename = file->filename, .url = path},
        .preset = config->preset,
        .image = config->image,
        .cache = config->cache,
        .mirror = config->mirror,
        .keyring = config->keyring,
        .net = *backend->net,
        .timeout_ms = config->attempt_timeout_ms,
    };
    if (!backend_environment(backend, sdist, arena, &spec->requires, err))
        return false;
    struct str name = name_normal(sdist->name.name, arena);
    spec->recipes =
        recipe_for(name, spec->requires, inputs_recipes(backend->inputs, name, arena), arena);
    return true;
}

/* Everything that the slot says on its status pipe; its log goes to a file beside. */
static bool backend_slot(struct backend *backend, const char *spec_path, const char *log_path,
                         struct arena *arena, struct str *said, struct err *err)
{
    int status[2];
    FD_AUTO int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (log < 0)
        return err_errno(err, "creating %s", log_path);
    if (pipe2(status, O_CLOEXEC) < 0)
        return err_errno(err, "making a pipe");
    FD_AUTO int reader = status[0];
    FD_AUTO int writer = fcntl(status[1], F_DUPFD_CLOEXEC, 3);
    close(status[1]);
    const char *number = arena_printf(arena, "%d", writer).ptr;
    const char *const argv[] = {backend->config->program, "slot", spec_path, number, NULL};
    const struct proc_spec child = {
        .argv = argv, .in = -1, .out = log, .err = log, .pass = &writer, .pass_count = 1};
    struct proc proc;
    struct proc_result ended;
    if (!proc_spawn(&child, &proc, err))
        return false;
    fd_close(&writer);
    bool ok = file_read_fd(reader, "the answer of a backend", BACKEND_STATUS_MAX, arena, said, err);
    if (!ok)
        proc_kill(&proc, SIGKILL);
    return proc_wait(&proc, &ended, err) && ok;
}

static bool backend_result(struct str said, struct arena *arena, struct spec_result *result,
                           struct err *err)
{
    struct str line;
    while (str_next_line(&said, &line))
        if (str_starts(line, STR(BACKEND_RESULT)))
            return spec_result_read(str_slice(line, sizeof BACKEND_RESULT - 1, line.len - 1), arena,
                                    result, err);
    return err_set(err, ERR_SYSTEM, "the attempt ended without a result");
}

static bool backend_ask(struct backend *backend, const struct spec *spec, struct arena *arena,
                        struct spec_result *result, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    struct str said;
    const char *dir = arena_printf(arena, STR_FMT "/work", STR_ARG(spec->cache)).ptr;
    const char *spec_path = arena_printf(arena, "%s/metadata-" STR_FMT "-%d.json", dir,
                                         STR_ARG(spec->name), (int)getpid())
                                .ptr;
    const char *log_path = arena_printf(arena, STR_FMT "/metadata-" STR_FMT ".log",
                                        STR_ARG(spec->cache), STR_ARG(spec->name))
                               .ptr;
    spec_write(spec, &text);
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err) ||
        !file_write(AT_FDCWD, spec_path, 0600, buf_str(&text), err))
        return false;
    bool ok = backend_slot(backend, spec_path, log_path, arena, &said, err) &&
              backend_result(said, arena, result, err);
    unlink(spec_path);
    if (!ok)
        return err_wrap(err, "%s has the log", log_path);
    unlink(log_path);
    return true;
}

static bool backend_question(struct backend *backend, const struct index_file *file,
                             struct str path, struct arena *arena, struct str *text,
                             struct err *err)
{
    struct sdist sdist;
    struct spec spec;
    struct spec_result result;
    if (backend->config->note)
        backend->config->note(
            backend->config->note_state,
            arena_printf(arena, "asking the backend of " STR_FMT, STR_ARG(file->filename)));
    if (!sdist_read(AT_FDCWD, path.ptr, file->sdist.name, NULL, arena, &sdist, err) ||
        !backend_spec(backend, file, path, &sdist, arena, &spec, err) ||
        !backend_ask(backend, &spec, arena, &result, err))
        return err_wrap(err, STR_FMT, STR_ARG(file->filename));
    if (result.outcome != SPEC_OK)
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": its backend does not tell its metadata: " STR_FMT,
                       STR_ARG(file->filename), STR_ARG(result.why));
    *text = result.metadata;
    return true;
}

struct backend_answer {
    struct str text;
    struct err failed; /* ERR_NONE: it answered */
};

static bool backend_metadata(void *state, const struct index_file *file, struct str path,
                             struct arena *arena, struct str *text, struct err *err)
{
    struct backend *backend = state;
    struct backend_answer *answer = map_get(&backend->answers, path);
    if (!answer) {
        answer = ARENA_NEW(backend->arena, struct backend_answer);
        if (!backend_question(backend, file, path, backend->arena, &answer->text,
                              &answer->failed) &&
            !provider_blames_release(answer->failed.code)) {
            *err = answer->failed;
            return false;
        }
        *map_at(&backend->answers, backend->arena, arena_str(backend->arena, path)) = answer;
    }
    if (answer->failed.code) {
        *err = answer->failed;
        return false;
    }
    (void)arena; /* the answer outlives it */
    *text = answer->text;
    return true;
}

struct index_backend backend_open(struct backend *backend)
{
    return (struct index_backend){.metadata = backend_metadata, .state = backend};
}
