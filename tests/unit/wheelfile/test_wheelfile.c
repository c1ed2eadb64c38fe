#include "wheelfile/wheelfile.h"

#include "base/digest.h"
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

/* Larger than what is read as a whole; noise, so that it stays large when it is packed. */
static struct str noise(struct arena *arena)
{
    size_t size = WHEELFILE_WHOLE + 12345;
    char *bytes = arena_alloc(arena, size);
    uint32_t seed = 7;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
    return str_of(bytes, size);
}

struct gathered {
    struct digest_stream *stream;
    size_t pieces, largest;
};

static bool gather(void *state, struct str piece, struct err *err)
{
    struct gathered *g = state;
    (void)err;
    digest_add(g->stream, piece);
    g->pieces++;
    g->largest = piece.len > g->largest ? piece.len : g->largest;
    return true;
}

static void assert_pieces(struct wheelfile *wheel, const struct wheelfile_member *m,
                          struct str bytes, bool many)
{
    struct err err = {0};
    struct gathered g = {.stream = digest_open()};
    struct wheelfile_view view WHEELFILE_VIEW_AUTO = {0};
    assert_ok(wheelfile_each_piece(wheel, m, gather, &g, &err));
    struct digest got = digest_finish(g.stream), wanted = digest_of(bytes);
    assert_true(digest_eq(&got, &wanted));
    assert_true(many ? g.pieces > 1 && g.largest <= 1 << 20 : g.pieces == 1);
    assert_ok(wheelfile_view(wheel, m, &view, &err));
    assert_true(str_eq(view.bytes, bytes));
    assert_int_equal(view.map != NULL, many);
}

static void reads_large_members_by_pieces(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena), bytes = noise(&arena), small = STR("Wheel-Version: 1.0\n");
    struct zipped_member members[] = {{"demo/noise", bytes}, {DIST "/WHEEL", small}};
    struct err err = {0};
    const char *path = zipped(&arena, dir, good_name, members, 2);
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    assert_ok(wheelfile_open(path, &wheel, &err));
    assert_pieces(wheel, wheelfile_find(wheel, STR("demo/noise")), bytes, true);
    assert_pieces(wheel, wheelfile_find(wheel, STR(DIST "/WHEEL")), small, false);
    zipped_remove(dir);
}

/* Its own checksum would not find it in the middle, only at the end: then it must. */
static void a_damaged_large_member_is_an_error(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct str dir = zipped_dir(&arena);
    struct zipped_member members[] = {{"demo/noise", noise(&arena)}, {DIST "/WHEEL", STR("x")}};
    struct err err = {0};
    const char *path = zipped(&arena, dir, good_name, members, 2);
    FILE *file = fopen(path, "r+b");
    assert_int_equal(fseek(file, WHEELFILE_WHOLE / 2, SEEK_SET), 0);
    assert_int_equal(fwrite("damage", 1, 6, file), 6);
    fclose(file);
    struct wheelfile *wheel WHEELFILE_AUTO = NULL;
    assert_ok(wheelfile_open(path, &wheel, &err));
    struct gathered g = {.stream = digest_open()};
    struct wheelfile_view view WHEELFILE_VIEW_AUTO = {0};
    const struct wheelfile_member *m = wheelfile_find(wheel, STR("demo/noise"));
    assert_false(wheelfile_each_piece(wheel, m, gather, &g, &err));
    assert_false(wheelfile_view(wheel, m, &view, &err));
    assert_null(view.map);
    (void)digest_finish(g.stream);
    zipped_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_names),
        cmocka_unit_test(reads_members),
        cmocka_unit_test(refuses_hostile_members),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(reads_large_members_by_pieces),
        cmocka_unit_test(a_damaged_large_member_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
