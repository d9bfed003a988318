/* shardstep plan: which rows each virtual rank takes. Arithmetic only: no data is read. */
#include <stdio.h>

#include "cli.h"
#include "cli_json.h"
#include "core_memory.h"
#include "mpi_job.h"
#include "order_quality.h"
#include "run_dataset.h"

typedef unsigned long long ull;

struct plan {
    const struct cli_arguments *arguments;
    struct order order;
    uint64_t *rows;      /* of a batch */
    unsigned char *seen; /* --verify: a bit a row */
    uint64_t covered;
    uint64_t repeated;
};

/* Samples of a file, and the rows of its blocks: as the loader finds them. */
static shs_status look_at_file(const struct cli_arguments *arguments, struct order_shape *shape)
{
    shs_run *run = NULL;
    shs_dataset *dataset = NULL;
    const shs_dataset_options how = {.one_sample_a_file = arguments->one_sample_a_file};
    shs_status status = mpi_job_open_alone(&(struct mpi_job_options){0}, &run);
    if (!status)
        status = shs_dataset_open(run, arguments->plain[0], arguments->fields, &how, &dataset);
    if (!status) {
        shape->samples = shs_dataset_samples(dataset);
        if (!shape->block_rows) shape->block_rows = run_dataset_block_rows(dataset);
    }
    shs_dataset_close(&dataset);
    mpi_job_close(&run);
    return status;
}

static shs_status find_samples(const struct cli_arguments *arguments, struct order_shape *shape)
{
    bool counted = cli_given(arguments, "--samples");
    shape->samples = arguments->samples;
    if (counted == (arguments->n_plain == 1))
        return core_fail(SHS_ERROR_ARGUMENT, "give either a file or --samples N");
    if (!counted && !arguments->fields)
        return core_fail(SHS_ERROR_ARGUMENT, "give --fields: those that the loader reads");
    if (!counted) return look_at_file(arguments, shape);
    if (shape->shuffle == SHS_SHUFFLE_BLOCKS && !shape->block_rows)
        return core_fail(SHS_ERROR_ARGUMENT, "there is no chunk: give --block-rows");
    return SHS_OK;
}

static void print_slice(const struct plan *plan, uint64_t step, uint64_t vrank,
                        struct order_slice slice)
{
    printf("%llu %llu %llu", (ull)step, (ull)vrank, (ull)slice.count);
    for (uint64_t i = 0; i < slice.rows; i++)
        printf(" %llu", (ull)plan->rows[i]);
    printf("\n");
}

/* Counts rows whose turn, by the inverse order, is another one: none if no other batch of the epoch
 * takes a row of this one. */
static shs_status verify_turns(struct plan *plan, uint64_t step, uint64_t vrank,
                               struct order_slice slice)
{
    for (uint64_t i = 0; i < slice.count; i++) {
        struct order_turn turn;
        shs_status status = order_turn_of(&plan->order, plan->rows[i], &turn);
        if (status) return status;
        bool same = !turn.waits && turn.epoch_step == step && turn.vrank == vrank && turn.slot == i;
        plan->covered += same;
        plan->repeated += !same;
    }
    return SHS_OK;
}

/* Rows of weight 0 are repeats on purpose. */
static void verify_slice(struct plan *plan, struct order_slice slice)
{
    for (uint64_t i = 0; i < slice.count; i++) {
        uint64_t row = plan->rows[i];
        unsigned char bit = (unsigned char)(1u << row % 8);
        if (plan->seen[row / 8] & bit)
            plan->repeated++;
        else
            plan->covered++;
        plan->seen[row / 8] |= bit;
    }
}

static shs_status visit_step(struct plan *plan, uint64_t step)
{
    const struct cli_arguments *arguments = plan->arguments;
    uint64_t vrank = 0, end = plan->order.shape.vranks;
    if (cli_given(arguments, "--rank")) {
        vrank = arguments->rank;
        end = vrank + 1;
    }
    for (; vrank < end && !ferror(stdout); vrank++) {
        struct order_slice slice = order_slice(&plan->order.shape, step, vrank);
        shs_status status = order_rows(&plan->order, vrank, slice, plan->rows);
        if (status) return status;
        if (arguments->verify_step)
            status = verify_turns(plan, step, vrank, slice);
        else if (arguments->verify)
            verify_slice(plan, slice);
        else
            print_slice(plan, step, vrank, slice);
        if (status) return status;
    }
    return SHS_OK;
}

