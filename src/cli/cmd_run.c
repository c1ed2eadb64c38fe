#include "base/url.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vec.h"
#include "cli/cmd_run.h"
#include "cli/plan_options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "drone/agent.h"
#include "plan/write.h"
#include "os/file.h"
#include "run/run.h"

enum { RUN_TICK_MS = 250, RUN_SILENCE_MS = 600000, RUN_ROUNDS = 8 };

/* ---- the progress display ---- */

static void run_note(void *state, struct str text)
{
    progress_note(state, text);
    progress_tick(state);
}

static void run_show_start(void *state, size_t slot, struct str name, struct str version,
                           struct str strategy, unsigned attempt)
{
    progress_start(state, slot, name, version, strategy, attempt);
}

static void run_show_phase(void *state, size_t slot, struct str phase)
{
    progress_phase(state, slot, phase);
}

static void run_show_stop(void *state, size_t slot, const char *how, struct str why)
{
    static const struct {
        const char *how;
        enum progress_end end;
    } ends[] = {{"built", PROGRESS_BUILT},   {"cached", PROGRESS_CACHED},
                {"reused", PROGRESS_REUSED}, {"tested", PROGRESS_TESTED},
                {"ready", PROGRESS_READY},   {"retry", PROGRESS_RETRY},
                {"failed", PROGRESS_FAILED}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(how, ends[i].how) == 0)
            progress_stop(state, slot, ends[i].end, why);
}

static void run_show_total(void *state, size_t jobs)
{
    progress_total(state, jobs);
}

static void run_show_tick(void *state)
{
    progress_tick(state);
}

/* ---- the table at the end ---- */

static struct str run_floor_cell(const struct manifest_package *package, struct arena *arena)
{
    if (!package->platform_tag.len)
        return STR("-");
    return arena_printf(arena, STR_FMT "-" STR_FMT "-" STR_FMT, STR_ARG(package->python_tag),
                        STR_ARG(package->abi_tag), STR_ARG(package->platform_tag));
}

static unsigned char run_color(enum manifest_status status)
{
    return status == MANIFEST_FAILED || status == MANIFEST_MISSING ? 31
           : status == MANIFEST_BUILT                              ? 32
                                                                   : 0;
}

static int run_row_cmp(const void *a, const void *b)
{
    const struct manifest_package *const *x = a, *const *y = b;
    int order = str_cmp((*x)->name, (*y)->name);
    return order ? order : str_cmp((*x)->version, (*y)->version);
}

static const struct manifest_package **run_sorted(const struct manifest *manifest,
                                                  struct arena *arena)
{
    const struct manifest_package **rows =
        ARENA_ARRAY(arena, const struct manifest_package *, manifest->package_count);
    for (size_t i = 0; i < manifest->package_count; i++)
        rows[i] = &manifest->packages[i];
    qsort(rows, manifest->package_count, sizeof *rows, run_row_cmp);
    return rows;
}

static void run_print_table(const struct manifest *manifest, size_t width, bool color,
                            struct arena *arena)
{
    static const struct table_column columns[] = {{.title = "package"},
                                                  {.title = "version"},
                                                  {.title = "status"},
                                                  {.title = "strategy"},
                                                  {.title = "tags", .squeeze = 24},
                                                  {.title = "seconds", .right = true},
                                                  {.title = "why", .squeeze = 30}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    BUF_AUTO struct buf text = {0};
    struct table_cell *cells =
        ARENA_ARRAY(arena, struct table_cell, manifest->package_count * COLUMNS);
    const struct manifest_package **rows = run_sorted(manifest, arena);
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = rows[i];
        struct table_cell *row = &cells[i * COLUMNS];
        row[0].text = package->name;
        row[1].text = package->version;
        row[2].text = str_from(manifest_status_name(package->status));
        row[2].color = run_color(package->status);
        row[3].text = package->strategy.len ? package->strategy : STR("-");
        row[4].text = run_floor_cell(package, arena);
        row[5].text = arena_printf(arena, "%.1f", (double)package->duration_ms / 1000);
        row[6].text = package->why;
    }
    table_render(columns, COLUMNS, cells, manifest->package_count, width, color, &text);
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
}

