#include "jail/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/file.h"

enum { CGROUP_FILE_MAX = 1 << 20, CGROUP_LEVELS_MAX = 64, CGROUP_CPU_PERIOD = 100000 };

#define CGROUP_PREFIX "refinery-jail-"

static const char *const cgroup_names[CGROUP_CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct"};

static bool cgroup_list_has(struct str list, char separator, struct str wanted)
{
    struct str item;
    while (str_next(&list, separator, &item))
        if (str_eq(item, wanted))
            return true;
    return false;
}

/* "\040" and the like, as mountinfo writes spaces. */
static struct str cgroup_unescape(struct str text, struct arena *arena)
{
    char *plain = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 3 < text.len) {
            plain[len++] = (char)((text.ptr[i + 1] - '0') * 64 + (text.ptr[i + 2] - '0') * 8 +
                                  (text.ptr[i + 3] - '0'));
            i += 3;
        } else {
            plain[len++] = text.ptr[i];
        }
    }
    return str_of(plain, len);
}

/* The own group as a directory; in a container the mount shows only a part of the tree. */
static struct str cgroup_below(struct str mount, struct str root, struct str path,
                               struct arena *arena)
{
    if (!str_eq(root, STR("/")) && str_starts(path, root))
        path = str_from_pos(path, root.len);
    if (str_starts(path, STR("/..")) || path.len <= 1)
        return arena_str(arena, mount);
    return arena_printf(arena, STR_FMT STR_FMT, STR_ARG(mount), STR_ARG(path));
}

/* Path in /proc/self/cgroup of a controller; of the unified hierarchy for the empty name. */
static bool cgroup_path_of(struct str proc_cgroup, struct str controller, struct str *path)
{
    struct str line, number, rest, controllers, here;
    while (str_next_line(&proc_cgroup, &line)) {
        if (!str_cut(line, ':', &number, &rest) || !str_cut(rest, ':', &controllers, &here))
            continue;
        bool found =
            controller.len ? cgroup_list_has(controllers, ',', controller) : controllers.len == 0;
        if (found) {
            *path = here;
            return true;
        }
    }
    return false;
}

static void cgroup_see_mount(struct cgroup_place *place, struct str proc_cgroup, struct str root,
                             struct str mount, struct str type, struct str options,
                             struct arena *arena)
{
    struct str path;
    if (str_eq(type, STR("cgroup2")) && !place->mount2.len &&
        cgroup_path_of(proc_cgroup, STR(""), &path)) {
        place->mount2 = arena_str(arena, mount);
        place->own2 = cgroup_below(mount, root, path, arena);
    }
    if (!str_eq(type, STR("cgroup")))
        return;
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        struct str name = str_from(cgroup_names[i]);
        if (place->mount1[i].len || !cgroup_list_has(options, ',', name) ||
            !cgroup_path_of(proc_cgroup, name, &path))
            continue;
        place->mount1[i] = arena_str(arena, mount);
        place->own1[i] = cgroup_below(mount, root, path, arena);
    }
}

/* mountinfo: id parent dev root mount options [optional ...] - type source super-options */
struct cgroup_place cgroup_find(struct str proc_cgroup, struct str mountinfo, struct arena *arena)
{
    struct cgroup_place place = {0};
    struct str line;
    while (str_next_line(&mountinfo, &line)) {
        struct str fields[5], rest = line;
        bool whole = true;
        for (size_t i = 0; i < 5; i++)
            whole = str_next(&rest, ' ', &fields[i]) && whole;
        size_t dash = str_find(rest, STR(" - "));
        if (!whole || dash == rest.len || !fields[4].len)
            continue;
        rest = str_from_pos(rest, dash + 3);
        struct str type, source, options;
        if (!str_next(&rest, ' ', &type) || !str_next(&rest, ' ', &source) ||
            !str_next(&rest, ' ', &options))
            continue;
        cgroup_see_mount(&place, proc_cgroup, cgroup_unescape(fields[3], arena),
                         cgroup_unescape(fields[4], arena), type, options, arena);
    }
    return place;
}

