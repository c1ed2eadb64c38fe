/*
 * The index client by hand, for tests/stages/20-index.sh and for measuring:
 *
 *     index_tool [OPTION...] files|metadata|wheel|sdist NAME...
 *     index_tool [OPTION...] get URL...
 *     index_tool [OPTION...] scan DIR
 *
 * Every answer is one line; an error is "error <code> <text>" and exit status 1.
 * The last line is "requests <n>". Settings not given come from pip's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "index/index.h"
#include "index/scan.h"

struct tool {
    struct arena arena;
    struct pipconf conf;
    struct index_config config;
    VEC(struct str) extra, links;
    struct index *index;
    struct tags tags;
    bool failed;
};

static void tool_error(struct tool *tool, const struct err *err)
{
    printf("error %d %s\n", (int)err->code, err->text);
    tool->failed = true;
}

static const struct index_release *tool_look(struct tool *tool, const struct index_project *project,
                                             const struct version *version)
{
    const struct index_release *release = NULL;
    struct err err = {0};
    if (!index_release(tool->index, project, version, &release, &err))
        tool_error(tool, &err);
    return release;
}

/* Newest release that is no pre-release, or the newest of all. */
static const struct index_release *tool_release(struct tool *tool,
                                                const struct index_project *project)
{
    const struct version *versions;
    size_t len = index_versions(project, &tool->arena, &versions);
    for (size_t i = 0; i < len; i++) {
        if (version_is_pre(&versions[i]))
            continue;
        const struct index_release *release = tool_look(tool, project, &versions[i]);
        if (release && !release->yanked)
            return release;
    }
    return len ? tool_look(tool, project, &versions[0]) : NULL;
}

static const struct index_project *tool_project(struct tool *tool, struct str name)
{
    const struct index_project *project = NULL;
    struct err err = {0};
    if (!index_project(tool->index, name, &project, &err))
        tool_error(tool, &err);
    return project;
}

static void tool_files(struct tool *tool, struct str name)
{
    const struct index_project *project = tool_project(tool, name);
    const struct version *versions;
    if (!project)
        return;
    size_t len = index_versions(project, &tool->arena, &versions);
    printf("project %.*s releases %zu hidden %zu skipped %zu\n", STR_ARG(project->name), len,
           project->hidden, project->skipped);
    for (size_t i = 0; i < len; i++) {
        const struct index_release *release = tool_look(tool, project, &versions[i]);
        for (size_t f = 0; release && f < release->len; f++) {
            const struct index_file *file = &release->files[f];
            printf("file %.*s %s%s %.*s\n", STR_ARG(file->filename), file->yanked ? "yanked " : "",
                   file->has_sha256 ? "sha256" : "-", STR_ARG(file->origin));
        }
    }
}

static void tool_metadata(struct tool *tool, struct str name)
{
    static const char *const sources[] = {"file", "wheel", "other", "pkg-info", "backend"};
    const struct index_project *project = tool_project(tool, name);
    const struct metadata *metadata;
    enum index_metadata_source source;
    struct err err = {0};
    const struct index_release *release = project ? tool_release(tool, project) : NULL;
    if (!project)
        return;
    if (!release ||
        !index_metadata(tool->index, release, &tool->tags, NULL, &metadata, &source, &err)) {
        tool_error(tool, &err);
        return;
    }
    printf("metadata %.*s %.*s from %s requires %zu python %.*s\n", STR_ARG(metadata->name),
           STR_ARG(metadata->version), sources[source], metadata->requires_dist_len,
           STR_ARG(metadata->requires_python));
    for (size_t i = 0; i < metadata->requires_dist_len; i++)
        printf("requires %.*s\n", STR_ARG(metadata->requires_dist[i]));
}

static void tool_fetch(struct tool *tool, struct str name, bool sdist)
{
    const struct index_project *project = tool_project(tool, name);
    struct err err = {0};
    struct str path;
    if (!project)
        return;
    const struct index_release *release = tool_release(tool, project);
    const struct index_file *file = NULL;
    if (release)
        file = sdist ? index_best_sdist(release, false)
                     : index_best_wheel(release, &tool->tags, false);
    if (!file)
        printf("none\n");
    else if (!index_fetch(tool->index, (struct index_file *)(uintptr_t)file, &path, &err))
        tool_error(tool, &err);
    else
        printf("fetched %.*s %s\n", STR_ARG(path), digest_to_hex(&file->sha256).text);
}

