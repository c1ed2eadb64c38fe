/* The ELF members of a wheel, fed into an audit by as many threads as help. */
#ifndef REFINERY_WHEELFILE_ELF_MEMBERS_H
#define REFINERY_WHEELFILE_ELF_MEMBERS_H

#include "elf/audit.h"
#include "wheelfile/wheelfile.h"

/*
 * Adds every member that begins like an ELF file; names that can only be text are not looked
 * into. Of several broken members the error is about the first of the archive.
 */
CHECKED bool elf_members_add(struct wheelfile *wheel, struct elf_audit *audit, struct err *err);

#endif
