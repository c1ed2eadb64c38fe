#include "index/vcs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/url.h"
#include "base/vec.h"
#include "os/file.h"
#include "os/proc.h"

enum { VCS_TIMEOUT_MS = 600000, VCS_REVISION_MAX = 250, VCS_COMMIT = 40, VCS_COMMIT_256 = 64 };

/* ---- what a requirement says ---- */

bool vcs_is_url(struct str text)
{
    static const struct str kinds[] = {STR_INIT("git+"), STR_INIT("hg+"), STR_INIT("svn+"),
                                       STR_INIT("bzr+")};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq_nocase(str_slice(text, 0, kinds[i].len), kinds[i]))
            return true;
    return false;
}

static bool vcs_wrong(struct err *err, const char *why)
{
    return err_set(err, ERR_FORMAT, "%s", why);
}

static bool vcs_is_commit(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f'))
            return false;
    return text.len == VCS_COMMIT || text.len == VCS_COMMIT_256;
}

/* Printable, no space, and nothing that opens an option. */
static bool vcs_is_word(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
            return false;
    return text.len && text.ptr[0] != '-';
}

/* As git-check-ref-format, and no more: neither ranges nor paths in a commit. */
static bool vcs_is_revision(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!char_is_alnum(text.ptr[i]) && !memchr("._/+-", text.ptr[i], 5))
            return false;
    return vcs_is_word(text) && text.len <= VCS_REVISION_MAX &&
           str_find(text, STR("..")) == text.len;
}

static bool vcs_check_parts(const struct vcs_ref *ref, struct err *err)
{
    static const struct str schemes[] = {STR_INIT("https"), STR_INIT("http"), STR_INIT("ssh"),
                                         STR_INIT("git"), STR_INIT("file")};
    struct url parts = url_split(ref->url);
    bool known = false, file = str_eq(parts.scheme, STR("file"));
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        known = known || str_eq(parts.scheme, schemes[i]);
    if (!known || !parts.has_authority)
        return vcs_wrong(err, "git+ is followed by https://, http://, ssh://, git:// or file://");
    if (!vcs_is_word(ref->url) || parts.has_query)
        return vcs_wrong(err, "its URL holds characters that no repository's address has");
    if (file ? parts.host.len || !str_starts(parts.path, STR("/")) : !vcs_is_word(parts.host))
        return vcs_wrong(err, "its URL names no proper host");
    if (str_starts(parts.userinfo, STR("-")) || str_starts(parts.port, STR("-")))
        return vcs_wrong(err, "its user or port begins with \"-\", as an option would");
    if (parts.path.len < 2 || str_starts(parts.path, STR("/-")))
        return vcs_wrong(err, "its URL names no repository");
    if (ref->revision.len && !vcs_is_revision(ref->revision))
        return vcs_wrong(err, "what follows the \"@\" is no branch, tag or commit");
    if (ref->subdirectory.len && !file_path_is_safe(ref->subdirectory))
        return vcs_wrong(err, "its subdirectory leads outside of the repository");
    return true;
}

bool vcs_parse(struct str text, struct arena *arena, struct vcs_ref *ref, struct err *err)
{
    struct vcs_ref made = {0};
    if (!str_eq_nocase(str_slice(text, 0, 4), STR("git+")))
        return vcs_wrong(err, "of version control only git is read here; give an sdist's URL");
    if (text.len > URL_LIMIT)
        return vcs_wrong(err, "its URL is longer than any repository's");
    struct url parts = url_split(text);
    struct str plain = url_without_fragment(str_from_pos(text, 4));
    /* The revision stands behind the last "@" of the path; one before the path is a user's. */
    size_t at = str_rfind_char(parts.path, '@');
    if (at < parts.path.len) {
        made.revision = str_from_pos(parts.path, at + 1);
        if (!made.revision.len)
            return vcs_wrong(err, "a revision is missing behind the \"@\"");
        plain = str_slice(plain, 0, plain.len - made.revision.len - 1);
    }
    made.url = arena_str(arena, plain);
    made.revision = arena_str(arena, made.revision);
    made.subdirectory = url_decode(url_fragment_value(parts.fragment, STR("subdirectory")), arena);
    made.pinned = vcs_is_commit(made.revision);
    if (!vcs_check_parts(&made, err))
        return false;
    *ref = made;
    return true;
}

