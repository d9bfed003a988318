/* Samples of a dataset, gathered from the rows that they are made of. */
#ifndef FETCH_GATHER_H
#define FETCH_GATHER_H

#include "data_dataset.h"
#include "fetch.h"

struct fetch_gather;

/* For a dataset that stays open longer. On error *gather is NULL. */
shs_status fetch_gather_new(shs_dataset *dataset, struct fetch_gather **gather);

/* Accepts a pointer to NULL; leaves NULL. */
void fetch_gather_free(struct fetch_gather **gather);

/* Reads samples `index`, one after the other into to[f] for each field f. Files are opened and
 * looked at in the calling thread, and held until their rows are there; foresight is given rows of
 * arrays, by their keys. *counts grows by what was done, also after an error. */
shs_status fetch_gather(struct fetch_gather *gather, const struct fetch_means *means,
                        const uint64_t *index, uint64_t count, void *const *to,
                        struct fetch_counts *counts);

/* The same for whole runs of samples, of a dataset with one field that is not ragged: those of rows
 * cost as little as one piece a run. */
shs_status fetch_gather_runs(struct fetch_gather *gather, const struct fetch_means *means,
                             const struct data_range *runs, size_t count, void *to,
                             struct fetch_counts *counts);

#endif
