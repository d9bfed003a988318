/* Samples of a dataset, gathered from the rows that they are made of.
 *
 * A gatherer serves one batch in flight, in three stages; any number of gatherers of a dataset may
 * be in flight:
 *
 *     prepare    in the caller's thread: finds the rows, and holds their files
 *     read_one   in the caller's thread, until there are no more: what only HDF5 can read
 *     fill       in any thread: the rest
 *     let_go     in the caller's thread, also after an error: gives the files back
 *
 * Rows of resident arrays need not be read or copied: fetch_gather_sample() tells where they are.
 */
#ifndef FETCH_GATHER_H
#define FETCH_GATHER_H

#include "core_box.h"
#include "data_dataset.h"
#include "fetch.h"
#include "fetch_need.h"

struct fetch_gather;

/* Makes a gatherer for a dataset that stays open longer. On error *gather is NULL. */
shs_status fetch_gather_new(shs_dataset *dataset, struct fetch_gather **gather);

/* Takes the memory that batches of this need take, so that no more is taken later. */
shs_status fetch_gather_reserve(struct fetch_gather *gather, const struct fetch_need *need);

/* Frees a gatherer and leaves NULL. Accepts a pointer to NULL. */
void fetch_gather_free(struct fetch_gather **gather);

/* Lets the samples of field f stay where they are in memory, if they are there. They are then not
 * written to to[f]. */
void fetch_gather_leave(struct fetch_gather *gather, size_t f);

/* Has only a box read of each sample of field f, from now on. The box of slot s is boxes[s], along
 * the axes of a sample, and goes to memory that lies s * stride bytes behind to[f]. `count` is the
 * most samples of a batch. The caller sets the boxes before it prepares a batch. The field's rows
 * are neither ragged nor resident, or the field decodes images without resizing them. */
shs_status fetch_gather_cut(struct fetch_gather *gather, size_t f, const struct core_box *boxes,
                            uint64_t count, size_t stride);

/* Sets the spacings of the samples that are prepared next: for each sample one of each spacing that
 * its dataset draws. The list is used while samples are prepared. NULL, as at first: the largest.
 */
void fetch_gather_space(struct fetch_gather *gather, const uint64_t *spacing);

/* Prepares to read the samples `index`. The samples of field f will be written to to[f], one after
 * the other; padding, masks and lengths of ragged fields are written at once. Files are opened,
 * looked at and held until fetch_gather_let_go(). Bounds of ragged samples and checksums that are
 * not in memory are read. If more files are needed than may be open, the rows of all but the last
 * files are read, too. What is read is read with `means`, which no other thread may use now.
 * *counts grows by what was done, also after an error. `index` is not used later. */
shs_status fetch_gather_prepare(struct fetch_gather *gather, const struct fetch_means *means,
                                const uint64_t *index, uint64_t count, void *const *to,
                                struct fetch_counts *counts);

/* Returns true if there are pieces that only HDF5 can read, and that have not been read yet. */
bool fetch_gather_has_more(struct fetch_gather *gather);

/* Reads the next piece that only HDF5 can read, if there is one. *more tells whether there are
 * others; they must be read before fetch_gather_fill(). */
shs_status fetch_gather_read_one(struct fetch_gather *gather, struct fetch_counts *counts,
                                 bool *more);

/* Reads what is left of the prepared samples, and compares all rows of theirs with their checksums.
 * May be called in any thread: it calls neither HDF5 nor MPI, and opens no file. Foresight is asked
 * about rows of arrays, by the arrays' keys. *counts grows by what was done, also after an error.
 */
shs_status fetch_gather_fill(struct fetch_gather *gather, const struct fetch_means *means,
                             struct fetch_counts *counts);

/* Returns where a sample of field f lies after fetch_gather_fill(): in to[f] or, if it may stay
 * there, in memory of the dataset. `slot` is its place in the list of samples. Valid until the
 * gatherer prepares other samples. May be called in any thread. */
const void *fetch_gather_sample(const struct fetch_gather *gather, size_t f, uint64_t slot);

/* Gives back the files of prepared samples, which need not have been filled. Nothing happens if
 * there are none. */
void fetch_gather_let_go(struct fetch_gather *gather);

/* Does all of this, one after the other, in the caller's thread. */
shs_status fetch_gather(struct fetch_gather *gather, const struct fetch_means *means,
                        const uint64_t *index, uint64_t count, void *const *to,
                        struct fetch_counts *counts);

/* Reads whole runs of samples like fetch_gather(), of a dataset with one field that is not ragged.
 * If a sample is a row, a run costs as little as one piece. */
shs_status fetch_gather_runs(struct fetch_gather *gather, const struct fetch_means *means,
                             const struct data_range *runs, size_t count, void *to,
                             struct fetch_counts *counts);

#endif
