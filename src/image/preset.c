#include "image/preset.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/vec.h"

struct preset_release_row {
    const char *preset, *python, *release, *gcc; /* gcc: major version of the release's compiler */
};

static const struct preset_release_row preset_releases[] = {
    {"debian", "3.11", "bookworm", "12"},
    {"debian", "3.13", "trixie", "14"},
};

enum { PRESET_ROW_MAX = 32 };

/*
 * In names below "@" is how cross compilers' names end, "$" Debian's name of the
 * target, "#" the Python version, "%" gcc's major version, "&" rustc's name of the
 * target. All rows of a role count.
 */
struct preset_package_row {
    enum preset_role role;
    const char *names[PRESET_ROW_MAX];
    const char *release; /* NULL: every one */
};

static const struct preset_package_row preset_wanted[] = {
    /* The shell and the tools that setup scripts, Makefiles and configure call. */
    {PRESET_BUILD,
     {"bash", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "tar", "gzip", "xz-utils",
      "diffutils", "debianutils", "libc-bin"}},
    {PRESET_BUILD, {"gcc-@", "g++-@", "make", "ninja-build", "pkgconf", "patch"}},
    {PRESET_BUILD, {"python#"}},
    /* Of the standard library, although Debian keeps it apart: setuptools below 60 builds on it. */
    {PRESET_BUILD, {"python3-distutils"}, "bookworm"},
    {PRESET_SYSROOT, {"python3-distutils"}, "bookworm"},
    {PRESET_OWN, {"python3-distutils"}, "bookworm"},
    {PRESET_OWN,
     {"bash", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "tar", "gzip", "xz-utils",
      "diffutils", "debianutils", "libc-bin"}},
    {PRESET_OWN, {"gcc", "g++", "make", "ninja-build", "pkgconf", "patch"}},
    {PRESET_OWN, {"libc6-dev", "python#", "libpython#-dev"}},
    {PRESET_SYSROOT, {"libc6-dev", "libc-bin", "python#", "libpython#-dev"}},
    {PRESET_DNF, {"dnf", "python3", "ca-certificates"}},
    {PRESET_CLEAN, {"python#", "python3-pip", "ca-certificates", "libc-bin", "libstdc++6"}},
};

/*
 * Left out. Of the build image: the cross compiler's own copy of the target's libc
 * (gcc would find it before the sysroot, and it is of another version), and what
 * only maintainer scripts use.
 */
static const struct preset_package_row preset_without[] = {
    {PRESET_BUILD,
     {"libc6-dev-$-cross", "libc6-$-cross", "linux-libc-dev-$-cross", "libgcc-s1-$-cross",
      "libstdc++6-$-cross", "libgomp1-$-cross", "libatomic1-$-cross", "libitm1-$-cross",
      "libasan8-$-cross", "libubsan1-$-cross", "libgfortran5-$-cross", "libquadmath0-$-cross",
      "liblsan0-$-cross", "libtsan2-$-cross", "libhwasan0-$-cross"}},
    {PRESET_BUILD,
     {"dpkg", "usrmerge", "perl", "perl-base", "perl-modules-5.36", "perl-modules-5.40",
      "libperl5.36", "libperl5.40", "init-system-helpers", "debconf", "libfile-find-rule-perl",
      "libnumber-compare-perl", "libtext-glob-perl", "procps"}},
    {PRESET_OWN,
     {"dpkg", "usrmerge", "perl", "perl-base", "perl-modules-5.36", "perl-modules-5.40",
      "libperl5.36", "libperl5.40", "init-system-helpers", "debconf", "libfile-find-rule-perl",
      "libnumber-compare-perl", "libtext-glob-perl", "procps"}},
    {PRESET_SYSROOT, {"dpkg", "tar", "perl-base"}},
    {PRESET_CLEAN,
     {"dpkg", "tar", "perl-base", "debconf", "openssl", "cdebconf", "python3", "python3-minimal",
      "python3-setuptools", "python3-wheel", "python3-pkg-resources", "python3-lib2to3"}},
};

/*
 * What only some builds need, so that the image of all others stays small; in names as
 * above. A release of NULL means every one.
 */
struct preset_tool_row {
    const char *tool, *release;
    enum preset_role role;
    const char *names[8];
};

static const struct preset_tool_row preset_tool_rows[] = {
    /* The compiler and the target's std must be of one version. bookworm's security updates no
       longer come for all machines, so the release's own is taken for both. Build scripts and
       procedural macros run on the build machine: its own gcc links them. */
    {"rust",
     "bookworm",
     PRESET_BUILD,
     {"rustc-web/bookworm", "libstd-rust-web-dev/bookworm", "cargo-web/bookworm"}},
    {"rust", "bookworm", PRESET_SYSROOT, {"libstd-rust-web-dev/bookworm"}},
    {"rust", "trixie", PRESET_BUILD, {"rustc", "cargo"}},
    {"rust", "trixie", PRESET_SYSROOT, {"libstd-rust-dev"}},
    {"rust", NULL, PRESET_BUILD, {"gcc", "libc6-dev"}},
    {"rust",
     "bookworm",
     PRESET_OWN,
     {"rustc-web/bookworm", "libstd-rust-web-dev/bookworm", "cargo-web/bookworm"}},
    {"rust", "trixie", PRESET_OWN, {"rustc", "cargo"}},
    {"fortran", NULL, PRESET_BUILD, {"gfortran-@"}},
    {"fortran", NULL, PRESET_OWN, {"gfortran"}},
    {"cmake", NULL, PRESET_BUILD, {"cmake"}},
    {"cmake", NULL, PRESET_OWN, {"cmake"}},
};

