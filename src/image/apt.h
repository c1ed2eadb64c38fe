/*
 * The distribution's own resolver and download, apt-get, with a state directory of ours: no
 * package of this machine counts as installed, nothing of its apt changes, any
 * user may run it. From the machine come the archive's address and the network
 * settings (proxies, time-outs, certificates). Signatures are always checked.
 * The caller holds a lock on the directory.
 */
#ifndef REFINERY_IMAGE_APT_H
#define REFINERY_IMAGE_APT_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "image/distro.h"
#include "image/image.h"

struct apt_package {
    struct str exact; /* "libc6_2.36-9+deb12u14_s390x" */
    struct str name, version, arch;
    struct digest sha256;
    uint64_t size;   /* of the .deb */
    struct str file; /* file name that apt gives the download */
};

struct apt_packages {
    struct apt_package *at; /* sorted by `exact` */
    size_t len, cap;
};

enum apt_use {
    APT_PACKAGES,
    APT_SOURCES,  /* the archive's source packages instead */
    APT_CONTENTS, /* the release itself, with the index of the files in its packages */
};

struct apt {
    const struct image_spec *spec;
    const char *dir; /* state directory, absolute */
    image_progress_fn *progress;
    void *state;
    struct str what; /* for progress */
    enum apt_use use;
};

/*
 * Makes the directory usable and its lists present; asks the archive when there
 * are none, when they are older than a day, or when `fresh`.
 */
CHECKED bool apt_update(struct apt *apt, bool fresh, struct arena *arena, struct err *err);

/* The closure of spec->wanted without spec->without. ERR_NOT_FOUND names what the release lacks. */
CHECKED bool apt_resolve(struct apt *apt, struct arena *arena, struct apt_packages *packages,
                         struct err *err);

/* Downloads the packages into `into` (made) under package.file, checked by apt. */
CHECKED bool apt_download(struct apt *apt, const struct apt_packages *packages, const char *into,
                          struct arena *arena, struct err *err);

/* What a source package consists of: lines of address, name, size and digest, sorted by apt. */
CHECKED bool apt_source_uris(struct apt *apt, const char *name, struct arena *arena,
                             struct str *lines, struct err *err);

/* Its files (.dsc and tar archives) into `into` (made), checked by apt against the signed index. */
CHECKED bool apt_download_source(struct apt *apt, const char *name, const char *into,
                                 struct arena *arena, struct err *err);

struct apt_index {
    struct str
        path; /* of the file as apt keeps it: checked against the signed release, compressed */
    bool is_contents; /* else the index of packages */
};

struct apt_indexes {
    struct apt_index *at; /* sorted by name of the file */
    size_t len, cap;
};

/* What an update with APT_CONTENTS brought; ERR_NOT_FOUND: the archive publishes no such index. */
CHECKED bool apt_indexes(struct apt *apt, struct arena *arena, struct apt_indexes *indexes,
                         struct err *err);

/* One line of apt-get --print-uris; false when it is not one. Pure. */
bool apt_parse_uri(struct str line, struct arena *arena, struct apt_package *package);

/*
 * The archive and security mirror that a listing of this machine's sources names for a
 * tree of the distribution: lines "<site>|<release>|<component>|<origin>" (apt-get
 * indextargets). Pure.
 */
void apt_pick_mirrors(struct str listing, const struct distro *distro,
                      const struct distro_archive *archive, struct str *mirror,
                      struct str *security);

/* The first error that apt's output names, in one line; empty when there is none. Pure. */
struct str apt_reason(struct str output);

/* From `apt-config dump`: only what concerns the network, as an apt.conf. Pure. */
struct str apt_network_settings(struct str dump, struct arena *arena);

#endif
