#include "elf/stub.h"

#include <string.h>

#include "elf/dso.h"
#include "fixture.h"

/* A small libc with one symbol for each rule of the generator. */
enum { V_2, V_3, V_17, V_19, V_25, V_32, V_33, V_34, V_PRIVATE };
static const struct str versions[] = {
    STR_INIT("GLIBC_2.2"),  STR_INIT("GLIBC_2.3"),  STR_INIT("GLIBC_2.17"),
    STR_INIT("GLIBC_2.19"), STR_INIT("GLIBC_2.25"), STR_INIT("GLIBC_2.32"),
    STR_INIT("GLIBC_2.33"), STR_INIT("GLIBC_2.34"), STR_INIT("GLIBC_PRIVATE")};

static const struct {
    const char *name;
    size_t version;
    bool hidden, data, weak;
    uint64_t place, size;
} rows[] = {
    {"__environ", V_2, false, true, false, 0x1008, 8},
    {"_environ", V_2, false, true, true, 0x1008, 8},
    {"atexit", V_2, true, false, false, 0, 4},
    {"clock_gettime", V_17, false, false, false, 0, 4},
    {"clock_gettime", V_2, true, false, false, 0, 4},
    {"dlopen", V_2, true, false, false, 0, 4},
    {"dlopen", V_34, false, false, false, 0, 4},
    {"environ", V_2, false, true, true, 0x1008, 8},
    {"getrandom", V_25, false, false, false, 0, 4},
    {"internal", V_PRIVATE, false, false, false, 0, 4},
    {"old_only", V_2, true, false, false, 0, 4},
    {"old_only", V_3, true, false, false, 0, 4},
    {"pthread_create", V_2, true, false, false, 0, 4},
    {"pthread_create", V_34, false, false, false, 0, 4},
    {"pthread_sigmask", V_2, true, false, false, 0, 4},
    {"pthread_sigmask", V_32, false, false, false, 0, 4},
    {"pthread_yield", V_2, true, false, false, 0, 4},
    {"res_query", V_34, false, false, false, 0, 4},
    {"__res_query", V_2, true, false, false, 0, 4},
    {"setjmp", V_19, true, false, false, 0, 4},
    {"setjmp", V_2, false, false, false, 0, 4},
    {"stat", V_33, false, false, false, 0, 4},
    {"stdout", V_2, false, true, false, 0x1030, 8},
    {"table", V_2, false, true, false, 0x2000, 100},
};
enum { ROWS = sizeof rows / sizeof *rows };

static struct str fake(struct arena *arena, const char *soname, size_t from, size_t to)
{
    struct elf_dso_symbol *symbols = ARENA_ARRAY(arena, struct elf_dso_symbol, ROWS);
    for (size_t i = from; i < to; i++)
        symbols[i - from] = (struct elf_dso_symbol){.name = str_from(rows[i].name),
                                                    .version = rows[i].version,
                                                    .hidden = rows[i].hidden,
                                                    .data = rows[i].data,
                                                    .bind = rows[i].weak ? STB_WEAK : STB_GLOBAL,
                                                    .type = rows[i].data ? STT_OBJECT : STT_FUNC,
                                                    .place = rows[i].data ? rows[i].place : 16 * i,
                                                    .size = rows[i].size};
    return elf_dso_write(&(struct elf_dso){.machine = EM_S390,
                                           .big = true,
                                           .soname = str_from(soname),
                                           .versions = versions,
                                           .version_count = sizeof versions / sizeof *versions,
                                           .symbols = symbols,
                                           .symbol_count = to - from,
                                           .text_size = 16 * ROWS,
                                           .data_size = 0x3000},
                         arena);
}

