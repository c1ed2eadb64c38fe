#include "cas/cas.h"
#include "base/json.h"
#include "base/mem.h"
#include "cas/fs.h"
#include "cas/stage.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <unistd.h>

struct cas {
    const struct cas_engine *engine;
    void *state;
    int dirfd, stage_dirfd;
};

struct cas_writer {
    struct cas *cas;
    struct stage stage;
    struct digest_stream *stream;
    int64_t size;
};

enum { CAS_CHUNK = 1 << 18, CAS_RECORD_MAX = 4 << 20 };

bool cas_open(const char *dir, struct cas **cas, struct err *err)
{
    if (!file_mkdirs(AT_FDCWD, dir, 0777, err))
        return false;
    FD_AUTO int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return err_errno(err, "opening the content store %s", dir);
    if (!file_mkdirs(dirfd, "stage", 0777, err))
        return err_wrap(err, "content store %s", dir);
    FD_AUTO int stage = openat(dirfd, "stage", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stage < 0)
        return err_errno(err, "opening %s/stage", dir);
    void *state = NULL;
    if (!stage_clean(stage, err) || !fs_open(dirfd, &state, err))
        return err_wrap(err, "content store %s", dir);
    struct cas *opened = mem_alloc(sizeof *opened);
    *opened = (struct cas){&fs_engine, state, fd_take(&dirfd), fd_take(&stage)};
    *cas = opened;
    return true;
}

void cas_close(struct cas **cas)
{
    if (!*cas)
        return;
    (*cas)->engine->close((*cas)->state);
    fd_close(&(*cas)->dirfd);
    fd_close(&(*cas)->stage_dirfd);
    mem_free(*cas);
    *cas = NULL;
}

bool cas_writer_open(struct cas *cas, struct cas_writer **writer, struct err *err)
{
    struct stage stage;
    if (!stage_open(cas->stage_dirfd, &stage, err))
        return false;
    struct cas_writer *opened = mem_alloc(sizeof *opened);
    *opened = (struct cas_writer){.cas = cas, .stage = stage, .stream = digest_open()};
    *writer = opened;
    return true;
}

/* Nothing is lost by a full disk: the staged file goes, what was stored stays. */
static bool cas_write(const struct stage *stage, struct str bytes, struct err *err)
{
    errno = 0;
    if (file_write_all(stage->fd, "a file of the content store", bytes, err))
        return true;
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(err, ERR_SYSTEM,
                       "the disk of the content store is full: make room and run again");
    return false;
}

bool cas_writer_add(struct cas_writer *writer, struct str bytes, struct err *err)
{
    if (!cas_write(&writer->stage, bytes, err))
        return false;
    digest_add(writer->stream, bytes);
    writer->size += (int64_t)bytes.len;
    return true;
}

void cas_writer_abort(struct cas_writer **writer)
{
    if (!*writer)
        return;
    stage_drop(&(*writer)->stage);
    if ((*writer)->stream)
        (void)digest_finish((*writer)->stream);
    mem_free(*writer);
    *writer = NULL;
}

bool cas_writer_commit(struct cas_writer **writer, const struct digest *expected,
                       struct cas_blob *blob, struct err *err)
{
    struct cas_writer *w = *writer;
    struct cas_blob made = {digest_finish(w->stream), w->size};
    bool good = true;
    w->stream = NULL;
    if (expected && !digest_eq(expected, &made.digest)) {
        struct digest_hex want = digest_to_hex(expected), got = digest_to_hex(&made.digest);
        good = err_set(err, ERR_DIGEST, "the bytes have sha256 %s, not %s as promised", got.text,
                       want.text);
    }
    good = good && w->cas->engine->commit(w->cas->state, CAS_BLOBS, &made.digest, made.size,
                                          w->stage.dirfd, w->stage.name, w->stage.fd, err);
    if (good) {
        stage_close(&w->stage);
        *blob = made;
    }
    cas_writer_abort(writer);
    return good;
}

bool cas_put_bytes(struct cas *cas, struct str bytes, struct cas_blob *blob, struct err *err)
{
    __attribute__((cleanup(cas_writer_abort))) struct cas_writer *writer = NULL;
    return cas_writer_open(cas, &writer, err) && cas_writer_add(writer, bytes, err) &&
           cas_writer_commit(&writer, NULL, blob, err);
}

