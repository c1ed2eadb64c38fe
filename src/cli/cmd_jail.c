/*
 * `refinery jail`: one program in the sandbox, for looking into failures and for the tests.
 * Not in --help. `--times N` runs it N times more (bench), `--thread` from a second thread. Exit
 * status: the program's, 128 + signal, or 124 when a limit ended it.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "jail/jail.h"

enum { JAIL_STATUS_LIMIT = 124, JAIL_ARGS_MAX = 1000 };

struct jail_args {
    struct jail_spec spec;
    struct jail_mount *mounts;
    const char **envp;
    size_t env_count;
    bool plan, verbose, probe, thread;
    uint64_t times;
};

/* Each option takes one value but those of `flag`. */
struct jail_option {
    const char *name;
    bool (*set)(struct jail_args *args, struct str value, struct arena *arena);
    bool flag;
};

static bool jail_add_mount(struct jail_args *args, enum jail_mount_kind kind, struct str value,
                           struct arena *arena)
{
    struct str source, target;
    if (!str_cut(value, ':', &source, &target))
        target = source;
    struct jail_mount *mount = &args->mounts[args->spec.mount_count++];
    *mount = (struct jail_mount){.kind = kind,
                                 .source = arena_str(arena, source).ptr,
                                 .target = arena_str(arena, target).ptr};
    return true;
}

static bool jail_set_bind(struct jail_args *args, struct str value, struct arena *arena)
{
    return jail_add_mount(args, JAIL_RO, value, arena);
}

static bool jail_set_rw(struct jail_args *args, struct str value, struct arena *arena)
{
    return jail_add_mount(args, JAIL_RW, value, arena);
}

static bool jail_set_link(struct jail_args *args, struct str value, struct arena *arena)
{
    return jail_add_mount(args, JAIL_SYMLINK, value, arena);
}

static bool jail_set_text(struct jail_args *args, struct str value, struct arena *arena)
{
    return jail_add_mount(args, JAIL_TEXT, value, arena);
}

static bool jail_set_tmpfs(struct jail_args *args, struct str value, struct arena *arena)
{
    struct str target, size;
    str_cut(value, ':', &target, &size);
    struct jail_mount *mount = &args->mounts[args->spec.mount_count++];
    *mount = (struct jail_mount){.kind = JAIL_TMPFS, .target = arena_str(arena, target).ptr};
    return !size.len || str_to_u64(size, &mount->size);
}

static bool jail_set_root(struct jail_args *args, struct str value, struct arena *arena)
{
    args->spec.root = arena_str(arena, value).ptr;
    return true;
}

static bool jail_set_cwd(struct jail_args *args, struct str value, struct arena *arena)
{
    args->spec.cwd = arena_str(arena, value).ptr;
    return true;
}

static bool jail_set_env(struct jail_args *args, struct str value, struct arena *arena)
{
    args->envp[args->env_count++] = arena_str(arena, value).ptr;
    return true;
}

static bool jail_set_foreign(struct jail_args *args, struct str value, struct arena *arena)
{
    args->spec.foreign.machine = arena_str(arena, value).ptr;
    return true;
}

static bool jail_set_qemu(struct jail_args *args, struct str value, struct arena *arena)
{
    args->spec.foreign.interpreter = arena_str(arena, value).ptr;
    return true;
}

static const char *const jail_ways[] = {"none", "namespace", "host", "argv"};

static bool jail_set_way(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)arena;
    for (size_t i = 0; i < sizeof jail_ways / sizeof *jail_ways; i++)
        if (str_eq(value, str_from(jail_ways[i]))) {
            args->spec.foreign.first = (enum jail_foreign_way)i;
            return true;
        }
    return false;
}

static bool jail_set_uid(struct jail_args *args, struct str value, struct arena *arena)
{
    uint64_t id;
    (void)arena;
    if (!str_to_u64(value, &id) || id >= UINT32_MAX)
        return false;
    args->spec.uid = args->spec.gid = (uid_t)id;
    return true;
}

static bool jail_set_net(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)value, (void)arena;
    return args->spec.network = true;
}

