/* Sealed logs come from other machines: any bytes must be read or refused, never crash. */
#include <stdint.h>
#include <sys/mman.h>

#include "os/fd.h"
#include "os/file.h"
#include "store/seekable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err;
    struct seekable file;
    struct str text;
    FD_AUTO int fd = memfd_create("log", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, "log", str_of(data, size), &err) ||
        !seekable_open(fd, "log", &arena, &file, &err))
        return 0;
    if (seekable_read(&file, size & 0xff, 1 << 16, &arena, &text, &err) && text.len)
        (void)str_find_char(text, '\n');
    return 0;
}
