/*
 * Wheels (PEP 427, the binary distribution format) as files:
 * members listed and read with limits, everything taken as hostile (paths,
 * sizes, ratios, duplicates). One thread at a time per object, but for
 * wheelfile_read_to.
 */
#ifndef REFINERY_WHEELFILE_WHEELFILE_H
#define REFINERY_WHEELFILE_WHEELFILE_H

#include "base/arena.h"
#include "os/unzip.h"

enum {
    WHEELFILE_MEMBERS_MAX = 200000,
    WHEELFILE_RATIO_MAX = 500, /* uncompressed over compressed size, past 16 MiB */
    WHEELFILE_WHOLE = 40 << 20 /* bytes of a member that is not read by pieces */
};
#define WHEELFILE_MEMBER_MAX ((uint64_t)4 << 30) /* bytes of one member */
#define WHEELFILE_TOTAL_MAX ((uint64_t)16 << 30) /* bytes of all members */

struct wheelfile_member {
    struct str path; /* checked: relative, no "..", no duplicate */
    uint64_t size;
    uint16_t mode; /* permission bits, 0 when the archive does not say */
    bool directory;
    const struct unzip_member *zipped;
};

/* The parts of the file name: {name}-{version}(-{build})?-{python}-{abi}-{platform}.whl */
struct wheelfile_name {
    struct str name, version, build, python, abi, platform;
};

struct wheelfile;
#define WHEELFILE_AUTO __attribute__((cleanup(wheelfile_close)))

/* ERR_FORMAT: not a zip file, not a wheel's name, or a member that must not be there. */
CHECKED bool wheelfile_open(const char *path, struct wheelfile **wheel, struct err *err);
void wheelfile_close(struct wheelfile **wheel);

CHECKED bool wheelfile_parse_name(struct str basename, struct wheelfile_name *name,
                                  struct err *err);

/* Owned by the wheel, in archive order. */
const char *wheelfile_path(const struct wheelfile *wheel);
const struct wheelfile_name *wheelfile_get_name(const struct wheelfile *wheel);
const struct wheelfile_member *wheelfile_members(const struct wheelfile *wheel, size_t *count);
const struct wheelfile_member *wheelfile_find(const struct wheelfile *wheel, struct str path);
struct str wheelfile_dist_info(const struct wheelfile *wheel); /* "name-1.0.dist-info" */

/* The member's bytes, checked against size and CRC, in the arena. */
CHECKED bool wheelfile_read(struct wheelfile *wheel, const struct wheelfile_member *member,
                            struct arena *arena, struct str *bytes, struct err *err);

/* The same into a buffer of member->size bytes, by as many threads at once as want to. */
CHECKED bool wheelfile_read_to(struct wheelfile *wheel, const struct wheelfile_member *member,
                               char *to, struct err *err);

/*
 * The same for a member of any size, piece by piece in order: a small one is one piece. Size and
 * CRC are known to be right when it returns true, not before. By many threads at once, too.
 */
typedef bool wheelfile_piece_fn(void *state, struct str piece, struct err *err);
CHECKED bool wheelfile_each_piece(struct wheelfile *wheel, const struct wheelfile_member *member,
                                  wheelfile_piece_fn *take, void *state, struct err *err);

/*
 * The same to look into here and there: a small one in memory, a large one in an unnamed file of
 * $TMPDIR (/var/tmp) behind a mapping, so that only what is looked at takes memory.
 */
struct wheelfile_view {
    struct str bytes;
    struct arena arena;
    void *map;
};
#define WHEELFILE_VIEW_AUTO __attribute__((cleanup(wheelfile_view_close)))
CHECKED bool wheelfile_view(struct wheelfile *wheel, const struct wheelfile_member *member,
                            struct wheelfile_view *view, struct err *err);
void wheelfile_view_close(struct wheelfile_view *view);

/* For wheelfile/pieces.c: the archive that the members are in. */
const struct unzip_source *wheelfile_source(const struct wheelfile *wheel);

/* The first bytes of a member: at most `size`, fewer when it is shorter. Nothing is checked. */
CHECKED bool wheelfile_peek(struct wheelfile *wheel, const struct wheelfile_member *member,
                            size_t size, char *to, size_t *got, struct err *err);

#endif
