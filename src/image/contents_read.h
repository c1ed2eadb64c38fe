/* An index as a compressed file (gzip, xz, zstd, lz4, or plain), fed line by line into a map being
 * made. */
#ifndef REFINERY_IMAGE_CONTENTS_READ_H
#define REFINERY_IMAGE_CONTENTS_READ_H

#include "image/contents_text.h"

/* ERR_FORMAT: it does not unpack; ERR_LIMIT: it is too large. Memory does not grow with the file.
 */
CHECKED bool contents_read(const char *path, enum contents_form form,
                           struct capability_maker *maker, struct err *err);

/* The index that travels with the program; its folders "@" are the machine's triplet. */
CHECKED bool contents_read_shipped(struct str bytes, struct str triplet,
                                   struct capability_maker *maker, struct err *err);

#endif