bool cas_put_fd(struct cas *cas, int fd, const char *what, const struct digest *expected,
                struct cas_blob *blob, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    __attribute__((cleanup(cas_writer_abort))) struct cas_writer *writer = NULL;
    char *chunk = arena_alloc(&scratch, CAS_CHUNK);
    if (!cas_writer_open(cas, &writer, err))
        return false;
    for (;;) {
        ssize_t got = read(fd, chunk, CAS_CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading %s", what);
        if (got == 0)
            break;
        if (!cas_writer_add(writer, str_of(chunk, (size_t)got), err))
            return err_wrap(err, "storing %s", what);
    }
    return cas_writer_commit(&writer, expected, blob, err) || err_wrap(err, "storing %s", what);
}

bool cas_put_path(struct cas *cas, int dirfd, const char *path, const struct digest *expected,
                  struct cas_blob *blob, struct err *err)
{
    FD_AUTO int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "opening %s", path);
    return cas_put_fd(cas, fd, path, expected, blob, err);
}

bool cas_has(struct cas *cas, const struct digest *digest, bool *there, struct err *err)
{
    return cas->engine->has(cas->state, CAS_BLOBS, digest, there, err);
}

bool cas_get(struct cas *cas, const struct digest *digest, enum cas_check check, int *fd,
             struct err *err)
{
    FD_AUTO int opened = -1;
    if (!cas->engine->open(cas->state, CAS_BLOBS, digest, &opened, err))
        return false;
    if (check == CAS_VERIFY) {
        struct digest actual;
        struct digest_hex name = digest_to_hex(digest);
        if (!digest_fd(opened, &actual, err))
            return err_wrap(err, "blob %s", name.text);
        if (!digest_eq(&actual, digest))
            return err_set(err, ERR_DIGEST,
                           "blob %s of the content store is damaged: its bytes have another digest",
                           name.text);
        if (lseek(opened, 0, SEEK_SET) < 0)
            return err_errno(err, "blob %s", name.text);
    }
    *fd = fd_take(&opened);
    return true;
}

bool cas_read(struct cas *cas, const struct digest *digest, size_t limit, struct arena *arena,
              struct str *bytes, struct err *err)
{
    struct digest_hex name = digest_to_hex(digest);
    FD_AUTO int fd = -1;
    struct str read = STR("");
    if (!cas_get(cas, digest, CAS_TRUST, &fd, err) ||
        !file_read_fd(fd, name.text, limit, arena, &read, err))
        return false;
    struct digest actual = digest_of(read);
    if (!digest_eq(&actual, digest))
        return err_set(err, ERR_DIGEST,
                       "blob %s of the content store is damaged: its bytes have another digest",
                       name.text);
    *bytes = read;
    return true;
}

bool cas_verify(struct cas *cas, const struct digest *digest, struct err *err)
{
    FD_AUTO int fd = -1;
    return cas_get(cas, digest, CAS_VERIFY, &fd, err);
}

