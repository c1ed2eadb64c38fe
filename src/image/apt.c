#include "image/apt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "os/file.h"
#include "os/proc.h"

extern char **environ;

enum {
    APT_LISTS_AGE_S = 24 * 3600,
    APT_ASK_MS = 60 * 1000,
    APT_RESOLVE_MS = 5 * 60 * 1000,
    APT_TRANSFER_MS = 60 * 60 * 1000,
    APT_SILENCE_MS = 5 * 60 * 1000, /* apt reports at least each finished file */
    APT_OUTPUT_MAX = 64 << 20,
    APT_TAIL = 700,
    APT_DOWNLOAD_BATCH = 400,
};

static void apt_tell(const struct apt *apt, enum image_stage stage, struct str detail,
                     uint64_t done, uint64_t total)
{
    if (apt->progress)
        apt->progress(apt->state, &(struct image_progress){stage, apt->what, detail, done, total});
}

/* The environment of every call: ours, in the C locale, with our configuration if it is there. */
static const char *const *apt_environment(const char *conf, struct arena *arena)
{
    VEC(const char *) envp = {0};
    for (char **at = environ; *at; at++)
        if (!str_starts(str_from(*at), STR("LC_ALL=")) &&
            !str_starts(str_from(*at), STR("LANGUAGE=")) &&
            !str_starts(str_from(*at), STR("APT_CONFIG=")))
            *vec_push(&envp, arena) = *at;
    *vec_push(&envp, arena) = "LC_ALL=C";
    if (conf)
        *vec_push(&envp, arena) = arena_printf(arena, "APT_CONFIG=%s", conf).ptr;
    *vec_push(&envp, arena) = NULL;
    return envp.at;
}

struct apt_output {
    struct buf text;
    const struct apt *apt;
    const struct apt_packages *packages; /* of a download: sizes for its progress */
    size_t seen;                         /* bytes of text whose lines were looked at */
    uint64_t done, total;
    bool download;
};

static uint64_t apt_size_of(const struct apt_packages *packages, struct str name)
{
    for (size_t i = 0; packages && i < packages->len; i++)
        if (str_eq(packages->at[i].name, name))
            return packages->at[i].size;
    return 0;
}

/* "Get:7 http://... bookworm/main s390x libc6 s390x 2.36 [2257 kB]": a file has begun. */
static void apt_follow(void *state, struct str chunk)
{
    struct apt_output *output = state;
    buf_add(&output->text, chunk);
    struct str rest = str_from_pos(buf_str(&output->text), output->seen), line;
    while (str_find_char(rest, '\n') < rest.len && str_next_line(&rest, &line)) {
        output->seen =
            (size_t)(rest.len ? rest.ptr - output->text.ptr : (ptrdiff_t)output->text.len);
        if (!str_starts(line, STR("Get:")))
            continue;
        struct str word = {0};
        for (int i = 0; i < 5 && str_next(&line, ' ', &word); i++)
            continue;
        uint64_t size = apt_size_of(output->packages, word);
        output->done += output->download ? size : 1;
        apt_tell(output->apt, output->download ? IMAGE_DOWNLOAD : IMAGE_INDEX,
                 output->download ? word : (struct str){0}, output->done, output->total);
    }
}

static struct str apt_tail(const struct buf *text)
{
    struct str all = str_trim(buf_str(text));
    return all.len > APT_TAIL ? str_from_pos(all, all.len - APT_TAIL) : all;
}

