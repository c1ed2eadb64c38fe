#include "store/sql.h"
#include "base/buf.h"
#include "base/mem.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

struct sql {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *prepared[SQL_COUNT];
};

enum { SQL_BUSY_MS = 10000 };

static const char *const sql_texts[SQL_COUNT] = {
#define SQL(ID, text) [SQL_##ID] = text,
#include "store/statements.def"
};

static const char *const sql_names[SQL_COUNT] = {
#define SQL(ID, text) [SQL_##ID] = #ID,
#include "store/statements.def"
};

/* Engine codes that say something a user can act on; the first that fits is taken. */
static const struct sql_complaint {
    int code; /* extended or primary */
    enum err_code err;
    const char *text;
} sql_complaints[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, "it is there already"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_CONFLICT, "it is there already"},
    {SQLITE_CONSTRAINT, ERR_USAGE, "the change breaks a rule of the store"},
    {SQLITE_FULL, ERR_SYSTEM, "the disk is full; nothing was changed: make room and run again"},
    {SQLITE_BUSY, ERR_SYSTEM, "another process held it for more than 10 s; try again"},
    {SQLITE_NOTADB, ERR_FORMAT, "this is not an SQLite database; move it away or name another"},
    {SQLITE_CORRUPT, ERR_FORMAT, "the database is damaged; restore it from a backup"},
    {SQLITE_READONLY, ERR_SYSTEM, "it cannot be written; check its owner and permissions"},
    {SQLITE_CANTOPEN, ERR_SYSTEM, "it cannot be opened; check the directory and its permissions"},
    {SQLITE_IOERR, ERR_SYSTEM, "the disk failed or is full; nothing was changed"},
};

static bool sql_fail(const struct sql *sql, int code, const char *what, struct err *err)
{
    int extended = sql->db ? sqlite3_extended_errcode(sql->db) : code;
    const char *detail = sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code);
    for (size_t i = 0; i < sizeof sql_complaints / sizeof *sql_complaints; i++) {
        const struct sql_complaint *complaint = &sql_complaints[i];
        if (complaint->code == extended || complaint->code == (code & 0xff))
            return err_set(err, complaint->err, "%s: %s (%s: %s)", sql->path, complaint->text, what,
                           detail);
    }
    return err_set(err, ERR_SYSTEM, "%s: %s: %s", sql->path, what, detail);
}

bool sql_script(struct sql *sql, const char *text, struct err *err)
{
    int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK || sql_fail(sql, code, "schema", err);
}

bool sql_query_text(struct sql *sql, const char *text, int64_t *number, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(sql->db, text, -1, &stmt, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *number = sqlite3_column_int64(stmt, 0);
        code = SQLITE_DONE;
    }
    bool good = code == SQLITE_DONE || sql_fail(sql, code, "reading", err);
    sqlite3_finalize(stmt);
    return good;
}