static bool cas_place_copy(struct cas *cas, const struct digest *digest, int dirfd,
                           const char *beside, const char *path, mode_t mode, struct err *err)
{
    FD_AUTO int from = -1;
    if (!cas_get(cas, digest, CAS_TRUST, &from, err))
        return false;
    FD_AUTO int to = openat(dirfd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (to < 0)
        return err_errno(err, "creating %s", path);
    if (!file_copy_bytes(from, to, path, err))
        return false;
    if (fsync(to) < 0)
        return err_errno(err, "syncing %s", path);
    return true;
}

bool cas_place(struct cas *cas, const struct digest *digest, enum cas_placing placing, int dirfd,
               const char *path, mode_t mode, struct err *err)
{
    static unsigned counter;
    ARENA_AUTO struct arena scratch = {0};
    unsigned count = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
    const char *beside = arena_printf(&scratch, "%s.tmp-%d-%u", path, (int)getpid(), count).ptr;
    size_t slash = str_rfind_char(str_from(path), '/');
    const char *parent = str_has_char(str_from(path), '/')
                             ? arena_cstr(&scratch, str_slice(str_from(path), 0, slash + 1))
                             : ".";
    bool linked = false;
    if (placing == CAS_LINK && cas->engine->link &&
        !cas->engine->link(cas->state, digest, dirfd, beside, &linked, err))
        return false;
    bool good = linked || cas_place_copy(cas, digest, dirfd, beside, path,
                                         placing == CAS_LINK ? 0444 : mode, err);
    if (good && renameat(dirfd, beside, dirfd, path) < 0)
        good = err_errno(err, "renaming %s into place", path);
    /* Also after success: renaming one link of a file over another leaves both. */
    if (!good || linked)
        unlinkat(dirfd, beside, 0);
    return good && file_sync_dir(dirfd, parent, err);
}

bool cas_each(struct cas *cas, cas_visit_fn *visit, void *state, struct err *err)
{
    return cas->engine->each(cas->state, CAS_BLOBS, visit, state, err);
}

bool cas_remove(struct cas *cas, const struct digest *digest, struct err *err)
{
    return cas->engine->remove(cas->state, CAS_BLOBS, digest, err);
}

/* The stored form of a result: {"content": "sha256:...", "record": {...}} */
static bool cas_result_text(const struct cas_result *result, struct buf *text, struct err *err)
{
    JSON_AUTO yyjson_doc *record = NULL;
    struct digest_hex hex = digest_to_hex(&result->content);
    if (!json_parse(result->record, "the record of an action result", &record, err))
        return false;
    if (!yyjson_is_obj(yyjson_doc_get_root(record)))
        return err_set(err, ERR_USAGE, "the record of an action result is not a JSON object");
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "content", str_from(hex.text));
    yyjson_mut_obj_add_val(doc, root, "record",
                           yyjson_val_mut_copy(doc, yyjson_doc_get_root(record)));
    json_write(doc, false, text);
    return true;
}

bool cas_result_put(struct cas *cas, const struct digest *action_key,
                    const struct cas_result *result, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    struct stage stage;
    bool there;
    if (!cas_result_text(result, &text, err) || !cas_has(cas, &result->content, &there, err))
        return false;
    if (!there)
        return err_set(err, ERR_USAGE, "the content of an action result is not stored yet");
    if (!stage_open(cas->stage_dirfd, &stage, err))
        return false;
    bool good = cas_write(&stage, buf_str(&text), err) &&
                cas->engine->commit(cas->state, CAS_RESULTS, action_key, (int64_t)text.len,
                                    stage.dirfd, stage.name, stage.fd, err);
    if (good)
        stage_close(&stage);
    else
        stage_drop(&stage);
    return good;
}

/* A record that cannot be read is as good as none: the action is done again and replaces it. */
static bool cas_result_damaged(const struct digest *action_key, struct err *err)
{
    struct digest_hex hex = digest_to_hex(action_key);
    return err_set(err, ERR_NOT_FOUND, "the result of action %s is damaged or its content is gone",
                   hex.text);
}

bool cas_result_get(struct cas *cas, const struct digest *action_key, struct arena *arena,
                    struct cas_result *result, struct err *err)
{
    FD_AUTO int fd = -1;
    JSON_AUTO yyjson_doc *doc = NULL;
    BUF_AUTO struct buf record = {0};
    struct err ignored;
    struct cas_result found;
    struct str text;
    bool there;
    if (!cas->engine->open(cas->state, CAS_RESULTS, action_key, &fd, err) ||
        !file_read_fd(fd, "an action result", CAS_RECORD_MAX, arena, &text, err))
        return false;
    if (!json_parse(text, "an action result", &doc, &ignored) ||
        !digest_from_hex(json_get_str(yyjson_doc_get_root(doc), "content"), &found.content) ||
        !json_get_object(yyjson_doc_get_root(doc), "record"))
        return cas_result_damaged(action_key, err);
    if (!cas_has(cas, &found.content, &there, err))
        return false;
    if (!there)
        return cas_result_damaged(action_key, err);
    JSON_MUT_AUTO yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(
        copy, yyjson_val_mut_copy(copy, json_get_object(yyjson_doc_get_root(doc), "record")));
    json_write(copy, false, &record);
    found.record = arena_str(arena, buf_str(&record));
    *result = found;
    return true;
}