static bool jail_set_plan(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)value, (void)arena;
    return args->plan = true;
}

static bool jail_set_verbose(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)value, (void)arena;
    return args->verbose = true;
}

static bool jail_set_thread(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)value, (void)arena;
    return args->thread = true;
}

static bool jail_set_times(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)arena;
    return str_to_u64(value, &args->times);
}

static bool jail_set_probe(struct jail_args *args, struct str value, struct arena *arena)
{
    (void)value, (void)arena;
    return args->probe = args->plan = true;
}

#define JAIL_NUMBER(name, field, type)                                                             \
    static bool jail_set_##name(struct jail_args *args, struct str value, struct arena *arena)     \
    {                                                                                              \
        uint64_t number;                                                                           \
        (void)arena;                                                                               \
        if (!str_to_u64(value, &number))                                                           \
            return false;                                                                          \
        args->spec.limits.field = (type)number;                                                    \
        return true;                                                                               \
    }
JAIL_NUMBER(cpus, cpu_milli, uint32_t)
JAIL_NUMBER(memory, memory_bytes, uint64_t)
JAIL_NUMBER(pids, pids, uint64_t)
JAIL_NUMBER(scratch, scratch_bytes, uint64_t)
JAIL_NUMBER(wall, wall_ms, int64_t)
JAIL_NUMBER(silence, silence_ms, int64_t)
JAIL_NUMBER(output, output_bytes, uint64_t)
JAIL_NUMBER(files, open_files, uint64_t)

static const struct jail_option jail_options[] = {
    {"--root", jail_set_root, false},       {"--bind", jail_set_bind, false},
    {"--rw", jail_set_rw, false},           {"--tmpfs", jail_set_tmpfs, false},
    {"--symlink", jail_set_link, false},    {"--text", jail_set_text, false},
    {"--cwd", jail_set_cwd, false},         {"--env", jail_set_env, false},
    {"--uid", jail_set_uid, false},         {"--net", jail_set_net, true},
    {"--foreign", jail_set_foreign, false}, {"--qemu", jail_set_qemu, false},
    {"--cpu-milli", jail_set_cpus, false},  {"--memory", jail_set_memory, false},
    {"--pids", jail_set_pids, false},       {"--scratch", jail_set_scratch, false},
    {"--wall-ms", jail_set_wall, false},    {"--silence-ms", jail_set_silence, false},
    {"--output", jail_set_output, false},   {"--files", jail_set_files, false},
    {"--print-plan", jail_set_plan, true},  {"--verbose", jail_set_verbose, true},
    {"--probe", jail_set_probe, true},      {"--foreign-way", jail_set_way, false},
    {"--thread", jail_set_thread, true},    {"--times", jail_set_times, false},
};

static const struct jail_option *jail_find_option(struct str name)
{
    for (size_t i = 0; i < sizeof jail_options / sizeof *jail_options; i++)
        if (str_eq(name, str_from(jail_options[i].name)))
            return &jail_options[i];
    return NULL;
}

static bool jail_parse(const char *const *raw, struct arena *arena, struct jail_args *args,
                       struct err *err)
{
    size_t at = 0;
    args->spec.root = "/";
    args->spec.uid = args->spec.gid = 1000;
    args->mounts = ARENA_ARRAY(arena, struct jail_mount, JAIL_ARGS_MAX);
    args->envp = ARENA_ARRAY(arena, const char *, JAIL_ARGS_MAX + 2);
    args->envp[args->env_count++] = "PATH=/usr/local/bin:/usr/bin:/bin";
    for (; raw[at] && raw[at][0] == '-' && !str_eq(str_from(raw[at]), STR("--")); at++) {
        const char *name = raw[at];
        const struct jail_option *option = jail_find_option(str_from(name));
        if (!option || (!option->flag && !raw[at + 1]) || at > JAIL_ARGS_MAX)
            return err_set(err, ERR_USAGE, "jail: \"%s\" is not an option or lacks its value",
                           name);
        if (!option->set(args, str_from(option->flag ? "" : raw[++at]), arena))
            return err_set(err, ERR_USAGE, "jail: %s cannot be \"%s\"", name, raw[at]);
    }
    args->spec.argv = raw + at + (raw[at] != NULL && raw[at][0] == '-');
    args->spec.envp = args->envp;
    args->spec.mounts = args->mounts;
    static const char *const some_program[] = {"/bin/true", NULL};
    if (args->plan && !args->spec.argv[0])
        args->spec.argv = some_program;
    if (!args->spec.argv[0])
        return err_set(err, ERR_USAGE,
                       "usage: refinery jail --root DIR [--rw SRC:DST] ... -- PROGRAM ...");
    return true;
}

