#include "pkg/name.h"

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

bool name_is_valid(struct str name)
{
    if (!name.len || name.len > NAME_LIMIT)
        return false;
    if (!char_is_alnum(name.ptr[0]) || !char_is_alnum(name.ptr[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!char_is_alnum(name.ptr[i]) && !is_separator(name.ptr[i]))
            return false;
    return true;
}

bool name_is_normal(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '_' || c == '.' || c != char_lower(c))
            return false;
        if (c == '-' && i && name.ptr[i - 1] == '-')
            return false;
    }
    return true;
}

/* The next byte of the normal form from position *at; 0 behind the last. */
static char next_normal(struct str name, size_t *at)
{
    if (*at >= name.len)
        return 0;
    char c = name.ptr[(*at)++];
    if (!is_separator(c))
        return char_lower(c);
    while (*at < name.len && is_separator(name.ptr[*at]))
        (*at)++;
    return '-';
}

static struct str rewrite(struct str name, char separator, struct arena *arena)
{
    char *out = arena_alloc(arena, name.len + 1);
    size_t at = 0, len = 0;
    for (char c; (c = next_normal(name, &at)) != 0;)
        out[len++] = c == '-' ? separator : c;
    return str_of(out, len);
}

struct str name_normal(struct str name, struct arena *arena)
{
    return name_is_normal(name) ? name : rewrite(name, '-', arena);
}

bool name_eq(struct str a, struct str b)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        char ca = next_normal(a, &at_a), cb = next_normal(b, &at_b);
        if (ca != cb)
            return false;
        if (!ca)
            return true;
    }
}

struct str name_escaped(struct str name, struct arena *arena)
{
    return rewrite(name, '_', arena);
}
