#include "unit.h"

#include <string.h>

#include "pkg/simple.h"

#define BASE STR("https://h/simple/foo/")

static void json_page(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct simple_page page;
    struct str text =
        STR("{\"meta\":{\"api-version\":\"1.4\"},\"name\":\"foo\","
            "\"project-status\":{\"status\":\"quarantined\",\"reason\":\"bad\"},\"files\":["
            "{\"filename\":\"foo-1.tar.gz\",\"url\":\"../../f/foo-1.tar.gz#x\","
            "\"hashes\":{\"sha256\":\"ab\",\"md5\":\"cd\"},\"requires-python\":\">=3\",\"size\":12,"
            "\"upload-time\":\"2023-01-31T12:00:00.25Z\",\"yanked\":\"broken\"},"
            "{\"filename\":\"foo-1-py3-none-any.whl\",\"url\":\"https://x/foo-1-py3-none-any.whl\","
            "\"hashes\":{},\"core-metadata\":{\"sha256\":\"ee\"},\"yanked\":false},"
            "{\"filename\":\"foo-1.exe\",\"url\":\"foo-1.exe\"},{\"url\":\"x\"}]}");
    assert_ok(
        simple_parse(text, STR("application/vnd.pypi.simple.v1+json"), BASE, &arena, &page, &err));
    assert_int_equal(page.files_len, 2);
    assert_int_equal(page.status, SIMPLE_QUARANTINED);
    assert_str(page.status_reason, "bad");
    const struct simple_file *f = &page.files[0];
    assert_str(f->url, "https://h/f/foo-1.tar.gz");
    assert_str(simple_find_hash(f->hashes, f->hashes_len, "sha256"), "ab");
    assert_true(f->yanked);
    assert_str(f->yanked_reason, "broken");
    assert_int_equal(f->size, 12);
    assert_true(f->upload_time_ms == 1675166400250);
    assert_false(f->has_metadata);
    f = &page.files[1];
    assert_false(f->yanked);
    assert_true(f->has_metadata);
    assert_str(simple_find_hash(f->metadata_hashes, f->metadata_hashes_len, "sha256"), "ee");
    assert_int_equal(f->upload_time_ms, -1);
}

static void html_page(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct simple_page page;
    struct str text =
        STR("<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.1\">"
            "<meta name='pypi:project-status' content='archived'>"
            "<base href=\"https://files/\"><title>Links</title></head><body>\n"
            "<!-- <a href=\"foo-0.tar.gz\">no</a> -->\n"
            "<script>var a = '<a href=\"foo-9.tar.gz\">';</script>"
            "<A HREF='p/foo-1.tar.gz#sha256=AB' data-requires-python='&gt;=3.6&#44;&#x3c;4' "
            "data-yanked>foo-1.tar.gz</A><br>"
            "<a data-dist-info-metadata=\"sha256=cc\" href=/q/foo%2B1-1-py3-none-any.whl>w</a>"
            "<a href=\"notes.html\">notes</a><a name=x>\n</body>");
    assert_ok(simple_parse(text, STR("text/html; charset=utf-8"), BASE, &arena, &page, &err));
    assert_int_equal(page.files_len, 2);
    assert_int_equal(page.status, SIMPLE_ARCHIVED);
    const struct simple_file *f = &page.files[0];
    assert_str(f->filename, "foo-1.tar.gz");
    assert_str(f->url, "https://files/p/foo-1.tar.gz");
    assert_str(f->requires_python, ">=3.6,<4");
    assert_true(f->yanked);
    assert_str(simple_find_hash(f->hashes, f->hashes_len, "sha256"), "AB");
    f = &page.files[1];
    assert_str(f->filename, "foo+1-1-py3-none-any.whl");
    assert_str(f->url, "https://files/q/foo%2B1-1-py3-none-any.whl");
    assert_true(f->has_metadata);
    assert_str(simple_find_hash(f->metadata_hashes, f->metadata_hashes_len, "sha256"), "cc");
}

static void other_pages_are_recognised(void **state)
{
    (void)state;
    const struct {
        const char *text, *type, *says;
    } cases[] = {
        {"<html><title>Sign in</title><form action=/login><input name=user></form>", "text/html",
         "titled \"Sign in\""},
        {"{\"message\":\"login\"}", "application/json", "no page of a package index"},
        {"plain words", "text/plain", "not a page of a package index"},
        {"plain words", "text/html", "not a page of a package index"},
        {"{\"files\":[],\"meta\":{\"api-version\":\"2.0\"}}", "application/json",
         "2.0 is not known"},
        {"{\"files\":[", "application/json", "not JSON at byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct simple_page page;
        assert_false(simple_parse(str_from(cases[i].text), str_from(cases[i].type), BASE, &arena,
                                  &page, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" has no \"%s\"", err.text, cases[i].says);
    }
}

static void mislabelled_and_empty_pages(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct simple_page page;
    assert_ok(simple_parse(STR("<html><a href=a-1.zip>"), STR("application/json"), BASE, &arena,
                           &page, &err));
    assert_int_equal(page.files_len, 1);
    assert_ok(simple_parse(STR("{\"files\":[]}"), STR("text/html"), BASE, &arena, &page, &err));
    assert_ok(
        simple_parse(STR("<html><h1>Links for x</h1></html>"), STR(""), BASE, &arena, &page, &err));
    assert_int_equal(page.files_len, 0);
}

static void times(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_true(simple_parse_time(STR("1970-01-01T00:00:00Z"), &ms));
    assert_true(ms == 0);
    assert_true(simple_parse_time(STR("2000-03-01T00:00:00+01:00"), &ms));
    assert_true(ms == 951865200000 - 0);
    assert_true(simple_parse_time(STR("2024-02-29T23:59:59.999999Z"), &ms));
    assert_true(ms == 1709251199999);
    assert_false(simple_parse_time(STR("2024-02-29"), &ms));
    assert_false(simple_parse_time(STR("2024-02-29T23:59:59X"), &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_page),
        cmocka_unit_test(html_page),
        cmocka_unit_test(other_pages_are_recognised),
        cmocka_unit_test(mislabelled_and_empty_pages),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
