#include "image/engine.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/vec.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/proc.h"

enum {
    ENGINE_SAVE_MS = 30 * 60 * 1000,
    ENGINE_BLOCK = 128 << 10,
    ENGINE_MEMBERS_MAX = 4096,
    ENGINE_SAID_MAX = 300,
};
#define ENGINE_BLOB_MAX ((int64_t)16 << 30)
#define ENGINE_BLOBS "blobs/sha256/"

/* What each is asked with; "%" in the last words is the machine in Go's spelling. */
static const struct engine_row {
    const char *name, *save[6], *package, *pull;
} engine_rows[] = {
    /* Compressed anew each time, layers would have another digest with each version of podman. */
    {"podman",
     {"image", "save", "--quiet", "--format=oci-archive", "--uncompressed", NULL},
     "podman",
     "podman pull --arch % "},
    {"docker", {"image", "save", NULL}, "docker.io", "docker pull --platform linux/% "},
};

static const char *const engine_no_such[] = {"image not known", "No such image",
                                             "reference does not exist"};

static const struct engine_row *engine_find(struct str name)
{
    for (size_t i = 0; i < sizeof engine_rows / sizeof *engine_rows; i++)
        if (str_eq(name, str_from(engine_rows[i].name)))
            return &engine_rows[i];
    return NULL;
}

struct str engine_advice(struct str engine, struct str name, const struct arch *arch,
                         struct arena *arena)
{
    const struct engine_row *row = engine_find(engine);
    struct str before, after;
    str_cut(str_from(row ? row->pull : "%"), '%', &before, &after);
    return arena_printf(arena, STR_FMT "%s" STR_FMT STR_FMT, STR_ARG(before), arch->debian,
                        STR_ARG(after), STR_ARG(name));
}

/* ---- the archive ---- */

struct engine_work {
    struct cas *cas;
    struct arena *arena;
    struct archive *archive;
    struct str index; /* index.json */
};

static bool engine_unreadable(const struct engine_work *work, struct err *err)
{
    const char *why = archive_error_string(work->archive);
    return err_set(err, ERR_FORMAT, "the archive cannot be read: %s", why ? why : "damaged");
}

/* The member at hand as a blob: its name is the digest that it must have. */
static bool engine_blob(const struct engine_work *work, struct str hex, struct err *err)
{
    struct digest digest;
    struct cas_blob stored;
    struct cas_writer *writer;
    const void *bytes;
    size_t len;
    la_int64_t offset, done = 0;
    int status;
    if (!digest_from_hex(hex, &digest))
        return err_set(err, ERR_FORMAT, "the archive has a blob without a digest");
    if (!cas_writer_open(work->cas, &writer, err))
        return false;
    while ((status = archive_read_data_block(work->archive, &bytes, &len, &offset)) == ARCHIVE_OK) {
        /* A sparse member: what is left out must not be closed up. */
        bool good = offset == done && (done += (la_int64_t)len) <= ENGINE_BLOB_MAX;
        if (!good || !cas_writer_add(writer, str_of(bytes, len), err)) {
            cas_writer_abort(&writer);
            return good ? false
                        : err_set(err, ERR_LIMIT, "the archive has a blob that is too large");
        }
    }
    if (status == ARCHIVE_EOF)
        return cas_writer_commit(&writer, &digest, &stored, err);
    cas_writer_abort(&writer);
    return engine_unreadable(work, err);
}

static bool engine_index(struct engine_work *work, la_int64_t size, struct err *err)
{
    if (size < 0 || size > IMAGE_MANIFEST_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "its index.json is larger than %d bytes",
                       IMAGE_MANIFEST_BYTES_MAX);
    char *bytes = arena_alloc(work->arena, (size_t)size + 1);
    if (archive_read_data(work->archive, bytes, (size_t)size) != size)
        return engine_unreadable(work, err);
    work->index = str_of(bytes, (size_t)size);
    return true;
}

static bool engine_members(struct engine_work *work, struct err *err)
{
    const struct str blobs = STR(ENGINE_BLOBS);
    struct archive_entry *entry;
    int status = ARCHIVE_EOF;
    for (size_t count = 0; (status = archive_read_next_header(work->archive, &entry)) == ARCHIVE_OK;
         count++) {
        const char *path = archive_entry_pathname(entry);
        struct str name = str_from(path ? path : "");
        if (count == ENGINE_MEMBERS_MAX)
            return err_set(err, ERR_LIMIT, "the archive has more than %d members",
                           ENGINE_MEMBERS_MAX);
        if (archive_entry_filetype(entry) != S_IFREG)
            continue;
        if (str_starts(name, blobs) && !engine_blob(work, str_from_pos(name, blobs.len), err))
            return false;
        if (str_eq(name, STR("index.json")) && !engine_index(work, archive_entry_size(entry), err))
            return false;
    }
    return status == ARCHIVE_EOF || engine_unreadable(work, err);
}

