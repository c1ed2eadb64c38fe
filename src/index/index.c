#include "index/index.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"
#include "index/locked.h"
#include "index/state.h"
#include "pkg/name.h"

#define INDEX_DEFAULT_URL "https://pypi.org/simple"

void index_config_default(const struct pipconf *pipconf, struct index_config *config)
{
    *config = (struct index_config){
        .index_url = pipconf->index_url,
        .extra_index_urls = pipconf->extra_index_urls,
        .extra_index_urls_len = pipconf->extra_index_urls_len,
        .find_links = pipconf->find_links,
        .find_links_len = pipconf->find_links_len,
        .no_index = pipconf->no_index,
        .http = {.proxy = pipconf->proxy,
                 .ca_file = pipconf->cert,
                 .client_cert = pipconf->client_cert,
                 .trusted_hosts = pipconf->trusted_hosts,
                 .trusted_hosts_len = pipconf->trusted_hosts_len,
                 .stall_ms = pipconf->timeout_s * 1000,
                 .attempts = pipconf->retries >= 0 ? pipconf->retries + 1 : 0},
    };
}

static struct str index_with_slash(struct arena *arena, struct str url)
{
    return arena_printf(arena, STR_FMT "%s", STR_ARG(url), str_ends(url, STR("/")) ? "" : "/");
}

static void index_set_urls(struct index *index)
{
    const struct index_config *config = &index->config;
    struct str *urls = ARENA_ARRAY(&index->arena, struct str, config->extra_index_urls_len + 1);
    if (config->no_index)
        return;
    urls[index->urls_len++] = index_with_slash(
        &index->arena, config->index_url.len ? config->index_url : STR(INDEX_DEFAULT_URL));
    for (size_t i = 0; i < config->extra_index_urls_len; i++)
        urls[index->urls_len++] = index_with_slash(&index->arena, config->extra_index_urls[i]);
    index->urls = urls;
}

bool index_open(const struct index_config *config, struct index **index, struct err *err)
{
    struct index *made = mem_alloc(sizeof *made);
    made->config = *config;
    if (!made->config.http.clock)
        made->config.http.clock = clock_system();
    if (!http_open(&made->config.http, &made->http, err)) {
        mem_free(made);
        return false;
    }
    made->pages = (struct pages){
        .http = made->http, .clock = made->config.http.clock, .offline = config->offline};
    if (config->cache_dir.len)
        made->pages.dir =
            arena_printf(&made->arena, STR_FMT "/pages", STR_ARG(config->cache_dir)).ptr;
    index_set_urls(made);
    *index = made;
    return true;
}

void index_close(struct index **index)
{
    struct index *closing = *index;
    if (!closing)
        return;
    http_close(&closing->http);
    pages_close(&closing->pages);
    for (size_t i = 0; i < closing->projects.len; i++)
        arena_free(&((struct index_ask *)closing->projects.entries[i].value)->arena);
    arena_free(&closing->arena);
    mem_free(closing);
    *index = NULL;
}

size_t index_request_count(const struct index *index)
{
    return http_request_count(index->http);
}

/* ---- projects ---- */

/* The name may be gone with the caller's arena before it is asked for again: it is copied. */
static struct index_ask *index_ask_of(struct index *index, struct str name)
{
    struct str normal = name_normal(name, &index->arena);
    struct index_ask *ask = map_get(&index->projects, normal);
    if (ask)
        return ask;
    ask = ARENA_NEW(&index->arena, struct index_ask);
    ask->name = arena_str(&index->arena, normal);
    *map_at(&index->projects, &index->arena, ask->name) = ask;
    return ask;
}

static struct str index_page_url(struct index *index, size_t which, struct str normal)
{
    return arena_printf(&index->arena, STR_FMT STR_FMT "/", STR_ARG(index->urls[which]),
                        STR_ARG(normal));
}

void index_start_page(struct index *index, struct index_ask *ask, size_t which)
{
    ask->which = which;
    ask->page = (struct page_ask){.url = index_page_url(index, which, ask->name),
                                  .accept = STR(SIMPLE_ACCEPT),
                                  .wants_made = true};
    pages_start(&index->pages, &ask->arena, &ask->page);
}

