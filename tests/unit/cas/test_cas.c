#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "cas/cas.h"
#include "os/file.h"

struct place {
    struct arena arena;
    const char *dir, *store;
    struct cas *cas;
};

static struct err err;

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct str dir;
    const char *tmp = getenv("TMPDIR");
    assert_ok(file_make_temp_dir(tmp ? tmp : "/tmp", "cas", &place->arena, &dir, &err));
    place->dir = dir.ptr;
    place->store = file_join(&place->arena, dir, STR("store")).ptr;
    assert_ok(cas_open(place->store, &place->cas, &err));
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    cas_close(&place->cas);
    assert_ok(file_remove_tree(AT_FDCWD, place->dir, &err));
    arena_free(&place->arena);
    free(place);
    return 0;
}

static const char *in(struct place *place, const char *dir, const char *name)
{
    return file_join(&place->arena, str_from(dir), str_from(name)).ptr;
}

/* sha256("abc"), FIPS 180-4 */
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char abc_path[] =
    "sha256/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void test_put_and_read(void **state)
{
    struct place *place = *state;
    struct cas_blob blob, again;
    struct str bytes;
    struct stat info;
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &blob, &err));
    assert_string_equal(digest_to_hex(&blob.digest).text, abc_hex);
    assert_int_equal(blob.size, 3);
    assert_int_equal(stat(in(place, place->store, abc_path), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0444);
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &again, &err));
    assert_true(digest_eq(&blob.digest, &again.digest));
    assert_ok(cas_read(place->cas, &blob.digest, 3, &place->arena, &bytes, &err));
    assert_str(bytes, "abc");
    assert_false(cas_read(place->cas, &blob.digest, 2, &place->arena, &bytes, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_expected_digest(void **state)
{
    struct place *place = *state;
    struct digest other = digest_of(STR("other"));
    struct cas_blob blob;
    bool there = true;
    assert_ok(file_write(AT_FDCWD, in(place, place->dir, "f"), 0644, STR("abc"), &err));
    assert_false(
        cas_put_path(place->cas, AT_FDCWD, in(place, place->dir, "f"), &other, &blob, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    struct digest abc = digest_of(STR("abc"));
    assert_ok(cas_has(place->cas, &abc, &there, &err));
    assert_false(there);
    assert_ok(cas_put_path(place->cas, AT_FDCWD, in(place, place->dir, "f"), &abc, &blob, &err));
    assert_ok(cas_has(place->cas, &abc, &there, &err));
    assert_true(there);
}

static void test_absent(void **state)
{
    struct place *place = *state;
    struct digest abc = digest_of(STR("abc"));
    struct cas_result result;
    int fd = -7;
    assert_false(cas_get(place->cas, &abc, CAS_TRUST, &fd, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(fd, -7);
    assert_false(cas_result_get(place->cas, &abc, &place->arena, &result, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_ok(cas_remove(place->cas, &abc, &err));
}

static void test_rotten_blob_is_found_out(void **state)
{
    struct place *place = *state;
    struct cas_blob blob;
    struct str bytes;
    int fd;
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &blob, &err));
    assert_ok(file_write(AT_FDCWD, in(place, place->store, abc_path), 0444, STR("abd"), &err));
    assert_ok(cas_get(place->cas, &blob.digest, CAS_TRUST, &fd, &err));
    close(fd);
    assert_false(cas_get(place->cas, &blob.digest, CAS_VERIFY, &fd, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    assert_false(cas_read(place->cas, &blob.digest, 9, &place->arena, &bytes, &err));
    assert_int_equal(err.code, ERR_DIGEST);
    /* A truncated one is replaced by the next writer, without being asked. */
    assert_ok(file_write(AT_FDCWD, in(place, place->store, abc_path), 0444, STR("a"), &err));
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &blob, &err));
    assert_ok(cas_verify(place->cas, &blob.digest, &err));
}

static void test_place(void **state)
{
    struct place *place = *state;
    struct cas_blob blob;
    struct stat info, first;
    struct str bytes;
    const char *copy = in(place, place->dir, "copy"), *link = in(place, place->dir, "link");
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &blob, &err));
    for (int i = 0; i < 2; i++) {
        assert_ok(cas_place(place->cas, &blob.digest, CAS_COPY, AT_FDCWD, copy, 0640, &err));
        assert_ok(cas_place(place->cas, &blob.digest, CAS_LINK, AT_FDCWD, link, 0, &err));
    }
    assert_int_equal(stat(copy, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(info.st_nlink, 1);
    assert_int_equal(stat(link, &info), 0);
    assert_int_equal(stat(in(place, place->store, abc_path), &first), 0);
    assert_int_equal(info.st_ino, first.st_ino);
    assert_int_equal(info.st_nlink, 2);
    assert_ok(file_read(AT_FDCWD, copy, 9, &place->arena, &bytes, &err));
    assert_str(bytes, "abc");
}

static void test_results(void **state)
{
    struct place *place = *state;
    struct digest key = digest_of(STR("action"));
    struct cas_result result = {.record = STR_INIT("{\"tags\":[\"cp311\"]}")}, found;
    struct cas_blob blob;
    result.content = digest_of(STR("abc"));
    assert_false(cas_result_put(place->cas, &key, &result, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &blob, &err));
    assert_ok(cas_result_put(place->cas, &key, &result, &err));
    assert_ok(cas_result_get(place->cas, &key, &place->arena, &found, &err));
    assert_true(digest_eq(&found.content, &blob.digest));
    assert_str(found.record, "{\"tags\":[\"cp311\"]}");
    result.record = STR("{}");
    assert_ok(cas_result_put(place->cas, &key, &result, &err));
    assert_ok(cas_result_get(place->cas, &key, &place->arena, &found, &err));
    assert_str(found.record, "{}");
    result.record = STR("[]");
    assert_false(cas_result_put(place->cas, &key, &result, &err));
    assert_ok(cas_remove(place->cas, &blob.digest, &err));
    assert_false(cas_result_get(place->cas, &key, &place->arena, &found, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static bool count_entry(void *state, int dirfd, struct str name, struct err *e)
{
    (void)dirfd, (void)name, (void)e;
    ++*(int *)state;
    return true;
}

static void test_dead_writers_leave_nothing(void **state)
{
    struct place *place = *state;
    struct cas *other = NULL;
    struct cas_writer *alive = NULL;
    struct cas_blob blob;
    int count = 0;
    pid_t child = fork();
    if (child == 0) {
        struct cas_writer *writer;
        _exit(!(cas_writer_open(place->cas, &writer, &err) &&
                cas_writer_add(writer, STR("half"), &err)));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(cas_writer_open(place->cas, &alive, &err));
    assert_ok(cas_writer_add(alive, STR("abc"), &err));
    assert_ok(cas_open(place->store, &other, &err));
    assert_ok(file_each(AT_FDCWD, in(place, place->store, "stage"), count_entry, &count, &err));
    assert_int_equal(count, 1);
    assert_ok(cas_writer_commit(&alive, NULL, &blob, &err));
    assert_string_equal(digest_to_hex(&blob.digest).text, abc_hex);
    cas_close(&other);
    count = 0;
    assert_ok(file_each(AT_FDCWD, in(place, place->store, "stage"), count_entry, &count, &err));
    assert_int_equal(count, 0);
}

static bool add_size(void *state, const struct cas_blob *blob, struct err *e)
{
    (void)e;
    *(int64_t *)state += blob->size;
    return true;
}

static void test_two_writers_of_one_blob(void **state)
{
    struct place *place = *state;
    struct cas_writer *a, *b;
    struct cas_blob first, second;
    int64_t bytes = 0;
    assert_ok(cas_writer_open(place->cas, &a, &err));
    assert_ok(cas_writer_open(place->cas, &b, &err));
    assert_ok(cas_writer_add(a, STR("same"), &err));
    assert_ok(cas_writer_add(b, STR("same"), &err));
    assert_ok(cas_writer_commit(&b, NULL, &second, &err));
    assert_ok(cas_writer_commit(&a, NULL, &first, &err));
    assert_ok(cas_put_bytes(place->cas, STR("abc"), &second, &err));
    assert_ok(cas_each(place->cas, add_size, &bytes, &err));
    assert_int_equal(bytes, 7);
    assert_ok(cas_verify(place->cas, &first.digest, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_read),
        TEST(test_expected_digest),
        TEST(test_absent),
        TEST(test_rotten_blob_is_found_out),
        TEST(test_place),
        TEST(test_results),
        TEST(test_dead_writers_leave_nothing),
        TEST(test_two_writers_of_one_blob),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
