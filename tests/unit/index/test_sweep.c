/* What is under way stays, what nobody holds goes. */
#include "index/sweep.h"

#include <unistd.h>

#include "fixture.h"
#include "os/fd.h"
#include "os/file.h"
#include "unit.h"

static void test_sweep(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str live_dir, dead_dir;
    int live = -1, dead = -1, live_lock = -1, dead_lock = -1;
    const char *dir = fixture_dir(&arena);
    (void)state;
    assert_ok(sweep_leftovers(dir, &err)); /* neither place is there yet */
    const char *trees = arena_printf(&arena, "%s/trees", dir).ptr;
    const char *other = arena_printf(&arena, "%s/files/other", dir).ptr;
    assert_ok(file_mkdirs(AT_FDCWD, other, 0755, &err));
    assert_ok(file_mkdirs(AT_FDCWD, trees, 0755, &err));
    char *live_path = (char *)(uintptr_t)arena_printf(&arena, "%s/files/download-XXXXXX", dir).ptr;
    char *dead_path = (char *)(uintptr_t)arena_printf(&arena, "%s/files/download-XXXXXX", dir).ptr;
    assert_ok(sweep_new_file(live_path, &live, &err));
    assert_ok(sweep_new_file(dead_path, &dead, &err));
    assert_ok(sweep_new_directory(trees, &arena, &live_dir, &live_lock, &err));
    assert_ok(sweep_new_directory(trees, &arena, &dead_dir, &dead_lock, &err));
    fd_close(&dead); /* as a killed process does */
    fd_close(&dead_lock);
    assert_ok(sweep_leftovers(dir, &err));
    assert_true(access(live_path, F_OK) == 0 && access(live_dir.ptr, F_OK) == 0);
    assert_true(access(other, F_OK) == 0);
    assert_true(access(dead_path, F_OK) != 0 && access(dead_dir.ptr, F_OK) != 0);
    fd_close(&live);
    fd_close(&live_lock);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sweep)};
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
