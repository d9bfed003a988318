/* The order of an epoch that `plan` prints or examines, for a dataset or for a number of samples.
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli.h"
#include "load_advice.h"
#include "load_order.h"

struct cli_plan {
    const struct cli_arguments *arguments;
    shs_run *run;         /* NULL for a number of samples */
    shs_dataset *dataset; /* NULL for a number of samples */
    struct load_order order;
    struct load_epoch epoch;
    uint64_t *rows; /* the rows of a batch */
    struct load_advice advice;
};

/* A function that is called for a batch, whose rows are in plan->rows. An error ends the walk. */
typedef shs_status cli_plan_visit(void *user, uint64_t step, uint64_t vrank,
                                  struct order_slice slice);

/* Visits the batches that --step and --rank choose, or all batches of the epoch. The walk ends
 * early, without an error, if standard output has failed. */
shs_status cli_plan_walk(struct cli_plan *plan, cli_plan_visit *visit, void *user);

/* Begins the JSON object with the seed, the shape and the number of the epoch. */
void cli_plan_begin_json(const struct cli_plan *plan);

/* Answers --verify, and returns the exit code. */
int cli_plan_verify(struct cli_plan *plan);

/* Answers --verify-step, and returns the exit code. */
int cli_plan_verify_step(struct cli_plan *plan);

/* Answers --quality, and returns the exit code. */
int cli_plan_quality(struct cli_plan *plan);

#endif
