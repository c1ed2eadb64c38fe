/* Wheels for tests, made with libzip in a temporary directory that goes away with the program. */
#ifndef REFINERY_TESTS_WHEELFILE_ZIPPED_H
#define REFINERY_TESTS_WHEELFILE_ZIPPED_H

#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "os/file.h"
#include "unit.h"

struct zipped_member {
    const char *path;
    struct str bytes;
};

static inline struct str zipped_dir(struct arena *arena)
{
    struct str dir;
    struct err err = {0};
    assert_ok(file_make_temp_dir(P_tmpdir, "wheelfile.", arena, &dir, &err));
    return dir;
}

static inline void zipped_remove(struct str dir)
{
    struct err err = {0};
    assert_ok(file_remove_tree(AT_FDCWD, dir.ptr, &err));
}

/* dir/name with the members, in this order. */
static inline const char *zipped(struct arena *arena, struct str dir, const char *name,
                                 const struct zipped_member *members, size_t count)
{
    const char *path = file_join(arena, dir, str_from(name)).ptr;
    int code;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *source =
            zip_source_buffer(zip, members[i].bytes.ptr, members[i].bytes.len, 0);
        zip_int64_t at = zip_file_add(zip, members[i].path, source, ZIP_FL_ENC_UTF_8);
        assert_true(at >= 0);
        assert_int_equal(
            zip_file_set_dostime(zip, (zip_uint64_t)at, (zip_uint16_t)(i * 32 + 5), 0x5a21, 0), 0);
    }
    assert_int_equal(zip_close(zip), 0);
    return path;
}

static inline struct str zipped_fixture(struct arena *arena, const char *name)
{
    struct str bytes;
    struct err err = {0};
    assert_ok(file_read(AT_FDCWD, arena_printf(arena, "%s/%s", TEST_DATA, name).ptr, 1 << 20, arena,
                        &bytes, &err));
    return bytes;
}

#endif
