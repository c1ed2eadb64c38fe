#include "index/pages.h"

#include <libdeflate.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/url.h"
#include "os/fd.h"
#include "os/file.h"

enum { PAGES_LIMIT = 256 << 20, PAGES_HEURISTIC_S = 600 };
enum { PAGES_LINE_STEP = 128 }; /* the line about an answer is as long as a multiple of this */
#define PAGES_CLOCK_MS ((int64_t)3600 * 1000) /* off by more is said */

/* One file per answer: a line of JSON about it, filled up with spaces, then the body. */
static const char *pages_path(const struct pages *pages, const struct page_ask *ask,
                              struct arena *arena)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, ask->url);
    digest_add_field(stream, ask->accept);
    struct digest digest = digest_finish(stream);
    return arena_printf(arena, "%s/%.40s", pages->dir, digest_to_hex(&digest).text).ptr;
}

/* Told from a damaged disk; what an answer promises is checked by its own digests. */
static int64_t pages_crc(struct str text)
{
    return libdeflate_crc32(0, text.ptr, text.len);
}

/* The same text from elsewhere is another page: its links lead elsewhere. */
static struct listing_stamp pages_stamp(uint64_t len, uint32_t crc, struct str url,
                                        struct arena *arena)
{
    struct str shown = url_redacted(url, arena);
    return (struct listing_stamp){len, libdeflate_crc32(crc, shown.ptr, shown.len)};
}

/* What was made of an answer lies beside it. */
static const char *pages_made_path(const struct pages *pages, const struct page_ask *ask,
                                   struct arena *arena)
{
    return arena_printf(arena, "%s.listing", pages_path(pages, ask, arena)).ptr;
}

static bool pages_map(struct pages *pages, const char *path, struct str *bytes)
{
    struct err ignored = {0};
    if (!file_map(AT_FDCWD, path, PAGES_LIMIT, bytes, &ignored))
        return false;
    *vec_push(&pages->maps, &pages->arena) = *bytes;
    return true;
}

/* The line in front of a kept answer. */
static bool pages_read_line(struct pages *pages, struct str line, struct arena *arena,
                            struct page_ask *ask)
{
    struct err ignored = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    if (!json_parse(line, "a cached answer", &doc, &ignored))
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    int64_t fetched = json_get_int(root, "fetched_ms", 0);
    int64_t max_age = json_get_int(root, "max_age_s", -1), crc = json_get_int(root, "crc32", -1);
    if (crc < 0 || crc > UINT32_MAX ||
        !str_eq(json_get_str(root, "asked"), url_redacted(ask->url, arena)))
        return false;
    ask->crc = (uint32_t)crc;
    /* Not written when it was the one asked for: with the user and password of now. */
    struct str url = json_get_str(root, "url");
    ask->page.url = url.len ? arena_str(arena, url) : ask->url;
    ask->page.content_type = arena_str(arena, json_get_str(root, "content_type"));
    ask->etag = arena_str(arena, json_get_str(root, "etag"));
    ask->last_modified = arena_str(arena, json_get_str(root, "last_modified"));
    int64_t age_ms = clock_wall_ms(pages->clock) - fetched;
    ask->fresh = age_ms >= 0 && age_ms < (max_age >= 0 ? max_age : PAGES_HEURISTIC_S) * 1000;
    return true;
}

/* The body is looked at only when it is needed: pages_read_body. */
static void pages_read(struct pages *pages, struct arena *arena, struct page_ask *ask)
{
    struct err ignored = {0};
    struct str bytes, line, body, made;
    if (!pages->dir ||
        !file_map(AT_FDCWD, pages_path(pages, ask, arena), PAGES_LIMIT, &bytes, &ignored))
        return;
    ask->cached = str_cut(bytes, '\n', &line, &body) && pages_read_line(pages, line, arena, ask);
    ask->text_at = bytes.len - body.len;
    ask->page.stamp = pages_stamp(body.len, ask->crc, ask->page.url, arena);
    file_unmap(bytes);
    if (ask->cached && ask->wants_made &&
        pages_map(pages, pages_made_path(pages, ask, arena), &made))
        ask->page.made = made;
}

/* False, and no longer cached: damaged, or another answer took its place. */
static bool pages_read_body(struct pages *pages, struct arena *arena, struct page_ask *ask)
{
    struct str bytes, line;
    struct page *page = &ask->page;
    if (ask->local || page->text.len)
        return true;
    ask->cached = pages_map(pages, pages_path(pages, ask, arena), &bytes) &&
                  str_cut(bytes, '\n', &line, &page->text) && page->text.len == page->stamp.len &&
                  pages_crc(page->text) == ask->crc;
    return ask->cached;
}