struct str vcs_shown(const struct vcs_ref *ref, struct str commit, struct arena *arena)
{
    bool below = ref->subdirectory.len > 0;
    return arena_printf(arena, "git+" STR_FMT "@" STR_FMT "%s" STR_FMT,
                        STR_ARG(url_redacted(ref->url, arena)), STR_ARG(commit),
                        below ? "#subdirectory=" : "", STR_ARG(ref->subdirectory));
}

/* ---- git ---- */

const struct vcs_limits vcs_default_limits = {(uint64_t)2 << 30, (uint64_t)4 << 30, 1000000};

struct vcs_git {
    const struct vcs_ref *ref;
    const struct vcs_limits *limits;
    struct arena *arena;
    const char *const *env;
    VEC(const char *) settings; /* "-c", "key=value", ... */
};

/* Of this machine's environment only what reaches a network; nothing that steers git. */
static const char *const *vcs_environment(struct arena *arena)
{
    static const char *const kept[] = {
        "PATH",      "HOME",      "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "HTTPS_PROXY",
        "all_proxy", "ALL_PROXY", "no_proxy",      "NO_PROXY",   "TMPDIR",      "SSL_CERT_FILE"};
    VEC(const char *) env = {0};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (getenv(kept[i]))
            *vec_push(&env, arena) = arena_printf(arena, "%s=%s", kept[i], getenv(kept[i])).ptr;
    *vec_push(&env, arena) = "LC_ALL=C";
    *vec_push(&env, arena) = "GIT_CONFIG_NOSYSTEM=1";
    *vec_push(&env, arena) = "GIT_CONFIG_GLOBAL=/dev/null";
    *vec_push(&env, arena) = "GIT_ATTR_NOSYSTEM=1";
    *vec_push(&env, arena) = "GIT_TERMINAL_PROMPT=0";
    *vec_push(&env, arena) = "GIT_ASKPASS=true";
    *vec_push(&env, arena) = "GIT_PROTOCOL_FROM_USER=0";
    *vec_push(&env, arena) = "GIT_SSH_COMMAND=ssh -oBatchMode=yes";
    *vec_push(&env, arena) = NULL;
    return env.at;
}

static void vcs_set(struct vcs_git *git, const char *key, struct str value)
{
    *vec_push(&git->settings, git->arena) = "-c";
    *vec_push(&git->settings, git->arena) =
        arena_printf(git->arena, "%s=" STR_FMT, key, STR_ARG(value)).ptr;
}

static bool vcs_is_trusted(const struct http_options *http, struct str url)
{
    struct url parts = url_split(url);
    for (size_t i = 0; i < http->trusted_hosts_len; i++) {
        struct str host, port;
        str_cut(http->trusted_hosts[i], ':', &host, &port);
        if (str_eq_nocase(host, parts.host) && (!port.len || str_eq(port, parts.port)))
            return true;
    }
    return false;
}

static void vcs_settings(struct vcs_git *git, const struct http_options *http)
{
    static const char *const allowed[] = {"https", "http", "ssh", "git", "file"};
    vcs_set(git, "protocol.allow", STR("never"));
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        vcs_set(git, arena_printf(git->arena, "protocol.%s.allow", allowed[i]).ptr, STR("always"));
    vcs_set(git, "core.hooksPath", STR("/dev/null"));
    vcs_set(git, "core.fsmonitor", STR("false"));
    vcs_set(git, "core.symlinks", STR("true"));
    vcs_set(git, "fetch.unpackLimit", STR("1")); /* one file, which has a limit, whatever comes */
    vcs_set(git, "credential.helper", STR(""));
    vcs_set(git, "gc.auto", STR("0"));
    vcs_set(git, "advice.detachedHead", STR("false"));
    if (http->proxy.len)
        vcs_set(git, "http.proxy", http->proxy);
    if (http->ca_file.len)
        vcs_set(git, "http.sslCAInfo", http->ca_file);
    if (http->client_cert.len) { /* one file with key and certificate, as pip has it */
        vcs_set(git, "http.sslCert", http->client_cert);
        vcs_set(git, "http.sslKey", http->client_cert);
    }
    if (vcs_is_trusted(http, git->ref->url))
        vcs_set(git, "http.sslVerify", STR("false"));
}

