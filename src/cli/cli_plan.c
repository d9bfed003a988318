/* shardstep plan: the rows that each virtual rank takes. It reads no data except weights. */
#include "cli_plan.h"

#include <stdio.h>

#include "cli_advice.h"
#include "cli_json.h"
#include "core_memory.h"
#include "mpi_job.h"

/* ---- Opening. */

static shs_status check_source(const struct cli_arguments *arguments)
{
    const shs_sampling *sampling = &arguments->loader.sampling;
    bool counted = cli_given(arguments, "--samples");
    if (counted == (arguments->n_plain == 1))
        return core_fail(SHS_ERROR_ARGUMENT, "give either a file or --samples N");
    if (!counted && !arguments->fields)
        return core_fail(SHS_ERROR_ARGUMENT, "give --fields: those that the loader reads");
    if (counted && (arguments->mix || sampling->weight_field || sampling->balance))
        return core_fail(SHS_ERROR_ARGUMENT, "--mix, --weights and --balance need a file, which "
                                             "has the sources or the field");
    return SHS_OK;
}

static shs_status check_question(const struct cli_arguments *arguments)
{
    const shs_sampling *sampling = &arguments->loader.sampling;
    bool once = !arguments->mix && sampling->repeats < 2 && !sampling->epoch_rows;
    bool drawn = sampling->weight_field || sampling->balance;
    if (arguments->verify + arguments->verify_step + arguments->quality > 1)
        return core_fail(SHS_ERROR_ARGUMENT, "--verify, --verify-step and --quality are three "
                                             "questions; ask one");
    if (drawn && (arguments->verify || arguments->verify_step || arguments->quality))
        return core_fail(SHS_ERROR_ARGUMENT, "rows drawn by weight may come any number of times: "
                                             "there is nothing to verify; leave that out");
    if (!once && (arguments->verify_step || arguments->quality))
        return core_fail(SHS_ERROR_ARGUMENT, "--verify-step and --quality are for epochs of each "
                                             "row once; use --verify");
    if (arguments->verify && (cli_given(arguments, "--step") || cli_given(arguments, "--rank")))
        return core_fail(SHS_ERROR_ARGUMENT, "--verify takes a whole epoch: leave out --step and "
                                             "--rank");
    if (arguments->verify_step && !cli_given(arguments, "--step"))
        return core_fail(SHS_ERROR_ARGUMENT, "--verify-step needs --step");
    return SHS_OK;
}

static shs_status check_choice(const struct cli_arguments *arguments,
                               const struct order_shape *shape)
{
    uint64_t steps = order_steps(shape);
    if (cli_given(arguments, "--step") && arguments->step >= steps)
        return core_fail(SHS_ERROR_ARGUMENT, "--step is %llu; an epoch has steps 0 to %llu",
                         (ull)arguments->step, (ull)(steps - 1));
    if (cli_given(arguments, "--rank") && arguments->rank >= shape->vranks)
        return core_fail(SHS_ERROR_ARGUMENT, "--rank is %llu; there are virtual ranks 0 to %llu",
                         (ull)arguments->rank, (ull)(shape->vranks - 1));
    if (arguments->epoch > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT, "--epoch is %llu; it must be below 2^32",
                         (ull)arguments->epoch);
    return SHS_OK;
}

/* Opens the dataset as a loader does. */
static shs_status open_file(struct cli_plan *plan)
{
    const struct cli_arguments *arguments = plan->arguments;
    const shs_run_options job = {.seed = arguments->seed, .vranks = arguments->vranks};
    const shs_dataset_options how = {.cache_bytes = arguments->cache_bytes,
                                     .one_sample_a_file = arguments->one_sample_a_file,
                                     .cf = arguments->cf};
    shs_status status = mpi_job_open_alone(&job, &plan->run);
    if (status) return status;
    return shs_dataset_open(plan->run, arguments->plain[0], arguments->fields, &how,
                            &plan->dataset);
}

static shs_status open_order(struct cli_plan *plan, const shs_loader_options *options)
{
    const struct cli_arguments *arguments = plan->arguments;
    const uint64_t samples[] = {0, arguments->samples};
    bool blocks = options->shuffle == SHS_SHUFFLE_BLOCKS;
    struct load_order_how how = {.seed = arguments->seed,
                                 .vranks = cli_given(arguments, "--vranks") ? arguments->vranks : 1,
                                 .bounds = samples,
                                 .sources = 1};
    if (plan->dataset) {
        how.bounds = plan->dataset->bounds;
        how.sources = plan->dataset->files.paths.sources;
        how.dataset = plan->dataset;
        if (blocks) how.chunk_rows = data_dataset_block_rows(plan->dataset);
    } else if (blocks && !options->blocks.rows) {
        return core_fail(SHS_ERROR_ARGUMENT, "there is no chunk: give --block-rows");
    }
    shs_status status = load_order_open(&how, options, &plan->order);
    if (status || !plan->dataset) return status;
    status = load_order_weigh(plan->dataset, options, &plan->order);
    return status ? status : load_advise(plan->dataset, &plan->order, &plan->advice);
}

