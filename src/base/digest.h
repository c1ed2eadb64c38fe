/*
 * SHA-256 (FIPS 180-4) through OpenSSL, the only content address here. Text form
 * is 64 lower-case hexadecimal digits; DIGEST_PREFIX stands before it where the
 * algorithm has to be named.
 */
#ifndef REFINERY_BASE_DIGEST_H
#define REFINERY_BASE_DIGEST_H

#include "base/err.h"
#include "base/str.h"

enum { DIGEST_SIZE = 32, DIGEST_HEX = 64 };
#define DIGEST_PREFIX "sha256:"

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};

struct digest_hex {
    char text[DIGEST_HEX + 1];
};

struct digest digest_of(struct str bytes);
bool digest_eq(const struct digest *a, const struct digest *b);
struct digest_hex digest_to_hex(const struct digest *digest);
bool digest_from_hex(struct str hex,
                     struct digest *digest); /* either case, with or without prefix */

/* Incremental: open, add any number of times, then finish, which also frees. */
struct digest_stream;
struct digest_stream *digest_open(void);
void digest_add(struct digest_stream *stream, struct str bytes);
struct digest digest_finish(struct digest_stream *stream);

/*
 * For keys made of several fields: adds a length before the bytes, so that
 * ("ab","c") and ("a","bc") differ.
 */
void digest_add_field(struct digest_stream *stream, struct str field);

/* Digest of what is left to read of an open file. */
CHECKED bool digest_fd(int fd, struct digest *digest, struct err *err);

#endif
