/* What the reader and the writer of a listing share: where things are in its bytes. Private. */
#ifndef REFINERY_PKG_LISTING_FORM_H
#define REFINERY_PKG_LISTING_FORM_H

#include "pkg/listing.h"

enum {
    LISTING_LIMIT = 256 << 20, /* bytes of the whole, and more than any count */

    LISTING_AT_SUM = 8, /* of [12, head) */
    LISTING_AT_HEAD = 12,
    LISTING_AT_TOTAL = 16,
    LISTING_AT_SETS = 20,
    LISTING_AT_PYTHONS = 24,
    LISTING_AT_RELEASES = 28,
    LISTING_AT_FILES = 32,
    LISTING_AT_TEXTS = 36,
    LISTING_AT_STAMP = 40, /* u64 length, u32 CRC */
    LISTING_AT_SKIPPED = 52,
    LISTING_AT_STATUS = 56,
    LISTING_AT_REASON = 60, /* text: u32 place, u32 length */
    LISTING_HEADER = 68,

    LISTING_SET_ROW = 12,     /* u32 place of the text, u16 lengths of python, abi, platform; 0 */
    LISTING_PYTHON_ROW = 8,   /* text */
    LISTING_RELEASE_ROW = 16, /* text of the version, u32 first file, u32 place of the record */
    LISTING_FILE_ROW = 16,    /* i64 upload time, u32 set, u32 python */

    /* Of a file in its record. */
    LISTING_HAS_METADATA = 1,
    LISTING_SAME_ORIGIN = 2,  /* the link begins behind the page's host */
    LISTING_ENDS_IN_NAME = 4, /* the file name, not repeated, ends it */
};
#define LISTING_YANKED (UINT32_C(1) << 31) /* in the number of Requires-Python */

uint32_t listing_sum(struct str bytes);
/* "https://user@host:1" of a URL: all in front of its path. */
struct str listing_origin(struct str url);

#endif
