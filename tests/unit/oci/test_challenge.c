/* WWW-Authenticate as registries write it, and as those do who mean harm. */
#include "oci/challenge.h"

#include "unit.h"

static void test_bearer(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct challenge challenge;
    assert_ok(challenge_parse(STR("Bearer realm=\"https://auth.example/token\",service=\"a b\" , "
                                  "scope=\"repository:x/y:pull,push\",error=\"invalid_token\""),
                              &arena, &challenge, &err));
    assert_str(challenge.scheme, "Bearer");
    assert_str(challenge.realm, "https://auth.example/token");
    assert_str(challenge.scope, "repository:x/y:pull,push");
    assert_str(challenge_token_url(&challenge, &arena),
               "https://auth.example/token?service=a%20b&scope=repository:x/y:pull,push");
}

static void test_forms(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const struct {
        const char *text, *scheme, *realm, *service;
    } rows[] = {
        {"Basic", "Basic", "", ""},
        {"Basic realm=one", "Basic", "one", ""},
        {"basic REALM = \"a\\\"b\"", "basic", "a\"b", ""},
        {"Bearer realm=\"a\",realm=\"b\"", "Bearer", "a", ""}, /* the first counts */
        {"Basic realm=\"a\", Bearer realm=\"b\"", "Basic", "a", ""},
        {"Bearer realm=\"x?y=1\",service=s", "Bearer", "x?y=1", "s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct challenge challenge;
        assert_ok(challenge_parse(str_from(rows[i].text), &arena, &challenge, &err));
        assert_str(challenge.scheme, rows[i].scheme);
        assert_str(challenge.realm, rows[i].realm);
        assert_str(challenge.service, rows[i].service);
    }
    struct challenge has_query = {.realm = STR("x?y=1"), .service = STR("s")};
    assert_str(challenge_token_url(&has_query, &arena), "x?y=1&service=s");
}

static void test_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const char *const rows[] = {
        "",         "\"x\"", "Bearer realm=\"no end", "Bearer realm=", "Bearer realm=\"a\nb\"",
        "Bearer =x"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct challenge challenge;
        if (challenge_parse(str_from(rows[i]), &arena, &challenge, &err))
            fail_msg("\"%s\" was accepted", rows[i]);
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bearer), cmocka_unit_test(test_forms),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
