/*
 * Looks at everything that a build needs on this machine and names the one command that mends what
 * is missing. Changes nothing but a file of its own in the cache directory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json.h"
#include "base/vec.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/term.h"
#include "image/distro.h"
#include "image/preset.h"
#include "jail/jail.h"
#include "net/http.h"
#include "os/fd.h"
#include "os/file.h"

enum {
    DOCTOR_DISK_GOOD_GIB = 10,
    DOCTOR_DISK_LEAST_GIB = 3,
    DOCTOR_MEMORY_GOOD_MIB = 2048,
    DOCTOR_MEMORY_LEAST_MIB = 900,
    DOCTOR_NETWORK_MS = 10000,
};

struct doctor {
    const struct call *call;
    struct jail_findings findings;
};

static void doctor_add(struct doctor *doctor, const char *name, enum jail_health health,
                       struct str found, struct str mend)
{
    struct jail_finding *finding = vec_push(&doctor->findings, doctor->call->arena);
    finding->name = str_from(name);
    finding->health = health;
    finding->found = found;
    finding->mend = health == JAIL_GOOD ? STR("") : mend;
}

/* Programs and files that a package brings. */
static void doctor_files(struct doctor *doctor)
{
    static const struct {
        const char *name, *path;
        enum jail_health missing;
        const char *mend;
    } files[] = {
        {"package resolver", "/usr/bin/apt-get", JAIL_BAD, "use Debian or Ubuntu"},
        {"package unpacker", "/usr/bin/dpkg-deb", JAIL_BAD, "apt-get install -y dpkg"},
        {"xz", "/usr/bin/xz", JAIL_WEAK, "apt-get install -y xz-utils"},
        {"archive keys", "/usr/share/keyrings/debian-archive-keyring.gpg", JAIL_BAD,
         "apt-get install -y debian-archive-keyring"},
        {"certificates", "/etc/ssl/certs/ca-certificates.crt", JAIL_BAD,
         "apt-get install -y ca-certificates"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bool there = access(files[i].path, R_OK) == 0;
        struct str found = there
                               ? str_from(files[i].path)
                               : arena_printf(doctor->call->arena, "%s is missing", files[i].path);
        doctor_add(doctor, files[i].name, there ? JAIL_GOOD : files[i].missing, found,
                   str_from(files[i].mend));
    }
}

/* Images are hard links: the cache directory must allow them. */
static bool doctor_try_cache(const char *cache, struct arena *arena, struct err *err)
{
    struct str dir, file, second;
    bool linked;
    if (!file_mkdirs(AT_FDCWD, cache, 0755, err) ||
        !file_make_temp_dir(cache, "doctor-", arena, &dir, err))
        return false;
    file = file_join(arena, dir, STR("a"));
    second = file_join(arena, dir, STR("b"));
    if (!file_write(AT_FDCWD, file.ptr, 0644, STR("x"), err))
        return false;
    linked = link(file.ptr, second.ptr) == 0 ||
             err_errno(err, "%s: the file system has no hard links", cache);
    return file_remove_tree(AT_FDCWD, dir.ptr, err) && linked;
}

static void doctor_cache(struct doctor *doctor)
{
    struct arena *arena = doctor->call->arena;
    const char *cache = option_str(doctor->call->options, OPTION_CACHE).ptr;
    struct err err = {0};
    struct statvfs disk;
    uint64_t gib;
    enum jail_health health;
    if (!doctor_try_cache(cache, arena, &err)) {
        doctor_add(doctor, "cache directory", JAIL_BAD, arena_str(arena, str_from(err.text)),
                   STR("give --cache a directory of your own on a local disk"));
        return;
    }
    doctor_add(doctor, "cache directory", JAIL_GOOD, str_from(cache), STR(""));
    if (statvfs(cache, &disk) != 0)
        return;
    gib = (uint64_t)disk.f_bavail * disk.f_frsize >> 30;
    health = gib >= DOCTOR_DISK_GOOD_GIB    ? JAIL_GOOD
             : gib >= DOCTOR_DISK_LEAST_GIB ? JAIL_WEAK
                                            : JAIL_BAD;
    doctor_add(doctor, "disk space", health, arena_printf(arena, "%" PRIu64 " GiB free", gib),
               arena_printf(arena, "make %d GiB free, or give --cache another disk",
                            DOCTOR_DISK_GOOD_GIB));
}

static void doctor_memory(struct doctor *doctor)
{
    struct arena *arena = doctor->call->arena;
    int64_t mib = (int64_t)sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    enum jail_health health = mib >= DOCTOR_MEMORY_GOOD_MIB    ? JAIL_GOOD
                              : mib >= DOCTOR_MEMORY_LEAST_MIB ? JAIL_WEAK
                                                               : JAIL_BAD;
    doctor_add(
        doctor, "memory", health,
        arena_printf(arena, "%" PRId64 " MiB, %ld processors", mib, processors),
        STR("add swap: fallocate -l 4G /swap && chmod 600 /swap && mkswap /swap && swapon /swap"));
}

static void doctor_reach(struct doctor *doctor, struct http *http, const char *name, struct str url,
                         struct str mend)
{
    struct arena *arena = doctor->call->arena;
    struct http_request request = {.url = url,
                                   .accept = STR("application/vnd.pypi.simple.v1+json, text/html, "
                                                 "*/*;q=0.1"),
                                   .deadline_ms = DOCTOR_NETWORK_MS};
    struct http_response response;
    struct err err = {0};
    if (http_get(http, &request, arena, &response, &err))
        doctor_add(doctor, name, JAIL_GOOD, arena_printf(arena, STR_FMT " answers", STR_ARG(url)),
                   STR(""));
    else
        doctor_add(doctor, name, JAIL_BAD, arena_str(arena, str_from(err.text)), mend);
}

static struct str doctor_url(struct arena *arena, struct str base, const char *below)
{
    if (str_ends(base, STR("/")))
        base.len--;
    return arena_printf(arena, STR_FMT "/%s", STR_ARG(base), below);
}

/* Of the distribution that the preset's images are composed of, for the build machine. */
static void doctor_archive(struct doctor *doctor, struct http *http)
{
    const struct options *options = doctor->call->options;
    struct arena *arena = doctor->call->arena;
    struct str preset = option_str(options, OPTION_CONTAINER_PRESET);
    struct str mirror = option_str(options, OPTION_MIRROR);
    const struct distro *named = distro_find(preset);
    const struct distro *distro = named ? named : distro_find(STR("debian"));
    const struct arch *host = arch_host();
    const struct distro_archive *archive =
        distro_archive(distro, str_from(host ? host->debian : "amd64"));
    struct preset_facts facts;
    struct err err = {0};
    static const struct str mend =
        STR_INIT("check network and proxy (http_proxy), or give --mirror another one");
    if (!preset_facts(preset, option_str(options, OPTION_PYTHON), &facts, &err)) {
        doctor_add(doctor, "archive of images", JAIL_BAD, arena_str(arena, str_from(err.text)),
                   STR("give another --python or --container-preset"));
        return;
    }
    mirror = mirror.len ? distro_mirror(distro, mirror, archive, arena) : str_from(archive->mirror);
    const char *below = arena_printf(arena, "dists/%s/InRelease", facts.release).ptr;
    doctor_reach(doctor, http, "archive of images", doctor_url(arena, mirror, below), mend);
}

static void doctor_network(struct doctor *doctor)
{
    const struct options *options = doctor->call->options;
    struct arena *arena = doctor->call->arena;
    struct option_list trusted = option_list(options, OPTION_TRUSTED_HOST);
    struct option_list extra = option_list(options, OPTION_EXTRA_INDEX_URL);
    struct http_options http_options = {.trusted_hosts = trusted.at,
                                        .trusted_hosts_len = trusted.len,
                                        .attempts = 2,
                                        .connect_timeout_ms = DOCTOR_NETWORK_MS / 2};
    static const struct str index_mend =
        STR_INIT("check network and proxy (https_proxy), or give --index-url a mirror");
    struct http *http = NULL;
    struct err err = {0};
    if (!http_open(&http_options, &http, &err)) {
        doctor_add(doctor, "network", JAIL_BAD, arena_str(arena, str_from(err.text)), index_mend);
        return;
    }
    doctor_reach(doctor, http, "package index",
                 doctor_url(arena, option_str(options, OPTION_INDEX_URL), "six/"), index_mend);
    for (size_t i = 0; i < extra.len; i++)
        doctor_reach(doctor, http, "further index", doctor_url(arena, extra.at[i], ""), index_mend);
    doctor_archive(doctor, http);
    http_close(&http);
}

static const char *doctor_word(enum jail_health health)
{
    static const char *const words[] = {
        [JAIL_GOOD] = "good", [JAIL_WEAK] = "weak", [JAIL_BAD] = "missing"};
    return words[health];
}

static void doctor_print_json(const struct doctor *doctor, bool usable)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *checks;
    BUF_AUTO struct buf out = {0};
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_bool(doc, root, "usable", usable);
    checks = yyjson_mut_obj_add_arr(doc, root, "checks");
    for (size_t i = 0; i < doctor->findings.len; i++) {
        const struct jail_finding *finding = &doctor->findings.at[i];
        yyjson_mut_val *entry = yyjson_mut_arr_add_obj(doc, checks);
        json_add_str(doc, entry, "name", finding->name);
        json_add_str(doc, entry, "health", str_from(doctor_word(finding->health)));
        json_add_str(doc, entry, "found", finding->found);
        if (finding->mend.len > 0)
            json_add_str(doc, entry, "mend", finding->mend);
    }
    json_write(doc, true, &out);
    fwrite(out.ptr, 1, out.len, stdout);
}

