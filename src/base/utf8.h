/* UTF-8 (RFC 3629), for bytes that may be anything. Pure. */
#ifndef REFINERY_BASE_UTF8_H
#define REFINERY_BASE_UTF8_H

#include "base/arena.h"

/*
 * Length of the well-formed sequence at the start of a text that is not empty, and its code point;
 * 0 when there is none (surrogates, overlong forms and values past U+10FFFF are none).
 */
size_t utf8_decode(struct str text, uint32_t *point);

/* The text with every byte that belongs to no sequence replaced by U+FFFD; itself when it has none.
 */
struct str utf8_clean(struct str text, struct arena *arena);

/* White space of Unicode (the property White_Space, and the separators 0x1c to 0x1f). */
bool utf8_is_space(uint32_t point);
/* Without it at both ends. */
struct str utf8_trim(struct str text);

#endif
