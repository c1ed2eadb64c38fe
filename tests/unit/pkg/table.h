/* Tables of cases in tests/data: one case a line, `#` starts a comment line. */
#ifndef REFINERY_TESTS_TABLE_H
#define REFINERY_TESTS_TABLE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "unit.h"

/* Calls row for each case and fails when the table has fewer than `least`. */
static inline void table_each(const char *file, size_t least,
                              void (*row)(struct str line, struct arena *arena))
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", TEST_DATA, file);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    BUF_AUTO struct buf text = {0};
    for (size_t got = 1; got; text.len += got)
        got = fread(buf_space(&text, 4096), 1, 4096, f);
    fclose(f);
    size_t cases = 0;
    struct str rest = buf_str(&text), line;
    while (str_next_line(&rest, &line)) {
        if (!line.len || line.ptr[0] == '#')
            continue;
        struct arena arena ARENA_AUTO = {0};
        row(line, &arena);
        cases++;
    }
    if (cases < least)
        fail_msg("%s: only %zu cases", file, cases);
}

/* Splits at the first occurrence of `sep`; both sides are trimmed. */
static inline bool table_cut(struct str line, struct str sep, struct str *left, struct str *right)
{
    size_t at = str_find(line, sep);
    bool found = at < line.len;
    *left = str_trim(str_slice(line, 0, at));
    *right = found ? str_trim(str_from_pos(line, at + sep.len)) : STR("");
    return found;
}

#define table_fail(line, ...)                                                                      \
    do {                                                                                           \
        print_error("%.*s\n", STR_ARG(line));                                                      \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

#endif
