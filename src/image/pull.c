#include "image/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/engine.h"
#include "image/layer.h"
#include "os/fd.h"
#include "os/file.h"

/* Changes with the rules of unpacking. */
#define PULL_RULES "refinery-pulled-root-1"

enum { PULL_NAME_MAX = 4096, PULL_CONFIG_MAX = 4 << 20 };
#define PULL_LAYER_MAX ((int64_t)16 << 30)

struct pull_work {
    const struct pull *pull;
    struct arena *arena;
    struct reference reference;
    struct str name;           /* in full, for messages */
    struct registry *registry; /* NULL until something has to be asked */
    struct image_manifest manifest;
};

static void pull_tell(const struct pull_work *work, enum image_stage stage, struct str detail,
                      uint64_t done, uint64_t total)
{
    if (work->pull->progress)
        work->pull->progress(work->pull->progress_state,
                             &(struct image_progress){stage, work->name, detail, done, total});
}

static bool pull_begin(const struct pull *pull, struct str text, struct arena *arena,
                       struct pull_work *work, struct err *err)
{
    *work = (struct pull_work){.pull = pull, .arena = arena};
    if (!reference_parse(text, arena, &work->reference, err))
        return false;
    work->name = reference_text(&work->reference, arena);
    return true;
}

static bool pull_registry(struct pull_work *work, struct err *err)
{
    if (work->pull->engine.len)
        return err_set(err, ERR_FORMAT, "what " STR_FMT " gave is not the whole image",
                       STR_ARG(work->pull->engine));
    return work->registry ||
           registry_open(&work->reference, &work->pull->registry, &work->registry, err);
}

/* A manifest by digest: from the store, else from the registry into the store. */
static bool pull_manifest(struct pull_work *work, const struct digest *digest,
                          struct registry_manifest *manifest, struct err *err)
{
    struct err absent;
    struct cas_blob blob;
    *manifest = (struct registry_manifest){.digest = *digest};
    if (cas_read(work->pull->cas, digest, IMAGE_MANIFEST_BYTES_MAX, work->arena, &manifest->bytes,
                 &absent))
        return true;
    return pull_registry(work, err) &&
           registry_manifest(work->registry, (struct str){0}, digest, work->arena, manifest, err) &&
           cas_put_bytes(work->pull->cas, manifest->bytes, &blob, err);
}

/* ---- blobs ---- */

struct pull_taking {
    struct pull_work *work;
    struct cas_writer *writer;
    struct str detail;
    uint64_t done, total;
};

static bool pull_take(void *state, struct str bytes, struct err *err)
{
    struct pull_taking *taking = state;
    taking->done += bytes.len;
    pull_tell(taking->work, IMAGE_DOWNLOAD, taking->detail, taking->done, taking->total);
    return cas_writer_add(taking->writer, bytes, err);
}

static bool pull_blob(struct pull_work *work, const struct image_manifest_descriptor *blob,
                      struct str detail, int64_t limit, struct err *err)
{
    struct cas_blob stored;
    bool there;
    struct pull_taking taking = {.work = work, .detail = detail, .total = (uint64_t)blob->size};
    if (blob->size > limit)
        return err_set(err, ERR_LIMIT, STR_FMT " has %lld bytes, more than the %lld allowed",
                       STR_ARG(detail), (long long)blob->size, (long long)limit);
    if (!cas_has(work->pull->cas, &blob->digest, &there, err))
        return false;
    if (there)
        return true;
    if (!pull_registry(work, err) || !cas_writer_open(work->pull->cas, &taking.writer, err))
        return false;
    bool ok = registry_blob(work->registry, blob, pull_take, &taking, err);
    if (ok)
        return cas_writer_commit(&taking.writer, &blob->digest, &stored, err);
    cas_writer_abort(&taking.writer);
    return false;
}

/* What an index says of an entry is a claim; the image's own config decides. */
static bool pull_check_config(struct pull_work *work, struct err *err)
{
    struct str text;
    return pull_blob(work, &work->manifest.config, STR("its config"), PULL_CONFIG_MAX, err) &&
           cas_read(work->pull->cas, &work->manifest.config.digest, PULL_CONFIG_MAX, work->arena,
                    &text, err) &&
           image_manifest_check_config(text, str_from(work->pull->arch->debian), err);
}

/* ---- pinning ---- */

/* Where an answer of the registry is remembered. */
static struct str pull_memory(const struct pull_work *work)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, work->name);
    digest_add_field(stream, str_from(work->pull->arch->machine));
    struct digest key = digest_finish(stream);
    return arena_printf(work->arena, "%s/images/%s", work->pull->cache, digest_to_hex(&key).text);
}

