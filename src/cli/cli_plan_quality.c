/* shardstep plan --quality: measures how well an order mixes, beside a full shuffle of the same
 * run. */
#include <stdio.h>

#include "cli_json.h"
#include "cli_plan.h"
#include "order_quality.h"

struct qualities {
    uint64_t block_rows;
    struct order_quality own, full;
};

static shs_status measure(struct cli_plan *plan, struct qualities *qualities)
{
    const struct order *own = &plan->order.order;
    struct order full = {.shape = own->shape, .seed = own->seed};
    struct order_epoch epoch = {0};
    uint64_t given = own->shape.block_rows;
    qualities->block_rows = given ? given : own->shape.batch;
    full.shape.shuffle = SHS_SHUFFLE_FULL;
    full.shape.shard = SHS_SHARD_GLOBAL;
    shs_status status =
        order_quality_of(&plan->epoch.places, qualities->block_rows, &qualities->own);
    if (!status) status = order_begin(&full, plan->arguments->epoch, &epoch);
    if (!status) status = order_quality_of(&epoch, qualities->block_rows, &qualities->full);
    order_epoch_free(&epoch);
    return status;
}

static void print_measure(const char *what, double own, double full)
{
    printf("%-44s %10.1f %10.1f %10.3f\n", what, own, full, full > 0 ? own / full : 1);
}

static void print(const struct cli_plan *plan, const struct qualities *qualities)
{
    char what[64];
    printf("%-44s %10s %10s %10s\n", "", order_shuffle_name(plan->order.shuffle), "full", "ratio");
    snprintf(what, sizeof what, "blocks of %llu rows that a batch draws from",
             (ull)qualities->block_rows);
    print_measure(what, qualities->own.blocks, qualities->full.blocks);
    print_measure("steps between neighbouring rows", qualities->own.steps, qualities->full.steps);
}

static void print_json(const struct cli_plan *plan, const struct qualities *qualities)
{
    cli_plan_begin_json(plan);
    cli_json_u64("measured_block_rows", qualities->block_rows);
    cli_json_double("blocks_a_batch", qualities->own.blocks);
    cli_json_double("blocks_a_batch_full", qualities->full.blocks);
    cli_json_double("steps_between_neighbours", qualities->own.steps);
    cli_json_double("steps_between_neighbours_full", qualities->full.steps);
    cli_json_finish();
}

int cli_plan_quality(struct cli_plan *plan)
{
    struct qualities qualities;
    shs_status status = measure(plan, &qualities);
    if (!status && plan->arguments->json)
        print_json(plan, &qualities);
    else if (!status)
        print(plan, &qualities);
    return cli_exit_code(status);
}
