/* CSV files: each line a row of numbers. One column gives the shape {rows}, several {rows,
 * columns}. */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_csv_number.h"
#include "import_csv_reader.h"
#include "import_format.h"

enum {
    MARKED_ROWS = 1024,
    MOST_COLUMNS = 1 << 20
};

/* Where a row begins. */
struct mark {
    uint64_t at;
    uint64_t line;
};

struct csv {
    struct import_origin origin;
    struct import_stream *stream;
    struct import_csv_reader reader;
    locale_t plain;   /* in which the point is a point */
    uint64_t columns; /* of the file */
    uint32_t *places; /* of the columns in a row of the field, counted from 1, 0: left out; or NULL:
                         all */
    uint64_t n_places; /* that have an entry there */
    uint64_t n_taken;
    struct mark *marks; /* of each MARKED_ROWS-th row */
    uint64_t n_marks;
    uint64_t rows;
    uint64_t next_row; /* that the reader stands before */
    enum import_heading heading;
};

/* ---- numbers */

/* The reader's field, which is no number of a type, or, without one, of any. */
static shs_status bad_number(const struct csv *csv, uint64_t line, uint64_t column, shs_type type)
{
    const char *text = csv->reader.text;
    if (!*text)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: line %llu, column %llu is empty; fill in a number, or nan",
                         import_stream_path(csv->stream), (ull)line, (ull)column);
    return core_fail(SHS_ERROR_FORMAT, "%s: line %llu, column %llu: '%.40s%s' is no number%s%s",
                     import_stream_path(csv->stream), (ull)line, (ull)column, text,
                     strlen(text) > 40 ? "…" : "", type ? " of type " : "",
                     type ? shs_type_name(type) : "");
}

/* The reader's field as a number of the origin's type. */
static shs_status convert(const struct csv *csv, uint64_t line, uint64_t column, void *to)
{
    shs_type type = csv->origin.shape.type;
    if (import_csv_number(csv->reader.text, csv->plain, type, to)) return SHS_OK;
    return bad_number(csv, line, column, type);
}

/* ---- columns */

/* Where a column, counted from 1, goes in a row of the field; false if it is left out. */
static bool place_of(const struct csv *csv, uint64_t column, uint64_t *place)
{
    *place = column - 1;
    if (!csv->places) return true;
    if (column > csv->n_places || !csv->places[column - 1]) return false;
    *place = csv->places[column - 1] - 1;
    return true;
}

static shs_status take_columns(struct csv *csv, uint64_t first, uint64_t last)
{
    if (!first || last < first || last > MOST_COLUMNS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "columns %llu-%llu: they are counted from 1, up to %d, upwards",
                         (ull)first, (ull)last, MOST_COLUMNS);
    if (last > csv->n_places) {
        shs_status status = core_resize(last, sizeof *csv->places, "columns", &csv->places);
        if (status) return status;
        for (; csv->n_places < last; csv->n_places++)
            csv->places[csv->n_places] = 0;
    }
    for (uint64_t column = first; column <= last; column++) {
        if (csv->places[column - 1])
            return core_fail(SHS_ERROR_ARGUMENT, "column %llu is named twice", (ull)column);
        csv->places[column - 1] = (uint32_t)++csv->n_taken;
    }
    return SHS_OK;
}

/* 1,3,5-7 */
static shs_status parse_columns(struct csv *csv, const char *text)
{
    for (const char *at = text;; at++) {
        char *end;
        uint64_t first = strtoull(at, &end, 10), last = first;
        bool good = isdigit((unsigned char)*at);
        if (good && *end == '-') {
            good = isdigit((unsigned char)end[1]);
            last = strtoull(end + 1, &end, 10);
        }
        if (!good || (*end && *end != ','))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "columns '%s': give numbers and ranges, such as 1,3,5-7", text);
        shs_status status = take_columns(csv, first, last);
        if (status || !*end) return status;
        at = end;
    }
}

/* ---- the first time through: how many rows, which type */

struct scan {
    bool first;     /* the file's first line */
    bool all_whole; /* so far all numbers were integers */
    bool all_fit;   /* so far all integers fit i64 */
    uint64_t blank; /* the first empty line, which only empty lines may follow; 0: none */
    /* of the row that is read: */
    uint64_t columns;
    bool whole, fit;
    /* the first field of the first line that is a number, and the first that is none; all columns
     * count, also those that are not taken */
    struct cell {
        uint64_t column; /* 0: none */
        char text[41];
    } number, other;
};

static void note_cell(const struct csv *csv, uint64_t column, struct cell *cell)
{
    if (cell->column) return;
    cell->column = column;
    snprintf(cell->text, sizeof cell->text, "%s", csv->reader.text);
}

