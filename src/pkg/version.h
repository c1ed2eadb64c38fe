/*
 * Versions of Python distributions (PEP 440): parse, normal form, total order.
 *
 * A `struct version` is 64 bytes, allocates nothing and borrows the text it was
 * parsed from. Most versions fit a 128-bit key whose order is the order of
 * PEP 440, so that a comparison is two integer comparisons; the rest (a local
 * part, numbers too large, more than four release numbers) carry a key that is
 * right wherever it differs, and are walked in the text where it does not.
 * Numbers have no upper limit; the text has VERSION_TEXT_LIMIT.
 */
#ifndef REFINERY_PKG_VERSION_H
#define REFINERY_PKG_VERSION_H

#include "base/arena.h"
#include "base/buf.h"

enum { VERSION_TEXT_LIMIT = 4096 };

/* A piece of version.text: bytes [at, at + len). */
struct version_part {
    uint16_t at, len;
};

enum version_pre { VERSION_PRE_NONE, VERSION_PRE_A, VERSION_PRE_B, VERSION_PRE_RC };

struct version {
    struct str text; /* as written, without the space around it; borrowed */
    uint64_t high, low;
    struct version_part epoch, release, pre, post, dev, local; /* digits; empty where implied */
    uint8_t pre_kind;                                          /* enum version_pre */
    bool exact : 1;                                            /* the key says everything */
    bool has_pre : 1, has_post : 1, has_dev : 1, has_local : 1, has_epoch : 1;
};

/* The whole of text, white space around it allowed; the error names the position (from 1). */
CHECKED bool version_parse(struct str text, struct version *version, struct err *err);
/* The same without a message, for the many cases where "no version" is an answer. */
bool version_try(struct str text, struct version *version);

/* <0, 0, >0 by the total order of PEP 440, local parts included. 1.0 and 1.0.0 are equal. */
int version_cmp(const struct version *a, const struct version *b);
/* The same without the local parts ("1.0+x" is "1.0"). */
int version_cmp_public(const struct version *a, const struct version *b);

/* Pre-release or development release. */
bool version_is_pre(const struct version *version);

/*
 * Release numbers equal over the first `count` numbers (missing ones are zero)
 * and the same epoch: what `==1.2.*` (count 2) asks.
 */
bool version_same_release(const struct version *a, const struct version *b, size_t count);
/* Same epoch, release and pre-release; version_same_post: and the same post-release. */
bool version_same_pre(const struct version *a, const struct version *b);
bool version_same_post(const struct version *a, const struct version *b);
size_t version_release_count(const struct version *version); /* numbers as written: 1.0.0 has 3 */

/* Decimal digits of a part without leading zeros; "0" for one that is implied ("1.0a"). */
struct str version_digits(const struct version *version, struct version_part part);
/* The next number of the release; `at` starts as version->release.at. False behind the last. */
bool version_next_number(const struct version *version, size_t *at, struct version_part *number);

/* Normal form ("1!2.0rc1.post2.dev3+ab.1"), appended, or made in the arena. */
void version_write(const struct version *version, struct buf *out);
struct str version_normal(const struct version *version, struct arena *arena);
/* Only the epoch and the release numbers of the normal form: "1!2.0". */
struct str version_base(const struct version *version, struct arena *arena);

#endif
