/*
 * Making a capability map: files of packages in any order, then the map's bytes. What is in it
 * does not depend on the order. Memory is the maker's own: about 100 bytes for each useful file.
 */
#ifndef REFINERY_HINT_CAPABILITY_MAKE_H
#define REFINERY_HINT_CAPABILITY_MAKE_H

#include "base/buf.h"
#include "hint/capability.h"

struct capability_maker;

struct capability_maker *capability_make_open(struct arena *arena);

/*
 * `section` as Debian has it ("libdevel"), or empty. Packages that no build is to be given are
 * passed over: debug information, documentation, cross compilers. So are names that are none.
 */
void capability_make_add(struct capability_maker *maker, struct str path, struct str package,
                         struct str section);

/*
 * A package of the source package `by` depends on this one: of development packages with the same
 * file the one that most sources want is the better guess.
 */
void capability_make_count(struct capability_maker *maker, struct str by, struct str package);

size_t capability_make_files(const struct capability_maker *maker); /* useful ones so far */

/* ERR_LIMIT: more than a map can hold (4 GiB). The maker can be added to no more. */
CHECKED bool capability_make_finish(struct capability_maker *maker,
                                    const struct capability_facts *facts, struct buf *out,
                                    struct err *err);

#endif
