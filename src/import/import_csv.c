/* CSV files. Each line is a row of numbers. One column gives the shape {rows}, several columns
 * {rows, columns}. The texts of one column may be classes instead. */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_classes.h"
#include "import_csv_number.h"
#include "import_csv_reader.h"
#include "import_format.h"

enum {
    MARKED_ROWS = 1024,
    MOST_COLUMNS = 1 << 20
};

#define MISSING ", or write nan for a missing number"

/* The beginning of a row in the file. */
struct mark {
    uint64_t at;
    uint64_t line;
};

struct csv {
    struct import_origin origin;
    struct import_stream *stream;
    struct import_csv_reader reader;
    locale_t plain;   /* a locale whose decimal point is a point */
    uint64_t columns; /* columns of the file */
    /* For each column its position in a row of the array, counted from 1, or 0 if it is left out.
     * NULL if all columns are taken. */
    uint32_t *positions;
    uint64_t n_positions; /* columns that `positions` has an entry for */
    uint64_t n_taken;
    struct mark *marks; /* the mark of each MARKED_ROWS-th row */
    uint64_t n_marks;
    uint64_t rows;
    uint64_t next_row; /* the row that the reader stands before */
    enum import_heading heading;
    bool texts; /* true if the column taken is one of texts, which become classes */
    struct import_classes classes;
};

/* ---- numbers */

/* Refuses the reader's cell, which is not a number of the type. With type 0 it is not a number of
 * any type. */
static shs_status bad_number(const struct csv *csv, uint64_t line, uint64_t column, shs_type type)
{
    const char *text = csv->reader.text;
    if (!*text)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: line %llu, column %llu is empty; fill in a number, or nan",
                         import_stream_path(csv->stream), (ull)line, (ull)column);
    double value;
    const char *path = import_stream_path(csv->stream);
    const char *of = type ? " of type " : "", *name = type ? shs_type_name(type) : "";
    const char *more = strlen(text) > 40 ? "…" : "";
    if (import_csv_number(text, csv->plain, SHS_F64, &value))
        return core_fail(SHS_ERROR_FORMAT, "%s: line %llu, column %llu: '%.40s%s' is no number%s%s",
                         path, (ull)line, (ull)column, text, more, of, name);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: line %llu, column %llu: '%.40s%s' is no number%s%s; a missing number is "
                     "written nan, and texts become numbers of classes by csv:classes:%llu:FILE",
                     path, (ull)line, (ull)column, text, more, of, name, (ull)column);
}

/* Converts the reader's cell to a number of the origin's type. */
static shs_status convert(const struct csv *csv, uint64_t line, uint64_t column, void *to)
{
    shs_type type = csv->origin.shape.type;
    if (import_csv_number(csv->reader.text, csv->plain, type, to)) return SHS_OK;
    return bad_number(csv, line, column, type);
}

/* ---- columns */

/* Finds the position of a column, counted from 1, in a row of the array. Returns false if the
 * column is left out. */
static bool position_of(const struct csv *csv, uint64_t column, uint64_t *position)
{
    *position = column - 1;
    if (!csv->positions) return true;
    if (column > csv->n_positions || !csv->positions[column - 1]) return false;
    *position = csv->positions[column - 1] - 1;
    return true;
}

static shs_status take_columns(struct csv *csv, uint64_t first, uint64_t last)
{
    if (!first || last < first || last > MOST_COLUMNS)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "columns %llu-%llu: they are counted from 1, up to %d, upwards",
                         (ull)first, (ull)last, MOST_COLUMNS);
    if (last > csv->n_positions) {
        shs_status status = core_resize(last, sizeof *csv->positions, "columns", &csv->positions);
        if (status) return status;
        for (; csv->n_positions < last; csv->n_positions++)
            csv->positions[csv->n_positions] = 0;
    }
    for (uint64_t column = first; column <= last; column++) {
        if (csv->positions[column - 1])
            return core_fail(SHS_ERROR_ARGUMENT, "column %llu is named twice", (ull)column);
        csv->positions[column - 1] = (uint32_t)++csv->n_taken;
    }
    return SHS_OK;
}

/* Reads a list of columns such as 1,3,5-7. */
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