/* git repeats the address it was given: without its password then, and in its own name. */
static bool vcs_hide(struct vcs_git *git, struct err *err)
{
    struct url parts = url_split(git->ref->url);
    struct str said = arena_str(git->arena, str_from(err->text)), shown = STR("");
    size_t at;
    if (str_starts(said, STR("env: ")))
        said = arena_printf(git->arena, "git: " STR_FMT, STR_ARG(str_from_pos(said, 5)));
    while (parts.userinfo.len && (at = str_find(said, parts.userinfo)) < said.len) {
        shown = arena_printf(git->arena, STR_FMT STR_FMT "****", STR_ARG(shown),
                             STR_ARG(str_slice(said, 0, at)));
        said = str_from_pos(said, at + parts.userinfo.len);
    }
    return err_set(err, err->code, STR_FMT STR_FMT, STR_ARG(shown), STR_ARG(said));
}

/* git SETTINGS WORDS...; `out` may be NULL. */
static bool vcs_run(struct vcs_git *git, const char *const *words, struct buf *out, struct err *err)
{
    VEC(const char *) argv = {0};
    /* git has no limit of its own for what it fetches; its children inherit this one. */
    *vec_push(&argv, git->arena) = "env";
    *vec_push(&argv, git->arena) = "--ignore-signal=XFSZ"; /* so that it says what went wrong */
    *vec_push(&argv, git->arena) = "prlimit";
    *vec_push(&argv, git->arena) =
        arena_printf(git->arena, "--fsize=%" PRIu64, git->limits->packed_bytes).ptr;
    *vec_push(&argv, git->arena) = "git";
    for (size_t i = 0; i < git->settings.len; i++)
        *vec_push(&argv, git->arena) = git->settings.at[i];
    for (; *words; words++)
        *vec_push(&argv, git->arena) = *words;
    *vec_push(&argv, git->arena) = NULL;
    struct proc_spec spec = {.argv = argv.at, .envp = git->env, .cwd = "/", .in = -1};
    spec.out = 1;
    spec.err = out ? -1 : 1; /* what it says is wanted, or what is wrong */
    if (proc_check(&spec, VCS_TIMEOUT_MS, out, err))
        return true;
    if (strstr(err->text, "failed to execute git") || strstr(err->text, "env: 'prlimit'"))
        return err_set(err, ERR_SYSTEM,
                       "git or prlimit is not installed, and a requirement needs both: apt-get "
                       "install git util-linux");
    return vcs_hide(git, err);
}

/* What git says when a file of its own grew past the limit. */
static bool vcs_is_too_large(const struct err *err)
{
    return strstr(err->text, "File too large") != NULL;
}

/*
 * One revision without its history; where the server does not know it by that name
 * (an abbreviated commit) or refuses to, all branches and tags. `name` is what the
 * revision is called afterwards.
 */
static bool vcs_fetch(struct vcs_git *git, const char *repository, const char **name,
                      struct err *err)
{
    const struct vcs_ref *ref = git->ref;
    const char *revision = ref->revision.len ? ref->revision.ptr : "HEAD";
    const char *const narrow[] = {
        "--git-dir", repository, "fetch",      "--quiet", "--no-tags", "--no-recurse-submodules",
        "--depth=1", "--",       ref->url.ptr, revision,  NULL};
    const char *const wide[] = {"--git-dir",
                                repository,
                                "fetch",
                                "--quiet",
                                "--no-recurse-submodules",
                                "--",
                                ref->url.ptr,
                                "+refs/heads/*:refs/heads/*",
                                "+refs/tags/*:refs/tags/*",
                                NULL};
    struct err refused = {0}, ignored = {0};
    *name = "FETCH_HEAD^{commit}";
    if (vcs_run(git, narrow, NULL, &refused))
        return true;
    *name = arena_printf(git->arena, "%s^{commit}", revision).ptr;
    struct str shown = url_redacted(ref->url, git->arena);
    if (ref->revision.len && !vcs_is_too_large(&refused) && vcs_run(git, wide, NULL, &ignored))
        return true;
    if (vcs_is_too_large(&refused) || vcs_is_too_large(&ignored))
        return err_set(err, ERR_LIMIT,
                       STR_FMT " has more than the %" PRIu64 " bytes allowed; give an sdist's URL",
                       STR_ARG(shown), git->limits->packed_bytes);
    return err_set(err, ERR_NETWORK, STR_FMT " cannot be fetched: %s", STR_ARG(shown),
                   refused.text);
}