/* What the name means: a manifest, or an index over several. */
static bool pull_name(struct pull_work *work, struct str name, struct registry_manifest *answer,
                      struct err *err)
{
    const struct pull *pull = work->pull;
    struct image_manifest_descriptor entry;
    struct cas_blob blob;
    if (pull->engine.len) {
        if (!engine_take(pull->engine, name, pull->arch, pull->cas, pull->cache, work->arena,
                         &entry, err) ||
            !pull_manifest(work, &entry.digest, answer, err))
            return false;
        answer->content_type = entry.media_type;
        return true;
    }
    return work->reference.has_digest ? pull_manifest(work, &work->reference.digest, answer, err)
                                      : pull_registry(work, err) &&
                                            registry_manifest(work->registry, work->reference.tag,
                                                              NULL, work->arena, answer, err) &&
                                            cas_put_bytes(pull->cas, answer->bytes, &blob, err);
}

static bool pull_ask(struct pull_work *work, struct str name, struct digest *pinned,
                     struct err *err)
{
    struct registry_manifest answer;
    struct image_manifest_descriptor entry;
    if (!pull_name(work, name, &answer, err) ||
        !image_manifest_parse(answer.bytes, answer.content_type, work->arena, &work->manifest, err))
        return false;
    *pinned = answer.digest;
    if (work->manifest.kind == IMAGE_MANIFEST_ONE)
        return pull_check_config(work, err);
    if (!image_manifest_choose(&work->manifest, str_from(work->pull->arch->debian), &entry, err) ||
        !pull_manifest(work, &entry.digest, &answer, err) ||
        !image_manifest_parse(answer.bytes, entry.media_type, work->arena, &work->manifest, err))
        return false;
    if (work->manifest.kind != IMAGE_MANIFEST_ONE)
        return err_set(err, ERR_FORMAT, "its index leads to another index");
    *pinned = entry.digest;
    return pull_check_config(work, err);
}

static bool pull_recall(const struct pull_work *work, struct arena *arena, struct str *pinned)
{
    struct err ignored;
    return file_read(AT_FDCWD, pull_memory(work).ptr, PULL_NAME_MAX, arena, pinned, &ignored);
}

static bool pull_remember(const struct pull_work *work, struct str pinned, struct err *err)
{
    return file_mkdirs(AT_FDCWD, arena_printf(work->arena, "%s/images", work->pull->cache).ptr,
                       0755, err) &&
           file_write(AT_FDCWD, pull_memory(work).ptr, 0644, pinned, err);
}

bool pull_pin(const struct pull *pull, struct str reference, struct arena *arena,
              struct str *pinned, struct err *err)
{
    struct pull_work work;
    struct digest digest;
    struct str recalled;
    if (!pull_begin(pull, reference, arena, &work, err))
        return false;
    bool ok = pull_ask(&work, reference, &digest, err);
    registry_close(&work.registry);
    if (!ok && err->code == ERR_NETWORK && pull_recall(&work, arena, &recalled)) {
        pull_tell(&work, IMAGE_NOTE,
                  arena_printf(arena, "%s; going on with what it was before", err->text), 0, 0);
        *pinned = recalled;
        return true;
    }
    if (!ok && err->code == ERR_NETWORK)
        return err_wrap(err,
                        "image " STR_FMT " cannot be had; check the registry, or give another "
                        "--container-image",
                        STR_ARG(work.name));
    if (!ok && pull->engine.len && err->code == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "image " STR_FMT ": %s; \"%s\" brings it",
                       STR_ARG(reference), arena_str(arena, str_from(err->text)).ptr,
                       engine_advice(pull->engine, reference, pull->arch, arena).ptr);
    if (!ok)
        return err_wrap(err, "image " STR_FMT, STR_ARG(work.name));
    work.reference.digest = digest;
    work.reference.has_digest = true;
    struct str text = reference_text(&work.reference, arena);
    if (!pull_remember(&work, text, err))
        return false;
    *pinned = text;
    return true;
}

/* ---- the root ---- */

static struct digest pull_root_digest(const struct pull_work *work)
{
    struct digest_stream *stream = digest_open();
    digest_add_field(stream, STR(PULL_RULES));
    digest_add_field(stream, str_from(work->pull->arch->machine));
    for (size_t i = 0; i < work->manifest.layers.len; i++)
        digest_add_field(stream, str_of(work->manifest.layers.at[i].digest.bytes, DIGEST_SIZE));
    return digest_finish(stream);
}

static struct str pull_layer_name(const struct pull_work *work, size_t i)
{
    return arena_printf(work->arena, "layer %zu of %zu", i + 1, work->manifest.layers.len);
}

