/* The rows of an epoch with the greatest losses. shardstep/record.h describes their file. */
#ifndef TRAIN_WORST_H
#define TRAIN_WORST_H

#include <stdint.h>

#include "core_status.h"
#include "mpi_run.h"

/* A row and its loss. */
struct train_noted {
    double loss;
    uint64_t row, step, epoch_step, vrank, slot;
};

/* A zeroed struct may be closed. */
struct train_worst {
    uint64_t most;             /* rows that are kept */
    struct train_noted *noted; /* the worst row is the last to go: see train_worst_add() */
    uint64_t count;
    struct train_noted *room; /* on rank 0: rows of one rank at a time, and then the merged rows */
    uint64_t epoch;           /* the epoch of the rows */
    uint64_t from;            /* the epoch step from which on rows were noted */
};

/* Local. Makes room for the `most` worst rows of an epoch. */
shs_status train_worst_open(uint64_t most, bool merges, struct train_worst *worst);

void train_worst_close(struct train_worst *worst);

/* Local. Begins an epoch, from this epoch step on, without rows. */
void train_worst_begin(struct train_worst *worst, uint64_t epoch, uint64_t from);

/* Local. Takes a row, unless `most` worse rows are kept. */
void train_worst_add(struct train_worst *worst, const struct train_noted *noted);

/* Local. Drops the rows of a step and later steps, which will come again. */
void train_worst_drop(struct train_worst *worst, uint64_t step);

/* Collective. Ends the epoch: rank 0 merges the rows of all ranks and writes them to the file, in
 * the place of this epoch and later epochs. Only rank 0 learns of an error of its file. */
shs_status train_worst_end(struct train_worst *worst, shs_run *run, const char *path);

#endif
