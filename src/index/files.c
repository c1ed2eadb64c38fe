/* Files of projects: what their names say, what is hidden, how they form releases. */
#include <stdlib.h>
#include <string.h>

#include "index/state.h"
#include "os/file.h"
#include "base/log.h"
#include "base/url.h"

int64_t index_latest_ms(const struct index *index)
{
    const struct index_config *config = &index->config;
    int64_t latest = config->as_of_ms;
    if (config->min_age_ms) {
        int64_t youngest = clock_wall_ms(index->pages.clock) - config->min_age_ms;
        latest = latest && latest < youngest ? latest : youngest;
    }
    return latest;
}

bool index_parse_name(struct arena *arena, struct str name, struct index_file *file)
{
    struct err ignored = {0};
    switch (filename_kind(file->filename)) {
    case FILENAME_WHEEL:
        file->kind = INDEX_WHEEL;
        if (!filename_parse_wheel(file->filename, arena, &file->wheel, &ignored))
            return false;
        file->version = file->wheel.version;
        return !name.len || str_eq(file->wheel.name, name);
    case FILENAME_SDIST:
        file->kind = INDEX_SDIST;
        if (!filename_parse_sdist(file->filename, name, arena, &file->sdist, &ignored))
            return false;
        file->version = file->sdist.version;
        return !name.len || str_eq(file->sdist.name, name);
    case FILENAME_OTHER:
        break;
    }
    return false;
}

bool index_take_file(struct index *index, const struct simple_file *listed, struct str name,
                     struct str path, struct str origin, struct index_file *file)
{
    *file = (struct index_file){
        .filename = listed->filename,
        .url = path.len ? STR("") : listed->url,
        .path = path,
        .origin = origin,
        .hashes = listed->hashes,
        .hashes_len = listed->hashes_len,
        .requires_python = listed->requires_python,
        .yanked = listed->yanked,
        .yanked_reason = listed->yanked_reason,
        .has_metadata = listed->has_metadata,
        .metadata_hashes = listed->metadata_hashes,
        .metadata_hashes_len = listed->metadata_hashes_len,
        .size = listed->size,
        .upload_time_ms = listed->upload_time_ms,
    };
    struct str hex = simple_find_hash(listed->hashes, listed->hashes_len, "sha256");
    int64_t latest = path.len ? 0 : index_latest_ms(index);
    file->has_sha256 = digest_from_hex(hex, &file->sha256);
    return index_parse_name(&index->arena, name, file) &&
           (!latest || (file->upload_time_ms >= 0 && file->upload_time_ms <= latest));
}

static int index_file_cmp(const void *a, const void *b)
{
    const struct index_file *x = a, *y = b;
    int order = version_cmp(&y->version, &x->version); /* newest first */
    if (!order)
        order = (int)x->kind - (int)y->kind; /* wheels, then sdists */
    return order ? order : str_cmp(x->filename, y->filename);
}

void index_sort_release(struct index_file *files, size_t len, struct index_release *release)
{
    if (len)
        qsort(files, len, sizeof *files, index_file_cmp);
    *release = (struct index_release){
        .version = files->version, .files = files, .len = len, .yanked = true};
    for (size_t i = 0; i < len; i++)
        release->yanked = release->yanked && files[i].yanked;
}

void index_group(struct index *index, struct index_project *project, struct index_file *files,
                 size_t len)
{
    VEC(struct index_release) releases = {0};
    if (len)
        qsort(files, len, sizeof *files, index_file_cmp);
    for (size_t from = 0, to; from < len; from = to) {
        for (to = from + 1; to < len && version_cmp(&files[from].version, &files[to].version) == 0;)
            to++;
        index_sort_release(&files[from], to - from, vec_push(&releases, &index->arena));
    }
    project->own = releases.at;
    project->own_len = releases.len;
}

const struct index_file *index_best_wheel(const struct index_release *release,
                                          const struct tags *tags, bool yanked_ok)
{
    const struct index_file *best = NULL;
    long best_rank = -1;
    for (size_t i = 0; i < release->len; i++) {
        const struct index_file *file = &release->files[i];
        if (file->kind != INDEX_WHEEL || (file->yanked && !yanked_ok))
            continue;
        long rank = tags_rank(tags, file->wheel.python, file->wheel.abi, file->wheel.platform);
        if (rank < 0 || (best && rank > best_rank))
            continue;
        if (best && rank == best_rank && filename_cmp_build(&file->wheel, &best->wheel) <= 0)
            continue;
        best = file;
        best_rank = rank;
    }
    return best;
}

const struct index_file *index_best_sdist(const struct index_release *release, bool yanked_ok)
{
    const struct index_file *best = NULL;
    for (size_t i = 0; i < release->len; i++) {
        const struct index_file *file = &release->files[i];
        if (file->kind == INDEX_SDIST && (!file->yanked || yanked_ok) &&
            (!best || file->sdist.kind < best->sdist.kind))
            best = file;
    }
    return best;
}

/* ---- find-links ---- */

struct index_listing {
    struct index *index;
    struct str dir;
};

static bool index_list_entry(void *state, int dirfd, struct str name, struct err *err)
{
    struct index_listing *listing = state;
    struct index_file file;
    struct simple_file listed = {
        .filename = arena_str(&listing->index->arena, name), .size = -1, .upload_time_ms = -1};
    (void)dirfd;
    (void)err;
    struct str path = file_join(&listing->index->arena, listing->dir, name);
    if (index_take_file(listing->index, &listed, STR(""), path, listing->dir, &file))
        *vec_push(&listing->index->links, &listing->index->arena) = file;
    return true;
}

bool index_leads_here(struct index *index, struct str page_url, struct str file_url)
{
    struct str path;
    return !str_starts(page_url, STR("file:")) && url_to_path(file_url, &index->arena, &path);
}

static bool index_list_page(struct index *index, struct str url, struct err *err)
{
    struct page_ask ask = {.url = url, .accept = STR(SIMPLE_ACCEPT)};
    struct page page;
    struct simple_page parsed;
    pages_start(&index->pages, &index->arena, &ask);
    if (!pages_wait(&index->pages, &ask, &index->arena, &page, err) ||
        !simple_parse(page.text, page.content_type, page.url, &index->arena, &parsed, err))
        return false;
    struct str origin = url_redacted(url, &index->arena);
    for (size_t i = 0; i < parsed.files_len; i++) {
        struct index_file file;
        if (index_leads_here(index, page.url, parsed.files[i].url))
            continue;
        if (index_take_file(index, &parsed.files[i], STR(""), STR(""), origin, &file))
            *vec_push(&index->links, &index->arena) = file;
    }
    return true;
}

bool index_list_links(struct index *index, struct err *err)
{
    if (index->listed)
        return true;
    index->listed = true;
    for (size_t i = 0; i < index->config.find_links_len; i++) {
        struct str place = index->config.find_links[i], path = place;
        struct index_listing listing = {.index = index};
        struct err absent = {0};
        if (url_has_scheme(place) && !url_to_path(place, &index->arena, &path)) {
            if (!index_list_page(index, place, err))
                return err_wrap(err, "--find-links");
            continue;
        }
        if (!file_absolute(path, &index->arena, &listing.dir, err))
            return false;
        if (file_each(AT_FDCWD, listing.dir.ptr, index_list_entry, &listing, &absent))
            continue;
        if (absent.code != ERR_NOT_FOUND)
            return err_set(err, absent.code, "--find-links: %s", absent.text);
        /* As with pip: it is often configured for all machines. */
        log_warn("--find-links: " STR_FMT " is not there and passed over", STR_ARG(listing.dir));
    }
    return true;
}
