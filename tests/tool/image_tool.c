/*
 * The image room by hand and for tests/stages/50-image.sh:
 *   image_tool CACHE PYTHON MACHINE compose ROLE [PACKAGE...]   prints the root's path
 *   image_tool CACHE PYTHON MACHINE floor 2.17          prints the kit's path
 *   image_tool CACHE PYTHON MACHINE run cross|hybrid 2.17|none DIRECTORY APT[,APT...]|- K=V... --
 * PROGRAM [WORD...] in the jail with the toolchain, DIRECTORY at /build image_tool CACHE PYTHON
 * MACHINE clean DIRECTORY PROGRAM [WORD...]   in the clean root, DIRECTORY at /build
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/pack.h"
#include "image/preset.h"
#include "image/toolchain.h"

static const char *const tool_roles[] = {[PRESET_BUILD] = "build",
                                         [PRESET_SYSROOT] = "sysroot",
                                         [PRESET_OWN] = "own",
                                         [PRESET_CLEAN] = "clean"};
enum { TOOL_ROLES = sizeof tool_roles / sizeof *tool_roles };

static void tool_progress(void *state, const struct image_progress *progress)
{
    static enum image_stage last = IMAGE_NOTE;
    (void)state;
    if (progress->stage == last && progress->stage != IMAGE_NOTE)
        return;
    last = progress->stage;
    fprintf(stderr, "%lld ms: %.*s: %s %.*s\n",
            (long long)clock_steady_ms(clock_system()) % 1000000, STR_ARG(progress->what),
            image_stage_name(progress->stage), STR_ARG(progress->detail));
}

struct tool {
    const char *cache;
    struct str python;
    const struct arch *target;
    struct arena arena;
};

static bool tool_compose(struct tool *tool, enum preset_role role, struct image_names extra,
                         struct image_root *root, struct err *err)
{
    struct image_spec spec;
    struct image_root build;
    if (!preset_spec(STR("debian"), tool->python, tool->target, role, extra, &tool->arena, &spec,
                     err))
        return false;
    spec.bytecode_by = IMAGE_OWN_PYTHON;
    if (role != PRESET_BUILD) {
        if (!tool_compose(tool, PRESET_BUILD, (struct image_names){0}, &build, err))
            return false;
        spec.bytecode_by = build.path.ptr;
    }
    return image_compose(&spec, tool->cache, tool_progress, NULL, &tool->arena, root, err);
}

struct tool_roots {
    struct image_root build, sysroot;
    struct floor_kit floor;
};

static bool tool_make(struct tool *tool, const char *floor, struct image_names extra,
                      struct tool_roots *roots, struct err *err)
{
    if (!tool_compose(tool, PRESET_BUILD, (struct image_names){0}, &roots->build, err) ||
        !tool_compose(tool, PRESET_SYSROOT, extra, &roots->sysroot, err))
        return false;
    roots->floor = (struct floor_kit){0};
    struct floor_spec spec = {
        tool->target, floor_glibc(str_from(floor)), roots->build.path.ptr, roots->sysroot.path.ptr,
        {0},          roots->build.digest,          roots->sysroot.digest};
    struct layout layout;
    layout_of_debian(tool->target, tool->python, &tool->arena, &layout);
    spec.libdir = layout.libdir;
    return strcmp(floor, "none") == 0 ||
           floor_make(&spec, tool->cache, &tool->arena, &roots->floor, err);
}

static void tool_output(void *state, struct str chunk)
{
    (void)state;
    fwrite(chunk.ptr, 1, chunk.len, stdout);
}

static bool tool_jail(struct tool *tool, struct jail_spec *jail, struct err *err)
{
    struct jail_result result;
    jail->uid = jail->gid = 1000;
    jail->cwd = "/build";
    jail->limits.wall_ms = 20 * 60 * 1000;
    jail->foreign.machine = tool->target->machine;
    if (!jail_run(jail, tool_output, NULL, &result, err))
        return false;
    fprintf(stderr, "wall %lld ms, cpu %lld ms\n", (long long)result.wall_ms,
            (long long)result.cpu_ms);
    if (result.end == JAIL_EXITED && result.code == 0)
        return true;
    return err_set(err, ERR_SYSTEM, "%s: %s", jail->argv[0],
                   jail_describe(&result, &jail->limits, &tool->arena).ptr);
}

/* STRATEGY FLOOR DIRECTORY EXTRA [K=V...] -- PROGRAM [WORD...] */
static bool tool_run(struct tool *tool, char **words, struct err *err)
{
    VEC(struct str) extra = {0};
    VEC(const char *) env = {0};
    VEC(struct jail_mount) mounts = {0};
    struct arena *arena = &tool->arena;
    struct str list = str_from(words[3]), name;
    struct tool_roots roots;
    struct toolchain chain;
    struct pack pack = {0};
    while (!str_eq(list, STR("-")) && str_next(&list, ',', &name))
        *vec_push(&extra, arena) = name;
    if (!tool_make(tool, words[1], (struct image_names){extra.at, extra.len}, &roots, err))
        return false;
    struct toolchain_spec spec = {.target = tool->target,
                                  .python = tool->python,
                                  .strategy = strcmp(words[0], "cross") == 0 ? TOOLCHAIN_CROSS
                                                                             : TOOLCHAIN_HYBRID,
                                  .sysroot = roots.sysroot.path,
                                  .floor = roots.floor.path,
                                  .epoch = 1577836800};
    layout_of_debian(tool->target, tool->python, arena, &spec.layout);
    if (!toolchain_make(&spec, tool->cache, arena, &chain, err))
        return false;
    if (getenv("IMAGE_TOOL_PACK")) { /* one name; cross only */
        struct str wanted = str_from(getenv("IMAGE_TOOL_PACK"));
        struct image_spec image = {.release = STR("bookworm"),
                                   .arch = str_from(arch_host()->debian)};
        struct pack_spec packs = {.names = {&wanted, 1},
                                  .image = &image,
                                  .build_root = roots.build.path.ptr,
                                  .toolchain = &chain,
                                  .floor_digest = roots.floor.digest};
        if (!pack_make(&packs, tool->cache, tool_progress, NULL, arena, &pack, err))
            return false;
    }
    for (size_t i = 0; i < chain.env_count; i++)
        *vec_push(&env, arena) = chain.env[i];
    *vec_push(&env, arena) = "HOME=/tmp";
    for (size_t i = 0; i < chain.mount_count; i++)
        *vec_push(&mounts, arena) = chain.mounts[i];
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RW, .source = words[2], .target = "/build"};
    if (pack.path.len)
        *vec_push(&mounts, arena) =
            (struct jail_mount){.kind = JAIL_RO, .source = pack.path.ptr, .target = PACK_PLACE};
    for (words += 4; *words && strcmp(*words, "--") != 0; words++)
        *vec_push(&env, arena) = *words;
    *vec_push(&env, arena) = NULL;
    struct jail_spec jail = {.root = roots.build.path.ptr,
                             .mounts = mounts.at,
                             .mount_count = mounts.len,
                             .argv = (const char *const *)words + 1,
                             .envp = env.at};
    return tool_jail(tool, &jail, err);
}

