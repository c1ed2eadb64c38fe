/* 2.30 */
#include "deadline.h"
#include "floor.h"

typedef struct semaphore semaphore;
extern int sem_timedwait(semaphore *wanted, const struct timespec *deadline);

HIDDEN int sem_clockwait(semaphore *wanted, clockid_t clock, const struct timespec *deadline)
{
    struct timespec realtime;
    int failed = deadline_to_realtime(clock, deadline, &realtime);
    if (!failed)
        return sem_timedwait(wanted, &realtime);
    errno = failed;
    return -1;
}
