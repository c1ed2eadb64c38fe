/*
 * Catalogues of earlier systems: lists of {id, pattern, recipes, note, tags, severity, applies_to,
 * confidence, examples} as YAML or JSON, also under `hints:`, also with recipes as "apt:NAME" words
 * or as keys beside the pattern, thousands of entries that differ in versions and backends alone.
 * They become their distinct rules, in our own form. Pure.
 */
#ifndef REFINERY_HINT_IMPORT_H
#define REFINERY_HINT_IMPORT_H

#include "base/buf.h"
#include "hint/catalogue.h"

struct hint_import {
    size_t entries;        /* of the file, broken ones too */
    size_t refused;        /* entries that cannot be used, each complained of */
    const struct hint *at; /* distinct rules, in the order of their first entries */
    size_t len;
    struct hint_complaints complaints;
};

/*
 * Entries with the same pattern (or class) and the same recipes are one rule, whose applies_to,
 * tags and examples are those of all of them and whose confidence is the least. An entry without an
 * id gets one made of its rule's digest. Rules are judged as catalogue_open does.
 */
void import_read(struct str text, struct str name, struct arena *arena, struct hint_import *import);

/* The rules as a file for catalogue_open. */
void import_write(const struct hint_import *import, struct buf *out);

#endif
