/* The file of logins that docker and podman write. */
#include "oci/login.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char file[] = "{\"auths\":{"
                           "\"https://index.docker.io/v1/\":{\"auth\":\"ZG9ja2Vy\"},"
                           "\"r.example:5000\":{\"auth\":\"aG9zdA==\"},"
                           "\"r.example:5000/team\":{\"auth\":\"dGVhbQ==\"},"
                           "\"r.example:5000/team/app\":{\"auth\":\"YXBw\"},"
                           "\"bad.example\":{\"auth\":\"a b\\r\\nX: y\"},"
                           "\"helper.example\":{}}}";

static void test_find(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const char *const rows[][3] = {
        {"docker.io", "library/debian", "ZG9ja2Vy"},
        {"r.example:5000", "other", "aG9zdA=="},
        {"r.example:5000", "teamwork/app", "aG9zdA=="}, /* no part of a word */
        {"r.example:5000", "team/x", "dGVhbQ=="},
        {"r.example:5000", "team/app", "YXBw"},
        {"r.example", "team/app", ""},
        {"bad.example", "x", ""}, /* it would end the header */
        {"helper.example", "x", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct str basic;
        assert_ok(login_find(str_from(file), str_from(rows[i][0]), str_from(rows[i][1]), &arena,
                             &basic, &err));
        assert_str(basic, rows[i][2]);
    }
}

static void test_of_user(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str basic;
    static const char *const variables[] = {"REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "HOME",
                                            "XDG_RUNTIME_DIR"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    assert_ok(login_of_user(STR("r.example"), STR("x"), &arena, &basic, &err));
    assert_str(basic, "");
    setenv("REGISTRY_AUTH_FILE", "/proc/self/status", 1); /* there, and no JSON */
    assert_false(login_of_user(STR("r.example"), STR("x"), &arena, &basic, &err));
    assert_non_null(strstr(err.text, "/proc/self/status"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_of_user)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