static void run_print_counts(const struct manifest *manifest)
{
    static const char *const strategies[] = {"native", "cross", "hybrid", "emulate"};
    enum { STRATEGIES = sizeof strategies / sizeof *strategies };
    size_t by_status[MANIFEST_STATUS_COUNT] = {0}, by_strategy[STRATEGIES] = {0}, built = 0;
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        by_status[package->status]++;
        for (size_t s = 0; s < STRATEGIES && manifest_is_delivered(package->status); s++)
            by_strategy[s] += str_eq(package->strategy, str_from(strategies[s]));
    }
    if (manifest->package_count == 0) {
        printf("\nthe inputs ask for no package\n");
        return;
    }
    printf("\n%zu package%s:", manifest->package_count, manifest->package_count == 1 ? "" : "s");
    for (size_t i = 0; i < MANIFEST_STATUS_COUNT; i++)
        if (by_status[i])
            printf(" %zu %s", by_status[i], manifest_status_name((enum manifest_status)i));
    for (size_t s = 0; s < STRATEGIES; s++)
        if (by_strategy[s])
            printf("%s %zu %s", built++ ? "," : "; by strategy:", by_strategy[s], strategies[s]);
    printf("; %.1f s\n", (double)manifest->duration_ms / 1000);
}

static void run_print_suggestions(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        struct str rest = package->suggestion, line;
        if (package->status == MANIFEST_MISSING)
            continue; /* the plan said it */
        while (str_next_line(&rest, &line))
            printf(STR_FMT ": " STR_FMT "\n", STR_ARG(package->name), STR_ARG(line));
    }
}

static size_t run_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 0;
}

static void run_print_round(const struct call *call, const struct run_config *config,
                            const struct manifest *manifest, size_t unusable)
{
    run_print_table(manifest, run_width(), call->color, call->arena);
    run_print_counts(manifest);
    run_print_suggestions(manifest);
    printf("wheels, manifest.json and report.html are in %s\n", config->output.ptr);
    if (unusable)
        printf("%zu input file%s could not be used: see the warning%s above\n", unusable,
               unusable == 1 ? "" : "s", unusable == 1 ? "" : "s");
}

/* What manifest.json holds, and nothing beside it. */
static void run_print_json(const struct manifest *manifest)
{
    BUF_AUTO struct buf text = {0};
    manifest_json(manifest, &text);
    fwrite(text.ptr, 1, text.len, stdout);
    fputc('\n', stdout);
}

static bool run_any_failed(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->package_count; i++) {
        enum manifest_status status = manifest->packages[i].status;
        if (status != MANIFEST_BUILT && status != MANIFEST_CACHED && status != MANIFEST_REUSED)
            return true;
    }
    return false;
}

/* ---- the command ---- */

static struct str run_command_line(const struct call *call)
{
    BUF_AUTO struct buf line = {0};
    buf_printf(&line, "%s %s", call->program, command_spec(call->command)->name);
    /* Manifest and report are handed on: a password in an index URL is not. */
    for (const char *const *word = call->raw; *word; word++) {
        struct str said = str_from(*word), option, value;
        if (str_starts(said, STR("--")) && str_cut(said, '=', &option, &value)) {
            struct str shown = url_redacted(value, call->arena);
            buf_printf(&line, " " STR_FMT "=" STR_FMT, STR_ARG(option), STR_ARG(shown));
        } else {
            struct str shown = url_redacted(said, call->arena);
            buf_printf(&line, " " STR_FMT, STR_ARG(shown));
        }
    }
    return arena_str(call->arena, buf_str(&line));
}