static bool pull_unpack(struct pull_work *work, const char *dir, struct err *err)
{
    int FD_AUTO root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *real = realpath(dir, NULL);
    if (root < 0 || !real) {
        free(real);
        return err_errno(err, "cannot open %s", dir);
    }
    struct layer_root layers = {.dirfd = root,
                                .path = arena_str(work->arena, str_from(real)).ptr,
                                .limits = &layer_default_limits};
    free(real);
    for (size_t i = 0; i < work->manifest.layers.len; i++) {
        struct str name = pull_layer_name(work, i);
        int FD_AUTO fd = -1;
        /* Read through once more: what rotted in the store is fetched anew next time. */
        if (!cas_get(work->pull->cas, &work->manifest.layers.at[i].digest, CAS_VERIFY, &fd, err))
            return false;
        pull_tell(work, IMAGE_UNPACK, name, i, work->manifest.layers.len);
        if (!layer_apply(&layers, fd, name.ptr, err))
            return false;
    }
    return layer_check_links(&layers, err);
}

/*
 * In builds a root's lib64 lies over the build machine's (toolchain.c), whose loader then needs a
 * name to be mounted at.
 */
static bool pull_add_loader(int root, struct err *err)
{
    const struct arch *host = arch_host();
    int FD_AUTO dir = openat(root, "usr/lib64", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || !host)
        return true;
    int FD_AUTO fd = openat(dir, host->loader_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    return fd >= 0 || errno == EEXIST ||
           err_errno(err, "cannot make usr/lib64/%s", host->loader_name);
}

/* What the jail and the builds need to be there, and images may leave out. */
static bool pull_finish(const char *dir, struct err *err)
{
    static const char *const dirs[] = {"proc", "sys", "dev", "run", "tmp", "etc", "usr/bin"};
    int FD_AUTO root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "cannot open %s", dir);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (!file_mkdirs(root, dirs[i], 0755, err))
            return false;
    if (!pull_add_loader(root, err))
        return false;
    return (fchmod(root, 0755) == 0 && syncfs(root) == 0) ||
           err_errno(err, "cannot write %s to disk", dir);
}

static bool pull_make_root(struct pull_work *work, struct image_root *root, struct err *err)
{
    struct str lock_path = arena_printf(work->arena, "%s.lock", root->path.ptr);
    struct str beside = arena_printf(work->arena, "%s.new", root->path.ptr);
    struct err ignored;
    int FD_AUTO lock = -1;
    if (!file_mkdirs(AT_FDCWD, arena_printf(work->arena, "%s/roots", work->pull->cache).ptr, 0755,
                     err) ||
        !file_lock(AT_FDCWD, lock_path.ptr, true, &lock, err))
        return false;
    if (access(root->path.ptr, F_OK) == 0) /* whoever held the lock made it */
        return true;
    if (!file_remove_tree(AT_FDCWD, beside.ptr, err) ||
        !file_mkdirs(AT_FDCWD, beside.ptr, 0755, err))
        return false;
    if (!pull_unpack(work, beside.ptr, err) || !pull_finish(beside.ptr, err)) {
        (void)!file_remove_tree(AT_FDCWD, beside.ptr, &ignored);
        return false;
    }
    if (rename(beside.ptr, root->path.ptr))
        return err_errno(err, "cannot name %s", root->path.ptr);
    root->composed = true;
    return true;
}

static bool pull_fetch(struct pull_work *work, struct image_root *root, struct err *err)
{
    struct registry_manifest answer;
    if (!work->reference.has_digest)
        return err_set(err, ERR_USAGE, "it is not pinned to a digest");
    if (!pull_manifest(work, &work->reference.digest, &answer, err) ||
        !image_manifest_parse(answer.bytes, answer.content_type, work->arena, &work->manifest, err))
        return false;
    if (work->manifest.kind != IMAGE_MANIFEST_ONE)
        return err_set(err, ERR_FORMAT, "its digest names an index, not one image");
    root->digest = pull_root_digest(work);
    root->path = arena_printf(work->arena, "%s/roots/%s", work->pull->cache,
                              digest_to_hex(&root->digest).text);
    if (access(root->path.ptr, F_OK) == 0)
        return true;
    for (size_t i = 0; i < work->manifest.layers.len; i++)
        if (!pull_blob(work, &work->manifest.layers.at[i], pull_layer_name(work, i), PULL_LAYER_MAX,
                       err))
            return false;
    return pull_make_root(work, root, err);
}

bool pull_root(const struct pull *pull, struct str pinned, struct arena *arena,
               struct image_root *root, struct err *err)
{
    struct pull_work work;
    struct image_root made = {0};
    if (!pull_begin(pull, pinned, arena, &work, err))
        return false;
    bool ok = pull_fetch(&work, &made, err);
    registry_close(&work.registry);
    if (!ok)
        return err_wrap(err, "image " STR_FMT, STR_ARG(work.name));
    *root = made;
    return true;
}
