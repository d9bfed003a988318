/* A field of one file or several, gone through as if the files were one: each rank has a share of
 * the rows. */
#ifndef SCAN_ROWS_H
#define SCAN_ROWS_H

#include "data_field.h"
#include "io_paths.h"
#include "scan_hosts.h"

struct scan_rows {
    shs_run *run;
    const struct io_paths *paths; /* borrowed, as is the name */
    const char *name;
    struct scan_hosts hosts;
    shs_tensor row; /* type and shape; no name, no data */
    size_t row_bytes;
    uint64_t *first;     /* the first row of each file, and the end */
    uint64_t *band;      /* rows of a chunk of each file; 1: not chunked */
    uint64_t begin, end; /* this rank's share */

    size_t open; /* the file that is open, if `file` is not NULL */
    struct h5_file *file;
    struct data_field field;
    char *piece;
    uint64_t room; /* rows that `piece` holds */
};

/* Local. Looks at all files: their fields must be alike. To be closed, also on error. */
shs_status scan_rows_look(shs_run *run, const struct io_paths *paths, const char *name,
                          struct scan_rows *rows);

/* Collective. Shares the rows out, alike on all ranks, in whatever way each of them reads; they
 * follow one another, and each begins where a chunk does. Ranks whose copies of a file differ, in
 * the numbers of rows, in checksums or in some rows, are refused. */
shs_status scan_rows_share(struct scan_rows *rows);

/* Local. Hands this rank's rows to `take`, some at a time. */
shs_status scan_rows_read(struct scan_rows *rows,
                          void (*take)(void *user, const char *piece, uint64_t rows), void *user);

/* Local. Accepts zeroed rows. */
void scan_rows_close(struct scan_rows *rows);

#endif
