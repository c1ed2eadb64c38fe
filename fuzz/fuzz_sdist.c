/* Source distributions, through a file that is removed at once. */
#include <stdlib.h>
#include <unistd.h>

#include "index/sdist.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    char dir[] = "/tmp/refinery-fuzz-XXXXXX";
    struct sdist sdist;
    struct err err;
    if (!mkdtemp(dir))
        return 0;
    const char *path = arena_printf(&arena, "%s/demo-1.0.tar.gz", dir).ptr;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && file_write_all(fd, path, str_of(data, size), &err))
        (void)!sdist_read(AT_FDCWD, path, STR(""), &(struct sdist_limits){0, 64 << 20}, &arena,
                          &sdist, &err);
    if (fd >= 0)
        close(fd);
    unlink(path);
    rmdir(dir);
    return 0;
}
