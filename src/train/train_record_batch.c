/* Batches of a run with a record: they are hashed as they are handed out, and their losses noted.
 */
#include <stdio.h>
#include <string.h>

#include "train_record.h"

/* ---- Batches, as they are handed out. */

static void fail(shs_record *record, shs_status status)
{
    if (record->failed) return;
    record->failed = status;
    snprintf(record->failure, sizeof record->failure, "%s", shs_message());
}

/* Makes the list ready for the rows of a step. A step that the record has begun before, but not
 * recorded, may come again. Otherwise a step that does not follow the latest one leaves nobody who
 * knows the losses before it: the run went back, or left steps out. */
static void begin_rows(shs_record *record, const shs_batch *batch)
{
    struct train_worst *worst = &record->worst;
    const shs_cursor *latest = &record->cursor;
    bool same_epoch = record->begun && batch->epoch == latest->epoch;
    bool again = same_epoch && batch->step == latest->step && !record->recorded;
    bool follows = record->begun && batch->step == latest->step + 1;
    bool forward = record->begun && batch->step > latest->step;
    if (again) {
        train_worst_forget_step(worst);
        return;
    }
    train_worst_keep_step(worst);
    if (forward && !same_epoch && worst->count)
        fail(record, core_fail(SHS_ERROR_STATE,
                               "the worst rows of epoch %llu were not written: call "
                               "shs_record_step() in each epoch's last step",
                               (ull)worst->epoch));
    if (!same_epoch || !follows)
        train_worst_begin(worst, batch->epoch, batch->epoch_step, shs_epoch_steps(record->loader));
}

/* A step begins that is not the step before, or comes once more after a seek. */
static void begin_step(shs_record *record, const shs_batch *batch)
{
    if (record->worst_path) begin_rows(record, batch);
    record->begun = true;
    record->recorded = false;
    record->taken = 0;
    record->cursor = (shs_cursor){batch->epoch, batch->epoch_step, batch->step};
}

static void hash_batch(shs_record *record, const shs_batch *batch)
{
    uint64_t number = batch->vrank - record->run->first_vrank;
    if (record->taken == record->run->hosted || batch->step != record->cursor.step ||
        !record->begun || number < record->taken)
        begin_step(record, batch);
    record->taken++;
    record->ends_epoch = batch->ends_epoch;
    if (!record->logs) return;
    shs_status status = train_hashes_of(record->loader, record->hash, batch, !record->without_batch,
                                        &record->own[number]);
    if (status) fail(record, status);
}

void train_record_watch(void *watcher, const shs_batch *batch)
{
    shs_record *record = watcher;
    if (!batch) record->loader = NULL;
    if (!batch) return;
    for (size_t p = 0; p < batch->parts; p++)
        hash_batch(record, &batch->part[p]);
    if (!batch->parts) hash_batch(record, batch);
    record->ends_epoch = batch->ends_epoch;
}

shs_status train_record_failure(shs_record *record)
{
    shs_status status = record->failed;
    record->failed = SHS_OK;
    return status ? core_tell(status, record->failure, true, false) : SHS_OK;
}

/* ---- Notes. */

static shs_status check_note(const shs_loader *loader, const shs_batch *batch, const double *losses)
{
    static const char function[] = "shs_note";
    shs_status status = core_require(loader, function, "loader", "open it with shs_loader_open()");
    if (!status)
        status = core_require(batch, function, "batch", "pass the address of one of this loader");
    if (!status && batch->count)
        status = core_require(losses, function, "losses", "give the loss of each row of weight 1");
    if (status) return status;
    const shs_record *record = loader->watcher;
    if (!record)
        return core_fail(SHS_ERROR_STATE,
                         "%s: the loader has no record; open one with shs_record_open()", function);
    if (batch->parts)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s: the batch of step %llu holds %zu virtual ranks; note each of its "
                         "parts",
                         function, (ull)batch->step, batch->parts);
    if (record->begun && !record->recorded && batch->step == record->cursor.step) return SHS_OK;
    return core_fail(SHS_ERROR_STATE,
                     "%s: the batch of step %llu is not of the step that goes on; note a batch "
                     "before the shs_record_step() of its step",
                     function, (ull)batch->step);
}

shs_status shs_note(shs_loader *loader, const shs_batch *batch, const double *losses)
{
    shs_status status = check_note(loader, batch, losses);
    if (status) return status;
    shs_record *record = loader->watcher;
    for (uint64_t slot = 0; slot < batch->count && record->worst_path; slot++)
        train_worst_add(&record->worst, &(struct train_noted){.loss = losses[slot],
                                                              .row = batch->index[slot],
                                                              .step = batch->step,
                                                              .epoch_step = batch->epoch_step,
                                                              .vrank = batch->vrank,
                                                              .slot = slot});
    return SHS_OK;
}