static bool engine_read(struct engine_work *work, const char *path, struct err *err)
{
    int FD_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", path);
    work->archive = archive_read_new();
    archive_read_support_format_tar(work->archive);
    bool ok = archive_read_open_fd(work->archive, fd, ENGINE_BLOCK) == ARCHIVE_OK
                  ? engine_members(work, err)
                  : engine_unreadable(work, err);
    archive_read_free(work->archive);
    return ok;
}

/* ---- the engine ---- */

static void engine_hear(void *state, struct str chunk)
{
    buf_add(state, chunk);
}

static struct str engine_last_words(const struct buf *said)
{
    struct str rest = buf_str(said), line, last = STR("it said nothing");
    while (str_next_line(&rest, &line))
        if (str_trim(line).len)
            last = str_trim(line);
    return str_slice(last, 0, ENGINE_SAID_MAX);
}

static bool engine_refused(const struct engine_row *row, struct str name, struct str words,
                           struct err *err)
{
    for (size_t i = 0; i < sizeof engine_no_such / sizeof *engine_no_such; i++)
        if (str_find(words, str_from(engine_no_such[i])) < words.len)
            return err_set(err, ERR_NOT_FOUND, "%s has no image " STR_FMT, row->name,
                           STR_ARG(name));
    return err_set(err, ERR_SYSTEM, "%s does not give it: " STR_FMT "; see what \"%s info\" says",
                   row->name, STR_ARG(words), row->name);
}

static bool engine_save(const struct engine_row *row, struct str name, const char *path,
                        struct arena *arena, struct err *err)
{
    BUF_AUTO struct buf said = {0};
    VEC(const char *) argv = {0};
    struct proc_result result;
    const struct proc_limits limits = {.timeout_ms = ENGINE_SAVE_MS};
    *vec_push(&argv, arena) = row->name;
    for (size_t i = 0; row->save[i]; i++)
        *vec_push(&argv, arena) = row->save[i];
    *vec_push(&argv, arena) = "--output";
    *vec_push(&argv, arena) = path;
    *vec_push(&argv, arena) = "--";
    *vec_push(&argv, arena) = arena_cstr(arena, name);
    *vec_push(&argv, arena) = NULL;
    const struct proc_spec spec = {.argv = argv.at, .in = -1, .out = 1, .err = 1};
    if (!proc_run(&spec, &limits, engine_hear, &said, &result, err))
        return err->code == ERR_NOT_FOUND
                   ? err_set(err, ERR_USAGE,
                             "--container-engine %s: there is no %s here; install it (apt-get "
                             "install %s), or leave the option out to pull images without it",
                             row->name, row->name, row->package)
                   : err_wrap(err, "%s", row->name);
    if (result.end == PROC_EXITED && result.code == 0)
        return true;
    return result.end == PROC_EXITED
               ? engine_refused(row, name, engine_last_words(&said), err)
               : err_set(err, ERR_SYSTEM, "%s: %s", row->name, proc_describe(&result, arena).ptr);
}

static bool engine_entry(const struct engine_work *work, const struct engine_row *row,
                         const struct arch *arch, struct image_manifest_descriptor *entry,
                         struct err *err)
{
    struct image_manifest index;
    if (!work->index.len)
        return err_set(err, ERR_FORMAT, "%s wrote no OCI image (docker does from 25 on)",
                       row->name);
    if (!image_manifest_parse(work->index, STR(""), work->arena, &index, err))
        return false;
    if (index.kind != IMAGE_MANIFEST_INDEX)
        return err_set(err, ERR_FORMAT, "the archive's index.json is no index");
    if (index.entries.len != 1) /* the one need not say its platform */
        return image_manifest_choose(&index, str_from(arch->debian), entry, err);
    *entry = index.entries.at[0];
    return true;
}

bool engine_take(struct str engine, struct str name, const struct arch *arch, struct cas *cas,
                 const char *cache, struct arena *arena, struct image_manifest_descriptor *entry,
                 struct err *err)
{
    const struct engine_row *row = engine_find(engine);
    struct engine_work work = {.cas = cas, .arena = arena};
    struct str parent = arena_printf(arena, "%s/images", cache), dir;
    struct err ignored;
    if (!row)
        return err_set(err, ERR_USAGE, "no container engine \"" STR_FMT "\"", STR_ARG(engine));
    if (!file_mkdirs(AT_FDCWD, parent.ptr, 0755, err) ||
        !file_make_temp_dir(parent.ptr, "engine-", arena, &dir, err))
        return false;
    const char *path = arena_printf(arena, "%s/image.tar", dir.ptr).ptr;
    bool ok = engine_save(row, name, path, arena, err) && engine_read(&work, path, err) &&
              engine_entry(&work, row, arch, entry, err);
    (void)!file_remove_tree(AT_FDCWD, dir.ptr, &ignored);
    return ok;
}
