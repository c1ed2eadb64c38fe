/*
 * The schema as numbered migrations (schema/NNNN-*.sql), embedded at build time. The
 * number of the newest one applied is the database's user_version.
 */
#ifndef REFINERY_STORE_SCHEMA_H
#define REFINERY_STORE_SCHEMA_H

#include "store/sql.h"

struct schema_step {
    const char *name; /* "0001-base" */
    const char *sql;
};

extern const struct schema_step schema_steps[]; /* schema_newest of them */
extern const int schema_newest;

/*
 * Brings the database to the newest schema, each migration in one transaction, and the
 * table of states to this program's. ERR_FORMAT: it belongs to another program, or to a
 * newer release of this one.
 */
CHECKED bool schema_migrate(struct sql *sql, int64_t now_ms, struct err *err);

/* Whether schema_migrate would change anything but the table of states. */
CHECKED bool schema_is_newest(struct sql *sql, bool *newest, struct err *err);

#endif
