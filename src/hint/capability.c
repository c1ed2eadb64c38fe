#include "hint/capability.h"

#include "base/endian.h"

enum {
    CAPABILITY_SECTIONS = 7,
    CAPABILITY_AT_SIZE = 16,
    CAPABILITY_AT_SUM = 24,
    CAPABILITY_AT_SOURCE = 56,
    CAPABILITY_AT_SECTIONS = 88,
    CAPABILITY_AT_COUNTS = 144,
};

static bool capability_bad(struct err *err, const char *what)
{
    return err_set(err, ERR_FORMAT,
                   "no usable capability map: %s; make it again with "
                   "`refinery hint build-map`",
                   what);
}

static const unsigned char *capability_bytes(struct str bytes, size_t at)
{
    return (const unsigned char *)bytes.ptr + at;
}

static bool capability_section(struct str bytes, size_t number, struct str *section)
{
    const unsigned char *at = capability_bytes(bytes, CAPABILITY_AT_SECTIONS + number * 8);
    size_t offset = read_le32(at), len = read_le32(at + 4);
    if (offset < CAPABILITY_HEADER_SIZE || offset > bytes.len || len > bytes.len - offset)
        return false;
    *section = str_slice(bytes, offset, offset + len);
    return true;
}

static void capability_read_facts(struct str text, struct capability_facts *facts)
{
    const struct {
        struct str name;
        struct str *value;
    } rows[] = {{STR("distro"), &facts->distro},
                {STR("release"), &facts->release},
                {STR("arch"), &facts->arch},
                {STR("triplet"), &facts->triplet}};
    struct str line, name, value;
    while (str_next_line(&text, &line)) {
        str_cut(line, ' ', &name, &value);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (str_eq(name, rows[i].name))
                *rows[i].value = value;
    }
}

static bool capability_read_tables(struct str bytes, struct capability_map *map)
{
    struct capability_table *const tables[] = {&map->packages, &map->folders, &map->keys};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        tables[i]->count = read_le32(capability_bytes(bytes, CAPABILITY_AT_COUNTS + i * 4));
        if (!capability_section(bytes, 1 + i * 2, &tables[i]->index) ||
            !capability_section(bytes, 2 + i * 2, &tables[i]->text) ||
            !capability_table_is_sound(tables[i]))
            return false;
    }
    return true;
}

bool capability_open(struct str bytes, struct capability_map *map, struct err *err)
{
    struct capability_map read = {0};
    struct str facts, magic = STR(CAPABILITY_MAGIC);
    struct digest sum;
    if (bytes.len < CAPABILITY_HEADER_SIZE || !str_starts(bytes, magic))
        return capability_bad(err, "it does not begin like one");
    if (read_le64(capability_bytes(bytes, magic.len)) != CAPABILITY_VERSION)
        return capability_bad(err, "it is of another version of the program");
    if (read_le64(capability_bytes(bytes, CAPABILITY_AT_SIZE)) != bytes.len)
        return capability_bad(err, "it was cut short");
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        sum.bytes[i] = (unsigned char)bytes.ptr[CAPABILITY_AT_SUM + i];
        read.facts.source.bytes[i] = (unsigned char)bytes.ptr[CAPABILITY_AT_SOURCE + i];
    }
    struct digest found = digest_of(str_from_pos(bytes, CAPABILITY_AT_SOURCE));
    if (!digest_eq(&sum, &found))
        return capability_bad(err, "its checksum is wrong");
    if (!capability_section(bytes, 0, &facts) || !capability_read_tables(bytes, &read))
        return capability_bad(err, "its tables do not fit into it");
    capability_read_facts(facts, &read.facts);
    *map = read;
    return true;
}