static bool run_config(const struct call *call, const struct run_plan_config *plan,
                       struct run_config *config, struct err *err)
{
    const struct options *options = call->options;
    struct str output, manifest;
    if (!file_absolute(option_str(options, OPTION_OUTPUT), call->arena, &output, err) ||
        !file_absolute(option_str(options, OPTION_MANIFEST), call->arena, &manifest, err))
        return false;
    *config = (struct run_config){
        .program = plan->program,
        .command = run_command_line(call),
        .output = output,
        .cache = plan->cache,
        .manifest = manifest,
        .preset = option_str(options, OPTION_CONTAINER_PRESET),
        .mirror = option_str(options, OPTION_MIRROR),
        .strict_floor = str_eq(option_str(options, OPTION_FLOOR), STR("strict")),
        .strategy = option_str(options, OPTION_STRATEGY),
        .schedule = option_str(options, OPTION_SCHEDULE),
        .jobs = (size_t)option_int(options, OPTION_JOBS),
        .cpu_milli = option_milli(options, OPTION_CONTAINER_CPU),
        .memory_bytes = option_bytes(options, OPTION_CONTAINER_MEMORY),
        .attempt_timeout_ms = option_ms(options, OPTION_ATTEMPT_TIMEOUT),
        .silence_ms = RUN_SILENCE_MS,
        .max_attempts = option_int(options, OPTION_MAX_ATTEMPTS),
        .backoff_base_ms = option_ms(options, OPTION_ATTEMPT_BACKOFF_BASE),
        .backoff_max_ms = option_ms(options, OPTION_ATTEMPT_BACKOFF_MAX),
        .skip_known_failures = option_flag(options, OPTION_SKIP_KNOWN_FAILURES),
        .requeue = {.base_ms = option_ms(options, OPTION_REQUEUE_BASE),
                    .max_ms = option_ms(options, OPTION_REQUEUE_MAX),
                    .most = option_int(options, OPTION_REQUEUE_ATTEMPTS)},
        .clock = call->clock,
    };
    return true;
}

static bool run_carry_out(const struct call *call, struct run_plan *plan,
                          const struct run_config *config, struct progress *progress,
                          struct manifest *manifest, int *status, struct err *err)
{
    const struct run_watch watch = {.start = run_show_start,
                                    .phase = run_show_phase,
                                    .stop = run_show_stop,
                                    .total = run_show_total,
                                    .tick = run_show_tick,
                                    .state = progress,
                                    .tick_ms = RUN_TICK_MS};
    progress_note(progress, STR(""));
    bool ok = run_execute(config, &watch, plan, call->arena, manifest, err);
    progress_close(progress);
    if (!ok)
        return false;
    size_t unusable = run_plan_complaints(plan);
    if (!option_flag(call->options, OPTION_JSON))
        run_print_round(call, config, manifest, unusable);
    *status = unusable || run_any_failed(manifest) ? COMMAND_FAILED : COMMAND_OK;
    return true;
}

/*
 * --fallback-latest: versions that could not be built are left out of the next round, which then
 * takes the newest of the others. What was built already is found by its key. False: none to add.
 */
static bool run_exclude_failed(const struct call *call, const struct manifest *manifest,
                               struct run_plan_config *asked)
{
    VEC(struct str) words = {0};
    for (size_t i = 0; i < asked->excluded.len; i++)
        *vec_push(&words, call->arena) = asked->excluded.at[i];
    for (size_t i = 0; i < manifest->package_count; i++) {
        const struct manifest_package *package = &manifest->packages[i];
        if (package->status == MANIFEST_FAILED && manifest_is_own_failure(package))
            *vec_push(&words, call->arena) =
                arena_printf(call->arena, STR_FMT "!=" STR_FMT, STR_ARG(package->name),
                             STR_ARG(package->version));
    }
    bool more = words.len > asked->excluded.len;
    asked->excluded = (struct spec_list){words.at, words.len};
    return more;
}

/* A word as a shell takes it. */
static struct str run_quoted(struct str word, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    bool plain = word.len > 0;
    for (size_t i = 0; i < word.len; i++)
        plain = plain && (char_is_alnum(word.ptr[i]) || strchr("/._-+:@", word.ptr[i]));
    if (plain)
        return word;
    buf_add_char(&out, '\'');
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\'')
            buf_add(&out, STR("'\\''"));
        else
            buf_add_char(&out, word.ptr[i]);
    buf_add_char(&out, '\'');
    return arena_str(arena, buf_str(&out));
}

