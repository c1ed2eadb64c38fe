#include "unit.h"

#include "base/url.h"

static void references_resolve(void **state)
{
    (void)state;
    /* The examples of RFC 3986, 5.4, with base http://a/b/c/d;p?q */
    const char *cases[][2] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        assert_str(url_resolve(STR("http://a/b/c/d;p?q"), str_from(cases[i][0]), &arena),
                   cases[i][1]);
    }
}

static void secrets_are_struck_out(void **state)
{
    (void)state;
    const char *cases[][2] = {
        {"https://user:pw@h/x", "https://user:****@h/x"},
        {"https://ghp_token@h:1/x", "https://****@h:1/x"},
        {"https://h/x?X-Amz-Signature=abc&a=1", "https://h/x?X-Amz-Signature=****&a=1"},
        {"https://h/x?access_token=abc", "https://h/x?access_token=****"},
        {"https://h/simple/", "https://h/simple/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        assert_str(url_redacted(str_from(cases[i][0]), &arena), cases[i][1]);
    }
}

static void parts_and_paths(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct url u = url_split(STR("https://u:p@[::1]:8080/a%20b?q#f"));
    assert_str(u.host, "::1");
    assert_str(u.port, "8080");
    assert_str(u.userinfo, "u:p");
    assert_str(u.query, "q");
    struct str path;
    assert_true(url_to_path(STR("file:///a%20b/c"), &arena, &path));
    assert_str(path, "/a b/c");
    assert_true(url_to_path(STR("file://localhost/x"), &arena, &path));
    assert_false(url_to_path(STR("file://other/x"), &arena, &path));
    assert_false(url_to_path(STR("file:///x%00y"), &arena, &path));
    assert_str(url_from_path(STR("/a b/c+d"), &arena), "file:///a%20b/c+d");
    assert_str(url_filename(STR("https://h/p/foo%2B1.whl?x#y"), &arena), "foo+1.whl");
    assert_str(url_fragment_value(STR("a=1&sha256=ff"), STR("sha256")), "ff");
    assert_str(url_decode(STR("%zz%4"), &arena), "%zz%4");
    assert_false(url_has_scheme(STR("C:/x")));
    assert_true(url_has_scheme(STR("git+https://x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_resolve),
        cmocka_unit_test(secrets_are_struck_out),
        cmocka_unit_test(parts_and_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
