/*
 * A deadline on another clock as one on CLOCK_REALTIME. Somebody who sets the time
 * during the wait makes the wait longer or shorter: the price of the older call.
 */
#include <errno.h>
#include <time.h>

static inline int deadline_to_realtime(clockid_t clock, const struct timespec *given,
                                       struct timespec *realtime)
{
    struct timespec here, there;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    if (given->tv_nsec < 0 || given->tv_nsec >= 1000000000)
        return EINVAL;
    *realtime = *given;
    if (clock == CLOCK_REALTIME)
        return 0;
    if (clock_gettime(clock, &here) || clock_gettime(CLOCK_REALTIME, &there))
        return EINVAL;
    realtime->tv_sec += there.tv_sec - here.tv_sec;
    realtime->tv_nsec += there.tv_nsec - here.tv_nsec;
    if (realtime->tv_nsec < 0) {
        realtime->tv_nsec += 1000000000;
        realtime->tv_sec--;
    } else if (realtime->tv_nsec >= 1000000000) {
        realtime->tv_nsec -= 1000000000;
        realtime->tv_sec++;
    }
    return 0;
}
