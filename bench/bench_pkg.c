/*
 * bench_pkg VERSIONS SPECIFIERS REQUIREMENTS: files of lines. Prints what one processor does a
 * second: versions parsed, checks of a parsed version against a parsed specifier set, requirements
 * parsed and their markers evaluated. bench/bench_pkg.py measures the same lines with `packaging`.
 */
#include <stdio.h>
#include <time.h>

#include "base/vec.h"
#include "os/file.h"
#include "pkg/requirement.h"

enum { LINES_LIMIT = 1 << 26 };
static const double LONG_ENOUGH = 0.7; /* seconds of processor time for a measure */

struct lines {
    struct str *at;
    size_t len;
};

static bool read_lines(const char *path, struct arena *arena, struct lines *lines, struct err *err)
{
    struct str text, line;
    VEC(struct str) found = {0};
    if (!file_read(AT_FDCWD, path, LINES_LIMIT, arena, &text, err))
        return false;
    while (str_next_line(&text, &line))
        *vec_push(&found, arena) = line;
    *lines = (struct lines){found.at, found.len};
    return true;
}

static double processor(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void say(const char *what, size_t count, double since, size_t checksum)
{
    printf("%s\t%.0f\t%zu\n", what, (double)count / (processor() - since), checksum);
}

static void parse_versions(const struct lines *lines)
{
    double start = processor();
    size_t done = 0, valid = 0;
    struct version version;
    while (processor() - start < LONG_ENOUGH)
        for (size_t i = 0; i < lines->len; i++, done++)
            valid += version_try(lines->at[i], &version);
    say("versions parsed", done, start, valid * lines->len / done);
}

static bool check_specifiers(const struct lines *texts, const struct lines *clauses,
                             struct arena *arena, struct err *err)
{
    struct version *versions = ARENA_ARRAY(arena, struct version, texts->len);
    struct specifier_set *sets = ARENA_ARRAY(arena, struct specifier_set, clauses->len);
    for (size_t i = 0; i < texts->len; i++)
        if (!version_parse(texts->at[i], &versions[i], err))
            return false;
    for (size_t i = 0; i < clauses->len; i++)
        if (!specifier_set_parse(clauses->at[i], arena, &sets[i], err))
            return false;
    double start = processor();
    size_t done = 0, held = 0;
    for (size_t round = 0; processor() - start < LONG_ENOUGH; round++)
        for (size_t i = 0; i < texts->len; i++, done++)
            held += specifier_set_match(&sets[(i + round) % clauses->len], &versions[i]);
    say("specifier checks", done, start, held * 1000 / done);
    return true;
}

static bool evaluate_requirements(const struct lines *lines, struct err *err)
{
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
    ARENA_AUTO struct arena arena = {0};
    double start = processor();
    size_t done = 0, held = 0;
    while (processor() - start < LONG_ENOUGH)
        for (size_t i = 0; i < lines->len; i++, done++) {
            struct requirement requirement;
            if (!requirement_parse(lines->at[i], &arena, &requirement, err))
                return false;
            held += marker_holds(requirement.marker, &env, NULL);
            if (i % 100 == 0) /* as a reader of one METADATA file after another does */
                arena_free(&arena);
        }
    say("requirements with markers", done, start, held * lines->len / done);
    return true;
}

int main(int argc, char **argv)
{
    ARENA_AUTO struct arena arena = {0};
    struct lines versions, specifiers, requirements;
    struct err err = {0};
    if (argc != 4) {
        fputs("usage: bench_pkg VERSIONS SPECIFIERS REQUIREMENTS\n", stderr);
        return 2;
    }
    bool good = read_lines(argv[1], &arena, &versions, &err) &&
                read_lines(argv[2], &arena, &specifiers, &err) &&
                read_lines(argv[3], &arena, &requirements, &err);
    if (good)
        parse_versions(&versions);
    good = good && check_specifiers(&versions, &specifiers, &arena, &err) &&
           evaluate_requirements(&requirements, &err);
    if (!good)
        fprintf(stderr, "bench_pkg: %s\n", err.text);
    return good ? 0 : 1;
}