static shs_status check_choice(const struct plan *plan)
{
    const struct cli_arguments *arguments = plan->arguments;
    uint64_t steps = order_steps(&plan->order.shape);
    if (cli_given(arguments, "--step") && arguments->step >= steps)
        return core_fail(SHS_ERROR_ARGUMENT, "--step is %llu; an epoch has steps 0 to %llu",
                         (ull)arguments->step, (ull)(steps - 1));
    if (cli_given(arguments, "--rank") && arguments->rank >= plan->order.shape.vranks)
        return core_fail(SHS_ERROR_ARGUMENT, "--rank is %llu; there are virtual ranks 0 to %llu",
                         (ull)arguments->rank, (ull)(plan->order.shape.vranks - 1));
    if (arguments->epoch > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT, "--epoch is %llu; it must be below 2^32",
                         (ull)arguments->epoch);
    if (arguments->verify && (cli_given(arguments, "--step") || cli_given(arguments, "--rank")))
        return core_fail(SHS_ERROR_ARGUMENT, "--verify takes a whole epoch: leave out --step and "
                                             "--rank");
    if (arguments->json && !arguments->quality)
        return core_fail(SHS_ERROR_ARGUMENT, "--json needs --quality: the plan's own lines are "
                                             "numbers already");
    if (arguments->verify_step && !cli_given(arguments, "--step"))
        return core_fail(SHS_ERROR_ARGUMENT, "--verify-step needs --step");
    return SHS_OK;
}

static shs_status open_plan(struct plan *plan)
{
    const struct cli_arguments *arguments = plan->arguments;
    shs_loader_options options = {0};
    shs_status status = cli_order(arguments, &options);
    if (status) return status;
    plan->order.seed = arguments->seed;
    plan->order.shape =
        (struct order_shape){.vranks = cli_given(arguments, "--vranks") ? arguments->vranks : 1,
                             .batch = options.batch,
                             .shuffle = options.shuffle,
                             .shard = options.shard,
                             .tail = options.tail,
                             .block_rows = options.block_rows,
                             .window_blocks = options.window_blocks ? options.window_blocks : 16};
    status = find_samples(arguments, &plan->order.shape);
    if (status) return status;
    status = order_check(&plan->order.shape);
    if (!status) status = check_choice(plan);
    if (!status) status = order_begin(&plan->order, arguments->epoch);
    if (!status)
        status = core_new(order_most_rows(&plan->order.shape), sizeof *plan->rows, "a batch's rows",
                          &plan->rows);
    if (!status && arguments->verify)
        status = core_new((size_t)(plan->order.shape.samples / 8 + 1), 1, "a bit for each row",
                          &plan->seen);
    return status;
}

/* The exit code: what --verify-step has found. */
static int print_turns(const struct plan *plan)
{
    printf("epoch %llu, step %llu: %llu rows whose only turn is this one, %llu with another: %s\n",
           (ull)plan->arguments->epoch, (ull)plan->arguments->step, (ull)plan->covered,
           (ull)plan->repeated, plan->repeated ? "WRONG" : "good");
    return plan->repeated ? CLI_DIFFERENT : CLI_DONE;
}

/* The exit code: what --verify has found. */
static int print_verdict(const struct plan *plan)
{
    const struct order_shape *shape = &plan->order.shape;
    uint64_t all = order_steps(shape) * shape->vranks * shape->batch;
    uint64_t expected = plan->order.shape.tail == SHS_TAIL_DROP ? all : plan->order.shape.samples;
    bool good = plan->covered == expected && plan->repeated == 0;
    printf("epoch %llu: %llu of %llu rows exactly once, %llu repeated%s: %s\n",
           (ull)plan->arguments->epoch, (ull)plan->covered, (ull)plan->order.shape.samples,
           (ull)plan->repeated,
           plan->order.shape.tail == SHS_TAIL_DROP ? ", the others wait (tail drop)" : "",
           good ? "good" : "WRONG");
    return good ? CLI_DONE : CLI_DIFFERENT;
}

/* ---- --quality: beside a full shuffle of the same run. */

