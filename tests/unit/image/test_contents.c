#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "image/contents_text.h"

static const char files[] =
    "FILE                                                    LOCATION\n"
    "\n"
    "usr/include/zlib.h                      libdevel/zlib1g-dev,universe/libdevel/zlib-ng-dev\n"
    "usr/include/a b.h\tlibdevel/spaces-dev\r\n"
    "usr/include/alone.h\n"
    "usr/bin/swig  swig";

static const char packages[] = "Package: curl\nSource: curl (7.88)\n"
                               "Depends: libcurl4-gnutls-dev (>= 7) | libcurl-dev, libx-dev:any\n"
                               "Description: Depends: nobody-dev\n\n"
                               "Package: curl-more\nSource: curl\nDepends: libcurl4-gnutls-dev\n\n"
                               "Package: other\nDepends: libcurl4-openssl-dev\n\n"
                               "Package: third\nDepends: libcurl4-openssl-dev,\n libc6\n\n";

static const char dnf[] = "@zlib-devel\n/usr/include/zlib.h\n/usr/lib64/libz.so\n@swig\n"
                          "/usr/bin/swig\n";

/* In pieces of that size, so that lines begin and end anywhere. */
static void add(struct capability_maker *maker, enum contents_form form, const char *all,
                size_t piece)
{
    static struct contents_text text;
    struct err err = {0};
    text = (struct contents_text){.maker = maker, .form = form};
    struct str rest = str_from(all);
    for (; rest.len; rest = str_from_pos(rest, piece))
        assert_ok(contents_text_add(&text, str_slice(rest, 0, piece), &err));
    contents_text_end(&text);
    assert_int_equal(text.passed_over, 0);
}

static struct str packages_of(const struct capability_map *map, enum capability_kind kind,
                              const char *name, struct arena *arena)
{
    struct capability_list list;
    struct str all = STR("");
    capability_find(map, kind, str_from(name), arena, &list);
    for (size_t i = 0; i < list.len; i++)
        all = arena_printf(arena, STR_FMT STR_FMT " ", STR_ARG(all), STR_ARG(list.at[i].package));
    return all;
}

static void open_map(struct capability_maker *maker, struct buf *bytes, struct capability_map *map)
{
    struct err err = {0};
    const struct capability_facts facts = {STR("d"), STR("r"), STR("a"), STR("t"), {{0}}};
    assert_ok(capability_make_finish(maker, &facts, bytes, &err));
    assert_ok(capability_open(buf_str(bytes), map, &err));
}

static void test_contents(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof files; piece += 6) {
        BUF_AUTO struct buf bytes = {0};
        ARENA_AUTO struct arena arena = {0};
        struct capability_maker *maker = capability_make_open(&arena);
        struct capability_map map;
        add(maker, CONTENTS_FILES, files, piece);
        open_map(maker, &bytes, &map);
        assert_str(packages_of(&map, CAPABILITY_HEADER, "zlib.h", &arena),
                   "zlib1g-dev zlib-ng-dev ");
        assert_str(packages_of(&map, CAPABILITY_HEADER, "a b.h", &arena), "spaces-dev ");
        assert_str(packages_of(&map, CAPABILITY_HEADER, "alone.h", &arena), "");
        assert_str(packages_of(&map, CAPABILITY_PROGRAM, "swig", &arena), "swig ");
        assert_int_equal(map.packages.count, 4);
    }
}

static void test_dependants(void **state)
{
    static const char both[] = "usr/include/curl/curl.h libdevel/libcurl4-gnutls-dev,"
                               "libdevel/libcurl4-openssl-dev\n";
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_maker *maker = capability_make_open(&arena);
    struct capability_map map;
    (void)state;
    add(maker, CONTENTS_FILES, both, 10);
    add(maker, CONTENTS_PACKAGES, packages, 7);
    open_map(maker, &bytes, &map);
    /* Two packages of one source count once, those of two sources twice. */
    assert_str(packages_of(&map, CAPABILITY_HEADER, "curl/curl.h", &arena),
               "libcurl4-openssl-dev libcurl4-gnutls-dev ");
    assert_int_equal(map.packages.count, 2);
}

static void test_dnf(void **state)
{
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_maker *maker = capability_make_open(&arena);
    struct capability_map map;
    (void)state;
    add(maker, CONTENTS_DNF, dnf, 5);
    open_map(maker, &bytes, &map);
    assert_str(packages_of(&map, CAPABILITY_HEADER, "zlib.h", &arena), "zlib-devel ");
    assert_str(packages_of(&map, CAPABILITY_LIBRARY, "z", &arena), "zlib-devel ");
    assert_str(packages_of(&map, CAPABILITY_PROGRAM, "swig", &arena), "swig ");
}

/* A line without an end costs no memory, and the next is read again. */
static void test_long_lines(void **state)
{
    static struct contents_text text;
    static char piece[CONTENTS_LINE_MAX / 3];
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    (void)state;
    memset(piece, 'a', sizeof piece);
    text = (struct contents_text){.maker = capability_make_open(&arena)};
    for (int i = 0; i < 100; i++)
        assert_ok(contents_text_add(&text, str_of(piece, sizeof piece), &err));
    assert_ok(contents_text_add(&text, STR("\nusr/bin/x tool\n"), &err));
    contents_text_end(&text);
    assert_int_equal(text.passed_over, 1);
    assert_int_equal(capability_make_files(text.maker), 1);
}

static void test_too_much(void **state)
{
    static struct contents_text text;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    (void)state;
    text = (struct contents_text){.maker = capability_make_open(&arena)};
    text.bytes = CONTENTS_BYTES_MAX - 1;
    assert_ok(contents_text_add(&text, STR("a"), &err));
    assert_false(contents_text_add(&text, STR("a"), &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents), cmocka_unit_test(test_dependants),
        cmocka_unit_test(test_dnf),      cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
