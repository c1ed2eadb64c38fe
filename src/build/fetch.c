/*
 * Files of a spec: out of the content store where an earlier attempt put them,
 * from where they lie on this machine, or over the network into the cache.
 * Whatever the way, a promised digest is checked.
 */
#include "build/machine.h"
#include "build/repaired.h"
#include "build/slot.h"

#include "index/index.h"
#include "os/fd.h"
#include "os/file.h"
#include "wheelfile/audit.h"
#include "wheelfile/wheelfile.h"

#include <unistd.h>

enum { FETCH_EPOCH = 315532800 }; /* 1980-01-01 */

/* A stored blob under the file's own name: tools read a wheel's tags from its name. */
static bool fetch_from_store(const struct slot *slot, const struct spec_file *file,
                             const struct digest *digest, struct str *path, struct err *err)
{
    const char *dir = arena_printf(slot->arena, "%s/files", slot->work).ptr;
    struct str place = arena_printf(slot->arena, "%s/" STR_FMT, dir, STR_ARG(file->filename));
    if (!file_path_is_safe(file->filename))
        return err_set(err, ERR_FORMAT, "file name " STR_FMT " leads elsewhere",
                       STR_ARG(file->filename));
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err) ||
        !cas_place(slot->cas, digest, CAS_LINK, AT_FDCWD, place.ptr, 0444, err))
        return false;
    *path = place;
    return true;
}

static bool fetch_local(const struct spec_file *file, bool promised, struct str path,
                        struct digest *digest, struct err *err)
{
    struct digest found;
    FD_AUTO int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening " STR_FMT, STR_ARG(path));
    if (!digest_fd(fd, &found, err))
        return false;
    if (promised && !digest_eq(&found, digest))
        return err_set(err, ERR_DIGEST,
                       STR_FMT ": has SHA-256 %s, not " STR_FMT
                               " as promised; it changed since the plan was made: plan again",
                       STR_ARG(path), digest_to_hex(&found).text, STR_ARG(file->sha256));
    *digest = found;
    return true;
}

void fetch_http(const struct spec_net *net, struct http_options *http)
{
    if (net->trusted_hosts.len) {
        http->trusted_hosts = net->trusted_hosts.at;
        http->trusted_hosts_len = net->trusted_hosts.len;
    }
    if (net->proxy.len)
        http->proxy = net->proxy;
    if (net->ca_file.len)
        http->ca_file = net->ca_file;
    if (net->client_cert.len)
        http->client_cert = net->client_cert;
}

void fetch_net(const struct spec_net *net, struct index_config *config)
{
    config->offline = net->offline;
    fetch_http(net, &config->http);
}

struct registry_options fetch_registry(const struct spec_net *net)
{
    return (struct registry_options){.trusted_hosts = net->trusted_hosts.at,
                                     .trusted_hosts_len = net->trusted_hosts.len,
                                     .proxy = net->proxy,
                                     .ca_file = net->ca_file,
                                     .client_cert = net->client_cert,
                                     .offline = net->offline};
}

static bool fetch_remote(const struct slot *slot, const struct spec_file *file, bool promised,
                         struct str *path, struct digest *digest, struct err *err)
{
    struct pipconf pipconf;
    struct index_config config;
    struct index *index = NULL;
    struct index_file wanted = {.filename = file->filename,
                                .url = file->url,
                                .has_sha256 = promised,
                                .sha256 = *digest,
                                .size = -1,
                                .upload_time_ms = -1};
    if (!pipconf_load(&pipconf_system, slot->arena, &pipconf, err))
        return false;
    index_config_default(&pipconf, &config);
    config.cache_dir = arena_printf(slot->arena, "%s/index", slot->cache);
    fetch_net(&slot->spec->net, &config);
    struct str fetched;
    bool ok = index_open(&config, &index, err) && index_fetch(index, &wanted, &fetched, err);
    if (ok) {
        *path = arena_str(slot->arena, fetched);
        *digest = wanted.sha256;
    }
    index_close(&index);
    return ok;
}

