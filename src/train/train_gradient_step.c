/* The mean of the gradients: from the batches of a step to the mean in the tensors. */
#include <stdio.h>
#include <string.h>

#include "train_gradient.h"

/* ---- The parts of a step. */

static shs_status check_batch(const shs_gradient *gradient, const shs_batch *batch)
{
    uint64_t added = mpi_sum_added(gradient->sum), hosted = gradient->run->hosted;
    uint64_t expected = gradient->run->first_vrank + added;
    if (added < hosted && batch->vrank == expected && (!added || batch->step == gradient->step))
        return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "the batch of virtual rank %llu, step %llu was given after %llu of %llu "
                     "batches of the step; give each batch once, in the order of shs_next(), and "
                     "call shs_gradient_mean() at the step's end",
                     (ull)batch->vrank, (ull)batch->step, (ull)added, (ull)hosted);
}

/* Refuses a step's whole batch where the sum of each virtual rank is needed. */
static shs_status check_whole(const shs_gradient *gradient, const shs_batch *batch)
{
    if (batch->parts < 2 || gradient->options.reduction == SHS_REDUCTION_FAST) return SHS_OK;
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "the batch of step %llu holds %zu virtual ranks, and the reproducible sum is a "
        "tree over virtual ranks, which needs the tensors of each: compute and add "
        "them for batch.part[0] to batch.part[%zu] in order, or open the gradients "
        "with SHS_REDUCTION_FAST",
        (ull)batch->step, batch->parts, batch->parts - 1);
}

/* The members of a group have the same rows: member 0 counts them. */
static uint64_t rows_of(const shs_gradient *gradient, uint64_t rows)
{
    return gradient->run->member ? 0 : rows;
}

/* Takes a tensor as a part of the sum. */
static void take(shs_gradient *gradient, size_t t, bool empty)
{
    const struct train_place *place = &gradient->places[t];
    mpi_sum_part(gradient->sum, place->doubles, place->first, place->count,
                 empty ? NULL : gradient->tensors[t].data);
}

static void forget_ready(shs_gradient *gradient)
{
    gradient->any_ready = false;
    for (size_t t = 0; t < gradient->count; t++)
        gradient->places[t].ready = false;
}

static void take_others(shs_gradient *gradient, bool empty)
{
    for (size_t t = 0; t < gradient->count; t++)
        if (!gradient->places[t].ready) take(gradient, t, empty);
    mpi_sum_part_end(gradient->sum, empty);
    forget_ready(gradient);
}

/* A step that was given up has no parts any more. */
static void begin_step(shs_gradient *gradient)
{
    if (!mpi_sum_added(gradient->sum)) gradient->rows = 0;
    if (!gradient->any_ready || gradient->ready_in == mpi_sum_step(gradient->sum)) return;
    forget_ready(gradient);
}

static shs_status check_ready_batch(const shs_gradient *gradient, const shs_batch *batch)
{
    if (!gradient->any_ready ||
        (batch->step == gradient->ready_step && batch->count == gradient->ready_count))
        return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "the batch of step %llu with %llu rows was given, and tensors were ready of "
                     "that of step %llu with %llu rows; give the same batch to "
                     "shs_gradient_ready() and shs_gradient_add()",
                     (ull)batch->step, (ull)batch->count, (ull)gradient->ready_step,
                     (ull)gradient->ready_count);
}

static shs_status check(shs_gradient *gradient, const shs_batch *batch)
{
    shs_status status = check_whole(gradient, batch);
    if (!status) status = check_batch(gradient, batch);
    return status ? status : check_ready_batch(gradient, batch);
}

/* The virtual ranks of a whole batch after the first add nothing: its tensors hold all of them. */
static shs_status add(shs_gradient *gradient, const shs_batch *batch)
{
    begin_step(gradient);
    shs_status status = check(gradient, batch);
    if (status) return status;
    for (size_t i = 1; i < batch->parts; i++)
        take_others(gradient, true);
    take_others(gradient, batch->count == 0);
    gradient->rows += batch->count;
    gradient->step = batch->step;
    return SHS_OK;
}

static shs_status require(const shs_gradient *gradient, const shs_batch *batch, const char *call)
{
    shs_status status = core_require(gradient, call, "gradient", TRAIN_OPEN_GRADIENT);
    if (status) return status;
    return core_require(batch, call, "batch", "pass the address of one that shs_next() gave");
}

shs_status shs_gradient_add(shs_gradient *gradient, const shs_batch *batch)
{
    shs_status status = require(gradient, batch, "shs_gradient_add");
    if (status) return status;
    return core_wrap(add(gradient, batch), "rank %d: shs_gradient_add", gradient->run->rank);
}

/* ---- Tensors that are ready early. */

/* Nothing can be exchanged in a run that is over. */
static shs_status check_run(const shs_gradient *gradient)
{
    shs_run *run = gradient->run;
    if (run->closed || run->left_by)
        return core_fail(SHS_ERROR_STATE, "the run is %s",
                         run->closed ? "closed; open another run"
                                     : "over, because a rank has closed it; close it here, too");
    return mpi_watch_check(run);
}

