#include "jail/jail.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/binfmt.h"
#include "jail/cgroup.h"
#include "jail/enter.h"
#include "jail/filter.h"
#include "jail/ids.h"
#include "jail/launch.h"
#include "jail/mounts.h"
#include "jail/tree.h"
#include "os/fd.h"
#include "os/file.h"

#define JAIL_QEMU_INSIDE "/.refinery/qemu"

enum { JAIL_FULL_DISK = 1 << 20 }; /* fewer bytes free than this: the disk is full */

/* All that one call has made, taken back by jail_undo. */
struct jail_work {
    struct arena arena;
    const struct jail_spec *spec;
    struct jail_spec own; /* the spec with what a way to run foreign programs adds */
    enum jail_foreign_way way;
    uid_t uid;
    gid_t gid;
    struct mounts_plan plan;
    struct enter enter;
    struct cgroup cgroup;
};

static void jail_undo(struct jail_work *work)
{
    for (size_t i = 0; i < work->plan.trees && work->enter.trees; i++)
        fd_close(&work->enter.trees[i]);
    cgroup_remove(&work->cgroup);
    arena_free(&work->arena);
}

bool jail_host_ids(uid_t *uid, gid_t *gid, struct err *err)
{
    return ids_of_host(uid, gid, err);
}

static bool jail_check(const struct jail_spec *spec, struct err *err)
{
    bool program = spec->argv && spec->argv[0] && spec->envp;
    if (!spec->root || program == (spec->call != NULL))
        return err_set(
            err, ERR_USAGE,
            "jail: a root, and either a program and an environment or a call, are needed");
    if (program && spec->argv[0][0] != '/')
        return err_set(err, ERR_USAGE, "jail: the program \"%s\" is not an absolute path",
                       spec->argv[0]);
    if (spec->cwd && spec->cwd[0] != '/')
        return err_set(err, ERR_USAGE, "jail: the directory \"%s\" is not an absolute path",
                       spec->cwd);
    if (spec->foreign.machine && !binfmt_find(str_from(spec->foreign.machine)))
        return err_set(err, ERR_USAGE, "jail: programs of \"%s\" are not known",
                       spec->foreign.machine);
    return true;
}

static const char *jail_interpreter(struct jail_work *work)
{
    const struct jail_foreign *foreign = &work->spec->foreign;
    return foreign->interpreter
               ? foreign->interpreter
               : arena_printf(&work->arena, "/usr/bin/qemu-%s-static", foreign->machine).ptr;
}

/* Puts qemu in front: it is bound into the jail, and told the program's own argv[0]. */
static void jail_prefix_qemu(struct jail_work *work)
{
    struct jail_spec *own = &work->own;
    size_t count = 0;
    while (own->argv[count])
        count++;
    const char **argv = ARENA_ARRAY(&work->arena, const char *, count + 4);
    argv[0] = JAIL_QEMU_INSIDE;
    argv[1] = "-0";
    argv[2] = own->argv[0];
    for (size_t i = 0; i < count; i++)
        argv[i + 3] = own->argv[i];
    struct jail_mount *mounts = ARENA_ARRAY(&work->arena, struct jail_mount, own->mount_count + 1);
    for (size_t i = 0; i < own->mount_count; i++)
        mounts[i] = own->mounts[i];
    mounts[own->mount_count] =
        (struct jail_mount){JAIL_RO, jail_interpreter(work), JAIL_QEMU_INSIDE, 0, false};
    own->argv = argv;
    own->mounts = mounts;
    own->mount_count++;
}

/* Sets up the way chosen; false with the reason when that way is not open here. */
static bool jail_foreign(struct jail_work *work, enum jail_foreign_way way, struct err *err)
{
    const struct binfmt_machine *machine = binfmt_find(str_from(work->spec->foreign.machine));
    const char *interpreter = jail_interpreter(work);
    work->way = way;
    work->own = *work->spec;
    work->enter.binfmt = NULL;
    if (access(interpreter, X_OK) < 0 && !(way == JAIL_FOREIGN_HOST && binfmt_on_host(machine)))
        return err_set(err, ERR_NOT_FOUND,
                       "jail: %s is missing, which runs programs of %s; as root: apt-get install "
                       "qemu-user-static",
                       interpreter, machine->name);
    struct str line;
    switch (way) {
    case JAIL_FOREIGN_NONE:
        return true;
    case JAIL_FOREIGN_NAMESPACE:
        if (!binfmt_in_namespace())
            return err_set(err, ERR_SYSTEM, "binfmt_misc in a user namespace needs Linux 6.7");
        if (!binfmt_line(machine, interpreter, &work->arena, &line, err))
            return false;
        work->enter.binfmt = line.ptr;
        return true;
    case JAIL_FOREIGN_HOST:
        return binfmt_on_host(machine) || binfmt_register_on_host(machine, interpreter, err);
    case JAIL_FOREIGN_ARGV:
        jail_prefix_qemu(work);
        return true;
    }
    return false;
}

