/*
 * Values as TOML 1.0 writes them, on one line: what is written reads back as the same value, and
 * the same value is written the same way. Tables keep the order of their keys.
 */
#ifndef REFINERY_PKG_TOML_WRITE_H
#define REFINERY_PKG_TOML_WRITE_H

#include "base/buf.h"
#include "pkg/toml.h"

void toml_write_key(struct str key, struct buf *out);     /* bare where it can be */
void toml_write_string(struct str text, struct buf *out); /* a basic string with its quotes */
void toml_write_value(const struct toml *value, struct buf *out); /* tables inline */

#endif
