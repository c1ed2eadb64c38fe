/*
 * License expressions (PEP 639: the expressions of SPDX, identifiers without regard to case):
 *
 *     MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0) AND LicenseRef-Own
 *
 * Identifiers are those of tables/spdx.def. The error names the position (from 1).
 */
#ifndef REFINERY_PKG_LICENSE_H
#define REFINERY_PKG_LICENSE_H

#include "base/arena.h"

enum { LICENSE_LIMIT = 64 * 1024 }; /* bytes */

/* The expression with identifiers as the list writes them, upper-case operators, single spaces. */
CHECKED bool license_parse(struct str text, struct arena *arena, struct str *normal,
                           struct err *err);

#endif
