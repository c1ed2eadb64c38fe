#include "wheelfile/repair.h"

#include "elf/patch.h"
#include "wheelfile/retag.h"
#include "wheelfile/wheelfile.h"
#include "zipped.h"

#define DIST "demo-1.0.dist-info"

static bool find(void *state, const struct elf_audit_file *wanting, struct str soname,
                 struct str *path, struct str *bytes)
{
    struct arena *arena = state;
    struct str libs[] = {STR("libfoo.so.2"), STR("libbase.so.1")};
    assert_int_equal(wanting->arch, ELF_ARCH_S390X);
    for (int i = 0; i < 2; i++)
        if (str_eq(soname, libs[i])) {
            *path = arena_printf(arena, "/usr/lib/" STR_FMT, STR_ARG(soname));
            *bytes =
                zipped_fixture(arena, arena_printf(arena, "s390x-" STR_FMT, STR_ARG(soname)).ptr);
            return true;
        }
    return false;
}

static const char *demo(struct arena *arena, struct str dir, bool reversed)
{
    struct zipped_member members[] = {
        {"demo/__init__.py", STR("from demo import mod\n")},
        {"demo/sub/mod.so", zipped_fixture(arena, "s390x-mod.so")},
        {DIST "/METADATA", STR("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")},
        {DIST "/WHEEL", STR("Wheel-Version: 1.0\nGenerator: x (1)\nRoot-Is-Purelib: false\n"
                            "Tag: cp311-cp311-linux_s390x\n")},
        {DIST "/RECORD", STR("stale\n")},
        {DIST "/RECORD.jws", STR("{}\n")},
    };
    for (int i = 0; reversed && i < 3; i++) {
        struct zipped_member m = members[i];
        members[i] = members[5 - i];
        members[5 - i] = m;
    }
    return zipped(arena, dir, "demo-1.0-cp311-cp311-linux_s390x.whl", members, 6);
}

static struct wheelfile_repair_result repair(struct arena *arena, const char *path,
                                             struct str out_dir, const char *floor, bool strict,
                                             bool with_libraries)
{
    struct elf_audit_lookup lookup = {find, arena, NULL, 0};
    struct wheelfile_repair_options options = {.floor = str_from(floor),
                                               .strict = strict,
                                               .out_dir = out_dir.ptr,
                                               .source_epoch = 1700000001,
                                               .lookup = with_libraries ? &lookup : NULL};
    struct wheelfile_repair_result result;
    struct err err = {0};
    assert_ok(wheelfile_repair(path, &options, arena, &result, &err));
    return result;
}

static struct str member(struct arena *arena, struct wheelfile *wheel, const char *path)
{
    struct str bytes;
    struct err err = {0};
    const struct wheelfile_member *m = wheelfile_find(wheel, str_from(path));
    if (m == NULL)
        fail_msg("no member %s", path);
    assert_ok(wheelfile_read(wheel, m, arena, &bytes, &err));
    return bytes;
}

static void check_grafts(struct arena *arena, struct wheelfile *wheel)
{
    struct err err = {0};
    struct elf_file mod, foo;
    struct str foo_name, base_name;
    assert_ok(elf_read(member(arena, wheel, "demo/sub/mod.so"), arena, &mod, &err));
    foo_name = mod.needed[0];
    assert_true(str_starts(foo_name, STR("libfoo-")) && str_ends(foo_name, STR(".so.2")));
    assert_int_equal(foo_name.len, sizeof "libfoo-01234567.so.2" - 1);
    /* What led into the build machine is gone, what leads inside the wheel stays. */
    assert_str(mod.rpath, "$ORIGIN/sub:$ORIGIN/../../demo.libs");
    assert_ok(elf_read(
        member(arena, wheel, arena_printf(arena, "demo.libs/" STR_FMT, STR_ARG(foo_name)).ptr),
        arena, &foo, &err));
    assert_true(str_eq(foo.soname, foo_name));
    assert_str(foo.rpath, "$ORIGIN");
    base_name = foo.needed[0];
    assert_true(str_starts(base_name, STR("libbase-")));
    assert_true(str_eq(foo.needs[0].file, base_name));
    (void)member(arena, wheel, arena_printf(arena, "demo.libs/" STR_FMT, STR_ARG(base_name)).ptr);
}

