#include "jail/jail.h"

#include <string.h>

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
