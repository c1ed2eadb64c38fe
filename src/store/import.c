#include "store/import.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/endian.h"
#include "os/fd.h"
#include "os/file.h"
#include "store/schema.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

enum {
    IMPORT_APPLICATION = 0x52464e59, /* ours, as schema.c writes it */
    IMPORT_APPLICATION_AT = 68,      /* in the file's header (SQLite file format 1.3) */
};

struct import_names {
    const char *path, *fresh, *kept;
};

/* The columns wanted of build_events, and what stands in where the file has no such column. */
static const char *const import_columns[] = {
    "run_id",       "name",     "version",          "python_tag", "status",     "detail",
    "platform_tag", "metadata", "matched_hint_ids", "timestamp",  "duration_ms"};
enum { IMPORT_COLUMNS = sizeof import_columns / sizeof *import_columns };

/* Seconds or milliseconds as a number or its text, or a date as SQLite reads it. */
static const char import_select[] =
    "SELECT name, version, python_tag || CASE WHEN python_tag <> '' AND platform_tag <> ''"
    " THEN '-' ELSE '' END || platform_tag, status, detail, matched_hint_ids, metadata,"
    " CAST(CASE WHEN duration_ms <> '' THEN duration_ms WHEN json_valid(metadata)"
    " THEN coalesce(json_extract(metadata, '$.duration_ms'), 0) ELSE 0 END AS INTEGER),"
    " CASE WHEN stamp > 100000000000 THEN CAST(stamp AS INTEGER)"
    " ELSE CAST(round(stamp * 1000) AS INTEGER) END, run_id FROM"
    " (SELECT *, CASE WHEN typeof(timestamp) IN ('integer', 'real') THEN timestamp"
    " WHEN timestamp <> '' AND timestamp NOT GLOB '*[^0-9.]*' THEN CAST(timestamp AS REAL)"
    " ELSE coalesce((julianday(timestamp) - 2440587.5) * 86400, 0) END AS stamp FROM (";

static bool import_fail(sqlite3 *old, const char *path, struct err *err)
{
    return err_set(err, ERR_FORMAT, "importing the earlier history %s: %s; move it away to go on",
                   path, sqlite3_errmsg(old));
}

/* Quick answer for the usual case, without opening the database twice. */
static bool import_is_ours(const char *path)
{
    unsigned char id[4];
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 || (pread(fd, id, sizeof id, IMPORT_APPLICATION_AT) == sizeof id &&
                      read_be32(id) == IMPORT_APPLICATION);
}

static bool import_number(sqlite3 *old, const char *text, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    bool good = sqlite3_prepare_v2(old, text, -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW;
    if (good)
        *number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return good;
}

static bool import_is_earlier(sqlite3 *old)
{
    int64_t id = 0, tables = 0;
    return import_number(old, "PRAGMA application_id", &id) && id != IMPORT_APPLICATION &&
           import_number(old,
                         "SELECT count(*) FROM sqlite_master"
                         " WHERE type = 'table' AND name = 'build_events'",
                         &tables) &&
           tables == 1;
}

/* The inner SELECT: every wanted column by its name, '' where the table has none. */
static bool import_build_select(sqlite3 *old, struct buf *text)
{
    int64_t there = 0;
    buf_add(text, str_from(import_select));
    for (size_t i = 0; i < IMPORT_COLUMNS; i++) {
        BUF_AUTO struct buf question = {0};
        buf_printf(&question,
                   "SELECT count(*) FROM pragma_table_info('build_events') WHERE name = '%s'",
                   import_columns[i]);
        if (!import_number(old, question.ptr, &there))
            return false;
        const char *name = import_columns[i];
        if (there)
            buf_printf(text, "%s coalesce(%s, '') AS %s", i ? "," : "SELECT", name, name);
        else
            buf_printf(text, "%s '' AS %s", i ? "," : "SELECT", name);
    }
    buf_add(text, STR(" FROM build_events)) ORDER BY 9"));
    return true;
}

static struct str import_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text ? str_of(text, (size_t)sqlite3_column_bytes(stmt, column)) : STR("");
}

static bool import_is_failure(struct str status)
{
    static const struct str words[] = {STR_INIT("failed"), STR_INIT("missing"), STR_INIT("error"),
                                       STR_INIT("system_recipe_failed")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(status, words[i]))
            return true;
    return false;
}

