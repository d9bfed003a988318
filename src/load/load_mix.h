/* Augmentations that mix the samples of a batch: see augment_mix.h. */
#ifndef LOAD_MIX_H
#define LOAD_MIX_H

#include "load_tools.h"

struct load_batch;

/* Memory of a batch for what the operators before mixing leave. A zeroed struct may be freed, and
 * is all that other augmentations need. */
struct load_mix {
    void *samples[SHS_MAX_FIELDS]; /* the samples of fields that are changed before mixing and again
                                      later; else NULL */
    size_t bytes[SHS_MAX_FIELDS];  /* bytes of one of them */
    shs_random *streams;           /* the stream of each slot */
};

/* Local. Allocates memory for batches of up to `rows` rows. After an error it may be freed. */
shs_status load_mix_new(const shs_augment *augment, uint64_t rows, struct load_mix *mix);

void load_mix_free(struct load_mix *mix);

/* Returns the bytes that load_mix_new() takes, with what the memory's owner adds. */
uint64_t load_mix_bytes(const shs_augment *augment, uint64_t rows);

/* SHS_ERROR_ARGUMENT for an augmentation that mixes samples beside an option that excludes it. */
shs_status load_mix_check(const shs_augment *augment, const shs_loader_options *options);

/* Local. Augments all rows of a batch, which have been read, with an augmentation that mixes. Sets
 * the partners and their shares. */
shs_status load_mix_augment(struct load_tools *tools, const struct load_plan *plan,
                            struct load_batch *batch);

#endif
