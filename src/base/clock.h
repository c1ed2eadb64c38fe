/*
 * Time as an argument: code that decides takes a `struct clock *` and never asks
 * the system. clock_system() is the real one; tests bring their own.
 */
#ifndef REFINERY_BASE_CLOCK_H
#define REFINERY_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *state);   /* milliseconds since 1970-01-01 UTC */
    int64_t (*steady_ms)(void *state); /* milliseconds that never jump */
    void *state;
};

const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->state);
}
static inline int64_t clock_steady_ms(const struct clock *clock)
{
    return clock->steady_ms(clock->state);
}

#endif
