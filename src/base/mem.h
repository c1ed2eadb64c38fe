/*
 * The only place that calls malloc. Each function succeeds or ends the program
 * with "out of memory": the program holds no state that an orderly exit would
 * save better than its crash-safe store does.
 */
#ifndef REFINERY_BASE_MEM_H
#define REFINERY_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed */
/* Not zeroed, for megabytes that are filled at once: on huge pages, where the system has them,
 * since some thousand page faults cost as much as the filling. */
void *mem_buffer(size_t size);
void *mem_resize(void *old, size_t size);
void mem_free(void *ptr);
size_t mem_product(size_t count, size_t size); /* ends the program on overflow */

#endif