/* ---- first pass: number of rows and type */

struct scan {
    bool first;     /* true in the file's first line */
    bool word;      /* true if a cell of the first line can only belong to a heading */
    bool all_whole; /* true if all numbers so far were integers */
    bool all_fit;   /* true if all integers so far fit i64 */
    /* The first empty line, 0 if there is none. Only empty lines may follow it. */
    uint64_t blank;
    /* about the row that is being read: */
    uint64_t columns;
    bool whole, fit;
    /* The first cell of the first line that is a number, and the first that is not. Cells of
     * columns that are not taken count too. */
    struct cell {
        uint64_t column; /* 0: there is none */
        char text[41];
    } number, other;
};

static void note_cell(const struct csv *csv, uint64_t column, struct cell *cell)
{
    if (cell->column) return;
    cell->column = column;
    snprintf(cell->text, sizeof cell->text, "%s", csv->reader.text);
}

/* Returns true if a cell that is no number may have been meant as one: 1e999, 0x10, or what stands
 * for a missing number. */
static bool is_doubtful(const char *text)
{
    static const char *const missing[] = {"", "?", "NA", "N/A", "n/a", "null", "NULL", "None"};
    const char *digits = text + strspn(text, "+-.");
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (!strcmp(text, missing[i])) return true;
    return !*digits || isdigit((unsigned char)*digits);
}

/* Looks at a cell of the first line, which may be a heading, or of a row whose type must be chosen.
 */
static shs_status look_at_cell(const struct csv *csv, struct scan *scan, uint64_t line)
{
    double value;
    bool negative, number = true;
    uint64_t size, bits, position;
    bool taken = !csv->texts && position_of(csv, scan->columns, &position);
    if (!taken && !scan->first) return SHS_OK;
    if (import_csv_integer(csv->reader.text, &negative, &size)) {
        if (taken) scan->fit = scan->fit && import_csv_fits(SHS_I64, negative, size, &bits);
    } else {
        if (taken) scan->whole = false;
        number = import_csv_number(csv->reader.text, csv->plain, SHS_F64, &value);
    }
    if (scan->first) note_cell(csv, scan->columns, number ? &scan->number : &scan->other);
    if (scan->first && !number && !is_doubtful(csv->reader.text)) scan->word = true;
    if (number || !taken || (scan->first && csv->heading != IMPORT_HEADING_NO)) return SHS_OK;
    return bad_number(csv, line, scan->columns, 0);
}

static shs_status add_mark(struct csv *csv, struct mark mark)
{
    if (csv->rows++ % MARKED_ROWS) return SHS_OK;
    if ((csv->n_marks & (csv->n_marks - 1)) ==
        0) { /* room is doubled whenever the count is a power of two */
        shs_status status = core_resize(csv->n_marks ? 2 * csv->n_marks : 1, sizeof *csv->marks,
                                        "positions of rows", &csv->marks);
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
    if (csv->n_positions > columns)
        return core_fail(SHS_ERROR_ARGUMENT, "%s has %llu columns, and no column %llu",
                         import_stream_path(csv->stream), (ull)columns, (ull)csv->n_positions);
    if (!csv->positions) csv->n_taken = columns;
    return SHS_OK;
}

/* Decides whether the first line is a heading, and sets csv->heading. All columns are looked at, so
 * that the answer is the same for every array made from the file. */
static shs_status find_heading(struct csv *csv, const struct scan *scan)
{
    if (csv->heading) return SHS_OK;
    if (scan->number.column && scan->other.column)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: line 1 may be a heading or a row: column %llu is '%s', a number, and "
                         "column %llu is '%s', none; say --heading yes or --heading no%s",
                         import_stream_path(csv->stream), (ull)scan->number.column,
                         scan->number.text, (ull)scan->other.column, scan->other.text,
                         is_doubtful(scan->other.text) ? MISSING : "");
    if (scan->other.column && !scan->word)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: line 1 may be a heading or a row: column %llu is '%s', which may "
                         "have been meant as a number; say --heading yes or --heading no%s",
                         import_stream_path(csv->stream), (ull)scan->other.column, scan->other.text,
                         MISSING);
    csv->heading = scan->other.column ? IMPORT_HEADING_YES : IMPORT_HEADING_NO;
    return SHS_OK;
}

