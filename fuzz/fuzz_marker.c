/* A marker that parses is written in a stable form that evaluates to the same. */
#include "pkg/marker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena ARENA_AUTO = {0};
    BUF_AUTO struct buf once = {0}, twice = {0};
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
    struct marker_wants wants = {.extra = STR("x")};
    const struct marker *marker, *again;
    struct err err = {0};
    if (!marker_parse(str_of(data, size), &arena, &marker, &err))
        return 0;
    marker_write(marker, &once);
    if (!marker_parse(buf_str(&once), &arena, &again, &err))
        return err.code == ERR_LIMIT ? 0 : (abort(), 0);
    marker_write(again, &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)) ||
        marker_holds(marker, &env, &wants) != marker_holds(again, &env, &wants) ||
        !marker_undefined(marker, &env, &wants) != !marker_undefined(again, &env, &wants))
        abort();
    return 0;
}
