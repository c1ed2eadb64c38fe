/*
 * For the compatibility archive of a floor (libfloor_nonshared.a): functions that a
 * newer glibc's headers call and an older glibc does not have, made of what the
 * older one has. Everything is hidden: each module has its own copy. No libc
 * header that declares a function defined here may be included with it.
 */
#define HIDDEN __attribute__((visibility("hidden")))
