/* 2.30. The condition must have the default clock, as those of C++ do. */
#include "deadline.h"
#include "floor.h"

typedef struct condition condition;
typedef struct mutex mutex;
extern int pthread_cond_timedwait(condition *cond, mutex *held, const struct timespec *deadline);

HIDDEN int pthread_cond_clockwait(condition *cond, mutex *held, clockid_t clock,
                                  const struct timespec *deadline)
{
    struct timespec realtime;
    int failed = deadline_to_realtime(clock, deadline, &realtime);
    return failed ? failed : pthread_cond_timedwait(cond, held, &realtime);
}