/* Takes a row that has been read, or the heading. */
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

/* Reads a row. Its cells are looked at only if the type must be chosen or the row may be a heading.
 */
static shs_status scan_row(struct csv *csv, struct scan *scan, enum import_csv_end *end)
{
    struct mark mark = {import_csv_reader_tell(&csv->reader), csv->reader.line};
    bool blank = false, look = scan->first || (!csv->texts && !csv->origin.shape.type);
    scan->columns = 0;
    scan->whole = scan->fit = true;
    do {
        shs_status status = import_csv_reader_next(&csv->reader, end);
        if (status) return status;
        scan->columns++;
        blank = scan->columns == 1 && *end != IMPORT_CSV_CELL && !csv->reader.length &&
                !csv->reader.quoted;
        if (look && !blank) status = look_at_cell(csv, scan, mark.line);
        if (status) return status;
    } while (*end == IMPORT_CSV_CELL);
    if (!blank) return take_row(csv, scan, mark);
    if (!scan->blank) scan->blank = mark.line;
    return SHS_OK;
}

/* Chooses the type of the numbers. Integers that do not fit i64 are refused, because a float would
 * round them. */
static shs_status choose_type(struct csv *csv, const struct scan *scan)
{
    if (csv->texts || csv->origin.shape.type) return SHS_OK;
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
    enum import_csv_end end = IMPORT_CSV_ROW;
    while (end != IMPORT_CSV_FILE) {
        shs_status status = scan_row(csv, &scan, &end);
        if (status) return status;
    }
    csv->next_row = UINT64_MAX;
    if (csv->rows) return choose_type(csv, &scan);
    return core_fail(SHS_ERROR_FORMAT, "%s has no rows%s", import_stream_path(csv->stream),
                     csv->texts ? "" : " of numbers");
}

static shs_status write_note(struct csv *csv)
{
    struct core_text text = {0};
    core_text_add(&text, "%s: line 1 is a %s", import_stream_path(csv->stream),
                  csv->heading == IMPORT_HEADING_YES ? "heading"
                  : csv->texts                       ? "row"
                                                     : "row of numbers");
    return core_text_take(&text, &csv->origin.note);
}

/* Opens the file and counts its rows. */
static shs_status open_file(const struct import_request *request, struct csv *csv)
{
    csv->heading = request->heading;
    csv->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!csv->plain) return core_fail(SHS_ERROR_MEMORY, "no memory for a locale");
    shs_status status = request->columns ? parse_columns(csv, request->columns) : SHS_OK;
    if (!status) status = import_stream_open(request->path, &csv->stream);
    if (!status) status = import_csv_reader_open(csv->stream, &csv->reader);
    return status ? status : scan_file(csv);
}

static shs_status open_csv(const struct import_request *request, struct import_origin *origin)
{
    struct csv *csv = (struct csv *)origin;
    origin->shape.type = request->type;
    if (request->type == SHS_F16)
        return core_fail(SHS_ERROR_UNSUPPORTED, "a CSV file cannot be read as f16; choose f32");
    shs_status status = open_file(request, csv);
    if (status) return status;
    origin->shape.axes = csv->n_taken > 1 ? 2 : 1;
    origin->shape.shape[0] = csv->rows;
    origin->shape.shape[1] = csv->n_taken > 1 ? csv->n_taken : 0;
    return write_note(csv);
}

/* ---- rows */

/* Reads the next row. If `to` is NULL, the row is passed over. */
static shs_status read_row(struct csv *csv, char *to)
{
    uint64_t line = csv->reader.line, columns = 0, position;
    size_t size = shs_type_size(csv->origin.shape.type);
    enum import_csv_end end;
    do {
        shs_status status = import_csv_reader_next(&csv->reader, &end);
        columns++;
        if (!status && to && columns <= csv->columns && position_of(csv, columns, &position))
            status = convert(csv, line, columns, to + position * size);
        if (status) return status;
    } while (end == IMPORT_CSV_CELL);
    csv->next_row++;
    return columns == csv->columns ? SHS_OK : wrong_columns(csv, line, columns);
}

