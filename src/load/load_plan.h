/* The plan of a loader: which rows each batch has, and from which place of the run they are
 * augmented. It is a function of the options and stays as it is once it is open, so any number of
 * lanes may follow it at once, each with a load_epoch of its own. */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include "load_failures.h"
#include "load_pushdown.h"
#include "shardstep/loader.h"

struct load_plan {
    struct load_order order;
    struct load_failures failures;
    struct load_pushdown pushdown;  /* which samples are read as boxes */
    const struct data_sample *what; /* what samples are made of */
    shs_augment_by augment_by;
    uint32_t stream;      /* the loader's number, which keeps its draws apart from other loaders' */
    uint64_t first_vrank; /* the first virtual rank that this rank hosts */
    uint64_t hosted;      /* number of virtual ranks that this rank hosts */
};

/* Local. Describes batch `number`, 0 … hosted - 1, of the step at a cursor. Only its row numbers,
 * which load_batch_fill() finds, and its fields are missing. */
shs_batch load_plan_batch(const struct load_plan *plan, shs_cursor cursor, uint64_t number);

/* Local. Returns the positions of the epoch's order that a batch takes. */
struct order_slice load_plan_slice(const struct load_plan *plan, const shs_batch *batch);

/* Local. Draws the spacings of the rows of a sample, the first that its place gives. `spacing` has
 * room for plan->what->n_spacings. */
void load_plan_spacings(const struct load_plan *plan, const shs_batch *batch, uint64_t slot,
                        uint64_t *spacing);

/* Local. Opens the stream that a row of a batch is augmented from, behind the draws of its
 * spacings. */
void load_plan_stream(const struct load_plan *plan, const shs_batch *batch, uint64_t slot,
                      shs_random *random);

#endif
