/* A Debian package of any bytes: unpacks below its directory or is refused with a message. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/deb.h"
#include "os/fd.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    const struct deb_limits limits = {1 << 20, 100};
    struct err err = {0};
    struct str dir;
    FD_AUTO int fd = memfd_create("deb", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, "deb", str_of(data, size), &err) ||
        !file_make_temp_dir("/tmp", "refinery-fuzz-deb-", &arena, &dir, &err))
        return 0;
    struct str path = arena_printf(&arena, "/proc/self/fd/%d", fd);
    if (!deb_unpack(path.ptr, dir.ptr, &limits, &err) && !err.text[0])
        __builtin_trap();
    if (!file_remove_tree(AT_FDCWD, dir.ptr, &err))
        __builtin_trap();
    return 0;
}
