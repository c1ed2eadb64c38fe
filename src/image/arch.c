#include "image/arch.h"

#include <stddef.h>
#include <sys/utsname.h>

static const struct arch arch_table[] = {
    {"s390x", "s390x", "s390x-linux-gnu", "s390x-linux-gnu", "qemu-s390x-static", "/lib/ld64.so.1",
     "ld64.so.1", "s390x", true, "IEEE_QUAD_BE", "s390x-unknown-linux-gnu"},
    {"aarch64", "arm64", "aarch64-linux-gnu", "aarch64-linux-gnu", "qemu-aarch64-static",
     "/lib/ld-linux-aarch64.so.1", "ld-linux-aarch64.so.1", "aarch64", false, "IEEE_QUAD_LE",
     "aarch64-unknown-linux-gnu"},
    {"x86_64", "amd64", "x86_64-linux-gnu", "x86-64-linux-gnu", "qemu-x86_64-static",
     "/lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2", "x86_64", false,
     "INTEL_EXTENDED_16_BYTES_LE", "x86_64-unknown-linux-gnu"},
};

const struct arch *arch_find(struct str name)
{
    for (size_t i = 0; i < sizeof arch_table / sizeof *arch_table; i++) {
        const struct arch *arch = &arch_table[i];
        if (str_eq(name, str_from(arch->machine)) || str_eq(name, str_from(arch->debian)) ||
            str_eq(name, str_from(arch->triplet)))
            return arch;
    }
    return NULL;
}

struct str arch_names(struct arena *arena)
{
    struct str names = STR("");
    for (size_t i = 0; i < sizeof arch_table / sizeof *arch_table; i++)
        names = arena_printf(arena, STR_FMT "%s%s", STR_ARG(names), i ? ", " : "",
                             arch_table[i].machine);
    return names;
}

const struct arch *arch_host(void)
{
    struct utsname name;
    return uname(&name) == 0 ? arch_find(str_from(name.machine)) : NULL;
}
