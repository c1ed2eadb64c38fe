#include "build/crates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/vec.h"
#include "build/evidence.h"
#include "os/file.h"
#include "pkg/toml.h"

extern char **environ;

enum {
    CRATES_DEPTH_MAX = 8, /* folders */
    CRATES_LOCKS_MAX = 64,
    CRATES_LOCK_BYTES_MAX = 16 << 20,
    CRATES_CONFIG_MAX = 1 << 20,
    CRATES_WALL_MS = 30 * 60 * 1000,
    CRATES_SILENCE_MS = 10 * 60 * 1000,
    CRATES_OUTPUT_MAX = 16 << 20,
};
#define CRATES_SCRATCH_MAX ((uint64_t)8 << 30)
#define CRATES_SOURCE "/source"
#define CRATES_CA "/ca.crt"

/* ---- the registry ---- */

/* cargo's own settings on this machine: its path, or NULL when there are none. */
static const char *crates_config(struct arena *arena)
{
    const char *home = getenv("CARGO_HOME"), *user = getenv("HOME");
    struct str folder = home   ? arena_str(arena, str_from(home))
                        : user ? arena_printf(arena, "%s/.cargo", user)
                               : STR("/nonexistent");
    static const char *const names[] = {"config.toml", "config"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = arena_printf(arena, STR_FMT "/%s", STR_ARG(folder), names[i]).ptr;
        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

static bool crates_is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '"' || text.ptr[i] == '\\' || (unsigned char)text.ptr[i] < ' ')
            return false;
    return text.len > 0;
}

/*
 * The [source] tables alone: cargo files crates under the name of their registry, so an offline
 * build has to know it. Tokens and whatever else is there are no business of packages.
 */
static struct str crates_sources(struct arena *arena)
{
    static const char *const keys[] = {"registry", "replace-with", "local-registry", "directory"};
    const char *config = crates_config(arena);
    const struct toml *root;
    BUF_AUTO struct buf out = {0};
    struct err ignored = {0};
    struct str text;
    if (!config || !file_read(AT_FDCWD, config, CRATES_CONFIG_MAX, arena, &text, &ignored) ||
        !toml_parse(text, config, arena, &root, &ignored))
        return STR("");
    const struct toml *sources = toml_path(root, "source");
    if (!sources || sources->kind != TOML_TABLE)
        return STR("");
    for (size_t i = 0; i < sources->table.len; i++) {
        const struct toml *source = sources->table.entries[i].value;
        if (source->kind != TOML_TABLE || !crates_is_plain(sources->table.entries[i].key))
            continue;
        buf_printf(&out, "[source.\"%.*s\"]\n", STR_ARG(sources->table.entries[i].key));
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            const struct toml *value = toml_path(source, keys[k]);
            if (value && value->kind == TOML_STRING && crates_is_plain(value->string))
                buf_printf(&out, "%s = \"%.*s\"\n", keys[k], STR_ARG(value->string));
        }
    }
    return arena_str(arena, buf_str(&out));
}

/* ---- the lock files of a source ---- */

struct crates_search {
    struct arena *arena;
    const char *path; /* of the folder looked at */
    unsigned depth;
    bool has_manifest;
    VEC(const char *) locked; /* folders with a Cargo.lock */
};

static bool crates_look(void *state, int dirfd, struct str name, struct err *err);

/*
 * A lock file speaks for all below it: what lies there is vendored or an example. Nobody
 * has run anything of the source yet, and unpacking kept its links inside.
 */
static bool crates_look_in(struct crates_search *search, const char *path, struct err *err)
{
    struct stat info;
    const char *above = search->path;
    const char *lock = arena_printf(search->arena, "%s/Cargo.lock", path).ptr;
    if (lstat(lock, &info) == 0 && S_ISREG(info.st_mode)) {
        *vec_push(&search->locked, search->arena) = path;
        return search->locked.len <= CRATES_LOCKS_MAX ||
               err_set(err, ERR_LIMIT, "more than %d Cargo.lock files", CRATES_LOCKS_MAX);
    }
    if (search->depth == CRATES_DEPTH_MAX)
        return true;
    search->path = path;
    search->depth++;
    bool ok = file_each(AT_FDCWD, path, crates_look, search, err);
    search->depth--;
    search->path = above;
    return ok;
}

