#include "unit.h"

#include <string.h>

#include "pkg/reqfile.h"

/* A file system of a few names. */
struct fake {
    const char *name, *text;
};

static bool fake_read(void *state, struct str path, struct arena *arena, struct str *text,
                      struct err *err)
{
    (void)arena;
    for (const struct fake *file = state; file->name; file++)
        if (str_eq(path, str_from(file->name))) {
            *text = str_from(file->text);
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "%.*s: no such file", STR_ARG(path));
}

static bool fake_env(void *state, struct str name, struct arena *arena, struct str *value)
{
    (void)state, (void)arena;
    if (!str_eq(name, STR("TOKEN")))
        return false;
    *value = STR("secret");
    return true;
}

static bool read_all(const struct fake *files, const char *path, bool constraint,
                     struct arena *arena, struct reqfile *out, struct err *err)
{
    struct reqfile_io io = {fake_read, fake_env, (void *)(uintptr_t)files};
    return reqfile_read(str_from(path), constraint, &io, arena, out, err);
}

static void a_file_as_pip_reads_it(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct reqfile f = {0};
    const struct fake files[] = {
        {"d/r.txt", "\xef\xbb\xbf# comment\n"
                    "--index-url https://${TOKEN}:${UNSET}@h/simple\n"
                    "--extra-index-url=https://a -f wheels --pre\n"
                    "foo[Bar,baz] >= 1.0 , \\\n   < 2 ; python_version < '4' # why\n"
                    "-r sub/more.txt\n"
                    "-c c.txt\n"
                    "x @ https://h/x-1.tar.gz#sha256=ab\n"
                    "./local/y-2-py3-none-any.whl[z]\n"
                    "https://h/q-3.zip ; sys_platform == 'linux'\n"
                    "-e ./src\n"
                    "pin==1 --hash=sha256:"
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad \\\n"
                    "  --hash sha256:"
                    "0000000000000000000000000000000000000000000000000000000000000000\n"},
        {"d/sub/more.txt", "more\r\n-r ../r2.txt"},
        {"d/sub/../r2.txt", "last#not-a-comment-but-wrong"},
        {"d/c.txt", "foo<1.5\n"},
        {0},
    };
    assert_false(read_all(files, "d/r.txt", false, &arena, &f, &err));
    assert_non_null(strstr(err.text, "d/r.txt:6: d/sub/more.txt:2: d/sub/../r2.txt:1: "));
    assert_int_equal(f.len, 0);

    struct fake good[5];
    memcpy(good, files, sizeof good);
    good[2].text = "last # comment";
    assert_ok(read_all(good, "d/r.txt", false, &arena, &f, &err));
    assert_str(f.index_url, "https://secret:${UNSET}@h/simple");
    assert_int_equal(f.extra_index_urls_len, 1);
    assert_str(f.find_links[0], "d/wheels");
    assert_true(f.pre);
    assert_int_equal(f.len, 9);
    assert_str(f.entries[0].req.name, "foo");
    assert_int_equal(f.entries[0].req.extras_len, 2);
    assert_str(f.entries[0].origin, "d/r.txt:4");
    assert_str(f.entries[1].origin, "d/sub/more.txt:1");
    assert_str(f.entries[2].req.name, "last");
    assert_true(f.entries[3].constraint);
    assert_false(f.entries[0].constraint);
    assert_str(f.entries[4].req.name, "x");
    assert_str(f.entries[5].path, "./local/y-2-py3-none-any.whl");
    assert_str(f.entries[5].req.name, "y");
    assert_str(f.entries[5].req.extras[0], "z");
    assert_str(f.entries[6].req.url, "https://h/q-3.zip");
    assert_str(f.entries[6].req.name, "q");
    assert_non_null(f.entries[6].req.marker);
    assert_true(f.entries[7].editable);
    assert_int_equal(f.entries[8].hashes_len, 2);
    assert_str(f.entries[8].origin, "d/r.txt:12");
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"a\n\nfoo bar\n", "r:3: "},
        {"a\n--frobnicate\n", "r:2: \"--frobnicate\" is no option"},
        {"-r\n", "r:1: --requirement needs a value"},
        {"-r r\n", "r:1: r includes itself"},
        {"-r gone.txt\n", "r:1: gone.txt: no such file"},
        {"a --hash=md5:00\n", "r:1: --hash=md5:00 is not sha256"},
        {"a --hash=sha256:00\n", "r:1: --hash=sha256:00"},
        {"a --weird=1\n", "r:1: \"--weird=1\" cannot follow"},
        {"a --weird\n", "r:1: \"--weird\" cannot follow"},
        {"a --hash\n", "r:1: --hash needs a value"},
        {"a --config-settings=k\n", "r:1: --config-settings \"k\" is not KEY=VALUE"},
        {"--no-index=1\n", "takes no value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct reqfile f = {0};
        struct fake files[] = {{"r", cases[i].text}, {0}};
        assert_false(read_all(files, "r", false, &arena, &f, &err));
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" has no \"%s\"", err.text, cases[i].says);
    }
}

static void settings_are_for_the_backend(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct reqfile f = {0};
    const struct fake files[] = {
        {"r", "a>1 --config-settings=k=v=w --config-setting \"k=x y\" --global-option --z\nb"},
        {0}};
    assert_ok(read_all(files, "r", false, &arena, &f, &err));
    assert_int_equal(f.entries[0].settings_len, 3);
    assert_str(f.entries[0].settings[0], "k=v=w");
    assert_str(f.entries[0].settings[1], "k=x y");
    assert_str(f.entries[0].settings[2], "--global-option=--z");
    assert_int_equal(f.entries[1].settings_len, 0);
}

static void a_second_file_adds(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct reqfile f = {0};
    const struct fake files[] = {{"a", "x\n-r b\n"}, {"b", "y"}, {"c", "-r b\nz<3"}, {0}};
    assert_ok(read_all(files, "a", false, &arena, &f, &err));
    assert_ok(read_all(files, "c", true, &arena, &f, &err));
    assert_int_equal(f.len, 4);
    assert_true(f.entries[2].constraint);
    assert_true(f.entries[3].constraint);
    assert_false(f.entries[1].constraint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_as_pip_reads_it),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(settings_are_for_the_backend),
        cmocka_unit_test(a_second_file_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
