/*
 * Text tables for the terminal: aligned columns, fitted to a width by shortening the columns that
 * allow it (with an ellipsis). Pure. Cells are slices; control characters are made visible, wide
 * characters counted as two columns.
 */
#ifndef REFINERY_CLI_TABLE_H
#define REFINERY_CLI_TABLE_H

#include "base/buf.h"

struct table_column {
    const char *title;
    bool right;     /* numbers */
    size_t squeeze; /* 0: never shortened; else the narrowest width it may get */
};

/* color: an SGR number, 0 none (31 red, 32 green, 33 yellow, 36 cyan, 2 faint). */
struct table_cell {
    struct str text;
    unsigned char color;
};

/* rows x columns cells, row by row. width 0: as wide as it gets (no terminal). */
void table_render(const struct table_column *columns, size_t column_count,
                  const struct table_cell *cells, size_t row_count, size_t width, bool color,
                  struct buf *out);

#endif
