/*
 * A project's page of a package index in a compact form, made to be mapped: what the solver asks
 * of every version (its text, and of each file tag set, Requires-Python, yanked, upload time) lies
 * in front as rows of fixed width, each tag set and each Requires-Python once; all else about the
 * files of a version is one record, read when that version is looked at. Reading allocates nothing,
 * and a version that nobody looks at costs its rows.
 *
 *     struct listing listing;
 *     if (listing_read(bytes, &stamp, &listing))
 *         for (uint32_t i = 0; i < listing.releases; i++)
 *             ... listing_version(&listing, i) ...
 *
 * Bytes are of any origin: what is cut, altered, of another version of the format, or points
 * anywhere but into itself, is refused. Integers are little-endian. Checksums tell damage, not
 * malice: who may write the cache may write the page too.
 *
 *     "RFNLIST1", checksum of the head behind it, then u32: bytes of the head, of the whole,
 *     counts of sets, pythons, releases and files, where the texts begin, then stamp,
 *     skipped, status and its reason; rows of sets, pythons, releases, files; texts;
 *     records of the releases, newest first.
 */
#ifndef REFINERY_PKG_LISTING_H
#define REFINERY_PKG_LISTING_H

#include "base/buf.h"
#include "pkg/simple.h"
#include "pkg/tags.h"
#include "pkg/version.h"

/* Raised whenever the reading of pages or of file names changes, or the form itself. */
#define LISTING_MAGIC "RFNLIST1"

/* The page that a listing was made from. */
struct listing_stamp {
    uint64_t len;
    uint32_t crc;
};

/* Borrows the bytes. Releases are numbered from the newest on, files from those of the newest. */
struct listing {
    struct str bytes;
    uint32_t head, sets, pythons, releases, files, texts;
    uint32_t skipped; /* files of the page whose names say no version */
    enum simple_status status;
    struct str status_reason;
};

/* What every file says without being looked at. */
struct listing_file {
    uint32_t set;    /* LISTING_SDIST, or number of its tag set */
    uint32_t python; /* number of its Requires-Python */
    bool yanked;
    int64_t uploaded_ms; /* -1 unknown */
};

#define LISTING_SDIST UINT32_MAX

/* A file on its way in: of one project, with a name that says a version. */
struct listing_entry {
    struct version version;
    bool is_wheel;
    struct tag set; /* of a wheel */
    const struct simple_file *file;
};

/* What is said once about a page. */
struct listing_page {
    struct str url; /* where it came from: links to its host are kept without the host */
    struct listing_stamp stamp;
    uint32_t skipped;
    enum simple_status status;
    struct str status_reason;
};

/* `entries` gets sorted: newest version first, wheels, then sdists, by name. False: too large. */
CHECKED bool listing_write(const struct listing_page *page, struct listing_entry *entries,
                           size_t len, struct buf *out);

/* False: no listing, a damaged one, or of another page than `stamp` says (NULL: of any). */
bool listing_read(struct str bytes, const struct listing_stamp *stamp, struct listing *listing);

struct str listing_version(const struct listing *listing, uint32_t release);
/* The files [from, to) of a release. */
void listing_release(const struct listing *listing, uint32_t release, uint32_t *from, uint32_t *to);
struct listing_file listing_file(const struct listing *listing, uint32_t file);
struct tag listing_set(const struct listing *listing, uint32_t set);
struct str listing_python(const struct listing *listing, uint32_t python);

/*
 * All about the files of a release, in their order; `url` is the page's. What is returned lives in
 * the arena, but for requires_python, of the listing. False: the record is damaged.
 */
bool listing_files(const struct listing *listing, uint32_t release, struct str url,
                   struct arena *arena, const struct simple_file **files, size_t *len);

#endif
