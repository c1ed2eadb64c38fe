#include "image/preset.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/vec.h"

/* A release of a distribution, and what of it decides what wheels can be. */
struct preset_release_row {
    const char *preset, *python, *release;
    const char *full; /* version of its Python */
    unsigned glibc;   /* minor */
};

static const struct preset_release_row preset_releases[] = {
    {"debian", "3.11", "bookworm", "3.11.2", 36},
    {"debian", "3.13", "trixie", "3.13.5", 41},
    /* Of these only noble is still on Ubuntu's own mirrors. */
    {"ubuntu", "3.11", "mantic", "3.11.6", 38},
    {"ubuntu", "3.12", "noble", "3.12.3", 39},
};

enum {
    PRESET_ROW_MAX = 32,
    BUILD = 1 << PRESET_BUILD,
    SYSROOT = 1 << PRESET_SYSROOT,
    OWN = 1 << PRESET_OWN,
    CLEAN = 1 << PRESET_CLEAN,
    DNF = 1 << PRESET_DNF,
};

/*
 * In names below "@" is how cross compilers' names end, "$" Debian's name of the
 * target, "#" the Python version, "&" rustc's name of the target. All rows of a role
 * count. `only` is a release or a Python version that a row is for, behind "!" one that
 * it is not for; NULL: every one.
 */
struct preset_package_row {
    unsigned roles; /* bits above */
    const char *names[PRESET_ROW_MAX];
    const char *only;
};

static const struct preset_package_row preset_wanted[] = {
    /* The shell and the tools that setup scripts, Makefiles and configure call. */
    {BUILD | OWN,
     {"bash", "dash", "coreutils", "sed", "grep", "mawk", "findutils", "tar", "gzip", "xz-utils",
      "diffutils", "debianutils", "libc-bin", "make", "ninja-build", "pkgconf", "patch"}},
    {BUILD, {"gcc-@", "g++-@"}},
    {OWN, {"gcc", "g++"}},
    {BUILD | SYSROOT | OWN | CLEAN, {"python#"}},
    /* Of the standard library, although Debian keeps it apart: setuptools below 60 builds on it. */
    {BUILD | SYSROOT | OWN, {"python3-distutils"}, "3.11"},
    {SYSROOT | OWN, {"libc6-dev", "libpython#-dev"}},
    {SYSROOT | CLEAN, {"libc-bin"}},
    {CLEAN, {"python3-pip", "ca-certificates", "libstdc++6"}},
    {DNF, {"dnf", "python3", "ca-certificates"}},
};

/*
 * Left out. Of the build image: the cross compiler's own copy of the target's libc
 * (gcc would find it before the sysroot, and it is of another version), and what
 * only maintainer scripts use.
 */
static const struct preset_package_row preset_without[] = {
    {BUILD,
     {"libc6-dev-$-cross", "libc6-$-cross", "linux-libc-dev-$-cross", "libgcc-s1-$-cross",
      "libstdc++6-$-cross", "libgomp1-$-cross", "libatomic1-$-cross", "libitm1-$-cross",
      "libasan8-$-cross", "libubsan1-$-cross", "libgfortran5-$-cross", "libquadmath0-$-cross",
      "liblsan0-$-cross", "libtsan2-$-cross", "libhwasan0-$-cross"}},
    {BUILD | OWN,
     {"dpkg", "usrmerge", "perl", "perl-base", "perl-modules-5.36", "perl-modules-5.38",
      "perl-modules-5.40", "libperl5.36", "libperl5.38", "libperl5.40", "init-system-helpers",
      "debconf", "libfile-find-rule-perl", "libnumber-compare-perl", "libtext-glob-perl",
      "procps"}},
    {SYSROOT, {"dpkg", "tar", "perl-base"}},
    {CLEAN,
     {"dpkg", "tar", "perl-base", "debconf", "openssl", "cdebconf", "python3", "python3-minimal",
      "python3-setuptools", "python3-wheel", "python3-pkg-resources", "python3-lib2to3"}},
};

/* What only some builds need, so that the image of all others stays small; as above. */
struct preset_tool_row {
    const char *tool;
    struct preset_package_row packages;
};

