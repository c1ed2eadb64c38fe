/* The pure part of apt.h: what apt prints, read. */
#include "base/buf.h"
#include "image/apt.h"

/* "%3a" and the like, as apt escapes epochs in file names. */
static struct str apt_unescape(struct str s, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    for (size_t i = 0; i < s.len; i++) {
        struct str hex = str_slice(s, i + 1, i + 3);
        bool is_colon = s.ptr[i] == '%' && str_eq_nocase(hex, STR("3a"));
        buf_add_char(&out, is_colon ? ':' : s.ptr[i]);
        i += is_colon ? 2 : 0;
    }
    return arena_str(arena, buf_str(&out));
}

/* '<uri>' <name>_<version>_<arch>.deb <size> SHA256:<hex> */
bool apt_parse_uri(struct str line, struct arena *arena, struct apt_package *package)
{
    struct str uri, rest, file, size, hash, tail;
    struct apt_package found = {0};
    if (!str_starts(line, STR("'")) || !str_cut(str_from_pos(line, 1), '\'', &uri, &rest))
        return false;
    if (!str_cut(str_trim(rest), ' ', &file, &tail) || !str_cut(tail, ' ', &size, &hash))
        return false;
    const struct str prefix = STR("SHA256:"), suffix = STR(".deb");
    if (!str_to_u64(size, &found.size) || !str_starts(hash, prefix) || !str_ends(file, suffix) ||
        str_has_char(file, '/'))
        return false;
    if (!digest_from_hex(str_trim(str_from_pos(hash, prefix.len)), &found.sha256))
        return false;
    struct str exact = apt_unescape(str_slice(file, 0, file.len - suffix.len), arena);
    if (!str_cut(exact, '_', &found.name, &rest) ||
        !str_cut(rest, '_', &found.version, &found.arch))
        return false;
    found.exact = exact;
    found.file = arena_str(arena, file);
    *package = found;
    return true;
}

static bool apt_is_release(const struct distro *distro, struct str release)
{
    struct str base = str_slice(release, 0, str_find_char(release, '-'));
    for (size_t i = 0; distro->releases[i]; i++)
        if (str_eq(base, str_from(distro->releases[i])))
            return true;
    return !distro->releases[0];
}

/* Others publish for Debian too (".../linux/debian"): the path must be the archive's own layout. */
static bool apt_has_path(struct str site, struct str path)
{
    size_t host = str_find(site, STR("://"));
    struct str from_host = str_from_pos(site, host == site.len ? 0 : host + 3);
    struct str rest = str_from_pos(from_host, str_find_char(from_host, '/'));
    while (str_ends(rest, STR("/")))
        rest = str_slice(rest, 0, rest.len - 1);
    const struct str archive = STR("/archive");
    if (str_starts(rest, archive)) { /* snapshot.debian.org/archive/debian/<time> */
        rest = str_from_pos(rest, archive.len);
        return str_starts(rest, path) && (rest.len == path.len || rest.ptr[path.len] == '/');
    }
    return str_ends(rest, path) && !str_has_char(str_slice(rest, 1, rest.len), '/');
}

void apt_pick_mirrors(struct str listing, const struct distro *distro,
                      const struct distro_archive *archive, struct str *mirror,
                      struct str *security)
{
    struct str line, found = {0}, found_security = {0};
    while (str_next_line(&listing, &line)) {
        struct str site, release, component, origin, rest;
        if (!str_cut(line, '|', &site, &rest) || !str_cut(rest, '|', &release, &rest))
            continue;
        str_cut(rest, '|', &component, &origin);
        bool said_other = origin.len && !str_starts(origin, STR("$(")) &&
                          !str_eq(origin, str_from(distro->label));
        if (said_other || !str_eq(component, STR("main")) || !apt_is_release(distro, release))
            continue;
        if (!found.len && apt_has_path(site, str_from(archive->path)))
            found = site;
        if (!found_security.len && archive->security &&
            apt_has_path(site, str_from(archive->security_path)))
            found_security = site;
    }
    *mirror = found;
    *security = found_security;
}

struct str apt_network_settings(struct str dump, struct arena *arena)
{
    static const char *const ours[] = {"Acquire::IndexTargets", "Acquire::CompressionTypes",
                                       "Acquire::Languages",    "Acquire::GzipIndexes",
                                       "Acquire::Allow",        "Acquire::By-Hash"};
    BUF_AUTO struct buf out = {0};
    struct str line;
    while (str_next_line(&dump, &line)) {
        bool keep = str_starts(line, STR("Acquire::"));
        for (size_t i = 0; keep && i < sizeof ours / sizeof *ours; i++)
            keep = !str_starts(line, str_from(ours[i]));
        if (!keep)
            continue;
        buf_add(&out, line);
        buf_add_char(&out, '\n');
    }
    return arena_str(arena, buf_str(&out));
}

struct str apt_reason(struct str output)
{
    struct str line;
    while (str_next_line(&output, &line))
        if (str_starts(line, STR("E: "))) {
            size_t end = str_find(line, STR(" [IP:")); /* who answered is of no use to anybody */
            return str_trim(str_slice(line, 3, end));
        }
    return STR("");
}
