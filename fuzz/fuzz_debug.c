/* Any line gets one answer: one line of JSON with "ok". */
#include "base/json.h"
#include "debug/debug.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUF_AUTO struct buf out = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    debug_answer(str_of(data, size), &out);
    if (str_find_char(buf_str(&out), '\n') != out.len - 1)
        abort();
    yyjson_read_err problem;
    /* Not json_parse: an id may be as deep as the request's limit, one level down in the answer. */
    doc = yyjson_read_opts(out.ptr, out.len, YYJSON_READ_NOFLAG, NULL, &problem);
    if (!doc || !yyjson_is_bool(yyjson_obj_get(yyjson_doc_get_root(doc), "ok")))
        abort();
    return 0;
}
