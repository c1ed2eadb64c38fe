#include "index/wheel.h"

enum { WHEEL_TAGS_LIMIT = 20000 }; /* combinations looked at */

/* The piece stands between the dots of a compressed set. */
static bool wheel_tags_has(struct str set, struct str piece)
{
    struct str one;
    while (str_next(&set, '.', &one))
        if (str_eq(one, piece))
            return true;
    return false;
}

static bool wheel_tags_split(struct str tag, struct str parts[3])
{
    struct str rest;
    return str_cut(tag, '-', &parts[0], &rest) && str_cut(rest, '-', &parts[1], &parts[2]);
}

/* Every combination of one compressed tag passes `test`. */
static bool wheel_tags_all(const struct str parts[3], size_t *budget,
                           bool (*test)(const void *state, const struct str piece[3]),
                           const void *state)
{
    struct str python = parts[0], piece[3];
    while (str_next(&python, '.', &piece[0])) {
        struct str abi = parts[1];
        while (str_next(&abi, '.', &piece[1])) {
            struct str platform = parts[2];
            while (str_next(&platform, '.', &piece[2])) {
                if (!*budget)
                    return false;
                --*budget;
                if (!test(state, piece))
                    return false;
            }
        }
    }
    return true;
}

static bool wheel_tags_in_name(const void *state, const struct str piece[3])
{
    const struct wheel_name *name = state;
    return wheel_tags_has(name->python, piece[0]) && wheel_tags_has(name->abi, piece[1]) &&
           wheel_tags_has(name->platform, piece[2]);
}

static bool wheel_tags_in_info(const void *state, const struct str piece[3])
{
    const struct metadata_wheel *info = state;
    for (size_t i = 0; i < info->tags_len; i++) {
        struct str parts[3];
        if (wheel_tags_split(info->tags[i], parts) && wheel_tags_has(parts[0], piece[0]) &&
            wheel_tags_has(parts[1], piece[1]) && wheel_tags_has(parts[2], piece[2]))
            return true;
    }
    return false;
}

bool wheel_tags_agree(const struct wheel_name *name, const struct metadata_wheel *info)
{
    size_t budget = WHEEL_TAGS_LIMIT;
    struct str parts[3] = {name->python, name->abi, name->platform};
    for (size_t i = 0; i < info->tags_len; i++) {
        struct str written[3];
        if (!wheel_tags_split(info->tags[i], written) ||
            !wheel_tags_all(written, &budget, wheel_tags_in_name, name))
            return false;
    }
    return !info->tags_len || wheel_tags_all(parts, &budget, wheel_tags_in_info, info);
}
