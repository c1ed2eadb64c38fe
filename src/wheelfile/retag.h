/* The WHEEL file of a wheel (binary distribution format 1.0) under other platform tags. Pure. */
#ifndef REFINERY_WHEELFILE_RETAG_H
#define REFINERY_WHEELFILE_RETAG_H

#include "base/buf.h"
#include "wheelfile/wheelfile.h"

/*
 * Appends the WHEEL text with one Tag line for each of python x abi x platform, in sorted order,
 * in place of the old ones; python and abi are taken from the old Tag lines, or from the file name
 * where there are none. `platforms`: "manylinux_2_17_s390x.manylinux2014_s390x". A wheel that has
 * become one of a platform says Root-Is-Purelib: false. Other lines stay as they are.
 */
void wheelfile_retag(struct str wheel_text, const struct wheelfile_name *name, struct str platforms,
                     struct arena *arena, struct buf *out);

/* "name-1.0-cp311-cp311-<platforms>.whl" */
struct str wheelfile_retag_name(const struct wheelfile_name *name, struct str platforms,
                                struct arena *arena);

#endif
