/* shs_batch_draws(): the draws of a batch, made again from the places of its rows. */
#include "load_draws.h"
#include "load.h"

/* Enters the rows of a virtual rank's batch. `first` is the row of its slot 0 in the record. */
static shs_status enter(const shs_loader *loader, const shs_batch *batch, uint64_t first,
                        shs_draws *draws)
{
    shs_status status = SHS_OK;
    for (uint64_t slot = 0; slot < batch->rows && !status; slot++) {
        shs_random stream;
        uint64_t spacing[SHS_MAX_FIELDS];
        load_plan_spacings(&loader->plan, batch, slot, spacing);
        load_draws_space(draws, first + slot, spacing);
        load_plan_stream(&loader->plan, batch, slot, &stream);
        status = load_draws_enter(draws, first + slot, &stream, slot, batch->count);
    }
    return status;
}

static shs_status enter_parts(const shs_loader *loader, const shs_batch *batch, shs_draws *draws)
{
    uint64_t first = 0;
    shs_status status = batch->parts ? SHS_OK : enter(loader, batch, 0, draws);
    for (size_t p = 0; p < batch->parts && !status; p++) {
        status = enter(loader, &batch->part[p], first, draws);
        first += batch->part[p].rows;
    }
    return status;
}

shs_status shs_batch_draws(const shs_loader *loader, const shs_batch *batch, shs_draws **draws)
{
    static const char function[] = "shs_batch_draws";
    shs_status status =
        core_require(draws, function, "draws", "pass the address of a pointer to a shs_draws");
    if (status) return status;
    *draws = NULL;
    status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (!status)
        status = core_require(batch, function, "batch", "pass the address of one of this loader");
    if (!status) status = load_units_check(loader->units, function, batch);
    if (!status) status = load_draws_new(loader->augment, loader->plan.what, batch->rows, draws);
    if (!status) status = enter_parts(loader, batch, *draws);
    if (status) shs_draws_close(draws);
    return status;
}
