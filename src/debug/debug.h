/*
 * The line protocol of `refinery debug`: a line of JSON asks one thing of the pure rooms, a line of
 * JSON answers it. Test suites of others run against it (docs/debug-pkg.md, made from the table of
 * ops in tables/debug_pkg.def).
 *
 *     {"id": 7, "op": "version.compare", "a": "1.0", "b": "1.0.post1"}
 *     {"id":7,"ok":true,"result":-1}
 *     {"op": "version.parse", "version": "1.0.x"}
 *     {"ok":false,"error":{"code":"format","message":"...","line":null,"position":5}}
 *
 * Every line gets exactly one answer, whatever it holds. Pure: nothing is kept between lines.
 */
#ifndef REFINERY_DEBUG_DEBUG_H
#define REFINERY_DEBUG_DEBUG_H

#include "base/arena.h"
#include "base/buf.h"

enum { DEBUG_LINE_LIMIT = 16 << 20 }; /* bytes; who reads the lines answers a longer one itself */

/* Appends the answer to one line (without its end), and a line end. */
void debug_answer(struct str line, struct buf *out);

/* The answer to a line that is longer than DEBUG_LINE_LIMIT. */
void debug_answer_too_long(struct buf *out);

/* The list of ops of docs/debug-pkg.md. */
void debug_document(struct buf *out);

#endif
