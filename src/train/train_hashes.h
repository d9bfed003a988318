/* The hashes of the batches of a step: those that a log has of the loader's part. */
#ifndef TRAIN_HASHES_H
#define TRAIN_HASHES_H

#include "load.h"
#include "train_chain.h"

enum {
    TRAIN_HASHES = TRAIN_CHAIN_BATCH + 1 /* rows, draws and the batch */
};

/* The hashes of a virtual rank's batch. */
struct train_hashes {
    struct core_digest part[TRAIN_HASHES];
};

/* Local. Makes the hashes of a batch; that of its elements only if `whole` is true.
 * SHS_ERROR_MEMORY.
 */
shs_status train_hashes_of(const shs_loader *loader, struct core_hash *hash, const shs_batch *batch,
                           bool whole, struct train_hashes *hashes);

/* Joins the hashes of all virtual ranks to the word of a line. */
void train_hashes_join(struct core_hash *hash, const struct train_hashes *all, uint64_t vranks,
                       enum train_chain_part part, char text[CORE_DIGEST_TEXT]);

#endif
