#include "pkg/pylock_source.h"

#include "base/url.h"
#include "base/vec.h"
#include "pkg/filename.h"

static bool source_path_or_url(const struct toml_reader *reader, const struct toml *table,
                               struct str *path, struct str *url)
{
    if (!toml_member_string(reader, table, "url", TOML_OPTIONAL, url) ||
        !toml_member_string(reader, table, "path", TOML_OPTIONAL, path))
        return false;
    return path->len || url->len ||
           toml_member_wrong(reader, table, "neither \"path\" nor \"url\" says where this is");
}

static bool source_hashes(const struct toml_reader *reader, const struct toml *table,
                          struct pylock_file *file)
{
    const struct toml *hashes;
    VEC(struct simple_hash) found = {0};
    if (!toml_member(reader, table, "hashes", TOML_TABLE, TOML_REQUIRED, &hashes))
        return false;
    for (size_t i = 0; i < hashes->table.len; i++) {
        const struct map_entry *entry = &hashes->table.entries[i];
        const struct toml *value = entry->value;
        if (value->kind != TOML_STRING)
            return toml_member_wrong(reader, value, "a hash must be a string, not %s",
                                     toml_kind_name(value->kind));
        *vec_push(&found, reader->arena) = (struct simple_hash){entry->key, value->string};
    }
    file->hashes = found.at;
    file->hashes_len = found.len;
    return found.len || toml_member_wrong(reader, hashes, "hashes must hold at least one");
}

/* Days since 1970-01-01 in the Gregorian calendar, counted by eras of 400 years from March 1st. */
static int64_t source_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

/* The specification wants UTC: a time without an offset is taken as such. */
static bool source_time(const struct toml_reader *reader, const struct toml *table, int64_t *ms)
{
    const struct toml *value = toml_get(table, STR("upload-time"));
    *ms = -1;
    if (!value)
        return true;
    if (value->kind != TOML_OFFSET_DATETIME && value->kind != TOML_LOCAL_DATETIME)
        return toml_member_wrong(reader, value, "upload-time must be a date-time, not %s",
                                 toml_kind_name(value->kind));
    const struct toml_time *time = &value->time;
    int64_t minutes = (source_days(time->year, time->month, time->day) * 24 + time->hour) * 60 +
                      time->minute -
                      (value->kind == TOML_OFFSET_DATETIME ? time->offset_minutes : 0);
    int64_t at = (minutes * 60 + time->second) * 1000 + time->nanosecond / 1000000;
    *ms = at >= 0 ? at : -1;
    return true;
}

static bool source_size(const struct toml_reader *reader, const struct toml *table, int64_t *size)
{
    const struct toml *value;
    *size = -1;
    if (!toml_member(reader, table, "size", TOML_INTEGER, TOML_OPTIONAL, &value))
        return false;
    if (value && value->integer < 0)
        return toml_member_wrong(reader, value, "size must not be negative");
    if (value)
        *size = value->integer;
    return true;
}

static bool source_file(const struct toml_reader *reader, const struct toml *table,
                        struct pylock_file *file)
{
    struct pylock_file made = {0};
    if (!source_path_or_url(reader, table, &made.path, &made.url) ||
        !source_time(reader, table, &made.upload_time_ms) ||
        !source_size(reader, table, &made.size) || !source_hashes(reader, table, &made))
        return false;
    *file = made;
    return true;
}

/* Paths of the file may have either kind of separator. */
static struct str source_filename(const struct pylock_file *file, struct arena *arena)
{
    size_t at;
    if (file->name.len)
        return file->name;
    if (!file->path.len)
        return url_filename(file->url, arena);
    at = str_rfind_char(file->path, str_has_char(file->path, '/') ? '/' : '\\');
    return at < file->path.len ? str_from_pos(file->path, at + 1) : file->path;
}

/* The file's own name says which project and version it is of: both as the package has them. */
static bool source_check_name(const struct toml_reader *reader, const struct toml *at,
                              const struct pylock_package *package, struct pylock_file *file,
                              bool wheel)
{
    struct wheel_name as_wheel;
    struct sdist_name as_sdist;
    struct err said = {0};
    if (!toml_member_string(reader, at, "name", TOML_OPTIONAL, &file->name))
        return false;
    file->filename = source_filename(file, reader->arena);
    if (wheel
            ? !filename_parse_wheel(file->filename, reader->arena, &as_wheel, &said)
            : !filename_parse_sdist(file->filename, package->name, reader->arena, &as_sdist, &said))
        return toml_member_wrong(reader, at, "%.300s", said.text);
    struct str name = wheel ? as_wheel.name : as_sdist.name;
    const struct version *version = wheel ? &as_wheel.version : &as_sdist.version;
    if (!str_eq(name, package->name))
        return toml_member_wrong(reader, at, STR_FMT " is no file of " STR_FMT,
                                 STR_ARG(str_slice(file->filename, 0, 200)),
                                 STR_ARG(str_slice(package->name, 0, 100)));
    if (package->has_version && version_cmp(version, &package->version) != 0)
        return toml_member_wrong(reader, at, STR_FMT " is not of version " STR_FMT,
                                 STR_ARG(str_slice(file->filename, 0, 200)),
                                 STR_ARG(str_slice(package->version.text, 0, 100)));
    return true;
}

