/*
 * Answers of indexes kept on disk (RFC 9111 as far as a client of one user needs
 * it): fresh ones are used as they are, older ones revalidated by ETag or
 * Last-Modified. An answer without any word on freshness counts as fresh for ten
 * minutes. A damaged entry is fetched anew.
 *
 * Beside an answer may lie what was made of it (pages_keep_made): where it still belongs to the
 * answer by length and CRC, a fresh answer is neither read nor checked, only known to be there.
 *
 * file: URLs are read from this machine and not kept. What a directory URL (with a slash at its
 * end) answers is, as with web servers, the index file in it; `DIR/NAME/` may also be one file:
 *
 *     DIR/NAME/index.json  DIR/NAME/index.html  DIR/NAME.json  DIR/NAME.html
 */
#ifndef REFINERY_INDEX_PAGES_H
#define REFINERY_INDEX_PAGES_H

#include "base/vec.h"
#include "net/http.h"
#include "pkg/listing.h"

struct pages {
    struct http *http;
    const struct clock *clock;
    const char *dir; /* NULL: nothing is kept */
    bool offline;
    struct arena arena;   /* of the list of maps */
    VEC(struct str) maps; /* of what is kept, where slices are borrowed from it */
    bool clock_said;      /* that this machine's clock and a server's differ */
};

struct page {
    struct str text, content_type, url; /* url: after redirects */
    struct str made;                    /* of this very text, which is empty then; or empty */
    struct listing_stamp stamp;         /* of the text and of where it came from */
};

/* A page that has been asked for; `transfer` is NULL when the cache could answer. */
struct page_ask {
    struct str url, accept;
    bool wants_made; /* what was made of the answer will do; taken back, the next wait reads it */
    struct http_transfer *transfer;
    bool cached, fresh;
    bool local;       /* a file: URL; not cached: there is no such file */
    struct page page; /* of the cache; its text is there once it was looked at */
    uint32_t crc;     /* of the kept text */
    size_t text_at;   /* where that begins in its file */
    struct str etag, last_modified;
};

/* The text of a page is not looked at any more: where it is mapped, its memory goes. */
void pages_release(struct pages *pages, struct str text);
/* What pages_wait gave without a request is gone with it. */
void pages_close(struct pages *pages);

/*
 * Keeps what was made of a page, for later runs, and gives it back mapped, which lives as long as
 * the pages. False: it cannot be kept, which costs work, nothing else.
 */
bool pages_keep_made(struct pages *pages, const struct page_ask *ask, struct str made,
                     struct str *mapped);

/* Begins; page_wait gives the answer. Everything lives in the arena. `ask` is zeroed but for url,
 * accept and wants_made. */
void pages_start(struct pages *pages, struct arena *arena, struct page_ask *ask);
/* ERR_NOT_FOUND: the server says that there is no such page. */
CHECKED bool pages_wait(struct pages *pages, struct page_ask *ask, struct arena *arena,
                        struct page *page, struct err *err);

#endif