static void cgroup_say(struct cgroup_writes *writes, enum cgroup_controller controller,
                       const char *file, struct str value, bool optional)
{
    writes->at[writes->len++] = (struct cgroup_write){controller, file, value, optional};
}

struct cgroup_writes cgroup_limits(bool unified, const struct jail_limits *limits,
                                   struct arena *arena)
{
    struct cgroup_writes writes = {0};
    struct str memory = arena_printf(arena, "%llu", (unsigned long long)limits->memory_bytes);
    struct str pids = arena_printf(arena, "%llu", (unsigned long long)limits->pids);
    unsigned long long quota = (unsigned long long)limits->cpu_milli * (CGROUP_CPU_PERIOD / 1000);
    if (limits->memory_bytes && unified) {
        cgroup_say(&writes, CGROUP_MEMORY, "memory.max", memory, false);
        cgroup_say(&writes, CGROUP_MEMORY, "memory.swap.max", STR("0"), true);
        cgroup_say(&writes, CGROUP_MEMORY, "memory.oom.group", STR("1"), true);
    } else if (limits->memory_bytes) {
        cgroup_say(&writes, CGROUP_MEMORY, "memory.limit_in_bytes", memory, false);
        cgroup_say(&writes, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", memory, true);
    }
    if (limits->pids)
        cgroup_say(&writes, CGROUP_PIDS, "pids.max", pids, false);
    if (limits->cpu_milli && unified)
        cgroup_say(&writes, CGROUP_CPU, "cpu.max",
                   arena_printf(arena, "%llu %d", quota, (int)CGROUP_CPU_PERIOD), true);
    else if (limits->cpu_milli)
        cgroup_say(&writes, CGROUP_CPU, "cpu.cfs_quota_us", arena_printf(arena, "%llu", quota),
                   true);
    return writes;
}

uint64_t cgroup_value(struct str text, struct str key)
{
    struct str line, name, value;
    uint64_t number;
    while (str_next_line(&text, &line))
        if (str_cut(line, ' ', &name, &value) && str_eq(name, key) &&
            str_to_u64(str_trim(value), &number))
            return number;
    return 0;
}

static bool cgroup_read(const char *dir, const char *file, struct arena *arena, struct str *text)
{
    struct err ignored;
    return file_read(AT_FDCWD, file_join(arena, str_from(dir), str_from(file)).ptr, CGROUP_FILE_MAX,
                     arena, text, &ignored);
}

static uint64_t cgroup_number(const char *dir, const char *file, uint64_t otherwise)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str text;
    uint64_t value;
    return dir && cgroup_read(dir, file, &scratch, &text) && str_to_u64(str_trim(text), &value)
               ? value
               : otherwise;
}

static uint64_t cgroup_event(const char *dir, const char *file, struct str key)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str text;
    return dir && cgroup_read(dir, file, &scratch, &text) ? cgroup_value(text, key) : 0;
}

static bool cgroup_write(const char *dir, const char *file, struct str value)
{
    ARENA_AUTO struct arena scratch = {0};
    const char *path = file_join(&scratch, str_from(dir), str_from(file)).ptr;
    FD_AUTO int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, value.ptr, value.len) == (ssize_t)value.len;
}

static bool cgroup_sweep_one(void *state, int dirfd, struct str name, struct err *err)
{
    (void)state;
    (void)err;
    uint64_t pid;
    struct str rest, number, serial;
    if (!str_starts(name, STR(CGROUP_PREFIX)))
        return true;
    rest = str_from_pos(name, sizeof CGROUP_PREFIX - 1);
    if (str_cut(rest, '-', &number, &serial) && str_to_u64(number, &pid) && pid < INT32_MAX &&
        kill((pid_t)pid, 0) < 0 && errno == ESRCH)
        unlinkat(dirfd, name.ptr, AT_REMOVEDIR); /* refused while somebody is in it */
    return true;
}

/* A group below `parent`; one that died with its owner is cleared first. */
static const char *cgroup_make_below(struct str parent, struct str name, struct arena *arena)
{
    struct err ignored;
    const char *dir = file_join(arena, parent, name).ptr;
    if (file_each(AT_FDCWD, parent.ptr, cgroup_sweep_one, NULL, &ignored) && mkdir(dir, 0755) == 0)
        return dir;
    return NULL;
}

