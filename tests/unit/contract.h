/* How an epoch's positions are dealt out, word for word as the design has it, and slowly. Calls
 * nothing of what it is compared with. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "order_plan.h"

__extension__ typedef unsigned __int128 contract_wide;

/* total * part / parts, rounded down. */
static inline uint64_t contract_share(uint64_t total, uint64_t part, uint64_t parts)
{
    return (uint64_t)((contract_wide)total * part / parts);
}

/* True if each virtual rank walks a run of its own. */
static inline bool contract_has_runs(const struct order_shape *shape)
{
    return shape->shuffle == SHS_SHUFFLE_BLOCKS || shape->shard == SHS_SHARD_FIXED;
}

/* Steps of an epoch; 0 for one that is to be refused. */
static inline uint64_t contract_steps(const struct order_shape *shape)
{
    uint64_t least = shape->samples, most = 0, batch = shape->batch;
    if (!contract_has_runs(shape)) {
        least = most = shape->samples;
        batch *= shape->vranks;
    }
    for (uint64_t vrank = 0; vrank < shape->vranks && contract_has_runs(shape); vrank++) {
        uint64_t rows = contract_share(shape->samples, vrank + 1, shape->vranks) -
                        contract_share(shape->samples, vrank, shape->vranks);
        if (rows < least) least = rows;
        if (rows > most) most = rows;
    }
    if (shape->tail == SHS_TAIL_DROP) return least / batch;
    if (shape->tail == SHS_TAIL_PAD && !least) return 0;
    return most / batch + (most % batch != 0);
}

/* A batch: positions first … first + rows - 1 of a run that lies at [begin, end) of the epoch's
 * positions, of which the first `count` have weight 1. Position k of the run is k modulo its
 * length. */
struct contract_batch {
    uint64_t begin, end;
    uint64_t first, rows, count;
};

static inline struct contract_batch contract_batch(const struct order_shape *shape, uint64_t step,
                                                   uint64_t vrank)
{
    uint64_t samples = shape->samples, vranks = shape->vranks, batch = shape->batch;
    struct contract_batch it = {.end = samples, .first = (step * vranks + vrank) * batch};
    uint64_t asked = batch, left = samples - step * vranks * batch;
    if (contract_has_runs(shape)) {
        it.begin = contract_share(samples, vrank, vranks);
        it.end = contract_share(samples, vrank + 1, vranks);
        it.first = step * batch;
    } else if (shape->tail == SHS_TAIL_SHORT && left < vranks * batch) {
        it.first = samples - left + contract_share(left, vrank, vranks);
        asked = samples - left + contract_share(left, vrank + 1, vranks) - it.first;
    }
    for (uint64_t k = it.first; k < it.first + asked; k++) {
        it.count += k < it.end - it.begin;
        it.rows += k < it.end - it.begin || shape->tail == SHS_TAIL_PAD;
    }
    return it;
}

#endif
