/* The digests of a batch (XXH3-128): of its rows, of what was drawn for them, and of all that a
 * model sees. They are the same on any number of ranks and threads. */
#ifndef LOAD_DIGEST_H
#define LOAD_DIGEST_H

#include "core_hash.h"
#include "load.h"

/* The digest of the count and the row numbers of a batch, little-endian. `hash` is reset first. */
struct core_digest load_digest_rows(struct core_hash *hash, const shs_batch *batch);

/* The digest of the count, the row numbers, then the rows of each field, little-endian. `hash` is
 * reset first. */
struct core_digest load_digest_batch(struct core_hash *hash, const shs_batch *batch);

/* The digest of the draws of a batch, in the order of slots: the spacings of a sample, then what
 * each operator drew. An operator that was applied adds its number and two zeros. Each number that
 * it drew adds the operator's number + 2^32, which number of its value it is, and the double. An
 * operator of the program's own that drew adds its number + 2^33 and two zeros, and nothing is
 * known of the operators behind it. All numbers have 64 bits, little-endian. `hash` is reset first.
 * SHS_ERROR_MEMORY. */
shs_status load_digest_draws(const shs_loader *loader, struct core_hash *hash,
                             const shs_batch *batch, struct core_digest *digest);

#endif