bool pages_keep_made(struct pages *pages, const struct page_ask *ask, struct str made,
                     struct str *mapped)
{
    ARENA_AUTO struct arena scratch = {0};
    struct err ignored = {0};
    if (!pages->dir || ask->local)
        return false;
    const char *path = pages_made_path(pages, ask, &scratch);
    return file_write_unsynced(AT_FDCWD, path, 0600, made, &ignored) &&
           pages_map(pages, path, mapped);
}

static void pages_line(struct pages *pages, const struct page_ask *ask,
                       const struct http_response *response, struct buf *out)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf line = {0};
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "asked", url_redacted(ask->url, &scratch));
    if (!str_eq(response->url, ask->url))
        json_add_str(doc, root, "url", url_redacted(response->url, &scratch));
    json_add_str(doc, root, "content_type", response->content_type);
    json_add_str(doc, root, "etag", response->etag);
    json_add_str(doc, root, "last_modified", response->last_modified);
    yyjson_mut_obj_add_int(doc, root, "crc32", ask->crc);
    yyjson_mut_obj_add_int(doc, root, "fetched_ms", clock_wall_ms(pages->clock));
    yyjson_mut_obj_add_int(doc, root, "max_age_s", response->max_age_s);
    json_write(doc, false, &line);
    buf_add(out, str_trim(buf_str(&line)));
    while (out->len % PAGES_LINE_STEP != PAGES_LINE_STEP - 1)
        buf_add_char(out, ' ');
    buf_add_char(out, '\n');
}

/* A cache that cannot be written costs requests, nothing else. */
static void pages_write(struct pages *pages, const struct page_ask *ask,
                        const struct http_response *response)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf bytes = {0};
    struct err ignored = {0};
    if (!pages->dir || !file_mkdirs(AT_FDCWD, pages->dir, 0755, &ignored))
        return;
    pages_line(pages, ask, response, &bytes);
    buf_add(&bytes, response->body);
    /* Half a file has a wrong checksum: nothing has to wait for the disk. */
    (void)!file_write_unsynced(AT_FDCWD, pages_path(pages, ask, &scratch), 0600, buf_str(&bytes),
                               &ignored);
}

/* Puts a line in place of the one in front of the kept answer; who reads half of it asks anew. */
static bool pages_write_line(const struct pages *pages, const struct page_ask *ask, struct str line)
{
    ARENA_AUTO struct arena scratch = {0};
    struct stat info;
    FD_AUTO int fd = open(pages_path(pages, ask, &scratch), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return line.len == ask->text_at && fd >= 0 && fstat(fd, &info) == 0 &&
           (uint64_t)info.st_size == ask->text_at + ask->page.stamp.len &&
           pwrite(fd, line.ptr, line.len, 0) == (ssize_t)line.len;
}

/* ---- file: URLs ---- */

static bool pages_take_local(struct arena *arena, struct str path, const char *type,
                             struct page_ask *ask)
{
    struct err ignored = {0};
    struct stat info;
    if (stat(path.ptr, &info) < 0 || !S_ISREG(info.st_mode) ||
        !file_read(AT_FDCWD, path.ptr, PAGES_LIMIT, arena, &ask->page.text, &ignored))
        return false;
    ask->page.content_type = str_from(type);
    ask->page.url = ask->url;
    return true;
}

static bool pages_read_local(struct arena *arena, struct page_ask *ask)
{
    static const struct {
        const char *behind, *type;
    } forms[] = {{"/index.json", "application/vnd.pypi.simple.v1+json"},
                 {"/index.html", "text/html"},
                 {".json", "application/vnd.pypi.simple.v1+json"},
                 {".html", "text/html"}};
    struct str path;
    if (!url_to_path(ask->url, arena, &path))
        return false;
    ask->local = true;
    if (!str_ends(path, STR("/")))
        ask->cached = pages_take_local(arena, path, "", ask);
    else
        path = str_slice(path, 0, path.len - 1);
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !ask->cached; i++)
        ask->cached = pages_take_local(
            arena, arena_printf(arena, STR_FMT "%s", STR_ARG(path), forms[i].behind), forms[i].type,
            ask);
    return true;
}

void pages_release(struct pages *pages, struct str text)
{
    for (size_t i = 0; i < pages->maps.len; i++) {
        struct str map = pages->maps.at[i];
        if (text.ptr < map.ptr || text.ptr >= map.ptr + map.len)
            continue;
        file_unmap(map);
        pages->maps.at[i] = pages->maps.at[--pages->maps.len];
        return;
    }
}