/* apt-get with these words behind the common ones; output is left in output->text. */
static bool apt_get(struct apt *apt, const char *const *words, const char *cwd, int64_t timeout_ms,
                    struct apt_output *output, struct arena *arena, bool *succeeded,
                    struct err *err)
{
    VEC(const char *) argv = {0};
    *vec_push(&argv, arena) = "apt-get";
    *vec_push(&argv, arena) = "-q";
    for (; *words; words++)
        *vec_push(&argv, arena) = *words;
    *vec_push(&argv, arena) = NULL;
    struct str conf = arena_printf(arena, "%s/apt.conf", apt->dir);
    struct proc_spec spec = {.argv = argv.at, .envp = apt_environment(conf.ptr, arena), .cwd = cwd};
    spec.in = -1;
    spec.out = spec.err = 1;
    struct proc_limits limits = {timeout_ms, APT_SILENCE_MS, APT_OUTPUT_MAX};
    struct proc_result result;
    output->apt = apt;
    if (!proc_run(&spec, &limits, apt_follow, output, &result, err))
        return err_wrap(err, "apt-get is needed to compose Debian roots");
    if (result.end != PROC_EXITED)
        return err_set(err, ERR_NETWORK, "apt-get %s: %s", argv.at[2],
                       proc_describe(&result, arena).ptr);
    *succeeded = result.code == 0;
    return true;
}

/* What the machine's own apt prints, or nothing: a machine without settings is fine. */
static struct str apt_ask(const char *const *argv, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    struct err ignored;
    struct proc_spec spec = {.argv = argv, .envp = apt_environment(NULL, arena)};
    spec.in = spec.err = -1;
    spec.out = 1;
    if (!proc_check(&spec, APT_ASK_MS, &out, &ignored))
        return (struct str){0};
    return arena_str(arena, buf_str(&out));
}

static struct str apt_machine_listing(struct arena *arena)
{
    static const char *const argv[] = {"apt-get",
                                       "indextargets",
                                       "--format",
                                       "$(SITE)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)",
                                       "Created-By: Packages",
                                       NULL};
    return apt_ask(argv, arena);
}

static struct str apt_machine_network(struct arena *arena)
{
    static const char *const argv[] = {"apt-config", "dump", NULL};
    return apt_network_settings(apt_ask(argv, arena), arena);
}

/*
 * apt fetches further files that a release is signed with when it is told of them, and keeps them
 * as they were sent: nothing of that is done here again.
 */
static void apt_add_contents(const struct apt *apt, struct buf *conf)
{
    const struct distro *distro = distro_find(apt->spec->distro);
    buf_printf(conf,
               "Acquire::IndexTargets::deb::Packages::KeepCompressedAs \"xz gz\";\n"
               "Acquire::IndexTargets::deb::Contents-deb {\n"
               "  MetaKey \"%s\";\n  flatMetaKey \"Contents-$(ARCHITECTURE)\";\n"
               "  ShortDescription \"Contents\";\n"
               "  Description \"$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents\";\n"
               "  flatDescription \"$(RELEASE) Contents\";\n"
               "  KeepCompressed \"true\";\n  KeepCompressedAs \"gz xz\";\n"
               "  PDiffs \"false\";\n  Optional \"true\";\n  Identifier \"Contents-deb\";\n};\n",
               distro->contents);
}

static bool apt_write_conf(struct apt *apt, struct arena *arena, struct err *err)
{
    BUF_AUTO struct buf conf = {0};
    struct str arch = apt->spec->arch;
    buf_add(&conf, apt_machine_network(arena));
    buf_printf(&conf,
               "Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\n"
               "Dir::Etc::sourcelist \"%s/sources.list\";\nDir::Etc::sourceparts \"/dev/null\";\n"
               "Dir::Etc::preferences \"/dev/null\";\nDir::Etc::preferencesparts \"/dev/null\";\n"
               "Dir::State \"%s\";\nDir::State::status \"/dev/null\";\nDir::Cache \"%s\";\n"
               "Dir::Cache::archives \"%s/archives\";\n",
               apt->dir, apt->dir, apt->dir, apt->dir);
    buf_printf(&conf,
               "APT::Architecture \"" STR_FMT "\";\nAPT::Architectures { \"" STR_FMT "\"; };\n"
               "APT::Sandbox::User \"\";\nAPT::Install-Recommends \"0\";\n"
               "APT::Install-Suggests \"0\";\nAPT::Get::AllowUnauthenticated \"0\";\n"
               "Acquire::Languages { \"none\"; };\nAcquire::ForceHash \"SHA256\";\n"
               "Acquire::AllowInsecureRepositories \"0\";\nAcquire::AllowWeakRepositories \"0\";\n"
               "Acquire::GzipIndexes \"1\";\nAcquire::Retries \"3\";\nDpkg::Use-Pty \"0\";\n",
               STR_ARG(arch), STR_ARG(arch));
    if (apt->use == APT_CONTENTS)
        apt_add_contents(apt, &conf);
    struct str path = arena_printf(arena, "%s/apt.conf", apt->dir);
    return file_write(AT_FDCWD, path.ptr, 0644, buf_str(&conf), err);
}