static void grafts_and_retags(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena);
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    struct err err = {0};
    struct wheelfile_repair_result r =
        repair(&arena, demo(&arena, dir, false), dir, "manylinux_2_34_s390x", true, true);
    assert_int_equal(r.outcome, WHEELFILE_REPAIRED);
    assert_true(r.written);
    assert_int_equal(r.graft_count, 2);
    assert_str(r.grafts[0].origin, "/usr/lib/libfoo.so.2");
    assert_str(r.file_name, "demo-1.0-cp311-cp311-manylinux_2_34_s390x.whl");
    assert_str(r.after.tag, "manylinux_2_34_s390x");
    assert_ok(wheelfile_open(r.path.ptr, &wheel, &err));
    check_grafts(&arena, wheel);
    assert_str(member(&arena, wheel, DIST "/WHEEL"),
               "Wheel-Version: 1.0\nGenerator: x (1)\nRoot-Is-Purelib: false\n"
               "Tag: cp311-cp311-manylinux_2_34_s390x\n");
    size_t count;
    const struct wheelfile_member *members = wheelfile_members(wheel, &count);
    assert_int_equal(count, 7);
    assert_str(members[count - 1].path, DIST "/RECORD");
    for (size_t i = 1; i + 1 < count; i++)
        assert_true(str_cmp(members[i - 1].path, members[i].path) < 0);
    struct str record = member(&arena, wheel, DIST "/RECORD"), line;
    for (size_t i = 0; i < count; i++) {
        assert_true(str_next_line(&record, &line));
        assert_true(str_starts(line, members[i].path));
    }
    assert_str(line, DIST "/RECORD,,");
    assert_null(wheelfile_find(wheel, STR(DIST "/RECORD.jws")));
    zipped_remove(dir);
}

static void gives_the_same_bytes_for_any_order(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), one, two;
    struct err err = {0};
    struct wheelfile_repair_result r =
        repair(&arena, demo(&arena, dir, false), dir, "", false, true);
    assert_ok(file_read(AT_FDCWD, r.path.ptr, 1 << 20, &arena, &one, &err));
    r = repair(&arena, demo(&arena, dir, true), dir, "", false, true);
    assert_ok(file_read(AT_FDCWD, r.path.ptr, 1 << 20, &arena, &two, &err));
    assert_true(str_eq(one, two));
    /* 2023-11-14 22:13:20 in the first local header: even seconds. */
    assert_memory_equal(one.ptr + 10, "\xaa\xb1\x6e\x57", 4);
    zipped_remove(dir);
}

static void keeps_to_the_floor(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena);
    const char *path = demo(&arena, dir, false);
    struct wheelfile_repair_result r = repair(&arena, path, dir, "manylinux2014_s390x", true, true);
    assert_int_equal(r.outcome, WHEELFILE_ABOVE_FLOOR);
    assert_false(r.written);
    assert_non_null(strstr(r.why.ptr, "GLIBC_2.34"));
    r = repair(&arena, path, dir, "manylinux2014_s390x", false, true);
    assert_int_equal(r.outcome, WHEELFILE_ABOVE_FLOOR);
    assert_true(r.written);
    assert_str(r.tags, "manylinux_2_34_s390x");
    r = repair(&arena, path, dir, "manylinux2014_x86_64", false, true);
    assert_int_equal(r.outcome, WHEELFILE_REFUSED);
    zipped_remove(dir);
}