static struct elf_stub_set make(struct arena *arena, unsigned floor)
{
    struct elf_stub_input libs[] = {{STR("libc.so.6"), fake(arena, "libc.so.6", 0, ROWS)},
                                    {STR("ld64.so.1"), fake(arena, "ld64.so.1", 3, 4)}};
    struct elf_stub_options options = {.floor = floor,
                                       .compat_archive = STR("libfloor.a"),
                                       .nonshared = STR("/usr/lib/libc_nonshared.a")};
    struct elf_stub_set set = {0};
    struct err err = {0};
    assert_ok(elf_stub_make(libs, 2, &options, arena, &set, &err));
    return set;
}

static struct elf_file stub(struct arena *arena, const struct elf_stub_set *set, const char *name)
{
    struct elf_file elf = {0};
    struct err err = {0};
    for (size_t i = 0; i < set->file_count; i++)
        if (str_eq(set->files[i].name, str_from(name))) {
            assert_ok(elf_read(set->files[i].bytes, arena, &elf, &err));
            assert_str(elf.soname, name);
            return elf;
        }
    fail_msg("no stub %s", name);
    return elf;
}

static bool offers(const struct elf_file *elf, const char *name, const char *version, bool hidden)
{
    struct elf_symbol s;
    return fixture_symbol(elf, name, version, &s) && s.hidden == hidden;
}

static void keeps_versions_within_the_floor(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_stub_set set = make(&arena, 17);
    struct elf_file libc = stub(&arena, &set, "libc.so.6");
    struct elf_symbol s;
    assert_int_equal(libc.machine, EM_S390);
    assert_true(libc.big && libc.is64);
    for (size_t i = 1; i < libc.symbol_count; i++) {
        assert_true(elf_read_symbol(&libc, i, &s));
        assert_true(str_eq(s.version, STR("GLIBC_2.2")) || str_eq(s.version, STR("GLIBC_2.3")) ||
                    str_eq(s.version, STR("GLIBC_2.17")));
    }
    assert_false(fixture_symbol(&libc, "getrandom", NULL, &s));
    assert_false(fixture_symbol(&libc, "internal", NULL, &s));
    /* Compatibility names: the newest within the floor becomes the default. */
    assert_true(offers(&libc, "old_only", "GLIBC_2.3", false));
    assert_true(offers(&libc, "old_only", "GLIBC_2.2", true));
    /* What libc_nonshared.a has is never taken from here. */
    assert_true(offers(&libc, "atexit", "GLIBC_2.2", true));
}

/* s390x: setjmp@GLIBC_2.19 was withdrawn; the default stays @@GLIBC_2.2 at every floor. */
static void keeps_a_default_that_is_old_enough(void **state)
{
    (void)state;
    static const unsigned floors[] = {17, 19, 28, 36};
    for (size_t i = 0; i < 4; i++) {
        struct arena arena ARENA_AUTO = {0};
        struct elf_stub_set set = make(&arena, floors[i]);
        struct elf_file libc = stub(&arena, &set, "libc.so.6");
        assert_true(offers(&libc, "setjmp", "GLIBC_2.2", false));
        assert_int_equal(offers(&libc, "setjmp", "GLIBC_2.19", true), floors[i] >= 19);
    }
}

static void puts_names_where_they_lived(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_stub_set set = make(&arena, 17);
    struct elf_file libc = stub(&arena, &set, "libc.so.6");
    struct elf_file pthread = stub(&arena, &set, "libpthread.so.0");
    struct elf_file dl = stub(&arena, &set, "libdl.so.2"), rt = stub(&arena, &set, "librt.so.1");
    struct elf_file resolv = stub(&arena, &set, "libresolv.so.2");
    struct elf_symbol s;
    assert_true(offers(&pthread, "pthread_create", "GLIBC_2.2", false));
    assert_true(offers(&pthread, "pthread_sigmask", "GLIBC_2.2", false));
    assert_true(offers(&pthread, "pthread_yield", "GLIBC_2.2", false));
    assert_true(offers(&dl, "dlopen", "GLIBC_2.2", false));
    assert_true(offers(&rt, "clock_gettime", "GLIBC_2.2", false));
    assert_true(offers(&libc, "clock_gettime", "GLIBC_2.17", false));
    assert_true(offers(&resolv, "__res_query", "GLIBC_2.2", false));
    assert_false(fixture_symbol(&libc, "pthread_create", NULL, &s));
    /* From 2.34 on all is in libc. */
    set = make(&arena, 34);
    libc = stub(&arena, &set, "libc.so.6");
    assert_true(offers(&libc, "pthread_create", "GLIBC_2.34", false));
    assert_true(offers(&libc, "pthread_create", "GLIBC_2.2", true));
}

