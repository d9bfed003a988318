#include "import_csv_reader.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"

/* Fills the buffer with the next bytes of the file. At the end the buffer is empty. */
static shs_status refill(struct import_csv_reader *reader)
{
    reader->buffer_at += reader->held;
    reader->next = 0;
    return import_stream_read(reader->stream, reader->buffer_at, reader->buffer,
                              IMPORT_CSV_BUFFER_BYTES, &reader->held);
}

static inline shs_status peek(struct import_csv_reader *reader, int *byte)
{
    if (reader->next == reader->held) {
        shs_status status = refill(reader);
        if (status) return status;
    }
    *byte = reader->next < reader->held ? (unsigned char)reader->buffer[reader->next] : EOF;
    return SHS_OK;
}

static inline void pass(struct import_csv_reader *reader)
{
    if (reader->buffer[reader->next++] == '\n') reader->line++;
}

static shs_status fail(const struct import_csv_reader *reader, uint64_t line, const char *what)
{
    return core_fail(SHS_ERROR_FORMAT, "%s: line %llu, column %llu: %s",
                     import_stream_path(reader->stream), (ull)line, (ull)reader->column, what);
}

static shs_status add(struct import_csv_reader *reader, int byte)
{
    if (!byte) return fail(reader, reader->line, "a zero byte; this is no text file");
    if (reader->length + 1 == IMPORT_CSV_CELL_BYTES)
        return fail(reader, reader->line,
                    "a field of more than 65535 bytes; is a quote not closed?");
    reader->text[reader->length++] = (char)byte;
    return SHS_OK;
}

static bool is_blank(const struct import_csv_reader *reader, int byte)
{
    return byte == ' ' || (byte == '\t' && reader->separator != '\t');
}

static shs_status skip_blanks(struct import_csv_reader *reader, int *byte)
{
    shs_status status;
    while (!(status = peek(reader, byte)) && is_blank(reader, *byte))
        pass(reader);
    return status;
}

/* Reads a quoted cell, from the byte after the opening quote to the byte after the closing quote.
 */
static shs_status read_quoted(struct import_csv_reader *reader)
{
    int byte;
    uint64_t line = reader->line;
    reader->quoted = true;
    pass(reader);
    for (;;) {
        shs_status status = peek(reader, &byte);
        if (status) return status;
        if (byte == EOF) return fail(reader, line, "a quote that is opened here is never closed");
        pass(reader);
        if (byte == '"') {
            status = peek(reader, &byte);
            if (status || byte != '"') return status;
            pass(reader);
        }
        status = add(reader, byte);
        if (status) return status;
    }
}

static shs_status read_bare(struct import_csv_reader *reader, int byte)
{
    shs_status status = SHS_OK;
    while (!status && byte != EOF && byte != reader->separator && byte != '\n') {
        status = add(reader, byte);
        pass(reader);
        if (!status) status = peek(reader, &byte);
    }
    while (reader->length && (is_blank(reader, reader->text[reader->length - 1]) ||
                              reader->text[reader->length - 1] == '\r'))
        reader->length--;
    return status;
}

/* Reads what follows a cell. */
static shs_status read_end(struct import_csv_reader *reader, enum import_csv_end *end)
{
    int byte;
    shs_status status = skip_blanks(reader, &byte);
    if (!status && byte == '\r') {
        pass(reader);
        status = peek(reader, &byte);
    }
    if (status) return status;
    *end = byte == EOF ? IMPORT_CSV_FILE : byte == '\n' ? IMPORT_CSV_ROW : IMPORT_CSV_CELL;
    if (byte != EOF && byte != '\n' && byte != reader->separator)
        return fail(reader, reader->line, "something follows the closing quote");
    if (byte != EOF) pass(reader);
    return SHS_OK;
}

shs_status import_csv_reader_next(struct import_csv_reader *reader, enum import_csv_end *end)
{
    int byte;
    reader->column++;
    reader->length = 0;
    reader->quoted = false;
    shs_status status = skip_blanks(reader, &byte);
    if (!status) status = byte == '"' ? read_quoted(reader) : read_bare(reader, byte);
    reader->text[reader->length] = '\0';
    if (!status) status = read_end(reader, end);
    if (!status && *end != IMPORT_CSV_CELL) reader->column = 0;
    return status;
}

uint64_t import_csv_reader_tell(const struct import_csv_reader *reader)
{
    return reader->buffer_at + reader->next;
}

void import_csv_reader_seek(struct import_csv_reader *reader, uint64_t at, uint64_t line)
{
    if (at >= reader->buffer_at && at - reader->buffer_at <= reader->held) {
        reader->next = (size_t)(at - reader->buffer_at);
    } else {
        reader->buffer_at = at;
        reader->held = reader->next = 0;
    }
    reader->line = line;
    reader->column = 0;
}

static char find_separator(const char *text, size_t bytes)
{
    bool quoted = false;
    for (size_t i = 0; i < bytes && (quoted || text[i] != '\n'); i++) {
        if (text[i] == '"') quoted = !quoted;
        if (!quoted && (text[i] == ',' || text[i] == ';' || text[i] == '\t')) return text[i];
    }
    return ',';
}

shs_status import_csv_reader_open(struct import_stream *stream, struct import_csv_reader *reader)
{
    *reader = (struct import_csv_reader){.stream = stream, .line = 1};
    shs_status status = core_new(IMPORT_CSV_BUFFER_BYTES, 1, "a buffer", &reader->buffer);
    if (!status) status = core_new(IMPORT_CSV_CELL_BYTES, 1, "a field", &reader->text);
    if (!status) status = refill(reader);
    if (status) return status;
    if (reader->held >= 3 && !memcmp(reader->buffer, "\xef\xbb\xbf", 3)) reader->next = 3;
    reader->separator = find_separator(reader->buffer + reader->next, reader->held - reader->next);
    return SHS_OK;
}

void import_csv_reader_close(struct import_csv_reader *reader)
{
    core_free(&reader->buffer);
    core_free(&reader->text);
}
