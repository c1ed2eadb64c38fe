/*
 * What packs are built from (pack_recipe.h): the release's source package, or an archive named by
 * URL and SHA-256. Every file is known by its digest before it is there, from the archive's signed
 * index or from the recipe, and checked whichever way it comes: out of a directory of the user's,
 * from a mirror, from the archive or the host that the recipe names.
 *
 * An archive may name a newer version in its index than it carries (a mirror without the sources
 * of security updates): then the release's own version serves, which the note of the source says.
 */
#ifndef REFINERY_IMAGE_PACK_SOURCE_H
#define REFINERY_IMAGE_PACK_SOURCE_H

#include "image/apt.h"
#include "image/pack_recipe.h"
#include "net/http.h"

struct pack_origin {
    struct str dir;    /* files under the names that sources have; empty: none */
    struct str mirror; /* URL of a folder with such files, asked before the hosts; empty: none */
    struct http_options http;
    bool offline;
};

struct pack_file {
    struct str name;
    struct digest sha256;
};

struct pack_source {
    const struct pack_file *files; /* none: the recipe has no source of its own */
    size_t len;
    struct str version; /* "1.6.39-2+deb12u5" */
    struct str note;    /* why it is not the newest; empty: it is */
};

struct pack_sources {
    struct apt *apt; /* APT_SOURCES, its lists made, its lock held */
    const struct pack_origin *origin;
    const char *cache;
    struct arena *arena;
};

/* Which files they are; for a source package the newest that the archive names. */
CHECKED bool pack_source_find(const struct pack_sources *sources, const struct pack_recipe *recipe,
                              struct pack_source *source, struct err *err);

/* The files into `into` (made). What was found may give way to what the archive has. */
CHECKED bool pack_source_fetch(const struct pack_sources *sources, const struct pack_recipe *recipe,
                               const char *into, struct pack_source *source, struct err *err);

/* Lines "'ADDRESS' NAME SIZE SHA256:HEX" of apt-get source --print-uris, without the address. Pure.
 * ERR_FORMAT: a name that leads elsewhere, another digest, no .dsc. */
CHECKED bool pack_source_parse(struct str lines, struct arena *arena, struct pack_source *source,
                               struct err *err);

#endif
