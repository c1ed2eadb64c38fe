/*
 * Wheel tags (PEP 425, 600, 656): which wheels a target accepts, and in what
 * order it prefers them. A target is data, the running system is never asked.
 *
 *     struct tag_target target = {.python_minor = 11, .arch = STR("s390x"),
 *                                 .libc = TAG_GLIBC, .libc_minor = 17};
 *     struct tags tags;
 *     tags_build(&target, arena, &tags, err);
 *     long rank = tags_rank(&tags, STR("cp39"), STR("abi3"), STR("manylinux_2_17_s390x"));
 */
#ifndef REFINERY_PKG_TAGS_H
#define REFINERY_PKG_TAGS_H

#include "base/arena.h"
#include "base/buf.h"

enum { TAGS_SET_LIMIT = 1000 }; /* pieces of one compressed set */

enum tag_libc { TAG_GLIBC, TAG_MUSL };

struct tag_target {
    unsigned python_minor; /* CPython 3.x */
    bool free_threaded;    /* cp313t */
    struct str arch;       /* as in tags: s390x, x86_64, aarch64, ppc64le, i686, armv7l ... */
    enum tag_libc libc;
    unsigned libc_minor; /* glibc 2.x or musl 1.x: the newest the target is sure to have */
};

struct tag {
    struct str python, abi, platform;
};

/* Everything the target accepts, most preferred first: what pip would print. */
struct tags {
    const struct tag *at;
    size_t len;
    struct tag_target target;
    struct str name; /* "cp311-s390x-manylinux_2_17": the target's name in plans */
    const struct str *platforms;
    size_t platforms_len; /* most preferred first, without `any` */
    const struct tag_slot *slots;
    size_t slot_count;
};

/* "cp311" of "3.11". */
struct str tags_python(struct str version, struct arena *arena);
/* The name of tags_build without the rest. */
struct str tags_name(const struct tag_target *target, struct arena *arena);

CHECKED bool tags_build(const struct tag_target *target, struct arena *arena, struct tags *tags,
                        struct err *err);

/*
 * Place in the order (0 is best) of the best of a compressed set such as
 * ("py2.py3", "none", "any"), or -1 when the target accepts none of it.
 */
long tags_rank(const struct tags *tags, struct str python, struct str abi, struct str platform);

/*
 * Why the target does not accept a wheel, tag by tag, appended as
 * "cp39-cp39-manylinux_2_17_x86_64: for x86_64, not s390x; ...". At most a
 * dozen tags are listed. Nothing is appended when the target accepts it.
 */
void tags_refusal(const struct tags *tags, struct str python, struct str abi, struct str platform,
                  struct buf *out);

/* "cp311.cp312": pieces of letters, digits and "_", `identifiers` start with no digit. */
bool tags_set_is_valid(struct str set, bool identifiers);
/* "py2.py3-none-any": the three sets between the two "-", none of their pieces empty. */
CHECKED bool tags_split(struct str text, struct tag *set, struct err *err);
/* Every tag of such a set, in the order in which it is written; more than TAGS_SET_LIMIT is
 * ERR_LIMIT. */
CHECKED bool tags_expand(struct str text, struct arena *arena, const struct tag **at, size_t *len,
                         struct err *err);

/* The set holds the platform `any`: pure, no extension modules for a platform. */
bool tags_any_platform(struct str platform);

/* "manylinux2014_s390x", "manylinux_2_28_x86_64", "musllinux_1_2_aarch64", "linux_s390x" -> target.
 */
CHECKED bool tags_parse_platform(struct str platform, struct tag_target *target, struct err *err);

#endif
