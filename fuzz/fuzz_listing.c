/* Listings as they come, and with the checksum of the head made right: what damage could not be. */
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "pkg/listing_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(struct str text)
{
    volatile char sink = 0;
    for (size_t i = 0; i < text.len; i++)
        sink = text.ptr[i];
    (void)sink;
}

static void use(const struct listing *listing, struct arena *arena)
{
    const struct simple_file *files;
    size_t len;
    for (uint32_t i = 0; i < listing->sets; i++) {
        struct tag set = listing_set(listing, i);
        touch(set.python);
        touch(set.abi);
        touch(set.platform);
    }
    for (uint32_t i = 0; i < listing->pythons; i++)
        touch(listing_python(listing, i));
    for (uint32_t i = 0; i < listing->releases; i++) {
        uint32_t from, to;
        touch(listing_version(listing, i));
        listing_release(listing, i, &from, &to);
        if (from >= to || to > listing->files)
            abort();
        if (!listing_files(listing, i, STR("https://u:p@h/x/"), arena, &files, &len))
            continue;
        for (size_t k = 0; k < len; k++) {
            touch(files[k].filename);
            touch(files[k].url);
            touch(files[k].yanked_reason);
        }
    }
}

/* The checksum of each record made right, so that what it says is read too. */
static void mend_records(const struct listing *listing, unsigned char *bytes, size_t size)
{
    size_t row = LISTING_HEADER + (size_t)listing->sets * LISTING_SET_ROW +
                 (size_t)listing->pythons * LISTING_PYTHON_ROW + 12;
    for (uint32_t i = 0; i < listing->releases; i++, row += LISTING_RELEASE_ROW) {
        size_t from = read_le32(bytes + row);
        size_t to = i + 1 < listing->releases ? read_le32(bytes + row + LISTING_RELEASE_ROW) : size;
        if (to - from >= 4)
            write_le32(bytes + from, listing_sum(str_of(bytes + from + 4, to - from - 4)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct listing listing;
    if (listing_read(str_of(data, size), NULL, &listing))
        use(&listing, &arena);
    if (size < LISTING_HEADER)
        return 0;
    unsigned char *copy = malloc(size);
    memcpy(copy, data, size);
    write_le32(copy + LISTING_AT_TOTAL, (uint32_t)size);
    uint32_t head = read_le32(copy + LISTING_AT_HEAD);
    if (head >= LISTING_HEADER && head <= size)
        write_le32(copy + LISTING_AT_SUM,
                   listing_sum(str_of(copy + LISTING_AT_HEAD, head - LISTING_AT_HEAD)));
    if (listing_read(str_of(copy, size), NULL, &listing)) {
        mend_records(&listing, copy, size);
        use(&listing, &arena);
    }
    free(copy);
    return 0;
}
