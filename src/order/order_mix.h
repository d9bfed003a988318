/* The rows that the places of an epoch stand for, if an epoch does not have each row once: rows are
 * repeated, or wait for another epoch, or are taken from several sources by a ratio. Pure.
 *
 * An epoch has M places, which have the numbers 0 to M - 1. Source i has the rows
 * [first_i, first_i + n_i) and, in each epoch, the numbers [c_i, c_i + t_i). It is walked in
 * passes, each of which has all its rows once: number c_i + q of epoch e is draw d = e * t_i + q of
 * the source, in pass d div n_i at position d mod n_i. So at any point of the run each row of the
 * source has been drawn d div n_i times, or once more.
 *
 * A pass has its rows in their order or, if passes are permuted, in an order of its own. The
 * permutation is that of order_permutation.h. It is drawn from role 3 at {block, 1 + i, low 32 bits
 * of pass, purpose << 24 | next 24 bits of pass}. Windows draw at the same places, but no order has
 * both permuted passes and windows.
 *
 * What is permuted depends on the shuffle:
 *
 * - full, one source: all passes are permuted. The numbers come in their order. If M is the number
 *   of rows, there are no passes: the order is that of order.h.
 * - full, several sources: the numbers come in the order that order.h gives to M rows, which is
 *   permuted. A pass that lies wholly in one epoch is not permuted; all others are.
 * - none and blocks: no pass is permuted. The numbers come in the order that order.h gives to M
 *   rows. */
#ifndef ORDER_MIX_H
#define ORDER_MIX_H

#include "order.h"
#include "order_subset.h"

enum {
    ORDER_PASSES = 3 /* passes kept of a source: the epoch's first, and two others in turn */
};

struct order_mix_source {
    uint64_t first, rows;  /* its rows are [first, first + rows) */
    uint64_t begin, takes; /* its numbers are [begin, begin + takes) */
};

/* The mix of all epochs. With a zeroed mix each row comes once, at the place with its own number.
 */
struct order_mix {
    bool permuted;
    uint64_t seed;
    uint32_t stream;
    size_t sources;
    struct order_mix_source *source;
};

/* A pass and its permutation. */
struct order_pass {
    bool drawn;
    uint64_t number;
    struct order_permutation permutation;
};

/* An epoch's part of a source: the pass and the position in it with which the epoch begins. */
struct order_mix_part {
    struct order_mix_source source; /* a copy, so that it lies beside what follows */
    uint64_t pass, at;
    struct order_pass passes[ORDER_PASSES];
};

/* One epoch of a mix, and the passes that were drawn for it. A zeroed struct is ready for
 * order_mix_begin(); without that call, each row comes once. Epochs share nothing that changes, so
 * several threads may each use another epoch at once. */
struct order_mix_epoch {
    const struct order_mix *of; /* borrowed; NULL: no epoch has begun */
    uint64_t number;
    size_t parts;
    struct order_mix_part *part; /* one part for each source */
};

/* Opens a mix of `places` places M. Source i has the rows [bounds[i], bounds[i + 1]) and the
 * numbers [M * C_i div C, M * C_{i+1} div C). Here C_i is ratio[0] + … + ratio[i - 1], and C is the
 * sum of the whole ratio. These are refused: more than 2^56 places; a ratio of zeros; a source
 * without rows that must give rows; a source that must give each row 2^24 times or more. The
 * arguments are copied. */
shs_status order_mix_open(struct order_mix *mix, const uint64_t *bounds, const uint64_t *ratio,
                          size_t sources, uint64_t places);

void order_mix_free(struct order_mix *mix);

/* Takes the memory for all permutations that will be drawn in any epoch of the mix, so that no more
 * is taken later. No epoch has begun. */
shs_status order_mix_reserve(const struct order_mix *mix, struct order_mix_epoch *epoch);

/* Makes `epoch` epoch number `number`, below 2^32, of the mix. The mix must not change while the
 * epoch is used. The call costs nothing if `epoch` is that epoch already. */
shs_status order_mix_begin(const struct order_mix *mix, uint64_t number,
                           struct order_mix_epoch *epoch);

void order_mix_epoch_free(struct order_mix_epoch *epoch);

/* Replaces numbers of the epoch by rows. */
shs_status order_mix_rows(struct order_mix_epoch *epoch, uint64_t *index, uint64_t count);

enum {
    ORDER_OFTEN = 16 /* times an epoch */
};

/* Returns order_next_use() of rows. `places` is the same epoch of the order of numbers. For rows
 * that come ORDER_OFTEN times an epoch or more, the result is the next moment. If there is a single
 * source and it is permuted, only the present pass and the next pass are looked at. For rows that
 * come in neither, the result is the end of these passes. */
uint64_t order_mix_next_use(struct order_mix_epoch *epoch, struct order_epoch *places,
                            uint64_t first, uint64_t count, uint64_t now, uint64_t first_vrank,
                            uint64_t vranks);

/* Computes what an epoch's ledger must be. Returns false if a source does not give each of its rows
 * equally often. The rows of the mix are positions in `subset`. */
bool order_mix_ledger(const struct order_mix *mix, const struct order_subset *subset,
                      struct order_ledger *ledger);

#endif
