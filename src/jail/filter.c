#include "jail/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/filter_calls.h"
#include "os/fd.h"
#include "os/file.h"

enum { FILTER_MAX = 1 << 20 };

#define FILTER_NAMESPACES                                                                          \
    (CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |     \
     0x02000000 /* CLONE_NEWCGROUP */ | 0x80 /* CLONE_NEWTIME, unshare only */)

/* clone(2) takes its flags first, on s390x second. */
#if defined(__s390x__)
enum { FILTER_CLONE_FLAGS = 1 };
#else
enum { FILTER_CLONE_FLAGS = 0 };
#endif

/* One condition: (argument & mask) == value. */
struct filter_test {
    unsigned argument;
    uint64_t mask, value;
};

struct filter_rule {
    const char *call;
    struct filter_test tests[2];
    unsigned count;
    int error; /* what a refused call answers */
};

#define FILTER_LOW 0xffffffffULL /* the kernel reads these arguments as 32 bits */

/* Calls allowed only with these arguments. */
static const struct filter_rule filter_allowed_if[] = {
    {"clone",
     {{FILTER_CLONE_FLAGS, FILTER_NAMESPACES & ~0x80ULL, 0}},
     1,
     0}, /* 0x80: exit signal */
    {"unshare", {{0, FILTER_NAMESPACES, 0}}, 1, 0},
    {"socket", {{0, FILTER_LOW, AF_UNIX}}, 1, 0},
    {"socket", {{0, FILTER_LOW, AF_INET}}, 1, 0},
    {"socket", {{0, FILTER_LOW, AF_INET6}}, 1, 0},
    {"socket", {{0, FILTER_LOW, AF_NETLINK}, {2, FILTER_LOW, 0}}, 2, 0}, /* NETLINK_ROUTE */
    {"socketpair", {{0, FILTER_LOW, AF_UNIX}}, 1, 0},
    {"personality", {{0, FILTER_LOW, 0}}, 1, 0},
    {"personality", {{0, FILTER_LOW, 0x0008}}, 1, 0},     /* PER_LINUX32 */
    {"personality", {{0, FILTER_LOW, 0x20000}}, 1, 0},    /* UNAME26 */
    {"personality", {{0, FILTER_LOW, 0x40000}}, 1, 0},    /* ADDR_NO_RANDOMIZE */
    {"personality", {{0, FILTER_LOW, 0xffffffff}}, 1, 0}, /* the question */
    {"mknod", {{1, S_IFMT, S_IFIFO}}, 1, 0},
    {"mknod", {{1, S_IFMT, S_IFREG}}, 1, 0},
    {"mknod", {{1, S_IFMT, S_IFSOCK}}, 1, 0},
    {"mknod", {{1, S_IFMT, 0}}, 1, 0},
    {"mknodat", {{2, S_IFMT, S_IFIFO}}, 1, 0},
    {"mknodat", {{2, S_IFMT, S_IFREG}}, 1, 0},
    {"mknodat", {{2, S_IFMT, S_IFSOCK}}, 1, 0},
    {"mknodat", {{2, S_IFMT, 0}}, 1, 0},
};

/*
 * Refused though allowed above. Set-user-id bits would make files that run as
 * the build's user for everybody on the host who can reach them.
 */
static const struct filter_rule filter_refused_if[] = {
    {"ioctl", {{1, FILTER_LOW, TIOCSTI}}, 1, EPERM},
    {"ioctl", {{1, FILTER_LOW, 0x541C /* TIOCLINUX */}}, 1, EPERM},
    {"chmod", {{1, S_ISUID, S_ISUID}}, 1, EPERM},
    {"fchmod", {{1, S_ISUID, S_ISUID}}, 1, EPERM},
    {"fchmodat", {{2, S_ISUID, S_ISUID}}, 1, EPERM},
    {"creat", {{1, S_ISUID, S_ISUID}}, 1, EPERM},
    {"open", {{1, O_CREAT, O_CREAT}, {2, S_ISUID, S_ISUID}}, 2, EPERM},
    {"openat", {{2, O_CREAT, O_CREAT}, {3, S_ISUID, S_ISUID}}, 2, EPERM},
    {"open", {{1, __O_TMPFILE, __O_TMPFILE}, {2, S_ISUID, S_ISUID}}, 2, EPERM},
    {"openat", {{2, __O_TMPFILE, __O_TMPFILE}, {3, S_ISUID, S_ISUID}}, 2, EPERM},
    {"mknod", {{1, S_ISUID, S_ISUID}}, 1, EPERM},
    {"mknodat", {{2, S_ISUID, S_ISUID}}, 1, EPERM},
};

