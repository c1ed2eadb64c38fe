#include "run/retry_import.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "os/fd.h"
#include "os/file.h"

enum { IMPORT_NAMES = 1000 };

struct retry_import {
    const char *path;
    struct arena *arena;
    struct retry_file file;
    struct str mark; /* these bytes, in this very file */
};

/* A pipe would keep us waiting, and a link may lead out of the cache: a file, or nothing. */
static bool retry_import_open(struct retry_import *import, struct err *err)
{
    struct stat st;
    struct str text;
    FD_AUTO int fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, "opening %s", import->path);
    if (fstat(fd, &st) < 0)
        return err_errno(err, "looking at %s", import->path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, "%s is no regular file; move it away", import->path);
    if (!file_read_fd(fd, import->path, RETRY_FILE_BYTES, import->arena, &text, err) ||
        !retry_file_parse(text, import->path, import->arena, &import->file, err))
        return err_wrap(err, "the retry queue of an earlier system; mend it or move it away");
    struct digest digest = digest_of(text);
    import->mark = arena_printf(import->arena, "%s %llu %lld.%09ld", digest_to_hex(&digest).text,
                                (unsigned long long)st.st_ino, (long long)st.st_mtim.tv_sec,
                                st.st_mtim.tv_nsec);
    return true;
}

bool retry_import_read(const char *path, struct arena *arena, struct retry_file *file,
                       struct err *err)
{
    struct retry_import import = {.path = path, .arena = arena};
    if (!retry_import_open(&import, err))
        return false;
    *file = import.file;
    return true;
}

void retry_import_say(const char *path, const struct retry_file *file)
{
    for (size_t i = 0; i < file->complaints_len; i++)
        log_warn("%s: " STR_FMT, path, STR_ARG(file->complaints[i]));
    if (file->complaints_more)
        log_warn("%s: and %zu more of that kind", path, file->complaints_more);
}

static bool retry_import_add(struct retry_import *import, struct store *store, struct str mark,
                             int64_t now_ms, size_t *added, struct err *err)
{
    const struct retry_file *file = &import->file;
    struct store_retry *rows = ARENA_ARRAY(import->arena, struct store_retry, file->len);
    for (size_t i = 0; i < file->len; i++) {
        const struct retry_request *request = &file->at[i];
        rows[i] = (struct store_retry){.name = request->name,
                                       .version = request->version,
                                       .target = request->target,
                                       .recipes = spec_list_json(request->recipes, import->arena),
                                       .strategy = request->strategy,
                                       .origin = STR("import"),
                                       .attempts = request->attempts,
                                       .reason = request->reason};
    }
    return store_retry_add(store, rows, file->len, STR("retry_queue.json"), mark, now_ms, added,
                           err);
}

bool retry_import_file(struct store *store, const char *path, int64_t now_ms, size_t *added,
                       struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct retry_import import = {.path = path, .arena = &arena};
    if (!retry_import_open(&import, err))
        return false;
    retry_import_say(import.path, &import.file);
    return retry_import_add(&import, store, STR(""), now_ms, added, err);
}

/* Under the first name that is free; one that another process renamed meanwhile is fine. */
static bool retry_import_put_away(struct retry_import *import, struct str *kept, struct err *err)
{
    for (int number = 1; number < IMPORT_NAMES; number++) {
        *kept = number == 1 ? arena_printf(import->arena, "%s.imported", import->path)
                            : arena_printf(import->arena, "%s.imported.%d", import->path, number);
        if (renameat2(AT_FDCWD, import->path, AT_FDCWD, kept->ptr, RENAME_NOREPLACE) == 0 ||
            errno == ENOENT)
            return true;
        if (errno != EEXIST)
            return err_errno(err, "renaming %s, which was imported", import->path);
    }
    return err_set(err, ERR_LIMIT, "%s.imported and %d like it are taken; move them away",
                   import->path, IMPORT_NAMES);
}

bool retry_import_cache(struct store *store, struct str cache, int64_t now_ms, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct retry_import import = {.arena = &arena};
    struct err why = {0};
    struct str kept;
    size_t added;
    import.path = file_join(&arena, cache, STR("retry_queue.json")).ptr;
    if (!retry_import_open(&import, &why))
        return why.code == ERR_NOT_FOUND || err_set(err, why.code, "%s", why.text);
    if (!retry_import_add(&import, store, import.mark, now_ms, &added, err) ||
        !retry_import_put_away(&import, &kept, err))
        return false;
    retry_import_say(import.path, &import.file);
    log_info("%s: %zu request%s into the retry queue; the file is " STR_FMT " now", import.path,
             added, added == 1 ? "" : "s", STR_ARG(kept));
    return true;
}
