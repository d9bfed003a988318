/* Goes through an array that lies in one file or several, as if the files were one. Each rank reads
 * a share of the rows. */
#ifndef SCAN_ROWS_H
#define SCAN_ROWS_H

#include "data_field.h"
#include "h5_packing.h"
#include "io_paths.h"
#include "order_subset.h"
#include "scan_fill.h"
#include "scan_hosts.h"

/* Which rows and elements are wanted. */
struct scan_rows_how {
    shs_subset subset; /* rows; zeroed: all rows */
    const char *fill;  /* values that mean "missing", as scan_fill_parse() reads them; NULL: those
                          of the array's attributes, which must be the same in all files */
    bool cf;           /* true to unpack packed numbers, those of a file by its own attributes */
};

struct scan_rows {
    shs_run *run;
    const struct io_paths *paths; /* borrowed, like the name */
    const char *name;
    bool cf;
    struct scan_hosts hosts;
    shs_tensor row; /* type and shape of a row; no name and no data */
    size_t row_bytes;
    uint64_t *first;            /* the first row of each file, and at the end the number of rows */
    uint64_t *band;             /* rows of a chunk of each file; 1 if it is not chunked */
    struct order_subset subset; /* the rows that are wanted, of all files together */
    uint64_t count;             /* how many rows are wanted */
    struct scan_fill fill;      /* values that mean "missing" */
    struct h5_packing packing;  /* the attributes in the first file; those of `fill` are left out */
    uint64_t begin, end;        /* this rank's share of all rows */

    size_t open; /* index of the open file if `file` is not NULL */
    struct h5_file *file;
    struct data_field field;
    char *piece;
    uint64_t room; /* rows that `piece` has room for */
};

/* Local. Looks at all files, whose arrays must be alike. The caller must close the rows, also after
 * an error. */
shs_status scan_rows_look(shs_run *run, const struct io_paths *paths, const char *name,
                          const struct scan_rows_how *how, struct scan_rows *rows);

/* Collective. Shares the rows out, in the same way on all ranks, however each rank reads them. The
 * shares follow one another, and each begins where a chunk begins. Ranks whose copies of a file
 * differ in the number of rows, in checksums or in some rows are refused. */
shs_status scan_rows_share(struct scan_rows *rows);

/* Local. Reads the wanted rows of this rank piece by piece, and calls `take` with each piece. */
shs_status scan_rows_read(struct scan_rows *rows,
                          void (*take)(void *user, const char *piece, uint64_t rows), void *user);

/* Local. Releases what the rows hold. Zeroed rows are accepted. */
void scan_rows_close(struct scan_rows *rows);

#endif
