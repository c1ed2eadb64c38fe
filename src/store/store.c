#include "store/store.h"
#include "base/mem.h"
#include "os/fd.h"
#include "os/file.h"
#include "store/import.h"
#include "store/schema.h"
#include "store/tx.h"

#include <string.h>

/*
 * Held while a database is made, migrated or imported: switching to WAL and creating the
 * schema are several steps that two processes at once would see half done.
 */
static bool store_lock(const char *path, int *lock, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    size_t slash = str_rfind_char(str_from(path), '/');
    if (slash < strlen(path) && slash > 0 &&
        !file_mkdirs(AT_FDCWD, arena_cstr(&scratch, str_slice(str_from(path), 0, slash)), 0777,
                     err))
        return false;
    return file_lock(AT_FDCWD, arena_printf(&scratch, "%s.lock", path).ptr, true, lock, err);
}

bool store_open(const char *path, int64_t now_ms, struct store **store, struct err *err)
{
    FD_AUTO int lock = -1;
    struct sql *sql = NULL;
    if (!store_lock(path, &lock, err) || !import_earlier(path, now_ms, err) ||
        !sql_open(path, &sql, err))
        return false;
    if (!schema_migrate(sql, now_ms, err)) {
        sql_close(&sql);
        return false;
    }
    struct store *opened = mem_alloc(sizeof *opened);
    opened->sql = sql;
    *store = opened;
    return true;
}

bool store_open_to_read(const char *path, struct store **store, bool *newest, struct err *err)
{
    struct sql *sql = NULL;
    *store = NULL;
    if (!sql_open_to_read(path, &sql, err))
        return false;
    bool good = schema_is_newest(sql, newest, err);
    if (!good || !*newest) {
        sql_close(&sql);
        return good;
    }
    struct store *opened = mem_alloc(sizeof *opened);
    opened->sql = sql;
    *store = opened;
    return true;
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    sql_close(&(*store)->sql);
    mem_free(*store);
    *store = NULL;
}

bool store_setting_set(struct store *store, struct str key, struct str value, struct err *err)
{
    return tx_run(store, SQL_SETTING_SET, SQL_ARGS(sql_text(key), sql_text(value)), NULL, err);
}

bool store_setting_get(struct store *store, struct str key, struct arena *arena, struct str *value,
                       struct err *err)
{
    SQL_ROWS_AUTO struct sql_rows rows = {0};
    bool found = false;
    if (!sql_first(store->sql, SQL_SETTING_GET, SQL_ARGS(sql_text(key)), &rows, &found, err))
        return false;
    *value = found ? arena_str(arena, sql_get_text(&rows, 0)) : STR("");
    return true;
}

bool store_input_add(struct store *store, const struct digest *digest, struct str kind,
                     struct str name, int64_t size, int64_t now_ms, struct err *err)
{
    return tx_run(store, SQL_INPUT_ADD,
                  SQL_ARGS(sql_digest(digest), sql_text(kind), sql_text(name), sql_int(size),
                           sql_int(now_ms)),
                  NULL, err);
}

bool store_plan_add(struct store *store, const struct digest *plan, const struct digest *content,
                    struct str summary, int64_t now_ms, struct err *err)
{
    return tx_run(
        store, SQL_PLAN_ADD,
        SQL_ARGS(sql_digest(plan), sql_digest(content), sql_text(summary), sql_int(now_ms)), NULL,
        err);
}

struct store_register {
    const struct store_drone_new *drone;
    int64_t now_ms, id, reclaimed;
};

static bool store_register_body(struct sql *sql, void *state, struct err *err)
{
    struct store_register *r = state;
    const struct store_drone_new *drone = r->drone;
    struct tx_event event = {.type = "register", .message = drone->name};
    if (!sql_number(sql, SQL_DRONE_ADD,
                    SQL_ARGS(sql_text(drone->name), sql_text(drone->kind), sql_text(drone->arch),
                             sql_int(drone->cores), sql_int(drone->memory_kib),
                             sql_text(drone->details), sql_int(r->now_ms)),
                    0, &r->id, err))
        return false;
    event.drone = r->id;
    return tx_reclaim(sql, r->id, 0, r->now_ms, &r->reclaimed, err) &&
           tx_event(sql, r->now_ms, &event, err);
}

bool store_drone_register(struct store *store, const struct store_drone_new *drone, int64_t now_ms,
                          int64_t *drone_id, int64_t *reclaimed, struct err *err)
{
    struct store_register r = {.drone = drone, .now_ms = now_ms};
    if (!drone->name.len)
        return err_set(err, ERR_USAGE, "a drone needs a name");
    if (!tx_do(store, store_register_body, &r, err))
        return false;
    *drone_id = r.id;
    if (reclaimed)
        *reclaimed = r.reclaimed;
    return true;
}

struct store_expiry {
    int64_t now_ms, reclaimed;
};

static bool store_reclaim_body(struct sql *sql, void *state, struct err *err)
{
    struct store_expiry *expiry = state;
    return tx_reclaim(sql, 0, expiry->now_ms, expiry->now_ms, &expiry->reclaimed, err);
}

bool store_reclaim(struct store *store, int64_t now_ms, int64_t *reclaimed, struct err *err)
{
    struct store_expiry expiry = {.now_ms = now_ms};
    if (!tx_do(store, store_reclaim_body, &expiry, err))
        return false;
    if (reclaimed)
        *reclaimed = expiry.reclaimed;
    return true;
}