static bool filter_failed(struct err *err, const char *what, int code)
{
    errno = -code;
    return err_errno(err, "jail: system call filter: %s", what);
}

static bool filter_add(scmp_filter_ctx context, uint32_t action, const struct filter_rule *rule,
                       struct err *err)
{
    int call = seccomp_syscall_resolve_name(rule->call);
    if (call < 0) /* this machine does not have it */
        return true;
    struct scmp_arg_cmp tests[2];
    for (unsigned i = 0; i < rule->count; i++)
        tests[i] = (struct scmp_arg_cmp){rule->tests[i].argument, SCMP_CMP_MASKED_EQ,
                                         rule->tests[i].mask, rule->tests[i].value};
    int code = seccomp_rule_add_array(context, action, call, rule->count, tests);
    return code == 0 || filter_failed(err, rule->call, code);
}

static bool filter_export(scmp_filter_ctx context, struct arena *arena, struct sock_fprog *filter,
                          struct err *err)
{
    FD_AUTO int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "jail: system call filter");
    int code = seccomp_export_bpf(context, fd);
    if (code < 0)
        return filter_failed(err, "export", code);
    struct str bytes;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "jail: system call filter");
    if (!file_read_fd(fd, "the system call filter", FILTER_MAX, arena, &bytes, err))
        return false;
    filter->filter = (struct sock_filter *)(uintptr_t)bytes.ptr; /* arena memory is aligned */
    filter->len = (unsigned short)(bytes.len / sizeof *filter->filter);
    return true;
}

static bool filter_allow_list(scmp_filter_ctx context, struct err *err)
{
    for (size_t i = 0; i < sizeof filter_calls / sizeof *filter_calls; i++) {
        int call = seccomp_syscall_resolve_name(filter_calls[i]);
        int code = call < 0 ? 0 : seccomp_rule_add(context, SCMP_ACT_ALLOW, call, 0);
        if (code < 0)
            return filter_failed(err, filter_calls[i], code);
    }
    for (size_t i = 0; i < sizeof filter_allowed_if / sizeof *filter_allowed_if; i++)
        if (!filter_add(context, SCMP_ACT_ALLOW, &filter_allowed_if[i], err))
            return false;
    return true;
}

static bool filter_refusals(scmp_filter_ctx context, struct err *err)
{
    for (size_t i = 0; i < sizeof filter_refused_if / sizeof *filter_refused_if; i++)
        if (!filter_add(context, SCMP_ACT_ERRNO((uint16_t)filter_refused_if[i].error),
                        &filter_refused_if[i], err))
            return false;
    return true;
}

bool filter_make(struct arena *arena, struct sock_fprog filters[2], struct err *err)
{
    static bool (*const fill[2])(scmp_filter_ctx, struct err *) = {filter_allow_list,
                                                                   filter_refusals};
    const uint32_t otherwise[2] = {SCMP_ACT_ERRNO(ENOSYS), SCMP_ACT_ALLOW};
    struct sock_fprog made[2];
    for (size_t i = 0; i < 2; i++) {
        scmp_filter_ctx context = seccomp_init(otherwise[i]);
        if (!context)
            return err_set(err, ERR_SYSTEM, "jail: system call filter: libseccomp does not start");
        /* Calls of another machine's table (32 bits) answer ENOSYS instead of killing. */
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        bool done = fill[i](context, err) && filter_export(context, arena, &made[i], err);
        seccomp_release(context);
        if (!done)
            return false;
    }
    filters[0] = made[0];
    filters[1] = made[1];
    return true;
}
