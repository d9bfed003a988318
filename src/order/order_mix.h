/* The rows that the places of an epoch stand for, where an epoch is not each row once: rows are
 * repeated, or wait for another epoch, or are taken from several sources by a ratio. Pure.
 *
 * Source i has the rows [first_i, first_i + n_i) and, in each epoch, numbers [c_i, c_i + t_i) of
 * the epoch's M. It is walked in passes, each of which has all its rows once: number c_i + q of
 * epoch e is draw d = e * t_i + q of the source, in pass d div n_i at position d mod n_i. So each
 * of its rows has been drawn d div n_i times, or once more, at any point of the run.
 *
 * Passes are in the order of rows or, if they are permuted, each in one of its own: role 3 at
 * {block, 1 + i, low 32 bits of pass, purpose << 24 | next 24 of pass}, which are those of windows,
 * but no order has both. Of several sources the numbers are permuted as well, by the epoch's
 * permutation, so passes that lie wholly in one epoch stay in the order of rows. */
#ifndef ORDER_MIX_H
#define ORDER_MIX_H

#include "order.h"
#include "order_subset.h"

enum {
    ORDER_PASSES = 3 /* kept of a source: an epoch's first one, and two others in turn */
};

struct order_mix_source {
    uint64_t first, rows;
    uint64_t begin, takes; /* its numbers */
};

/* The mix of all epochs. Zeroed: each row once, under its own number. */
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
    const struct order_mix_source *source;
    uint64_t pass, at;
    struct order_pass passes[ORDER_PASSES];
};

/* One epoch of a mix, and the passes that were drawn for it. Zeroed, it is ready for
 * order_mix_begin(); if that is not called, each row comes once. Epochs share nothing that changes,
 * so threads may ask different ones at once. */
struct order_mix_epoch {
    const struct order_mix *of; /* borrowed; NULL: no epoch has begun */
    uint64_t number;
    size_t parts;
    struct order_mix_part *part; /* of each source */
};

/* Rows [bounds[i], bounds[i + 1]) are source i's. Of every sum(ratio) places ratio[i] are its own:
 * with C_i = ratio[0] + … + ratio[i - 1] and C all of them, its numbers are [M * C_i div C, M *
 * C_{i+1} div C). Refused: more than 2^56 places; a ratio of zeros; a source without rows that is
 * to give some; one that is to give each row 2^24 times or more. Copies what it is given. */
shs_status order_mix_open(struct order_mix *mix, const uint64_t *bounds, const uint64_t *ratio,
                          size_t sources, uint64_t places);

void order_mix_free(struct order_mix *mix);

/* Makes `epoch` the epoch of this number, below 2^32, of a mix that stays as it is for as long as
 * the epoch is asked. Costs nothing if it is that already. */
shs_status order_mix_begin(const struct order_mix *mix, uint64_t number,
                           struct order_mix_epoch *epoch);

void order_mix_epoch_free(struct order_mix_epoch *epoch);

/* Numbers of the epoch turned into rows, in place. */
shs_status order_mix_rows(struct order_mix_epoch *epoch, uint64_t *index, uint64_t count);

/* order_next_use() of rows, where `places` is the same epoch of the order of the numbers. Rows that
 * come ORDER_OFTEN times an epoch are told to come at once. Of a single source that is permuted
 * only the pass of now and the next one are looked at: rows that come in neither are told to come
 * when these are over. */
enum {
    ORDER_OFTEN = 16
};

uint64_t order_mix_next_use(struct order_mix_epoch *epoch, struct order_epoch *places,
                            uint64_t first, uint64_t count, uint64_t now, uint64_t first_vrank,
                            uint64_t vranks);

/* What an epoch's ledger must be, if every source gives each row equally often; false if not. The
 * rows are positions in `subset`. */
bool order_mix_ledger(const struct order_mix *mix, const struct order_subset *subset,
                      struct order_ledger *ledger);

#endif
