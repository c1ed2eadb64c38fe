#include "image/pack_source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/url.h"
#include "os/file.h"
#include "unit.h"

#define HASH "SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_source_package_is_read(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct pack_source source;
    struct err err = {0};
    assert_ok(pack_source_parse(STR("libx_1.0~rc1-2+deb12u1.dsc 2302 " HASH "\n"
                                    "libx_1.0~rc1.orig.tar.gz 99 " HASH "\n"),
                                &arena, &source, &err));
    assert_int_equal(source.len, 2);
    assert_str(source.version, "1.0~rc1-2+deb12u1");
    assert_str(source.files[1].name, "libx_1.0~rc1.orig.tar.gz");
    assert_int_equal(source.files[1].sha256.bytes[1], 0x23);
}

static void what_is_no_source_package_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "libx_1.orig.tar.gz 99 " HASH "\n", /* no .dsc */
        "libx_1.dsc 99 MD5Sum:0123456789abcdef0123456789abcdef\n",
        "libx_1.dsc 99 SHA256:0123\n",
        "../libx_1.dsc 99 " HASH "\n",
        ".dsc 99 " HASH "\n",
        "a/libx_1.dsc 99 " HASH "\n",
        "libx_1.dsc\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct pack_source source;
        struct err err = {0};
        if (pack_source_parse(str_from(cases[i]), &arena, &source, &err))
            fail_msg("taken: %s", cases[i]);
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

/* ---- an archive by URL and digest, in folders of its own ---- */

struct place {
    struct arena arena;
    struct str dir, url;
    struct buf notes;
    struct apt apt;
    struct pack_origin origin;
    struct pack_sources sources;
    struct pack_recipe recipe;
};

static void note(void *state, const struct image_progress *progress)
{
    struct place *place = state;
    if (progress->stage == IMAGE_NOTE)
        buf_add(&place->notes, progress->detail);
}

static struct str in(struct place *place, const char *name)
{
    return file_join(&place->arena, place->dir, str_from(name));
}

static void put(struct place *place, const char *name, const char *text)
{
    struct err err = {0};
    struct str path = in(place, name);
    char *dir = strdup(path.ptr);
    *strrchr(dir, '/') = '\0';
    assert_ok(file_mkdirs(AT_FDCWD, dir, 0755, &err));
    assert_ok(file_write(AT_FDCWD, path.ptr, 0644, str_from(text), &err));
    free(dir);
}

static void place_open(struct place *place)
{
    struct digest digest = digest_of(STR("the archive"));
    struct err err = {0};
    *place = (struct place){.apt = {.progress = note, .state = place}};
    assert_ok(file_make_temp_dir("/tmp", "pack-source-", &place->arena, &place->dir, &err));
    place->url = url_from_path(in(place, "host/libx-1.tar.gz"), &place->arena);
    place->origin.http.attempts = 1;
    place->sources =
        (struct pack_sources){&place->apt, &place->origin, in(place, "cache").ptr, &place->arena};
    place->recipe = (struct pack_recipe){
        .name = STR("libx"),
        .version = STR("1"),
        .url = place->url,
        .sha256 = arena_printf(&place->arena, "%s", digest_to_hex(&digest).text)};
    put(place, "cache/x", "");
}

static void place_close(struct place *place)
{
    struct err err = {0};
    assert_ok(file_remove_tree(AT_FDCWD, place->dir.ptr, &err));
    buf_free(&place->notes);
    arena_free(&place->arena);
}

static bool fetch(struct place *place, struct err *err)
{
    struct pack_source source;
    struct str text = {0};
    *err = (struct err){0};
    if (!file_remove_tree(AT_FDCWD, in(place, "into").ptr, err) ||
        !pack_source_find(&place->sources, &place->recipe, &source, err) ||
        !pack_source_fetch(&place->sources, &place->recipe, in(place, "into").ptr, &source, err))
        return false;
    assert_str(source.version, "1");
    struct err failed = {0};
    if (!file_read(AT_FDCWD, in(place, "into/libx-1.tar.gz").ptr, 100, &place->arena, &text,
                   &failed))
        fail_msg("%s", failed.text);
    assert_str(text, "the archive"); /* never anything else, wherever it came from */
    return true;
}