static shs_status check_ready(shs_gradient *gradient, const shs_batch *batch, size_t tensor)
{
    uint64_t after = mpi_sum_added(gradient->sum) + (batch->parts > 1 ? batch->parts : 1);
    if (tensor >= gradient->count)
        return core_fail(SHS_ERROR_ARGUMENT, "tensor %zu is none of the %zu tensors from 0 on",
                         tensor, gradient->count);
    shs_status status = check(gradient, batch);
    if (status) return status;
    if (after != gradient->run->hosted)
        return core_fail(SHS_ERROR_STATE,
                         "the batch of virtual rank %llu is not this rank's last one of the step; "
                         "tensors are ready early in the batch with ends_step only",
                         (ull)batch->vrank);
    if (gradient->places[tensor].ready)
        return core_fail(SHS_ERROR_STATE, "tensor %zu was ready before", tensor);
    return SHS_OK;
}

/* Moves the ends of what is ready down over the tensors of a type. */
static size_t ready_from(const shs_gradient *gradient, bool doubles, size_t end)
{
    for (size_t t = gradient->count; t-- > 0;) {
        const struct train_place *place = &gradient->places[t];
        if (place->doubles != doubles || place->first >= end) continue;
        if (!place->ready && place->count) break;
        end = place->first;
    }
    return end;
}

static shs_status ready(shs_gradient *gradient, const shs_batch *batch, size_t tensor)
{
    begin_step(gradient);
    shs_status status = check_run(gradient);
    if (!status) status = check_ready(gradient, batch, tensor);
    if (status || gradient->options.reduction == SHS_REDUCTION_FAST) return status;
    take(gradient, tensor, batch->count == 0);
    gradient->places[tensor].ready = true;
    gradient->any_ready = true;
    gradient->ready_in = mpi_sum_step(gradient->sum);
    gradient->ready_step = batch->step;
    gradient->ready_count = batch->count;
    size_t floats = ready_from(gradient, false, gradient->n_floats);
    size_t doubles = ready_from(gradient, true, gradient->n_doubles);
    uint64_t rows = rows_of(gradient, gradient->rows + batch->count);
    status = core_wrap(mpi_sum_begin(gradient->sum, rows, floats, doubles), "shs_gradient_ready");
    return mpi_watch_broken(gradient->run, status);
}

shs_status shs_gradient_ready(shs_gradient *gradient, const shs_batch *batch, size_t tensor)
{
    shs_status status = require(gradient, batch, "shs_gradient_ready");
    if (status) return status;
    status = ready(gradient, batch, tensor);
    if (status == gradient->run->watch.late) return status; /* the message names the rank */
    return core_wrap(status, "rank %d: shs_gradient_ready", gradient->run->rank);
}

/* ---- The mean. */

static shs_status check_step(const shs_gradient *gradient)
{
    uint64_t added = mpi_sum_added(gradient->sum), hosted = gradient->run->hosted;
    if (added == hosted) return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "shs_gradient_mean: %llu of the step's %llu batches were added; call "
                     "shs_gradient_add() for each, empty ones too",
                     (ull)added, (ull)hosted);
}

static void scale(const shs_gradient *gradient, double factor)
{
    for (size_t t = 0; t < gradient->count; t++)
        order_scale(gradient->places[t].doubles, gradient->tensors[t].data,
                    gradient->places[t].count, factor);
}

/* A norm that is no finite number clips nothing: the elements would all become 0 or NaN. */
static shs_status clip(shs_gradient *gradient)
{
    double limit = gradient->options.clip_norm;
    if (limit <= 0) return SHS_OK;
    shs_status status = train_find_norm(gradient);
    if (!status && gradient->norm > limit && gradient->norm <= 0x1p1023)
        scale(gradient, limit / gradient->norm);
    return status;
}

/* A step that has failed on all ranks in the same way is given up on all of them. Where the ranks
 * made different calls, the agreement has done so. */
static shs_status give_up(shs_gradient *gradient, shs_status status)
{
    shs_run *run = gradient->run;
    char message[CORE_MESSAGE_BYTES];
    bool mine = shs_message_is_mine(), agreed = shs_message_is_agreed();
    if (run->closed || run->left_by || run->unlike || run->watch.late || !agreed) return status;
    snprintf(message, sizeof message, "%s", shs_message());
    shs_status failed = mpi_sums_give_up(run);
    return failed ? failed : core_tell(status, message, mine, agreed);
}

static void forget_step(shs_gradient *gradient)
{
    gradient->rows = 0;
    forget_ready(gradient);
    mpi_sum_reset(gradient->sum);
}

shs_status shs_gradient_mean(shs_gradient *gradient)
{
    struct order_vector mean;
    shs_status status =
        core_require(gradient, "shs_gradient_mean", "gradient", TRAIN_OPEN_GRADIENT);
    if (status) return status;
    begin_step(gradient);
    uint64_t rows = rows_of(gradient, gradient->rows); /* of this rank, later of all ranks */
    uint64_t own = rows;
    status = mpi_settle_sum(gradient->run, check_step(gradient), &rows,
                            "shs_gradient_mean(gradient object %llu of the run, step %llu)",
                            (ull)gradient->number, (ull)gradient->step);
    if (!status && rows == 0)
        status =
            mpi_agree(gradient->run,
                      core_fail(SHS_ERROR_STATE, "shs_gradient_mean: no rank's batch had any rows"),
                      "shs_gradient_mean");
    if (status) {
        status = give_up(gradient, status);
    } else {
        status = mpi_watch_broken(gradient->run, mpi_sum_begin(gradient->sum, own, 0, 0));
        if (!status) status = mpi_mean(gradient->sum, rows, &mean);
        if (!status) status = clip(gradient);
    }
    forget_step(gradient);
    return status;
}