bool fetch_file(const struct slot *slot, const struct spec_file *file, struct str *path,
                struct digest *digest, struct err *err)
{
    struct digest known = {{0}};
    bool stored = false, promised = digest_from_hex(file->sha256, &known);
    if (promised && !cas_has(slot->cas, &known, &stored, err))
        return false;
    bool ok;
    if (stored) {
        ok = fetch_from_store(slot, file, &known, path, err);
    } else if (str_starts(file->url, STR("/"))) {
        *path = arena_str(slot->arena, file->url);
        ok = fetch_local(file, promised, *path, &known, err);
    } else {
        ok = fetch_remote(slot, file, promised, path, &known, err);
    }
    if (ok)
        *digest = known;
    return ok;
}

bool fetch_is_data(const struct err *err)
{
    return err->code == ERR_NETWORK || err->code == ERR_DIGEST || err->code == ERR_NOT_FOUND ||
           err->code == ERR_FORMAT || err->code == ERR_LIMIT;
}

/* Older means more: a policy that stands before another allows less and runs in more places. */
static bool fetch_tag_is_true(const struct elf_audit_verdict *verdict, struct str platform)
{
    struct str first, rest;
    enum elf_arch arch;
    str_cut(platform, '.', &first, &rest);
    const struct elf_policy *claimed = elf_policy_from_tag(first, &arch);
    return verdict->outcome == ELF_AUDIT_PLATFORM && verdict->policy && claimed &&
           arch == verdict->arch && verdict->policy <= claimed;
}

/*
 * A platform wheel that is reused: with a true tag it stays as it is, to the bit. A raw
 * linux tag or one that promises too much is put right before anybody installs it.
 */
static bool fetch_check(const struct slot *slot, struct str *path, struct digest *digest,
                        struct spec_result *result, struct err *err)
{
    struct wheelfile_name name;
    struct elf_audit_verdict verdict;
    struct wheelfile_repair_result repaired;
    const char *dir = arena_printf(slot->arena, "%s/repaired", slot->work).ptr;
    const struct wheelfile_repair_options options = {.floor = slot->spec->platform_tag,
                                                     .strict = slot->spec->strict_floor,
                                                     .out_dir = dir,
                                                     .source_epoch = FETCH_EPOCH};
    result->file = slot->spec->source.filename;
    if (!wheelfile_parse_name(result->file, &name, err))
        return false;
    if (str_eq(name.platform, STR("any")))
        return true;
    slot_phase(slot, "audit");
    if (!wheelfile_audit(path->ptr, NULL, slot->arena, &verdict, err))
        return false;
    machine_check(slot, &verdict, result);
    if (result->outcome != SPEC_OK)
        return true;
    if (fetch_tag_is_true(&verdict, name.platform)) {
        result->policy = verdict.tag;
        result->floor =
            arena_printf(slot->arena, "%u.%u", verdict.policy->major, verdict.policy->minor);
        return true;
    }
    if (!file_mkdirs(AT_FDCWD, dir, 0755, err) ||
        !wheelfile_repair(path->ptr, &options, slot->arena, &repaired, err))
        return false;
    repaired_describe(&repaired, slot->arena, result);
    if (result->outcome != SPEC_OK)
        return true;
    *path = repaired.path;
    return fetch_local(&(struct spec_file){.filename = repaired.file_name}, false, *path, digest,
                       err);
}

/* Wheels for the target are stored: they will be delivered. What builds need stays in the cache. */
bool fetch_run(struct slot *slot, struct spec_result *result, struct err *err)
{
    struct str path;
    struct digest digest;
    struct cas_blob blob;
    struct err failed = {0};
    slot_phase(slot, "fetch");
    bool ok = fetch_file(slot, &slot->spec->source, &path, &digest, &failed);
    if (ok && !slot->spec->for_build_machine)
        ok = fetch_check(slot, &path, &digest, result, &failed);
    if (!ok) {
        if (!fetch_is_data(&failed))
            return err_set(err, failed.code, "%s", failed.text);
        result->outcome = SPEC_FETCH_FAILED;
        result->why = arena_str(slot->arena, str_from(failed.text));
        return true;
    }
    if (result->outcome != SPEC_OK)
        return true;
    if (!slot->spec->for_build_machine &&
        !cas_put_path(slot->cas, AT_FDCWD, path.ptr, &digest, &blob, err))
        return false;
    if (!result->file.len)
        result->file = slot->spec->source.filename;
    result->sha256 = arena_printf(slot->arena, "%s", digest_to_hex(&digest).text);
    return true;
}
