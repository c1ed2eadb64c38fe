#include "unit.h"

#include <fcntl.h>

#include "base/json.h"
#include "os/file.h"
#include "sample.h"

static void test_members(void **state)
{
    BUF_AUTO struct buf out = {0};
    struct err err = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    yyjson_val *root, *packages, *cffi, *yaml;
    (void)state;
    manifest_json(&sample_manifest, &out);
    assert_ok(json_parse(buf_str(&out), "manifest", &doc, &err));
    root = yyjson_doc_get_root(doc);
    assert_int_equal(json_get_int(root, "manifest_version", 0), 1);
    assert_int_equal(json_get_int(json_get_object(root, "counts"), "built", 0), 4);
    assert_int_equal(json_get_int(json_get_object(root, "counts"), "skipped_known_failure", 0), 1);
    packages = json_get_array(root, "packages");
    assert_int_equal(yyjson_arr_size(packages), sample_manifest.package_count);
    yaml = yyjson_arr_get(packages, 0); /* bytewise order: capitals first */
    assert_str(json_get_str(yaml, "name"), "PyYAML");
    assert_str(json_get_str(yyjson_arr_get(json_get_array(yaml, "recipes"), 0), ""), "");
    assert_str(json_str(yyjson_arr_get(json_get_array(yaml, "recipes"), 0)), "apt:libyaml-dev");
    assert_int_equal(yyjson_arr_size(json_get_array(yaml, "attempts")), 2);
    assert_int_equal(json_get_int(json_get_object(yaml, "metadata"), "attempt", 0), 2);
    cffi = yyjson_arr_get(packages, 1);
    assert_str(json_get_str(cffi, "wheel_digest"),
               "sha256:1122d0b1a34d7f0d5c4e3b2a190817263544f5e6d7c8b9a0b1c2d3e4f506171a");
    assert_str(json_get_str(cffi, "floor"), "2.17");
    assert_str(json_get_str(json_get_object(root, "run"), "started"), "2026-11-21T01:42:07Z");
    assert_str(json_get_str(json_get_object(root, "run"), "max_machine"), "z13");
    assert_str(json_get_str(json_get_object(root, "run"), "image"),
               "localhost/target:1@sha256:6b86b273ff34fce19d6b804eff5a3f57");
}

/* The order in which the caller lists packages is no fact. */
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
    manifest_json(&sample_manifest, &one);
    manifest_json(&turned, &two);
    assert_true(str_eq(buf_str(&one), buf_str(&two)));
}

/* A run of a part leaves the rest of the manifest; another target's, and what is none, it replaces.
 */
static void test_merge(void **state)
{
    static const struct manifest_package part[] = {
        {.name = STR_INIT("cffi"), .version = STR_INIT("9"), .status = MANIFEST_FAILED},
        {.name = STR_INIT("aaa"), .version = STR_INIT("1"), .status = MANIFEST_BUILT}};
    ARENA_AUTO struct arena arena = {0};
    struct manifest later = sample_manifest;
    struct err err = {0};
    struct str dir, text;
    (void)state;
    later.packages = part;
    later.package_count = 2;
    assert_ok(file_make_temp_dir("/tmp", "refinery-", &arena, &dir, &err));
    const char *path = file_join(&arena, dir, STR("manifest.json")).ptr;
    const size_t before = sample_manifest.package_count;
    for (int round = 0; round < 2; round++) { /* merged twice is merged once */
        JSON_AUTO yyjson_doc *doc = NULL;
        if (round == 0)
            assert_ok(manifest_write(&sample_manifest, path, &err));
        assert_ok(manifest_merge(&later, path, &err));
        assert_ok(file_read(AT_FDCWD, path, 1 << 20, &arena, &text, &err));
        assert_ok(json_parse(text, path, &doc, &err));
        yyjson_val *root = yyjson_doc_get_root(doc), *packages = json_get_array(root, "packages");
        yyjson_val *counts = json_get_object(root, "counts");
        assert_int_equal(yyjson_arr_size(packages), before + 1);
        assert_int_equal(json_get_int(counts, "built", 0), 4); /* cffi no more, aaa now */
        assert_str(json_get_str(yyjson_arr_get(packages, 0), "name"), "PyYAML");
        assert_str(json_get_str(yyjson_arr_get(packages, 1), "name"), "aaa");
        assert_str(json_get_str(yyjson_arr_get(packages, 2), "version"), "9");
    }
    static const char *const others[] = {"no manifest", "{}", "{\"run\": {\"target\": \"x\"}}",
                                         "[]"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        BUF_AUTO struct buf alone = {0};
        manifest_json(&later, &alone);
        assert_ok(file_write(AT_FDCWD, path, 0644, str_from(others[i]), &err));
        assert_ok(manifest_merge(&later, path, &err));
        assert_ok(file_read(AT_FDCWD, path, 1 << 20, &arena, &text, &err));
        assert_true(str_eq(text, buf_str(&alone)));
    }
    assert_ok(file_remove_tree(AT_FDCWD, dir.ptr, &err));
}

static void test_an_unwritable_place_is_said(void **state)
{
    struct err err = {0};
    (void)state;
    assert_false(manifest_write(&sample_manifest, "/proc/no/such/manifest.json", &err));
    assert_true(str_find(str_from(err.text), STR("manifest.json")) < str_from(err.text).len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_same_facts_same_bytes),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_an_unwritable_place_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
