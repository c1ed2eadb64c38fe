#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t clock_read_wall(void *state)
{
    (void)state;
    return clock_read(CLOCK_REALTIME);
}

static int64_t clock_read_steady(void *state)
{
    (void)state;
    return clock_read(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock system = {clock_read_wall, clock_read_steady, NULL};
    return &system;
}
