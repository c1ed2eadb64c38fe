#include "image/toolchain_text.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/vec.h"

/*
 * One option more or less here is one in every build. The floor's folder comes first
 * of all -L, so its libc and libm win over the sysroot's; ld resolves libraries of
 * libraries through -rpath-link only. C++ and unwinder come in statically and
 * hidden: their shared forms need a newer system than the floor.
 */
#define LINK_FLOOR "-L/floor -L/refinery/static -Wl,-rpath-link,/floor "
#define LINK_SYSROOT "%nearby%-Wl,-rpath-link,/sysroot/%libdir% "
#define LINK_STATIC                                                                                \
    "-static-libgcc "                                                                              \
    "-Wl,--exclude-libs,libgcc.a:libgcc_eh.a:libstdc++.a:libsupc++.a:libstdc++fs.a:"               \
    "libfloor_nonshared.a:libgfortran.a:libffi.a:libxml2.a:libxslt.a:libexslt.a:libz.a:"           \
    "libbz2.a:liblzma.a:libzstd.a:libssl.a:libcrypto.a:libsqlite3.a:libjpeg.a:libpng16.a:"         \
    "libfreetype.a:libyaml.a -L/sysroot/pack/lib "
/* What a pack brings stands before the sysroot's own. */
#define COMPILE "--sysroot=/sysroot -isystem /sysroot/pack/include -ffile-prefix-map=%source%=. "
/* Behind what the package says: of several -march the last one counts. */
#define LEVEL "%%level%%"
#define SCRIPT "#!/bin/sh\nexec /usr/bin/%triplet%-"

static const struct {
    const char *tool; /* of Debian's cross compiler: "gcc" */
    const char *options;
    const char *names[4]; /* further names that build scripts call it by */
} toolchain_compilers[] = {
    {"gcc", COMPILE LINK_STATIC LINK_SYSROOT, {"gcc", "cc", "c99"}},
    {"g++", COMPILE "-static-libstdc++ " LINK_STATIC LINK_SYSROOT, {"g++", "c++"}},
    {"gfortran",
     COMPILE "-static-libgfortran " LINK_STATIC LINK_SYSROOT,
     {"gfortran", "f77", "f95"}},
    {"cpp", "--sysroot=/sysroot ", {"cpp"}},
};

static const char *const toolchain_tools[] = {"ar",      "as",      "ld",     "nm",
                                              "objcopy", "objdump", "ranlib", "readelf",
                                              "strip",   "gcc-ar",  "gcc-nm", "gcc-ranlib"};

/*
 * Libraries that come in statically under a floor although the package asks for -lX:
 * their shared form in the sysroot needs a newer glibc, their archive is
 * position-independent and needs no other library.
 */
static const struct {
    const char *name, *archive; /* "libX.a" as -lX looks for it; its file in the multiarch folder */
} toolchain_static[] = {
    {"libffi.a", "libffi_pic.a"},
};

static const char toolchain_pkg_config[] = "#!/bin/sh\nexec /usr/bin/pkgconf \"$@\"\n";

/*
 * xml2-config and its kin are programs of the target, perl often among what they need: here
 * they are answered from the target's pkg-config files. They stand last on PATH, behind a
 * pack's own.
 */
static const struct {
    const char *name, *module;
} toolchain_config_scripts[] = {
    {"curl-config", "libcurl"},       {"freetype-config", "freetype2"},
    {"icu-config", "icu-i18n"},       {"libpng-config", "libpng"},
    {"mariadb_config", "libmariadb"}, {"mysql_config", "libmariadb"},
    {"ncurses6-config", "ncurses"},   {"pcre2-config", "libpcre2-8"},
    {"pg_config", "libpq"},           {"xml2-config", "libxml-2.0"},
    {"xslt-config", "libxslt"},
};

