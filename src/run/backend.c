#include "run/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vec.h"
#include "build/recipe.h"
#include "drone/agent.h"
#include "index/sdist.h"
#include "os/fd.h"
#include "os/file.h"
#include "pkg/name.h"
#include "run/packs.h"

enum { BACKEND_LOG_MAX = 260 << 20, BACKEND_CHUNK = 1 << 16 };
/* More than the jail lets a backend write (256 MiB): the slot's own lines follow. */

/* A question as the agent's one slot is asked it. */
struct backend_round {
    struct backend *backend;
    struct backend_question *question;
    const struct sdist *sdist;
    struct spec spec;
    const char *log_path; /* while it is written */
    int log;
    bool taken;
    struct spec_result result;
};

/* ---- what it is asked with ---- */

typedef VEC(struct solve_require) backend_requires;

static bool backend_require(const char *origin, struct str text, backend_requires *requires,
                            struct arena *arena, struct err *err)
{
    struct solve_require *require = vec_push(requires, arena);
    require->origin = str_from(origin);
    return requirement_parse(text, arena, &require->req, err) || err_wrap(err, "%s", origin);
}

/* Wheels for the build machine that meet the source's own build requirements, and recipes'. */
static bool backend_environment(const struct backend *backend, const struct sdist *sdist,
                                struct spec_list recipes, struct arena *arena,
                                struct spec_files *wheels, struct err *err)
{
    struct spec_list pip = recipe_values(recipes, STR("pip"), arena);
    backend_requires requires = {0};
    VEC(struct spec_file) files = {0};
    struct solve_result solved;
    struct str explanation = {0};
    for (size_t i = 0; i < sdist->pyproject.requires_len; i++)
        if (!backend_require("pyproject.toml", sdist->pyproject.requires[i], &requires, arena, err))
            return false;
    for (size_t i = 0; i < pip.len; i++)
        if (!backend_require("its recipes", pip.at[i], &requires, arena, err))
            return false;
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

/* --retry-failed, or named in --rebuild. */
static bool backend_asks_again(const struct backend *backend, struct str name)
{
    const struct spec_list *rebuild = &backend->config->rebuild;
    bool again = backend->config->retry_failed;
    for (size_t i = 0; i < rebuild->len && !again; i++)
        again = str_eq(rebuild->at[i], STR("all")) ||
                str_eq(name_normal(rebuild->at[i], backend->arena), name);
    return again;
}

/* What is asked for, packs that are for it, then what was learned or is tried. */
static struct spec_list backend_words(const struct backend_round *round)
{
    const struct backend *backend = round->backend;
    const struct remedy_course *course = &round->question->course;
    struct spec_list asked = packs_words_for(
        backend->remedies->packs, round->question->name, round->sdist->pyproject.backend,
        inputs_recipes(backend->inputs, round->question->name, backend->arena), backend->arena);
    return spec_list_join(asked, (struct spec_list){course->recipes.at, course->recipes.len},
                          backend->arena);
}

static bool backend_spec(struct backend_round *round, const struct index_file *file,
                         struct str path, struct err *err)
{
    const struct backend *backend = round->backend;
    const struct run_plan_config *config = backend->config;
    struct spec_list words = backend_words(round);
    round->spec = (struct spec){
        .kind = SPEC_METADATA,
        .name = round->sdist->name.name,
        .version = round->question->version,
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
        .packs = config->packs,
        .timeout_ms = config->attempt_timeout_ms,
        .retry_failed = backend_asks_again(backend, round->question->name),
    };
    if (!backend_environment(backend, round->sdist, words, backend->arena, &round->spec.requires,
                             err))
        return false;
    round->spec.recipes =
        recipe_for(round->question->name, round->spec.requires, words, backend->arena);
    return true;
}

/* ---- asking: the agent's source of one question ---- */

static bool backend_claim(void *state, size_t slot, struct arena *arena, struct agent_work *work,
                          struct err *err)
{
    struct backend_round *round = state;
    BUF_AUTO struct buf text = {0};
    (void)slot;
    if (round->taken)
        return err_set(err, ERR_NOT_FOUND, "nothing else is asked");
    round->taken = true;
    round->log = open(round->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (round->log < 0)
        return err_errno(err, "creating %s", round->log_path);
    spec_write(&round->spec, &text);
    *work = (struct agent_work){.attempt = getpid(), /* others may ask in the same cache */
                                .spec = arena_str(arena, buf_str(&text)),
                                .limits = {.output_max = BACKEND_LOG_MAX}};
    return true;
}

static bool backend_finished(void *state)
{
    return ((struct backend_round *)state)->taken;
}

static int64_t backend_next_ready_ms(void *state)
{
    (void)state;
    return -1;
}

static void backend_phase(void *state, size_t slot, const struct agent_work *work, struct str phase)
{
    struct backend_round *round = state;
    (void)slot, (void)work;
    remedy_phase(&round->question->course, phase);
}

static bool backend_log(void *state, const struct agent_work *work, uint64_t offset,
                        struct str chunk, struct err *err)
{
    struct backend_round *round = state;
    (void)work, (void)offset;
    remedy_hear(&round->question->course, chunk);
    return file_write_all(round->log, round->log_path, chunk, err);
}

static bool backend_end(void *state, size_t slot, const struct agent_work *work,
                        const struct agent_end *end, struct err *err)
{
    struct backend_round *round = state;
    struct arena *arena = round->backend->arena;
    (void)slot, (void)work;
    fd_close(&round->log);
    if (end->cancelled)
        return true;
    if (!end->result.len) {
        struct str what = proc_describe(&end->process, arena);
        return err_set(err, ERR_SYSTEM,
                       "the attempt ended without a result (" STR_FMT "); %s has the log",
                       STR_ARG(what), round->log_path);
    }
    return spec_result_read(arena_str(arena, end->result), arena, &round->result, err);
}

static bool backend_renew(void *state, const struct agent_work *work, struct err *err)
{
    (void)state, (void)work, (void)err;
    return true;
}

static void backend_tick(void *state)
{
    (void)state;
}

/* ---- the log ---- */

static const char *backend_log_of(const struct backend *backend, struct str name)
{
    return arena_printf(backend->arena, STR_FMT "/metadata/" STR_FMT ".log",
                        STR_ARG(backend->config->cache), STR_ARG(name))
        .ptr;
}

/* Of a question that failed before: what it said then. A log that is gone tells nothing. */
static bool backend_hear_again(struct backend_round *round, struct err *err)
{
    const char *path = backend_log_of(round->backend, round->result.key);
    char chunk[BACKEND_CHUNK];
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = 0;
    if (fd < 0)
        return errno == ENOENT || err_errno(err, "opening %s", path);
    remedy_phase(&round->question->course, STR("metadata"));
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        remedy_hear(&round->question->course, str_of(chunk, (size_t)got));
    return got == 0 || err_errno(err, "reading %s", path);
}

/* What the slot wrote goes under the key of a failure, else away. */
static bool backend_keep_log(struct backend_round *round, struct err *err)
{
    const struct spec_result *result = &round->result;
    if (result->outcome == SPEC_OK || result->cached || !result->key.len) {
        unlink(round->log_path);
        return result->outcome == SPEC_OK || !result->cached || backend_hear_again(round, err);
    }
    const char *path = backend_log_of(round->backend, result->key);
    return rename(round->log_path, path) == 0 ||
           err_errno(err, "renaming %s to %s", round->log_path, path);
}

/* Asked once, with what is in the course. */
static bool backend_ask(struct backend_round *round, struct err *err)
{
    const struct backend *backend = round->backend;
    const struct agent_source source = {.claim = backend_claim,
                                        .finished = backend_finished,
                                        .next_ready_ms = backend_next_ready_ms,
                                        .phase = backend_phase,
                                        .log = backend_log,
                                        .end = backend_end,
                                        .renew = backend_renew,
                                        .tick = backend_tick,
                                        .state = round};
    struct str dir =
        arena_printf(backend->arena, STR_FMT "/metadata", STR_ARG(backend->config->cache));
    const struct agent_config agent = {.program = backend->config->program,
                                       .work_dir = dir.ptr,
                                       .slots = 1,
                                       .clock = backend->config->clock};
    round->taken = false;
    round->log_path =
        backend_log_of(backend, arena_printf(backend->arena, "asking-%d", (int)getpid()));
    return file_mkdirs(AT_FDCWD, dir.ptr, 0755, err) &&
           remedy_listen(backend->remedies, &round->question->course, err) &&
           agent_run(&agent, &source, err) && backend_keep_log(round, err);
}

/* ---- the question ---- */

/* What the failure suggests: whether it is asked again with it. */
static bool backend_remedy(struct backend_round *round)
{
    const struct backend *backend = round->backend;
    struct backend_question *question = round->question;
    const struct remedy_subject subject = {question->name, question->version,
                                           round->sdist->pyproject.backend};
    enum remedy_end end = round->result.outcome == SPEC_OK             ? REMEDY_GOOD
                          : round->result.outcome == SPEC_BUILD_FAILED ? REMEDY_FAILED
                                                                       : REMEDY_PASSED;
    struct remedy remedy;
    if (round->result.cached) /* it says nothing new of a hint */
        question->course.trial = (struct remedy_trial){.recipes = {0}};
    remedy_find(backend->remedies, &question->course, &subject, end, &remedy);
    question->course.suggestion = remedy.suggestion;
    if (round->result.outcome == SPEC_ENVIRONMENT)
        return remedy_withdraw(backend->remedies, &question->course);
    if (!remedy.trial.recipes.len)
        return false;
    struct str words = remedy_words(&remedy.trial, backend->arena);
    log_info(STR_FMT ": %s with " STR_FMT ": " STR_FMT, STR_ARG(question->name),
             backend->config->dry_run_recipes ? "would be asked again" : "asked again",
             STR_ARG(words), STR_ARG(remedy.why));
    if (backend->config->dry_run_recipes)
        return false;
    remedy_take(backend->remedies, &question->course, &remedy);
    return true;
}

/* Begins with what was learned of the package, and with what other versions of it needed. */
static void backend_begin(const struct backend *backend, struct backend_question *question)
{
    struct spec_list asked = inputs_recipes(backend->inputs, question->name, backend->arena);
    struct spec_list learned = learned_recipes(backend->remedies->learned, question->name, asked,
                                               backend->config->system_recipes, backend->arena);
    remedy_begin(backend->remedies, &question->course, learned, (struct spec_list){0});
    for (size_t i = 0; i < backend->answers.len; i++) {
        const struct backend_question *other = backend->answers.entries[i].value;
        if (other && !other->failed.code && str_eq(other->name, question->name))
            remedy_begin(backend->remedies, &question->course,
                         (struct spec_list){other->course.recipes.at, other->course.recipes.len},
                         (struct spec_list){0});
    }
}

/* The builds behind the question get its "pip:" recipes like those that were asked for. */
static void backend_hand_on(const struct backend *backend, const struct backend_question *question)
{
    struct spec_list pip =
        recipe_values((struct spec_list){question->course.recipes.at, question->course.recipes.len},
                      STR("pip"), backend->arena);
    for (size_t i = 0; i < pip.len; i++)
        *vec_push(backend->asks, backend->arena) =
            (struct graph_build_ask){question->name, pip.at[i]};
}

static bool backend_question(struct backend *backend, const struct index_file *file,
                             struct str path, struct backend_question *question, struct err *err)
{
    struct sdist sdist;
    struct backend_round round = {
        .backend = backend, .question = question, .sdist = &sdist, .log = -1};
    if (!sdist_read(AT_FDCWD, path.ptr, file->sdist.name, NULL, backend->arena, &sdist, err))
        return false;
    question->name = name_normal(sdist.name.name, backend->arena);
    question->version = version_normal(&sdist.name.version, backend->arena);
    backend_begin(backend, question);
    do {
        if (backend->config->note)
            backend->config->note(backend->config->note_state,
                                  arena_printf(backend->arena, "asking the backend of " STR_FMT,
                                               STR_ARG(file->filename)));
        if (!backend_spec(&round, file, path, err) || !backend_ask(&round, err))
            return err_wrap(err, STR_FMT, STR_ARG(file->filename));
    } while (backend_remedy(&round));
    if (round.result.outcome != SPEC_OK)
        return err_set(err, ERR_FORMAT,
                       STR_FMT ": its backend does not tell its metadata: " STR_FMT,
                       STR_ARG(file->filename), STR_ARG(round.result.why));
    question->text = round.result.metadata;
    backend_hand_on(backend, question);
    return true;
}

/* What would help is said at once: a plan that is none has no place for it. */
static void backend_say(const struct backend_question *question)
{
    struct str rest = question->course.suggestion, line;
    while (question->failed.code && str_next_line(&rest, &line))
        log_info(STR_FMT " " STR_FMT ": " STR_FMT, STR_ARG(question->name),
                 STR_ARG(question->version), STR_ARG(line));
}

static bool backend_metadata(void *state, const struct index_file *file, struct str path,
                             struct arena *arena, struct str *text, struct err *err)
{
    struct backend *backend = state;
    struct backend_question *question = map_get(&backend->answers, path);
    if (!question) {
        question = ARENA_NEW(backend->arena, struct backend_question);
        if (!backend_question(backend, file, path, question, &question->failed) &&
            !provider_blames_release(question->failed.code)) {
            *err = question->failed;
            return false;
        }
        backend_say(question);
        *map_at(&backend->answers, backend->arena, arena_str(backend->arena, path)) = question;
    }
    if (question->failed.code) {
        *err = question->failed;
        return false;
    }
    (void)arena; /* the answer outlives it */
    *text = question->text;
    return true;
}

struct index_backend backend_open(struct backend *backend)
{
    return (struct index_backend){.metadata = backend_metadata, .state = backend};
}

const struct backend_question *backend_asked(const struct backend *backend, struct str name,
                                             struct str version)
{
    for (size_t i = 0; i < backend->answers.len; i++) {
        const struct backend_question *question = backend->answers.entries[i].value;
        if (str_eq(question->name, name) && str_eq(question->version, version))
            return question;
    }
    return NULL;
}
