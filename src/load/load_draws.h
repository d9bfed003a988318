/* The record of draws of a batch, as numbers. Safe in any thread. */
#ifndef LOAD_DRAWS_H
#define LOAD_DRAWS_H

#include "data_sample.h"
#include "shardstep/loader.h"

/* Makes a record of `rows` rows, to which no operator is applied yet. shs_draws_close() releases
 * it. Its names and layouts are the augmentation's and the sample's. On an error *draws is NULL. */
shs_status load_draws_new(const shs_augment *augment, const struct data_sample *what, uint64_t rows,
                          shs_draws **draws);

/* Enters the spacings of row `row`, one of each that its sample draws. */
void load_draws_space(shs_draws *draws, uint64_t row, const uint64_t *spacing);

/* Enters the draws of row `row` from its stream. The row is slot `slot` of a batch with `count`
 * rows of weight 1. SHS_ERROR_MEMORY. */
shs_status load_draws_enter(shs_draws *draws, uint64_t row, shs_random *stream, uint64_t slot,
                            uint64_t count);

#endif
