/*
 * librefinery: Python packaging standards and the ELF policies of wheels, as refinery itself uses
 * them, for C and C++. Everything here is pure: no files, no network, no global state. Functions
 * may be called from any thread; one object by one thread at a time.
 *
 * Text is UTF-8 and NUL-terminated; what is returned belongs to the object it came from and lives
 * until that is freed. A function that can fail returns false and says why in `error` (may be
 * NULL); its outputs are untouched then. When memory is exhausted the program ends.
 *
 *     cc program.c $(pkg-config --cflags --libs refinery)
 */
#ifndef REFINERY_REFINERY_H
#define REFINERY_REFINERY_H

#include <stdbool.h>
#include <stddef.h>

#define REFINERY_API_VERSION 1

#ifndef REFINERY_API
#define REFINERY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct refinery_error {
    char text[1024]; /* one sentence */
};

/* REFINERY_API_VERSION of the library that runs. */
REFINERY_API int refinery_api_version(void);

/* ---- versions and specifiers (PEP 440) ---- */

/* Sets `order` to -1, 0 or 1. */
REFINERY_API bool refinery_version_compare(const char *a, const char *b, int *order,
                                           struct refinery_error *error);
/* Whether a version is in a set such as ">=1.0,!=1.5,<2"; pre-releases by the same rule as others.
 */
REFINERY_API bool refinery_specifier_match(const char *specifiers, const char *version, bool *match,
                                           struct refinery_error *error);

/* ---- requirements (PEP 508) ---- */

struct refinery_requirement;

REFINERY_API bool refinery_requirement_parse(const char *text,
                                             struct refinery_requirement **requirement,
                                             struct refinery_error *error);
REFINERY_API void refinery_requirement_free(struct refinery_requirement *requirement);
REFINERY_API const char *refinery_requirement_name(const struct refinery_requirement *requirement);
/* Normal form: sorted, without spaces; "" when any version will do. */
REFINERY_API const char *
refinery_requirement_specifiers(const struct refinery_requirement *requirement);
REFINERY_API const char *refinery_requirement_url(const struct refinery_requirement *requirement);
REFINERY_API size_t refinery_requirement_extras(const struct refinery_requirement *requirement);
REFINERY_API const char *refinery_requirement_extra(const struct refinery_requirement *requirement,
                                                    size_t index);
/*
 * Whether its marker holds for CPython `python` ("3.11.2") on Linux on `machine` ("s390x"), with
 * `extra` asked for (NULL: none). Without a marker it always does.
 */
REFINERY_API bool refinery_requirement_holds(const struct refinery_requirement *requirement,
                                             const char *python, const char *machine,
                                             const char *extra);

/* ---- tags (PEP 425, 600, 656) ---- */

struct refinery_tags;

/* A target: CPython 3.`python_minor` on the system of "manylinux_2_28_s390x",
 * "musllinux_1_2_x86_64". */
REFINERY_API bool refinery_tags_open(unsigned python_minor, const char *platform,
                                     struct refinery_tags **tags, struct refinery_error *error);
REFINERY_API void refinery_tags_free(struct refinery_tags *tags);
REFINERY_API size_t refinery_tags_count(const struct refinery_tags *tags);
/* Most preferred first: "cp311-cp311-linux_s390x", "cp311-cp311-manylinux_2_28_s390x". */
REFINERY_API const char *refinery_tags_get(const struct refinery_tags *tags, size_t index);
/* Place of a wheel's best tag in that order, by its file name; -1: the target does not accept it.
 */
REFINERY_API bool refinery_tags_rank(const struct refinery_tags *tags, const char *wheel,
                                     long *rank, struct refinery_error *error);

/* ---- audit of a wheel's ELF files ---- */

struct refinery_audit;

/* `platform_tags`: the last field of the wheel's name. */
REFINERY_API struct refinery_audit *refinery_audit_open(const char *platform_tags);
REFINERY_API void refinery_audit_free(struct refinery_audit *audit);
/* One member of the wheel, whole; what is not ELF is passed over. The bytes are not kept. */
REFINERY_API bool refinery_audit_add(struct refinery_audit *audit, const char *path,
                                     const void *bytes, size_t len, struct refinery_error *error);
/* After the last member: the oldest platform tag that is true ("manylinux_2_17_s390x"). */
REFINERY_API const char *refinery_audit_tag(struct refinery_audit *audit);
/* What makes the wheel unfit whatever its tag (no machine code of the target in it, ...); or "". */
REFINERY_API const char *refinery_audit_problem(struct refinery_audit *audit);
/* Why no older tag is true: "FILE: needs GLIBC_2.34 of libc.so.6". */
REFINERY_API size_t refinery_audit_blockers(struct refinery_audit *audit);
REFINERY_API const char *refinery_audit_blocker(struct refinery_audit *audit, size_t index);

#ifdef __cplusplus
}
#endif

#endif
