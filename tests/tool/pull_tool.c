/*
 * Images of a registry by hand and for tests/stages/51-oci.sh:
 *   pull_tool CACHE MACHINE TRUSTED-HOST|- REFERENCE [ENGINE]
 * prints the pinned reference and the root's path.
 */
#include <stdio.h>
#include <string.h>

#include "image/pull.h"

static void tool_tell(void *state, const struct image_progress *progress)
{
    (void)state;
    if (progress->stage == IMAGE_NOTE)
        fprintf(stderr, "note: %.*s\n", STR_ARG(progress->detail));
}

static bool tool_pull(char **words, struct arena *arena, struct err *err)
{
    CAS_AUTO struct cas *cas = NULL;
    struct str trusted = str_from(words[3]), pinned;
    struct image_root root;
    struct pull pull = {
        .cache = words[1],
        .arch = arch_find(str_from(words[2])),
        .registry = {.trusted_hosts = &trusted, .trusted_hosts_len = strcmp(words[3], "-") != 0},
        .progress = tool_tell};
    if (words[5])
        pull.engine = str_from(words[5]);
    if (!pull.arch)
        return err_set(err, ERR_USAGE, "unknown machine %s", words[2]);
    if (!cas_open(arena_printf(arena, "%s/cas", pull.cache).ptr, &cas, err))
        return false;
    pull.cas = cas;
    if (!pull_pin(&pull, str_from(words[4]), arena, &pinned, err))
        return false;
    printf("%.*s\n", STR_ARG(pinned));
    if (!pull_root(&pull, pinned, arena, &root, err))
        return false;
    printf("%s\n%s\n", root.path.ptr, root.composed ? "made" : "there");
    return true;
}

int main(int argc, char **argv)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err;
    if (argc != 5 && argc != 6) {
        fputs("usage: pull_tool CACHE MACHINE TRUSTED-HOST|- REFERENCE [ENGINE]\n", stderr);
        return 2;
    }
    if (tool_pull(argv, &arena, &err))
        return 0;
    fprintf(stderr, "pull_tool: %s\n", err.text);
    return 1;
}
