/* The fixtures of tests/data/elf (make.sh there), read with plain stdio: the room has no files. */
#ifndef REFINERY_TESTS_ELF_FIXTURE_H
#define REFINERY_TESTS_ELF_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "elf/read.h"
#include "unit.h"

static const char *const fixture_archs[] = {"s390x", "x86_64", "aarch64", "arm"};
enum { FIXTURE_ARCHS = 4 };

static inline struct str fixture_bytes(struct arena *arena, const char *arch, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-%s", TEST_DATA, arch, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("no fixture %s", path);
    char *bytes = arena_alloc(arena, 65536);
    size_t len = fread(bytes, 1, 65536, file);
    fclose(file);
    return str_of(bytes, len);
}

static inline struct elf_file fixture(struct arena *arena, const char *arch, const char *name)
{
    struct elf_file elf;
    struct err err = {0};
    assert_ok(elf_read(fixture_bytes(arena, arch, name), arena, &elf, &err));
    return elf;
}

static inline bool fixture_has(const struct str *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], str_from(name)))
            return true;
    return false;
}

/* The symbol of that name (and version, unless NULL). */
static inline bool fixture_symbol(const struct elf_file *elf, const char *name, const char *version,
                                  struct elf_symbol *found)
{
    for (size_t i = 1; i < elf->symbol_count; i++)
        if (elf_read_symbol(elf, i, found) && str_eq(found->name, str_from(name)) &&
            (version == NULL || str_eq(found->version, str_from(version))))
            return true;
    return false;
}

#endif
