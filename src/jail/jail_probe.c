#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "jail/binfmt.h"
#include "jail/jail.h"
#include "os/file.h"

enum { PROBE_FILE_MAX = 1 << 16 };

static void probe_say(struct jail_findings *findings, struct arena *arena, const char *name,
                      enum jail_health health, struct str found, struct str mend)
{
    *vec_push(findings, arena) = (struct jail_finding){str_from(name), health, found, mend};
}

/* A setting of the kernel as a number; `otherwise` when it has no such setting. */
static uint64_t probe_setting(const char *path, uint64_t otherwise)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str text;
    struct err ignored;
    uint64_t value;
    return file_read(AT_FDCWD, path, PROBE_FILE_MAX, &scratch, &text, &ignored) &&
                   str_to_u64(str_trim(text), &value)
               ? value
               : otherwise;
}

/* The command that lets this program make namespaces on Ubuntu 23.10 and later. */
static struct str probe_apparmor(struct arena *arena)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    return arena_printf(arena,
                        "printf 'abi <abi/4.0>,\\nprofile refinery %.*s flags=(unconfined) "
                        "{\\n  userns,\\n}\\n' | sudo tee /etc/apparmor.d/refinery >/dev/null && "
                        "sudo apparmor_parser -r /etc/apparmor.d/refinery",
                        (int)(len > 0 ? len : 0), self);
}

/* Why a jail cannot be made here, as far as settings tell, and what mends it. */
static struct str probe_mend(struct arena *arena)
{
    if (probe_setting("/proc/sys/user/max_user_namespaces", 1) == 0)
        return STR("sudo sysctl -w user.max_user_namespaces=65536");
    if (geteuid() != 0 && probe_setting("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
        return STR("sudo sysctl -w kernel.unprivileged_userns_clone=1");
    if (geteuid() != 0 &&
        probe_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
        return probe_apparmor(arena);
    if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0)
        return STR("start the container with: --security-opt seccomp=unconfined --security-opt "
                   "apparmor=unconfined --security-opt systempaths=unconfined");
    return STR("run on Linux 5.14 or newer with user namespaces (CONFIG_USER_NS) and seccomp");
}

static bool probe_run(const char *machine, struct jail_result *result, struct err *err)
{
    static const char *const argv[] = {"/bin/true", NULL}, *const envp[] = {NULL};
    struct jail_spec spec = {
        .root = "/",
        .argv = argv,
        .envp = envp,
        .uid = 1000,
        .gid = 1000,
        .foreign = {.machine = machine},
        .limits = {.memory_bytes = 1 << 28, .pids = 100, .cpu_milli = 1000, .wall_ms = 20000}};
    return jail_run(&spec, NULL, NULL, result, err);
}

static void probe_jail(struct arena *arena, struct jail_findings *findings,
                       const struct jail_result *result)
{
    struct utsname system = {0};
    uname(&system);
    probe_say(findings, arena, "sandbox", JAIL_GOOD,
              arena_printf(arena,
                           "namespaces, system call filter and read-only root work as %s "
                           "(Linux %s, %lld ms to start and end)",
                           geteuid() ? "a plain user" : "root", system.release,
                           (long long)result->wall_ms),
              STR(""));
    if (result->limiter != JAIL_LIMITED_BY_WATCHDOG)
        probe_say(findings, arena, "limits", JAIL_GOOD,
                  arena_printf(arena, "memory, processes and CPU are limited by %s",
                               jail_limiter_name(result->limiter)),
                  STR(""));
    else
        probe_say(findings, arena, "limits", JAIL_WEAK,
                  STR("no control group may be made here: memory is sampled and a short peak can "
                      "pass, CPUs are limited by affinity"),
                  geteuid() ? STR("systemd-run --user --scope -p Delegate=yes refinery ...")
                            : STR("mount -o remount,rw /sys/fs/cgroup"));
}

static bool probe_knows_binfmt(void)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str text;
    struct err ignored;
    return file_read(AT_FDCWD, "/proc/filesystems", PROBE_FILE_MAX, &scratch, &text, &ignored) &&
           str_find(text, STR("binfmt_misc")) < text.len;
}

static void probe_foreign(const char *machine, bool jails_work, struct arena *arena,
                          struct jail_findings *findings)
{
    const struct binfmt_machine *known = binfmt_find(str_from(machine));
    const char *name = arena_printf(arena, "programs of %s", machine).ptr;
    const char *qemu = arena_printf(arena, "/usr/bin/qemu-%s-static", machine).ptr;
    struct jail_result result;
    struct err err;
    if (access(qemu, X_OK) < 0 && !binfmt_on_host(known)) {
        probe_say(findings, arena, name, JAIL_BAD, arena_printf(arena, "%s is missing", qemu),
                  STR("sudo apt-get install -y qemu-user-static"));
        return;
    }
    if (jails_work && binfmt_in_namespace() && probe_knows_binfmt() &&
        probe_run(machine, &result, &err) && result.foreign == JAIL_FOREIGN_NAMESPACE) {
        probe_say(findings, arena, name, JAIL_GOOD,
                  STR("run inside the sandbox's own namespace; the host needs no registration"),
                  STR(""));
        return;
    }
    if (binfmt_on_host(known))
        probe_say(findings, arena, name, JAIL_GOOD, STR("registered on this machine"), STR(""));
    else if (geteuid() == 0 && probe_knows_binfmt())
        probe_say(findings, arena, name, JAIL_WEAK,
                  STR("not registered; will be on first use, for the whole machine, until it "
                      "restarts"),
                  STR("systemctl restart systemd-binfmt"));
    else
        probe_say(findings, arena, name, JAIL_WEAK,
                  STR("not registered: only a program started directly runs, not what it starts"),
                  probe_knows_binfmt() ? STR("sudo systemctl restart systemd-binfmt")
                                       : STR("sudo modprobe binfmt_misc"));
}

void jail_probe(struct arena *arena, struct jail_findings *findings)
{
    struct jail_result result;
    struct err err = {0};
    struct utsname system = {0};
    uname(&system);
    bool works = probe_run(NULL, &result, &err);
    if (works)
        probe_jail(arena, findings, &result);
    else
        probe_say(findings, arena, "sandbox", JAIL_BAD, arena_str(arena, str_from(err.text)),
                  probe_mend(arena));
    if (!str_eq(str_from(system.machine), STR("s390x")))
        probe_foreign("s390x", works, arena, findings);
}
