/* Comparisons of tensors over the ranks of a run. */
#ifndef TRAIN_COMPARE_H
#define TRAIN_COMPARE_H

#include "mpi_run.h"
#include "shardstep/tensor.h"

/* Hashes of a list of things, which are to be the same on every rank. */
struct train_compare {
    uint64_t *hashes; /* one of each thing; the caller sets them */
    size_t count;
    uint64_t *greatest; /* room for the comparison */
};

/* Local. Makes room for `count` hashes. The caller frees it by train_compare_free(), also after an
 * error. */
shs_status train_compare_new(size_t count, struct train_compare *compare);
void train_compare_free(struct train_compare *compare);

/* Collective. Sets *first to the number of the first hash that is not the same on every rank, or to
 * their count. */
shs_status train_compare_all(shs_run *run, struct train_compare *compare, size_t *first);

/* Local. A hash of a tensor's name, type and shape. */
uint64_t train_compare_shape(const shs_tensor *tensor);

/* Collective. The error that tensor number `t` has another name, type or shape than on rank 0.
 * `call` is the public function. */
shs_status train_compare_tell_shape(shs_run *run, const char *call, size_t t,
                                    const shs_tensor *tensor);

/* Local. Refuses a run whose ranks cannot talk to each other. */
shs_status train_compare_together(const shs_run *run);

#endif
