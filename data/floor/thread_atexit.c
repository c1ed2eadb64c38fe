/*
 * 2.18: destructors of C++ thread_local objects. They are kept in a list per thread,
 * run by a key's destructor when a thread ends and by atexit in the thread that
 * ends the process. A module must stay loaded while threads hold its objects.
 */
#include "floor.h"

#include <pthread.h>
#include <stdlib.h>

struct entry {
    void (*destroy)(void *object);
    void *object;
    struct entry *before;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int usable;

/* Destructors may register more; those come to the front and run next. */
static void run(void *newest)
{
    struct entry *entry = newest;
    while (entry) {
        pthread_setspecific(key, entry->before);
        entry->destroy(entry->object);
        free(entry);
        entry = pthread_getspecific(key);
    }
}

static void run_here(void)
{
    run(pthread_getspecific(key));
}

static void prepare(void)
{
    usable = pthread_key_create(&key, run) == 0 && atexit(run_here) == 0;
}

HIDDEN int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *module)
{
    struct entry *entry;
    (void)module;
    pthread_once(&once, prepare);
    entry = usable ? malloc(sizeof *entry) : NULL;
    if (!entry)
        return -1;
    entry->destroy = destroy;
    entry->object = object;
    entry->before = pthread_getspecific(key);
    if (pthread_setspecific(key, entry) == 0)
        return 0;
    free(entry);
    return -1;
}
