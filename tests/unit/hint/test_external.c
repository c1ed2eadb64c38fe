#include "unit.h"

#include "hint/external.h"

static void test_by_name(void **state)
{
    struct external openssl = {0}, jpeg = {0};
    (void)state;
    assert_true(external_by_name(EXTERNAL_APT, STR("libssl-dev"), &openssl));
    assert_str(openssl.id, "generic/openssl");
    assert_str(openssl.names[EXTERNAL_DNF], "openssl-devel");
    assert_str(openssl.names[EXTERNAL_APK], "openssl-dev");
    assert_str(openssl.names[EXTERNAL_EMERGE], "dev-libs/openssl");
    /* Another name for the same finds it, and the first is what is installed. */
    assert_true(external_by_name(EXTERNAL_APT, STR("libjpeg-dev"), &jpeg));
    assert_str(jpeg.names[EXTERNAL_APT], "libjpeg62-turbo-dev");
    assert_true(external_by_name(EXTERNAL_EMERGE, STR("dev-libs/openssl"), &openssl));
    assert_str(openssl.names[EXTERNAL_APT], "libssl-dev");
    assert_false(external_by_name(EXTERNAL_DNF, STR("libssl-dev"), &openssl));
    assert_false(external_by_name(EXTERNAL_APT, STR(""), &openssl));
    assert_false(external_by_name(EXTERNAL_APK, STR("-"), &openssl));
    assert_true(external_by_id(STR("dep:generic/systemd"), &openssl));
    assert_str(openssl.names[EXTERNAL_APK], "");
}

static void test_by_id(void **state)
{
    struct external one = {0};
    (void)state;
    assert_true(external_by_id(STR("dep:generic/zlib"), &one));
    assert_str(one.names[EXTERNAL_APT], "zlib1g-dev");
    assert_true(external_by_id(STR("virtual/compiler/cxx"), &one));
    assert_str(one.names[EXTERNAL_DNF], "gcc-c++");
    assert_false(external_by_id(STR("generic/nothing"), &one));
}

static void test_other_tables(void **state)
{
    struct external one = {0};
    const struct str table = STR("# id\tapt\n\nshort\nlong\ta\tb\tc\td\te\n");
    (void)state;
    assert_true(external_find(table, -1, STR("short"), &one));
    assert_str(one.names[EXTERNAL_APT], "");
    assert_true(external_find(table, EXTERNAL_EMERGE, STR("d"), &one));
    assert_str(one.id, "long");
    assert_false(external_find(table, EXTERNAL_EMERGE, STR("e"), &one));
    assert_false(external_find(table, -1, STR("# id"), &one));
}

static void test_distributions(void **state)
{
    enum external_manager manager;
    (void)state;
    assert_true(external_manager_of(STR("fedora"), &manager));
    assert_string_equal(external_manager_name(manager), "dnf");
    assert_false(external_manager_of(STR("plan9"), &manager));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_by_id),
        cmocka_unit_test(test_other_tables),
        cmocka_unit_test(test_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
