/*
 * Python's standard library as byte code. Debian makes it in a maintainer script;
 * a composed root is read-only, so each start under qemu-user would compile all it
 * imports anew (seconds). A native Python of the same minor version writes the
 * same code for any machine; files are marked "unchecked hash" (PEP 552), so they
 * hold no times and are deterministic.
 */
#ifndef REFINERY_IMAGE_BYTECODE_H
#define REFINERY_IMAGE_BYTECODE_H

#include "base/arena.h"
#include "base/err.h"

/*
 * Fills the directory `out` with <out>/usr/lib/python3.N/.../__pycache__/ for the library of
 * `root`, compiled by the Python of the root `by` (may be the same), in the jail.
 */
CHECKED bool bytecode_make(const char *by, const char *root, struct str python, const char *out,
                           struct err *err);

#endif
