/*
 * Start files since 2.34 leave running the program's constructors to libc; an older
 * libc waits for a function that does it, and without one runs none, silently. This
 * stands between the two: it hands over such a function, and a newer libc that is
 * called by the old version of the name calls it as well, once.
 */
#include "floor.h"

#include <stddef.h>

typedef void constructor(int argc, char **argv, char **envp);
typedef int program(int argc, char **argv, char **envp);

#if defined(__s390x__)
__asm__(".symver real_start, __libc_start_main@GLIBC_2.2");
#elif defined(__x86_64__)
__asm__(".symver real_start, __libc_start_main@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver real_start, __libc_start_main@GLIBC_2.17");
#endif

extern int real_start(program *main, int argc, char **argv, constructor *init, void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end);
extern constructor *__preinit_array_start[] HIDDEN, *__preinit_array_end[] HIDDEN;
extern constructor *__init_array_start[] HIDDEN, *__init_array_end[] HIDDEN;
extern void _init(void) HIDDEN;

static void construct(int argc, char **argv, char **envp)
{
    constructor **at;
    for (at = __preinit_array_start; at < __preinit_array_end; at++)
        (*at)(argc, argv, envp);
    _init();
    for (at = __init_array_start; at < __init_array_end; at++)
        (*at)(argc, argv, envp);
}

HIDDEN int __libc_start_main(program *main, int argc, char **argv, constructor *init,
                             void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
    return real_start(main, argc, argv, init ? init : construct, fini, loader_fini, stack_end);
}
