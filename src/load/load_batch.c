#include "load_batch.h"

#include <stdio.h>
#include <string.h>

#include "augment_apply.h"
#include "core_memory.h"

/* ---- Memory. */

static shs_status make_field(struct load_batch *batch, const shs_dataset *dataset,
                             const shs_augment *augment, size_t f, uint64_t rows)
{
    shs_tensor *field = &batch->field[f];
    bool changes = shs_augment_changes(augment, f);
    *field = *shs_augment_output(augment, f);
    batch->fields = f + 1;
    shs_status status = shs_tensor_bytes(field, &batch->output_bytes[f]);
    if (!status) status = core_new(rows, dataset->sample_bytes[f], "a batch", &batch->read[f]);
    if (!status && changes)
        status = core_new(rows, batch->output_bytes[f], "a batch", &batch->output[f]);
    if (status) return status;
    if (!changes) batch->output[f] = batch->read[f];
    /* a batch has the axes of a sample, behind an axis of rows */
    memmove(field->shape + 1, field->shape, field->axes * sizeof *field->shape);
    field->axes++;
    field->data = batch->output[f];
    return SHS_OK;
}

shs_status load_batch_new(const shs_dataset *dataset, const shs_augment *augment, uint64_t rows,
                          struct load_batch *batch)
{
    *batch = (struct load_batch){0};
    shs_status status = core_new(rows, sizeof *batch->index, "row numbers", &batch->index);
    for (size_t f = 0; f < dataset->n_fields && !status; f++)
        status = make_field(batch, dataset, augment, f, rows);
    return status;
}

void load_batch_free(struct load_batch *batch)
{
    for (size_t f = 0; f < batch->fields; f++) {
        if (batch->output[f] != batch->read[f]) core_free(&batch->output[f]);
        core_free(&batch->read[f]);
    }
    core_free(&batch->index);
    *batch = (struct load_batch){0};
}

static void set_rows(struct load_batch *batch, uint64_t rows, uint64_t count)
{
    batch->what.rows = rows;
    batch->what.count = count;
    for (size_t f = 0; f < batch->fields; f++)
        batch->field[f].shape[0] = rows;
}

void load_batch_place(struct load_batch *batch, const struct load_plan *plan, shs_cursor cursor,
                      uint64_t number)
{
    batch->what = load_plan_batch(plan, cursor, number);
    batch->what.index = batch->index;
    batch->what.fields = batch->fields;
    batch->what.field = batch->field;
    set_rows(batch, batch->what.rows, batch->what.count);
    batch->status = SHS_OK;
    *batch->message = '\0';
    batch->counts = (struct fetch_counts){0};
}

void load_batch_empty(struct load_batch *batch)
{
    set_rows(batch, 0, 0);
}

/* ---- Rows. */

static shs_status read_rows(struct load_tools *tools, struct load_batch *batch)
{
    const struct fetch_means means = load_tools_means(tools);
    shs_status status = fetch_gather(tools->gather, &means, batch->index, batch->what.rows,
                                     batch->read, &batch->counts);
    batch->counts.rows = status ? 0 : batch->what.rows; /* samples, not the rows of pieces */
    return status;
}

/* Rows of a sample as it was read that are no padding: the field behind a ragged one has them. */
static uint64_t rows_of(const shs_dataset *dataset, const struct load_batch *batch, size_t f,
                        uint64_t slot)
{
    if (dataset->what.part[f].kind != DATA_RAGGED) return UINT64_MAX;
    const uint64_t *lengths = batch->read[f + 1];
    return lengths[slot];
}

static shs_status augment_row(struct load_tools *tools, const struct load_plan *plan,
                              struct load_batch *batch, uint64_t slot)
{
    const shs_dataset *dataset = tools->dataset;
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS];
    shs_random random;
    for (size_t f = 0; f < batch->fields; f++) {
        inputs[f] = (const char *)batch->read[f] + slot * dataset->sample_bytes[f];
        outputs[f] = (char *)batch->output[f] + slot * batch->output_bytes[f];
        rows[f] = rows_of(dataset, batch, f, slot);
    }
    load_plan_stream(plan, &batch->what, slot, &random);
    return augment_apply_rows(tools->augment, &random, rows, inputs, outputs, tools->scratch);
}

shs_status load_batch_fill(struct load_tools *tools, const struct load_plan *plan,
                           struct load_batch *batch)
{
    const shs_batch *what = &batch->what;
    shs_status status = load_tools_turn_to(tools, plan, what);
    if (!status)
        status = load_epoch_rows(&tools->epoch, what->vrank, load_plan_slice(plan, what),
                                 tools->threads, batch->index);
    if (!status) status = read_rows(tools, batch);
    for (uint64_t slot = 0; slot < what->rows && tools->augments && !status; slot++)
        status = augment_row(tools, plan, batch, slot);
    batch->status = status;
    if (status) snprintf(batch->message, sizeof batch->message, "%s", shs_message());
    return status;
}
