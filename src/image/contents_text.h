/*
 * The lines of the indexes that say which file is in which package, read into a map being made
 * (hint/capability_make.h): Contents and Packages of Debian and Ubuntu (Debian repository format,
 * "Contents" indices; Debian policy 7.1), and what dnf prints. Pure: bytes come in pieces of any
 * size, and no more than one line of them is kept.
 */
#ifndef REFINERY_IMAGE_CONTENTS_TEXT_H
#define REFINERY_IMAGE_CONTENTS_TEXT_H

#include "hint/capability_make.h"

enum contents_form {
    CONTENTS_FILES,    /* "usr/include/zlib.h    libdevel/zlib1g-dev,..." */
    CONTENTS_PACKAGES, /* "Depends: libc6 (>= 2.34), zlib1g-dev" of stanzas */
    CONTENTS_DNF,      /* "@zlib-devel", then "/usr/include/zlib.h" for each of its files */
};

enum {
    CONTENTS_LINE_MAX = 16 << 10,          /* the longest in Debian 12 has 329 bytes */
    CONTENTS_FILES_MAX = 20 * 1000 * 1000, /* useful ones; Debian 12 has 0.4 million */
};
#define CONTENTS_BYTES_MAX ((uint64_t)16 << 30) /* of text; Debian 12 has 640 MB */

struct contents_name {
    char text[CAPABILITY_NAME_MAX];
    size_t len; /* 0: none, or too long */
};

struct contents_text {
    struct capability_maker *maker;
    enum contents_form form;
    struct str triplet; /* stands for a folder "@" in the paths of what was shipped; or empty */
    uint64_t bytes;
    size_t passed_over; /* lines that were too long */
    size_t len;
    bool long_line;
    char line[CONTENTS_LINE_MAX];
    struct contents_name package, source; /* of the stanza; of CONTENTS_DNF: whose files come */
};

/* ERR_LIMIT: no index of a distribution is as large as this. */
CHECKED bool contents_text_add(struct contents_text *text, struct str piece, struct err *err);
/* A last line without its end. */
void contents_text_end(struct contents_text *text);

#endif
