/*
 * The name of an image as people write it and every container tool reads it:
 * [registry[:port]/]repository[:tag][@sha256:...]. The first part is a registry when
 * it has a "." or ":" in it or is "localhost"; without one it is docker.io, whose
 * one-part names are below "library/". Without tag and digest the tag is "latest".
 * Pure.
 */
#ifndef REFINERY_OCI_REFERENCE_H
#define REFINERY_OCI_REFERENCE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

struct reference {
    struct str registry;   /* "docker.io", "[::1]:5000" */
    struct str repository; /* "library/debian" */
    struct str tag;        /* empty when only a digest is given */
    bool has_digest;
    struct digest digest; /* counts before the tag */
};

/* Text of the result is in the arena. ERR_USAGE quotes the reference and says what is wrong. */
CHECKED bool reference_parse(struct str text, struct arena *arena, struct reference *reference,
                             struct err *err);

/* In full: "docker.io/library/debian:12", with "@sha256:..." where a digest is known. */
struct str reference_text(const struct reference *reference, struct arena *arena);

/* The registry is this machine: 127.0.0.0/8, ::1, localhost. */
bool reference_is_loopback(const struct reference *reference);

#endif