/* Goes to a row, from the last mark before it or from the present row. */
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
    if (status) csv->next_row = UINT64_MAX; /* the reader may stand anywhere */
    return status;
}

static void close_csv(struct import_origin *origin)
{
    struct csv *csv = (struct csv *)origin;
    if (csv->plain) freelocale(csv->plain);
    import_csv_reader_close(&csv->reader);
    import_stream_close(&csv->stream);
    core_free(&csv->positions);
    core_free(&csv->marks);
    import_classes_free(&csv->classes);
}

const struct import_format import_csv = {.name = "csv",
                                         .bytes = sizeof(struct csv),
                                         .open = open_csv,
                                         .read = read_rows,
                                         .close = close_csv};

/* ---- classes */

/* Adds the class of a row's text. An empty cell is no class, because it may be a missing one. */
static shs_status take_text(struct csv *csv, uint64_t line, uint64_t column)
{
    if (!*csv->reader.text && !csv->reader.quoted)
        return core_fail(
            SHS_ERROR_FORMAT,
            "%s: line %llu, column %llu is empty; fill in the row's class, or \"\" for "
            "a class without a name",
            import_stream_path(csv->stream), (ull)line, (ull)column);
    shs_status status = import_classes_add(&csv->classes, csv->reader.text);
    return status ? core_wrap(status, "%s: line %llu, column %llu", import_stream_path(csv->stream),
                              (ull)line, (ull)column)
                  : SHS_OK;
}

/* Reads the next row and takes its text. Sets *number if one of its cells is a number. */
static shs_status read_text(struct csv *csv, bool *number)
{
    uint64_t line = csv->reader.line, columns = 0, position;
    double value;
    enum import_csv_end end;
    *number = false;
    do {
        shs_status status = import_csv_reader_next(&csv->reader, &end);
        columns++;
        if (!status && import_csv_number(csv->reader.text, csv->plain, SHS_F64, &value))
            *number = true;
        if (!status && columns <= csv->columns && position_of(csv, columns, &position))
            status = take_text(csv, line, columns);
        if (status) return status;
    } while (end == IMPORT_CSV_CELL);
    csv->next_row++;
    return columns == csv->columns ? SHS_OK : wrong_columns(csv, line, columns);
}

/* Reads all texts. Where the rows have no number either, line 1 may be one of them. */
static shs_status read_texts(struct csv *csv, bool heading_is_said)
{
    bool number;
    shs_status status = go_to_row(csv, 0);
    for (uint64_t row = 0; row < csv->rows && !status; row++) {
        status = read_text(csv, &number);
        if (!status && !row && !number && !heading_is_said && csv->heading == IMPORT_HEADING_YES)
            status = core_fail(SHS_ERROR_FORMAT,
                               "%s: line 1 may be a heading or a row: neither it nor line %llu has "
                               "a number; say --heading yes or --heading no",
                               import_stream_path(csv->stream), (ull)csv->marks[0].line);
    }
    return status;
}

static shs_status open_classes(const struct import_request *request, struct import_origin *origin)
{
    struct csv *csv = (struct csv *)origin;
    csv->texts = true;
    shs_status status = open_file(request, csv);
    if (!status && csv->n_taken != 1)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: classes are the texts of one column, of %llu; name it by its "
                           "number: csv:classes:COLUMN:FILE",
                           import_stream_path(csv->stream), (ull)csv->columns);
    if (!status) status = read_texts(csv, request->heading != IMPORT_HEADING_NOT_SAID);
    if (!status) status = write_note(csv);
    return status ? status : import_classes_finish(&csv->classes, origin);
}

static shs_status read_numbers(struct import_origin *origin, uint64_t first, uint64_t count,
                               void *rows)
{
    import_classes_read(&((struct csv *)origin)->classes, origin, first, count, rows);
    return SHS_OK;
}

static bool any_order(const struct import_origin *origin)
{
    (void)origin;
    return true;
}

const struct import_format import_csv_classes = {.name = "csv classes",
                                                 .bytes = sizeof(struct csv),
                                                 .open = open_classes,
                                                 .read = read_numbers,
                                                 .any_order = any_order,
                                                 .close = close_csv};
