#include "wheelfile/wheelfile.h"

#include "zipped.h"

#define DIST "demo-1.0.dist-info"
static const char *const good_name = "demo-1.0-py3-none-any.whl";

static void parses_names(void **state)
{
    (void)state;
    struct wheelfile_name n;
    struct err err = {0};
    assert_ok(
        wheelfile_parse_name(STR("a.b_c-1!2.0+x-1two-cp311.cp312-abi3-linux_s390x.whl"), &n, &err));
    assert_str(n.name, "a.b_c");
    assert_str(n.version, "1!2.0+x");
    assert_str(n.build, "1two");
    assert_str(n.python, "cp311.cp312");
    assert_str(n.abi, "abi3");
    assert_str(n.platform, "linux_s390x");
    static const char *const bad[] = {"demo.zip",
                                      "demo-1.0-py3-none.whl",
                                      "demo-1.0-x-py3-none-any.whl",
                                      "demo-1.0--py3-none-any.whl",
                                      "demo/1-1.0-py3-none-any.whl",
                                      "demo-1.0-1-py3-none-any-x.whl",
                                      ".whl",
                                      "demo-1.0-repair.whl"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (wheelfile_parse_name(str_from(bad[i]), &n, &err))
            fail_msg("%s was taken for a wheel's name", bad[i]);
}

static void reads_members(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), bytes;
    struct err err = {0};
    char many[5000];
    memset(many, 'a', sizeof many);
    struct zipped_member members[] = {{"demo/__init__.py", STR("x = 1\n")},
                                      {"demo/many", {many, sizeof many}},
                                      {"demo/empty", {"", 0}},
                                      {DIST "/WHEEL", STR("Wheel-Version: 1.0\n")}};
    const char *path = zipped(&arena, dir, good_name, members, 4);
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    assert_ok(wheelfile_open(path, &wheel, &err));
    assert_str(wheelfile_dist_info(wheel), DIST);
    for (size_t i = 0; i < 4; i++) {
        const struct wheelfile_member *m = wheelfile_find(wheel, str_from(members[i].path));
        assert_non_null(m);
        assert_ok(wheelfile_read(wheel, m, &arena, &bytes, &err));
        assert_true(str_eq(bytes, members[i].bytes));
    }
    assert_null(wheelfile_find(wheel, STR("demo/none")));
    zipped_remove(dir);
}

static void refused(struct arena *arena, struct str dir, const struct zipped_member *members,
                    size_t count, const char *why)
{
    struct err err = {0};
    struct wheelfile *wheel = NULL;
    const char *path = zipped(arena, dir, good_name, members, count);
    if (wheelfile_open(path, &wheel, &err))
        fail_msg("opened, though %s", why);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void refuses_hostile_members(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena);
    struct zipped_member wheel = {DIST "/WHEEL", STR("Wheel-Version: 1.0\n")};
    static const char *const paths[] = {"../x", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\b"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct zipped_member members[] = {wheel, {paths[i], STR("x")}};
        refused(&arena, dir, members, 2, "leaves the wheel");
    }
    struct zipped_member none[] = {{"demo/a", STR("x")}};
    refused(&arena, dir, none, 1, "no .dist-info");
    struct zipped_member two[] = {wheel, {"other-1.dist-info/WHEEL", STR("x")}};
    refused(&arena, dir, two, 2, "two .dist-info");
    size_t size = (size_t)24 << 20;
    struct zipped_member bomb[] = {wheel, {"demo/zeros", {arena_alloc(&arena, size), size}}};
    refused(&arena, dir, bomb, 2, "zip bomb");
    zipped_remove(dir);
}

/* One bit of every byte of a small wheel, in turn: an answer or an error, never a crash, and never
 * bytes that differ from what was packed. */
static void survives_damage(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), whole;
    struct err err = {0};
    struct str text = STR("Wheel-Version: 1.0\nWheel-Version: 1.0\nWheel-Version: 1.0\n");
    struct zipped_member members[] = {{DIST "/WHEEL", text}};
    const char *path = zipped(&arena, dir, good_name, members, 1);
    assert_ok(file_read(AT_FDCWD, path, 1 << 20, &arena, &whole, &err));
    for (size_t i = 0; i < whole.len; i++) {
        struct arena scratch ARENA_AUTO = {0};
        struct wheelfile *wheel WHEELFILE_AUTO = NULL;
        struct str copy = arena_str(&scratch, whole), bytes;
        ((char *)(uintptr_t)copy.ptr)[i] ^= 4;
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(copy.ptr, 1, copy.len, file), copy.len);
        fclose(file);
        if (!wheelfile_open(path, &wheel, &err))
            continue;
        const struct wheelfile_member *m = wheelfile_find(wheel, STR(DIST "/WHEEL"));
        if (m != NULL && wheelfile_read(wheel, m, &scratch, &bytes, &err))
            assert_true(str_eq(bytes, text));
    }
    zipped_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_names),
        cmocka_unit_test(reads_members),
        cmocka_unit_test(refuses_hostile_members),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
