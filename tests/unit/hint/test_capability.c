#include "unit.h"

#include <string.h>

#include "base/endian.h"
#include "hint/capability_make.h"

static const struct {
    const char *path, *package, *section;
} files[] = {
    {"usr/include/zlib.h", "zlib1g-dev", "libdevel"},
    {"usr/include/zlib.h", "other-tool", "utils"},
    {"usr/include/Poco/zlib.h", "libpoco-dev", "libdevel"},
    {"usr/include/zlib.h", "zlib1g-dbg", "debug"},
    {"usr/include/zlib.h", "zlib1g-dev-s390x-cross", "devel"},
    {"usr/include/openssl/ssl.h", "libssl-dev", "libdevel"},
    {"usr/include/cyassl/openssl/ssl.h", "libwolfssl-dev", "libdevel"},
    {"usr/include/s390x-linux-gnu/curl/curl.h", "libcurl4-gnutls-dev", "libdevel"},
    {"usr/include/s390x-linux-gnu/curl/curl.h", "libcurl4-nss-dev", "libdevel"},
    {"usr/include/s390x-linux-gnu/curl/curl.h", "libcurl4-openssl-dev", "libdevel"},
    {"usr/include/sys/cdefs.h", "libc6-dev-s390", "libdevel"},
    {"usr/include/s390x-linux-gnu/sys/cdefs.h", "libc6-dev", "libdevel"},
    {"usr/include/aarch64-linux-gnu/ffi.h", "libffi-dev-of-others", "libdevel"},
    {"usr/include/s390x-linux-gnu/ffi.h", "libffi-dev", "libdevel"},
    {"usr/include/freetype2/ft2build.h", "libfreetype-dev", "libdevel"},
    {"usr/lib/s390x-linux-gnu/private/include/ft2build.h", "tool-dev", "libdevel"},
    {"usr/include/dmlc/omp.h", "libdmlc-dev", "libdevel"},
    {"usr/lib/gcc/s390x-linux-gnu/12/include/omp.h", "libgcc-12-dev", "libdevel"},
    {"usr/lib/s390x-linux-gnu/libz.a", "zlib1g-dev", "libdevel"},
    {"usr/lib/s390x-linux-gnu/genwqe/libz.so", "libzadc-dev", "libdevel"},
    {"lib/s390x-linux-gnu/libz.so.1", "zlib1g", "libs"},
    {"usr/lib/s390x-linux-gnu/pkgconfig/zlib.pc", "zlib1g-dev", "libdevel"},
    {"usr/share/eigen3/cmake/Eigen3Config.cmake", "libeigen3-dev", "libdevel"},
    {"usr/bin/swig", "swig", "interpreters"},
    {"usr/bin/tricky", "-oDPkg::Pre-Invoke::=sh", "utils"},
    {"usr/bin/tricky", "a b", "utils"},
    {"usr/bin/tricky", "/tmp/evil.deb", "utils"},
    {"usr/bin/tricky", "evil*", "utils"},
    {"usr/bin/gcc-c++", "gcc-c++", "devel"},
    {"usr/lib/python3/dist-packages/google/protobuf/__init__.py", "python3-protobuf", "python"},
};

static const char *const wanted[][2] = {
    {"git", "libcurl4-gnutls-dev"}, {"cmake", "libcurl4-gnutls-dev"}, {"r", "libcurl4-openssl-dev"},
    {"r", "libcurl4-openssl-dev"},  {"r", "libcurl4-openssl-dev"},    {"x", "libc6-dev"},
    {"x", "nobody-has-files-dev"},
};

