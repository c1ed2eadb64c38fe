#include <inttypes.h>

#include "pkg/pylock.h"
#include "pkg/toml_write.h"

/* An inline table under way: members that are there, with commas between them. */
struct pylock_members {
    struct buf *out;
    size_t count;
};

static struct buf *member(struct pylock_members *members, const char *key)
{
    buf_add(members->out, members->count++ ? STR(", ") : STR(""));
    buf_printf(members->out, "%s = ", key);
    return members->out;
}

static void member_string(struct pylock_members *members, const char *key, struct str value)
{
    if (value.len)
        toml_write_string(value, member(members, key));
}

static void line_string(struct buf *out, const char *key, struct str value)
{
    buf_printf(out, "%s = ", key);
    toml_write_string(value, out);
    buf_add_char(out, '\n');
}

static void line_strings(struct buf *out, const char *key, const struct str *values, size_t len)
{
    if (!len)
        return;
    buf_printf(out, "%s = [", key);
    for (size_t i = 0; i < len; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        toml_write_string(values[i], out);
    }
    buf_add(out, STR("]\n"));
}

static void write_marker(const struct marker *marker, struct buf *out)
{
    BUF_AUTO struct buf text = {0};
    marker_write(marker, &text);
    toml_write_string(buf_str(&text), out);
}

/* Civil date of a day since 1970, by eras of 400 years that begin on March 1st. */
static void write_time(int64_t ms, struct buf *out)
{
    int64_t days = ms / 86400000, rest = ms % 86400000, shifted = days + 719468;
    int64_t era = shifted / 146097, in_era = shifted % 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100),
            month = (5 * in_year + 2) / 153;
    int64_t day = in_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    buf_printf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64, year,
               month, day, rest / 3600000, rest / 60000 % 60);
    buf_printf(out, ":%02" PRId64, rest / 1000 % 60);
    if (rest % 1000)
        buf_printf(out, ".%03" PRId64, rest % 1000);
    buf_add_char(out, 'Z');
}

static void write_hashes(const struct pylock_file *file, struct pylock_members *members)
{
    struct buf *out = member(members, "hashes");
    buf_add_char(out, '{');
    for (size_t i = 0; i < file->hashes_len; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        toml_write_key(file->hashes[i].algorithm, out);
        buf_add(out, STR(" = "));
        toml_write_string(file->hashes[i].hex, out);
    }
    buf_add_char(out, '}');
}

static void write_file(const struct pylock_file *file, struct buf *out)
{
    struct pylock_members members = {.out = out};
    buf_add_char(out, '{');
    member_string(&members, "name", file->name);
    if (file->upload_time_ms >= 0)
        write_time(file->upload_time_ms, member(&members, "upload-time"));
    member_string(&members, "url", file->url);
    member_string(&members, "path", file->path);
    if (file->size >= 0)
        buf_printf(member(&members, "size"), "%" PRId64, file->size);
    write_hashes(file, &members);
    member_string(&members, "subdirectory", file->subdirectory);
    buf_add_char(out, '}');
}

static void write_dependencies(const struct pylock_package *package, struct buf *out)
{
    if (!package->dependencies_len)
        return;
    buf_add(out, STR("dependencies = [\n"));
    for (size_t i = 0; i < package->dependencies_len; i++) {
        const struct pylock_dependency *dependency = &package->dependencies[i];
        struct pylock_members members = {.out = out};
        buf_add(out, STR("    "));
        if (dependency->table) {
            toml_write_value(dependency->table, out);
        } else {
            buf_add_char(out, '{');
            member_string(&members, "name", dependency->name);
            member_string(&members, "version", dependency->version);
            buf_add_char(out, '}');
        }
        buf_add(out, STR(",\n"));
    }
    buf_add(out, STR("]\n"));
}

