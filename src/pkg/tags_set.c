#include "pkg/tags.h"
#include "base/vec.h"

/* Interpreters are identifiers; the platform may hold what a machine's name holds. */
static bool is_piece(struct str piece, bool identifier)
{
    if (!piece.len || (identifier && char_is_digit(piece.ptr[0])))
        return false;
    for (size_t i = 0; i < piece.len; i++)
        if (!char_is_alnum(piece.ptr[i]) && piece.ptr[i] != '_')
            return false;
    return true;
}

bool tags_set_is_valid(struct str set, bool identifiers)
{
    struct str piece;
    if (!set.len || set.ptr[set.len - 1] == '.')
        return false;
    while (str_next(&set, '.', &piece))
        if (!is_piece(piece, identifiers))
            return false;
    return true;
}

bool tags_split(struct str text, struct tag *set, struct err *err)
{
    struct tag made;
    struct str rest;
    if (!str_cut(text, '-', &made.python, &rest) ||
        !str_cut(rest, '-', &made.abi, &made.platform) || str_has_char(made.platform, '-'))
        return err_set(err, ERR_FORMAT, "\"%.*s\": a tag is PYTHON-ABI-PLATFORM (PEP 425)",
                       STR_ARG(str_slice(text, 0, 200)));
    if (!tags_set_is_valid(made.python, true) || !tags_set_is_valid(made.abi, false) ||
        !tags_set_is_valid(made.platform, false))
        return err_set(err, ERR_FORMAT, "\"%.*s\": a part of the tag is no set of names (PEP 425)",
                       STR_ARG(str_slice(text, 0, 200)));
    *set = made;
    return true;
}

bool tags_expand(struct str text, struct arena *arena, const struct tag **at, size_t *len,
                 struct err *err)
{
    struct tag set, tag;
    VEC(struct tag) found = {0};
    if (!tags_split(text, &set, err))
        return false;
    for (struct str pythons = set.python; str_next(&pythons, '.', &tag.python);)
        for (struct str abis = set.abi; str_next(&abis, '.', &tag.abi);)
            for (struct str platforms = set.platform; str_next(&platforms, '.', &tag.platform);) {
                if (found.len == TAGS_SET_LIMIT)
                    return err_set(err, ERR_LIMIT, "a set of more than %d tags", TAGS_SET_LIMIT);
                *vec_push(&found, arena) = tag;
            }
    *at = found.at;
    *len = found.len;
    return true;
}
