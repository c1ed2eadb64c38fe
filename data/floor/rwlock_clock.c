/* 2.30 */
#include "deadline.h"
#include "floor.h"

typedef struct rwlock rwlock;
extern int pthread_rwlock_timedrdlock(rwlock *wanted, const struct timespec *deadline);
extern int pthread_rwlock_timedwrlock(rwlock *wanted, const struct timespec *deadline);

HIDDEN int pthread_rwlock_clockrdlock(rwlock *wanted, clockid_t clock,
                                      const struct timespec *deadline)
{
    struct timespec realtime;
    int failed = deadline_to_realtime(clock, deadline, &realtime);
    return failed ? failed : pthread_rwlock_timedrdlock(wanted, &realtime);
}
HIDDEN int pthread_rwlock_clockwrlock(rwlock *wanted, clockid_t clock,
                                      const struct timespec *deadline)
{
    struct timespec realtime;
    int failed = deadline_to_realtime(clock, deadline, &realtime);
    return failed ? failed : pthread_rwlock_timedwrlock(wanted, &realtime);
}
