#include "plan/lock.h"

#include <stdlib.h>

#include "base/url.h"
#include "base/vec.h"
#include "pkg/filename.h"

static int by_name(const void *a, const void *b)
{
    const struct graph_node *const *x = a, *const *y = b;
    return str_cmp((*x)->name, (*y)->name);
}

/* What the input asks for and what that needs to run; not the tools of builds on the target. */
static bool *lock_reached(const struct graph *graph, struct arena *arena)
{
    bool *reached = ARENA_ARRAY(arena, bool, graph->nodes_len + 1);
    VEC(uint32_t) open = {0};
    for (uint32_t i = 0; i < graph->nodes_len; i++)
        if (graph->nodes[i].direct) {
            reached[i] = true;
            *vec_push(&open, arena) = i;
        }
    while (open.len) {
        const struct graph_node *node = &graph->nodes[open.at[--open.len]];
        for (size_t k = 0; k < node->edges_len; k++) {
            uint32_t to = node->edges[k].to;
            if (node->edges[k].type == GRAPH_BUILD_REQUIRES || reached[to])
                continue;
            reached[to] = true;
            *vec_push(&open, arena) = to;
        }
    }
    return reached;
}

/* The wheels of the target, by name; refuses what has no file. */
static bool lock_nodes(const struct graph *graph, struct arena *arena,
                       const struct graph_node ***nodes, size_t *len, struct err *err)
{
    const struct graph_node **found =
        ARENA_ARRAY(arena, const struct graph_node *, graph->nodes_len + 1);
    const bool *reached = lock_reached(graph, arena);
    size_t count = 0;
    for (size_t i = 0; i < graph->nodes_len; i++) {
        const struct graph_node *node = &graph->nodes[i];
        if (!reached[i])
            continue;
        if (!node->source.filename.len)
            return err_set(err, ERR_UNSAT, STR_FMT " " STR_FMT " cannot be locked: " STR_FMT,
                           STR_ARG(node->name), STR_ARG(node->version), STR_ARG(node->why));
        found[count++] = node;
    }
    if (count)
        qsort(found, count, sizeof *found, by_name);
    *nodes = found;
    *len = count;
    return true;
}

static struct str without_userinfo(struct str url, struct arena *arena)
{
    struct url parts = url_split(url);
    if (!parts.userinfo.len)
        return url;
    size_t from = (size_t)(parts.userinfo.ptr - url.ptr);
    return arena_printf(arena, STR_FMT STR_FMT, STR_ARG(str_slice(url, 0, from)),
                        STR_ARG(str_from_pos(url, from + parts.userinfo.len + 1)));
}

static struct str seen_from(struct str path, struct str dir)
{
    if (dir.len && str_starts(path, dir) && path.len > dir.len + 1 && path.ptr[dir.len] == '/')
        return str_from_pos(path, dir.len + 1);
    return path;
}

static bool is_tree(const struct graph_source *source, struct arena *arena)
{
    return source->commit.len ||
           (str_eq(source->origin, STR("url")) && source->url.len &&
            filename_kind(url_filename(source->url, arena)) == FILENAME_OTHER);
}

static struct pylock_file lock_file(const struct graph_source *source, struct str dir,
                                    struct arena *arena)
{
    struct simple_hash *hash = ARENA_NEW(arena, struct simple_hash);
    *hash = (struct simple_hash){STR("sha256"), source->sha256};
    struct pylock_file file = {.size = source->size ? (int64_t)source->size : -1,
                               .upload_time_ms = source->uploaded_ms ? source->uploaded_ms : -1,
                               .hashes = hash,
                               .hashes_len = 1,
                               .filename = source->filename};
    if (source->url.len)
        file.url = without_userinfo(source->url, arena);
    else
        file.path = seen_from(source->path, dir);
    return file;
}

/* "git+URL@COMMIT#subdirectory=DIR", as plans have it. */
static struct pylock_vcs lock_vcs(const struct graph_source *source, struct arena *arena)
{
    struct url parts = url_split(source->url);
    struct str url = url_without_fragment(source->url);
    if (str_starts(url, STR("git+")))
        url = str_from_pos(url, 4);
    if (str_ends(url, source->commit))
        url = str_slice(url, 0, url.len - source->commit.len - 1);
    return (struct pylock_vcs){.type = STR("git"),
                               .url = without_userinfo(url, arena),
                               .commit_id = source->commit,
                               .subdirectory =
                                   url_fragment_value(parts.fragment, STR("subdirectory"))};
}

static struct pylock_directory lock_directory(const struct graph_source *source, struct str dir,
                                              struct arena *arena)
{
    struct str path = url_without_fragment(source->url), local;
    if (url_has_scheme(path) && url_to_path(path, arena, &local))
        path = local;
    path = seen_from(path, dir);
    return (struct pylock_directory){
        .path = path,
        .subdirectory = url_fragment_value(url_split(source->url).fragment, STR("subdirectory"))};
}

