/*
 * libarchive, loaded when the first archive is opened and not when the program starts: it brings
 * libxml2, ICU and ten more, which cost every command 2 ms of processor time. The names and types
 * are libarchive's own, from its header. Every forwarder looks whether it is there: a program that
 * links libarchive as well (tests that write archives) comes in by any of them.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/library.h"

/* Result, name, parameters, arguments. */
#define FUNCTIONS(F)                                                                               \
    F(struct archive *, archive_read_new, (void), ())                                              \
    F(int, archive_read_free, (struct archive * a), (a))                                           \
    F(int, archive_read_support_filter_bzip2, (struct archive * a), (a))                           \
    F(int, archive_read_support_filter_gzip, (struct archive * a), (a))                            \
    F(int, archive_read_support_filter_xz, (struct archive * a), (a))                              \
    F(int, archive_read_support_filter_zstd, (struct archive * a), (a))                            \
    F(int, archive_read_support_filter_lz4, (struct archive * a), (a))                             \
    F(int, archive_read_support_filter_rpm, (struct archive * a), (a))                             \
    F(int, archive_read_support_format_raw, (struct archive * a), (a))                             \
    F(int, archive_read_support_format_empty, (struct archive * a), (a))                           \
    F(int, archive_read_support_format_cpio, (struct archive * a), (a))                            \
    F(int, archive_read_support_format_ar, (struct archive * a), (a))                              \
    F(int, archive_read_support_format_tar, (struct archive * a), (a))                             \
    F(int, archive_read_support_format_zip, (struct archive * a), (a))                             \
    F(int, archive_read_open,                                                                      \
      (struct archive * a, void *state, archive_open_callback *open, archive_read_callback *read,  \
       archive_close_callback *close),                                                             \
      (a, state, open, read, close))                                                               \
    F(int, archive_read_open_fd, (struct archive * a, int fd, size_t block), (a, fd, block))       \
    F(int, archive_read_open_memory, (struct archive * a, const void *bytes, size_t len),          \
      (a, bytes, len))                                                                             \
    F(int, archive_read_open_filename, (struct archive * a, const char *path, size_t block),       \
      (a, path, block))                                                                            \
    F(int, archive_read_next_header, (struct archive * a, struct archive_entry * *entry),          \
      (a, entry))                                                                                  \
    F(la_ssize_t, archive_read_data, (struct archive * a, void *bytes, size_t len),                \
      (a, bytes, len))                                                                             \
    F(int, archive_read_data_block,                                                                \
      (struct archive * a, const void **bytes, size_t *len, la_int64_t *offset),                   \
      (a, bytes, len, offset))                                                                     \
    F(const char *, archive_error_string, (struct archive * a), (a))                               \
    F(struct archive *, archive_write_disk_new, (void), ())                                        \
    F(int, archive_write_disk_set_options, (struct archive * a, int options), (a, options))        \
    F(int, archive_write_header, (struct archive * a, struct archive_entry * entry), (a, entry))   \
    F(la_ssize_t, archive_write_data_block,                                                        \
      (struct archive * a, const void *bytes, size_t len, la_int64_t offset),                      \
      (a, bytes, len, offset))                                                                     \
    F(int, archive_write_free, (struct archive * a), (a))                                          \
    F(struct archive *, archive_write_new, (void), ())                                             \
    F(int, archive_write_close, (struct archive * a), (a))                                         \
    F(int, archive_write_open_fd, (struct archive * a, int fd), (a, fd))                           \
    F(int, archive_write_add_filter_zstd, (struct archive * a), (a))                               \
    F(int, archive_write_set_format_pax_restricted, (struct archive * a), (a))                     \
    F(int, archive_write_set_bytes_in_last_block, (struct archive * a, int bytes), (a, bytes))     \
    F(la_ssize_t, archive_write_data, (struct archive * a, const void *bytes, size_t len),         \
      (a, bytes, len))                                                                             \
    F(struct archive_entry *, archive_entry_new, (void), ())                                       \
    F(__LA_MODE_T, archive_entry_filetype, (struct archive_entry * e), (e))                        \
    F(__LA_MODE_T, archive_entry_perm, (struct archive_entry * e), (e))                            \
    F(la_int64_t, archive_entry_size, (struct archive_entry * e), (e))                             \
    F(time_t, archive_entry_mtime, (struct archive_entry * e), (e))                                \
    F(const char *, archive_entry_pathname, (struct archive_entry * e), (e))                       \
    F(const char *, archive_entry_hardlink, (struct archive_entry * e), (e))                       \
    F(const char *, archive_entry_symlink, (struct archive_entry * e), (e))                        \
    F(const char *, archive_entry_pathname_utf8, (struct archive_entry * e), (e))                  \
    F(const char *, archive_entry_hardlink_utf8, (struct archive_entry * e), (e))                  \
    F(const char *, archive_entry_symlink_utf8, (struct archive_entry * e), (e))

/* Those without a result, and the one whose arguments are not known here. */
#define PROCEDURES(F)                                                                              \
    F(void, archive_entry_set_pathname, (struct archive_entry * e, const char *path), (e, path))   \
    F(void, archive_entry_set_hardlink, (struct archive_entry * e, const char *path), (e, path))   \
    F(void, archive_entry_set_perm, (struct archive_entry * e, __LA_MODE_T perm), (e, perm))       \
    F(void, archive_entry_free, (struct archive_entry * e), (e))                                   \
    F(void, archive_entry_set_filetype, (struct archive_entry * e, unsigned type), (e, type))      \
    F(void, archive_entry_set_mtime, (struct archive_entry * e, time_t t, long ns), (e, t, ns))    \
    F(void, archive_entry_set_size, (struct archive_entry * e, la_int64_t size), (e, size))        \
    F(void, archive_entry_set_symlink, (struct archive_entry * e, const char *to), (e, to))

static struct {
    FUNCTIONS(LIBRARY_SLOT)
    PROCEDURES(LIBRARY_SLOT)
    LIBRARY_SLOT(, archive_set_error, , )
} calls;

static const struct library_symbol symbols[] = {FUNCTIONS(LIBRARY_SYMBOL) PROCEDURES(LIBRARY_SYMBOL)
                                                    LIBRARY_SYMBOL(, archive_set_error, , )};

static struct library library = {
    .file = "libarchive.so.13", .symbols = symbols, .count = sizeof symbols / sizeof *symbols};

/* The headers name their parameters otherwise. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
FUNCTIONS(LIBRARY_FORWARD)
PROCEDURES(LIBRARY_FORWARD_PROCEDURE)

void archive_set_error(struct archive *a, int number, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    library_need(&library);
    calls.archive_set_error(a, number, "%s", text);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