/* "*" is the target's multiarch folder, "!" the path of its loader. An empty target: an empty
 * directory. */
struct preset_link_row {
    enum preset_role role;
    const char *path, *target;
};

static const struct preset_link_row preset_links[] = {
    /* gcc searches it before the sysroot: nothing may ever be there (the C++ headers are beside
       it). */
    {PRESET_BUILD, "/usr/*/lib", ""},
    /* A build script that names these folders means the target's. */
    {PRESET_BUILD, "/usr/include", "/sysroot/usr/include"},
    {PRESET_BUILD, "/usr/lib/*", "/sysroot/usr/lib/*"},
    /* Packs are mounted in the sysroot; their own scripts say the shorter name. */
    {PRESET_BUILD, "/pack", "/sysroot/pack"},
    {PRESET_OWN, "/pack", "/sysroot/pack"},
    /* The build image's Python told to be the target's reads this. */
    {PRESET_BUILD, "/usr/lib/python#/_sysconfigdata__*.py",
     "/sysroot/usr/lib/python#/_sysconfigdata__*.py"},
    /* rustc looks for the target's std below its own prefix. */
    {PRESET_BUILD, "/usr/lib/rustlib/&", "/sysroot/usr/lib/rustlib/&"},
    /* The same of a Python that was not built by Debian; the toolchain knows where it is. */
    {PRESET_BUILD, "/usr/lib/python#/_sysconfigdata__linux_*.py", "/refinery/sysconfigdata.py"},
    {PRESET_BUILD, "/usr/local/include", "/sysroot/usr/local/include"},
    /* The target's programs start from here under qemu-user. */
    {PRESET_BUILD, "/usr!", "/sysroot/usr!"},
};

typedef VEC(struct str) preset_name_vec;

static const struct preset_release_row *preset_row(struct str preset, struct str python)
{
    for (size_t i = 0; i < sizeof preset_releases / sizeof *preset_releases; i++)
        if (str_eq(preset, str_from(preset_releases[i].preset)) &&
            str_eq(python, str_from(preset_releases[i].python)))
            return &preset_releases[i];
    return NULL;
}

static const struct preset_image preset_images[] = {
    {"rocky",
     "3.11",
     "docker.io/rockylinux/rockylinux:9",
     {"glibc-devel", "python3.11-devel"},
     {"python3.11", "libstdc++"}},
    {"fedora",
     "3.11",
     "docker.io/library/fedora:42",
     {"glibc-devel", "python3.11-devel"},
     {"python3.11", "libstdc++"}},
    {"fedora",
     "3.13",
     "docker.io/library/fedora:42",
     {"glibc-devel", "python3-devel"},
     {"python3", "libstdc++"}},
};

const struct preset_image *preset_image(struct str preset, struct str python)
{
    for (size_t i = 0; i < sizeof preset_images / sizeof *preset_images; i++)
        if (str_eq(preset, str_from(preset_images[i].preset)) &&
            str_eq(python, str_from(preset_images[i].python)))
            return &preset_images[i];
    return NULL;
}

const char *preset_release(struct str preset, struct str python)
{
    const struct preset_release_row *row = preset_row(preset, python);
    return row ? row->release : NULL;
}

static struct str preset_expand(const char *text, const struct preset_release_row *row,
                                const struct arch *target, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    const struct {
        char mark;
        const char *value;
    } values[] = {
        {'@', target->cross_suffix}, {'$', target->debian}, {'#', row->python}, {'%', row->gcc},
        {'*', target->triplet},      {'!', target->loader}, {'&', target->rust}};
    for (; *text; text++) {
        const char *value = NULL;
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            if (*text == values[i].mark)
                value = values[i].value;
        if (value)
            buf_add(&out, str_from(value));
        else
            buf_add_char(&out, *text);
    }
    return arena_str(arena, buf_str(&out));
}

static bool preset_counts(const struct preset_package_row *packages, enum preset_role role,
                          const struct preset_release_row *row)
{
    return packages->role == role &&
           (!packages->release || str_eq(str_from(packages->release), str_from(row->release)));
}

