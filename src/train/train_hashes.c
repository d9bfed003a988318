#include "train_hashes.h"

#include "load_digest.h"

shs_status train_hashes_of(const shs_loader *loader, struct core_hash *hash, const shs_batch *batch,
                           bool whole, struct train_hashes *hashes)
{
    *hashes = (struct train_hashes){0};
    hashes->part[TRAIN_CHAIN_ROWS] = load_digest_rows(hash, batch);
    if (whole) hashes->part[TRAIN_CHAIN_BATCH] = load_digest_batch(hash, batch);
    return load_digest_draws(loader, hash, batch, &hashes->part[TRAIN_CHAIN_DRAWS]);
}

void train_hashes_join(struct core_hash *hash, const struct train_hashes *all, uint64_t vranks,
                       enum train_chain_part part, char text[CORE_DIGEST_TEXT])
{
    core_hash_reset(hash);
    for (uint64_t vrank = 0; vrank < vranks; vrank++)
        core_hash_add(hash, &all[vrank].part[part], sizeof all[vrank].part[part]);
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, text);
}