static bool vcs_resolve(struct vcs_git *git, const char *repository, const char *name,
                        struct str *commit, struct err *err)
{
    BUF_AUTO struct buf out = {0};
    struct err absent = {0};
    const char *const words[] = {"--git-dir", repository,         "rev-parse", "--verify",
                                 "--quiet",   "--end-of-options", name,        NULL};
    bool found = vcs_run(git, words, &out, &absent);
    /* Behind the options' end git of some versions repeats the word itself. */
    struct str rest = str_trim(buf_str(&out)), id = rest;
    while (str_next_line(&rest, &id))
        if (vcs_is_commit(str_trim(id)))
            break;
    id = str_trim(id);
    if (!found || !vcs_is_commit(id) || (git->ref->pinned && !str_eq(id, git->ref->revision)))
        return err_set(err, ERR_NOT_FOUND, STR_FMT " has no branch, tag or commit " STR_FMT,
                       STR_ARG(url_redacted(git->ref->url, git->arena)),
                       STR_ARG(git->ref->revision));
    *commit = arena_str(git->arena, id);
    return true;
}

/* Before a file is written: what is packed well may be endless. "MODE TYPE ID SIZE\tPATH" each. */
static bool vcs_measure(struct vcs_git *git, const char *repository, const char *commit,
                        struct err *err)
{
    BUF_AUTO struct buf out = {0};
    const char *const words[] = {"--git-dir", repository, "ls-tree", "-r", "-l", commit, NULL};
    struct str rest, line;
    uint64_t bytes = 0, files = 0;
    if (!vcs_run(git, words, &out, err))
        return false;
    rest = buf_str(&out);
    while (str_next_line(&rest, &line)) {
        struct str facts, path, word = {0};
        uint64_t size = 0; /* "-" of a submodule, which is not fetched */
        str_cut(line, '\t', &facts, &path);
        while (str_next(&facts, ' ', &word))
            continue;
        (void)str_to_u64(word, &size);
        files++;
        if (size > git->limits->bytes - bytes || files > git->limits->files)
            return err_set(err, ERR_LIMIT,
                           STR_FMT " has more than the %" PRIu64 " bytes or %" PRIu64
                                   " files allowed in a revision; give an sdist's URL",
                           STR_ARG(url_redacted(git->ref->url, git->arena)), git->limits->bytes,
                           git->limits->files);
        bytes += size;
    }
    return true;
}

bool vcs_checkout(const struct vcs_ref *ref, const struct http_options *http,
                  const struct vcs_limits *limits, const char *dir, struct arena *arena,
                  struct str *commit, struct err *err)
{
    struct vcs_git git = {
        .ref = ref, .limits = limits, .arena = arena, .env = vcs_environment(arena)};
    const char *repository = arena_printf(arena, "%s/repository", dir).ptr;
    const char *tree = arena_printf(arena, "%s/tree", dir).ptr;
    const char *prefix = arena_printf(arena, "--prefix=%s/", tree).ptr;
    const char *name = NULL;
    struct str id = {0};
    vcs_settings(&git, http);
    const char *const init[] = {"init", "--quiet", "--bare", "--template=", "--", repository, NULL};
    if (!file_mkdirs(AT_FDCWD, tree, 0755, err) || !vcs_run(&git, init, NULL, err) ||
        !vcs_fetch(&git, repository, &name, err) ||
        !vcs_resolve(&git, repository, name, &id, err) ||
        !vcs_measure(&git, repository, id.ptr, err))
        return false;
    const char *const read[] = {"--git-dir", repository, "--work-tree", tree,
                                "read-tree", id.ptr,     NULL};
    const char *const out[] = {"--git-dir", repository, "--work-tree", tree, "checkout-index",
                               "--all",     "--force",  prefix,        NULL};
    if (!vcs_run(&git, read, NULL, err) || !vcs_run(&git, out, NULL, err))
        return false;
    *commit = id;
    return true;
}