/* rlimits that hold with and without control groups; never RLIMIT_AS, which breaks qemu. */
static void jail_rlimits(struct jail_work *work)
{
    const struct jail_limits *limits = &work->spec->limits;
    struct enter_rlimit *list = ARENA_ARRAY(&work->arena, struct enter_rlimit, 4);
    size_t count = 0;
    list[count++] = (struct enter_rlimit){RLIMIT_CORE, 0};
    if (limits->open_files)
        list[count++] = (struct enter_rlimit){RLIMIT_NOFILE, limits->open_files};
    if (limits->scratch_bytes)
        list[count++] = (struct enter_rlimit){RLIMIT_FSIZE, limits->scratch_bytes};
    bool watched = work->cgroup.limiter == JAIL_LIMITED_BY_WATCHDOG;
    if (watched && limits->pids) /* counted per user namespace, so only for this jail */
        list[count++] = (struct enter_rlimit){RLIMIT_NPROC, limits->pids};
    work->enter.rlimits = list;
    work->enter.rlimit_count = count;
    work->enter.watch_processes = watched;
    work->enter.watch_memory = watched ? limits->memory_bytes : 0;
    work->enter.affinity = work->cgroup.cpu_limited ? 0 : (limits->cpu_milli + 999) / 1000;
    work->enter.affinity_first = (size_t)getpid() * work->enter.affinity;
}

static bool jail_make_plan(struct jail_work *work, struct err *err)
{
    struct mounts_listing listing;
    if (!mounts_list_root(work->own.root, &work->arena, &listing, err) ||
        !mounts_plan(&work->own, &listing, &work->arena, &work->plan, err))
        return false;
    work->enter.spec = &work->own;
    work->enter.argv = work->own.argv;
    work->enter.plan = &work->plan;
    work->enter.trees = ARENA_ARRAY(&work->arena, int, work->plan.trees);
    for (size_t i = 0; i < work->plan.trees; i++)
        work->enter.trees[i] = -1;
    return true;
}

/* Root opens the sources itself: the ids inside may not be able to reach them. */
static bool jail_open_sources(struct jail_work *work, struct err *err)
{
    if (geteuid() != 0)
        return true;
    for (size_t i = 0; i < work->plan.len; i++) {
        const struct mounts_op *op = &work->plan.at[i];
        if (op->kind != MOUNTS_CLONE)
            continue;
        int tree = enter_clone_tree(op->source, op->attributes);
        if (tree < 0 && errno != EPERM && !(op->attributes & MOUNTS_OPTIONAL))
            return err_errno(err, "jail: mounting %s", op->source);
        work->enter.trees[op->tree] = tree; /* EPERM: a root without rights; the child tries */
    }
    return true;
}

static bool jail_give_trees(const struct jail_work *work, struct err *err)
{
    for (size_t i = 0; i < work->own.mount_count; i++) {
        const struct jail_mount *mount = &work->own.mounts[i];
        if (mount->kind == JAIL_RW && !mount->as_is &&
            !tree_give(mount->source, work->uid, work->gid, err))
            return false;
    }
    return true;
}

/* errno says why. */
static bool jail_mount_failed(const struct mounts_op *op, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    if (op->kind == MOUNTS_CLONE)
        return err_errno(err, "jail: mounting %s", op->source);
    if (errno == EROFS && op->target)
        return err_set(err, ERR_USAGE,
                       "jail: %s is not in the root file system, which is read-only: have it made "
                       "there, or mount at a name directly under /",
                       op->target);
    if (op->kind == MOUNTS_NEW && errno == EPERM && strcmp(op->source, "proc") == 0)
        return err_set(err, ERR_SYSTEM,
                       "jail: /proc may not be mounted, since parts of it are hidden here (a "
                       "container); `refinery doctor` names the setting");
    return err_errno(err, "jail: mounting: " STR_FMT, STR_ARG(mounts_describe(op, &scratch)));
}