/* A field of the first line, which may be a heading, or of a row whose type is to be chosen. */
static shs_status look_at_field(const struct csv *csv, struct scan *scan, uint64_t line)
{
    double value;
    bool negative, number = true;
    uint64_t size, bits, place;
    bool taken = place_of(csv, scan->columns, &place);
    if (!taken && !scan->first) return SHS_OK;
    if (import_csv_integer(csv->reader.text, &negative, &size)) {
        if (taken) scan->fit = scan->fit && import_csv_fits(SHS_I64, negative, size, &bits);
    } else {
        if (taken) scan->whole = false;
        number = import_csv_number(csv->reader.text, csv->plain, SHS_F64, &value);
    }
    if (scan->first) note_cell(csv, scan->columns, number ? &scan->number : &scan->other);
    if (number || !taken || (scan->first && csv->heading != IMPORT_HEADING_NO)) return SHS_OK;
    return bad_number(csv, line, scan->columns, 0);
}

static shs_status add_mark(struct csv *csv, struct mark mark)
{
    if (csv->rows++ % MARKED_ROWS) return SHS_OK;
    if ((csv->n_marks & (csv->n_marks - 1)) == 0) { /* its room is a power of two */
        shs_status status = core_resize(csv->n_marks ? 2 * csv->n_marks : 1, sizeof *csv->marks,
                                        "places of rows", &csv->marks);
        if (status) return status;
    }
    csv->marks[csv->n_marks++] = mark;
    return SHS_OK;
}

static shs_status wrong_columns(const struct csv *csv, uint64_t line, uint64_t columns)
{
    return core_fail(SHS_ERROR_FORMAT, "%s: line %llu has %llu columns, where the first has %llu",
                     import_stream_path(csv->stream), (ull)line, (ull)columns, (ull)csv->columns);
}

static shs_status check_first_row(struct csv *csv, uint64_t columns)
{
    csv->columns = columns;
    if (columns > MOST_COLUMNS)
        return core_fail(SHS_ERROR_FORMAT, "%s has more than %d columns",
                         import_stream_path(csv->stream), MOST_COLUMNS);
    if (csv->n_places > columns)
        return core_fail(SHS_ERROR_ARGUMENT, "%s has %llu columns, and no column %llu",
                         import_stream_path(csv->stream), (ull)columns, (ull)csv->n_places);
    if (!csv->places) csv->n_taken = columns;
    return SHS_OK;
}

/* Whether the first line is the heading, in csv->heading. All of its columns are asked, so that it
 * is the same for every field that comes from the file. */
static shs_status find_heading(struct csv *csv, const struct scan *scan)
{
    if (csv->heading) return SHS_OK;
    if (scan->number.column && scan->other.column)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: line 1 may be a heading or a row: column %llu is '%s', a number, and "
                         "column %llu is '%s', none; say --heading yes or --heading no",
                         import_stream_path(csv->stream), (ull)scan->number.column,
                         scan->number.text, (ull)scan->other.column, scan->other.text);
    csv->heading = scan->other.column ? IMPORT_HEADING_YES : IMPORT_HEADING_NO;
    return SHS_OK;
}

/* A row that has been read, or the heading. */
static shs_status take_row(struct csv *csv, struct scan *scan, struct mark mark)
{
    shs_status status = SHS_OK;
    if (scan->blank)
        return core_fail(SHS_ERROR_FORMAT, "%s: line %llu is empty, and rows follow it",
                         import_stream_path(csv->stream), (ull)scan->blank);
    if (scan->first) status = check_first_row(csv, scan->columns);
    if (!status && scan->columns != csv->columns)
        status = wrong_columns(csv, mark.line, scan->columns);
    if (!status && scan->first) status = find_heading(csv, scan);
    bool heading = scan->first && csv->heading == IMPORT_HEADING_YES;
    scan->first = false;
    if (status || heading) return status;
    scan->all_whole = scan->all_whole && scan->whole;
    scan->all_fit = scan->all_fit && scan->fit;
    return add_mark(csv, mark);
}

/* Reads a row; its type is only looked at where it is to be chosen, or a heading may be there. */
static shs_status scan_row(struct csv *csv, struct scan *scan, enum import_csv_end *end)
{
    struct mark mark = {import_csv_reader_tell(&csv->reader), csv->reader.line};
    bool blank = false, look = scan->first || !csv->origin.shape.type;
    scan->columns = 0;
    scan->whole = scan->fit = true;
    do {
        shs_status status = import_csv_reader_next(&csv->reader, end);
        if (status) return status;
        scan->columns++;
        blank = scan->columns == 1 && *end != IO_CSV_FIELD && !csv->reader.length &&
                !csv->reader.quoted;
        if (look && !blank) status = look_at_field(csv, scan, mark.line);
        if (status) return status;
    } while (*end == IO_CSV_FIELD);
    if (!blank) return take_row(csv, scan, mark);
    if (!scan->blank) scan->blank = mark.line;
    return SHS_OK;
}

