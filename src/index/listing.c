/*
 * A project's page as a listing (pkg/listing.h): made once of what the index sent, kept beside it,
 * mapped from then on; and the files of a version, read from it when they are asked for.
 */
#include "base/url.h"
#include "index/state.h"

/* ---- making ---- */

static bool index_parse_page(struct index *index, struct index_ask *ask, const struct page *page,
                             struct arena *arena, struct buf *out, struct err *err)
{
    struct simple_page parsed;
    if (!simple_parse(page->text, page->content_type, page->url, arena, &parsed, err))
        return false;
    struct listing_page head = {.url = page->url,
                                .stamp = page->stamp,
                                .status = parsed.status,
                                .status_reason = parsed.status_reason};
    struct listing_entry *entries = ARENA_ARRAY(arena, struct listing_entry, parsed.files_len);
    size_t len = 0;
    for (size_t i = 0; i < parsed.files_len; i++) {
        struct index_file file = {.filename = parsed.files[i].filename};
        if (index_leads_here(index, page->url, parsed.files[i].url))
            continue;
        if (!index_parse_name(arena, ask->name, &file)) {
            head.skipped++;
            continue;
        }
        entries[len++] = (struct listing_entry){
            .version = file.version,
            .is_wheel = file.kind == INDEX_WHEEL,
            .set = {file.wheel.python, file.wheel.abi, file.wheel.platform},
            .file = &parsed.files[i],
        };
    }
    return listing_write(&head, entries, len, out) ||
           err_set(err, ERR_LIMIT, STR_FMT ": the page is too large", STR_ARG(ask->origin));
}

static bool index_make_listing(struct index *index, struct index_ask *ask, struct page *page,
                               struct listing *listing, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    BUF_AUTO struct buf made = {0};
    struct str kept;
    if (!page->text.len && page->made.len) { /* what was made of it is no good */
        ask->page.wants_made = false;
        if (!pages_wait(&index->pages, &ask->page, &ask->arena, page, err))
            return false;
    }
    if (!index_parse_page(index, ask, page, &scratch, &made, err))
        return false;
    if (!pages_keep_made(&index->pages, &ask->page, buf_str(&made), &kept))
        kept = arena_str(&index->arena, buf_str(&made));
    return listing_read(kept, &page->stamp, listing) ||
           err_set(err, ERR_SYSTEM, STR_FMT ": its listing cannot be read again",
                   STR_ARG(ask->origin));
}

/* ---- what is seen of it ---- */

static bool index_is_hidden(int64_t latest_ms, int64_t uploaded_ms)
{
    return latest_ms && (uploaded_ms < 0 || uploaded_ms > latest_ms);
}

static void index_count_hidden(struct index_project *project)
{
    for (uint32_t i = 0; project->latest_ms && i < project->listing->files; i++) {
        int64_t uploaded_ms = listing_file(project->listing, i).uploaded_ms;
        bool hidden = index_is_hidden(project->latest_ms, uploaded_ms);
        project->hidden += hidden;
        project->untimed += hidden && uploaded_ms < 0;
    }
}

bool index_take_page(struct index *index, struct index_ask *ask, struct index_project *project,
                     struct page *page, struct err *err)
{
    struct listing *listing = ARENA_NEW(&index->arena, struct listing);
    ask->origin = url_redacted(index->urls[ask->which], &index->arena);
    bool made =
        ask->page.wants_made && page->made.len && listing_read(page->made, &page->stamp, listing);
    if (!made && !index_make_listing(index, ask, page, listing, err))
        return false;
    ask->url = arena_str(&index->arena, page->url);
    pages_release(&index->pages, page->text);
    ask->page.page.text = STR("");
    arena_free(&ask->arena);
    project->listing = listing;
    project->latest_ms = index_latest_ms(index);
    project->status = listing->status;
    project->status_reason = listing->status_reason;
    project->skipped = listing->skipped;
    project->hidden = project->untimed = 0;
    index_count_hidden(project);
    return true;
}

/* ---- versions and their files ---- */

static bool index_any_shown(const struct index_project *project, uint32_t release)
{
    uint32_t from, to;
    listing_release(project->listing, release, &from, &to);
    for (uint32_t i = from; i < to; i++)
        if (!index_is_hidden(project->latest_ms, listing_file(project->listing, i).uploaded_ms))
            return true;
    return false;
}