static bool source_wheels(const struct toml_reader *reader, const struct toml *table,
                          struct pylock_package *package)
{
    const struct toml *array;
    if (!toml_member_tables(reader, table, "wheels", TOML_OPTIONAL, &array))
        return false;
    if (!array)
        return true;
    struct pylock_file *wheels = ARENA_ARRAY(reader->arena, struct pylock_file, array->array.len);
    for (size_t i = 0; i < array->array.len; i++)
        if (!source_file(reader, array->array.at[i], &wheels[i]) ||
            !source_check_name(reader, array->array.at[i], package, &wheels[i], true))
            return false;
    package->wheels = wheels;
    package->wheels_len = array->array.len;
    return true;
}

static bool source_sdist(const struct toml_reader *reader, const struct toml *table,
                         struct pylock_package *package)
{
    const struct toml *value;
    if (!toml_member(reader, table, "sdist", TOML_TABLE, TOML_OPTIONAL, &value))
        return false;
    package->has_sdist = value != NULL;
    return !value || (source_file(reader, value, &package->sdist) &&
                      source_check_name(reader, value, package, &package->sdist, false));
}

static bool source_vcs(const struct toml_reader *reader, const struct toml *table,
                       struct pylock_vcs *vcs)
{
    return toml_member_string(reader, table, "type", TOML_REQUIRED, &vcs->type) &&
           source_path_or_url(reader, table, &vcs->path, &vcs->url) &&
           toml_member_string(reader, table, "requested-revision", TOML_OPTIONAL,
                              &vcs->requested_revision) &&
           toml_member_string(reader, table, "commit-id", TOML_REQUIRED, &vcs->commit_id) &&
           toml_member_string(reader, table, "subdirectory", TOML_OPTIONAL, &vcs->subdirectory);
}

static bool source_directory(const struct toml_reader *reader, const struct toml *table,
                             struct pylock_directory *directory)
{
    const struct toml *editable;
    if (!toml_member_string(reader, table, "path", TOML_REQUIRED, &directory->path) ||
        !toml_member(reader, table, "editable", TOML_BOOLEAN, TOML_OPTIONAL, &editable) ||
        !toml_member_string(reader, table, "subdirectory", TOML_OPTIONAL, &directory->subdirectory))
        return false;
    directory->editable = editable && editable->boolean;
    return true;
}

static bool source_archive(const struct toml_reader *reader, const struct toml *table,
                           struct pylock_file *archive)
{
    return source_file(reader, table, archive) &&
           toml_member_string(reader, table, "subdirectory", TOML_OPTIONAL, &archive->subdirectory);
}

bool pylock_source_read(const struct toml_reader *reader, const struct toml *table,
                        struct pylock_package *package)
{
    const struct toml *vcs, *directory, *archive;
    if (!toml_member(reader, table, "vcs", TOML_TABLE, TOML_OPTIONAL, &vcs) ||
        !toml_member(reader, table, "directory", TOML_TABLE, TOML_OPTIONAL, &directory) ||
        !toml_member(reader, table, "archive", TOML_TABLE, TOML_OPTIONAL, &archive) ||
        !source_sdist(reader, table, package) || !source_wheels(reader, table, package))
        return false;
    int direct = (vcs != NULL) + (directory != NULL) + (archive != NULL);
    int sources = direct + (package->has_sdist || package->wheels_len > 0);
    if (sources != 1)
        return toml_member_wrong(
            reader, table,
            STR_FMT " must come from one of vcs, directory, archive, or sdist and wheels; %s",
            STR_ARG(str_slice(package->name, 0, 100)),
            sources ? "it names several" : "it names none");
    package->source = vcs         ? PYLOCK_VCS
                      : directory ? PYLOCK_DIRECTORY
                      : archive   ? PYLOCK_ARCHIVE
                                  : PYLOCK_FILES;
    return (!vcs || source_vcs(reader, vcs, &package->vcs)) &&
           (!directory || source_directory(reader, directory, &package->directory)) &&
           (!archive || source_archive(reader, archive, &package->archive));
}