static void refuses_what_cannot_be_true(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena);
    struct wheelfile_repair_result r =
        repair(&arena, demo(&arena, dir, false), dir, "", false, false);
    assert_int_equal(r.outcome, WHEELFILE_REFUSED);
    assert_false(r.written);
    assert_non_null(strstr(r.why.ptr, "libfoo.so.2"));
    struct zipped_member bare[] = {
        {"demo/__init__.py", STR("\n")},
        {DIST "/WHEEL", STR("Wheel-Version: 1.0\nTag: cp311-cp311-linux_s390x\n")}};
    r = repair(&arena, zipped(&arena, dir, "demo-1.0-cp311-cp311-linux_s390x.whl", bare, 2), dir,
               "", false, true);
    assert_int_equal(r.outcome, WHEELFILE_REFUSED);
    assert_non_null(strstr(r.why.ptr, "silent fallback"));
    zipped_remove(dir);
}

static void copies_pure_wheels(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), out;
    struct err err = {0};
    struct zipped_member members[] = {
        {"demo/__init__.py", STR("\n")},
        {DIST "/WHEEL", STR("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")}};
    const char *path = zipped(&arena, dir, "demo-1.0-py3-none-any.whl", members, 2);
    assert_ok(file_make_temp_dir(dir.ptr, "out", &arena, &out, &err));
    struct wheelfile_repair_result r = repair(&arena, path, out, "manylinux2014_s390x", true, true);
    assert_int_equal(r.outcome, WHEELFILE_PURE);
    assert_str(r.file_name, "demo-1.0-py3-none-any.whl");
    assert_true(r.written);
    zipped_remove(dir);
}

/* What is stored is not packed on the way: 2 GB of what cannot be packed would take minutes. */
static void members_stay_as_they_are_packed(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), out = zipped_dir(&arena);
    struct zipped_member members[] = {
        {"demo/stored", {arena_alloc(&arena, 5000), 5000}},
        {"demo/packed", {arena_alloc(&arena, 5000), 5000}},
        {DIST "/METADATA", STR("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")},
        {DIST "/WHEEL", STR("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")},
    };
    const char *path = zipped(&arena, dir, "demo-1.0-py3-none-any.whl", members, 4);
    zip_t *zip = zip_open(path, 0, NULL);
    assert_int_equal(zip_set_file_compression(zip, 0, ZIP_CM_STORE, 0), 0);
    assert_int_equal(zip_close(zip), 0);
    struct wheelfile_repair_result result = repair(&arena, path, out, "", false, false);
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    struct err err = {0};
    assert_ok(wheelfile_open(result.path.ptr, &wheel, &err));
    assert_int_equal(wheelfile_find(wheel, STR("demo/stored"))->zipped->method, ZIP_CM_STORE);
    assert_int_equal(wheelfile_find(wheel, STR("demo/packed"))->zipped->method, ZIP_CM_DEFLATE);
    assert_true(str_eq(member(&arena, wheel, "demo/stored"), members[0].bytes));
    zipped_remove(dir);
    zipped_remove(out);
}

static void retags(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct buf out BUF_AUTO = {0};
    struct wheelfile_name name;
    struct err err = {0};
    assert_ok(wheelfile_parse_name(STR("a-1-2-py2.py3-none-linux_s390x.whl"), &name, &err));
    struct str tags = STR("manylinux2014_s390x.manylinux_2_17_s390x");
    assert_str(wheelfile_retag_name(&name, tags, &arena),
               "a-1-2-py2.py3-none-manylinux2014_s390x.manylinux_2_17_s390x.whl");
    wheelfile_retag(STR("Wheel-Version: 1.0\r\nroot-is-purelib: true\r\nBuild: 2\r\n"), &name, tags,
                    &arena, &out);
    assert_str(buf_str(&out), "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nBuild: 2\n"
                              "Tag: py2-none-manylinux2014_s390x\n"
                              "Tag: py2-none-manylinux_2_17_s390x\n"
                              "Tag: py3-none-manylinux2014_s390x\n"
                              "Tag: py3-none-manylinux_2_17_s390x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grafts_and_retags),
        cmocka_unit_test(gives_the_same_bytes_for_any_order),
        cmocka_unit_test(keeps_to_the_floor),
        cmocka_unit_test(refuses_what_cannot_be_true),
        cmocka_unit_test(copies_pure_wheels),
        cmocka_unit_test(members_stay_as_they_are_packed),
        cmocka_unit_test(retags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
