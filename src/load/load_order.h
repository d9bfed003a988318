/* Which rows a loader delivers, and when: the order of an epoch's places, and what these stand for:
 * rows of the dataset or of a subset, each once, in passes or mixed, or drawn by weight. */
#ifndef LOAD_ORDER_H
#define LOAD_ORDER_H

#include "data_sample.h"
#include "load_weights.h"
#include "order_mix.h"

/* Constant once it is open, but for the memory that weights are read with. Zeroed it may be closed.
 */
struct load_order {
    struct order order;         /* of places; of rows, if it is neither mixed nor weighted */
    struct order_subset subset; /* in whose positions rows are counted until they are handed out */
    struct order_mix mix;       /* no sources: each row once */
    struct load_weights *weights; /* or NULL; its rows are the dataset's own */
    const char *weighting;        /* "array", "field" or "balance" */
    shs_shuffle shuffle; /* as asked for; that of `order` is none if places are in no order */
    uint64_t rows;       /* of the dataset or its subset */
    double part_from, part_to;
    uint64_t split_seed;
    struct order_ledger due; /* an epoch's */
    bool counts_only;        /* of which only the count is known */
};

/* One epoch of an order, and what was drawn of it. Zeroed, it is ready for load_epoch_begin(). Two
 * epochs may be asked side by side and, if the order has no weights, in different threads. */
struct load_epoch {
    const struct load_order *of; /* borrowed */
    struct order_epoch places;
    struct order_mix_epoch mix;
};

/* What the order is a function of, beside the options. */
struct load_order_how {
    uint64_t seed;
    uint64_t vranks;
    const uint64_t *bounds;         /* rows [bounds[i], bounds[i + 1]) are source i's */
    size_t sources;                 /* 1 … */
    uint64_t chunk_rows;            /* of a block, if the options do not say; 0: not known */
    const struct data_sample *what; /* that samples are made of; NULL: not known */
};

/* Local. All but weights. */
shs_status load_order_open(const struct load_order_how *how, const shs_loader_options *options,
                           struct load_order *order);

/* Collective. Finds the weights, if the options want some. */
shs_status load_order_weigh(shs_dataset *dataset, const shs_loader_options *options,
                            struct load_order *order);

void load_order_close(struct load_order *order);

/* Local. True if it takes random numbers. */
bool load_order_draws(const struct load_order *order);

/* Local. Makes `epoch` the epoch of this number, of an order that stays open longer; costs nothing
 * if it is that already. */
shs_status load_epoch_begin(const struct load_order *order, uint64_t number,
                            struct load_epoch *epoch);

/* Local. Accepts a zeroed epoch. */
void load_epoch_free(struct load_epoch *epoch);

/* Local. The rows of a slice of a virtual rank. Weights may be read, on so many threads. */
shs_status load_epoch_rows(struct load_epoch *epoch, uint64_t vrank, struct order_slice slice,
                           unsigned threads, uint64_t *index);

/* Local. True if load_epoch_next_use() can be asked. */
bool load_order_foresees(const struct load_order *order);

/* Local. order_next_use() of rows [first, first + count) of the dataset. The first `most` of them
 * are looked at; where these are past the others come some time. */
uint64_t load_epoch_next_use(struct load_epoch *epoch, uint64_t first, uint64_t count,
                             uint64_t most, uint64_t now, uint64_t first_vrank, uint64_t vranks);

/* Local. Puts what the order is made with in the place of what was asked for: numbers that were 0,
 * chosen rows and passes. The rows are borrowed from the order. */
void load_order_settle(const struct load_order *order, shs_loader_options *options);

/* Local. The lines of a fingerprint that say which rows there are. */
void load_order_describe(const struct load_order *order, struct core_text *text);

#endif
