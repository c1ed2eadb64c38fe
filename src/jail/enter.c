#include "jail/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/init.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

const char *enter_stage_text(enum enter_stage stage)
{
    static const char *const texts[] = {
        [ENTER_NONE] = "nothing",
        [ENTER_GO] = "waiting for the parent",
        [ENTER_CLONE] = "opening",
        [ENTER_IDS] = "taking the mapped ids",
        [ENTER_HOSTNAME] = "setting the host name",
        [ENTER_LOOPBACK] = "starting the loopback interface",
        [ENTER_BINFMT] = "registering the foreign machine",
        [ENTER_MOUNT] = "mounting",
        [ENTER_CGROUP] = "making the cgroup namespace",
        [ENTER_INNER_IDS] = "making the inner user namespace",
        [ENTER_FORK] = "starting the main process",
        [ENTER_RLIMIT] = "setting resource limits",
        [ENTER_PRIVILEGES] = "dropping privileges",
        [ENTER_CWD] = "changing to the directory",
        [ENTER_FILTER] = "loading the system call filter",
        [ENTER_EXEC] = "starting",
    };
    return texts[stage];
}

static _Noreturn void enter_fail(const struct enter *enter, enum enter_stage stage, size_t op)
{
    struct enter_report report = {.failed = stage, .op = op, .error = errno};
    if (write(enter->status, &report, sizeof report) < 0) {
        /* the parent is gone: nobody to tell */
    }
    _exit(127);
}

/* Closes all but `keep`: what the parent had open is no business of the jail. */
static void enter_close_others(int *keep, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
            int swapped = keep[j];
            keep[j] = keep[j - 1];
            keep[j - 1] = swapped;
        }
    unsigned from = 0;
    for (size_t i = 0; i < count; i++) {
        if (keep[i] < 0)
            continue;
        unsigned at = (unsigned)keep[i];
        if (at > from)
            syscall(SYS_close_range, from, at - 1, 0);
        if (at >= from)
            from = at + 1;
    }
    syscall(SYS_close_range, from, ~0U, 0);
}

static void enter_keep_own(const struct enter *enter)
{
    enum { ENTER_KEEP_MAX = 4096 };
    static int keep[ENTER_KEEP_MAX]; /* a copy of its own: this process is a copy */
    size_t count = 0;
    keep[count++] = enter->life;
    keep[count++] = enter->status;
    keep[count++] = enter->output;
    keep[count++] = enter->spec->input ? enter->spec->input : -1;
    for (size_t i = 0; i < enter->plan->trees && count < ENTER_KEEP_MAX; i++)
        keep[count++] = enter->trees[i];
    enter_close_others(keep, count);
}

/* Waits for the parent's byte: ids are mapped and limits set by then. */
static void enter_wait(const struct enter *enter)
{
    char byte;
    ssize_t got;
    while ((got = read(enter->life, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (got != 1)
        _exit(127);
}

static uint64_t enter_attributes(uint32_t attributes)
{
    return MOUNT_ATTR_NOSUID | (attributes & MOUNTS_READ_ONLY ? MOUNT_ATTR_RDONLY : 0ULL) |
           (attributes & MOUNTS_DEVICES ? 0ULL : MOUNT_ATTR_NODEV) |
           (attributes & MOUNTS_NO_EXEC ? MOUNT_ATTR_NOEXEC : 0ULL);
}

int enter_clone_tree(const char *source, uint32_t attributes)
{
    int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0)
        return -1;
    struct mount_attr set = {.attr_set = enter_attributes(attributes), .propagation = MS_PRIVATE};
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &set, sizeof set) < 0) {
        int kept = errno;
        close(tree);
        errno = kept;
        return -1;
    }
    return tree;
}

/* "a=b,c" as single parameters. */
static bool enter_options(int context, const char *options)
{
    char pair[128];
    while (*options) {
        size_t len = strcspn(options, ",");
        if (len >= sizeof pair) {
            errno = E2BIG;
            return false;
        }
        memcpy(pair, options, len);
        pair[len] = '\0';
        options += len + (options[len] == ',');
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        if (fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, pair, value, 0) < 0)
            return false;
    }
    return true;
}

