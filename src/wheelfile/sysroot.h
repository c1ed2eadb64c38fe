/*
 * The lookup of elf/audit.h against a directory tree of the target: RPATH/RUNPATH
 * of the wanting file below the root, then ld.so.conf-like directories (lib and
 * usr/lib with and without multiarch, lib64). Reads files, runs nothing. Files
 * are mapped until the object is closed. Links are resolved inside the root.
 */
#ifndef REFINERY_WHEELFILE_SYSROOT_H
#define REFINERY_WHEELFILE_SYSROOT_H

#include "elf/audit.h"

struct wheelfile_sysroot;

/* `extra`: further directories below the root ("opt/pack/lib"), searched first. */
CHECKED bool wheelfile_sysroot_open(const char *root, const char *const *extra,
                                    size_t extra_count, struct wheelfile_sysroot **sysroot,
                                    struct err *err);
struct elf_audit_lookup wheelfile_sysroot_lookup(struct wheelfile_sysroot *sysroot);
void wheelfile_sysroot_close(struct wheelfile_sysroot **sysroot);

#endif
