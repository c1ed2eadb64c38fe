#include "hint/external.h"

#include "base/embedded.h"

extern const struct embedded_file external_table[];

enum { EXTERNAL_BY_ID = -1 };

static const char *const external_managers[EXTERNAL_MANAGERS] = {"apt", "dnf", "apk", "emerge"};

const char *external_manager_name(enum external_manager manager)
{
    return external_managers[manager];
}

bool external_manager_of(struct str distro, enum external_manager *manager)
{
    static const struct {
        const char *distro;
        enum external_manager manager;
    } rows[] = {{"debian", EXTERNAL_APT}, {"ubuntu", EXTERNAL_APT}, {"rocky", EXTERNAL_DNF},
                {"fedora", EXTERNAL_DNF}, {"alpine", EXTERNAL_APK}, {"gentoo", EXTERNAL_EMERGE},
                {"dnf", EXTERNAL_DNF}}; /* an image of which only that is known */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(distro, str_from(rows[i].distro))) {
            *manager = rows[i].manager;
            return true;
        }
    return false;
}

/* A word of a column: "libjpeg62-turbo-dev libjpeg-dev". */
static bool external_has(struct str column, struct str name)
{
    struct str word;
    while (str_next(&column, ' ', &word))
        if (word.len && str_eq(word, name))
            return true;
    return false;
}

bool external_find(struct str table, int manager, struct str name, struct external *external)
{
    struct str line, column, first, rest;
    while (str_next_line(&table, &line)) {
        struct str columns[1 + EXTERNAL_MANAGERS] = {{0}};
        if (str_starts(line, STR("#")))
            continue;
        for (size_t i = 0; i <= EXTERNAL_MANAGERS && str_next(&line, '\t', &column); i++)
            columns[i] = str_eq(column, STR("-")) ? STR("") : column;
        if (!external_has(columns[manager + 1], name))
            continue;
        external->id = columns[0];
        for (size_t i = 0; i < EXTERNAL_MANAGERS; i++) {
            str_cut(columns[i + 1], ' ', &first, &rest);
            external->names[i] = first;
        }
        return true;
    }
    return false;
}

static struct str external_rows(void)
{
    return embedded_find(external_table, STR("external.tsv"));
}

bool external_by_id(struct str id, struct external *external)
{
    struct str prefix = STR("dep:");
    return external_find(external_rows(), EXTERNAL_BY_ID,
                         str_from_pos(id, str_starts(id, prefix) ? prefix.len : 0), external);
}

bool external_by_name(enum external_manager manager, struct str name, struct external *external)
{
    return external_find(external_rows(), (int)manager, name, external);
}
