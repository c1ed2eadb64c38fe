/*
 * Package indexes, directories and pages of links seen as one: the files of a
 * project, the metadata of a release, the artifacts. Answers are cached on disk
 * and revalidated; every hash that an index names is checked. The first index
 * that knows a project is the only one asked for it (dependency confusion),
 * find-links are always looked at too. Nothing is sent as long as nothing is
 * asked that only the network knows. One thread per `struct index`.
 *
 *     struct index_config config;
 *     index_config_default(&pipconf, &config);
 *     struct index *index;
 *     if (!index_open(&config, &index, err)) ...
 *     const struct index_project *project;
 *     if (!index_project(index, STR("markupsafe"), &project, err)) ...
 *
 * What is returned belongs to the index and lives until index_close.
 */
#ifndef REFINERY_INDEX_INDEX_H
#define REFINERY_INDEX_INDEX_H

#include "base/digest.h"
#include "index/pipconf.h"
#include "net/http.h"
#include "pkg/filename.h"
#include "pkg/listing.h"
#include "pkg/metadata.h"
#include "pkg/simple.h"
#include "pkg/tags.h"

struct index;

struct index_config {
    struct str index_url; /* empty: https://pypi.org/simple */
    const struct str *extra_index_urls;
    size_t extra_index_urls_len;
    const struct str *find_links; /* directories, file: URLs, pages */
    size_t find_links_len;
    bool no_index;
    int64_t as_of_ms;     /* 0: now; later uploads and files without a time are not seen */
    int64_t min_age_ms;   /* uploads younger than this are not seen; 0: none */
    struct str cache_dir; /* made when needed; empty: no answers are kept, index_fetch fails */
    const struct index_locked *locked; /* NULL, or what alone there is (locked.h) */
    bool offline; /* only the cache: an answer that is not there is ERR_NETWORK */
    struct http_options http;
};

/* From pip's settings; all slices are borrowed from them. */
void index_config_default(const struct pipconf *pipconf, struct index_config *config);

enum index_kind { INDEX_WHEEL, INDEX_SDIST };

struct index_file {
    enum index_kind kind;
    struct str filename;
    struct str url;    /* empty for a local file of find-links */
    struct str path;   /* local file; empty otherwise */
    struct str commit; /* of a tree out of a repository: `url` names it, `path` is its archive */
    struct str origin; /* the index or directory it came from, redacted */
    struct version version;
    struct wheel_name wheel; /* INDEX_WHEEL */
    struct sdist_name sdist; /* INDEX_SDIST */
    const struct simple_hash *hashes;
    size_t hashes_len;
    bool has_sha256;
    struct digest sha256;
    struct str requires_python;
    bool listed; /* on the index's page: one of the project's listing */
    bool yanked;
    struct str yanked_reason;
    bool has_metadata;
    const struct simple_hash *metadata_hashes;
    size_t metadata_hashes_len;
    int64_t size, upload_time_ms; /* -1 unknown */
};

struct index_release {
    struct version version;
    struct index_file *files; /* wheels by name, then sdists */
    size_t len;
    bool yanked; /* all its files are */
};

struct index_project {
    struct str name;               /* normal form */
    const struct listing *listing; /* the index's page, whose files are read when they are asked
                                      for (index_release); or NULL */
    int64_t latest_ms; /* files of the listing uploaded later are not seen; 0: all are */
    const struct index_release *own; /* of find-links or a lock, newest first */
    size_t own_len;
    enum simple_status status;
    struct str status_reason;
    size_t hidden;  /* files left out by as_of or min_age */
    size_t untimed; /* of these: without an upload time (PEP 700) */
    size_t skipped; /* files whose names say no version (eggs, installers, typing mistakes) */
};

CHECKED bool index_open(const struct index_config *config, struct index **index, struct err *err);
void index_close(struct index **index);

/*
 * The files of a project (any spelling of its name). ERR_NOT_FOUND names the
 * places that were asked.
 */
CHECKED bool index_project(struct index *index, struct str name,
                           const struct index_project **project, struct err *err);

/* Begins to ask for several projects at once; answers come with index_project. Never fails. */
void index_prefetch(struct index *index, const struct str *names, size_t len);

/* All versions that have a file, newest first. */
size_t index_versions(const struct index_project *project, struct arena *arena,
                      const struct version **versions);
/* The release with this version and all its files; NULL: there is none, or none is seen. */
CHECKED bool index_release(struct index *index, const struct index_project *project,
                           const struct version *version, const struct index_release **release,
                           struct err *err);

enum index_metadata_source {
    INDEX_METADATA_FILE,    /* PEP 658 */
    INDEX_METADATA_WHEEL,   /* ranges of a wheel the target accepts, or a local one */
    INDEX_METADATA_OTHER,   /* of a wheel for another target: markers make it fit */
    INDEX_METADATA_PKGINFO, /* static PKG-INFO of the sdist */
    INDEX_METADATA_LOCK,    /* the lock's own word on what a source needs */
    INDEX_METADATA_BACKEND, /* asked from the build backend */
};

/*
 * Asked when nothing else tells the dependencies: builds METADATA from the
 * sdist at `path`. `text` lives in the arena.
 */
struct index_backend {
    bool (*metadata)(void *state, const struct index_file *sdist, struct str path,
                     struct arena *arena, struct str *text, struct err *err);
    void *state;
};

/*
 * Metadata of a release. `tags` (may be NULL) says which wheel is the best one;
 * `backend` may be NULL: then a release that needs it is ERR_NOT_FOUND.
 */
CHECKED bool index_metadata(struct index *index, const struct index_release *release,
                            const struct tags *tags, const struct index_backend *backend,
                            const struct metadata **metadata, enum index_metadata_source *source,
                            struct err *err);
/* Begins to fetch it, where one request is enough. */
void index_prefetch_metadata(struct index *index, const struct index_release *release,
                             const struct tags *tags);

/*
 * The best wheel that the tags accept (order of the tags, then build tag), or
 * NULL. `yanked_ok`: yanked files count.
 */
const struct index_file *index_best_wheel(const struct index_release *release,
                                          const struct tags *tags, bool yanked_ok);
/* The sdist to build from (tar.gz before zip before others), or NULL. */
const struct index_file *index_best_sdist(const struct index_release *release, bool yanked_ok);

/*
 * The file itself, checked against every hash named for it: its path in the
 * cache (by digest, complete or not there) or where it lies. `file` gets its digest.
 */
CHECKED bool index_fetch(struct index *index, struct index_file *file, struct str *path,
                         struct err *err);
/* Several at once; errs[i] has a code for each that failed. True when all are there. */
CHECKED bool index_fetch_all(struct index *index, struct index_file *const *files, size_t len,
                             struct str *paths, struct err *errs);

/* Requests sent over the network so far. A run on local files only has none. */
size_t index_request_count(const struct index *index);

#endif
