/*
 * bench_hints FILE: how fast logs are classified with the whole shipped catalogue, as JSON lines.
 * FILE is a log; besides it those made to be hard: every line an example of the catalogue, every
 * line with one literal of a pattern and nothing else of it, every line with eight.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "hint/classify.h"
#include "hint/literal.h"
#include "os/file.h"

enum { SIZE = 100 << 20, ROUNDS = 5, CHUNK = 64 << 10 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const char *name, const struct hint_catalogue *catalogue, struct str log)
{
    double best = 1e9;
    struct hint_reading reading = {0};
    size_t findings = 0, memory = 0;
    for (int round = 0; round < ROUNDS; round++) {
        ARENA_AUTO struct arena arena = {0};
        double start = seconds();
        CLASSIFIER_AUTO struct classifier *classifier = classifier_open(catalogue, &arena);
        for (size_t at = 0; at < log.len; at += CHUNK)
            classifier_feed(classifier, str_slice(log, at, at + CHUNK));
        classifier_end(classifier, &reading);
        double took = seconds() - start;
        best = took < best ? took : best;
        findings = reading.len;
        memory = arena.bytes;
    }
    printf("{\"log\": \"%s\", \"mb\": %.1f, \"mb_per_s\": %.0f, \"findings\": %zu, \"unasked\": "
           "%llu, \"kib\": %zu}\n",
           name, (double)log.len / 1e6, (double)log.len / 1e6 / best, findings,
           (unsigned long long)reading.unasked, memory >> 10);
}

static void make_examples(const struct hint_catalogue *catalogue, struct buf *out)
{
    for (size_t i = 0; out->len < SIZE; i = (i + 1) % catalogue->len)
        for (size_t j = 0; j < catalogue->at[i].examples.len; j++)
            buf_printf(out, STR_FMT "\n", STR_ARG(catalogue->at[i].examples.at[j]));
}

/* Lines with `count` literals each, of hints in turn, with digits between them. */
static void make_literals(const struct hint_catalogue *catalogue, size_t count, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    struct literals *all = ARENA_ARRAY(&arena, struct literals, catalogue->len);
    struct err err;
    for (size_t i = 0; i < catalogue->len; i++)
        if (catalogue->at[i].pattern.len &&
            !literal_extract(catalogue->at[i].pattern, &arena, &all[i], &err))
            all[i].len = 0;
    for (size_t i = 0; out->len < SIZE;) {
        for (size_t j = 0; j < count; i = (i + 1) % catalogue->len, j += 1)
            if (all[i].len)
                buf_printf(out, "%zu " STR_FMT "%zu, ", i, STR_ARG(all[i].at[j % all[i].len]), j);
        buf_add(out, STR("and so on up to the length that lines have\n"));
    }
}

int main(int argc, char **argv)
{
    ARENA_AUTO struct arena arena = {0};
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
    struct err err = {0};
    double start = seconds();
    catalogue_open(NULL, 0, true, &arena, &catalogue, &complaints);
    printf("{\"hints\": %zu, \"open_ms\": %.2f}\n", catalogue.len, (seconds() - start) * 1e3);
    for (int i = 1; i < argc; i++) {
        struct str log;
        if (!file_map(AT_FDCWD, argv[i], (size_t)4 << 30, &log, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        measure("real logs", &catalogue, log);
        file_unmap(log);
    }
    BUF_AUTO struct buf made = {0};
    make_examples(&catalogue, &made);
    measure("every line an example", &catalogue, buf_str(&made));
    buf_clear(&made);
    make_literals(&catalogue, 1, &made);
    measure("every line a near miss", &catalogue, buf_str(&made));
    buf_clear(&made);
    make_literals(&catalogue, 8, &made);
    measure("eight near misses a line", &catalogue, buf_str(&made));
    catalogue_close(&catalogue);
    return 0;
}
