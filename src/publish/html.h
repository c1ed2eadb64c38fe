/*
 * HTML text. Everything that did not come from this program's source passes html_text: markup is
 * escaped, broken UTF-8 and control characters become visible replacements. Pure.
 */
#ifndef REFINERY_PUBLISH_HTML_H
#define REFINERY_PUBLISH_HTML_H

#include "base/buf.h"

void html_text(struct buf *out, struct str text);
/* The same, cut with an ellipsis past `limit` bytes of input. */
void html_text_cut(struct buf *out, struct str text, size_t limit);
/* "0.4 s", "12.3 s", "3 m 05 s", "1 h 02 m" */
void html_duration(struct buf *out, int64_t ms);

#endif