static void its_host_is_asked_and_its_pin_checked(void **state)
{
    (void)state;
    struct place place;
    struct err err = {0};
    place_open(&place);
    assert_false(fetch(&place, &err)); /* it is nowhere */
    assert_int_equal(err.code, ERR_NOT_FOUND);
    put(&place, "host/libx-1.tar.gz", "another archive");
    assert_false(fetch(&place, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    put(&place, "host/libx-1.tar.gz", "the archive");
    assert_ok(fetch(&place, &err));
    put(&place, "host/libx-1.tar.gz", "another archive"); /* the cache has it */
    place.origin.offline = true;
    assert_ok(fetch(&place, &err));
    place_close(&place);
}

static void offline_asks_nobody(void **state)
{
    (void)state;
    struct place place;
    struct err err = {0};
    place_open(&place);
    place.origin.offline = true;
    put(&place, "host/libx-1.tar.gz", "the archive");
    assert_false(fetch(&place, &err));
    assert_non_null(strstr(err.text, "--offline"));
    place.origin.dir = in(&place, "own");
    put(&place, "own/libx-1.tar.gz", "the archive");
    assert_ok(fetch(&place, &err));
    place_close(&place);
}

static void the_users_directory_comes_first(void **state)
{
    (void)state;
    struct place place;
    struct err err = {0};
    place_open(&place);
    place.origin.dir = in(&place, "own");
    put(&place, "own/libx-1.tar.gz", "the archive");
    assert_ok(fetch(&place, &err)); /* no host has it */
    assert_int_equal(place.notes.len, 0);
    put(&place, "own/libx-1.tar.gz", "one that somebody changed");
    assert_false(fetch(&place, &err));
    assert_non_null(strstr(place.notes.ptr, "it is passed over"));
    put(&place, "host/libx-1.tar.gz", "the archive");
    assert_ok(fetch(&place, &err));
    place_close(&place);
}

static void a_mirror_stands_in_place_of_the_host(void **state)
{
    (void)state;
    struct place place;
    struct err err = {0};
    place_open(&place);
    put(&place, "host/libx-1.tar.gz", "the archive");
    put(&place, "mirror/other", "");
    place.origin.mirror = arena_printf(&place.arena, STR_FMT "/",
                                       STR_ARG(url_from_path(in(&place, "mirror"), &place.arena)));
    assert_false(fetch(&place, &err)); /* the host is not asked */
    assert_non_null(strstr(err.text, "--pack-mirror"));
    put(&place, "mirror/libx-1.tar.gz", "a lie");
    assert_false(fetch(&place, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    put(&place, "mirror/libx-1.tar.gz", "the archive");
    assert_ok(fetch(&place, &err));
    place_close(&place);
}

static void a_url_without_a_file_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://h/", "https://h/..", "https://h/%2e%2e%2fx",
                                       "https://h/-x", "https://h/a b"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct place place;
        struct pack_source source;
        struct err err = {0};
        place_open(&place);
        place.recipe.url = str_from(urls[i]);
        if (pack_source_find(&place.sources, &place.recipe, &source, &err))
            fail_msg("taken: %s", urls[i]);
        place_close(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_package_is_read),
        cmocka_unit_test(what_is_no_source_package_is_refused),
        cmocka_unit_test(its_host_is_asked_and_its_pin_checked),
        cmocka_unit_test(offline_asks_nobody),
        cmocka_unit_test(the_users_directory_comes_first),
        cmocka_unit_test(a_mirror_stands_in_place_of_the_host),
        cmocka_unit_test(a_url_without_a_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
