/* Loading of batches, for several commands. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli.h"
#include "core_hash.h"

/* Collective. Opens the dataset and the loader that the options describe, at the first step. The
 * caller closes both, also after an error. */
shs_status cli_open_loader(const struct cli_arguments *arguments, shs_run *run,
                           shs_dataset **dataset, shs_loader **loader);

/* The digest of a batch: its count, its row numbers, then the rows of each field, little-endian.
 * `hash` is reset first. */
struct core_digest cli_batch_digest(struct core_hash *hash, const shs_batch *batch);

#endif
