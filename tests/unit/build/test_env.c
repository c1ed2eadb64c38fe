/* Build environments: scripts, keys, several makers at once. */
#include "build/env.h"

#include <sys/wait.h>
#include <unistd.h>

#include "../index/fixture.h"
#include "os/file.h"
#include "unit.h"

static struct env_wheel wheel(struct arena *arena, const char *dir, const char *name,
                              const char *entry_points)
{
    const char *file = arena_printf(arena, "%s-1-py3-none-any.whl", name).ptr;
    const struct fixture_member members[] = {
        {arena_printf(arena, "%s/__init__.py", name).ptr, "x = 1\n"},
        {arena_printf(arena, "%s-1.dist-info/WHEEL", name).ptr, FIXTURE_WHEEL("py3-none-any")},
        {arena_printf(arena, "%s-1.dist-info/entry_points.txt", name).ptr, entry_points},
        {arena_printf(arena, "%s-1.data/scripts/%s-run", name, name).ptr,
         "#!python -E\nimport x\n"},
        {arena_printf(arena, "%s-1.data/scripts/%s-sh", name, name).ptr, "#!/bin/sh\nexit\n"},
        {0},
    };
    fixture_zip(dir, file, members);
    return (struct env_wheel){arena_printf(arena, "%s/%s", dir, file).ptr,
                              digest_of(str_from(name))};
}

static struct str content(struct arena *arena, struct str dir, const char *name)
{
    struct err err = {0};
    struct str text;
    assert_ok(file_read(AT_FDCWD, file_join(arena, dir, str_from(name)).ptr, 1 << 16, arena, &text,
                        &err));
    return text;
}

static bool there(struct arena *arena, struct str dir, const char *name)
{
    return access(file_join(arena, dir, str_from(name)).ptr, F_OK) == 0;
}

static void test_scripts(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str env;
    struct digest key;
    const char *dir = fixture_dir(&arena);
    const struct env_wheel wheels[] = {
        wheel(&arena, dir, "a",
              "[console_scripts]\r\ntool = a.cli:App.main [extra]\nbad line\n../evil = a:b\n"
              "half = a\n\n[gui_scripts]\nwindow = a:w\n[console_scripts]\nmore=a:m\n"),
    };
    assert_ok(env_compose(dir, (struct env_wheels){wheels, 1}, (struct env_wheels){0}, &arena, &env,
                          &key, &err));
    assert_str(content(&arena, env, "bin/tool"),
               "#!" ENV_PYTHON "\nimport sys\nfrom a.cli import App\nsys.exit(App.main())\n");
    assert_true(there(&arena, env, "bin/more"));
    assert_false(there(&arena, env, "bin/window") || there(&arena, env, "bin/half"));
    assert_false(there(&arena, env, "evil"));
    assert_str(content(&arena, env, "bin/a-run"), "#!" ENV_PYTHON "\nimport x\n");
    assert_str(content(&arena, env, "bin/a-sh"), "#!/bin/sh\nexit\n");
    assert_int_equal(access(file_join(&arena, env, STR("bin/a-run")).ptr, X_OK), 0);
    assert_true(there(&arena, env, "site/a/__init__.py"));
    fixture_remove(dir);
}

static void test_key(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str first, again, other;
    struct digest key, key_again, key_other;
    const char *dir = fixture_dir(&arena);
    struct env_wheel wheels[] = {wheel(&arena, dir, "a", ""), wheel(&arena, dir, "b", "")};
    assert_ok(env_compose(dir, (struct env_wheels){wheels, 2}, (struct env_wheels){0}, &arena,
                          &first, &key, &err));
    wheels[0].path = "/somewhere/else"; /* known by its digest: not even opened again */
    assert_ok(env_compose(dir, (struct env_wheels){wheels, 2}, (struct env_wheels){0}, &arena,
                          &again, &key_again, &err));
    assert_true(str_eq(first, again) && digest_eq(&key, &key_again));
    wheels[0].path = arena_printf(&arena, "%s/a-1-py3-none-any.whl", dir).ptr;
    assert_ok(env_compose(dir, (struct env_wheels){wheels, 1}, (struct env_wheels){0}, &arena,
                          &other, &key_other, &err));
    assert_false(str_eq(first, other) || digest_eq(&key, &key_other));
    assert_ok(env_compose(dir, (struct env_wheels){NULL, 0}, (struct env_wheels){0}, &arena, &other,
                          &key_other, &err)); /* no requirements */
    assert_true(there(&arena, other, "site") && there(&arena, other, "bin"));
    fixture_remove(dir);
}

