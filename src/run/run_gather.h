/* Samples of a dataset, gathered from the rows that they are made of. */
#ifndef RUN_GATHER_H
#define RUN_GATHER_H

#include "run_dataset.h"
#include "run_fetch.h"

struct run_gather;

/* For a dataset that stays open longer. On error *gather is NULL. */
shs_status run_gather_new(shs_dataset *dataset, struct run_gather **gather);

/* Accepts a pointer to NULL; leaves NULL. */
void run_gather_free(struct run_gather **gather);

/* Reads samples `index`, one after the other into to[f] for each field f. Files are opened and
 * looked at in the calling thread; foresight is given rows of sources, by their keys. */
shs_status run_gather(struct run_gather *gather, struct run_fetcher *fetcher, unsigned threads,
                      const uint64_t *index, uint64_t count, void *const *to,
                      const struct run_foresight *foresight);

/* The same for whole runs of samples, of a dataset with one field that is not ragged: those of rows
 * cost as little as one piece a run. */
shs_status run_gather_runs(struct run_gather *gather, struct run_fetcher *fetcher, unsigned threads,
                           const struct run_range *runs, size_t count, void *to);

#endif
