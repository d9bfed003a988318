/* The batches of an epoch, and the beginning of the JSON object, for all answers of `plan`. */
#include <stdio.h>

#include "cli_advice.h"
#include "cli_json.h"
#include "cli_plan.h"

shs_status cli_plan_walk(struct cli_plan *plan, cli_plan_visit *visit, void *user)
{
    const struct cli_arguments *arguments = plan->arguments;
    const struct order_shape *shape = &plan->order.order.shape;
    bool one_step = cli_given(arguments, "--step"), one_vrank = cli_given(arguments, "--rank");
    uint64_t end = one_step ? arguments->step + 1 : order_steps(shape);
    uint64_t first_vrank = one_vrank ? arguments->rank : 0;
    uint64_t end_vrank = one_vrank ? first_vrank + 1 : shape->vranks;
    for (uint64_t step = one_step ? arguments->step : 0; step < end; step++)
        for (uint64_t vrank = first_vrank; vrank < end_vrank && !ferror(stdout); vrank++) {
            struct order_slice slice = order_slice(shape, step, vrank);
            shs_status status = load_epoch_rows(&plan->epoch, vrank, slice, 1, plan->rows);
            if (!status) status = visit(user, step, vrank, slice);
            if (status) return status;
        }
    return SHS_OK;
}

void cli_plan_begin_json(const struct cli_plan *plan)
{
    const struct order_shape *shape = &plan->order.order.shape;
    cli_json_begin(NULL, '{');
    cli_json_u64("samples", plan->order.rows);
    cli_json_u64("seed", plan->arguments->seed);
    cli_json_u64("vranks", shape->vranks);
    cli_json_u64("batch", shape->batch);
    cli_json_text("shuffle", order_shuffle_name(plan->order.shuffle));
    cli_json_u64("block_rows", shape->block_rows);
    cli_json_u64("window_blocks", shape->window_blocks);
    cli_json_text("shard", order_shard_name(shape->shard));
    cli_json_text("tail", order_tail_name(shape->tail));
    cli_json_u64("epoch", plan->arguments->epoch);
    cli_json_u64("epoch_rows", shape->samples);
    cli_json_u64("steps", order_steps(shape));
    cli_advice_json(&plan->advice);
}
