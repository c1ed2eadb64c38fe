#include "image/merged.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/vec.h"

const char *const merged_names[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", NULL};

bool merged_is_top(struct str path)
{
    for (size_t i = 0; merged_names[i]; i++)
        if (str_eq(path, str_from(merged_names[i])))
            return true;
    return false;
}

struct str merged_path(struct arena *arena, struct str path)
{
    struct str top, rest;
    str_cut(path, '/', &top, &rest);
    return merged_is_top(top) ? arena_printf(arena, "usr/" STR_FMT, STR_ARG(path)) : path;
}

typedef VEC(struct str) merged_parts;

static void merged_walk(struct str path, struct arena *arena, merged_parts *parts)
{
    struct str piece;
    while (str_next(&path, '/', &piece)) {
        if (piece.len == 0 || str_eq(piece, STR(".")))
            continue;
        if (str_eq(piece, STR("..")))
            parts->len -= parts->len > 0;
        else
            *vec_push(parts, arena) = piece;
    }
}

static struct str merged_parent(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return str_slice(path, 0, slash == path.len ? 0 : slash);
}

struct str merged_target(struct arena *arena, struct str path, struct str target)
{
    BUF_AUTO struct buf text = {0};
    merged_parts named = {0}, meant = {0}, from = {0};
    if (!str_starts(target, STR("/")))
        merged_walk(merged_parent(path), arena, &named);
    merged_walk(target, arena, &named);
    if (named.len && merged_is_top(named.at[0]))
        *vec_push(&meant, arena) = STR("usr");
    for (size_t i = 0; i < named.len; i++)
        *vec_push(&meant, arena) = named.at[i];
    merged_walk(merged_parent(merged_path(arena, path)), arena, &from);
    size_t same = 0;
    while (same < from.len && same < meant.len && str_eq(from.at[same], meant.at[same]))
        same++;
    for (size_t i = same; i < from.len; i++)
        buf_add(&text, text.len ? STR("/..") : STR(".."));
    for (size_t i = same; i < meant.len; i++) {
        if (text.len)
            buf_add_char(&text, '/');
        buf_add(&text, meant.at[i]);
    }
    return text.len ? arena_str(arena, buf_str(&text)) : STR(".");
}