static bool crates_look(void *state, int dirfd, struct str name, struct err *err)
{
    struct crates_search *search = state;
    struct stat info;
    (void)dirfd;
    const char *path = arena_printf(search->arena, "%s/" STR_FMT, search->path, STR_ARG(name)).ptr;
    search->has_manifest = search->has_manifest || str_eq(name, STR("Cargo.toml"));
    return lstat(path, &info) < 0 || !S_ISDIR(info.st_mode) || crates_look_in(search, path, err);
}

/* What was fetched is a function of the lock files' places and bytes, and of the registry's name.
 */
static bool crates_key(const struct crates_search *search, const char *source, struct str sources,
                       struct digest *key, struct err *err)
{
    struct digest_stream *stream = digest_open();
    bool ok = true;
    digest_add_field(stream, STR("crates 2"));
    digest_add_field(stream, sources);
    for (size_t i = 0; ok && i < search->locked.len; i++) {
        ARENA_AUTO struct arena scratch = {0};
        struct str bytes;
        const char *path = arena_printf(&scratch, "%s/Cargo.lock", search->locked.at[i]).ptr;
        ok = file_read(AT_FDCWD, path, CRATES_LOCK_BYTES_MAX, &scratch, &bytes, err);
        digest_add_field(stream, str_from(search->locked.at[i] + strlen(source)));
        digest_add_field(stream, ok ? bytes : STR(""));
    }
    *key = digest_finish(stream);
    return ok;
}

/* ---- cargo ---- */

/* What cargo says, and what it means to whoever wants the package. */
static const struct {
    const char *sign, *meaning;
    enum spec_outcome outcome;
} crates_failures[] = {
    {"--locked was passed",
     "Cargo.lock does not fit its Cargo.toml; run \"cargo update --workspace\" in the source and "
     "give the sdist made of it with --input",
     SPEC_BUILD_FAILED},
    {"changed between lock files",
     "a crate is not the one whose checksum Cargo.lock promises; if the registry is right, run "
     "\"cargo generate-lockfile\" in the source and give the sdist made of it with --input",
     SPEC_BUILD_FAILED},
    {"failed to verify the checksum",
     "a crate is not the one whose checksum the registry promises; try again, or ask who runs "
     "the registry",
     SPEC_FETCH_FAILED},
    {"failed to parse lock file",
     "Cargo.lock is damaged; run \"cargo generate-lockfile\" in the source and give the sdist "
     "made of it with --input",
     SPEC_BUILD_FAILED},
    {"failed to parse manifest", "its Cargo.toml is not valid", SPEC_BUILD_FAILED},
    {"download of", "the crate registry cannot be reached", SPEC_FETCH_FAILED},
    {"failed to download", "the crate registry cannot be reached", SPEC_FETCH_FAILED},
    {"Could not resolve host", "the crate registry cannot be reached", SPEC_FETCH_FAILED},
};

static bool crates_said(struct spec_list lines, const char *sign, struct str *line)
{
    for (size_t i = 0; i < lines.len; i++)
        if (str_find(lines.at[i], str_from(sign)) < lines.at[i].len) {
            *line = lines.at[i];
            return true;
        }
    return false;
}

static void crates_explain(struct evidence *evidence, const struct jail_result *ended,
                           const struct jail_limits *limits, struct arena *arena,
                           struct spec_result *result)
{
    struct spec_list lines = evidence_lines(evidence);
    const char *meaning = "cargo fetch failed";
    const size_t rows = sizeof crates_failures / sizeof *crates_failures;
    struct str said =
        ended->end == JAIL_EXITED ? evidence_last(evidence) : jail_describe(ended, limits, arena);
    size_t row = 0;
    result->outcome = SPEC_BUILD_FAILED;
    while (row < rows && !crates_said(lines, crates_failures[row].sign, &said))
        row++;
    if (row < rows) {
        meaning = crates_failures[row].meaning;
        result->outcome = crates_failures[row].outcome;
    }
    result->evidence = lines;
    result->why = arena_printf(arena, "%s (" STR_FMT ")", meaning, STR_ARG(said));
}

