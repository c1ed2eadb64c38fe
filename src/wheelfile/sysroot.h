/*
 * The lookup of elf/audit.h against directories: each is taken as a plain
 * directory of libraries and as the root of a system (lib, usr/lib, lib64, with
 * the multiarch directory of the wanting file's machine; absolute RPATH entries
 * are taken below it). The first file of the wanting file's machine wins. Files
 * are read and mapped until close; nothing is run.
 *
 * Links are followed as they stand: a root made elsewhere needs relative ones
 * (which the build images have); an absolute one is taken below the root.
 */
#ifndef REFINERY_WHEELFILE_SYSROOT_H
#define REFINERY_WHEELFILE_SYSROOT_H

#include "elf/audit.h"

struct wheelfile_sysroot;

CHECKED bool wheelfile_sysroot_open(const char *const *roots, size_t count,
                                    struct wheelfile_sysroot **sysroot, struct err *err);
struct elf_audit_lookup wheelfile_sysroot_lookup(struct wheelfile_sysroot *sysroot);
void wheelfile_sysroot_close(struct wheelfile_sysroot **sysroot);

#endif
