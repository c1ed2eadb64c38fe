#include "cli/option.h"

#include "cli/command.h"

#define ON(command) (UINT64_C(1) << COMMAND_##command)
#define EVERY ((UINT64_C(1) << COMMAND_COUNT) - 1)

/* The group of a row is what the last GROUP before it said: numbered by position in the table. */
enum option_place {
#define GROUP(title)
#define OPTION(id, ...) OPTION_PLACE_##id = __LINE__,
#include "tables/options.def"
};

static const struct {
    int line;
    const char *title;
} option_groups[] = {
#define GROUP(title) {__LINE__, title},
#define OPTION(...)
#include "tables/options.def"
};

static const struct option_spec option_specs[] = {
#define GROUP(title)
#define OPTION(id, names, letter, kind, metavar, fallback, environment, commands, choices, help)   \
    [OPTION_##id] = {names,       letter,   OPTION_##kind, metavar, fallback,                      \
                     environment, commands, choices,       help},
#include "tables/options.def"
};

static const int option_places[] = {
#define GROUP(title)
#define OPTION(id, ...) [OPTION_##id] = OPTION_PLACE_##id,
#include "tables/options.def"
};

const struct option_spec *option_spec(enum option_id id)
{
    return &option_specs[id];
}

const char *option_group(enum option_id id)
{
    const char *title = "";
    for (size_t i = 0; i < sizeof option_groups / sizeof *option_groups; i++)
        if (option_groups[i].line < option_places[id])
            title = option_groups[i].title;
    return title;
}

struct str option_str(const struct options *options, enum option_id id)
{
    return options->values[id].text;
}

struct option_list option_list(const struct options *options, enum option_id id)
{
    return options->values[id].list;
}

bool option_flag(const struct options *options, enum option_id id)
{
    return options->values[id].number != 0;
}

int64_t option_int(const struct options *options, enum option_id id)
{
    return options->values[id].number;
}

int64_t option_milli(const struct options *options, enum option_id id)
{
    return options->values[id].number;
}

int64_t option_ms(const struct options *options, enum option_id id)
{
    return options->values[id].number;
}

int64_t option_bytes(const struct options *options, enum option_id id)
{
    return options->values[id].number;
}

bool option_is_set(const struct options *options, enum option_id id)
{
    return options->values[id].origin != OPTION_BY_DEFAULT;
}

/* Edits (insert, delete, replace, swap of neighbours) from one name to another; capped. */
static size_t option_distance(struct str a, struct str b)
{
    enum { LONGEST = 40 };
    size_t rows[3][LONGEST + 1];
    if (a.len > LONGEST || b.len > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

enum option_id option_nearest(struct str name, unsigned command)
{
    size_t best = name.len / 3 + 2;
    enum option_id found = OPTION_COUNT;
    for (size_t id = 0; id < OPTION_COUNT; id++) {
        struct str names = str_from(option_specs[id].names), piece;
        if (!(option_specs[id].commands >> command & 1))
            continue;
        while (str_next(&names, '|', &piece)) {
            size_t distance = option_distance(name, piece);
            if (name.len >= 4 && str_starts(piece, name))
                distance = 1;
            if (distance < best) {
                best = distance;
                found = (enum option_id)id;
            }
        }
    }
    return found;
}

struct str option_name(enum option_id id)
{
    struct str head, tail;
    str_cut(str_from(option_specs[id].names), '|', &head, &tail);
    return head;
}
