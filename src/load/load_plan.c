#include "load_plan.h"

#include "random_stream.h"

shs_batch load_plan_batch(const struct load_plan *plan, shs_cursor cursor, uint64_t number)
{
    const struct order_shape *shape = &plan->order.order.shape;
    shs_batch batch = {.seed = plan->order.order.seed,
                       .vrank = plan->first_vrank + number,
                       .epoch = cursor.epoch,
                       .epoch_step = cursor.epoch_step,
                       .step = cursor.step,
                       .step_rows = order_step_rows(shape, cursor.epoch_step),
                       .ends_step = number + 1 == plan->hosted};
    struct order_slice slice = load_plan_slice(plan, &batch);
    batch.rows = slice.rows;
    batch.count = slice.count;
    batch.ends_epoch = batch.ends_step && cursor.epoch_step + 1 == order_steps(shape);
    return batch;
}

struct order_slice load_plan_slice(const struct load_plan *plan, const shs_batch *batch)
{
    return order_slice(&plan->order.order.shape, batch->epoch_step, batch->vrank);
}

/* ---- The places that rows are augmented from. */

static void open_stream(const struct load_plan *plan, const shs_batch *batch, uint64_t slot,
                        shs_random *random)
{
    uint64_t seed = plan->order.order.seed;
    if (plan->augment_by == SHS_BY_SAMPLE) {
        const uint64_t *planned = batch->replaced ? batch->replaced : batch->index;
        random_of_sample(seed, plan->stream, planned[slot], batch->epoch, random);
        return;
    }
    shs_place place = {.seed = seed,
                       .purpose = SHS_ROLE_AUGMENT + 16 * plan->stream,
                       .rank = batch->vrank,
                       .step = batch->step,
                       .slot = slot};
    /* This cannot fail: shs_next() and shs_loader_open() keep every part within its bits */
    shs_status status = shs_random_at(&place, random);
    (void)status;
}

/* Draws the spacings at the beginning of a stream. `spacing` may be NULL. */
static void draw_spacings(const struct load_plan *plan, shs_random *random, uint64_t *spacing)
{
    const struct data_sample *what = plan->what;
    for (size_t i = 0; i < what->n_spacings; i++) {
        const struct data_spacing *range = &what->spacing[i];
        uint64_t more = shs_random_below(random, (uint32_t)(range->most - range->least + 1));
        if (spacing) spacing[i] = range->least + more;
    }
}

void load_plan_spacings(const struct load_plan *plan, const shs_batch *batch, uint64_t slot,
                        uint64_t *spacing)
{
    shs_random random;
    open_stream(plan, batch, slot, &random);
    draw_spacings(plan, &random, spacing);
}

void load_plan_stream(const struct load_plan *plan, const shs_batch *batch, uint64_t slot,
                      shs_random *random)
{
    open_stream(plan, batch, slot, random);
    draw_spacings(plan, random, NULL);
}

static shs_status check_place(const shs_batch *batch, uint64_t slot, uint64_t purpose)
{
    shs_status status = core_require(batch, "shs_random_at_batch", "batch",
                                     "pass the address of one that shs_next() gave");
    if (status) return status;
    if (slot >= batch->rows)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "shs_random_at_batch: slot %llu of a batch of %llu rows; slots are counted "
            "from 0",
            (ull)slot, (ull)batch->rows);
    uint64_t role = purpose % 16;
    if (role == SHS_ROLE_USER || role >= SHS_ROLE_OWN) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "shs_random_at_batch: purpose %llu has role %llu, which belongs to the "
                     "library; use SHS_ROLE_USER or a purpose from shs_random_own_purpose()",
                     (ull)purpose, (ull)role);
}

/* Finds the part of a step's batch that has a slot, and the slot's number in it. */
static const shs_batch *part_of(const shs_batch *batch, uint64_t *slot)
{
    if (!batch->parts) return batch;
    const shs_batch *part = batch->part;
    while (*slot >= part->rows)
        *slot -= part++->rows;
    return part;
}

shs_status shs_random_at_batch(const shs_batch *batch, uint64_t slot, uint64_t purpose,
                               shs_random *stream)
{
    shs_status status =
        core_require(stream, "shs_random_at_batch", "stream", "pass the address of a shs_random");
    if (status) return status;
    status = check_place(batch, slot, purpose);
    if (status) {
        *stream = (shs_random){.status = status};
        return status;
    }
    batch = part_of(batch, &slot);
    return shs_random_at(&(shs_place){.seed = batch->seed,
                                      .purpose = purpose,
                                      .rank = batch->vrank,
                                      .step = batch->step,
                                      .slot = slot},
                         stream);
}
