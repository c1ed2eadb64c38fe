/* What the files of the index client share; index.h is the way in. */
#ifndef REFINERY_INDEX_STATE_H
#define REFINERY_INDEX_STATE_H

#include "base/map.h"
#include "base/vec.h"
#include "index/index.h"
#include "index/pages.h"
#include "index/wheel.h"

struct index_ask {
    struct page_ask page; /* of the first index; the others are asked when it does not know */
    bool begun;
    struct index_project *project; /* NULL: not known yet */
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
                     struct str path, struct str origin, struct index_project *counts,
                     struct index_file *file);
/* fetch.c: where a file lies on this machine: a file: URL's, or checked and whole in the cache;
 * NULL: it was not fetched yet. */
const char *index_is_fetched(struct index *index, const struct index_file *file);
/* files.c: groups files into releases, newest first. */
void index_group(struct index *index, struct index_project *project, struct index_file *files,
                 size_t len);
/* files.c: a page of the network that leads to a file of this machine is after something else. */
bool index_leads_here(struct index *index, struct str page_url, struct str file_url);
/* files.c: the files that find-links offer, once. */
CHECKED bool index_list_links(struct index *index, struct err *err);

/* remote.c: a wheel's own METADATA by ranges. ERR_LIMIT... as wheel_read; ERR_NOT_FOUND: no ranges.
 */
CHECKED bool index_read_remote(struct index *index, const struct index_file *file,
                               struct wheel *wheel, struct err *err);

#endif
