/* Fields of an ELF image in its own byte order and word size. The caller has checked the place. */
#ifndef REFINERY_ELF_BYTES_H
#define REFINERY_ELF_BYTES_H

#include <stdbool.h>

#include "base/endian.h"

struct elf_bytes {
    unsigned char *ptr;
    bool big, is64;
};

static inline uint16_t elf_bytes_get16(const struct elf_bytes *b, uint64_t offset)
{
    return b->big ? read_be16(b->ptr + offset) : read_le16(b->ptr + offset);
}
static inline uint32_t elf_bytes_get32(const struct elf_bytes *b, uint64_t offset)
{
    return b->big ? read_be32(b->ptr + offset) : read_le32(b->ptr + offset);
}
static inline uint64_t elf_bytes_get64(const struct elf_bytes *b, uint64_t offset)
{
    return b->big ? read_be64(b->ptr + offset) : read_le64(b->ptr + offset);
}
static inline uint64_t elf_bytes_get_word(const struct elf_bytes *b, uint64_t offset)
{
    return b->is64 ? elf_bytes_get64(b, offset) : elf_bytes_get32(b, offset);
}
static inline void elf_bytes_put16(const struct elf_bytes *b, uint64_t offset, uint16_t v)
{
    (b->big ? write_be16 : write_le16)(b->ptr + offset, v);
}
static inline void elf_bytes_put32(const struct elf_bytes *b, uint64_t offset, uint32_t v)
{
    (b->big ? write_be32 : write_le32)(b->ptr + offset, v);
}
static inline void elf_bytes_put64(const struct elf_bytes *b, uint64_t offset, uint64_t v)
{
    (b->big ? write_be64 : write_le64)(b->ptr + offset, v);
}
static inline void elf_bytes_put_word(const struct elf_bytes *b, uint64_t offset, uint64_t v)
{
    if (b->is64)
        elf_bytes_put64(b, offset, v);
    else
        elf_bytes_put32(b, offset, (uint32_t)v);
}

/* The System V hash of a name: of symbols in .hash, of versions in .gnu.version_r and _d. */
static inline uint32_t elf_bytes_hash(const char *name, size_t len)
{
    uint32_t h = 0;
    for (size_t i = 0; i < len; i++) {
        h = (h << 4) + (unsigned char)name[i];
        h = (h ^ ((h >> 24) & 0xf0)) & 0x0fffffff;
    }
    return h;
}

#endif