static void jail_copy_output(void *state, struct str chunk)
{
    fwrite(chunk.ptr, 1, chunk.len, state);
    fflush(state);
}

/* One call of jail_run, as a thread's work: `--thread` makes it from a second one. */
struct jail_work {
    const struct jail_args *args;
    struct jail_result result;
    struct err err;
    bool done;
};

static void *jail_work_run(void *state)
{
    struct jail_work *work = state;
    for (uint64_t i = 0; i <= work->args->times; i++)
        work->done =
            jail_run(&work->args->spec, jail_copy_output, stdout, &work->result, &work->err);
    return NULL;
}

static bool jail_run_as_asked(const struct jail_args *args, struct jail_result *result,
                              struct err *err)
{
    struct jail_work work = {.args = args};
    pthread_t thread;
    if (!args->thread)
        jail_work_run(&work);
    else if (pthread_create(&thread, NULL, jail_work_run, &work) != 0 ||
             pthread_join(thread, NULL) != 0)
        return err_set(err, ERR_SYSTEM, "jail: no thread could be started");
    *result = work.result;
    if (!work.done)
        *err = work.err;
    return work.done;
}

static void jail_print_findings(struct arena *arena)
{
    static const char *const healths[] = {"good", "weak", "bad"};
    struct jail_findings findings = {0};
    jail_probe(arena, &findings);
    for (size_t i = 0; i < findings.len; i++) {
        const struct jail_finding *finding = &findings.at[i];
        printf("%s: " STR_FMT ": " STR_FMT "\n", healths[finding->health], STR_ARG(finding->name),
               STR_ARG(finding->found));
        if (finding->mend.len)
            printf("    " STR_FMT "\n", STR_ARG(finding->mend));
    }
}

bool cmd_jail(const struct call *call, int *status, struct err *err)
{
    struct jail_args args = {0};
    struct jail_result result;
    struct str plan;
    if (!jail_parse(call->raw, call->arena, &args, err))
        return false;
    if (args.probe) {
        jail_print_findings(call->arena);
        return true;
    }
    if (args.plan) {
        if (!jail_print_plan(&args.spec, call->arena, &plan, err))
            return false;
        fwrite(plan.ptr, 1, plan.len, stdout);
        return true;
    }
    if (!jail_run_as_asked(&args, &result, err))
        return false;
    if (args.verbose)
        fprintf(stderr,
                "jail: end=%s code=%d wall_ms=%lld cpu_ms=%lld peak_memory=%llu peak_pids=%llu "
                "peak_scratch=%llu output=%llu limiter=\"%s\" foreign=%s\n",
                jail_end_name(result.end), result.code, (long long)result.wall_ms,
                (long long)result.cpu_ms, (unsigned long long)result.peak_memory,
                (unsigned long long)result.peak_pids, (unsigned long long)result.peak_scratch,
                (unsigned long long)result.output_bytes, jail_limiter_name(result.limiter),
                jail_ways[result.foreign]);
    if (result.end != JAIL_EXITED)
        fprintf(stderr, "jail: " STR_FMT "\n",
                STR_ARG(jail_describe(&result, &args.spec.limits, call->arena)));
    *status = result.end == JAIL_EXITED     ? result.code
              : result.end == JAIL_SIGNALED ? 128 + result.code
                                            : JAIL_STATUS_LIMIT;
    return true;
}
