/* What maintainer scripts leave behind and something later reads: the second half of root.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "image/merged.h"
#include "image/root.h"
#include "os/fd.h"
#include "os/file.h"

struct finish_text {
    const char *path, *text;
};

/* Written where no package brought them. Id 1000 is who builds. */
static const struct finish_text finish_texts[] = {
    {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                   "builder:x:1000:1000:builder:/tmp:/bin/sh\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"etc/group", "root:x:0:\ntty:x:5:\nbuilder:x:1000:\nnogroup:x:65534:\n"},
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"},
    {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
    {"etc/hostname", "refinery\n"},
    {"etc/resolv.conf", ""},
};

/*
 * The links that update-alternatives and postinst scripts would make: the first
 * candidate that is there wins. "@" stands for the multiarch folder.
 */
struct finish_alternative {
    const char *link;
    const char *candidates[6];
};

static const struct finish_alternative finish_alternatives[] = {
    {"usr/bin/sh", {"dash", "bash"}},
    {"usr/bin/awk", {"gawk", "mawk"}},
    {"usr/bin/which", {"which.debianutils"}},
    {"usr/bin/pkg-config", {"pkgconf"}},
    {"usr/bin/python3", {"python3.11", "python3.13", "python3.12", "python3.14"}},
    {"usr/bin/python", {"python3"}},
    {"usr/bin/cc", {"gcc"}},
    {"usr/bin/c++", {"g++"}},
    {"usr/bin/lzma", {"xz"}},
    {"usr/bin/aclocal", {"aclocal-1.16", "aclocal-1.17", "aclocal-1.18"}},
    {"usr/bin/automake", {"automake-1.16", "automake-1.17", "automake-1.18"}},
    {"usr/bin/yacc", {"bison.yacc", "byacc"}},
    {"usr/bin/swig", {"swig4.0", "swig4.1"}},
    {"usr/bin/tclsh", {"tclsh8.6"}},
    {"usr/lib/@/libblas.so.3", {"openblas-pthread/libblas.so.3", "blas/libblas.so.3"}},
    {"usr/lib/@/liblapack.so.3", {"openblas-pthread/liblapack.so.3", "lapack/liblapack.so.3"}},
    {"usr/lib/@/libopenblas.so.0", {"openblas-pthread/libopenblas.so.0"}},
    {"usr/lib/@/libblas.so", {"openblas-pthread/libblas.so", "blas/libblas.so"}},
    {"usr/lib/@/libblas.a", {"openblas-pthread/libblas.a", "blas/libblas.a"}},
    {"usr/lib/@/liblapack.so", {"openblas-pthread/liblapack.so", "lapack/liblapack.so"}},
    {"usr/lib/@/liblapack.a", {"openblas-pthread/liblapack.a", "lapack/liblapack.a"}},
    {"usr/lib/@/libopenblas.so", {"openblas-pthread/libopenblas.so"}},
    {"usr/lib/@/libopenblas.a", {"openblas-pthread/libopenblas.a"}},
    {"usr/lib/@/pkgconfig/blas.pc", {"../openblas-pthread/pkgconfig/blas.pc", "../blas/blas.pc"}},
    {"usr/lib/@/pkgconfig/lapack.pc",
     {"../openblas-pthread/pkgconfig/lapack.pc", "../lapack/lapack.pc"}},
    {"usr/lib/@/pkgconfig/openblas.pc", {"../openblas-pthread/pkgconfig/openblas.pc"}},
    {"usr/include/@/cblas.h", {"openblas-pthread/cblas.h", "blas/cblas.h"}},
    {"usr/include/@/f77blas.h", {"openblas-pthread/f77blas.h"}},
    {"usr/include/@/lapacke.h", {"openblas-pthread/lapacke.h"}},
    {"usr/include/@/openblas_config.h", {"openblas-pthread/openblas_config.h"}},
};

/* Without a sync for each: the whole root is synced before it gets its name. */
static bool finish_write(int root, const char *path, struct str text, struct err *err)
{
    int FD_AUTO fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 || fchmod(fd, 0644))
        return err_errno(err, "cannot make %s", path);
    return file_write_all(fd, path, text, err);
}

static struct str finish_expand(const char *text, const struct arch *arch, struct arena *arena)
{
    struct str s = str_from(text), head, tail;
    if (!str_cut(s, '@', &head, &tail))
        return s;
    return arena_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(head), arch->triplet, STR_ARG(tail));
}

