/* The place in the run that `preview` shows: a batch, or where a sample comes in an epoch. */
#include "cli_preview_job.h"
#include "core_memory.h"

/* Refuses options that exclude each other, and places that no run has. */
static shs_status check_options(const struct cli_preview_job *job)
{
    const struct cli_arguments *arguments = job->arguments;
    bool rank = cli_given(arguments, "--rank"), step = cli_given(arguments, "--step");
    if (cli_given(arguments, "--sample") && (rank || step || arguments->per_rank))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--sample finds the virtual rank and the step itself: leave --rank, "
                         "--step and --per-rank out");
    if (rank && arguments->per_rank)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--per-rank shows all virtual ranks from 0 on: leave --rank out");
    if (arguments->rank >= job->run->vranks)
        return core_fail(SHS_ERROR_ARGUMENT, "--rank is %llu; there are virtual ranks 0 to %llu",
                         (ull)arguments->rank, (ull)(job->run->vranks - 1));
    if (cli_given(arguments, "--sample") && arguments->sample >= job->dataset->samples)
        return core_fail(SHS_ERROR_ARGUMENT, "--sample is %llu; the dataset has samples 0 to %llu",
                         (ull)arguments->sample, (ull)(job->dataset->samples - 1));
    return SHS_OK;
}

/* Finds the step that the options name. --step counts the steps of the run, like the lines of
 * `digest`. With --epoch it counts the steps of this epoch. */
static shs_status find_cursor(struct cli_preview_job *job)
{
    const struct cli_arguments *arguments = job->arguments;
    const struct order_shape *shape = &job->loader->plan.order.order.shape;
    const struct order_origin origin = {0, 0};
    uint64_t steps = order_steps(shape), step = arguments->step, before = 0;
    if (!cli_given(arguments, "--epoch")) {
        job->cursor = (shs_cursor){step / steps, step % steps, step};
        return order_check_cursor(shape, 0, origin, job->cursor);
    }
    if (!core_multiply(arguments->epoch, steps, &before)) before = UINT64_MAX;
    job->cursor = (shs_cursor){arguments->epoch, step, before + step};
    return order_check_cursor(shape, 0, origin, job->cursor);
}

/* Looks for a sample in a batch. Returns true if it is there. */
static bool has_sample(struct cli_preview_job *job, const uint64_t *rows, uint64_t count)
{
    for (job->slot = 0; job->slot < count; job->slot++)
        if (rows[job->slot] == job->arguments->sample) return true;
    return false;
}

/* Walks through the epoch, which begins at the cursor, up to the batch that has the sample. */
static shs_status walk(struct cli_preview_job *job, struct load_epoch *epoch, uint64_t *rows)
{
    const struct order_shape *shape = &job->loader->plan.order.order.shape;
    uint64_t steps = order_steps(shape), first = job->cursor.step;
    for (uint64_t step = 0; step < steps; step++)
        for (job->vrank = 0; job->vrank < shape->vranks; job->vrank++) {
            struct order_slice slice = order_slice(shape, step, job->vrank);
            shs_status status = load_epoch_rows(epoch, job->vrank, slice, 1, rows);
            if (status) return status;
            if (!has_sample(job, rows, slice.count)) continue;
            job->cursor.epoch_step = step;
            job->cursor.step = first + step;
            return SHS_OK;
        }
    return core_fail(SHS_ERROR_ARGUMENT,
                     "sample %llu does not come in epoch %llu of this run: --rows, --part, --tail "
                     "or the options of draws leave it out; give another --sample or --epoch",
                     (ull)job->arguments->sample, (ull)job->cursor.epoch);
}

static shs_status find_sample(struct cli_preview_job *job)
{
    const struct load_order *order = &job->loader->plan.order;
    struct load_epoch epoch = {0};
    uint64_t *rows;
    shs_status status =
        core_new(order_most_rows(&order->order.shape), sizeof *rows, "a batch's rows", &rows);
    if (!status) status = load_epoch_begin(order, job->cursor.epoch, &epoch);
    if (!status) status = walk(job, &epoch, rows);
    load_epoch_free(&epoch);
    core_free(&rows);
    return status;
}

shs_status cli_preview_place(struct cli_preview_job *job)
{
    job->vrank = job->arguments->rank;
    shs_status status = check_options(job);
    if (!status) status = find_cursor(job);
    if (!status && cli_given(job->arguments, "--sample")) status = find_sample(job);
    return status;
}