static bool cgroup_apply(struct cgroup *cgroup, bool unified, const struct cgroup_writes *writes,
                         struct str *why, struct arena *arena)
{
    for (size_t i = 0; i < writes->len; i++) {
        const struct cgroup_write *one = &writes->at[i];
        const char *dir = cgroup->dirs[unified ? 0 : one->controller];
        bool done = dir && cgroup_write(dir, one->file, one->value);
        if (one->controller == CGROUP_CPU)
            cgroup->cpu_limited = done;
        if (!done && !one->optional) {
            *why = arena_printf(arena, "%s in %s: %s", one->file, dir ? dir : "no group",
                                strerror(errno));
            return false;
        }
    }
    return true;
}

static bool cgroup_hands_down(struct str dir, struct arena *arena)
{
    struct str text;
    if (!cgroup_read(dir.ptr, "cgroup.subtree_control", arena, &text))
        return false;
    text = str_trim(text);
    return cgroup_list_has(text, ' ', STR("memory")) && cgroup_list_has(text, ' ', STR("pids"));
}

/* True when a child of `dir` has the files for the limits. */
static bool cgroup_delegates(struct str dir, struct arena *arena)
{
    struct str procs = file_join(arena, dir, STR("cgroup.procs"));
    if (access(procs.ptr, W_OK) < 0) /* asked of the ancestor that both groups have in common */
        return false;
    cgroup_write(dir.ptr, "cgroup.subtree_control", STR("+cpu")); /* where it can be had */
    if (cgroup_hands_down(dir, arena))
        return true;
    /* Refused where processes live in the group itself; an ancestor will do then. */
    return cgroup_write(dir.ptr, "cgroup.subtree_control", STR("+memory")) &&
           cgroup_write(dir.ptr, "cgroup.subtree_control", STR("+pids")) &&
           cgroup_hands_down(dir, arena);
}

static bool cgroup_make2(const struct cgroup_place *place, const struct cgroup_writes *writes,
                         struct str name, struct arena *arena, struct cgroup *cgroup,
                         struct str *why)
{
    struct str dir = place->own2;
    for (int level = 0; dir.len >= place->mount2.len && dir.len && level < CGROUP_LEVELS_MAX;
         level++) {
        struct cgroup made = {.limiter = JAIL_LIMITED_BY_CGROUP2};
        dir = arena_str(arena, dir);
        if (cgroup_delegates(dir, arena) &&
            (made.dirs[0] = cgroup_make_below(dir, name, arena)) != NULL) {
            if (cgroup_apply(&made, true, writes, why, arena)) {
                *cgroup = made;
                return true;
            }
            rmdir(made.dirs[0]);
        }
        if (dir.len == place->mount2.len)
            break;
        dir = str_slice(dir, 0, str_rfind_char(dir, '/'));
    }
    if (!why->len)
        *why =
            arena_printf(arena, "cgroup v2: no group above " STR_FMT " hands memory and pids down",
                         STR_ARG(place->own2));
    return false;
}

static bool cgroup_make1(const struct cgroup_place *place, const struct cgroup_writes *writes,
                         struct str name, struct arena *arena, struct cgroup *cgroup,
                         struct str *why)
{
    struct cgroup made = {.limiter = JAIL_LIMITED_BY_CGROUP1};
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
        /* cpu and cpuacct are often one hierarchy under two names: the group is there then */
        if (place->own1[i].len)
            made.dirs[i] = cgroup_make_below(place->own1[i], name, arena);
    }
    if (made.dirs[CGROUP_MEMORY] && made.dirs[CGROUP_PIDS] &&
        cgroup_apply(&made, false, writes, why, arena)) {
        *cgroup = made;
        return true;
    }
    if (!why->len)
        *why = STR("cgroup v1: no group can be made for memory and pids");
    cgroup_remove(&made);
    return false;
}