static bool finish_alternative(int root, const struct finish_alternative *row,
                               const struct arch *arch, struct arena *arena, struct err *err)
{
    struct str link = finish_expand(row->link, arch, arena);
    struct stat info;
    if (fstatat(root, link.ptr, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    struct str dir = str_slice(link, 0, str_rfind_char(link, '/'));
    for (size_t i = 0; row->candidates[i]; i++) {
        struct str there = arena_printf(arena, STR_FMT "/%s", STR_ARG(dir), row->candidates[i]);
        if (fstatat(root, there.ptr, &info, AT_SYMLINK_NOFOLLOW))
            continue;
        return symlinkat(row->candidates[i], root, link.ptr) == 0 ||
               err_errno(err, "cannot link %s", link.ptr);
    }
    return true;
}

struct finish_certificates {
    struct buf *bundle;
    struct arena *arena;
};

static bool finish_certificate(void *state, int dirfd, struct str name, struct err *err)
{
    struct finish_certificates *certificates = state;
    struct str text;
    if (!str_ends(name, STR(".crt")))
        return true;
    const char *leaf = arena_cstr(certificates->arena, name);
    if (!file_read(dirfd, leaf, 1 << 20, certificates->arena, &text, err))
        return false;
    buf_add(certificates->bundle, text);
    if (!str_ends(text, STR("\n")))
        buf_add_char(certificates->bundle, '\n');
    return true;
}

/* One file with all authorities, where OpenSSL of Debian looks for it. */
static bool finish_ca_bundle(int root, struct arena *arena, struct err *err)
{
    static const char from[] = "usr/share/ca-certificates/mozilla";
    BUF_AUTO struct buf bundle = {0};
    struct finish_certificates certificates = {&bundle, arena};
    struct stat info;
    if (fstatat(root, from, &info, 0))
        return true;
    return file_each(root, from, finish_certificate, &certificates, err) &&
           file_mkdirs(root, "etc/ssl/certs", 0755, err) &&
           finish_write(root, "etc/ssl/certs/ca-certificates.crt", buf_str(&bundle), err);
}

/* dpkg's own record, every package installed: dpkg -l and dependency checks work in the root. */
static bool finish_status(int root, const struct root_package *packages, size_t count,
                          struct err *err)
{
    BUF_AUTO struct buf text = {0};
    for (size_t i = 0; i < count; i++) {
        struct str rest = packages[i].control, line;
        while (str_next_line(&rest, &line)) {
            if (!str_trim(line).len)
                continue;
            buf_add(&text, line);
            buf_add_char(&text, '\n');
            if (str_starts(line, STR("Package:")))
                buf_add(&text, STR("Status: install ok installed\n"));
        }
        buf_add_char(&text, '\n');
    }
    return file_mkdirs(root, "var/lib/dpkg/info", 0755, err) &&
           file_mkdirs(root, "var/lib/dpkg/updates", 0755, err) &&
           finish_write(root, "var/lib/dpkg/available", STR(""), err) &&
           finish_write(root, "var/lib/dpkg/status", buf_str(&text), err);
}

bool root_finish(const char *path, const struct arch *arch, const struct root_package *packages,
                 size_t count, struct err *err)
{
    struct arena ARENA_AUTO arena = {0};
    int FD_AUTO root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, "cannot open %s", path);
    struct stat info;
    for (size_t i = 0; i < sizeof finish_texts / sizeof *finish_texts; i++)
        if (fstatat(root, finish_texts[i].path, &info, AT_SYMLINK_NOFOLLOW) &&
            !finish_write(root, finish_texts[i].path, str_from(finish_texts[i].text), err))
            return false;
    for (size_t i = 0; i < sizeof finish_alternatives / sizeof *finish_alternatives; i++)
        if (!finish_alternative(root, &finish_alternatives[i], arch, &arena, err))
            return false;
    return finish_ca_bundle(root, &arena, err) && finish_status(root, packages, count, err);
}