struct apt_mirrors {
    struct str main, security;
};

static bool apt_write_sources(struct apt *apt, const struct apt_mirrors *mirrors,
                              struct arena *arena, struct err *err)
{
    const struct image_spec *spec = apt->spec;
    const struct distro *distro = distro_find(spec->distro);
    struct str keyring = spec->keyring.len ? spec->keyring : str_from(distro->keyring);
    if (access(arena_cstr(arena, keyring), R_OK))
        return err_set(err, ERR_NOT_FOUND,
                       "no keyring " STR_FMT
                       " to check packages of %s with: install %s, or name one "
                       "with --keyring",
                       STR_ARG(keyring), distro->label, distro->keyring_package);
    const struct {
        struct str site;
        const char *suite;
    } rows[] = {{mirrors->main, ""}, {mirrors->main, "-updates"}, {mirrors->security, "-security"}};
    BUF_AUTO struct buf text = {0};
    /* What is in a release is what its own index says: updates keep the names. */
    size_t count = apt->use == APT_CONTENTS ? 1 : sizeof rows / sizeof *rows;
    for (size_t i = 0; i < count; i++)
        buf_printf(
            &text, "%s [arch=" STR_FMT " signed-by=" STR_FMT "] " STR_FMT " " STR_FMT "%s %s\n",
            apt->use == APT_SOURCES ? "deb-src" : "deb", STR_ARG(spec->arch), STR_ARG(keyring),
            STR_ARG(rows[i].site), STR_ARG(spec->release), rows[i].suite, distro->components);
    struct str path = arena_printf(arena, "%s/sources.list", apt->dir);
    return file_write(AT_FDCWD, path.ptr, 0644, buf_str(&text), err);
}

struct apt_search {
    struct str ending;
    bool found;
};

static bool apt_look(void *state, int dirfd, struct str name, struct err *err)
{
    struct apt_search *search = state;
    (void)dirfd, (void)err;
    if (str_find(name, search->ending) < name.len)
        search->found = true;
    return true;
}

/* Whether the release's main index for the machine is there. */
static bool apt_has_lists(struct apt *apt, struct arena *arena)
{
    struct err ignored;
    struct str lists = arena_printf(arena, "%s/lists", apt->dir);
    struct str release = apt->spec->release, arch = apt->spec->arch;
    struct str endings[] = {
        [APT_PACKAGES] = arena_printf(arena, "_dists_" STR_FMT "_main_binary-" STR_FMT "_Packages",
                                      STR_ARG(release), STR_ARG(arch)),
        [APT_SOURCES] =
            arena_printf(arena, "_dists_" STR_FMT "_main_source_Sources", STR_ARG(release)),
        [APT_CONTENTS] = arena_printf(arena, "Contents-" STR_FMT, STR_ARG(arch)),
    };
    struct apt_search search = {endings[apt->use], false};
    return file_each(AT_FDCWD, lists.ptr, apt_look, &search, &ignored) && search.found;
}

/* apt goes on when a source is out of reach; what it said about it must not be lost. */
static void apt_pass_warnings(struct apt *apt, struct str text)
{
    struct str line;
    while (str_next_line(&text, &line))
        if (str_starts(line, STR("W: ")) || str_starts(line, STR("E: ")))
            apt_tell(apt, IMAGE_NOTE, str_from_pos(line, 3), 0, 0);
}

