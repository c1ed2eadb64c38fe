/* The capability map as a look-up: the same thing in the words of each package manager. */
#include "hint/capability_make.h"
#include "hint/packages.h"
#include "unit.h"

static void test_managers(void **state)
{
    static const struct {
        enum hint_need need;
        const char *name, *manager, *package; /* NULL: none */
    } rows[] = {
        {NEED_HEADER, "openssl/ssl.h", "apt", "libssl-dev"},
        {NEED_HEADER, "openssl/ssl.h", "dnf", "openssl-devel"},
        {NEED_HEADER, "openssl/ssl.h", "emerge", "dev-libs/openssl"},
        {NEED_LIBRARY, "z", "apt", "zlib1g-dev"},
        {NEED_LIBRARY, "z", "dnf", "zlib-devel"},
        {NEED_COMMAND, "swig", "apt", "swig:native"}, /* it runs where builds run */
        {NEED_PROGRAM, "swig", "dnf", "swig"},
        {NEED_HEADER, "unheard/of.h", "apt", "libunheard-dev"},
        {NEED_HEADER, "unheard/of.h", "dnf", NULL}, /* not in data/external.tsv */
        {NEED_HEADER, "no/such.h", "apt", NULL},
        {NEED_SYMBOL, "deflate", "apt", NULL},
        {NEED_NONE, "swig", "apt", NULL},
        {NEED_HEADER, "", "apt", NULL},
        {NEED_PYTHON, "yaml", "apt", NULL}, /* a build's environment is not the distribution's */
        {NEED_HEADER, "openssl/ssl.h", "brew", NULL},
    };
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf bytes = {0};
    struct err err = {0};
    struct capability_map map;
    struct capability_maker *maker = capability_make_open(&arena);
    const struct capability_facts facts = {STR("debian"), STR("bookworm"), STR("s390x"),
                                           STR("s390x-linux-gnu"), digest_of(STR("indexes"))};
    (void)state;
    capability_make_add(maker, STR("usr/include/openssl/ssl.h"), STR("libssl-dev"),
                        STR("libdevel"));
    capability_make_add(maker, STR("usr/lib/s390x-linux-gnu/libz.so"), STR("zlib1g-dev"),
                        STR("libdevel"));
    capability_make_add(maker, STR("usr/bin/swig"), STR("swig"), STR("devel"));
    capability_make_add(maker, STR("usr/lib/python3/dist-packages/yaml/__init__.py"),
                        STR("python3-yaml"), STR("python"));
    capability_make_add(maker, STR("usr/include/unheard/of.h"), STR("libunheard-dev"),
                        STR("libdevel"));
    assert_ok(capability_make_finish(maker, &facts, &bytes, &err));
    assert_ok(capability_open(buf_str(&bytes), &map, &err));
    const struct hint_lookup lookup = packages_lookup(&map);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hint_names found = {0};
        bool any = lookup.find(lookup.state, rows[i].need, str_from(rows[i].name),
                               str_from(rows[i].manager), &arena, &found);
        assert_true(any == (rows[i].package != NULL));
        if (any)
            assert_str(found.at[0], rows[i].package);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_managers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
