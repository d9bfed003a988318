/* Samples of a dataset, gathered from the rows that they are made of. */
#ifndef FETCH_GATHER_H
#define FETCH_GATHER_H

#include "data_dataset.h"
#include "fetch.h"

struct fetch_gather;

/* Makes a gatherer for a dataset that stays open longer. On error *gather is NULL. */
shs_status fetch_gather_new(shs_dataset *dataset, struct fetch_gather **gather);

/* Frees a gatherer and leaves NULL. Accepts a pointer to NULL. */
void fetch_gather_free(struct fetch_gather **gather);

/* Reads the samples `index`. The samples of field f are written to to[f], one after the other.
 * Files are opened and looked at in the calling thread, and held until their rows are there.
 * Foresight is asked about rows of arrays, by the arrays' keys. *counts grows by what was done,
 * also after an error. */
shs_status fetch_gather(struct fetch_gather *gather, const struct fetch_means *means,
                        const uint64_t *index, uint64_t count, void *const *to,
                        struct fetch_counts *counts);

/* Reads whole runs of samples in the same way, of a dataset with one field that is not ragged. If a
 * sample is a row, a run costs as little as one piece. */
shs_status fetch_gather_runs(struct fetch_gather *gather, const struct fetch_means *means,
                             const struct data_range *runs, size_t count, void *to,
                             struct fetch_counts *counts);

#endif
