/*
 * Texts of /proc and /etc that the jail reads: any bytes are taken or skipped. The first line of
 * the input stands for one file, the rest for the other, where two belong together.
 */
#include "jail/binfmt.h"
#include "jail/cgroup.h"
#include "jail/ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str text = str_of(data, size), first, rest;
    str_cut(text, '\n', &first, &rest);
    struct cgroup_place place = cgroup_find(first, rest, &arena);
    place = cgroup_find(rest, text, &arena);
    if (place.own2.len && !place.mount2.len)
        __builtin_trap();
    (void)cgroup_value(text, STR("max"));
    (void)ids_pick(text, rest);
    if (ids_pick(STR("0 0 4294967295\n"), text) == 0) /* never the host's root */
        __builtin_trap();
    const struct binfmt_machine *machine = binfmt_find(STR("s390x"));
    (void)binfmt_matches(machine, text);
    (void)binfmt_entry_serves(text, machine);
    return 0;
}
