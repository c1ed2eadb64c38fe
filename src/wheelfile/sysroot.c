#include "wheelfile/sysroot.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/fd.h"
#include "os/file.h"

enum { LINKS_MAX = 16 };
#define LIBRARY_MAX ((off_t)1 << 31)

struct mapping {
    void *at;
    size_t len;
};

struct wheelfile_sysroot {
    struct arena arena;
    VEC(struct str) roots;
    VEC(struct mapping) mappings;
};

static const struct {
    enum elf_arch arch;
    const char *triplet;
} triplets[] = {
    {ELF_ARCH_X86_64, "x86_64-linux-gnu"},       {ELF_ARCH_I686, "i386-linux-gnu"},
    {ELF_ARCH_AARCH64, "aarch64-linux-gnu"},     {ELF_ARCH_ARMV7L, "arm-linux-gnueabihf"},
    {ELF_ARCH_PPC64LE, "powerpc64le-linux-gnu"}, {ELF_ARCH_S390X, "s390x-linux-gnu"},
    {ELF_ARCH_RISCV64, "riscv64-linux-gnu"},     {ELF_ARCH_LOONGARCH64, "loongarch64-linux-gnu"},
};

/* Below each root, in order; "%" is the multiarch triplet. */
static const char *const places[] = {
    "",      "usr/local/lib/%", "usr/local/lib", "lib/%",   "usr/lib/%",
    "lib64", "usr/lib64",       "lib",           "usr/lib", "%/lib"};

bool wheelfile_sysroot_open(const char *const *roots, size_t count,
                            struct wheelfile_sysroot **sysroot, struct err *err)
{
    struct wheelfile_sysroot *s = mem_alloc(sizeof *s);
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (stat(roots[i], &st) != 0 || !S_ISDIR(st.st_mode)) {
            wheelfile_sysroot_close(&s);
            errno = errno == 0 ? ENOTDIR : errno;
            return err_errno(err, "library directory %s", roots[i]);
        }
        *vec_push(&s->roots, &s->arena) = arena_str(&s->arena, str_from(roots[i]));
    }
    *sysroot = s;
    return true;
}

/* An absolute link inside a root means a place below it. */
static bool resolve_links(struct arena *arena, struct str root, struct str *path)
{
    char target[4096];
    for (int i = 0; i < LINKS_MAX; i++) {
        ssize_t len = readlink(path->ptr, target, sizeof target);
        if (len <= 0)
            return access(path->ptr, R_OK) == 0;
        struct str to = str_of(target, (size_t)len);
        size_t slash = str_rfind_char(*path, '/');
        *path = to.ptr[0] == '/' ? arena_printf(arena, STR_FMT STR_FMT, STR_ARG(root), STR_ARG(to))
                                 : file_join(arena, str_slice(*path, 0, slash), to);
    }
    return false;
}

static bool map_library(struct wheelfile_sysroot *s, struct str path, enum elf_arch arch,
                        struct str *bytes)
{
    int fd FD_AUTO = open(path.ptr, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        st.st_size > LIBRARY_MAX)
        return false;
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return false;
    struct arena scratch ARENA_AUTO = {0};
    struct elf_file elf;
    struct err ignored;
    struct str whole = str_of(at, (size_t)st.st_size);
    if (!elf_read(whole, &scratch, &elf, &ignored) || elf_policy_arch_of(&elf) != arch) {
        munmap(at, (size_t)st.st_size);
        return false;
    }
    *vec_push(&s->mappings, &s->arena) = (struct mapping){at, (size_t)st.st_size};
    *bytes = whole;
    return true;
}

static bool try(struct wheelfile_sysroot *s, struct str root, struct str dir, struct str soname,
                enum elf_arch arch, struct str *path, struct str *bytes)
{
    struct str file = file_join(&s->arena, dir, soname);
    if (!resolve_links(&s->arena, root, &file) || !map_library(s, file, arch, bytes))
        return false;
    *path = file;
    return true;
}

static struct str place_of(struct wheelfile_sysroot *s, struct str root, const char *place,
                           enum elf_arch arch)
{
    struct str pattern = str_from(place);
    const char *triplet = "";
    for (size_t i = 0; i < sizeof triplets / sizeof *triplets; i++)
        if (triplets[i].arch == arch)
            triplet = triplets[i].triplet;
    size_t at = str_find_char(pattern, '%');
    return arena_printf(&s->arena, STR_FMT "/" STR_FMT "%s" STR_FMT, STR_ARG(root),
                        STR_ARG(str_slice(pattern, 0, at)), at < pattern.len ? triplet : "",
                        STR_ARG(str_from_pos(pattern, at + 1)));
}

static bool find(void *state, const struct elf_audit_file *wanting, struct str soname,
                 struct str *path, struct str *bytes)
{
    struct wheelfile_sysroot *s = state;
    if (soname.len == 0 || str_has_char(soname, '/'))
        return false;
    for (size_t i = 0; i < s->roots.len; i++) {
        struct str root = s->roots.at[i], rest = wanting->rpath, entry;
        while (str_next(&rest, ':', &entry)) {
            struct str dir =
                arena_printf(&s->arena, STR_FMT STR_FMT, STR_ARG(root), STR_ARG(entry));
            if (str_starts(entry, STR("/")) &&
                try(s, root, dir, soname, wanting->arch, path, bytes))
                return true;
        }
        for (size_t j = 0; j < sizeof places / sizeof *places; j++)
            if (try(s, root, place_of(s, root, places[j], wanting->arch), soname, wanting->arch,
                    path, bytes))
                return true;
    }
    return false;
}

struct elf_audit_lookup wheelfile_sysroot_lookup(struct wheelfile_sysroot *sysroot)
{
    return (struct elf_audit_lookup){find, sysroot};
}

void wheelfile_sysroot_close(struct wheelfile_sysroot **sysroot)
{
    struct wheelfile_sysroot *s = *sysroot;
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->mappings.len; i++)
        munmap(s->mappings.at[i].at, s->mappings.at[i].len);
    arena_free(&s->arena);
    mem_free(s);
    *sysroot = NULL;
}