static int by_dependency(const void *a, const void *b)
{
    const struct pylock_dependency *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static void lock_dependencies(const struct graph *graph, const struct graph_node *node,
                              struct arena *arena, struct pylock_package *package)
{
    VEC(struct pylock_dependency) found = {0};
    for (size_t i = 0; i < node->edges_len; i++)
        if (node->edges[i].type != GRAPH_BUILD_REQUIRES)
            *vec_push(&found, arena) =
                (struct pylock_dependency){.name = graph->nodes[node->edges[i].to].name};
    if (found.len)
        qsort(found.at, found.len, sizeof *found.at, by_dependency);
    package->dependencies = found.at;
    package->dependencies_len = found.len;
}

static void lock_source(const struct graph_node *node, struct str dir, struct arena *arena,
                        struct pylock_package *package)
{
    const struct graph_source *source = &node->source;
    if (source->commit.len) {
        package->source = PYLOCK_VCS;
        package->vcs = lock_vcs(source, arena);
    } else if (is_tree(source, arena)) {
        package->source = PYLOCK_DIRECTORY;
        package->directory = lock_directory(source, dir, arena);
        package->has_version = false; /* a directory has the version that it has when it is built */
    } else if (str_eq(source->origin, STR("url"))) {
        package->source = PYLOCK_ARCHIVE;
        package->archive = lock_file(source, dir, arena);
    } else if (filename_kind(source->filename) == FILENAME_WHEEL) {
        struct pylock_file *wheel = ARENA_NEW(arena, struct pylock_file);
        *wheel = lock_file(source, dir, arena);
        package->wheels = wheel;
        package->wheels_len = 1;
    } else {
        package->has_sdist = true;
        package->sdist = lock_file(source, dir, arena);
    }
    if (str_eq(source->origin, STR("index")))
        package->index = source->index;
}

static bool lock_package(const struct graph *graph, const struct graph_node *node, struct str dir,
                         struct arena *arena, struct pylock_package *package, struct err *err)
{
    struct err ignored = {0};
    *package = (struct pylock_package){.name = node->name, .has_version = true};
    if (!version_parse(node->version, &package->version, err))
        return false;
    /* What an index says of Python may be no specifier at all: then it has refused nothing. */
    if (!specifier_set_parse(node->source.requires_python, arena, &package->requires_python,
                             &ignored))
        package->requires_python = (struct specifier_set){0};
    lock_dependencies(graph, node, arena, package);
    lock_source(node, dir, arena, package);
    return true;
}

/* The one environment of the plan, as a marker; and its Python. */
static bool lock_environment(const struct solve_env *env, struct arena *arena, struct pylock *lock,
                             struct err *err)
{
    const struct str *text = env->marker.text;
    const struct marker **markers = ARENA_NEW(arena, const struct marker *);
    struct str marker =
        arena_printf(arena,
                     "implementation_name == \"" STR_FMT "\" and platform_machine == \"" STR_FMT
                     "\" and sys_platform == \"" STR_FMT "\"",
                     STR_ARG(text[MARKER_IMPLEMENTATION_NAME]),
                     STR_ARG(text[MARKER_PLATFORM_MACHINE]), STR_ARG(text[MARKER_SYS_PLATFORM]));
    lock->environments = markers;
    lock->environments_len = 1;
    return marker_parse(marker, arena, markers, err) &&
           specifier_set_parse(
               arena_printf(arena, "==" STR_FMT ".*", STR_ARG(text[MARKER_PYTHON_VERSION])), arena,
               &lock->requires_python, err);
}

bool lock_make(const struct graph *graph, const struct solve_env *env, struct str dir,
               struct arena *arena, struct pylock *lock, struct err *err)
{
    const struct graph_node **nodes;
    size_t len;
    struct pylock made = {.lock_version = STR("1.0"), .created_by = STR("refinery")};
    if (!lock_nodes(graph, arena, &nodes, &len, err) || !lock_environment(env, arena, &made, err))
        return false;
    struct pylock_package *packages = ARENA_ARRAY(arena, struct pylock_package, len + 1);
    for (size_t i = 0; i < len; i++)
        if (!lock_package(graph, nodes[i], dir, arena, &packages[i], err))
            return false;
    made.packages = packages;
    made.packages_len = len;
    *lock = made;
    return true;
}

bool lock_requirements(const struct graph *graph, struct buf *out, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    const struct graph_node **nodes;
    size_t len;
    if (!lock_nodes(graph, &arena, &nodes, &len, err))
        return false;
    for (size_t i = 0; i < len; i++) {
        const struct graph_source *source = &nodes[i]->source;
        if (is_tree(source, &arena))
            return err_set(err, ERR_USAGE,
                           STR_FMT " comes from " STR_FMT
                                   ", which has no hash: write a pylock.toml, which holds commits "
                                   "and directories",
                           STR_ARG(nodes[i]->name), STR_ARG(url_redacted(source->url, &arena)));
        buf_add(out, nodes[i]->name);
        if (str_eq(source->origin, STR("url")) && source->url.len)
            buf_printf(out, " @ " STR_FMT, STR_ARG(without_userinfo(source->url, &arena)));
        else
            buf_printf(out, "==" STR_FMT, STR_ARG(nodes[i]->version));
        buf_printf(out, " \\\n    --hash=sha256:" STR_FMT "\n", STR_ARG(source->sha256));
    }
    return true;
}
