/* What the files of the index client share; index.h is the way in. */
#ifndef REFINERY_INDEX_STATE_H
#define REFINERY_INDEX_STATE_H

#include "base/map.h"
#include "base/vec.h"
#include "index/index.h"
#include "index/pages.h"
#include "index/wheel.h"

struct index_ask {
    struct str name;      /* normal form */
    struct page_ask page; /* of the first index; the others are asked when it does not know */
    struct arena arena;   /* of the page, until its listing was made */
    bool begun;
    struct index_project *project; /* NULL: not known yet */
    size_t which;                  /* index that knows it */
    struct str url, origin;        /* of the page: where it came from; its index, redacted */
    struct map releases;           /* those looked at: normal version -> struct index_release */
    const struct err *err;         /* why there is none, once it was asked for */
};

struct index {
    struct index_config config;
    struct arena arena;
    struct http *http;
    struct pages pages;
    struct map projects;    /* normal name -> struct index_ask */
    struct map metadata;    /* name==version -> struct index_known */
    struct map trees;       /* URL -> struct index_file (source.h) */
    const struct str *urls; /* of the indexes, in order, with a slash at the end */
    size_t urls_len;
    struct map untimed; /* indexes of which it was said that they give no upload times */
    bool listed;        /* find-links were read */
    VEC(struct index_file) links;
};

/* files.c: one file of a page or directory; false when its name says no version or it is hidden. */
bool index_take_file(struct index *index, const struct simple_file *listed, struct str name,
                     struct str path, struct str origin, struct index_file *file);
/* fetch.c: where a file lies on this machine: a file: URL's, or checked and whole in the cache;
 * NULL: it was not fetched yet. */
const char *index_is_fetched(struct index *index, const struct index_file *file);
/* files.c: the release of a project's files of one version, sorted. */
void index_sort_release(struct index_file *files, size_t len, struct index_release *release);
/* files.c: groups files into releases of the project's own, newest first. */
void index_group(struct index *index, struct index_project *project, struct index_file *files,
                 size_t len);
/* files.c: the newest upload that is seen; 0: all are. */
int64_t index_latest_ms(const struct index *index);
/* files.c: what the name of a listed file says; false: no version, or another project than `name`,
 * which may be empty. */
bool index_parse_name(struct arena *arena, struct str name, struct index_file *file);

/* index.c: asks one of the indexes, by its number, for the page. */
void index_start_page(struct index *index, struct index_ask *ask, size_t which);
/* listing.c: makes the page of an ask the project's listing. */
CHECKED bool index_take_page(struct index *index, struct index_ask *ask,
                             struct index_project *project, struct page *page, struct err *err);
/* files.c: a page of the network that leads to a file of this machine is after something else. */
bool index_leads_here(struct index *index, struct str page_url, struct str file_url);
/* files.c: the files that find-links offer, once. */
CHECKED bool index_list_links(struct index *index, struct err *err);

/* remote.c: a wheel's own METADATA by ranges. ERR_LIMIT... as wheel_read; ERR_NOT_FOUND: no ranges.
 */
CHECKED bool index_read_remote(struct index *index, const struct index_file *file,
                               struct wheel *wheel, struct err *err);

#endif