static struct image_names preset_names(const struct preset_package_row *rows, size_t row_count,
                                       enum preset_role role, const struct preset_release_row *row,
                                       const struct arch *target, struct image_names extra,
                                       struct arena *arena)
{
    preset_name_vec names = {0};
    for (size_t i = 0; i < row_count; i++)
        for (size_t j = 0;
             preset_counts(&rows[i], role, row) && j < PRESET_ROW_MAX && rows[i].names[j]; j++)
            *vec_push(&names, arena) = preset_expand(rows[i].names[j], row, target, arena);
    for (size_t i = 0; i < extra.len; i++)
        *vec_push(&names, arena) = extra.at[i];
    return (struct image_names){names.at, names.len};
}

static bool preset_is_of_host(enum preset_role role)
{
    return role == PRESET_BUILD || role == PRESET_DNF;
}

/* Where the target is an image, what compilers need is Debian's; what tests run in never is. */
static const struct preset_release_row *preset_role_row(struct str preset, struct str python,
                                                        enum preset_role role)
{
    bool borrows = role != PRESET_CLEAN && preset_image(preset, python);
    return preset_row(borrows ? STR("debian") : preset, python);
}

static bool preset_unknown(struct str preset, struct str python, struct err *err)
{
    BUF_AUTO struct buf known = {0};
    for (size_t i = 0; i < sizeof preset_releases / sizeof *preset_releases; i++)
        buf_printf(&known, "%s%s %s (%s)", i ? ", " : "", preset_releases[i].preset,
                   preset_releases[i].python, preset_releases[i].release);
    for (size_t i = 0; i < sizeof preset_images / sizeof *preset_images; i++)
        buf_printf(&known, ", %s %s (%s)", preset_images[i].preset, preset_images[i].python,
                   preset_images[i].reference);
    return err_set(err, ERR_USAGE,
                   "no images for Python " STR_FMT " of the preset \"" STR_FMT
                   "\"; there are: " STR_FMT,
                   STR_ARG(python), STR_ARG(preset), STR_ARG(buf_str(&known)));
}

static bool preset_add_tool(struct str tool, enum preset_role role,
                            const struct preset_release_row *release, const struct arch *target,
                            struct arena *arena, preset_name_vec *names)
{
    bool known = false;
    for (size_t i = 0; i < sizeof preset_tool_rows / sizeof *preset_tool_rows; i++) {
        const struct preset_tool_row *row = &preset_tool_rows[i];
        if (!str_eq(tool, str_from(row->tool)))
            continue;
        known = true;
        if (row->role != role ||
            (row->release && !str_eq(str_from(row->release), str_from(release->release))))
            continue;
        for (size_t j = 0; j < sizeof row->names / sizeof *row->names && row->names[j]; j++)
            *vec_push(names, arena) = preset_expand(row->names[j], release, target, arena);
    }
    return known;
}

bool preset_tools(struct str preset, struct str python, const struct arch *target,
                  enum preset_role role, struct image_names tools, struct arena *arena,
                  struct image_names *packages, struct err *err)
{
    const struct preset_release_row *row = preset_role_row(preset, python, role);
    preset_name_vec names = {0};
    if (!row)
        return preset_unknown(preset, python, err);
    for (size_t i = 0; i < tools.len; i++)
        if (!preset_add_tool(tools.at[i], role, row, target, arena, &names))
            return err_set(err, ERR_USAGE, "no tool \"" STR_FMT "\" in the images",
                           STR_ARG(tools.at[i]));
    *packages = (struct image_names){names.at, names.len};
    return true;
}

static void preset_add_links(enum preset_role role, const struct preset_release_row *row,
                             const struct arch *target, struct arena *arena,
                             struct image_spec *spec)
{
    VEC(struct image_link) links = {0};
    for (size_t i = 0; i < sizeof preset_links / sizeof *preset_links; i++)
        if (preset_links[i].role == role)
            *vec_push(&links, arena) =
                (struct image_link){preset_expand(preset_links[i].path, row, target, arena),
                                    preset_expand(preset_links[i].target, row, target, arena)};
    spec->links = links.at;
    spec->link_count = links.len;
}

bool preset_spec(struct str preset, struct str python, const struct arch *target,
                 enum preset_role role, struct image_names extra, struct arena *arena,
                 struct image_spec *spec, struct err *err)
{
    const struct preset_release_row *row = preset_role_row(preset, python, role);
    const struct arch *host = arch_host();
    if (!row)
        return preset_unknown(preset, python, err);
    if (!host || (host == target && role == PRESET_BUILD))
        return err_set(err, ERR_USAGE, "no %s to %s cross compiler in the preset \"" STR_FMT "\"",
                       host ? host->machine : "(this machine)", target->machine, STR_ARG(preset));
    struct image_spec made = {.distro = STR("debian"), .release = str_from(row->release)};
    made.arch = str_from(preset_is_of_host(role) ? host->debian : target->debian);
    made.wanted = preset_names(preset_wanted, sizeof preset_wanted / sizeof *preset_wanted, role,
                               row, target, extra, arena);
    made.without = preset_names(preset_without, sizeof preset_without / sizeof *preset_without,
                                role, row, target, (struct image_names){0}, arena);
    preset_add_links(role, row, target, arena, &made);
    *spec = made;
    return true;
}
