/* A layer of any bytes: unpacks below its root or is refused with a message. */
#include "image/layer.h"

#include <sys/mman.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    const struct layer_limits limits = {1 << 20, 100};
    struct err err = {0};
    struct str dir;
    FD_AUTO int fd = memfd_create("layer", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, "layer", str_of(data, size), &err) ||
        !file_make_temp_dir("/tmp", "refinery-fuzz-layer-", &arena, &dir, &err))
        return 0;
    FD_AUTO int root = open(dir.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct layer_root layers = {.dirfd = root, .path = dir.ptr, .limits = &limits};
    if (!layer_apply(&layers, fd, "layer", &err) && !err.text[0])
        __builtin_trap();
    layers.bytes = layers.members = 0;
    (void)!layer_apply_rpm(&layers, fd, "package", &err);
    (void)!layer_check_links(&layers, &err);
    if (!file_remove_tree(AT_FDCWD, dir.ptr, &err))
        __builtin_trap();
    return 0;
}
