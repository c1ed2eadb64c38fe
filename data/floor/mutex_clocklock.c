/* 2.30 */
#include "deadline.h"
#include "floor.h"

typedef struct mutex mutex;
extern int pthread_mutex_timedlock(mutex *wanted, const struct timespec *deadline);

HIDDEN int pthread_mutex_clocklock(mutex *wanted, clockid_t clock, const struct timespec *deadline)
{
    struct timespec realtime;
    int failed = deadline_to_realtime(clock, deadline, &realtime);
    return failed ? failed : pthread_mutex_timedlock(wanted, &realtime);
}
