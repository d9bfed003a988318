/* Which rows a loader delivers, and when. An epoch is a sequence of places in an order. Each place
 * stands for a row of the dataset or of a subset: each row comes once, or in passes, or mixed from
 * sources, or drawn by weight. */
#ifndef LOAD_ORDER_H
#define LOAD_ORDER_H

#include "data_dataset.h"
#include "load_weights.h"
#include "order_mix.h"

enum {
    LOAD_BATCH = 32 /* rows of a batch unless the user says otherwise */
};

/* An open order does not change, except the memory that weights are read with. A zeroed struct may
 * be closed. */
struct load_order {
    struct order order; /* order of places, which are rows if there are no mix and no weights */
    struct order_subset subset;   /* rows are positions in the subset until they are handed out */
    struct order_mix mix;         /* without sources if each row comes once */
    struct load_weights *weights; /* NULL: none; they draw rows of the dataset, not of the subset */
    const char *weighting;        /* "array", "field" or "balance"; NULL: no weights */
    shs_shuffle shuffle; /* the option; the shuffle of `order` is none if places need no order */
    uint64_t rows;       /* number of rows of the dataset or its subset */
    double part_from, part_to;
    uint64_t split_seed, part_block;
    struct order_ledger due; /* what the ledger must be after an epoch */
    bool counts_only;        /* true if only the number of rows in `due` is known */
};

/* One epoch of an order, and the permutations that were drawn for it. A zeroed struct is ready for
 * load_epoch_begin(). Two epochs may be used side by side and, if the order has no weights, in
 * different threads. */
struct load_epoch {
    const struct load_order *of; /* borrowed */
    struct order_epoch places;
    struct order_mix_epoch mix;
};

/* What the order is a function of, beside the options. */
struct load_order_how {
    uint64_t seed;
    uint64_t vranks;
    const uint64_t *bounds;     /* source i has the rows [bounds[i], bounds[i + 1]) */
    size_t sources;             /* number of sources, at least 1 */
    uint64_t chunk_rows;        /* rows of a block if the options do not say; 0: not known */
    const shs_dataset *dataset; /* what samples are made of; NULL: not known */
};

/* Local. Opens an order, without its weights. After an error the order may be closed. */
shs_status load_order_open(const struct load_order_how *how, const shs_loader_options *options,
                           struct load_order *order);

/* Collective. Finds the weights, if the options want some. */
shs_status load_order_weigh(shs_dataset *dataset, const shs_loader_options *options,
                            struct load_order *order);

void load_order_close(struct load_order *order);

/* Local. Returns true if the order draws random numbers. */
bool load_order_draws(const struct load_order *order);

/* Local. Takes the memory for all permutations that a loader of these virtual ranks will draw, so
 * that no more is taken later. */
shs_status load_epoch_reserve(const struct load_order *order, uint64_t first_vrank, uint64_t vranks,
                              struct load_epoch *epoch);

/* Local. Makes `epoch` epoch number `number` of the order, which stays open longer. This costs
 * nothing if `epoch` is that epoch already. */
shs_status load_epoch_begin(const struct load_order *order, uint64_t number,
                            struct load_epoch *epoch);

/* Local. Accepts a zeroed epoch. */
void load_epoch_free(struct load_epoch *epoch);

/* Local. Writes the rows of a virtual rank's slice to `index`. Weights may be read for this, on
 * `threads` threads. */
shs_status load_epoch_rows(struct load_epoch *epoch, uint64_t vrank, struct order_slice slice,
                           unsigned threads, uint64_t *index);

/* Local. Returns true if load_epoch_next_use() may be called: there are no weights. */
bool load_order_foresees(const struct load_order *order);

/* Local. Returns order_next_use() of rows [first, first + count) of the dataset. Only the first
 * `most` of these rows in the subset are looked at. If none of them is used again, and there are
 * more rows, the result is ORDER_NEVER - 1, which means at some time. */
uint64_t load_epoch_next_use(struct load_epoch *epoch, uint64_t first, uint64_t count,
                             uint64_t most, uint64_t now, uint64_t first_vrank, uint64_t vranks);

/* Local. Replaces options by what the order made of them: numbers that were 0, the subset's rows,
 * and the rows of an epoch. The list of rows is borrowed from the order. */
void load_order_settle(const struct load_order *order, shs_loader_options *options);

/* Local. Adds the lines of a fingerprint that say which rows there are. */
void load_order_describe(const struct load_order *order, struct core_text *text);

#endif