struct qualities {
    uint64_t block_rows;
    struct order_quality own, full;
};

static shs_status measure_quality(struct plan *plan, struct qualities *qualities)
{
    struct order full = {.shape = plan->order.shape, .seed = plan->order.seed};
    uint64_t given = plan->order.shape.block_rows;
    qualities->block_rows = given ? given : plan->order.shape.batch;
    full.shape.shuffle = SHS_SHUFFLE_FULL;
    full.shape.shard = SHS_SHARD_GLOBAL;
    shs_status status = order_quality_of(&plan->order, qualities->block_rows, &qualities->own);
    if (!status) status = order_begin(&full, plan->arguments->epoch);
    if (!status) status = order_quality_of(&full, qualities->block_rows, &qualities->full);
    order_free(&full);
    return status;
}

static void print_measure(const char *what, double own, double full)
{
    printf("%-44s %10.1f %10.1f %10.3f\n", what, own, full, full > 0 ? own / full : 1);
}

static void print_quality(const struct plan *plan, const struct qualities *qualities)
{
    char what[64];
    printf("%-44s %10s %10s %10s\n", "", order_shuffle_name(plan->order.shape.shuffle), "full",
           "ratio");
    snprintf(what, sizeof what, "blocks of %llu rows that a batch draws from",
             (ull)qualities->block_rows);
    print_measure(what, qualities->own.blocks, qualities->full.blocks);
    print_measure("steps between neighbouring rows", qualities->own.steps, qualities->full.steps);
}

static void print_quality_json(const struct plan *plan, const struct qualities *qualities)
{
    const struct order_shape *shape = &plan->order.shape;
    cli_json_begin(NULL, '{');
    cli_json_u64("samples", shape->samples);
    cli_json_u64("vranks", shape->vranks);
    cli_json_u64("batch", shape->batch);
    cli_json_u64("steps", order_steps(shape));
    cli_json_text("shuffle", order_shuffle_name(shape->shuffle));
    cli_json_u64("block_rows", qualities->block_rows);
    cli_json_u64("window_blocks", shape->window_blocks);
    cli_json_double("blocks_a_batch", qualities->own.blocks);
    cli_json_double("blocks_a_batch_full", qualities->full.blocks);
    cli_json_double("steps_between_neighbours", qualities->own.steps);
    cli_json_double("steps_between_neighbours_full", qualities->full.steps);
    cli_json_finish();
}

static int tell_quality(struct plan *plan)
{
    struct qualities qualities;
    shs_status status = measure_quality(plan, &qualities);
    if (!status && plan->arguments->json)
        print_quality_json(plan, &qualities);
    else if (!status)
        print_quality(plan, &qualities);
    return cli_exit_code(status);
}

static int run_alone(const struct cli_arguments *arguments)
{
    struct plan plan = {.arguments = arguments};
    int code = CLI_ERROR;
    shs_status status = open_plan(&plan);
    if (status) {
        code = cli_exit_code(status);
    } else if (arguments->quality) {
        code = tell_quality(&plan);
    } else {
        uint64_t step = 0, end = order_steps(&plan.order.shape);
        if (cli_given(arguments, "--step")) {
            step = arguments->step;
            end = step + 1;
        }
        for (; step < end && !status && !ferror(stdout); step++)
            status = visit_step(&plan, step);
        if (status)
            code = cli_exit_code(status);
        else if (arguments->verify_step)
            code = print_turns(&plan);
        else
            code = arguments->verify ? print_verdict(&plan) : CLI_DONE;
    }
    order_free(&plan.order);
    core_free(&plan.rows);
    core_free(&plan.seen);
    return code;
}

static int run(const struct cli_arguments *arguments)
{
    return mpi_job_rank() == 0 ? run_alone(arguments) : CLI_DONE;
}

const struct cli_command cli_plan = {
    .name = "plan",
    .usage = "FILE --fields A | --samples N [options]",
    .summary = "prints which rows each virtual rank takes: STEP RANK COUNT ROW ROW ...",
    .options = "--fields --one-sample-a-file --samples --seed --vranks --batch --shuffle "
               "--block-rows --window-blocks "
               "--shard --tail --epoch --step "
               "--rank --verify --verify-step --quality --json",
    .most_plain = 1,
    .run = run,
};