/* Large integers would be rounded, which nobody has asked for. */
static shs_status choose_type(struct csv *csv, const struct scan *scan)
{
    if (csv->origin.shape.type) return SHS_OK;
    csv->origin.shape.type = scan->all_whole ? SHS_I64 : SHS_F64;
    if (!scan->all_whole || scan->all_fit) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: not all of its whole numbers are of type i64; give them another one: "
                     "csv:u64:FILE, or csv:f64:FILE, which rounds them",
                     import_stream_path(csv->stream));
}

static shs_status scan_file(struct csv *csv)
{
    struct scan scan = {.first = true, .all_whole = true, .all_fit = true};
    enum import_csv_end end = IO_CSV_ROW;
    while (end != IO_CSV_FILE) {
        shs_status status = scan_row(csv, &scan, &end);
        if (status) return status;
    }
    csv->next_row = UINT64_MAX;
    if (csv->rows) return choose_type(csv, &scan);
    return core_fail(SHS_ERROR_FORMAT, "%s has no rows of numbers",
                     import_stream_path(csv->stream));
}

static shs_status write_note(struct csv *csv)
{
    struct core_text text = {0};
    core_text_add(&text, "%s: line 1 is a %s", import_stream_path(csv->stream),
                  csv->heading == IMPORT_HEADING_YES ? "heading" : "row of numbers");
    return core_text_take(&text, &csv->origin.note);
}

static shs_status open_csv(const struct import_request *request, struct import_origin *origin)
{
    struct csv *csv = (struct csv *)origin;
    origin->shape.type = request->type;
    csv->heading = request->heading;
    if (request->type == SHS_F16)
        return core_fail(SHS_ERROR_UNSUPPORTED, "a CSV file cannot be read as f16; choose f32");
    csv->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!csv->plain) return core_fail(SHS_ERROR_MEMORY, "no memory for a locale");
    shs_status status = request->columns ? parse_columns(csv, request->columns) : SHS_OK;
    if (!status) status = import_stream_open(request->path, &csv->stream);
    if (!status) status = import_csv_reader_open(csv->stream, &csv->reader);
    if (!status) status = scan_file(csv);
    if (status) return status;
    origin->shape.axes = csv->n_taken > 1 ? 2 : 1;
    origin->shape.shape[0] = csv->rows;
    origin->shape.shape[1] = csv->n_taken > 1 ? csv->n_taken : 0;
    return write_note(csv);
}

/* ---- rows */

/* Reads the next row; `to` is NULL for one that is passed over. */
static shs_status read_row(struct csv *csv, char *to)
{
    uint64_t line = csv->reader.line, columns = 0, place;
    size_t size = shs_type_size(csv->origin.shape.type);
    enum import_csv_end end;
    do {
        shs_status status = import_csv_reader_next(&csv->reader, &end);
        columns++;
        if (!status && to && columns <= csv->columns && place_of(csv, columns, &place))
            status = convert(csv, line, columns, to + place * size);
        if (status) return status;
    } while (end == IO_CSV_FIELD);
    csv->next_row++;
    return columns == csv->columns ? SHS_OK : wrong_columns(csv, line, columns);
}

/* Goes to a row, from the last mark before it or from where the reader stands. */
static shs_status go_to_row(struct csv *csv, uint64_t row)
{
    uint64_t mark = row / MARKED_ROWS;
    shs_status status = SHS_OK;
    if (csv->next_row > row || csv->next_row < mark * MARKED_ROWS) {
        import_csv_reader_seek(&csv->reader, csv->marks[mark].at, csv->marks[mark].line);
        csv->next_row = mark * MARKED_ROWS;
    }
    while (!status && csv->next_row < row)
        status = read_row(csv, NULL);
    return status;
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    struct csv *csv = (struct csv *)origin;
    shs_status status = go_to_row(csv, first);
    for (uint64_t i = 0; i < count && !status; i++)
        status = read_row(csv, (char *)rows + i * origin->row_bytes);
    if (status) csv->next_row = UINT64_MAX; /* wherever the reader stands now */
    return status;
}

static void close_csv(struct import_origin *origin)
{
    struct csv *csv = (struct csv *)origin;
    if (csv->plain) freelocale(csv->plain);
    import_csv_reader_close(&csv->reader);
    import_stream_close(&csv->stream);
    core_free(&csv->places);
    core_free(&csv->marks);
}

const struct import_format import_csv = {.name = "csv",
                                         .bytes = sizeof(struct csv),
                                         .open = open_csv,
                                         .read = read_rows,
                                         .close = close_csv};
