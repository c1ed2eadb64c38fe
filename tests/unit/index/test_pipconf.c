#include "unit.h"

#include <string.h>

#include "index/pipconf.h"

struct fake {
    const char *files[8][2], *env[12][2];
};

static const char *fake_env(void *state, const char *name)
{
    struct fake *fake = state;
    for (size_t i = 0; i < 12 && fake->env[i][0]; i++)
        if (strcmp(fake->env[i][0], name) == 0)
            return fake->env[i][1];
    return NULL;
}

static bool fake_read(void *state, struct str path, struct arena *arena, struct str *text)
{
    struct fake *fake = state;
    (void)arena;
    for (size_t i = 0; i < 8 && fake->files[i][0]; i++)
        if (str_eq(path, str_from(fake->files[i][0]))) {
            *text = str_from(fake->files[i][1]);
            return true;
        }
    return false;
}

static bool load(struct fake *fake, struct arena *arena, struct pipconf *conf, struct err *err)
{
    return pipconf_load(&(struct pipconf_io){fake_env, fake_read, fake}, arena, conf, err);
}

static void later_places_win(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct pipconf c;
    struct fake fake = {
        .files = {{"/etc/pip.conf",
                   "[global]\nindex-url = https://etc/\ncert: /c\n"
                   "extra_index_url =\n    https://a/\n    # note\n    https://b/\n"},
                  {"/h/.config/pip/pip.conf", "[install]\nINDEX-URL = https://user/\n"
                                              "[freeze]\nproxy=http://no\n"},
                  {"/v/pip.conf", "[global]\ntrusted-host = x y\n"}},
        .env = {{"HOME", "/h"},
                {"VIRTUAL_ENV", "/v"},
                {"PIP_FIND_LINKS", "/opt/w  http://f/"},
                {"PIP_NO_INDEX", "1"},
                {"PIP_CERT", ""},
                {"PIP_DEFAULT_TIMEOUT", "180"}},
    };
    assert_ok(load(&fake, &arena, &c, &err));
    assert_str(c.index_url, "https://user/");
    assert_str(c.cert, "/c");
    assert_int_equal(c.extra_index_urls_len, 2);
    assert_str(c.extra_index_urls[1], "https://b/");
    assert_int_equal(c.trusted_hosts_len, 2);
    assert_int_equal(c.find_links_len, 2);
    assert_true(c.no_index);
    assert_int_equal(c.proxy.len, 0);
    assert_int_equal(c.timeout_s, 180);
    assert_int_equal(c.retries, -1);
}

static void named_file_replaces_the_users(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct pipconf c;
    struct fake fake = {
        .files = {{"/h/.config/pip/pip.conf", "[global]\nindex-url=https://user/\n"},
                  {"/named", "[global]\nproxy=http://p\n"}},
        .env = {{"HOME", "/h"}, {"PIP_CONFIG_FILE", "/named"}},
    };
    assert_ok(load(&fake, &arena, &c, &err));
    assert_int_equal(c.index_url.len, 0);
    assert_str(c.proxy, "http://p");
    fake.env[1][1] = "/dev/null";
    assert_ok(load(&fake, &arena, &c, &err));
    assert_int_equal(c.proxy.len, 0);
}

static void mistakes_name_their_place(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"[global]\nno-index = perhaps\n", "/etc/pip.conf:2: \"perhaps\""},
        {"[global]\nretries = -1\n", "/etc/pip.conf:2: \"-1\""},
        {"[global\n", "/etc/pip.conf:1: a section without"},
        {"[global]\nwords\n", "/etc/pip.conf:2: neither"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct pipconf c;
        struct fake fake = {.files = {{"/etc/pip.conf", cases[i].text}}};
        assert_false(load(&fake, &arena, &c, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" has no \"%s\"", err.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_places_win),
        cmocka_unit_test(named_file_replaces_the_users),
        cmocka_unit_test(mistakes_name_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
