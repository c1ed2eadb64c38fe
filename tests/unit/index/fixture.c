#include "fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "os/file.h"

const char *fixture_dir(struct arena *arena)
{
    struct err err = {0};
    struct str path;
    const char *parent = getenv("TMPDIR");
    if (!file_make_temp_dir(parent ? parent : "/tmp", "refinery-test-", arena, &path, &err))
        abort();
    return path.ptr;
}

void fixture_remove(const char *dir)
{
    struct err err = {0};
    if (!file_remove_tree(AT_FDCWD, dir, &err))
        abort();
}

static void fixture_path(char *path, size_t size, const char *dir, const char *filename)
{
    if ((size_t)snprintf(path, size, "%s/%s", dir, filename) >= size)
        abort();
}

void fixture_zip(const char *dir, const char *filename, const struct fixture_member *members)
{
    char path[4096];
    fixture_path(path, sizeof path, dir, filename);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    for (const struct fixture_member *m = members; zip && m->name; m++) {
        if (!m->text) {
            zip_dir_add(zip, m->name, ZIP_FL_ENC_UTF_8);
            continue;
        }
        zip_source_t *source = zip_source_buffer(zip, m->text, strlen(m->text), 0);
        if (zip_file_add(zip, m->name, source, ZIP_FL_ENC_UTF_8) < 0)
            abort();
    }
    if (!zip || zip_close(zip) < 0)
        abort();
}

void fixture_tar_gz(const char *dir, const char *filename, const struct fixture_member *members)
{
    char path[4096];
    fixture_path(path, sizeof path, dir, filename);
    struct archive *tar = archive_write_new();
    archive_write_add_filter_gzip(tar);
    archive_write_set_format_pax_restricted(tar);
    if (archive_write_open_filename(tar, path) != ARCHIVE_OK)
        abort();
    for (const struct fixture_member *m = members; m->name; m++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, m->name);
        archive_entry_set_filetype(entry, m->text ? AE_IFREG : AE_IFDIR);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, m->text ? (int64_t)strlen(m->text) : 0);
        if (archive_write_header(tar, entry) != ARCHIVE_OK)
            abort();
        if (m->text && archive_write_data(tar, m->text, strlen(m->text)) < 0)
            abort();
        archive_entry_free(entry);
    }
    archive_write_free(tar);
}

void fixture_file(const char *dir, const char *filename, struct str bytes)
{
    char path[4096];
    struct err err = {0};
    fixture_path(path, sizeof path, dir, filename);
    if (!file_write(AT_FDCWD, path, 0644, bytes, &err))
        abort();
}

void fixture_wheel(const char *dir, const char *filename, const char *name, const char *version,
                   const char *tag)
{
    ARENA_AUTO struct arena arena = {0};
    const char *info = arena_printf(&arena, "%s-%s.dist-info", name, version).ptr;
    const struct fixture_member members[] = {
        {"pkg/__init__.py", "x = 1\n"},
        {arena_printf(&arena, "%s/METADATA", info).ptr,
         arena_printf(&arena, FIXTURE_METADATA("%s", "%s"), name, version).ptr},
        {arena_printf(&arena, "%s/WHEEL", info).ptr,
         arena_printf(&arena, FIXTURE_WHEEL("%s"), tag).ptr},
        {arena_printf(&arena, "%s/RECORD", info).ptr, ""},
        {0},
    };
    fixture_zip(dir, filename, members);
}