static bool tool_clean(struct tool *tool, char **words, struct err *err)
{
    static const char *const envp[] = {"PATH=/usr/bin", "HOME=/tmp", "LC_ALL=C.UTF-8", NULL};
    struct image_root root;
    if (!tool_compose(tool, PRESET_CLEAN, (struct image_names){0}, &root, err))
        return false;
    struct jail_mount mount = {.kind = JAIL_RW, .source = words[0], .target = "/build"};
    struct jail_spec jail = {.root = root.path.ptr,
                             .mounts = &mount,
                             .mount_count = 1,
                             .argv = (const char *const *)words + 1,
                             .envp = envp};
    return tool_jail(tool, &jail, err);
}

static bool tool_floor(struct tool *tool, const char *glibc, struct err *err)
{
    struct tool_roots roots;
    if (!tool_make(tool, glibc, (struct image_names){0}, &roots, err))
        return false;
    printf("%s\n", roots.floor.path.ptr);
    return true;
}

static bool tool_main(struct tool *tool, int count, char **words, struct err *err)
{
    VEC(struct str) extra = {0};
    struct image_root root;
    int role = 0;
    if (count == 2 && strcmp(words[0], "floor") == 0)
        return tool_floor(tool, words[1], err);
    if (count >= 7 && strcmp(words[0], "run") == 0)
        return tool_run(tool, words + 1, err);
    if (count >= 3 && strcmp(words[0], "clean") == 0)
        return tool_clean(tool, words + 1, err);
    if (count < 2 || strcmp(words[0], "compose") != 0)
        return err_set(err, ERR_USAGE, "compose ROLE, floor GLIBC, run ..., clean ...");
    while (role < TOOL_ROLES && strcmp(tool_roles[role], words[1]) != 0)
        role++;
    if (role == TOOL_ROLES)
        return err_set(err, ERR_USAGE, "role %s", words[1]);
    for (words += 2; *words; words++)
        *vec_push(&extra, &tool->arena) = str_from(*words);
    if (!tool_compose(tool, (enum preset_role)role, (struct image_names){extra.at, extra.len},
                      &root, err))
        return false;
    printf("%s\n", root.path.ptr);
    return true;
}

int main(int argc, char **argv)
{
    struct err err;
    struct tool tool = {0};
    if (argc < 5) {
        fputs("usage: image_tool CACHE PYTHON MACHINE compose|floor|run|clean ...\n", stderr);
        return 2;
    }
    tool.cache = argv[1];
    tool.python = str_from(argv[2]);
    tool.target = arch_find(str_from(argv[3]));
    bool ok = tool.target ? tool_main(&tool, argc - 4, argv + 4, &err)
                          : err_set(&err, ERR_USAGE, "unknown machine %s", argv[3]);
    if (!ok)
        fprintf(stderr, "image_tool: %s\n", err.text);
    arena_free(&tool.arena);
    return ok ? 0 : 1;
}
