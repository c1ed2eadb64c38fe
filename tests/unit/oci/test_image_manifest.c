/* Manifests and indexes: what is read, what is refused, which platform is taken. */
#include "oci/image_manifest.h"

#include <string.h>

#include "base/buf.h"
#include "unit.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OCI "application/vnd.oci.image."
#define CONFIG                                                                                     \
    "\"config\":{\"mediaType\":\"" OCI "config.v1+json\",\"digest\":\"" A "\",\"size\":7}"
#define LAYER(type) "{\"mediaType\":\"" type "\",\"digest\":\"" B "\",\"size\":9}"
#define IMAGE(layers)                                                                              \
    "{\"schemaVersion\":2,\"mediaType\":\"" OCI "manifest.v1+json\"," CONFIG                       \
    ",\"layers\":[" layers "]}"
#define ENTRY(os, arch, digest)                                                                    \
    "{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"" digest                              \
    "\",\"size\":5,\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"}}"
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

static void test_image(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct image_manifest manifest;
    assert_ok(image_manifest_parse(STR(IMAGE(LAYER(OCI "layer.v1.tar+gzip") "," LAYER(
                                       "application/vnd.docker.image.rootfs.diff.tar.gzip"))),
                                   STR(""), &arena, &manifest, &err));
    assert_int_equal(manifest.kind, IMAGE_MANIFEST_ONE);
    assert_int_equal(manifest.config.size, 7);
    assert_int_equal(manifest.layers.len, 2);
    assert_int_equal(manifest.layers.at[1].size, 9);
    assert_int_equal(manifest.layers.at[0].digest.bytes[0], 0xbb);
}

static void test_choice(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct image_manifest index;
    struct image_manifest_descriptor entry;
    /* Without a media type of its own the answer's counts, parameters aside. */
    assert_ok(image_manifest_parse(
        STR(INDEX(ENTRY("unknown", "unknown", B) "," ENTRY("windows", "s390x", B) "," ENTRY(
            "linux", "amd64", B) "," ENTRY("linux", "s390x", A))),
        STR(OCI "index.v1+json; charset=utf-8"), &arena, &index, &err));
    assert_int_equal(index.kind, IMAGE_MANIFEST_INDEX);
    assert_ok(image_manifest_choose(&index, STR("s390x"), &entry, &err));
    assert_int_equal(entry.digest.bytes[0], 0xaa);
    assert_false(image_manifest_choose(&index, STR("arm64"), &entry, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(
        strstr(err.text, "linux/arm64; it has windows/s390x, linux/amd64, linux/s390x"));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *type, *says;
    } rows[] = {
        {"", OCI "manifest.v1+json", ""},
        {"[]", OCI "manifest.v1+json", "type \"" OCI "manifest.v1+json\" and schema 0"},
        {"{\"schemaVersion\":1}", "application/vnd.docker.distribution.manifest.v1+json",
         "schema is 2"},
        {"{\"schemaVersion\":2," CONFIG "}", "text/html", "text/html"},
        {"{\"schemaVersion\":2,\"layers\":[" LAYER(OCI "layer.v1.tar") "]}", OCI "manifest.v1+json",
         "config"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER(
             OCI "layer.v1.tar") "],\"manifests\":[" ENTRY("linux", "s390x", B) "]}",
         "", "index as well"},
        {IMAGE(""), "", "no layers"},
        {IMAGE("7"), "", "no sha256"},
        {IMAGE(LAYER("application/vnd.in-toto+json")), "", "in-toto"},
        {IMAGE("{\"mediaType\":\"x\",\"digest\":\"" B "\"}"), "", "size"},
        {IMAGE("{\"mediaType\":\"x\",\"digest\":\"" B "\",\"size\":-4}"), "", "size"},
        {IMAGE("{\"mediaType\":\"x\",\"digest\":\"sha256:../../../etc\",\"size\":4}"), "",
         "no sha256"},
        {IMAGE("{\"mediaType\":\"x\",\"digest\":\"sha512:aa\",\"size\":4}"), "", "no sha256"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct image_manifest manifest;
        if (image_manifest_parse(str_from(rows[i].json), str_from(rows[i].type), &arena, &manifest,
                                 &err))
            fail_msg("row %zu was accepted", i);
        if (!strstr(err.text, rows[i].says))
            fail_msg("row %zu: %s", i, err.text);
    }
}

static void test_limits(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct err err = {0};
    struct image_manifest manifest;
    buf_add(&text, STR("{\"schemaVersion\":2,\"mediaType\":\"" OCI "manifest.v1+json\"," CONFIG
                       ",\"layers\":["));
    for (size_t i = 0; i <= IMAGE_MANIFEST_LAYERS_MAX; i++)
        buf_printf(&text, "%s%s", i ? "," : "", LAYER(OCI "layer.v1.tar"));
    buf_add(&text, STR("]}"));
    assert_false(image_manifest_parse(buf_str(&text), STR(""), &arena, &manifest, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    static const char big[IMAGE_MANIFEST_BYTES_MAX + 1];
    assert_false(image_manifest_parse(str_of(big, sizeof big), STR(""), &arena, &manifest, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_config(void **state)
{
    (void)state;
    struct err err = {0};
    assert_ok(image_manifest_check_config(STR("{\"os\":\"linux\",\"architecture\":\"s390x\"}"),
                                          STR("s390x"), &err));
    assert_false(image_manifest_check_config(STR("{\"os\":\"linux\",\"architecture\":\"amd64\"}"),
                                             STR("s390x"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "linux/amd64, not for linux/s390x"));
    assert_false(image_manifest_check_config(STR("{}"), STR("s390x"), &err));
    assert_false(image_manifest_check_config(STR("{\"os\":"), STR("s390x"), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image), cmocka_unit_test(test_choice), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_config)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