static bool apt_fetch_lists(struct apt *apt, const struct apt_mirrors *mirrors, struct arena *arena,
                            struct err *err)
{
    static const char *const words[] = {"update", NULL};
    struct apt_output output = {0};
    bool succeeded = false;
    if (!apt_write_sources(apt, mirrors, arena, err))
        return false;
    apt_tell(apt, IMAGE_INDEX, mirrors->main, 0, 0);
    bool ok = apt_get(apt, words, NULL, APT_TRANSFER_MS, &output, arena, &succeeded, err);
    struct str reason = ok ? apt_reason(buf_str(&output.text)) : STR("");
    struct str tail = ok ? arena_str(arena, apt_tail(&output.text)) : (struct str){0};
    if (ok && apt_has_lists(apt, arena))
        apt_pass_warnings(apt, buf_str(&output.text));
    else if (ok)
        ok = err_set(err, ERR_NETWORK,
                     "no signed package index for " STR_FMT " " STR_FMT " from " STR_FMT
                     "; try later, or give another mirror with --mirror (" STR_FMT ")",
                     STR_ARG(apt->spec->release), STR_ARG(apt->spec->arch), STR_ARG(mirrors->main),
                     STR_ARG(reason.len ? reason : tail));
    buf_free(&output.text);
    return ok;
}

/* The tree that has what is asked for; that of ports has no sources. */
static const struct distro_archive *apt_archive(const struct apt *apt)
{
    const struct distro *distro = distro_find(apt->spec->distro);
    return apt->use == APT_SOURCES ? &distro->archive : distro_archive(distro, apt->spec->arch);
}

static struct apt_mirrors apt_usual(const struct distro_archive *archive)
{
    return (struct apt_mirrors){str_from(archive->mirror),
                                str_from(archive->security ? archive->security : archive->mirror)};
}

static struct apt_mirrors apt_mirrors(const struct apt *apt, struct arena *arena)
{
    const struct image_spec *spec = apt->spec;
    const struct distro *distro = distro_find(spec->distro);
    const struct distro_archive *archive = apt_archive(apt);
    struct apt_mirrors own = {0}, usual = apt_usual(archive),
                       mirrors = {.security = spec->security_mirror};
    if (spec->mirror.len)
        mirrors.main = distro_mirror(distro, spec->mirror, archive, arena);
    else
        apt_pick_mirrors(apt_machine_listing(arena), distro, archive, &own.main, &own.security);
    if (!mirrors.main.len)
        mirrors.main = own.main.len ? own.main : usual.main;
    if (!archive->security)
        mirrors.security = mirrors.main;
    if (!mirrors.security.len)
        mirrors.security = own.security.len ? own.security : usual.security;
    return mirrors;
}

