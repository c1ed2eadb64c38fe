#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two threads that load at once write the same pointers; the flag is last and releases them. */
bool library_load(struct library *library, const char **why)
{
    if (__atomic_load_n(&library->loaded, __ATOMIC_ACQUIRE))
        return true;
    void *handle = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        *why = dlerror();
        return false;
    }
    for (size_t i = 0; i < library->count; i++) {
        void *found = dlsym(handle, library->symbols[i].name);
        if (found == NULL) {
            *why = dlerror();
            return false;
        }
        __atomic_store_n((void **)library->symbols[i].slot, found, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&library->loaded, true, __ATOMIC_RELEASE);
    return true;
}

void library_need(struct library *library)
{
    const char *why = "";
    if (library_load(library, &why))
        return;
    fprintf(stderr, "refinery: a library cannot be loaded: %s\nInstall the package that has %s.\n",
            why, library->file);
    exit(127);
}