/* Headers and archives are the target's, what Python imports is the build machine's. */
static void test_linked(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str env, plain;
    struct digest key, key_plain;
    const char *dir = fixture_dir(&arena);
    const struct fixture_member ours[] = {{"n/__init__.py", "here"},
                                          {"n/include/n.h", "here"},
                                          {"n/lib/libn.a", "here"},
                                          {"n-1.dist-info/WHEEL", FIXTURE_WHEEL("py3-none-any")},
                                          {0}};
    const struct fixture_member theirs[] = {{"n/__init__.py", "there"},
                                            {"n/include/n.h", "there"},
                                            {"n/include/only.h", "there"},
                                            {"n/lib/libn.a", "there"},
                                            {"n/_n.so", "there"},
                                            {"n/more/x.h", "there"},
                                            {"n-1.dist-info/WHEEL", FIXTURE_WHEEL("py3-none-any")},
                                            {0}};
    fixture_zip(dir, "n-1-py3-none-any.whl", ours);
    fixture_zip(dir, "n-1-1-py3-none-any.whl", theirs);
    const struct env_wheel own = {arena_printf(&arena, "%s/n-1-py3-none-any.whl", dir).ptr, {{1}}};
    const struct env_wheel target = {arena_printf(&arena, "%s/n-1-1-py3-none-any.whl", dir).ptr,
                                     {{2}}};
    assert_ok(env_compose(dir, (struct env_wheels){&own, 1}, (struct env_wheels){&target, 1},
                          &arena, &env, &key, &err));
    assert_str(content(&arena, env, "site/n/__init__.py"), "here");
    assert_str(content(&arena, env, "site/n/include/n.h"), "there");
    assert_str(content(&arena, env, "site/n/include/only.h"), "there");
    assert_str(content(&arena, env, "site/n/lib/libn.a"), "there");
    assert_false(there(&arena, env, "site/n/_n.so") || there(&arena, env, "linked"));
    assert_ok(env_compose(dir, (struct env_wheels){&own, 1}, (struct env_wheels){0}, &arena, &plain,
                          &key_plain, &err));
    assert_false(digest_eq(&key, &key_plain));
    assert_str(content(&arena, plain, "site/n/lib/libn.a"), "here");
    fixture_remove(dir);
}

static bool leftover(void *state, int dirfd, struct str name, struct err *err)
{
    (void)dirfd;
    (void)err;
    *(size_t *)state += str_starts(name, STR("new-"));
    return true;
}

static void test_failure(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str env = STR("untouched");
    struct digest key;
    size_t left = 0;
    const char *dir = fixture_dir(&arena);
    struct env_wheel wheels[] = {wheel(&arena, dir, "a", ""), {"/no/b-1-py3-none-any.whl", {{1}}}};
    assert_false(env_compose(dir, (struct env_wheels){wheels, 2}, (struct env_wheels){0}, &arena,
                             &env, &key, &err));
    assert_str(env, "untouched");
    assert_ok(file_each(AT_FDCWD, arena_printf(&arena, "%s/env", dir).ptr, leftover, &left, &err));
    assert_int_equal(left, 0);
    fixture_remove(dir);
}

static void test_at_once(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str env;
    struct digest key;
    size_t left = 0;
    const char *dir = fixture_dir(&arena);
    const struct env_wheel wheels[] = {wheel(&arena, dir, "a", ""), wheel(&arena, dir, "b", "")};
    int gate[2];
    pid_t children[4];
    char byte;
    assert_int_equal(pipe(gate), 0);
    for (size_t i = 0; i < 4; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            close(gate[1]);
            (void)!read(gate[0], &byte, 1); /* end of file: all at the same time */
            _exit(env_compose(dir, (struct env_wheels){wheels, 2}, (struct env_wheels){0}, &arena,
                              &env, &key, &err) &&
                          there(&arena, env, "site/b/__init__.py")
                      ? 0
                      : 1);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (size_t i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_ok(env_compose(dir, (struct env_wheels){wheels, 2}, (struct env_wheels){0}, &arena, &env,
                          &key, &err));
    assert_ok(file_each(AT_FDCWD, arena_printf(&arena, "%s/env", dir).ptr, leftover, &left, &err));
    assert_int_equal(left, 0);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts), cmocka_unit_test(test_key),
        cmocka_unit_test(test_linked),  cmocka_unit_test(test_failure),
        cmocka_unit_test(test_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