static const char toolchain_config_script[] =
    "#!/bin/sh\n"
    "name=${0##*/} module=%s\n"
    "ask() { /refinery/bin/pkg-config \"$@\" \"$module\"; }\n"
    "ask --exists || {\n"
    "    echo \"$name: the target has no $module.pc: a recipe has to bring its -dev package\" >&2\n"
    "    exit 1\n"
    "}\n"
    "for word; do\n"
    "    case $word in\n"
    "    --version) case $name in\n"
    "        pg_config) echo \"PostgreSQL $(ask --modversion)\" ;;\n"
    "        *) ask --modversion ;;\n"
    "        esac ;;\n"
    "    --cflags | --cxxflags | --cppflags | --include) ask --cflags ;;\n"
    "    --libs | --libs_r) ask --libs ;;\n"
    "    --ldflags) case $name in\n"
    "        icu-config) ask --libs ;;\n" /* with its libraries: --ldflags-searchpath is without */
    "        *) ask --libs-only-L ;;\n"
    "        esac ;;\n"
    "    --prefix | --exec-prefix) echo \"/sysroot$(ask --variable=prefix)\" ;;\n"
    "    --bindir) echo /refinery/config ;;\n"
    "    --libdir) echo \"/sysroot$(ask --variable=libdir)\" ;;\n"
    "    --includedir | --includedir-server | --pkgincludedir)\n"
    "        echo \"/sysroot$(ask --variable=includedir)\" ;;\n"
    "    *) echo \"$name: nothing is known of $word here\" >&2; exit 1 ;;\n"
    "    esac\n"
    "done\n";

/*
 * config.guess and Makefiles ask uname which machine they build for, and take its word: libsodium's
 * configure knows the byte order of an x86-64 without a test. They mean the target.
 */
static const char toolchain_uname[] =
    "#!/bin/sh\n/usr/bin/%s \"$@\" | /usr/bin/sed 's/%%build_machine%%/%%machine%%/g'\n";

/* Build scripts and procedural macros run here: the build machine's gcc, which must not find the
   target's ld on PATH. Only images with that gcc (image/preset.c) have any use for it. */
static const char toolchain_build_cc[] = "#!/bin/sh\nPATH=/usr/bin:/bin exec /usr/bin/gcc \"$@\"\n";

/* The same file serves as cross file and as native file: the machine sections differ. */
static const char toolchain_meson[] = "[binaries]\n"
                                      "c = '/refinery/bin/%triplet%-gcc'\n"
                                      "cpp = '/refinery/bin/%triplet%-g++'\n"
                                      "fortran = '/refinery/bin/%triplet%-gfortran'\n"
                                      "ar = '/refinery/bin/%triplet%-ar'\n"
                                      "strip = '/refinery/bin/%triplet%-strip'\n"
                                      "pkg-config = '/refinery/bin/pkg-config'\n"
                                      "python = '/refinery/bin/python3'\n";

static const char toolchain_meson_cross[] =
    "\n[host_machine]\n"
    "system = 'linux'\n"
    "cpu_family = '%cpu_family%'\n"
    "cpu = '%machine%'\n"
    "endian = '%endian%'\n"
    "\n[properties]\n"
    "needs_exe_wrapper = false\n"
    "longdouble_format = '%long_double%'\n"
    "sys_root = '/sysroot'\n"
    "pkg_config_libdir = ['/sysroot/pack/lib/pkgconfig', '/sysroot/%libdir%/pkgconfig',"
    " '/sysroot/usr/share/pkgconfig']\n";

static const char toolchain_cmake[] =
    "set(CMAKE_SYSTEM_NAME Linux)\n"
    "set(CMAKE_SYSTEM_PROCESSOR %machine%)\n"
    "set(CMAKE_C_COMPILER /refinery/bin/%triplet%-gcc)\n"
    "set(CMAKE_CXX_COMPILER /refinery/bin/%triplet%-g++)\n"
    "set(CMAKE_Fortran_COMPILER /refinery/bin/%triplet%-gfortran)\n"
    "set(CMAKE_CROSSCOMPILING_EMULATOR /usr/bin/env) # its programs run as they are\n"
    "set(CMAKE_LIBRARY_ARCHITECTURE %triplet%)\n"
    "# Build requirements and the source itself bring headers and libraries too.\n"
    "set(CMAKE_FIND_ROOT_PATH /sysroot/pack /sysroot /env/site /work)\n"
    "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n"
    "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)\n"
    "set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)\n"
    "set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)\n"
    "set(PKG_CONFIG_EXECUTABLE /refinery/bin/pkg-config)\n"
    "set(Python_EXECUTABLE /refinery/bin/python3)\n"
    "set(Python3_EXECUTABLE /refinery/bin/python3)\n"
    "set(Python_INCLUDE_DIR /sysroot/%include%)\n"
    "set(Python3_INCLUDE_DIR /sysroot/%include%)\n";

/* As cargo writes a target in the name of a variable: "S390X_UNKNOWN_LINUX_GNU". */
static struct str toolchain_shout(const char *text, struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    for (; *text; text++)
        buf_add_char(&out, *text == '-'                   ? '_'
                           : *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A')
                                                          : *text);
    return arena_str(arena, buf_str(&out));
}