/* The certificates that this machine trusts: a registry of its own may need them. */
static const char *crates_ca(void)
{
    static const char *const variables[] = {"CARGO_HTTP_CAINFO", "SSL_CERT_FILE"};
    static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (getenv(variables[i]) && access(getenv(variables[i]), R_OK) == 0)
            return getenv(variables[i]);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

/* Settings of this machine's cargo that reach it by the environment. */
static bool crates_passes(struct str word)
{
    if (str_starts(word, STR("CARGO_HTTP_CAINFO="))) /* it comes under a name of ours */
        return false;
    static const char *const starts[] = {
        "CARGO_REGISTR", "CARGO_HTTP_",  "CARGO_NET_RETRY=", "CARGO_SOURCE_",
        "http_proxy=",   "https_proxy=", "HTTP_PROXY=",      "HTTPS_PROXY=",
        "no_proxy=",     "NO_PROXY=",    "ALL_PROXY=",       "all_proxy="};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (str_starts(word, str_from(starts[i])))
            return true;
    return false;
}

static const char *const *crates_environment(struct arena *arena)
{
    VEC(const char *) env = {0};
    *vec_push(&env, arena) = "PATH=/usr/bin:/bin";
    *vec_push(&env, arena) = "HOME=/tmp";
    *vec_push(&env, arena) = "LC_ALL=C.UTF-8";
    *vec_push(&env, arena) = "CARGO_HOME=" TOOLCHAIN_CRATES;
    *vec_push(&env, arena) = "CARGO_TERM_COLOR=never";
    *vec_push(&env, arena) = "CARGO_TERM_PROGRESS_WHEN=never";
    for (char **at = environ; *at; at++)
        if (crates_passes(str_from(*at)))
            *vec_push(&env, arena) = *at;
    if (crates_ca())
        *vec_push(&env, arena) = "CARGO_HTTP_CAINFO=" CRATES_CA;
    *vec_push(&env, arena) = NULL;
    return env.at;
}

struct crates_work {
    const struct slot *slot;
    const struct place *place;
    const char *source, *into;
};

static const struct jail_mount *crates_mounts(const struct crates_work *work, size_t *count)
{
    struct arena *arena = work->slot->arena;
    VEC(struct jail_mount) mounts = {0};
    const char *config = crates_config(arena);
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RO, .source = work->source, .target = CRATES_SOURCE};
    *vec_push(&mounts, arena) =
        (struct jail_mount){.kind = JAIL_RW, .source = work->into, .target = TOOLCHAIN_CRATES};
    if (config)
        *vec_push(&mounts, arena) = (struct jail_mount){
            .kind = JAIL_RO, .source = config, .target = TOOLCHAIN_CRATES "/config.toml"};
    if (crates_ca())
        *vec_push(&mounts, arena) =
            (struct jail_mount){.kind = JAIL_RO, .source = crates_ca(), .target = CRATES_CA};
    static const char *const names[] = {"/etc/resolv.conf", "/etc/hosts"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (access(names[i], R_OK) == 0)
            *vec_push(&mounts, arena) =
                (struct jail_mount){.kind = JAIL_RO, .source = names[i], .target = names[i]};
    *count = mounts.len;
    return mounts.at;
}

/* One Cargo.lock; `result` says why when it could not be had. */
static bool crates_run(const struct crates_work *work, const char *folder,
                       struct spec_result *result, struct err *err)
{
    struct arena *arena = work->slot->arena;
    const char *manifest =
        arena_printf(arena, CRATES_SOURCE "%s/Cargo.toml", folder + strlen(work->source)).ptr;
    /* For all machines: build scripts run here, and tools ask for the metadata of every crate. */
    const char *const argv[] = {"/usr/bin/cargo",  "fetch",  "--locked",
                                "--manifest-path", manifest, NULL};
    struct evidence evidence = {.arena = arena};
    struct jail_spec jail = {.root = work->place->build_root,
                             .argv = argv,
                             .envp = crates_environment(arena),
                             .cwd = "/tmp",
                             .uid = 1000,
                             .gid = 1000,
                             .network = true,
                             .foreign = work->place->foreign};
    struct jail_result ended;
    jail.limits = (struct jail_limits){.scratch_bytes = CRATES_SCRATCH_MAX,
                                       .wall_ms = CRATES_WALL_MS,
                                       .silence_ms = CRATES_SILENCE_MS,
                                       .output_bytes = CRATES_OUTPUT_MAX};
    jail.mounts = crates_mounts(work, &jail.mount_count);
    if (!jail_run(&jail, evidence_hear, &evidence, &ended, err))
        return err_wrap(err, "fetching crates");
    if (ended.end != JAIL_EXITED || ended.code != 0)
        crates_explain(&evidence, &ended, &jail.limits, arena, result);
    return true;
}

/* Into a directory of its own, which then gets its name: complete or absent. */
static bool crates_make(const struct slot *slot, const struct place *place, const char *source,
                        const struct crates_search *search, struct str sources, const char *ready,
                        struct spec_result *result, struct err *err)
{
    struct str made;
    const char *parent = arena_printf(slot->arena, "%s/crates", slot->cache).ptr;
    if (!file_mkdirs(AT_FDCWD, parent, 0755, err) ||
        !file_make_temp_dir(parent, "new-", slot->arena, &made, err))
        return false;
    const struct crates_work work = {slot, place, source, made.ptr};
    bool ok = chmod(made.ptr, 0755) == 0 || err_errno(err, "opening %s", made.ptr);
    for (size_t i = 0; ok && result->outcome == SPEC_OK && i < search->locked.len; i++)
        ok = crates_run(&work, search->locked.at[i], result, err);
    const char *settings = arena_printf(slot->arena, "%s/config.toml", made.ptr).ptr;
    ok = ok && file_write(AT_FDCWD, settings, 0644, sources, err);
    if (ok && result->outcome == SPEC_OK && rename(made.ptr, ready) < 0 && errno != EEXIST &&
        errno != ENOTEMPTY)
        ok = err_errno(err, "putting %s in place", ready);
    struct err ignored = {0};
    (void)!file_remove_tree(AT_FDCWD, made.ptr, &ignored);
    return ok;
}

bool crates_fetch(const struct slot *slot, const struct place *place, const char *source,
                  struct str *dir, struct spec_result *result, struct err *err)
{
    struct crates_search search = {.arena = slot->arena};
    struct digest key;
    *dir = STR("");
    if (!crates_look_in(&search, source, err))
        return false;
    if (!search.locked.len) {
        if (!search.has_manifest) /* built with a Rust tool, but nothing of Rust in it */
            return true;
        result->outcome = SPEC_BUILD_FAILED;
        result->why = STR("its source has a Cargo.toml without a Cargo.lock, so nothing says which "
                          "crates belong to it; run \"cargo generate-lockfile\" in the source and "
                          "give the sdist made of it with --input");
        return true;
    }
    struct str sources = crates_sources(slot->arena);
    if (!crates_key(&search, source, sources, &key, err))
        return false;
    struct digest_hex hex = digest_to_hex(&key);
    struct str ready = arena_printf(slot->arena, "%s/crates/%.32s", slot->cache, hex.text);
    if (access(ready.ptr, F_OK) != 0 &&
        !crates_make(slot, place, source, &search, sources, ready.ptr, result, err))
        return false;
    if (result->outcome == SPEC_OK)
        *dir = ready;
    return true;
}