static bool import_row(struct sql *sql, sqlite3_stmt *row, struct err *err)
{
    struct sql_arg none = sql_int(0), empty = sql_text(STR(""));
    struct str status = import_text(row, 3);
    return sql_run(
        sql, SQL_HISTORY_ADD,
        SQL_ARGS(sql_int(sqlite3_column_int64(row, 8)), none, none, none, none, empty,
                 sql_text(import_text(row, 0)), sql_text(import_text(row, 1)),
                 sql_text(import_text(row, 2)), sql_text(status),
                 sql_int(import_is_failure(status)), empty, empty, sql_text(import_text(row, 4)),
                 empty, sql_text(import_text(row, 5)), empty, sql_text(import_text(row, 6)),
                 sql_int(sqlite3_column_int64(row, 7)), none, sql_text(STR("build_events"))),
        NULL, err);
}

static bool import_rows(sqlite3 *old, struct sql *sql, const char *path, struct err *err)
{
    BUF_AUTO struct buf text = {0};
    sqlite3_stmt *stmt = NULL;
    if (!import_build_select(old, &text) ||
        sqlite3_prepare_v2(old, text.ptr, -1, &stmt, NULL) != SQLITE_OK)
        return import_fail(old, path, err);
    bool good = sql_begin(sql, err);
    int code = SQLITE_DONE;
    while (good && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        good = import_row(sql, stmt, err);
    if (good && code != SQLITE_DONE)
        good = import_fail(old, path, err);
    sqlite3_finalize(stmt);
    if (good)
        return sql_commit(sql, err);
    sql_rollback(sql);
    return false;
}

static void import_remove(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    ARENA_AUTO struct arena scratch = {0};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(arena_printf(&scratch, "%s%s", path, endings[i]).ptr);
}

/* The old file gets a second name first, so that at no moment it has none. */
static bool import_swap(const struct import_names *names, struct arena *scratch, struct err *err)
{
    if (link(names->path, names->kept) < 0) {
        if (errno == EEXIST)
            return err_set(err, ERR_CONFLICT,
                           "%s is there already: move it away, then %s can be imported",
                           names->kept, names->path);
        if (!file_copy(AT_FDCWD, names->path, AT_FDCWD, names->kept, err))
            return false;
    }
    if (rename(names->fresh, names->path) < 0)
        return err_errno(err, "renaming %s into place", names->fresh);
    size_t slash = str_rfind_char(str_from(names->path), '/');
    struct str parent = str_slice(str_from(names->path), 0, slash ? slash : 1);
    return file_sync_dir(
        AT_FDCWD, str_has_char(str_from(names->path), '/') ? arena_cstr(scratch, parent) : ".",
        err);
}

/* An import that died between the two names: the second one is taken back. */
static void import_undo_half(const struct import_names *names)
{
    struct stat here, there;
    if (stat(names->path, &here) == 0 && stat(names->kept, &there) == 0 &&
        here.st_ino == there.st_ino && here.st_dev == there.st_dev)
        unlink(names->kept);
}

static bool import_into_fresh(sqlite3 *old, const struct import_names *names, int64_t now_ms,
                              struct err *err)
{
    struct sql *sql = NULL;
    import_remove(names->fresh);
    bool good = sql_open(names->fresh, &sql, err) && schema_migrate(sql, now_ms, err) &&
                import_rows(old, sql, names->path, err);
    sql_close(&sql);
    return good;
}

bool import_earlier(const char *path, int64_t now_ms, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct import_names names = {path, arena_printf(&scratch, "%s.new", path).ptr,
                                 arena_printf(&scratch, "%s.build_events", path).ptr};
    sqlite3 *old = NULL;
    if (import_is_ours(path))
        return true;
    bool good = true;
    if (sqlite3_open_v2(path, &old, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_busy_timeout(old, 10000) == SQLITE_OK && import_is_earlier(old)) {
        import_undo_half(&names);
        /* Whatever its log holds must be in the file itself before that is renamed. */
        good = sqlite3_exec(old, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE",
                            NULL, NULL, NULL) == SQLITE_OK ||
               import_fail(old, path, err);
        good = good && import_into_fresh(old, &names, now_ms, err);
        sqlite3_close(old);
        return good && import_swap(&names, &scratch, err);
    }
    sqlite3_close(old);
    return good;
}