static int enter_new_tree(const char *type, const char *options, uint32_t attributes)
{
    int context = fsopen(type, FSOPEN_CLOEXEC);
    if (context < 0)
        return -1;
    int tree = -1;
    if ((!options || enter_options(context, options)) &&
        fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)enter_attributes(attributes));
    int kept = errno;
    close(context);
    errno = kept;
    return tree;
}

/* Directories above `path`, which is absolute; existing ones are fine. */
static bool enter_parents(const char *path)
{
    char part[4096];
    size_t len = strlen(path);
    if (len >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        struct stat info;
        if (stat(part, &info) < 0 && mkdir(part, 0755) < 0)
            return false;
        part[i] = '/';
    }
    return true;
}

static bool enter_make_dir(const char *path, mode_t mode)
{
    struct stat info;
    if (stat(path, &info) == 0)
        return true;
    return enter_parents(path) && mkdir(path, mode) == 0;
}

static bool enter_make_file(const char *path, const char *text, mode_t mode)
{
    struct stat info;
    if (stat(path, &info) == 0)
        return true;
    if (!enter_parents(path))
        return false;
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    size_t len = strlen(text);
    while (len) {
        ssize_t done = write(fd, text, len);
        if (done < 0 && errno != EINTR) {
            close(fd);
            return false;
        }
        text += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return close(fd) == 0;
}

/* Mounts with the mount point made to fit: a directory for a directory, a file for a file. */
static bool enter_attach(int tree, const char *target)
{
    struct stat info;
    if (fstat(tree, &info) < 0)
        return false;
    if (!(S_ISDIR(info.st_mode) ? enter_make_dir(target, 0755) : enter_make_file(target, "", 0444)))
        return false;
    return move_mount(tree, "", AT_FDCWD, target,
                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0;
}

static bool enter_again(const struct mounts_op *op)
{
    int tree = enter_clone_tree(op->source, op->attributes);
    if (tree < 0)
        return false;
    struct stat info;
    /* An optional target is never made: there is nothing to hide. */
    bool done = op->attributes & MOUNTS_OPTIONAL && stat(op->target, &info) < 0
                    ? true
                    : enter_attach(tree, op->target);
    int kept = errno;
    close(tree);
    errno = kept;
    return done;
}

/*
 * The new root is hung over the old one, and the two change places: what was /
 * is then on top of the new root and can be let go.
 */
static bool enter_pivot(int tree)
{
    return move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) == 0 && fchdir(tree) == 0 &&
           syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
           chdir("/") == 0;
}

static bool enter_seal(int tree)
{
    struct mount_attr set = {.attr_set = MOUNT_ATTR_RDONLY};
    return mount_setattr(tree, "", AT_EMPTY_PATH, &set, sizeof set) == 0;
}

static bool enter_do(const struct enter *enter, const struct mounts_op *op)
{
    int *tree = &enter->trees[op->tree];
    switch (op->kind) {
    case MOUNTS_CLONE:
        if (*tree < 0)
            *tree = enter_clone_tree(op->source, op->attributes);
        return *tree >= 0;
    case MOUNTS_NEW:
        *tree = enter_new_tree(op->source, op->text, op->attributes);
        return *tree >= 0;
    case MOUNTS_PIVOT:
        return enter_pivot(*tree);
    case MOUNTS_DIR:
        return enter_make_dir(op->target, op->mode);
    case MOUNTS_FILE:
        return enter_make_file(op->target, op->text, op->mode);
    case MOUNTS_LINK:
        return enter_parents(op->target) && symlink(op->text, op->target) == 0;
    case MOUNTS_ATTACH:
        return enter_attach(*tree, op->target);
    case MOUNTS_AGAIN:
        return enter_again(op);
    case MOUNTS_SEAL:
        return enter_seal(*tree);
    }
    errno = EINVAL;
    return false;
}

static void enter_mounts(const struct enter *enter, enum mounts_kind from, enum mounts_kind to,
                         enum enter_stage stage)
{
    for (size_t i = 0; i < enter->plan->len; i++) {
        const struct mounts_op *op = &enter->plan->at[i];
        if (op->kind < from || op->kind > to)
            continue;
        if (!enter_do(enter, op) && !(op->attributes & MOUNTS_OPTIONAL))
            enter_fail(enter, stage, i);
    }
}

static bool enter_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool done = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    int kept = errno;
    close(fd);
    errno = kept;
    return done;
}