/* How the output is used, ready to paste; said once, when there is something to use. */
static void run_print_use(const struct manifest *manifest, struct str output, struct arena *arena)
{
    size_t delivered = 0;
    for (size_t i = 0; i < manifest->package_count; i++)
        delivered += manifest_is_delivered(manifest->packages[i].status);
    if (!delivered)
        return;
    struct str word = run_quoted(output, arena);
    printf("\npip install --no-index --find-links " STR_FMT " PACKAGE...\n"
           "uv pip install --no-index --find-links " STR_FMT " PACKAGE...\n"
           "pyproject.toml of a uv project: [[tool.uv.index]] url = \"" STR_FMT
           "\" format = \"flat\", each on a line of its own\n",
           STR_ARG(word), STR_ARG(word), STR_ARG(output));
}

static bool run_print_plan(const struct run_plan *plan)
{
    BUF_AUTO struct buf text = {0};
    write_tree(run_plan_graph(plan), &text);
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
    return true;
}

/* Plan and run, once. `planned` tells on failure that it was not the plan that failed. */
static bool run_round(const struct call *call, struct run_plan_config *asked,
                      const struct run_config *config, struct manifest *manifest, bool *planned,
                      struct str *explanation, int *status, struct err *err)
{
    RUN_PLAN_AUTO struct run_plan *plan = NULL;
    struct progress *progress =
        progress_open(STDERR_FILENO, config->jobs, call->color, call->clock);
    asked->note_state = progress;
    *planned = run_plan_make(asked, call->arena, &plan, explanation, err);
    if (*planned && !option_flag(call->options, OPTION_PLAN_ONLY))
        return run_carry_out(call, plan, config, progress, manifest, status, err);
    progress_close(progress);
    if (*planned)
        return run_print_plan(plan);
    return plan_options_unsat(*explanation, err);
}

/* Said before the work, not at the first wheel that cannot be delivered. */
static bool run_check_output(const struct run_config *config, struct err *err)
{
    if (str_eq(config->output, config->cache))
        return err_set(err, ERR_USAGE,
                       "--output and --cache are one directory, " STR_FMT "; give them apart",
                       STR_ARG(config->output));
    if (!file_mkdirs(AT_FDCWD, config->output.ptr, 0777, err))
        return err_wrap(err, "--output");
    return access(config->output.ptr, W_OK) == 0 ||
           err_errno(err, "--output: wheels cannot be written to " STR_FMT,
                     STR_ARG(config->output));
}

static bool run_check_jobs(int64_t jobs, struct err *err)
{
    return (jobs >= 1 && jobs <= AGENT_SLOTS_MAX) ||
           err_set(err, ERR_USAGE, "--jobs: between 1 and %d at once, not %lld", AGENT_SLOTS_MAX,
                   (long long)jobs);
}

bool cmd_run_prepare(const struct call *call, struct run_plan_config *asked,
                     struct run_config *config, struct err *err)
{
    if (!plan_options(call, asked, err) || !run_config(call, asked, config, err) ||
        !run_check_jobs(option_int(call->options, OPTION_JOBS), err) ||
        !run_check_output(config, err))
        return false;
    asked->note = run_note;
    return true;
}

bool cmd_run_rounds(const struct call *call, struct run_plan_config *asked,
                    const struct run_config *config, struct manifest *manifest,
                    struct str *explanation, int *status, struct err *err)
{
    bool planned;
    if (!run_round(call, asked, config, manifest, &planned, explanation, status, err))
        return false;
    for (int round = 1; round < RUN_ROUNDS && asked->fallback_latest; round++) {
        struct err failed = {0};
        if (!run_exclude_failed(call, manifest, asked))
            break;
        log_info("--fallback-latest: again without what could not be built");
        if (run_round(call, asked, config, manifest, &planned, explanation, status, &failed))
            continue;
        if (planned || failed.code != ERR_UNSAT)
            return err_set(err, failed.code, "%s", failed.text);
        log_info("no other version fits: what was built before stands");
        break;
    }
    return true;
}

bool cmd_run(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config asked;
    struct run_config config;
    struct manifest manifest = {0};
    struct str explanation = {0};
    if (!cmd_run_prepare(call, &asked, &config, err) ||
        !cmd_run_rounds(call, &asked, &config, &manifest, &explanation, status, err))
        return false;
    if (option_flag(call->options, OPTION_JSON))
        run_print_json(&manifest);
    else
        run_print_use(&manifest, config.output, call->arena);
    return true;
}
