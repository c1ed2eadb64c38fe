#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MEM_HUGE_PAGE = 2 << 20 };

static void *mem_or_die(void *ptr)
{
    if (ptr)
        return ptr;
    fputs("refinery: out of memory; stop other programs or lower --jobs\n", stderr);
    abort();
}

void *mem_alloc(size_t size)
{
    return mem_or_die(calloc(1, size ? size : 1));
}

void *mem_buffer(size_t size)
{
    if (size < MEM_HUGE_PAGE)
        return mem_or_die(malloc(size ? size : 1));
    size_t whole = (size + MEM_HUGE_PAGE - 1) & ~(size_t)(MEM_HUGE_PAGE - 1);
    void *buffer = mem_or_die(whole < size ? NULL : aligned_alloc(MEM_HUGE_PAGE, whole));
    (void)madvise(buffer, whole, MADV_HUGEPAGE); /* as fast as it was where there are none */
    return buffer;
}

void *mem_resize(void *old, size_t size)
{
    return mem_or_die(realloc(old, size ? size : 1));
}

void mem_free(void *ptr)
{
    free(ptr);
}

size_t mem_product(size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product))
        mem_or_die(NULL);
    return product;
}