/* The map of these files, added from the first or from the last. */
static void make_map(bool backwards, struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct capability_maker *maker = capability_make_open(&arena);
    size_t count = sizeof files / sizeof *files;
    for (size_t i = 0; i < count; i++) {
        size_t at = backwards ? count - 1 - i : i;
        capability_make_add(maker, str_from(files[at].path), str_from(files[at].package),
                            str_from(files[at].section));
        capability_make_add(maker, str_from(files[at].path), str_from(files[at].package),
                            str_from(files[at].section)); /* twice is once */
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        capability_make_count(maker, str_from(wanted[i][0]), str_from(wanted[i][1]));
    const struct capability_facts facts = {STR("debian"), STR("bookworm"), STR("s390x"),
                                           STR("s390x-linux-gnu"), digest_of(STR("indexes"))};
    assert_true(capability_make_finish(maker, &facts, out, &err));
}

static struct str first_of(const struct capability_map *map, enum capability_kind kind,
                           const char *name, struct arena *arena)
{
    struct capability_list list;
    capability_find(map, kind, str_from(name), arena, &list);
    return list.len ? list.at[0].package : STR("none");
}

static void test_first(void **state)
{
    static const struct {
        enum capability_kind kind;
        const char *name, *package;
    } rows[] = {
        {CAPABILITY_HEADER, "zlib.h", "zlib1g-dev"},
        {CAPABILITY_HEADER, "openssl/ssl.h", "libssl-dev"},
        {CAPABILITY_HEADER, "ssl.h", "libssl-dev"},
        {CAPABILITY_HEADER, "curl/curl.h", "libcurl4-gnutls-dev"}, /* two sources want it */
        {CAPABILITY_HEADER, "sys/cdefs.h", "libc6-dev"},
        {CAPABILITY_HEADER, "ffi.h", "libffi-dev"}, /* not another machine's */
        {CAPABILITY_HEADER, "ft2build.h", "libfreetype-dev"},
        {CAPABILITY_HEADER, "freetype2/ft2build.h", "libfreetype-dev"},
        {CAPABILITY_HEADER, "type2/ft2build.h", "none"}, /* whole folders only */
        {CAPABILITY_HEADER, "omp.h", "libgcc-12-dev"},   /* the compiler's own */
        {CAPABILITY_LIBRARY, "z", "zlib1g-dev"},
        {CAPABILITY_LIBRARY, "-lz", "zlib1g-dev"},
        {CAPABILITY_SONAME, "libz.so.1", "zlib1g"},
        {CAPABILITY_PKGCONFIG, "zlib", "zlib1g-dev"},
        {CAPABILITY_CMAKE, "Eigen3", "libeigen3-dev"},
        {CAPABILITY_CMAKE, "eigen3", "none"},
        {CAPABILITY_CMAKE, "ZLIB", "zlib1g-dev"}, /* CMake's own module looks for the header */
        {CAPABILITY_CMAKE, "OpenSSL", "libssl-dev"},
        {CAPABILITY_PROGRAM, "swig", "swig"},
        {CAPABILITY_PROGRAM, "swi", "none"},
        {CAPABILITY_PROGRAM, "tricky", "none"}, /* no names of packages */
        {CAPABILITY_PROGRAM, "gcc-c++", "gcc-c++"},
        {CAPABILITY_PYTHON, "google.protobuf.message", "python3-protobuf"},
        {CAPABILITY_PYTHON, "google", "none"},
        {CAPABILITY_HEADER, "", "none"},
        {CAPABILITY_HEADER, "/", "none"},
    };
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_map map;
    struct err err = {0};
    (void)state;
    make_map(false, &bytes);
    assert_true(capability_open(buf_str(&bytes), &map, &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str first = first_of(&map, rows[i].kind, rows[i].name, &arena);
        if (!str_eq(first, str_from(rows[i].package)))
            fail_msg("%s %s: " STR_FMT, capability_path_kind_name(rows[i].kind), rows[i].name,
                     STR_ARG(first));
    }
}

static void test_candidates(void **state)
{
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_map map;
    struct capability_list list;
    struct err err = {0};
    (void)state;
    make_map(false, &bytes);
    assert_true(capability_open(buf_str(&bytes), &map, &err));
    assert_str(map.facts.distro, "debian");
    assert_str(map.facts.release, "bookworm");
    assert_str(map.facts.arch, "s390x");
    assert_str(map.facts.triplet, "s390x-linux-gnu");
    struct digest source = digest_of(STR("indexes"));
    assert_true(digest_eq(&map.facts.source, &source));
    /* Each once: those that have it where compilers look, development packages first. */
    capability_find(&map, CAPABILITY_HEADER, STR("zlib.h"), &arena, &list);
    assert_int_equal(list.len, 3);
    assert_str(list.at[0].package, "zlib1g-dev");
    assert_str(list.at[0].folder, "usr/include");
    assert_str(list.at[0].file, "zlib.h");
    assert_true(list.at[0].of_target && list.at[0].development);
    assert_str(list.at[1].package, "other-tool");
    assert_false(list.at[1].development);
    assert_str(list.at[2].package, "libpoco-dev");
    assert_int_equal(list.at[2].place, 1);
    /* Equal in all but who depends on them, then by name. */
    capability_find(&map, CAPABILITY_HEADER, STR("curl/curl.h"), &arena, &list);
    assert_int_equal(list.len, 3);
    assert_str(list.at[1].package, "libcurl4-openssl-dev");
    assert_str(list.at[2].package, "libcurl4-nss-dev");
    capability_find(&map, CAPABILITY_PROGRAM, STR("swig"), &arena, &list);
    assert_false(list.at[0].of_target);
}

static void test_same_bytes_in_any_order(void **state)
{
    BUF_AUTO struct buf one = {0};
    BUF_AUTO struct buf other = {0};
    (void)state;
    make_map(false, &one);
    make_map(true, &other);
    assert_true(str_eq(buf_str(&one), buf_str(&other)));
    /* And on any machine: the numbers are little-endian wherever it was made. */
    assert_int_equal(read_le32((const unsigned char *)one.ptr + 8), CAPABILITY_VERSION);
    struct digest digest = digest_of(buf_str(&one));
    assert_string_equal(digest_to_hex(&digest).text,
                        "9aa026076425f91cb691018ec4c0373c0ec035f72c784d258070450c042ae68e");
}

static void test_an_empty_map(void **state)
{
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_map map;
    struct err err = {0};
    (void)state;
    const struct capability_facts facts = {STR("debian"), STR("x"), STR("y"), STR(""), {{0}}};
    assert_true(capability_make_finish(capability_make_open(&arena), &facts, &bytes, &err));
    assert_true(capability_open(buf_str(&bytes), &map, &err));
    assert_str(first_of(&map, CAPABILITY_HEADER, "zlib.h", &arena), "none");
}

/* Checksum and all, so that what is behind it is tried too. */
static void seal(struct buf *bytes)
{
    struct digest sum = digest_of(str_from_pos(buf_str(bytes), 56));
    memcpy(bytes->ptr + 24, sum.bytes, DIGEST_SIZE);
}

static void test_damage_is_refused(void **state)
{
    BUF_AUTO struct buf bytes = {0};
    struct capability_map map;
    struct err err = {0};
    (void)state;
    make_map(false, &bytes);
    for (size_t len = 0; len < bytes.len; len += 7)
        assert_false(capability_open(str_slice(buf_str(&bytes), 0, len), &map, &err));
    for (size_t at = 0; at < bytes.len; at++) {
        bytes.ptr[at] ^= 1;
        assert_false(capability_open(buf_str(&bytes), &map, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        bytes.ptr[at] ^= 1;
    }
    assert_true(capability_open(buf_str(&bytes), &map, &err));
}

static void test_sections_stay_inside(void **state)
{
    BUF_AUTO struct buf bytes = {0};
    ARENA_AUTO struct arena arena = {0};
    struct capability_map map;
    struct err err = {0};
    (void)state;
    make_map(false, &bytes);
    for (size_t at = 88; at < 156; at += 4) {
        unsigned char *field = (unsigned char *)bytes.ptr + at;
        uint32_t was = read_le32(field);
        for (uint32_t step = 1; step; step <<= 1) {
            write_le32(field, was ^ step);
            seal(&bytes);
            if (capability_open(buf_str(&bytes), &map, &err)) /* wrong answers at worst */
                for (unsigned kind = 0; kind < CAPABILITY_KINDS; kind++)
                    (void)first_of(&map, (enum capability_kind)kind, "zlib.h", &arena);
        }
        write_le32(field, was);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_same_bytes_in_any_order),
        cmocka_unit_test(test_an_empty_map),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_sections_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