static void write_vcs(const struct pylock_vcs *vcs, struct buf *out)
{
    struct pylock_members members = {.out = out};
    buf_add(out, STR("vcs = {"));
    toml_write_string(vcs->type, member(&members, "type"));
    member_string(&members, "url", vcs->url);
    member_string(&members, "path", vcs->path);
    member_string(&members, "requested-revision", vcs->requested_revision);
    toml_write_string(vcs->commit_id, member(&members, "commit-id"));
    member_string(&members, "subdirectory", vcs->subdirectory);
    buf_add(out, STR("}\n"));
}

static void write_directory(const struct pylock_directory *directory, struct buf *out)
{
    struct pylock_members members = {.out = out};
    buf_add(out, STR("directory = {"));
    toml_write_string(directory->path, member(&members, "path"));
    if (directory->editable)
        buf_add(member(&members, "editable"), STR("true"));
    member_string(&members, "subdirectory", directory->subdirectory);
    buf_add(out, STR("}\n"));
}

static void write_files(const struct pylock_package *package, struct buf *out)
{
    if (package->has_sdist) {
        buf_add(out, STR("sdist = "));
        write_file(&package->sdist, out);
        buf_add_char(out, '\n');
    }
    if (!package->wheels_len)
        return;
    buf_add(out, STR("wheels = [\n"));
    for (size_t i = 0; i < package->wheels_len; i++) {
        buf_add(out, STR("    "));
        write_file(&package->wheels[i], out);
        buf_add(out, STR(",\n"));
    }
    buf_add(out, STR("]\n"));
}

static void write_package(const struct pylock_package *package, struct buf *out)
{
    buf_add(out, STR("\n[[packages]]\n"));
    line_string(out, "name", package->name);
    if (package->has_version)
        line_string(out, "version", package->version.text);
    if (package->marker) {
        buf_add(out, STR("marker = "));
        write_marker(package->marker, out);
        buf_add_char(out, '\n');
    }
    if (package->requires_python.text.len)
        line_string(out, "requires-python", package->requires_python.text);
    write_dependencies(package, out);
    if (package->source == PYLOCK_VCS)
        write_vcs(&package->vcs, out);
    if (package->source == PYLOCK_DIRECTORY)
        write_directory(&package->directory, out);
    if (package->source == PYLOCK_ARCHIVE) {
        buf_add(out, STR("archive = "));
        write_file(&package->archive, out);
        buf_add_char(out, '\n');
    }
    if (package->index.len)
        line_string(out, "index", package->index);
    write_files(package, out);
    if (package->attestation_identities) {
        buf_add(out, STR("attestation-identities = "));
        toml_write_value(package->attestation_identities, out);
        buf_add_char(out, '\n');
    }
    if (package->tool) {
        buf_add(out, STR("tool = "));
        toml_write_value(package->tool, out);
        buf_add_char(out, '\n');
    }
}

void pylock_write(const struct pylock *lock, struct buf *out)
{
    line_string(out, "lock-version", lock->lock_version);
    if (lock->environments_len)
        buf_add(out, STR("environments = [\n"));
    for (size_t i = 0; i < lock->environments_len; i++) {
        buf_add(out, STR("    "));
        write_marker(lock->environments[i], out);
        buf_add(out, i + 1 < lock->environments_len ? STR(",\n") : STR(",\n]\n"));
    }
    if (lock->requires_python.text.len)
        line_string(out, "requires-python", lock->requires_python.text);
    line_strings(out, "extras", lock->extras, lock->extras_len);
    line_strings(out, "dependency-groups", lock->dependency_groups, lock->dependency_groups_len);
    line_strings(out, "default-groups", lock->default_groups, lock->default_groups_len);
    line_string(out, "created-by", lock->created_by);
    if (!lock->packages_len)
        buf_add(out, STR("packages = []\n"));
    if (lock->tool) { /* before the packages: behind them it would be the last one's */
        buf_add(out, STR("tool = "));
        toml_write_value(lock->tool, out);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < lock->packages_len; i++)
        write_package(&lock->packages[i], out);
}
