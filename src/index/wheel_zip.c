#include "index/wheel_zip.h"

#include <string.h>

static zip_int64_t wheel_zip_read(struct wheel_zip *zip, void *data, zip_uint64_t len)
{
    uint64_t left = zip->at < zip->source->size ? zip->source->size - zip->at : 0;
    size_t want = (size_t)(len < left ? len : left);
    if (want && !zip->source->read(zip->source->state, zip->at, data, want, &zip->err))
        return -1;
    zip->at += want;
    return (zip_int64_t)want;
}

static zip_int64_t wheel_zip_callback(void *state, void *data, zip_uint64_t len,
                                      zip_source_cmd_t command)
{
    struct wheel_zip *zip = state;
    zip_error_t error;
    zip_stat_t *info;
    zip_int64_t to;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        zip->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return wheel_zip_read(zip, data, len);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_STAT:
        info = data;
        zip_stat_init(info);
        info->size = zip->source->size;
        info->valid = ZIP_STAT_SIZE;
        return sizeof *info;
    case ZIP_SOURCE_SEEK:
        to = zip_source_seek_compute_offset(zip->at, zip->source->size, data, len, NULL);
        if (to < 0)
            return -1;
        zip->at = (uint64_t)to;
        return 0;
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)zip->at;
    case ZIP_SOURCE_ERROR:
        zip_error_init(&error);
        zip_error_set(&error, ZIP_ER_READ, 0);
        return zip_error_to_data(&error, data, len);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    default:
        return -1;
    }
}

bool wheel_zip_fail(struct wheel_zip *zip, const char *reason, struct err *err)
{
    if (zip->err.code) {
        *err = zip->err;
        return false;
    }
    return err_set(err, ERR_FORMAT, "not a whole zip archive (%s); get the file again", reason);
}

bool wheel_zip_open(struct wheel_zip *zip, const struct wheel_source *source, struct err *err)
{
    zip_error_t error;
    *zip = (struct wheel_zip){.source = source};
    if (!source->size) /* libzip takes nothing for an archive without members */
        return wheel_zip_fail(zip, "the file is empty", err);
    zip_error_init(&error);
    zip_source_t *bytes = zip_source_function_create(wheel_zip_callback, zip, &error);
    zip->zip = bytes ? zip_open_from_source(bytes, ZIP_RDONLY, &error) : NULL;
    if (!zip->zip) {
        wheel_zip_fail(zip, zip_error_strerror(&error), err);
        if (bytes)
            zip_source_free(bytes);
    }
    zip_error_fini(&error);
    return zip->zip != NULL;
}

void wheel_zip_close(struct wheel_zip *zip)
{
    if (zip->zip)
        zip_discard(zip->zip);
    zip->zip = NULL;
}