/* The step that failed inside, as an error. */
static bool jail_step_failed(const struct jail_work *work, const struct enter_report *report,
                             struct err *err)
{
    errno = report->error;
    if (report->failed == ENTER_GO)
        return err_set(err, ERR_SYSTEM, "jail: its first process died while setting up");
    if (report->failed == ENTER_CLONE || report->failed == ENTER_MOUNT)
        return jail_mount_failed(&work->plan.at[report->op], err);
    if (report->failed == ENTER_EXEC)
        return err_errno(err, "jail: starting %s", work->own.argv[0]);
    if (report->failed == ENTER_CWD)
        return err_errno(err, "jail: changing to the directory %s", work->own.cwd);
    return err_errno(err, "jail: %s", enter_stage_text(report->failed));
}

/* The disks below the writable trees: no room left? */
static bool jail_disk_is_full(const struct jail_spec *spec)
{
    for (size_t i = 0; i < spec->mount_count; i++) {
        struct statvfs info;
        if (spec->mounts[i].kind == JAIL_RW && statvfs(spec->mounts[i].source, &info) == 0 &&
            (uint64_t)info.f_bavail * info.f_frsize < JAIL_FULL_DISK)
            return true;
    }
    return false;
}

/* Pure: what was measured, turned into one class of outcome. */
static enum jail_end jail_classify(const struct jail_limits *limits, const struct launch_seen *seen,
                                   const struct enter_report *report, const struct cgroup_use *use,
                                   bool disk_is_full)
{
    bool failed = !WIFEXITED(report->status) || WEXITSTATUS(report->status) != 0;
    if (seen->end != JAIL_EXITED)
        return seen->end;
    if (report->out_of_memory || (use->oom_kills && failed))
        return JAIL_OOM;
    /* Without a control group nobody counts refusals: near the limit when it failed is enough. The
     * kernel counts a process from when its fork begins, /proc when it is done: on a busy machine
     * a seventh of them was still on the way. */
    bool crowded = report->peak_pids && report->peak_pids * 4 >= limits->pids * 3;
    if (failed && limits->pids && (use->pids_refused || crowded))
        return JAIL_PIDS;
    bool file_too_large = WIFSIGNALED(report->status) && WTERMSIG(report->status) == SIGXFSZ;
    bool over = limits->scratch_bytes && seen->peak_scratch >= limits->scratch_bytes;
    if (failed && (report->disk_full || file_too_large || over || disk_is_full))
        return JAIL_DISK;
    return WIFEXITED(report->status) ? JAIL_EXITED : JAIL_SIGNALED;
}

static void jail_conclude(const struct jail_work *work, const struct launch_seen *seen,
                          const struct enter_report *report, const struct cgroup_use *use,
                          struct jail_result *result)
{
    struct jail_result made = {
        .end = jail_classify(&work->spec->limits, seen, report, use, jail_disk_is_full(work->spec)),
        .wall_ms = seen->wall_ms,
        .cpu_ms = use->cpu_ms >= 0 ? use->cpu_ms : seen->cpu_ms,
        .peak_memory = use->peak_memory ? use->peak_memory : report->peak_memory,
        .peak_pids = use->peak_pids ? use->peak_pids : report->peak_pids,
        .peak_scratch = seen->peak_scratch + report->peak_scratch,
        .output_bytes = seen->output_bytes,
        .limiter = work->cgroup.limiter,
        .foreign = work->way,
    };
    if (made.peak_memory < seen->largest_process)
        made.peak_memory = seen->largest_process;
    uint64_t most = work->spec->limits.output_bytes;
    if (most && made.output_bytes > most)
        made.output_bytes = most;
    if (WIFEXITED(report->status))
        made.code = WEXITSTATUS(report->status);
    else if (WIFSIGNALED(report->status))
        made.code = WTERMSIG(report->status);
    *result = made;
}

/* One try with one way to run foreign programs; `again`: another way may do better. */
static bool jail_try(struct jail_work *work, jail_output_fn *output, void *state,
                     struct jail_result *result, bool *again, struct err *err)
{
    struct launch launch;
    struct launch_seen seen;
    struct enter_report report;
    struct cgroup_use use = {.cpu_ms = -1};
    struct str why;
    if (!jail_make_plan(work, err) || !jail_give_trees(work, err) ||
        !jail_open_sources(work, err) ||
        !cgroup_make_here(&work->spec->limits, &work->arena, &work->cgroup, &why, err))
        return false;
    jail_rlimits(work);
    if (!launch_start(&work->enter, work->uid, work->gid, &work->cgroup, &launch, err) ||
        !launch_follow(&launch, work->spec, &work->cgroup, &use, output, state, &seen, &report,
                       err))
        return false;
    cgroup_measure(&work->cgroup, &use);
    /* Process 1 may be among those ended for want of memory; a v2 group ends as a whole. */
    if (report.failed == ENTER_GO && use.oom_kills)
        report = (struct enter_report){.out_of_memory = true, .status = SIGKILL};
    if (report.failed != ENTER_NONE && seen.end == JAIL_EXITED) {
        *again = report.failed == ENTER_BINFMT;
        return jail_step_failed(work, &report, err);
    }
    jail_conclude(work, &seen, &report, &use, result);
    return true;
}

