#include "cli/table.h"

#include "base/arena.h"
#include "cli/term.h"

enum { TABLE_GAP = 2 };

static size_t table_total(const size_t *widths, size_t count)
{
    size_t sum = count ? (count - 1) * TABLE_GAP : 0;
    for (size_t i = 0; i < count; i++)
        sum += widths[i];
    return sum;
}

/* Takes columns away, one by one from the widest that may still give, until the table fits. */
static void table_squeeze(const struct table_column *columns, size_t count, size_t width,
                          size_t *widths)
{
    while (table_total(widths, count) > width) {
        size_t widest = count;
        for (size_t i = 0; i < count; i++)
            if (columns[i].squeeze > 0 && widths[i] > columns[i].squeeze &&
                (widest == count || widths[i] > widths[widest]))
                widest = i;
        if (widest == count)
            return;
        widths[widest]--;
    }
}

static void table_pad(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_add_char(out, ' ');
}

static void table_cell(const struct table_column *column, struct str text, unsigned char paint,
                       size_t width, bool last, struct buf *out)
{
    size_t used = term_columns(text);
    if (used > width)
        used = width;
    if (column->right)
        table_pad(out, width - used);
    if (paint)
        buf_printf(out, "\x1b[%um", paint);
    term_add(out, text, width);
    if (paint)
        buf_add(out, STR("\x1b[0m"));
    if (!column->right && !last)
        table_pad(out, width - used);
    if (!last)
        table_pad(out, TABLE_GAP);
}

void table_render(const struct table_column *columns, size_t column_count,
                  const struct table_cell *cells, size_t row_count, size_t width, bool color,
                  struct buf *out)
{
    ARENA_AUTO struct arena arena = {0};
    size_t *widths = ARENA_ARRAY(&arena, size_t, column_count);
    for (size_t i = 0; i < column_count; i++) {
        widths[i] = term_columns(str_from(columns[i].title));
        for (size_t row = 0; row < row_count; row++) {
            size_t used = term_columns(cells[row * column_count + i].text);
            if (used > widths[i])
                widths[i] = used;
        }
    }
    if (width > 0)
        table_squeeze(columns, column_count, width, widths);
    for (size_t i = 0; i < column_count; i++)
        table_cell(&columns[i], str_from(columns[i].title), color ? 1 : 0, widths[i],
                   i + 1 == column_count, out);
    buf_add_char(out, '\n');
    for (size_t row = 0; row < row_count; row++) {
        for (size_t i = 0; i < column_count; i++) {
            const struct table_cell *cell = &cells[row * column_count + i];
            table_cell(&columns[i], cell->text, color ? cell->color : 0, widths[i],
                       i + 1 == column_count, out);
        }
        buf_add_char(out, '\n');
    }
}
