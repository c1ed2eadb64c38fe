/* Integers in files and on wires, read and written by named byte order, never by casting. */
#ifndef REFINERY_BASE_ENDIAN_H
#define REFINERY_BASE_ENDIAN_H

#include <stdint.h>

static inline uint16_t read_le16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint16_t read_be16(const unsigned char *p)
{
    return (uint16_t)(p[1] | p[0] << 8);
}
static inline uint32_t read_le32(const unsigned char *p)
{
    return (uint32_t)read_le16(p) | (uint32_t)read_le16(p + 2) << 16;
}
static inline uint32_t read_be32(const unsigned char *p)
{
    return (uint32_t)read_be16(p + 2) | (uint32_t)read_be16(p) << 16;
}
static inline uint64_t read_le64(const unsigned char *p)
{
    return read_le32(p) | (uint64_t)read_le32(p + 4) << 32;
}
static inline uint64_t read_be64(const unsigned char *p)
{
    return read_be32(p + 4) | (uint64_t)read_be32(p) << 32;
}
static inline void write_le16(unsigned char *p, uint16_t v)
{
    p[0] = (unsigned char)v;
    p[1] = (unsigned char)(v >> 8);
}
static inline void write_be16(unsigned char *p, uint16_t v)
{
    p[0] = (unsigned char)(v >> 8);
    p[1] = (unsigned char)v;
}
static inline void write_le32(unsigned char *p, uint32_t v)
{
    write_le16(p, (uint16_t)v);
    write_le16(p + 2, (uint16_t)(v >> 16));
}
static inline void write_be32(unsigned char *p, uint32_t v)
{
    write_be16(p, (uint16_t)(v >> 16));
    write_be16(p + 2, (uint16_t)v);
}
static inline void write_le64(unsigned char *p, uint64_t v)
{
    write_le32(p, (uint32_t)v);
    write_le32(p + 4, (uint32_t)(v >> 32));
}
static inline void write_be64(unsigned char *p, uint64_t v)
{
    write_be32(p, (uint32_t)(v >> 32));
    write_be32(p + 4, (uint32_t)v);
}

#endif
