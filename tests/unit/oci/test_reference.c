/* Names of images, with the cases of the distribution project's grammar. */
#include "oci/reference.h"

#include <string.h>

#include "unit.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_in_full(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const char *const rows[][2] = {
        {"debian", "docker.io/library/debian:latest"},
        {"debian:12", "docker.io/library/debian:12"},
        {"docker.io/debian", "docker.io/library/debian:latest"},
        {"team/app", "docker.io/team/app:latest"},
        {"localhost/app", "localhost/app:latest"},
        {"localhost:5000/app:v1", "localhost:5000/app:v1"},
        {"127.0.0.1:5000/a/b/c:x.y-z_0", "127.0.0.1:5000/a/b/c:x.y-z_0"},
        {"[::1]:5000/app", "[::1]:5000/app:latest"},
        {"host.example/a__b.c---d", "host.example/a__b.c---d:latest"},
        {"app@sha256:" HEX, "docker.io/library/app@sha256:" HEX},
        {"h.example:1/app:t@sha256:" HEX, "h.example:1/app:t@sha256:" HEX},
        {"app:0123", "docker.io/library/app:0123"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct reference reference, again;
        assert_ok(reference_parse(str_from(rows[i][0]), &arena, &reference, &err));
        struct str text = reference_text(&reference, &arena);
        assert_str(text, rows[i][1]);
        assert_ok(reference_parse(text, &arena, &again, &err)); /* the full form means the same */
        assert_str(reference_text(&again, &arena), rows[i][1]);
    }
}

static void test_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const char *const rows[] = {
        "",
        "/app",
        "app/",
        "a//b",
        "App",
        "a..b",
        "a___b",
        "-a",
        "a-",
        ".a",
        "a b",
        "app:",
        "app:-x",
        "app:a/b",
        "host.example:/app",
        "host.example:0/app",
        "host.example:70000/app",
        "host.example:x/app",
        "-h.example/app",
        "[::1/app",
        "app@sha256:12",
        "app@md5:" HEX,
        "app@sha256:" HEX "0",
        "../../etc",
        "host.example/../app",
        "app\n",
        "a%2fb",
        "http://host.example/app",
        "u:p@host.example/app",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct reference reference;
        if (reference_parse(str_from(rows[i]), &arena, &reference, &err))
            fail_msg("\"%s\" was accepted", rows[i]);
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, "names no image"));
    }
    char name[400], tag[200];
    memset(name, 'a', sizeof name);
    memset(tag, 'a', sizeof tag);
    struct err err = {0};
    struct reference reference;
    assert_false(reference_parse(str_of(name, 256), &arena, &reference, &err));
    assert_ok(reference_parse(str_of(name, 255), &arena, &reference, &err));
    struct str long_tag = arena_printf(&arena, "app:%.129s", tag);
    assert_false(reference_parse(long_tag, &arena, &reference, &err));
}

static void test_loopback(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    static const struct {
        const char *text;
        bool is;
    } rows[] = {{"localhost/a", true},
                {"LOCALHOST:80/a", true},
                {"127.0.0.1/a", true},
                {"127.9.9.9:5000/a", true},
                {"[::1]/a", true},
                {"[::1]:5000/a", true},
                {"127.evil.example/a", false},
                {"127.0.0.1.example/a", false},
                {"a.example/a", false},
                {"127.0.1/a", false},
                {"[::12]/a", false},
                {"a", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        struct reference reference;
        assert_ok(reference_parse(str_from(rows[i].text), &arena, &reference, &err));
        if (reference_is_loopback(&reference) != rows[i].is)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_full),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_loopback)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
