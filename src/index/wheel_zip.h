/* libzip over the bytes of a wheel_source, for wheel.c alone. */
#ifndef REFINERY_INDEX_WHEEL_ZIP_H
#define REFINERY_INDEX_WHEEL_ZIP_H

#include <zip.h>

#include "index/wheel.h"

struct wheel_zip {
    const struct wheel_source *source;
    uint64_t at;
    zip_t *zip;
    struct err err; /* of the source; code 0: none */
};

/* Opens the archive read-only: the central directory is read and checked. */
CHECKED bool wheel_zip_open(struct wheel_zip *zip, const struct wheel_source *source,
                            struct err *err);
void wheel_zip_close(struct wheel_zip *zip);
/* ERR_FORMAT with libzip's reason, or the source's own error. Returns false. */
bool wheel_zip_fail(struct wheel_zip *zip, const char *reason, struct err *err);

#endif