static const struct preset_tool_row preset_tool_rows[] = {
    /* The compiler and the target's std must be of one version. bookworm's security updates no
       longer come for all machines, so the release's own is taken for both. Build scripts and
       procedural macros run on the build machine: its own gcc links them. */
    {"rust",
     {BUILD | OWN,
      {"rustc-web/bookworm", "libstd-rust-web-dev/bookworm", "cargo-web/bookworm"},
      "bookworm"}},
    {"rust", {SYSROOT, {"libstd-rust-web-dev/bookworm"}, "bookworm"}},
    {"rust", {BUILD | OWN, {"rustc", "cargo"}, "!bookworm"}},
    {"rust", {SYSROOT, {"libstd-rust-dev"}, "!bookworm"}},
    {"rust", {BUILD, {"gcc", "libc6-dev"}, NULL}},
    {"fortran", {BUILD, {"gfortran-@"}, NULL}},
    {"fortran", {OWN, {"gfortran"}, NULL}},
    {"cmake", {BUILD | OWN, {"cmake"}, NULL}},
    {"patch", {BUILD | OWN, {"patch"}, NULL}},
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
    {PRESET_OWN, "/pack", ""}, /* its sysroot is itself */
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

/* Where the target is an image, what compilers need is Debian's; what tests run in never is. */
static const struct preset_release_row *preset_role_row(struct str preset, struct str python,
                                                        enum preset_role role)
{
    bool borrows = role == PRESET_DNF || (role != PRESET_CLEAN && preset_image(preset, python));
    return preset_row(borrows ? STR("debian") : preset, python);
}

static struct str preset_expand(const char *text, const struct preset_release_row *row,
                                const struct arch *target, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    const struct {
        char mark;
        const char *value;
    } values[] = {{'@', target->cross_suffix}, {'$', target->debian}, {'#', row->python},
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
    struct str only = str_from(packages->only ? packages->only : "");
    bool inverted = str_starts(only, STR("!"));
    struct str name = str_from_pos(only, inverted);
    bool named = str_eq(name, str_from(row->release)) || str_eq(name, str_from(row->python));
    return packages->roles & 1u << role && (!only.len || named != inverted);
}

typedef VEC(struct str) preset_name_vec;

static void preset_add(const struct preset_package_row *packages, enum preset_role role,
                       const struct preset_release_row *row, const struct arch *target,
                       struct arena *arena, preset_name_vec *names)
{
    if (preset_counts(packages, role, row))
        for (size_t i = 0; i < PRESET_ROW_MAX && packages->names[i]; i++)
            *vec_push(names, arena) = preset_expand(packages->names[i], row, target, arena);
}

static struct image_names preset_names(const struct preset_package_row *rows, size_t row_count,
                                       enum preset_role role, const struct preset_release_row *row,
                                       const struct arch *target, struct image_names extra,
                                       struct arena *arena)
{
    preset_name_vec names = {0};
    for (size_t i = 0; i < row_count; i++)
        preset_add(&rows[i], role, row, target, arena, &names);
    for (size_t i = 0; i < extra.len; i++)
        *vec_push(&names, arena) = extra.at[i];
    return (struct image_names){names.at, names.len};
}

static bool preset_is_of_host(enum preset_role role)
{
    return role == PRESET_BUILD || role == PRESET_DNF;
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
        if (!str_eq(tool, str_from(preset_tool_rows[i].tool)))
            continue;
        known = true;
        preset_add(&preset_tool_rows[i].packages, role, release, target, arena, names);
    }
    return known;
}

bool preset_facts(struct str preset, struct str python, struct preset_facts *facts, struct err *err)
{
    const struct preset_release_row *row = preset_role_row(preset, python, PRESET_BUILD);
    if (!row)
        return preset_unknown(preset, python, err);
    *facts = (struct preset_facts){row->release, row->full, row->glibc};
    return true;
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

static bool preset_has(struct image_names names, struct str name)
{
    for (size_t i = 0; i < names.len; i++)
        if (str_eq(names.at[i], name))
            return true;
    return false;
}

/* Who asks for perl gets all of it, libraries and what only maintainer scripts need elsewhere. */
static struct image_names preset_without_perl(struct image_names without, struct arena *arena)
{
    VEC(struct str) kept = {0};
    for (size_t i = 0; i < without.len; i++)
        if (str_find(without.at[i], STR("perl")) == without.at[i].len)
            *vec_push(&kept, arena) = without.at[i];
    return (struct image_names){kept.at, kept.len};
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
    struct image_spec made = {.distro = str_from(row->preset), .release = str_from(row->release)};
    made.arch = str_from(preset_is_of_host(role) ? host->debian : target->debian);
    made.wanted = preset_names(preset_wanted, sizeof preset_wanted / sizeof *preset_wanted, role,
                               row, target, extra, arena);
    made.without = preset_names(preset_without, sizeof preset_without / sizeof *preset_without,
                                role, row, target, (struct image_names){0}, arena);
    if (preset_has(extra, STR("perl")))
        made.without = preset_without_perl(made.without, arena);
    preset_add_links(role, row, target, arena, &made);
    *spec = made;
    return true;
}
