/* Wheels and sdists made on the spot, in a directory that the test removes. */
#ifndef REFINERY_TESTS_INDEX_FIXTURE_H
#define REFINERY_TESTS_INDEX_FIXTURE_H

#include "base/arena.h"

struct fixture_member {
    const char *name, *text; /* text NULL: a directory */
};

#define FIXTURE_METADATA(name, version)                                                            \
    "Metadata-Version: 2.1\nName: " name "\nVersion: " version "\n"
#define FIXTURE_WHEEL(tag) "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: " tag "\n"

const char *fixture_dir(struct arena *arena); /* fresh and empty */
void fixture_remove(const char *dir);
/* Members up to one without a name. */
void fixture_zip(const char *dir, const char *filename, const struct fixture_member *members);
void fixture_tar_gz(const char *dir, const char *filename, const struct fixture_member *members);
void fixture_file(const char *dir, const char *filename, struct str bytes);
/* A wheel that is right if its file name is. */
void fixture_wheel(const char *dir, const char *filename, const char *name, const char *version,
                   const char *tag);

#endif