static bool enter_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t done = write(fd, text, strlen(text));
    int kept = errno;
    close(fd);
    errno = kept;
    return done == (ssize_t)strlen(text);
}

/*
 * The mount stays open in process 1 and hangs nowhere: its entries live as long
 * as the mount does, and the program inside cannot reach it.
 */
static bool enter_binfmt(const struct enter *enter)
{
    int tree = enter_new_tree("binfmt_misc", NULL, MOUNTS_NO_EXEC);
    if (tree < 0)
        return false;
    int fd = openat(tree, "register", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t done = write(fd, enter->binfmt, strlen(enter->binfmt));
    int kept = errno;
    close(fd);
    errno = kept;
    return done == (ssize_t)strlen(enter->binfmt);
}

/* Ids of the outer namespace: 0 in it is the unprivileged id of the host (ids.h). */
static void enter_ids(const struct enter *enter)
{
    /*
     * Bare system calls: the C library's functions would tell its other threads, of which this
     * copy of the process has only the records. setgroups is refused to plain users.
     */
    if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
        enter_fail(enter, ENTER_IDS, 0);
    if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
        enter_fail(enter, ENTER_IDS, 0);
    /* Changing ids has made us undumpable and forgot the death signal. */
    if (prctl(PR_SET_DUMPABLE, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        enter_fail(enter, ENTER_IDS, 0);
    struct pollfd parent = {.fd = enter->life, .events = POLLIN};
    if (poll(&parent, 1, 0) > 0)
        _exit(127);
}

/*
 * The program lives in a second user namespace with the ids it was promised:
 * the first one needs an id 0 (devpts asks for it) and owns all mounts, so that
 * not even a capability won inside could change them.
 */
static void enter_inner_ids(const struct enter *enter)
{
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "%u 0 1\n", (unsigned)enter->spec->uid);
    snprintf(gids, sizeof gids, "%u 0 1\n", (unsigned)enter->spec->gid);
    if (unshare(CLONE_NEWCGROUP) < 0)
        enter_fail(enter, ENTER_CGROUP, 0);
    if (unshare(CLONE_NEWUSER) < 0 || !enter_write("/proc/self/setgroups", "deny") ||
        !enter_write("/proc/self/uid_map", uids) || !enter_write("/proc/self/gid_map", gids))
        enter_fail(enter, ENTER_INNER_IDS, 0);
}

static bool enter_drop_privileges(void)
{
    for (unsigned long cap = 0; cap < 64; cap++)
        if (prctl(PR_CAPBSET_DROP, cap) < 0) {
            if (errno == EINVAL)
                break; /* past the last one that this kernel knows */
            return false;
        }
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
           syscall(SYS_capset, &header, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Best effort, as a control group's CPU limit is. */
static void enter_affinity(const struct enter *enter)
{
    cpu_set_t all, some;
    CPU_ZERO(&some);
    if (sched_getaffinity(0, sizeof all, &all) < 0)
        return;
    size_t count = (size_t)CPU_COUNT(&all),
           left = enter->affinity < count ? enter->affinity : count;
    size_t skip = enter->affinity_first % count;
    for (size_t at = 0; left && at < 2 * CPU_SETSIZE; at++) {
        size_t cpu = at % CPU_SETSIZE;
        if (!CPU_ISSET(cpu, &all))
            continue;
        if (skip) {
            skip--;
            continue;
        }
        CPU_SET(cpu, &some);
        left--;
    }
    sched_setaffinity(0, sizeof some, &some);
}

static void enter_rlimits(const struct enter *enter)
{
    for (size_t i = 0; i < enter->rlimit_count; i++) {
        struct rlimit now, want = {enter->rlimits[i].value, enter->rlimits[i].value};
        if (getrlimit((__rlimit_resource_t)enter->rlimits[i].resource, &now) < 0)
            enter_fail(enter, ENTER_RLIMIT, 0);
        if (want.rlim_max > now.rlim_max) /* raising needs a right that we may not have */
            want.rlim_cur = want.rlim_max = now.rlim_max;
        if (setrlimit((__rlimit_resource_t)enter->rlimits[i].resource, &want) < 0)
            enter_fail(enter, ENTER_RLIMIT, 0);
    }
    if (enter->affinity)
        enter_affinity(enter);
}

static void enter_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &action, NULL); /* SIGKILL and SIGSTOP refuse, rightly */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the caller stays open but the three streams; that the call ran is success of ours. */
static _Noreturn void enter_call(const struct jail_spec *spec)
{
    syscall(SYS_close_range, 3, ~0U, 0);
    _exit(spec->call(spec->call_state));
}

static _Noreturn void enter_program(const struct enter *enter)
{
    enter_signals();
    setsid();
    int input = enter->spec->input ? enter->spec->input : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(enter->output, 1) < 0 || dup2(enter->output, 2) < 0)
        enter_fail(enter, ENTER_FORK, 0);
    if (chdir(enter->spec->cwd ? enter->spec->cwd : "/") < 0)
        enter_fail(enter, ENTER_CWD, 0);
    enter_rlimits(enter);
    /* The pipe for failures closes itself at exec, like everything past standard error. */
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        enter_fail(enter, ENTER_PRIVILEGES, 0);
    if (!enter_drop_privileges())
        enter_fail(enter, ENTER_PRIVILEGES, 0);
    for (size_t i = 0; i < 2; i++)
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &enter->filters[i]) < 0)
            enter_fail(enter, ENTER_FILTER, 0);
    if (enter->spec->call)
        enter_call(enter->spec);
    execve(enter->argv[0], (char *const *)(uintptr_t)enter->argv,
           (char *const *)(uintptr_t)enter->spec->envp);
    enter_fail(enter, ENTER_EXEC, 0);
}