static void tool_get(struct tool *tool, int count, char **urls)
{
    struct http *http;
    struct err err = {0};
    struct http_response response;
    struct http_transfer **transfers =
        ARENA_ARRAY(&tool->arena, struct http_transfer *, (size_t)count + 1);
    if (!http_open(&tool->config.http, &http, &err)) {
        tool_error(tool, &err);
        return;
    }
    for (int i = 0; i < count; i++)
        transfers[i] =
            http_start(http, &(struct http_request){.url = str_from(urls[i])}, &tool->arena);
    for (int i = 0; i < count; i++) {
        err = (struct err){0};
        if (http_wait(http, transfers[i], &response, &err))
            printf("got %d %lld bytes attempts %d from %.*s\n", response.status,
                   (long long)response.size, response.attempts, STR_ARG(response.url));
        else
            tool_error(tool, &err);
    }
    printf("requests %zu\n", http_request_count(http));
    http_close(&http);
}

static void tool_scan(struct tool *tool, const char *dir)
{
    struct scan scan;
    struct err err = {0};
    int64_t start = clock_steady_ms(clock_system());
    if (!scan_dir(dir, NULL, &tool->arena, &scan, &err)) {
        tool_error(tool, &err);
        return;
    }
    printf("scan %zu files %zu complaints %zu ignored %lld ms\n", scan.len, scan.complaints_len,
           scan.ignored, (long long)(clock_steady_ms(clock_system()) - start));
    for (size_t i = 0; i < scan.complaints_len; i++)
        printf("complaint %.*s\n", STR_ARG(scan.complaints[i].text));
}

/* One option with its value; false when it is none. */
static bool tool_option(struct tool *tool, const char *name, const char *value)
{
    struct index_config *config = &tool->config;
    if (!strcmp(name, "--cache"))
        config->cache_dir = str_from(value);
    else if (!strcmp(name, "--index-url"))
        config->index_url = str_from(value);
    else if (!strcmp(name, "--extra-index-url"))
        *vec_push(&tool->extra, &tool->arena) = str_from(value);
    else if (!strcmp(name, "--find-links"))
        *vec_push(&tool->links, &tool->arena) = str_from(value);
    else if (!strcmp(name, "--as-of"))
        return simple_parse_time(str_from(value), &config->as_of_ms);
    else
        return false;
    return true;
}

/* Short waits, for servers that lie on purpose. */
static void tool_quick(struct index_config *config)
{
    config->http.backoff_base_ms = 5;
    config->http.backoff_max_ms = 20;
    config->http.attempts = 3;
    config->http.stall_ms = 1000;
    config->http.deadline_ms = 8000;
}

static int tool_options(struct tool *tool, int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (!strcmp(argv[at], "--no-index"))
            tool->config.no_index = true;
        else if (!strcmp(argv[at], "--offline"))
            tool->config.offline = true;
        else if (!strcmp(argv[at], "--quick"))
            tool_quick(&tool->config);
        else if (at + 1 >= argc || !tool_option(tool, argv[at], argv[at + 1]))
            return argc;
        else
            at++;
    }
    if (tool->extra.len) {
        tool->config.extra_index_urls = tool->extra.at;
        tool->config.extra_index_urls_len = tool->extra.len;
    }
    if (tool->links.len) {
        tool->config.find_links = tool->links.at;
        tool->config.find_links_len = tool->links.len;
    }
    return at;
}

static void tool_names(struct tool *tool, const char *command, int count, char **names)
{
    struct str *all = ARENA_ARRAY(&tool->arena, struct str, (size_t)count + 1);
    for (int i = 0; i < count; i++)
        all[i] = str_from(names[i]);
    index_prefetch(tool->index, all, (size_t)count);
    for (int i = 0; i < count; i++) {
        if (!strcmp(command, "files"))
            tool_files(tool, all[i]);
        else if (!strcmp(command, "metadata"))
            tool_metadata(tool, all[i]);
        else
            tool_fetch(tool, all[i], !strcmp(command, "sdist"));
    }
    printf("requests %zu\n", index_request_count(tool->index));
}

int main(int argc, char **argv)
{
    struct tool tool = {0};
    struct err err = {0};
    struct tag_target target = {
        .python_minor = 11, .arch = STR("s390x"), .libc = TAG_GLIBC, .libc_minor = 36};
    if (!pipconf_load(&pipconf_system, &tool.arena, &tool.conf, &err) ||
        !tags_build(&target, &tool.arena, &tool.tags, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    index_config_default(&tool.conf, &tool.config);
    int at = tool_options(&tool, argc, argv);
    if (at + 1 >= argc) {
        fprintf(stderr, "usage: %s [OPTION...] files|metadata|wheel|sdist|get|scan ARGUMENT...\n",
                argv[0]);
        return 2;
    }
    if (!strcmp(argv[at], "get"))
        tool_get(&tool, argc - at - 1, argv + at + 1);
    else if (!strcmp(argv[at], "scan"))
        tool_scan(&tool, argv[at + 1]);
    else if (!index_open(&tool.config, &tool.index, &err))
        tool_error(&tool, &err);
    else
        tool_names(&tool, argv[at], argc - at - 1, argv + at + 1);
    index_close(&tool.index);
    arena_free(&tool.arena);
    return tool.failed;
}
