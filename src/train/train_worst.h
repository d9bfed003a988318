/* The rows of an epoch with the greatest losses. shardstep/record.h describes their file. */
#ifndef TRAIN_WORST_H
#define TRAIN_WORST_H

#include "mpi_run.h"
#include "train_worst_text.h"

/* A zeroed struct may be closed. */
struct train_worst {
    uint64_t most;             /* rows that are kept */
    struct train_noted *noted; /* a heap, whose first row is the least bad */
    uint64_t count;
    struct train_noted *fresh; /* the same of the step that goes on, which may come again */
    uint64_t n_fresh;
    struct train_noted *room; /* on rank 0: rows of one rank at a time, and then the merged rows */
    uint64_t epoch;           /* the epoch of the rows */
    uint64_t from;            /* the epoch step from which on rows were noted */
    uint64_t steps;           /* of the epoch */
};

/* Local. Makes room for the `most` worst rows of an epoch. */
shs_status train_worst_open(uint64_t most, bool merges, struct train_worst *worst);

/* Local. Tries whether a list can be written to this path, so that it is known before the first
 * epoch's end: the folder must take files, and a file that is there must be a list. */
shs_status train_worst_try(const char *path);

void train_worst_close(struct train_worst *worst);

/* Local. Begins an epoch of so many steps, from the epoch step `from` on, without rows. */
void train_worst_begin(struct train_worst *worst, uint64_t epoch, uint64_t from, uint64_t steps);

/* Local. Takes a row of the step that goes on, unless `most` worse rows of it are kept. */
void train_worst_add(struct train_worst *worst, const struct train_noted *noted);

/* Local. The step is done: its rows join those of the steps before, of which less bad ones may
 * go. */
void train_worst_keep_step(struct train_worst *worst);

/* Local. Forgets the rows of the step that goes on, which comes again. */
void train_worst_forget_step(struct train_worst *worst);

/* Collective. Rank 0 merges the rows of all steps that are done on all ranks, and writes them to
 * the file, in the place of this epoch and later epochs. If the epoch has not ended, `until` is the
 * epoch step that comes next, else 0. If the file has the part of the epoch before the step from
 * which on rows were noted, this part stays. Only rank 0 learns of an error of its file. */
shs_status train_worst_end(struct train_worst *worst, shs_run *run, const char *path,
                           uint64_t until);

#endif
