/* elf/audit.h on a wheel on disk: opens it, feeds its ELF members, gives the verdict. */
#ifndef REFINERY_WHEELFILE_AUDIT_H
#define REFINERY_WHEELFILE_AUDIT_H

#include "base/buf.h"
#include "elf/audit.h"
#include "wheelfile/wheelfile.h"

/*
 * `lookup` may be NULL. The verdict lives in the arena. A wheel that is a failure
 * (silent fallback, ...) is a verdict, not an error; err: unreadable, not a wheel, broken ELF.
 */
CHECKED bool wheelfile_audit(const char *path, const struct elf_audit_lookup *lookup,
                             struct arena *arena, struct elf_audit_verdict *verdict,
                             struct err *err);

/* The same on a wheel that is open. */
CHECKED bool wheelfile_audit_open(struct wheelfile *wheel, const struct elf_audit_lookup *lookup,
                                  struct arena *arena, struct elf_audit_verdict *verdict,
                                  struct err *err);

/* "platform", "pure", "silent-fallback", "elf-in-pure", "foreign" */
const char *wheelfile_audit_outcome(enum elf_audit_outcome outcome);

/* For people (the table and the reasons) and for programs (one JSON document). */
void wheelfile_audit_text(const char *path, const struct elf_audit_verdict *verdict, bool verbose,
                          struct buf *out);
void wheelfile_audit_json(const char *path, const struct elf_audit_verdict *verdict,
                          struct buf *out);

#endif