bool cgroup_make(const struct cgroup_place *place, const struct jail_limits *limits,
                 unsigned serial, struct arena *arena, struct cgroup *cgroup, struct str *why,
                 struct err *err)
{
    (void)err;
    struct str name = arena_printf(arena, CGROUP_PREFIX "%d-%u", (int)getpid(), serial);
    struct cgroup_writes unified = cgroup_limits(true, limits, arena);
    struct cgroup_writes split = cgroup_limits(false, limits, arena);
    struct str why2 = {0}, why1 = {0};
    if (place->mount2.len && cgroup_make2(place, &unified, name, arena, cgroup, &why2))
        return true;
    if (place->mount1[CGROUP_MEMORY].len && place->mount1[CGROUP_PIDS].len &&
        cgroup_make1(place, &split, name, arena, cgroup, &why1))
        return true;
    *cgroup = (struct cgroup){.limiter = JAIL_LIMITED_BY_WATCHDOG};
    *why = why1.len ? why1 : why2.len ? why2 : STR("no cgroup hierarchy is mounted");
    return true;
}

bool cgroup_make_here(const struct jail_limits *limits, struct arena *arena, struct cgroup *cgroup,
                      struct str *why, struct err *err)
{
    static atomic_uint serials;
    struct str groups = {0}, mounts = {0};
    if (!file_read(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, arena, &groups, err) ||
        !file_read(AT_FDCWD, "/proc/self/mountinfo", CGROUP_FILE_MAX, arena, &mounts, err))
        return err_wrap(err, "jail: finding the control groups");
    struct cgroup_place place = cgroup_find(groups, mounts, arena);
    return cgroup_make(&place, limits, atomic_fetch_add(&serials, 1), arena, cgroup, why, err);
}

bool cgroup_enter(const struct cgroup *cgroup, pid_t pid, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str text = arena_printf(&scratch, "%d", (int)pid);
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
        if (cgroup->dirs[i] && !cgroup_write(cgroup->dirs[i], "cgroup.procs", text))
            return err_errno(err, "jail: entering the control group %s", cgroup->dirs[i]);
    return true;
}

void cgroup_measure(const struct cgroup *cgroup, struct cgroup_use *use)
{
    struct cgroup_use now = {.cpu_ms = -1};
    if (cgroup->limiter == JAIL_LIMITED_BY_CGROUP2) {
        const char *dir = cgroup->dirs[0];
        now.peak_memory =
            cgroup_number(dir, "memory.peak", cgroup_number(dir, "memory.current", 0));
        now.peak_pids = cgroup_number(dir, "pids.peak", 0);
        now.oom_kills = cgroup_event(dir, "memory.events", STR("oom_kill"));
        now.pids_refused = cgroup_event(dir, "pids.events", STR("max"));
        now.cpu_ms = (int64_t)(cgroup_event(dir, "cpu.stat", STR("usage_usec")) / 1000);
    } else if (cgroup->limiter == JAIL_LIMITED_BY_CGROUP1) {
        const char *memory = cgroup->dirs[CGROUP_MEMORY], *pids = cgroup->dirs[CGROUP_PIDS];
        now.peak_memory = cgroup_number(memory, "memory.max_usage_in_bytes", 0);
        now.oom_kills = cgroup_event(memory, "memory.oom_control", STR("oom_kill"));
        now.peak_pids = cgroup_number(pids, "pids.peak", 0);
        now.pids_refused = cgroup_event(pids, "pids.events", STR("max"));
        uint64_t none = UINT64_MAX;
        uint64_t ns = cgroup_number(cgroup->dirs[CGROUP_CPUACCT], "cpuacct.usage", none);
        now.cpu_ms = ns == none ? -1 : (int64_t)(ns / 1000000);
    }
    /* memory.peak is younger than cgroup v2: what was sampled last time still counts */
    if (use->peak_memory > now.peak_memory)
        now.peak_memory = use->peak_memory;
    *use = now;
}

void cgroup_remove(struct cgroup *cgroup)
{
    for (size_t i = 0; i < CGROUP_CONTROLLERS; i++)
        if (cgroup->dirs[i]) {
            rmdir(cgroup->dirs[i]); /* the next one made sweeps up what is still busy */
            cgroup->dirs[i] = NULL;
        }
}
