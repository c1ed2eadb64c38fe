/*
 * Capability maps and the indexes that they are made of. Any bytes as a map, with the checksum put
 * right so that what is behind it is read too: look-ups end, and stay inside. Any bytes as an
 * index: the map made of it opens, and has no file that the index does not name.
 */
#include <string.h>

#include "base/endian.h"
#include "image/contents_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_LOOKUPS_MAX = 64 << 10 };

static void look(const struct capability_map *map, struct str name)
{
    for (unsigned kind = 0; kind < CAPABILITY_KINDS; kind++) {
        ARENA_AUTO struct arena arena = {0};
        struct capability_list list;
        capability_find(map, (enum capability_kind)kind, name, &arena, &list);
        for (size_t i = 0; i < list.len; i++)
            if (list.at[i].package.len > CAPABILITY_STRING_MAX)
                __builtin_trap();
    }
}

static void look_for_usual(const struct capability_map *map)
{
    static const char *const names[] = {"zlib.h", "openssl/ssl.h", "z",        "zlib",
                                        "swig",   "a.b",           "libz.so.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        look(map, str_from(names[i]));
}

static void as_map(struct str bytes)
{
    BUF_AUTO struct buf sealed = {0};
    struct capability_map map;
    struct err err;
    if (bytes.len > FUZZ_LOOKUPS_MAX)
        return;
    buf_add(&sealed, bytes);
    if (sealed.len >= CAPABILITY_HEADER_SIZE) {
        memcpy(sealed.ptr, CAPABILITY_MAGIC, sizeof CAPABILITY_MAGIC - 1);
        write_le64((unsigned char *)sealed.ptr + 8, CAPABILITY_VERSION);
        write_le64((unsigned char *)sealed.ptr + 16, sealed.len);
        struct digest sum = digest_of(str_from_pos(buf_str(&sealed), 56));
        memcpy(sealed.ptr + 24, sum.bytes, DIGEST_SIZE);
    }
    if (capability_open(buf_str(&sealed), &map, &err))
        look_for_usual(&map);
}

static void as_index(struct str bytes, enum contents_form form)
{
    static struct contents_text text;
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf made = {0};
    struct capability_map map;
    struct err err;
    const struct capability_facts facts = {STR("debian"), STR("x"), STR("y"), STR("z"), {{0}}};
    text = (struct contents_text){.maker = capability_make_open(&arena), .form = form};
    /* In two pieces: a line may end anywhere. */
    if (!contents_text_add(&text, str_slice(bytes, 0, bytes.len / 3), &err) ||
        !contents_text_add(&text, str_from_pos(bytes, bytes.len / 3), &err))
        return;
    contents_text_end(&text);
    if (!capability_make_finish(text.maker, &facts, &made, &err) ||
        !capability_open(buf_str(&made), &map, &err))
        __builtin_trap();
    if (map.keys.count > capability_make_files(text.maker))
        __builtin_trap();
    look_for_usual(&map);
    struct str line, rest = str_slice(bytes, 0, 256);
    while (str_next_line(&rest, &line))
        look(&map, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_of(data, size);
    as_map(bytes);
    for (unsigned form = CONTENTS_FILES; form <= CONTENTS_DNF; form++)
        as_index(bytes, (enum contents_form)form);
    return 0;
}