struct str toolchain_text_expand(const struct toolchain_spec *spec, struct str text,
                                 struct arena *arena)
{
    BUF_AUTO struct buf out = {0};
    const struct arch *host = arch_host();
    const struct elf_level *level = spec->level;
    const struct {
        struct str word, value;
    } words[] = {
        {STR("triplet"), str_from(spec->target->triplet)},
        {STR("machine"), str_from(spec->target->machine)},
        {STR("build_machine"), str_from((host ? host : spec->target)->machine)},
        {STR("cpu_family"), str_from(spec->target->cpu_family)},
        {STR("endian"), spec->target->big_endian ? STR("big") : STR("little")},
        {STR("long_double"), str_from(spec->target->long_double)},
        {STR("rust"), str_from(spec->target->rust)},
        {STR("RUST"), toolchain_shout(spec->target->rust, arena)},
        {STR("BUILD_RUST"), toolchain_shout(host ? host->rust : spec->target->rust, arena)},
        {STR("python"), spec->python},
        {STR("libdir"), spec->layout.libdir},
        /* Debian's compiler looks there for start files and libraries when it is told to. */
        {STR("nearby"),
         spec->layout.is_multiarch
             ? STR("")
             : arena_printf(arena, "-B/sysroot/" STR_FMT " -L/sysroot/" STR_FMT " ",
                            STR_ARG(spec->layout.libdir), STR_ARG(spec->layout.libdir))},
        {STR("include"), spec->layout.include},
        {STR("stdlib"), spec->layout.stdlib},
        {STR("sysconfig"), spec->layout.sysconfig},
        {STR("source"), spec->source.len ? spec->source : STR("/build")},
        {STR("qemu_cpu"), level && level->qemu ? str_from(level->qemu) : STR("")},
        {STR("level"), level ? arena_printf(arena, " -march=%s", level->march) : STR("")},
        {STR("rust_level"),
         level ? arena_printf(arena, " -Ctarget-cpu=%s", level->march) : STR("")},
        {STR("epoch"), arena_printf(arena, "%" PRId64, spec->epoch)},
    };
    struct str before, rest, word, after;
    while (str_cut(text, '%', &before, &rest) && str_cut(rest, '%', &word, &after)) {
        text = after;
        buf_add(&out, before);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (str_eq(word, words[i].word))
                buf_add(&out, words[i].value);
    }
    buf_add(&out, text);
    return arena_str(arena, buf_str(&out));
}

static struct toolchain_text_file *toolchain_text_add(struct toolchain_text *text,
                                                      struct arena *arena, struct str name)
{
    struct toolchain_text_file *file = vec_push(text, arena);
    file->name = name;
    return file;
}

static void toolchain_text_add_link(struct toolchain_text *text, struct arena *arena,
                                    struct str name, struct str target)
{
    toolchain_text_add(text, arena, name)->target = target;
}

/* "s390x-linux-gnu-gcc" is a script; the other names, the build machine's too, lead to it. */
static void toolchain_text_add_compilers(const struct toolchain_spec *spec, struct arena *arena,
                                         struct toolchain_text *text)
{
    const struct arch *host = arch_host();
    const char *triplet = spec->target->triplet;
    for (size_t i = 0; i < sizeof toolchain_compilers / sizeof *toolchain_compilers; i++) {
        const char *tool = toolchain_compilers[i].tool;
        struct str own = arena_printf(arena, "%s-%s", triplet, tool);
        struct str script =
            arena_printf(arena, "%s%s %s%s\"$@\"" LEVEL "\n", SCRIPT, tool,
                         spec->floor.len ? LINK_FLOOR : "", toolchain_compilers[i].options);
        struct toolchain_text_file *file =
            toolchain_text_add(text, arena, arena_printf(arena, "bin/%s", own.ptr));
        file->bytes = toolchain_text_expand(spec, script, arena);
        file->executable = true;
        for (size_t j = 0; toolchain_compilers[i].names[j]; j++)
            toolchain_text_add_link(
                text, arena, arena_printf(arena, "bin/%s", toolchain_compilers[i].names[j]), own);
        if (host && host != spec->target)
            toolchain_text_add_link(text, arena,
                                    arena_printf(arena, "bin/%s-%s", host->triplet, tool), own);
    }
}

static void toolchain_text_add_static(const struct toolchain_spec *spec, struct arena *arena,
                                      struct toolchain_text *text)
{
    for (size_t i = 0; i < sizeof toolchain_static / sizeof *toolchain_static; i++)
        toolchain_text_add_link(
            text, arena, arena_printf(arena, "static/%s", toolchain_static[i].name),
            arena_printf(arena, "/sysroot/" STR_FMT "/%s", STR_ARG(spec->layout.libdir),
                         toolchain_static[i].archive));
}