static shs_status open_plan(struct cli_plan *plan)
{
    const struct cli_arguments *arguments = plan->arguments;
    const struct order_shape *shape = &plan->order.order.shape;
    struct cli_order order = {0};
    shs_status status = cli_order(arguments, &order);
    if (!status) status = check_source(arguments);
    if (!status) status = check_question(arguments);
    if (!status && arguments->n_plain) status = open_file(plan);
    if (!status) status = open_order(plan, &order.options);
    cli_order_free(&order);
    if (!status) status = check_choice(arguments, shape);
    if (!status) status = load_epoch_begin(&plan->order, arguments->epoch, &plan->epoch);
    if (status) return status;
    return core_new(order_most_rows(shape), sizeof *plan->rows, "a batch's rows", &plan->rows);
}

static int close_plan(struct cli_plan *plan, int code)
{
    load_epoch_free(&plan->epoch);
    load_order_close(&plan->order);
    core_free(&plan->rows);
    shs_dataset_close(&plan->dataset);
    return cli_close(&plan->run, code);
}

/* ---- The plan itself. */

static shs_status print_line(void *user, uint64_t step, uint64_t vrank, struct order_slice slice)
{
    const struct cli_plan *plan = user;
    printf("%llu %llu %llu", (ull)step, (ull)vrank, (ull)slice.count);
    for (uint64_t i = 0; i < slice.rows; i++)
        printf(" %llu", (ull)plan->rows[i]);
    printf("\n");
    return SHS_OK;
}

static shs_status print_object(void *user, uint64_t step, uint64_t vrank, struct order_slice slice)
{
    const struct cli_plan *plan = user;
    cli_json_begin(NULL, '{');
    cli_json_u64("step", step);
    cli_json_u64("rank", vrank);
    cli_json_u64("count", slice.count);
    cli_json_begin("rows", '[');
    for (uint64_t i = 0; i < slice.rows; i++)
        cli_json_u64(NULL, plan->rows[i]);
    cli_json_end(']');
    cli_json_end('}');
    return SHS_OK;
}

static int print(struct cli_plan *plan)
{
    if (!plan->arguments->json) return cli_exit_code(cli_plan_walk(plan, print_line, plan));
    cli_plan_begin_json(plan);
    cli_json_begin("batches", '[');
    shs_status status = cli_plan_walk(plan, print_object, plan);
    cli_json_end(']');
    cli_json_finish();
    return cli_exit_code(status);
}

static int answer(struct cli_plan *plan)
{
    if (plan->arguments->quality) return cli_plan_quality(plan);
    if (plan->arguments->verify_step) return cli_plan_verify_step(plan);
    if (plan->arguments->verify) return cli_plan_verify(plan);
    return print(plan);
}

static int run(const struct cli_arguments *arguments)
{
    struct cli_plan plan = {.arguments = arguments};
    if (mpi_job_rank() != 0) return CLI_DONE;
    shs_status status = open_plan(&plan);
    if (!status && !arguments->json)
        status = cli_advice_print(stderr, "shardstep plan: ", &plan.advice);
    int code = status ? cli_exit_code(status) : answer(&plan);
    return close_plan(&plan, code);
}

const struct cli_command cli_plan = {
    .name = "plan",
    .usage = "PATH --fields A | --samples N",
    .summary = "prints which rows each virtual rank takes at each step of an epoch",
    .details =
        "A line is STEP RANK COUNT ROW ROW ...: the step of the epoch, the virtual rank, and "
        "its rows, of which those after the first COUNT have weight 0. --verify, "
        "--verify-step and --quality answer a question about the plan instead.",
    .differs = "--verify or --verify-step found a row that comes too often or not at all",
    .examples = "plan fashion.h5 --fields images --vranks 4 --batch 32 --step 0\n"
                "plan --samples 60000 --vranks 8 --batch 32 --verify\n"
                "plan a.h5,b.h5 --fields images --mix 7,3 --epoch-rows 9000 --verify",
    .takes = CLI_WITH_ORDER,
    .options = "--fields --one-sample-a-file --cf --cache-bytes --samples --seed --vranks --epoch "
               "--step --rank --verify --verify-step --quality --json",
    .most_plain = 1,
    .run = run,
};
