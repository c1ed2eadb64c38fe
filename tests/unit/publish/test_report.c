#include "unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "publish/html.h"
#include "publish/report.h"
#include "sample.h"

static bool holds(const struct buf *out, const char *text)
{
    return str_find(buf_str(out), str_from(text)) < out->len;
}

static void test_says_what_a_reader_asks(void **state)
{
    BUF_AUTO struct buf out = {0};
    (void)state;
    report_html(&sample_manifest, &out);
    assert_true(holds(&out, "<h1>7 of 13 packages delivered: 1 missing, 1 failed, 1 known failure, "
                            "1 recipe failed, 2 skipped</h1>"));
    assert_true(holds(&out, "<span>--jobs</span> <span>2</span></code>"));
    assert_true(holds(&out, "cp311 / s390x / glibc 2.17"));
    assert_true(holds(&out, "<mark>../scipy/linalg/_common_array_utils.h:17:10: fatal error"));
    assert_true(holds(&out, "Blocks 2 packages"));
    assert_true(holds(&out, "Suggested packages: dnf: openblas-devel | apt: libopenblas-dev"));
    assert_true(holds(&out, "<small>holds libyaml-0-9c1fa2.so.2.0.9</small>"));
    assert_true(holds(&out, "<li>slot 2</li>"));
}

static void test_foreign_text_stays_text(void **state)
{
    BUF_AUTO struct buf out = {0};
    struct str rest;
    (void)state;
    report_html(&sample_manifest, &out);
    assert_false(holds(&out, "<script>alert"));
    assert_false(holds(&out, "<b onmouseover"));
    assert_false(holds(&out, "\x1b"));
    assert_false(holds(&out, "\xe2\x80\xae"));
    assert_true(holds(&out, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    for (rest = buf_str(&out); rest.len > 0;) {
        uint32_t point;
        size_t len = utf8_decode(rest, &point);
        assert_true(len > 0);
        rest = str_from_pos(rest, len);
    }
}

static void test_needs_no_network(void **state)
{
    BUF_AUTO struct buf out = {0};
    struct str rest;
    size_t links = 0;
    (void)state;
    report_html(&sample_manifest, &out);
    assert_false(holds(&out, " src="));
    assert_false(holds(&out, "@import"));
    assert_false(holds(&out, "url(http"));
    for (rest = buf_str(&out); rest.len > 0; links++) {
        size_t at = str_find(rest, STR("href=\""));
        if (at == rest.len)
            break;
        rest = str_from_pos(rest, at + 6);
        assert_true(rest.ptr[0] == '#' || str_starts(rest, STR("data:")) ||
                    str_starts(rest, STR("manifest.json")));
    }
    assert_true(links > 10);
}

static void test_same_facts_same_bytes(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf one = {0}, two = {0};
    struct manifest turned = sample_manifest;
    size_t count = turned.package_count;
    struct manifest_package *packages = ARENA_ARRAY(&arena, struct manifest_package, count);
    (void)state;
    for (size_t i = 0; i < count; i++)
        packages[i] = sample_packages[count - 1 - i];
    turned.packages = packages;
    report_html(&sample_manifest, &one);
    report_html(&turned, &two);
    assert_true(str_eq(buf_str(&one), buf_str(&two)));
}

/* Twenty thousand packages, half of them failed with the longest evidence, stay below the limit. */
static void test_stays_below_the_limit(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct str lines[40];
    char line[1000];
    struct manifest large = sample_manifest;
    struct manifest_package *packages = ARENA_ARRAY(&arena, struct manifest_package, 20000);
    (void)state;
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = '<';
    for (size_t i = 0; i < 40; i++)
        lines[i] = str_of(line, sizeof line);
    for (size_t i = 0; i < 20000; i++) {
        packages[i] = sample_packages[i % 2 ? 0 : 4];
        packages[i].name = arena_printf(&arena, "package-%05zu", i);
        if (i % 2)
            packages[i].evidence = (struct manifest_list){lines, 40};
    }
    large.packages = packages;
    large.package_count = 20000;
    report_html(&large, &out);
    assert_true(out.len < REPORT_LIMIT);
    assert_true(holds(&out, "further packages are in manifest.json only"));
    assert_true(holds(&out, "further failures are in manifest.json only"));
    assert_true(holds(&out, "further attempts are in manifest.json only"));
}

static void test_verdicts(void **state)
{
    BUF_AUTO struct buf none = {0}, one = {0}, all = {0};
    struct manifest manifest = sample_manifest;
    (void)state;
    manifest.package_count = 0;
    report_html(&manifest, &none);
    assert_true(holds(&none, "<h1>Nothing to do</h1>"));
    manifest.packages = &sample_packages[4];
    manifest.package_count = 1;
    report_html(&manifest, &one);
    assert_true(holds(&one, "<h1>The one package was delivered</h1>"));
    manifest.package_count = 5;
    report_html(&manifest, &all);
    assert_true(holds(&all, "<h1>All 5 packages delivered</h1>"));
    assert_false(holds(&all, "<h2 id=\"t-fail\">"));
}

static void test_durations(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0.0 s"},        {449, "0.4 s"},         {59999, "59.9 s"},
                 {60000, "1 m 00 s"}, {3599999, "59 m 59 s"}, {3720000, "1 h 02 m"},
                 {-5, "0.0 s"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUF_AUTO struct buf out = {0};
        html_duration(&out, cases[i].ms);
        assert_str(buf_str(&out), cases[i].text);
    }
}

/* With a path: writes the sample there, to be looked at. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_a_reader_asks),
        cmocka_unit_test(test_foreign_text_stays_text),
        cmocka_unit_test(test_needs_no_network),
        cmocka_unit_test(test_same_facts_same_bytes),
        cmocka_unit_test(test_stays_below_the_limit),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_durations),
    };
    struct err err = {0};
    if (argc > 1 && !report_write(&sample_manifest, argv[1], &err))
        fprintf(stderr, "%s\n", err.text);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
