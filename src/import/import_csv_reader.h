/* Fields of a CSV file (RFC 4180), one after the other: separated by a comma, semicolon or tab;
 * perhaps in double quotes, which may hold separators, line ends and doubled quotes; blanks around
 * a field do not belong to it; lines end in LF or CR LF. */
#ifndef IMPORT_CSV_READER_H
#define IMPORT_CSV_READER_H

#include "import_stream.h"

enum {
    IO_CSV_FIELD_BYTES = 1 << 16,
    IO_CSV_BUFFER_BYTES = 1 << 17
};

/* What follows a field. */
enum import_csv_end {
    IO_CSV_FIELD,
    IO_CSV_ROW,
    IO_CSV_FILE
};

struct import_csv_reader {
    struct import_stream *stream; /* borrowed */
    char separator;
    uint64_t line;   /* of the next byte, from 1 on */
    uint64_t column; /* of the field that was read last, from 1 on */
    char *text;      /* that field, which ends in a zero byte */
    size_t length;
    bool quoted;
    char *buffer;
    uint64_t buffer_at; /* position of its first byte in the file */
    size_t held, next;  /* bytes in the buffer; the next one */
};

/* Takes memory, skips a byte order mark, and finds the separator: the first of comma, semicolon and
 * tab in the first line, outside quotes. To be closed even on error. */
shs_status import_csv_reader_open(struct import_stream *stream, struct import_csv_reader *reader);
void import_csv_reader_close(struct import_csv_reader *reader);

/* Position of the next byte, and back to one, which begins a row at that line. */
uint64_t import_csv_reader_tell(const struct import_csv_reader *reader);
void import_csv_reader_seek(struct import_csv_reader *reader, uint64_t at, uint64_t line);

/* Reads the next field. */
shs_status import_csv_reader_next(struct import_csv_reader *reader, enum import_csv_end *end);

#endif
