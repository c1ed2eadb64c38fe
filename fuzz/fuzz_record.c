/* RECORD files: what is read must come back the same when it is written and read again. */
#include "pkg/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct record record, again;
    struct digest digest;
    struct err err;
    if (!record_parse(str_of(data, size), &arena, &record, &err))
        return 0;
    for (size_t i = 0; i < record.len; i++)
        record_write_row(record.rows[i].path,
                         record_digest(&record.rows[i], &digest) ? &digest : NULL,
                         record.rows[i].size, &out);
    if (!record_parse(buf_str(&out), &arena, &again, &err) || again.len != record.len)
        __builtin_trap();
    for (size_t i = 0; i < record.len; i++)
        if (!str_eq(record.rows[i].path, again.rows[i].path))
            __builtin_trap();
    return 0;
}