/* Aliases of data share one address and keep their binding: without it a program's copy of environ
 * and the library's __environ are two variables. */
static void data_aliases_share_an_address(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_stub_set set = make(&arena, 28);
    struct elf_file libc = stub(&arena, &set, "libc.so.6");
    struct elf_symbol strong, weak, other;
    assert_true(fixture_symbol(&libc, "__environ", NULL, &strong));
    assert_true(fixture_symbol(&libc, "environ", NULL, &weak));
    assert_int_equal(strong.bind, STB_GLOBAL);
    assert_int_equal(weak.bind, STB_WEAK);
    assert_int_equal(strong.value, weak.value);
    assert_int_equal(strong.shndx, weak.shndx);
    assert_true(fixture_symbol(&libc, "stdout", NULL, &other));
    assert_int_not_equal(other.value, strong.value);
    assert_int_equal(other.value % 8, 0);
    assert_true(fixture_symbol(&libc, "table", NULL, &other));
    assert_int_equal(other.size, 100);
}

static void lists_what_is_missing(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_stub_set set = make(&arena, 17);
    assert_str(set.missing_text, "getrandom\nres_query\nstat\n");
    assert_int_equal(set.missing_count, 3);
    set = make(&arena, 28);
    assert_str(set.missing_text, "res_query\nstat\n");
}

static void writes_the_linker_script(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct elf_stub_set set = make(&arena, 17);
    for (size_t i = 0; i < set.file_count; i++) {
        assert_true(i == 0 || str_cmp(set.files[i - 1].name, set.files[i].name) < 0);
        if (str_eq(set.files[i].name, STR("libc.so")))
            assert_str(set.files[i].bytes,
                       "/* glibc 2.17: versions no newer than the floor. */\n"
                       "GROUP ( libfloor.a libc.so.6 /usr/lib/libc_nonshared.a AS_NEEDED ( "
                       "libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1 ld64.so.1 ) )\n");
    }
    struct elf_stub_set again = make(&arena, 17);
    for (size_t i = 0; i < set.file_count; i++)
        assert_true(str_eq(set.files[i].bytes, again.files[i].bytes));
}

static void refuses_nonsense(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct err err = {0};
    struct elf_stub_set set = {0};
    struct elf_stub_input libc = {STR("libc.so.6"), fake(&arena, "libc.so.6", 0, ROWS)};
    struct elf_stub_input arm = {STR("libc.so.6"), fixture_bytes(&arena, "arm", "libfoo.so.2")};
    struct elf_stub_options options = {.floor = 12};
    assert_false(elf_stub_make(&libc, 1, &options, &arena, &set, &err));
    assert_int_equal(err.code, ERR_USAGE);
    options.floor = 17;
    assert_false(elf_stub_make(&libc, 1, &options, &arena, &set, &err)); /* no loader */
    assert_false(elf_stub_make(&arm, 1, &options, &arena, &set, &err));
    assert_int_equal(err.code, ERR_FORMAT);
    assert_null(set.files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_versions_within_the_floor),
        cmocka_unit_test(keeps_a_default_that_is_old_enough),
        cmocka_unit_test(puts_names_where_they_lived),
        cmocka_unit_test(data_aliases_share_an_address),
        cmocka_unit_test(lists_what_is_missing),
        cmocka_unit_test(writes_the_linker_script),
        cmocka_unit_test(refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
