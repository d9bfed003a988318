/* What `plan` is asked about: the order of an epoch, of a file's rows or of so many samples. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli.h"
#include "load_order.h"

struct cli_plan {
    const struct cli_arguments *arguments;
    shs_run *run; /* these two for a file only */
    shs_dataset *dataset;
    struct load_order order;
    struct load_epoch epoch;
    uint64_t *rows; /* of a batch */
};

/* What is done with a batch, whose rows are in plan->rows. */
typedef shs_status cli_plan_visit(void *user, uint64_t step, uint64_t vrank,
                                  struct order_slice slice);

/* The batches that --step and --rank choose, all of the epoch's without. Ends early, without an
 * error, if standard output has failed. */
shs_status cli_plan_walk(struct cli_plan *plan, cli_plan_visit *visit, void *user);

/* Begins the JSON object with what the plan is of. */
void cli_plan_begin_json(const struct cli_plan *plan);

/* --verify, --verify-step and --quality: the exit code. */
int cli_plan_verify(struct cli_plan *plan);
int cli_plan_verify_step(struct cli_plan *plan);
int cli_plan_quality(struct cli_plan *plan);

#endif