void pages_close(struct pages *pages)
{
    for (size_t i = 0; i < pages->maps.len; i++)
        file_unmap(pages->maps.at[i]);
    arena_free(&pages->arena);
}

static void pages_request(struct pages *pages, struct arena *arena, struct page_ask *ask)
{
    struct http_request request = {
        .url = ask->url, .accept = ask->accept, .size_limit = PAGES_LIMIT};
    if (ask->cached) {
        request.if_none_match = ask->etag;
        request.if_modified_since = ask->etag.len ? STR("") : ask->last_modified;
    }
    ask->transfer = http_start(pages->http, &request, arena);
}

void pages_start(struct pages *pages, struct arena *arena, struct page_ask *ask)
{
    if (pages_read_local(arena, ask))
        return;
    pages_read(pages, arena, ask);
    if (!pages->offline && !(ask->cached && ask->fresh))
        pages_request(pages, arena, ask);
}

/* Ages, --as-of and certificates are judged by this machine's clock: one that is far off is told.
 */
static void pages_compare_clocks(struct pages *pages, const struct page_ask *ask, int64_t date_ms)
{
    int64_t ahead = clock_wall_ms(pages->clock) - date_ms;
    ARENA_AUTO struct arena scratch = {0};
    if (date_ms < 0 || pages->clock_said || (ahead < PAGES_CLOCK_MS && ahead > -PAGES_CLOCK_MS))
        return;
    pages->clock_said = true;
    log_warn("the clock of this machine is %lld hours %s that of " STR_FMT
             ": set it, or ages of releases and certificates are judged wrongly",
             (long long)(ahead < 0 ? -ahead : ahead) / 3600000, ahead < 0 ? "behind" : "ahead of",
             STR_ARG(url_redacted(ask->url, &scratch)));
}

/* What is kept is still true: its time starts anew. False: it is damaged. */
static bool pages_renew(struct pages *pages, struct arena *arena, struct page_ask *ask,
                        struct http_response *response)
{
    BUF_AUTO struct buf line = {0};
    bool made = ask->wants_made && ask->page.made.len;
    if (!made && !pages_read_body(pages, arena, ask))
        return false;
    response->url = ask->page.url;
    response->content_type = ask->page.content_type;
    if (!response->etag.len)
        response->etag = ask->etag;
    if (!response->last_modified.len)
        response->last_modified = ask->last_modified;
    pages_line(pages, ask, response, &line);
    if (pages_write_line(pages, ask, buf_str(&line)) || !pages_read_body(pages, arena, ask))
        return ask->cached;
    response->body = ask->page.text;
    pages_write(pages, ask, response);
    return true;
}

static void pages_take(struct pages *pages, struct arena *arena, struct page_ask *ask,
                       const struct http_response *response)
{
    struct page page = {.text = response->body,
                        .content_type = response->content_type,
                        .url = response->url.len ? response->url : ask->url,
                        .made = ask->page.made}; /* told by the stamp whether it still belongs */
    ask->crc = (uint32_t)pages_crc(page.text);
    page.stamp = pages_stamp(page.text.len, ask->crc, page.url, arena);
    ask->page = page;
    ask->cached = true;
    pages_write(pages, ask, response);
}

bool pages_wait(struct pages *pages, struct page_ask *ask, struct arena *arena, struct page *page,
                struct err *err)
{
    struct http_response response;
    bool made = ask->wants_made && ask->page.made.len;
    if (ask->local && !ask->cached)
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": there is no such file", STR_ARG(ask->url));
    if (!ask->transfer && !made && ask->cached && !pages_read_body(pages, arena, ask) &&
        !pages->offline)
        pages_request(pages, arena, ask);
    if (!ask->transfer && !ask->cached)
        return err_set(err, ERR_NETWORK, STR_FMT ": not in the cache, and this run is offline",
                       STR_ARG(ask->url));
    while (ask->transfer) {
        struct http_transfer *transfer = ask->transfer;
        ask->transfer = NULL;
        if (!http_wait(pages->http, transfer, &response, err))
            return false;
        pages_compare_clocks(pages, ask, response.date_ms);
        if (response.status != 304)
            pages_take(pages, arena, ask, &response);
        else if (!pages_renew(pages, arena, ask, &response)) /* unchanged, but damaged here */
            pages_request(pages, arena, ask);
    }
    *page = ask->page;
    return true;
}
