#include "load_digest.h"

#include <string.h>

#include "augment_record.h"

static void add_rows(struct core_hash *hash, const shs_batch *batch)
{
    core_hash_reset(hash);
    core_hash_add_elements(hash, &batch->count, 1, sizeof batch->count);
    core_hash_add_elements(hash, batch->index, batch->rows, sizeof *batch->index);
}

struct core_digest load_digest_rows(struct core_hash *hash, const shs_batch *batch)
{
    add_rows(hash, batch);
    return core_hash_digest(hash);
}

struct core_digest load_digest_batch(struct core_hash *hash, const shs_batch *batch)
{
    add_rows(hash, batch);
    for (size_t f = 0; f < batch->fields; f++) {
        const shs_tensor *field = &batch->field[f];
        uint64_t elements = 1;
        for (uint32_t axis = 0; axis < field->axes; axis++)
            elements *= field->shape[axis];
        core_hash_add_elements(hash, field->data, elements, shs_type_size(field->type));
    }
    return core_hash_digest(hash);
}

/* ---- Draws. */

#define DRAWN_NUMBER (UINT64_C(1) << 32)
#define DRAWN_LOST   (UINT64_C(1) << 33)

static void add_event(struct core_hash *hash, uint64_t what, uint64_t at, double number)
{
    uint64_t event[3] = {what, at, 0};
    memcpy(&event[2], &number, sizeof number);
    core_hash_add_elements(hash, event, 3, sizeof *event);
}

static void hear_applied(void *user, size_t operation)
{
    add_event(user, operation, 0, 0);
}

static void hear_lost(void *user, size_t operation)
{
    add_event(user, operation + DRAWN_LOST, 0, 0);
}

static void hear_number(void *user, const struct augment_told_number *told)
{
    add_event(user, told->operation + DRAWN_NUMBER, told->at, told->number);
}

shs_status load_digest_draws(const shs_loader *loader, struct core_hash *hash,
                             const shs_batch *batch, struct core_digest *digest)
{
    const struct load_plan *plan = &loader->plan;
    const struct augment_listener listener = {
        .user = hash, .applied = hear_applied, .lost = hear_lost, .number = hear_number};
    bool records = loader->augment && augment_has_record(loader->augment);
    size_t spacings = plan->what->n_spacings;
    shs_status status = SHS_OK;
    core_hash_reset(hash);
    for (uint64_t slot = 0; slot < batch->rows && !status; slot++) {
        uint64_t spacing[SHS_MAX_FIELDS];
        shs_random stream;
        load_plan_spacings(plan, batch, slot, spacing);
        core_hash_add_elements(hash, spacing, spacings, sizeof *spacing);
        if (!records) continue;
        load_plan_stream(plan, batch, slot, &stream);
        status = augment_record_numbers(loader->augment, &stream, slot, batch->count, &listener);
    }
    *digest = core_hash_digest(hash);
    return status;
}