size_t index_versions(const struct index_project *project, struct arena *arena,
                      const struct version **versions)
{
    uint32_t listed = 0, releases = project->listing ? project->listing->releases : 0;
    struct version *made = ARENA_ARRAY(arena, struct version, releases + project->own_len);
    size_t own = 0, len = 0;
    while (listed < releases || own < project->own_len) {
        struct version version;
        bool read = listed < releases &&
                    version_try(listing_version(project->listing, listed), &version) &&
                    index_any_shown(project, listed);
        if (listed < releases && !read) {
            listed++;
            continue;
        }
        int order = own == project->own_len ? 1
                    : !read                 ? -1
                                            : version_cmp(&version, &project->own[own].version);
        made[len++] = order > 0 ? version : project->own[own].version;
        listed += order >= 0;
        own += order <= 0;
    }
    *versions = made;
    return len;
}

/* The number of a version; false: it is not there. */
static bool index_find_listed(const struct listing *listing, const struct version *version,
                              uint32_t *number)
{
    uint32_t low = 0, high = listing ? listing->releases : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct version found;
        int order = version_try(listing_version(listing, middle), &found)
                        ? version_cmp(&found, version)
                        : 0;
        if (!order) {
            *number = middle;
            return true;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static const struct index_release *index_find_own(const struct index_project *project,
                                                  const struct version *version)
{
    for (size_t i = 0; i < project->own_len; i++)
        if (version_cmp(&project->own[i].version, version) == 0)
            return &project->own[i];
    return NULL;
}

/* The record is damaged: the page is read once more. The old listing stays, it is borrowed from. */
static bool index_read_again(struct index *index, struct index_ask *ask, struct err *err)
{
    struct page page;
    index_start_page(index, ask, ask->which);
    ask->page.wants_made = false;
    return pages_wait(&index->pages, &ask->page, &ask->arena, &page, err) &&
           index_take_page(index, ask, ask->project, &page, err);
}

static bool index_listed_files(struct index *index, struct index_ask *ask,
                               const struct version *version, const struct simple_file **files,
                               size_t *len, struct err *err)
{
    const struct index_project *project = ask->project;
    uint32_t number;
    *len = 0;
    if (!index_find_listed(project->listing, version, &number) ||
        listing_files(project->listing, number, ask->url, &index->arena, files, len))
        return true;
    return index_read_again(index, ask, err) &&
           (!index_find_listed(project->listing, version, &number) ||
            listing_files(project->listing, number, ask->url, &index->arena, files, len) ||
            err_set(err, ERR_SYSTEM, "the listing of " STR_FMT " cannot be read again",
                    STR_ARG(project->name)));
}

static bool index_make_release(struct index *index, struct index_ask *ask,
                               const struct version *version, struct index_release *release,
                               struct err *err)
{
    const struct index_release *own = index_find_own(ask->project, version);
    const struct simple_file *listed = NULL;
    size_t listed_len, len = own ? own->len : 0;
    if (!index_listed_files(index, ask, version, &listed, &listed_len, err))
        return false;
    struct index_file *files = ARENA_ARRAY(&index->arena, struct index_file, len + listed_len + 1);
    for (size_t i = 0; i < len; i++)
        files[i] = own->files[i];
    for (size_t i = 0; i < listed_len; i++)
        if (index_take_file(index, &listed[i], ask->project->name, STR(""), ask->origin,
                            &files[len]))
            files[len++].listed = true;
    if (len)
        index_sort_release(files, len, release);
    return true;
}

bool index_release(struct index *index, const struct index_project *project,
                   const struct version *version, const struct index_release **release,
                   struct err *err)
{
    struct index_ask *ask = map_get(&index->projects, project->name);
    struct str key = version_normal(version, &index->arena);
    void **place = map_at(&ask->releases, &index->arena, key);
    if (!*place) {
        struct index_release *made = ARENA_NEW(&index->arena, struct index_release);
        if (!index_make_release(index, ask, version, made, err))
            return false;
        *place = made;
    }
    const struct index_release *found = *place;
    *release = found->len ? found : NULL;
    return true;
}
