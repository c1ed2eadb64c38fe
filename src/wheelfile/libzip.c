/*
 * What wheelfile/rewrite.c uses of libzip, loaded with the first wheel that is written: it brings
 * libcrypto, a millisecond of every start. Its names and types are libzip's own, from its header.
 */
#include <zip.h>

#include "base/library.h"

/* zip_source_zip's newer name came with libzip 1.10; Debian named the older ones after their ABI.
 */
#if LIBZIP_VERSION_MAJOR > 1 || LIBZIP_VERSION_MINOR >= 10
#define FILE_NAME "libzip.so.5"
#define SOURCE_OF_ARCHIVE(F)                                                                       \
    F(zip_source_t *, zip_source_zip_file,                                                         \
      (zip_t * to, zip_t * from, zip_uint64_t index, zip_flags_t flags, zip_uint64_t start,        \
       zip_int64_t len, const char *password),                                                     \
      (to, from, index, flags, start, len, password))
#else
#define FILE_NAME "libzip.so.4"
#define SOURCE_OF_ARCHIVE(F)                                                                       \
    F(zip_source_t *, zip_source_zip,                                                              \
      (zip_t * to, zip_t * from, zip_uint64_t index, zip_flags_t flags, zip_uint64_t start,        \
       zip_int64_t len),                                                                           \
      (to, from, index, flags, start, len))
#endif

#define FUNCTIONS(F)                                                                               \
    SOURCE_OF_ARCHIVE(F)                                                                           \
    F(zip_t *, zip_open, (const char *path, int flags, int *code), (path, flags, code))            \
    F(int, zip_close, (zip_t * z), (z))                                                            \
    F(const char *, zip_strerror, (zip_t * z), (z))                                                \
    F(zip_source_t *, zip_source_buffer,                                                           \
      (zip_t * z, const void *bytes, zip_uint64_t len, int owned), (z, bytes, len, owned))         \
    F(zip_int64_t, zip_file_add,                                                                   \
      (zip_t * z, const char *name, zip_source_t *source, zip_flags_t flags),                      \
      (z, name, source, flags))                                                                    \
    F(int, zip_file_set_dostime,                                                                   \
      (zip_t * z, zip_uint64_t index, zip_uint16_t time, zip_uint16_t date, zip_flags_t flags),    \
      (z, index, time, date, flags))                                                               \
    F(int, zip_file_set_external_attributes,                                                       \
      (zip_t * z, zip_uint64_t index, zip_flags_t flags, zip_uint8_t system,                       \
       zip_uint32_t attributes),                                                                   \
      (z, index, flags, system, attributes))                                                       \
    F(int, zip_set_file_compression,                                                               \
      (zip_t * z, zip_uint64_t index, zip_int32_t method, zip_uint32_t level),                     \
      (z, index, method, level))

#define PROCEDURES(F)                                                                              \
    F(void, zip_discard, (zip_t * z), (z))                                                         \
    F(void, zip_source_free, (zip_source_t * source), (source))

static struct {
    FUNCTIONS(LIBRARY_SLOT)
    PROCEDURES(LIBRARY_SLOT)
} calls;

static const struct library_symbol symbols[] = {FUNCTIONS(LIBRARY_SYMBOL)
                                                    PROCEDURES(LIBRARY_SYMBOL)};

static struct library library = {
    .file = FILE_NAME, .symbols = symbols, .count = sizeof symbols / sizeof *symbols};

/* The header names its parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
FUNCTIONS(LIBRARY_FORWARD)
PROCEDURES(LIBRARY_FORWARD_PROCEDURE)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
