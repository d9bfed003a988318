/* What commands that load batches share. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli.h"
#include "core_hash.h"

/* Collective. The dataset and loader that the options describe, at the first step. */
shs_status cli_open_loader(const struct cli_arguments *arguments, shs_run *run,
                           shs_dataset **dataset, shs_loader **loader);

/* A batch's hash: over its count, row numbers, then each field's rows, little-endian. */
struct core_digest cli_batch_digest(struct core_hash *hash, const shs_batch *batch);

#endif
