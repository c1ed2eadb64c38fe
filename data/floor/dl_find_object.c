/*
 * 2.35: the unwinder in libgcc_eh.a asks it for the object around an address. The
 * older way to know is to walk the program headers of all objects.
 */
#include "floor.h"

#define _GNU_SOURCE
#define _dl_find_object declared_by_libc /* in headers that know it, with their own structure */
#include <link.h>
#undef _dl_find_object
#include <stddef.h>

/* As <dlfcn.h> of 2.35 declares it; newer fields lie in `reserved`. */
struct found {
    unsigned long long flags;
    void *map_start, *map_end;
    struct link_map *link_map;
    void *eh_frame;
    unsigned long long reserved[7];
};

struct search {
    unsigned long address;
    struct found *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *state)
{
    struct search *search = state;
    unsigned long start = 0, end = 0, lowest = -1ul, eh_frame = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        unsigned long from = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME)
            eh_frame = from;
        if (header->p_type != PT_LOAD)
            continue;
        if (from < lowest)
            lowest = from;
        if (from + header->p_memsz > end)
            end = from + header->p_memsz;
        if (search->address >= from && search->address - from < header->p_memsz)
            start = 1;
    }
    if (!start || !eh_frame)
        return 0;
    search->found->flags = 0;
    search->found->map_start = (void *)lowest;
    search->found->map_end = (void *)end;
    search->found->link_map = NULL;
    search->found->eh_frame = (void *)eh_frame;
    return 1;
}

HIDDEN int _dl_find_object(void *address, struct found *found)
{
    struct search search = {(unsigned long)address, found};
    return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
