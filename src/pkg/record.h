/*
 * RECORD of wheels and of installed distributions: comma separated lines of
 * path, `algorithm=digest` in unpadded URL-safe base64, size (PEP 376, 427).
 * Quoted fields as the csv of RFC 4180. Slices are borrowed from the text where
 * nothing was quoted; arrays live in the arena. Errors name the line.
 */
#ifndef REFINERY_PKG_RECORD_H
#define REFINERY_PKG_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"

enum { RECORD_LIMIT = 64 << 20, RECORD_ROW_LIMIT = 1000000 };

struct record_row {
    struct str path;
    struct str algorithm; /* "sha256"; empty for RECORD itself and its signatures */
    struct str digest;    /* as written */
    uint64_t size;
    bool has_size;
};

struct record {
    const struct record_row *rows;
    size_t len;
};

CHECKED bool record_parse(struct str text, struct arena *arena, struct record *record,
                          struct err *err);

/* The digest of a sha256 row; false for another algorithm or a digest that is none. */
bool record_digest(const struct record_row *row, struct digest *digest);

/* Appends one line, quoted where it has to be; digest NULL leaves both fields empty. */
void record_write_row(struct str path, const struct digest *digest, uint64_t size, struct buf *out);

#endif
