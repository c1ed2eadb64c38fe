/*
 * Look-ups in a capability map: "KIND NAME" a line on standard input, the packages in order on
 * standard output, then look-ups a second over all of them on standard error. usage:
 * bench_capability MAP
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/vec.h"
#include "hint/capability.h"
#include "os/file.h"

enum {
    BENCH_NAMES_MAX = 64 << 20,
    BENCH_MAP_MAX = 1 << 30,
    BENCH_LOOKUPS = 100000,
    BENCH_SHOWN = 5
};

struct question {
    enum capability_kind kind;
    struct str name;
};

typedef VEC(struct question) question_vec;

static void bench_read(struct str text, struct arena *arena, question_vec *questions)
{
    struct str line, kind, name;
    while (str_next_line(&text, &line)) {
        struct question question;
        str_cut(line, ' ', &kind, &name);
        if (!capability_path_kind(kind, &question.kind))
            continue;
        question.name = name;
        *vec_push(questions, arena) = question;
    }
}

static void bench_answer(const struct capability_map *map, const question_vec *questions)
{
    for (size_t i = 0; i < questions->len; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct capability_list list;
        capability_find(map, questions->at[i].kind, questions->at[i].name, &arena, &list);
        for (size_t at = 0; at < list.len && at < BENCH_SHOWN; at++)
            printf("%s" STR_FMT, at ? " " : "", STR_ARG(list.at[at].package));
        printf("\n");
    }
}

static void bench_time(const struct capability_map *map, const question_vec *questions)
{
    const struct clock *clock = clock_system();
    int64_t started = clock_steady_ms(clock);
    size_t done = 0;
    for (; questions->len && done < BENCH_LOOKUPS; done++) {
        ARENA_AUTO struct arena arena = {0};
        struct capability_list list;
        const struct question *question = &questions->at[done % questions->len];
        capability_find(map, question->kind, question->name, &arena, &list);
    }
    int64_t ms = clock_steady_ms(clock) - started;
    fprintf(stderr, "%zu look-ups in %lld ms, %lld a second\n", done, (long long)ms,
            (long long)((int64_t)done * 1000 / (ms ? ms : 1)));
}

int main(int argc, char **argv)
{
    ARENA_AUTO struct arena arena = {0};
    struct str bytes, text;
    struct capability_map map;
    struct err err = {0};
    question_vec questions = {0};
    if (argc != 2 || !file_map(AT_FDCWD, argv[1], BENCH_MAP_MAX, &bytes, &err) ||
        !capability_open(bytes, &map, &err) ||
        !file_read_fd(STDIN_FILENO, "standard input", BENCH_NAMES_MAX, &arena, &text, &err)) {
        fprintf(stderr, "bench_capability MAP: %s\n", err.text);
        return 1;
    }
    bench_read(text, &arena, &questions);
    bench_answer(&map, &questions);
    bench_time(&map, &questions);
    file_unmap(bytes);
    return 0;
}
