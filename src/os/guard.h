/*
 * Children that must not outlive us, whatever kills us. Between us and the tool stands
 * a guard: a copy of this process that leads the tool's process group. The kernel tells
 * it of our death (PR_SET_PDEATHSIG) and it kills the group, the tool with all that the
 * tool started; setting the death signal of the tool alone would leave its children.
 * Else it ends as the tool does, so that its caller waits for it as for the tool.
 *
 * Linux ties the death signal to the thread that forks: a caller stays in its thread until
 * the end of the tool, as proc_run does.
 */
#ifndef REFINERY_OS_GUARD_H
#define REFINERY_OS_GUARD_H

#include <spawn.h>

/*
 * posix_spawnp behind a guard: 0 and the guard's pid, which is its group's too, or an errno.
 * The attributes must leave the group alone.
 */
int guard_spawnp(pid_t *guard, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *argv, char *const *envp);

#endif
