/* Descriptors that close themselves at the end of their scope. -1 is none. */
#ifndef REFINERY_OS_FD_H
#define REFINERY_OS_FD_H

#define FD_AUTO __attribute__((cleanup(fd_close)))

void fd_close(int *fd); /* closes unless -1, sets to -1; keeps errno */
int fd_take(int *fd);   /* hands the descriptor over: returns it and leaves -1 */

#endif