/* Programs that answer for the target, and the build machine's own compiler. */
static void toolchain_text_add_answers(const struct toolchain_spec *spec, struct arena *arena,
                                       struct toolchain_text *text)
{
    struct toolchain_text_file *file;
    /* A name for recipes that is the same for every target. */
    toolchain_text_add_link(
        text, arena, STR("lib"),
        arena_printf(arena, TOOLCHAIN_SYSROOT "/" STR_FMT, STR_ARG(spec->layout.libdir)));
    for (size_t i = 0; i < sizeof toolchain_config_scripts / sizeof *toolchain_config_scripts;
         i++) {
        struct str name = arena_printf(arena, "config/%s", toolchain_config_scripts[i].name);
        file = toolchain_text_add(text, arena, name);
        file->bytes =
            arena_printf(arena, toolchain_config_script, toolchain_config_scripts[i].module);
        file->executable = true;
    }
    static const char *const askers[] = {"uname", "arch"};
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++) {
        file = toolchain_text_add(text, arena, arena_printf(arena, "bin/%s", askers[i]));
        file->bytes =
            toolchain_text_expand(spec, arena_printf(arena, toolchain_uname, askers[i]), arena);
        file->executable = true;
    }
    file = toolchain_text_add(text, arena, STR("bin/build-cc"));
    file->bytes = str_from(toolchain_build_cc);
    file->executable = true;
}

static void toolchain_text_add_tools(const struct toolchain_spec *spec, struct arena *arena,
                                     struct toolchain_text *text)
{
    const char *triplet = spec->target->triplet;
    for (size_t i = 0; i < sizeof toolchain_tools / sizeof *toolchain_tools; i++) {
        struct str real = arena_printf(arena, "/usr/bin/%s-%s", triplet, toolchain_tools[i]);
        toolchain_text_add_link(text, arena, arena_printf(arena, "bin/%s", toolchain_tools[i]),
                                real);
        toolchain_text_add_link(
            text, arena, arena_printf(arena, "bin/%s-%s", triplet, toolchain_tools[i]), real);
    }
    struct toolchain_text_file *file = toolchain_text_add(text, arena, STR("bin/pkg-config"));
    file->bytes = str_from(toolchain_pkg_config);
    file->executable = true;
    toolchain_text_add_link(text, arena, STR("bin/pkgconf"), STR("pkg-config"));
    toolchain_text_add_link(text, arena, arena_printf(arena, "bin/%s-pkg-config", triplet),
                            STR("pkg-config"));
    struct str python =
        spec->strategy == TOOLCHAIN_HYBRID
            ? arena_printf(arena, TOOLCHAIN_SYSROOT "/" STR_FMT, STR_ARG(spec->layout.python))
            : arena_printf(arena, "/usr/bin/python" STR_FMT, STR_ARG(spec->python));
    toolchain_text_add_link(text, arena, STR("bin/python3"), python);
    toolchain_text_add_link(text, arena, STR("bin/python"), python);
    toolchain_text_add_link(
        text, arena, arena_printf(arena, "bin/python" STR_FMT, STR_ARG(spec->python)), python);
}

void toolchain_text_make(const struct toolchain_spec *spec, struct arena *arena,
                         struct toolchain_text *text)
{
    *text = (struct toolchain_text){0};
    toolchain_text_add_compilers(spec, arena, text);
    toolchain_text_add_tools(spec, arena, text);
    toolchain_text_add_answers(spec, arena, text);
    if (spec->floor.len)
        toolchain_text_add_static(spec, arena, text);
    struct str data = arena_printf(arena, TOOLCHAIN_SYSROOT "/" STR_FMT "/" STR_FMT ".py",
                                   STR_ARG(spec->layout.stdlib), STR_ARG(spec->layout.sysconfig));
    if (!str_starts(spec->layout.stdlib, STR("usr/lib/"))) /* the build image leads there itself */
        toolchain_text_add_link(text, arena, STR("sysconfigdata.py"), data);
    bool cross = spec->strategy == TOOLCHAIN_CROSS;
    struct str meson =
        arena_printf(arena, "%s%s", toolchain_meson, cross ? toolchain_meson_cross : "");
    toolchain_text_add(text, arena, STR("meson.ini"))->bytes =
        toolchain_text_expand(spec, meson, arena);
    toolchain_text_add(text, arena, STR("toolchain.cmake"))->bytes =
        toolchain_text_expand(spec, str_from(toolchain_cmake), arena);
}
