/* Statistics of an array, of all elements or for each channel. They have the same bits on any
 * number of ranks, for any layout of the same data, and for any files that the data is spread over.
 */
#ifndef SCAN_STATS_H
#define SCAN_STATS_H

#include "core_hash.h"
#include "io_paths.h"
#include "mpi_run.h"
#include "scan_rows.h"
#include "scan_tally.h"
#include "shardstep/tensor.h"

enum {
    SCAN_STATS_MOST_BINS = 4096,
    SCAN_STATS_MOST_CHANNELS = 1024,
    SCAN_STATS_NO_AXIS = 0,            /* all elements together; axis 0 is that of the samples */
    SCAN_STATS_USUAL_AXIS = UINT16_MAX /* the last axis, if it is not the first and 2 to 4 long */
};

struct scan_stats_options {
    uint64_t channel_axis; /* axis of the array, 1 for the first axis of a sample, or as above */
    uint64_t bins;         /* most bins of a histogram, 1 … SCAN_STATS_MOST_BINS */
    struct scan_rows_how rows; /* the rows and the elements that count */
};

struct scan_stats {
    shs_tensor field;              /* type and shape of the rows that count; no name and no data */
    uint64_t all_rows;             /* rows in all files together */
    char listed[CORE_DIGEST_TEXT]; /* digest of the numbers of the rows that count; "" for all */
    struct scan_fill fill;         /* values that mean "missing", which are left out */
    uint64_t channel_axis;         /* 0: none */
    uint64_t channels;             /* 0 without a channel axis */
    struct scan_tally **channel;
    struct scan_tally *all; /* all channels together */
};

/* Collective. Reads an array in all files, as if they were one. Only the wanted rows count. Each
 * rank reads its share of rows twice, or once if the elements are integers of 8 or 16 bits. If the
 * files of two ranks differ in their rows or in what some rows hold, the result is an error that
 * names their hosts. A file that changes is refused if the number of elements that were counted is
 * wrong. On error *stats is NULL.
 */
shs_status scan_stats_make(shs_run *run, const struct io_paths *paths, const char *field,
                           const struct scan_stats_options *options, struct scan_stats **stats);

/* Frees statistics and sets *stats to NULL, which it may be already. */
void scan_stats_free(struct scan_stats **stats);

#endif