static void index_begin(struct index *index, struct index_ask *ask)
{
    if (ask->begun || !index->urls_len || index->config.locked)
        return;
    ask->begun = true;
    index_start_page(index, ask, 0);
}

void index_prefetch(struct index *index, const struct str *names, size_t len)
{
    for (size_t i = 0; i < len && index->urls_len; i++)
        index_begin(index, index_ask_of(index, names[i]));
}

/* The page of the first index that knows the project; found stays false when none does. */
static bool index_find_page(struct index *index, struct index_ask *ask, bool have_files,
                            struct page *page, bool *found, struct err *err)
{
    struct err missed = {0};
    *found = false;
    for (size_t i = 0; i < index->urls_len; i++) {
        struct err answer = {0};
        if (i > 0)
            index_start_page(index, ask, i);
        if (pages_wait(&index->pages, &ask->page, &ask->arena, page, &answer)) {
            *found = true;
            return true;
        }
        /* That an index does not know the project is not kept: offline it is the same as a miss. */
        if (index->config.offline && answer.code == ERR_NETWORK)
            missed = answer;
        else if (answer.code != ERR_NOT_FOUND)
            return err_set(err, answer.code, "%s", answer.text);
    }
    return !missed.code || have_files || err_set(err, missed.code, "%s", missed.text);
}

typedef VEC(struct index_file) index_files;

/* Once for each index: what it does not tell cannot be seen as of a time. */
static void index_say_untimed(struct index *index, struct str origin, struct str normal)
{
    void **said = map_at(&index->untimed, &index->arena, origin);
    if (*said)
        return;
    *said = index;
    log_warn(STR_FMT " gives no upload time (PEP 700) for files of " STR_FMT
                     " and perhaps others: with --as-of or --min-release-age they are left out",
             STR_ARG(origin), STR_ARG(normal));
}

static bool index_any_seen(const struct index_project *project)
{
    return project->own_len || (project->listing && project->listing->files > project->hidden);
}

static bool index_ask_project(struct index *index, struct index_ask *ask, struct err *err)
{
    struct index_project *project = ARENA_NEW(&index->arena, struct index_project);
    index_files files = {0};
    struct page page;
    bool found = false;
    struct str normal = project->name = ask->name;
    if (!index_list_links(index, err))
        return false;
    if (index->config.locked) {
        if (!index_locked_project(index, normal, project, err))
            return false;
        ask->project = project;
        return true;
    }
    for (size_t i = 0; i < index->links.len; i++) {
        const struct index_file *link = &index->links.at[i];
        struct str name = link->kind == INDEX_WHEEL ? link->wheel.name : link->sdist.name;
        if (str_eq(name, normal))
            *vec_push(&files, &index->arena) = *link;
    }
    index_group(index, project, files.at, files.len);
    index_begin(index, ask);
    if (!index_find_page(index, ask, files.len > 0, &page, &found, err) ||
        (found && !index_take_page(index, ask, project, &page, err)))
        return false;
    if (project->untimed)
        index_say_untimed(index, ask->origin, normal);
    if (!index_any_seen(project) && project->hidden)
        return err_set(err, ERR_NOT_FOUND,
                       "of " STR_FMT " nothing was there yet: %zu file%s left out by --as-of or "
                       "--min-release-age, %zu of them without an upload time",
                       STR_ARG(normal), project->hidden, project->hidden == 1 ? " is" : "s are",
                       project->untimed);
    if (!found && !files.len)
        return err_set(err, ERR_NOT_FOUND,
                       "nobody knows " STR_FMT " (asked %zu ind%s and %zu "
                       "find-links)",
                       STR_ARG(normal), index->urls_len, index->urls_len == 1 ? "ex" : "exes",
                       index->config.find_links_len);
    ask->project = project;
    return true;
}

bool index_project(struct index *index, struct str name, const struct index_project **project,
                   struct err *err)
{
    struct index_ask *ask = index_ask_of(index, name);
    if (!ask->project && !ask->err) {
        struct err why = {0};
        if (!index_ask_project(index, ask, &why)) {
            struct err *kept = ARENA_NEW(&index->arena, struct err);
            *kept = why;
            ask->err = kept;
        }
    }
    if (!ask->project) {
        *err = *ask->err;
        return false;
    }
    *project = ask->project;
    return true;
}
