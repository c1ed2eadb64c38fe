#include "wheelfile/elf_members.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    THREADS_MAX = 8,
    BYTES_PER_THREAD = 4 << 20, /* for less, starting one costs more than it saves */
    ELF_SMALLEST = 52,          /* bytes of the smallest ELF header */
    TOGETHER_MAX = 160 << 20,   /* bytes of the members, packed and not, that all of them hold */
};

/* Text that nobody loads: not even its first bytes are unpacked. */
static const struct str text_endings[] = {
    STR_INIT(".py"),       STR_INIT(".pyi"),  STR_INIT(".pyx"), STR_INIT(".pxd"),
    STR_INIT(".h"),        STR_INIT(".hpp"),  STR_INIT(".txt"), STR_INIT(".md"),
    STR_INIT(".json"),     STR_INIT(".html"), STR_INIT(".rst"), STR_INIT("/RECORD"),
    STR_INIT("/METADATA"), STR_INIT("/WHEEL")};

static bool is_text(struct str path)
{
    for (size_t i = 0; i < sizeof text_endings / sizeof *text_endings; i++)
        if (str_ends(path, text_endings[i]))
            return true;
    return false;
}

static bool begins_like_elf(struct wheelfile *wheel, const struct wheelfile_member *member,
                            bool *is_elf, struct err *err)
{
    char head[16];
    size_t got;
    *is_elf = false;
    if (member->directory || member->size < ELF_SMALLEST || is_text(member->path))
        return true;
    if (!wheelfile_peek(wheel, member, sizeof head, head, &got, err))
        return false;
    *is_elf = elf_read_is_elf(str_of(head, got));
    return true;
}

/* What the threads share: each takes the next member until there is none. */
struct elf_work {
    struct wheelfile *wheel;
    VEC(const struct wheelfile_member *) members; /* largest first, so that all end together */
    uint64_t bytes;
    atomic_size_t next;
};

/* What each has of its own until it is done. */
struct elf_worker {
    struct elf_work *work;
    pthread_t thread;
    struct arena arena;
    struct elf_audit audit;
    const struct wheelfile_member *broken; /* the first of the archive */
    struct err err;
};

static int largest_first(const void *a, const void *b)
{
    const struct wheelfile_member *x = *(const struct wheelfile_member *const *)a,
                                  *y = *(const struct wheelfile_member *const *)b;
    return (y->size > x->size) - (y->size < x->size);
}

static bool find_members(struct elf_work *work, struct arena *arena, struct err *err)
{
    size_t count;
    const struct wheelfile_member *members = wheelfile_members(work->wheel, &count);
    for (size_t i = 0; i < count; i++) {
        bool is_elf;
        if (!begins_like_elf(work->wheel, &members[i], &is_elf, err))
            return false;
        if (!is_elf)
            continue;
        *vec_push(&work->members, arena) = &members[i];
        work->bytes += members[i].size;
    }
    if (work->members.len > 1)
        qsort(work->members.at, work->members.len, sizeof *work->members.at, largest_first);
    return true;
}

static bool read_and_add(struct elf_worker *worker, const struct wheelfile_member *member,
                         char *bytes, struct err *err)
{
    WHEELFILE_VIEW_AUTO struct wheelfile_view view = {0};
    struct wheelfile *wheel = worker->work->wheel;
    if (bytes == NULL ? !wheelfile_view(wheel, member, &view, err)
                      : !wheelfile_read_to(wheel, member, bytes, err))
        return false;
    struct str whole = bytes == NULL ? view.bytes : str_of(bytes, (size_t)member->size);
    return elf_audit_add(&worker->audit, member->path, whole, err);
}

/* `bytes` NULL: it is too large to be held. */
static void add_member(struct elf_worker *worker, const struct wheelfile_member *member,
                       char *bytes)
{
    struct err err;
    if (read_and_add(worker, member, bytes, &err))
        return;
    if (worker->broken == NULL || member < worker->broken) {
        worker->broken = member;
        worker->err = err;
    }
}

static void *add_next(void *state)
{
    struct elf_worker *worker = state;
    struct elf_work *work = worker->work;
    char *bytes = NULL; /* for the first member it holds, and so for all others */
    size_t i;
    while ((i = atomic_fetch_add(&work->next, 1)) < work->members.len) {
        const struct wheelfile_member *member = work->members.at[i];
        bool held = member->size <= WHEELFILE_WHOLE;
        if (bytes == NULL && held)
            bytes = mem_buffer((size_t)member->size);
        add_member(worker, member, held ? bytes : NULL);
    }
    mem_free(bytes);
    return NULL;
}

/* Beside this one. */
static size_t threads_wanted(uint64_t bytes, uint64_t largest)
{
    uint64_t held = largest < WHEELFILE_WHOLE ? largest : WHEELFILE_WHOLE;
    size_t wanted = (size_t)(bytes / BYTES_PER_THREAD), most = TOGETHER_MAX / (2 * held + 1);
    if (wanted >= most)
        wanted = most ? most - 1 : 0;
    if (wanted == 0)
        return 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t others = processors < 1 ? 0 : (size_t)processors - 1;
    if (others > THREADS_MAX)
        others = THREADS_MAX;
    return wanted < others ? wanted : others;
}

/* What a worker found goes to the audit; `broken` is the worker with the first broken member. */
static void collect(struct elf_worker *worker, struct elf_audit *audit,
                    const struct elf_worker **broken)
{
    for (size_t i = 0; i < worker->audit.files.len; i++)
        *vec_push(&audit->files, audit->arena) = worker->audit.files.at[i];
    arena_adopt(audit->arena, &worker->arena);
    if (worker->broken != NULL && (*broken == NULL || worker->broken < (*broken)->broken))
        *broken = worker;
}

bool elf_members_add(struct wheelfile *wheel, struct elf_audit *audit, struct err *err)
{
    struct arena arena ARENA_AUTO = {0};
    struct elf_work work = {.wheel = wheel};
    struct elf_worker workers[THREADS_MAX + 1] = {0};
    const struct elf_worker *broken = NULL;
    if (!find_members(&work, &arena, err))
        return false;
    size_t wanted = threads_wanted(work.bytes, work.members.len ? work.members.at[0]->size : 0),
           started = 0;
    for (size_t i = 0; i <= wanted; i++) {
        workers[i].work = &work;
        elf_audit_open(&workers[i].audit, &workers[i].arena, wheelfile_get_name(wheel)->platform);
    }
    while (started < wanted &&
           pthread_create(&workers[started].thread, NULL, add_next, &workers[started]) == 0)
        started++;
    add_next(&workers[started]); /* this thread works too */
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i <= started; i++)
        collect(&workers[i], audit, &broken);
    if (broken != NULL)
        *err = broken->err;
    return broken == NULL;
}