static bool apt_make_dirs(struct apt *apt, struct arena *arena, struct err *err)
{
    static const char *const names[] = {"lists/partial", "archives/partial"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/%s", apt->dir, names[i]).ptr, 0755, err))
            return false;
    return true;
}

bool apt_update(struct apt *apt, bool fresh, struct arena *arena, struct err *err)
{
    struct stat stamp;
    struct str path = arena_printf(arena, "%s/updated", apt->dir);
    int64_t now_s = clock_wall_ms(clock_system()) / 1000;
    /* Always: it names the directory by the path that it has today. */
    if (!apt_make_dirs(apt, arena, err) || !apt_write_conf(apt, arena, err))
        return false;
    bool recent = stat(path.ptr, &stamp) == 0 && now_s - stamp.st_mtime < APT_LISTS_AGE_S;
    if (recent && !fresh && apt_has_lists(apt, arena))
        return true;
    struct apt_mirrors mirrors = apt_mirrors(apt, arena);
    const struct apt_mirrors usual = apt_usual(apt_archive(apt));
    if (!apt_fetch_lists(apt, &mirrors, arena, err)) {
        bool asked = apt->spec->mirror.len > 0;
        if (err->code != ERR_NETWORK || asked || str_eq(mirrors.main, usual.main))
            return false;
        struct str note = arena_printf(arena, "%s; using " STR_FMT, err->text, STR_ARG(usual.main));
        apt_tell(apt, IMAGE_NOTE, note, 0, 0);
        if (!apt_fetch_lists(apt, &usual, arena, err))
            return false;
    }
    return file_write(AT_FDCWD, path.ptr, 0644, STR(""), err);
}

static int apt_order(const void *a, const void *b)
{
    const struct apt_package *left = a, *right = b;
    return str_cmp(left->exact, right->exact);
}

static bool apt_is_left_out(const struct image_spec *spec, struct str name)
{
    for (size_t i = 0; i < spec->without.len; i++)
        if (str_eq(spec->without.at[i], name))
            return true;
    return false;
}

bool apt_resolve(struct apt *apt, struct arena *arena, struct apt_packages *packages,
                 struct err *err)
{
    VEC(const char *) words = {0};
    static const char *const verb[] = {"install", "-y", "--print-uris", "--"};
    for (size_t i = 0; i < sizeof verb / sizeof *verb; i++)
        *vec_push(&words, arena) = verb[i];
    for (size_t i = 0; i < apt->spec->wanted.len; i++)
        *vec_push(&words, arena) = arena_cstr(arena, apt->spec->wanted.at[i]);
    *vec_push(&words, arena) = NULL;
    struct apt_output output = {0};
    bool succeeded = false;
    apt_tell(apt, IMAGE_RESOLVE, (struct str){0}, 0, apt->spec->wanted.len);
    bool ok = apt_get(apt, words.at, NULL, APT_RESOLVE_MS, &output, arena, &succeeded, err);
    if (ok && !succeeded) {
        struct str tail = apt_tail(&output.text);
        ok = err_set(err, ERR_NOT_FOUND,
                     STR_FMT " " STR_FMT " has no such set of packages: " STR_FMT,
                     STR_ARG(apt->spec->release), STR_ARG(apt->spec->arch), STR_ARG(tail));
    }
    struct apt_packages found = {0};
    struct str rest = buf_str(&output.text), line;
    while (ok && str_next_line(&rest, &line)) {
        struct apt_package package;
        if (!apt_parse_uri(line, arena, &package) || apt_is_left_out(apt->spec, package.name))
            continue;
        *vec_push(&found, arena) = package;
    }
    buf_free(&output.text);
    if (ok && found.len == 0)
        ok =
            err_set(err, ERR_FORMAT, "apt-get named no package to download; is it older than 1.2?");
    if (!ok)
        return false;
    qsort(found.at, found.len, sizeof *found.at, apt_order);
    *packages = found;
    return true;
}

/* apt-get download takes each version by name; a long list goes in several calls. */
static bool apt_download_some(struct apt *apt, const struct apt_packages *packages, size_t from,
                              const char *into, struct apt_output *output, struct arena *arena,
                              struct err *err)
{
    VEC(const char *) words = {0};
    *vec_push(&words, arena) = "download";
    for (size_t i = from; i < packages->len && i < from + APT_DOWNLOAD_BATCH; i++)
        *vec_push(&words, arena) =
            arena_printf(arena, STR_FMT "=" STR_FMT, STR_ARG(packages->at[i].name),
                         STR_ARG(packages->at[i].version))
                .ptr;
    *vec_push(&words, arena) = NULL;
    bool succeeded = false;
    if (!apt_get(apt, words.at, into, APT_TRANSFER_MS, output, arena, &succeeded, err))
        return false;
    struct str tail = apt_tail(&output->text);
    return succeeded ||
           err_set(err, ERR_NETWORK, "cannot download packages: " STR_FMT, STR_ARG(tail));
}

bool apt_download(struct apt *apt, const struct apt_packages *packages, const char *into,
                  struct arena *arena, struct err *err)
{
    struct apt_output output = {.packages = packages, .download = true};
    for (size_t i = 0; i < packages->len; i++)
        output.total += packages->at[i].size;
    if (!file_mkdirs(AT_FDCWD, into, 0755, err))
        return false;
    apt_tell(apt, IMAGE_DOWNLOAD, (struct str){0}, 0, output.total);
    bool ok = true;
    for (size_t from = 0; ok && from < packages->len; from += APT_DOWNLOAD_BATCH)
        ok = apt_download_some(apt, packages, from, into, &output, arena, err);
    buf_free(&output.text);
    return ok;
}

static bool apt_source(struct apt *apt, const char *option, const char *name, const char *cwd,
                       struct apt_output *output, struct arena *arena, struct err *err)
{
    const char *const words[] = {"source", option, "--", name, NULL};
    bool succeeded = false;
    if (!apt_get(apt, words, cwd, APT_TRANSFER_MS, output, arena, &succeeded, err))
        return false;
    struct str tail = apt_tail(&output->text);
    return succeeded ||
           err_set(err, ERR_NETWORK, "source package %s: " STR_FMT, name, STR_ARG(tail));
}

bool apt_source_uris(struct apt *apt, const char *name, struct arena *arena, struct str *lines,
                     struct err *err)
{
    BUF_AUTO struct buf kept = {0};
    struct apt_output output = {0};
    struct str rest, line;
    bool ok = apt_source(apt, "--print-uris", name, NULL, &output, arena, err);
    rest = buf_str(&output.text);
    while (ok && str_next_line(&rest, &line)) {
        if (!str_starts(line, STR("'")) || str_find(line, STR("' ")) == line.len)
            continue;
        /* Without the address: another mirror has the same files. */
        buf_add(&kept, str_from_pos(line, str_find(line, STR("' ")) + 2));
        buf_add_char(&kept, '\n');
    }
    buf_free(&output.text);
    if (ok && kept.len == 0)
        ok = err_set(err, ERR_NOT_FOUND, "no source package %s in " STR_FMT, name,
                     STR_ARG(apt->spec->release));
    if (ok)
        *lines = arena_str(arena, buf_str(&kept));
    return ok;
}

bool apt_download_source(struct apt *apt, const char *name, const char *into, struct arena *arena,
                         struct err *err)
{
    struct apt_output output = {0};
    if (!file_mkdirs(AT_FDCWD, into, 0755, err))
        return false;
    apt_tell(apt, IMAGE_DOWNLOAD, str_from(name), 0, 0);
    bool ok = apt_source(apt, "--download-only", name, into, &output, arena, err);
    buf_free(&output.text);
    return ok;
}

static int apt_index_order(const void *a, const void *b)
{
    const struct apt_index *left = a, *right = b;
    return str_cmp(left->path, right->path);
}

bool apt_indexes(struct apt *apt, struct arena *arena, struct apt_indexes *indexes, struct err *err)
{
    static const char *const words[] = {"indextargets", "--format", "$(CREATED_BY)|$(FILENAME)",
                                        NULL};
    struct apt_output output = {0};
    struct apt_indexes found = {0};
    bool succeeded = false, any = false;
    bool ok = apt_get(apt, words, NULL, APT_ASK_MS, &output, arena, &succeeded, err);
    struct str rest = arena_str(arena, buf_str(&output.text)), line, by, path;
    buf_free(&output.text);
    while (ok && str_next_line(&rest, &line)) {
        bool is_contents = str_starts(line, STR("Contents-deb|"));
        if (!str_cut(line, '|', &by, &path) || (!is_contents && !str_eq(by, STR("Packages"))) ||
            access(arena_cstr(arena, path), R_OK))
            continue;
        *vec_push(&found, arena) = (struct apt_index){arena_str(arena, path), is_contents};
        any = any || is_contents;
    }
    if (ok && !any)
        ok =
            err_set(err, ERR_NOT_FOUND, "the archive publishes no Contents of " STR_FMT " " STR_FMT,
                    STR_ARG(apt->spec->release), STR_ARG(apt->spec->arch));
    if (!ok)
        return false;
    qsort(found.at, found.len, sizeof *found.at, apt_index_order);
    *indexes = found;
    return true;
}
