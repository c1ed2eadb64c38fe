/*
 * A connection to the database engine: transactions, and prepared statements by
 * number, kept between uses. All SQL text is in statements.def. This is the seam
 * where another engine fits: what is above it knows ids, arguments and rows only.
 */
#ifndef REFINERY_STORE_SQL_H
#define REFINERY_STORE_SQL_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum sql_id {
#define SQL(ID, text) SQL_##ID,
#include "store/statements.def"
    SQL_COUNT
};

struct sql;

CHECKED bool sql_open(const char *path, struct sql **sql, struct err *err);
/* Of a database that may be another user's: nothing is written, not even beside it. */
CHECKED bool sql_open_to_read(const char *path, struct sql **sql, struct err *err);
void sql_close(struct sql **sql);
const char *sql_path(const struct sql *sql);

/* Writers queue here (10 s), so that nothing inside a transaction has to wait. */
CHECKED bool sql_begin(struct sql *sql, struct err *err);
CHECKED bool sql_commit(struct sql *sql, struct err *err); /* rolls back when it fails */
void sql_rollback(struct sql *sql);

struct sql_arg {
    enum { SQL_ARG_INT, SQL_ARG_TEXT, SQL_ARG_DIGEST } kind;
    int64_t number;
    struct str text;
    struct digest_hex hex;
};

static inline struct sql_arg sql_int(int64_t number)
{
    return (struct sql_arg){.kind = SQL_ARG_INT, .number = number};
}
static inline struct sql_arg sql_text(struct str text)
{
    return (struct sql_arg){.kind = SQL_ARG_TEXT, .text = text};
}
/* As hexadecimal text; NULL is the empty text. */
struct sql_arg sql_digest(const struct digest *digest);

/* The arguments of a statement, in order: SQL_ARGS(sql_int(run), sql_text(name)) */
#define SQL_ARGS(...)                                                                              \
    (const struct sql_arg[]){__VA_ARGS__},                                                         \
        sizeof((const struct sql_arg[]){__VA_ARGS__}) / sizeof(struct sql_arg)
#define SQL_NO_ARGS NULL, 0

/* For statements without rows. `changed` (may be NULL): how many rows were touched. */
CHECKED bool sql_run(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
                     int64_t *changed, struct err *err);

/* Rows, one after the other: sql_next until `more` is false; sql_end to stop before that. */
struct sql_rows {
    struct sql *sql;
    enum sql_id id;
    bool open;
};
#define SQL_ROWS_AUTO __attribute__((cleanup(sql_end)))
CHECKED bool sql_query(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
                       struct sql_rows *rows, struct err *err);
CHECKED bool sql_next(struct sql_rows *rows, bool *more, struct err *err);
void sql_end(struct sql_rows *rows);
/* sql_query and the first sql_next. */
CHECKED bool sql_first(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
                       struct sql_rows *rows, bool *found, struct err *err);
/* The number in the first column of the only row; `otherwise` when there is none. */
CHECKED bool sql_number(struct sql *sql, enum sql_id id, const struct sql_arg *args, size_t count,
                        int64_t otherwise, int64_t *number, struct err *err);

/* Columns of the present row, from 0; texts are borrowed until the next sql_next. */
int64_t sql_get_int(const struct sql_rows *rows, int column);
struct str sql_get_text(const struct sql_rows *rows, int column);
bool sql_get_digest(const struct sql_rows *rows, int column, struct digest *digest);

/* Text that is not one of ours: migrations, and reading foreign databases. */
CHECKED bool sql_script(struct sql *sql, const char *text, struct err *err);
CHECKED bool sql_query_text(struct sql *sql, const char *text, int64_t *number, struct err *err);

#endif
