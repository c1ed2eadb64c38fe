/* Lock files: what is read writes, reads and writes again to the same bytes, and selects. */
#include "pkg/pylock_select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_writes_the_same(const struct pylock *lock, struct arena *arena)
{
    BUF_AUTO struct buf once = {0}, twice = {0};
    struct pylock again;
    struct err err;
    pylock_write(lock, &once);
    if (!pylock_parse(buf_str(&once), "written", arena, &again, &err))
        __builtin_trap();
    pylock_write(&again, &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)) || again.packages_len != lock->packages_len)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    const struct tag_target cp311 = {
        .python_minor = 11, .arch = STR("s390x"), .libc = TAG_GLIBC, .libc_minor = 17};
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
    const struct pylock_choice *choices;
    struct version python;
    struct tags tags;
    struct pylock lock;
    struct err err;
    size_t len;
    if (!pylock_parse(str_of(data, size), "fuzz", &arena, &lock, &err))
        return 0;
    check_writes_the_same(&lock, &arena);
    if (!tags_build(&cp311, &arena, &tags, &err) || !version_parse(STR("3.11.2"), &python, &err))
        __builtin_trap();
    const struct pylock_target target = {.marker = &env, .python = &python, .tags = &tags};
    (void)!pylock_select(&lock, &target, "fuzz", &arena, &choices, &len, &err);
    return 0;
}
