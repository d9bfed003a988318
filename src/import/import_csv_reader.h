/* Reads the cells of a CSV file (RFC 4180) one after the other. Cells are separated by commas,
 * semicolons or tabs. A cell may stand in double quotes, and then may hold separators, line ends
 * and doubled quotes. Blanks around a cell do not belong to it. Lines end in LF or CR LF. */
#ifndef IMPORT_CSV_READER_H
#define IMPORT_CSV_READER_H

#include "import_stream.h"

enum {
    IMPORT_CSV_CELL_BYTES = 1 << 16,
    IMPORT_CSV_BUFFER_BYTES = 1 << 17
};

/* What follows a cell. */
enum import_csv_end {
    IMPORT_CSV_CELL,
    IMPORT_CSV_ROW,
    IMPORT_CSV_FILE
};

struct import_csv_reader {
    struct import_stream *stream; /* borrowed */
    char separator;
    uint64_t line;   /* line of the next byte, from 1 on */
    uint64_t column; /* column of the cell that was read last, from 1 on */
    char *text;      /* text of that cell, which ends in a zero byte */
    size_t length;
    bool quoted;
    char *buffer;
    uint64_t buffer_at; /* offset of the buffer's first byte in the file */
    size_t held, next;  /* bytes in the buffer, and index of the next byte */
};

/* Takes memory, skips a byte order mark, and finds the separator: the first comma, semicolon or tab
 * in the first line outside quotes. The caller must close the reader even after an error. */
shs_status import_csv_reader_open(struct import_stream *stream, struct import_csv_reader *reader);
void import_csv_reader_close(struct import_csv_reader *reader);

/* The first function returns the offset of the next byte in the file. The second goes back to an
 * offset where a row begins, in the given line. */
uint64_t import_csv_reader_tell(const struct import_csv_reader *reader);
void import_csv_reader_seek(struct import_csv_reader *reader, uint64_t at, uint64_t line);

/* Reads the next cell, and sets *end to what follows it. */
shs_status import_csv_reader_next(struct import_csv_reader *reader, enum import_csv_end *end);

#endif
