/* Statistics of a field, alone or for each channel: the same bits on any number of ranks, for any
 * layout of the same data, and for any files that it is spread over. */
#ifndef SCAN_STATS_H
#define SCAN_STATS_H

#include "io_paths.h"
#include "mpi_run.h"
#include "scan_tally.h"
#include "shardstep/tensor.h"

enum {
    SCAN_STATS_MOST_BINS = 4096,
    SCAN_STATS_MOST_CHANNELS = 1024,
    SCAN_STATS_NO_AXIS = 0,            /* all elements together: axis 0 is that of the samples */
    SCAN_STATS_USUAL_AXIS = UINT16_MAX /* the last axis, if it is not the first and 2 to 4 long */
};

struct scan_stats_options {
    uint64_t channel_axis; /* of the dataset: 1 is the first one of a sample; or as above */
    uint64_t bins;         /* of a histogram, at most: 1 … SCAN_STATS_MOST_BINS */
};

struct scan_stats {
    shs_tensor field;      /* type and whole shape, of all files; no name, no data */
    uint64_t channel_axis; /* 0: none */
    uint64_t channels;     /* 0 without such an axis */
    struct scan_tally **channel;
    struct scan_tally *all; /* all channels together */
};

/* Collective. Reads the field of all files, as if they were one, twice (once if its elements are
 * integers of 8 or 16 bits), each rank its share of rows. Ranks whose files differ, in their rows
 * or in what some rows hold, are refused, with the names of their hosts; so is a file that changes,
 * as far as fewer or more elements were counted than there are. On error *stats is NULL. */
shs_status scan_stats_make(shs_run *run, const struct io_paths *paths, const char *field,
                           const struct scan_stats_options *options, struct scan_stats **stats);

/* Accepts a pointer to NULL; leaves NULL. */
void scan_stats_free(struct scan_stats **stats);

#endif