/* Trees in use are mounted by now; those of scratch tmpfs stay open to be measured. */
static void enter_close_trees(const struct enter *enter, struct init_scratch *scratch)
{
    scratch->count = 0;
    for (size_t i = 0; i < enter->plan->len; i++) {
        const struct mounts_op *op = &enter->plan->at[i];
        if (op->kind > MOUNTS_NEW || enter->trees[op->tree] < 0)
            continue;
        if (op->attributes & MOUNTS_SCRATCH && scratch->count < INIT_SCRATCH_MAX) {
            scratch->fds[scratch->count++] = enter->trees[op->tree];
            continue;
        }
        close(enter->trees[op->tree]);
    }
}

_Noreturn void enter_run(struct enter *enter)
{
    enter_keep_own(enter);
    setsid();
    umask(0);
    enter_wait(enter);
    enter_mounts(enter, MOUNTS_CLONE, MOUNTS_CLONE, ENTER_CLONE); /* with the caller's own ids */
    enter_ids(enter);
    const char *name = enter->spec->hostname ? enter->spec->hostname : "refinery";
    if (sethostname(name, strlen(name)) < 0)
        enter_fail(enter, ENTER_HOSTNAME, 0);
    if (!enter->spec->network && !enter_loopback())
        enter_fail(enter, ENTER_LOOPBACK, 0);
    if (enter->binfmt && !enter_binfmt(enter))
        enter_fail(enter, ENTER_BINFMT, 0);
    enter_mounts(enter, MOUNTS_NEW, MOUNTS_SEAL, ENTER_MOUNT);
    umask(022);
    enter_inner_ids(enter);
    struct init_scratch scratch;
    enter_close_trees(enter, &scratch);
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        enter_fail(enter, ENTER_PRIVILEGES, 0);
    sigset_t blocked;
    sigfillset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    struct clone_args fork = {.exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &fork, sizeof fork);
    if (child < 0)
        enter_fail(enter, ENTER_FORK, 0);
    if (child == 0)
        enter_program(enter);
    if (!enter_drop_privileges())
        enter_fail(enter, ENTER_PRIVILEGES, 0);
    close(enter->output);
    if (enter->spec->input)
        close(enter->spec->input);
    init_run(enter, (pid_t)child, &scratch);
}