/* `mode` is of sqlite3_open_v2, `script` runs first. */
static bool sql_open_as(const char *path, const char *name, int mode, const char *script,
                        struct sql **sql, struct err *err)
{
    struct sql *opened = mem_alloc(sizeof *opened);
    opened->path = mem_alloc(strlen(path) + 1);
    memcpy(opened->path, path, strlen(path));
    int code = sqlite3_open_v2(name, &opened->db, mode | SQLITE_OPEN_NOMUTEX, NULL);
    bool good = code == SQLITE_OK || sql_fail(opened, code, "opening", err);
    if (good) {
        sqlite3_busy_timeout(opened->db, SQL_BUSY_MS);
        sqlite3_extended_result_codes(opened->db, 1);
        sqlite3_db_config(opened->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(opened->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        good = sql_script(opened, script, err);
    }
    if (!good) {
        sql_close(&opened);
        return false;
    }
    *sql = opened;
    return true;
}

#define SQL_IN_MEMORY "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;"

bool sql_open(const char *path, struct sql **sql, struct err *err)
{
    return sql_open_as(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" SQL_IN_MEMORY
                       "PRAGMA wal_autocheckpoint=4000; PRAGMA recursive_triggers=ON",
                       sql, err);
}

/* "file:PATH?immutable=1", with what would end the path escaped. */
static void sql_immutable_uri(const char *path, struct buf *uri)
{
    buf_add(uri, STR("file:"));
    for (; *path; path++)
        if (*path == '?' || *path == '#' || *path == '%')
            buf_printf(uri, "%%%02x", (unsigned)*path);
        else
            buf_add_char(uri, *path);
    buf_add(uri, STR("?immutable=1"));
}

bool sql_open_to_read(const char *path, struct sql **sql, struct err *err)
{
    /* The first statement that reads pages is what a missing write permission fails. */
    static const char script[] = SQL_IN_MEMORY "SELECT count(*) FROM sqlite_master";
    struct err shared = {0};
    if (sql_open_as(path, path, SQLITE_OPEN_READONLY, script, sql, &shared))
        return true;
    BUF_AUTO struct buf wal = {0}, uri = {0};
    buf_printf(&wal, "%s-wal", path);
    if (shared.code != ERR_SYSTEM || access(wal.ptr, F_OK) == 0)
        return err_set(err, shared.code, "%s", shared.text);
    /* Nobody has it open for writing: all of it is in the file. */
    sql_immutable_uri(path, &uri);
    return sql_open_as(path, uri.ptr, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, script, sql, err);
}

void sql_close(struct sql **sql)
{
    if (!*sql)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize((*sql)->prepared[i]);
    sqlite3_close((*sql)->db);
    mem_free((*sql)->path);
    mem_free(*sql);
    *sql = NULL;
}

const char *sql_path(const struct sql *sql)
{
    return sql->path;
}

bool sql_begin(struct sql *sql, struct err *err)
{
    return sql_run(sql, SQL_BEGIN, SQL_NO_ARGS, NULL, err);
}

bool sql_commit(struct sql *sql, struct err *err)
{
    if (sql_run(sql, SQL_COMMIT, SQL_NO_ARGS, NULL, err))
        return true;
    sql_rollback(sql);
    return false;
}

void sql_rollback(struct sql *sql)
{
    for (size_t i = 0; i < SQL_COUNT; i++)
        if (sql->prepared[i])
            sqlite3_reset(sql->prepared[i]);
    /* Some errors have rolled back already. */
    if (!sqlite3_get_autocommit(sql->db))
        sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
}

struct sql_arg sql_digest(const struct digest *digest)
{
    struct sql_arg arg = {.kind = digest ? SQL_ARG_DIGEST : SQL_ARG_TEXT};
    if (digest)
        arg.hex = digest_to_hex(digest);
    return arg;
}

static int sql_bind(sqlite3_stmt *stmt, int at, const struct sql_arg *arg)
{
    switch (arg->kind) {
    case SQL_ARG_INT:
        return sqlite3_bind_int64(stmt, at, arg->number);
    case SQL_ARG_DIGEST:
        return sqlite3_bind_text(stmt, at, arg->hex.text, DIGEST_HEX, SQLITE_TRANSIENT);
    case SQL_ARG_TEXT:
        break;
    }
    /* Borrowed by the statement until its next use; it is always reset before that. */
    return sqlite3_bind_text64(stmt, at, arg->text.ptr ? arg->text.ptr : "", arg->text.len,
                               SQLITE_STATIC, SQLITE_UTF8);
}

bool sql_query(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
               struct sql_rows *rows, struct err *err)
{
    sqlite3_stmt **stmt = &sql->prepared[id];
    int code = SQLITE_OK;
    if (!*stmt)
        code =
            sqlite3_prepare_v3(sql->db, sql_texts[id], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    if (code == SQLITE_OK && sqlite3_stmt_busy(*stmt)) {
        err_set(err, ERR_USAGE, "the store was called from within its own callback (%s)",
                sql_names[id]);
        return false;
    }
    if (code == SQLITE_OK && sqlite3_bind_parameter_count(*stmt) != (int)count) {
        err_set(err, ERR_USAGE, "statement %s takes %d arguments, not %zu", sql_names[id],
                sqlite3_bind_parameter_count(*stmt), count);
        return false;
    }
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = sql_bind(*stmt, (int)i + 1, &args[i]);
    if (code != SQLITE_OK) {
        sql_fail(sql, code, sql_names[id], err);
        return false;
    }
    *rows = (struct sql_rows){sql, id, true};
    return true;
}

bool sql_next(struct sql_rows *rows, bool *more, struct err *err)
{
    struct sql *sql = rows->sql;
    int code = sqlite3_step(sql->prepared[rows->id]);
    if (code == SQLITE_ROW) {
        *more = true;
        return true;
    }
    /* The message is lost by the reset. */
    bool good = code == SQLITE_DONE || sql_fail(sql, code, sql_names[rows->id], err);
    sql_end(rows);
    if (good)
        *more = false;
    return good;
}

void sql_end(struct sql_rows *rows)
{
    if (!rows->open)
        return;
    sqlite3_reset(rows->sql->prepared[rows->id]);
    rows->open = false;
}

bool sql_run(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
             int64_t *changed, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool more = true;
    if (!sql_query(sql, id, args, count, &rows, err))
        return false;
    while (more)
        if (!sql_next(&rows, &more, err))
            return false;
    if (changed)
        *changed = sqlite3_changes64(sql->db);
    return true;
}

bool sql_first(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
               struct sql_rows *rows, bool *found, struct err *err)
{
    return sql_query(sql, id, args, count, rows, err) && sql_next(rows, found, err);
}

bool sql_number(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
                int64_t otherwise, int64_t *number, struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(sql, id, args, count, &rows, &found, err))
        return false;
    int64_t value = found ? sql_get_int(&rows, 0) : otherwise;
    /* Runs on to its end: that is what makes a RETURNING statement complete. */
    while (found)
        if (!sql_next(&rows, &found, err))
            return false;
    *number = value;
    return true;
}

int64_t sql_get_int(const struct sql_rows *rows, int column)
{
    return sqlite3_column_int64(rows->sql->prepared[rows->id], column);
}

struct str sql_get_text(const struct sql_rows *rows, int column)
{
    sqlite3_stmt *stmt = rows->sql->prepared[rows->id];
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text ? str_of(text, (size_t)sqlite3_column_bytes(stmt, column)) : STR("");
}

bool sql_get_digest(const struct sql_rows *rows, int column, struct digest *digest)
{
    return digest_from_hex(sql_get_text(rows, column), digest);
}