static void doctor_print(const struct doctor *doctor, bool usable)
{
    static const struct table_column columns[] = {
        {"State", false, 0}, {"Check", false, 12}, {"Found", false, 20}};
    static const unsigned char colors[] = {[JAIL_GOOD] = 32, [JAIL_WEAK] = 33, [JAIL_BAD] = 31};
    const struct call *call = doctor->call;
    size_t count = doctor->findings.len, troubles = 0;
    struct table_cell *cells = ARENA_ARRAY(call->arena, struct table_cell, count * 3);
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < count; i++) {
        const struct jail_finding *finding = &doctor->findings.at[i];
        cells[i * 3] =
            (struct table_cell){str_from(doctor_word(finding->health)), colors[finding->health]};
        cells[i * 3 + 1].text = finding->name;
        cells[i * 3 + 2].text = finding->found;
        troubles += finding->health != JAIL_GOOD;
    }
    table_render(columns, 3, cells, count,
                 term_is_terminal(STDOUT_FILENO) ? term_width(STDOUT_FILENO) : 0, call->color,
                 &out);
    if (troubles > 0)
        buf_add(&out, STR("\nTo mend:\n"));
    for (size_t i = 0; i < count; i++) {
        const struct jail_finding *finding = &doctor->findings.at[i];
        if (finding->health == JAIL_GOOD || finding->mend.len == 0)
            continue;
        buf_printf(&out, "  " STR_FMT ": " STR_FMT "\n", STR_ARG(finding->name),
                   STR_ARG(finding->mend));
    }
    buf_add(&out, usable ? STR("\nThis machine can build.\n")
                         : STR("\nThis machine cannot build yet.\n"));
    fwrite(out.ptr, 1, out.len, stdout);
}

bool cmd_doctor(const struct call *call, int *status, struct err *err)
{
    struct doctor doctor = {.call = call};
    bool usable = true;
    (void)err;
    jail_probe(call->arena, &doctor.findings);
    doctor_files(&doctor);
    doctor_cache(&doctor);
    doctor_memory(&doctor);
    doctor_network(&doctor);
    for (size_t i = 0; i < doctor.findings.len; i++)
        usable = usable && doctor.findings.at[i].health != JAIL_BAD;
    if (option_flag(call->options, OPTION_JSON))
        doctor_print_json(&doctor, usable);
    else
        doctor_print(&doctor, usable);
    *status = usable ? COMMAND_OK : COMMAND_FAILED;
    return true;
}