bool jail_run(const struct jail_spec *spec, jail_output_fn *output, void *state,
              struct jail_result *result, struct err *err)
{
    static const enum jail_foreign_way ways[] = {JAIL_FOREIGN_NAMESPACE, JAIL_FOREIGN_HOST,
                                                 JAIL_FOREIGN_ARGV};
    if (!jail_check(spec, err))
        return false;
    struct err reason;
    bool done = false, again = true;
    for (size_t i = 0; again && i < sizeof ways / sizeof *ways; i++) {
        if (spec->foreign.machine && ways[i] < spec->foreign.first)
            continue;
        struct jail_work work = {.spec = spec, .own = *spec};
        bool ready = ids_of_host(&work.uid, &work.gid, &reason) &&
                     filter_make(&work.arena, work.enter.filters, &reason);
        again = false;
        if (ready && spec->foreign.machine && !jail_foreign(&work, ways[i], &reason))
            again = reason.code != ERR_NOT_FOUND;
        else if (ready)
            done = jail_try(&work, output, state, result, &again, &reason);
        jail_undo(&work);
        if (!spec->foreign.machine)
            break;
    }
    if (!done)
        *err = reason;
    return done;
}

bool jail_print_plan(const struct jail_spec *spec, struct arena *arena, struct str *text,
                     struct err *err)
{
    struct mounts_listing listing;
    struct mounts_plan plan;
    if (!jail_check(spec, err) || !mounts_list_root(spec->root, arena, &listing, err) ||
        !mounts_plan(spec, &listing, arena, &plan, err))
        return false;
    struct str lines = STR("");
    for (size_t i = 0; i < plan.len; i++)
        lines = arena_printf(arena, STR_FMT STR_FMT "\n", STR_ARG(lines),
                             STR_ARG(mounts_describe(&plan.at[i], arena)));
    *text = lines;
    return true;
}

const char *jail_end_name(enum jail_end end)
{
    static const char *const names[] = {
        [JAIL_EXITED] = "exited",  [JAIL_SIGNALED] = "signaled", [JAIL_TIMEOUT] = "timeout",
        [JAIL_SILENT] = "silence", [JAIL_FLOODED] = "flooded",   [JAIL_OOM] = "oom",
        [JAIL_PIDS] = "pids",      [JAIL_DISK] = "disk",
    };
    return names[end];
}

const char *jail_limiter_name(enum jail_limiter limiter)
{
    static const char *const names[] = {
        [JAIL_LIMITED_BY_CGROUP2] = "cgroup v2",
        [JAIL_LIMITED_BY_CGROUP1] = "cgroup v1",
        [JAIL_LIMITED_BY_WATCHDOG] = "rlimit+watchdog",
    };
    return names[limiter];
}

struct str jail_describe(const struct jail_result *result, const struct jail_limits *limits,
                         struct arena *arena)
{
    const unsigned long long mib = 1 << 20;
    switch (result->end) {
    case JAIL_EXITED:
        return arena_printf(arena, "exit status %d", result->code);
    case JAIL_SIGNALED:
        return arena_printf(arena, "killed by signal %d (%s)", result->code,
                            strsignal(result->code));
    case JAIL_TIMEOUT:
        return arena_printf(arena, "stopped: not finished after %lld s",
                            (long long)limits->wall_ms / 1000);
    case JAIL_SILENT:
        return arena_printf(arena, "stopped: no output for %lld s",
                            (long long)limits->silence_ms / 1000);
    case JAIL_FLOODED:
        return arena_printf(arena, "stopped: wrote more than %llu MiB of output",
                            (unsigned long long)limits->output_bytes / mib);
    case JAIL_OOM:
        return arena_printf(arena, "out of memory (limit %llu MiB, peak %llu MiB)",
                            (unsigned long long)limits->memory_bytes / mib,
                            (unsigned long long)result->peak_memory / mib);
    case JAIL_PIDS:
        return arena_printf(arena, "too many processes (limit %llu)",
                            (unsigned long long)limits->pids);
    case JAIL_DISK:
        return arena_printf(arena, "disk full (scratch limit %llu MiB, %llu MiB used)",
                            (unsigned long long)limits->scratch_bytes / mib,
                            (unsigned long long)result->peak_scratch / mib);
    }
    return STR("ended in an unknown way");
}
