#include "load_batch.h"

#include <stdio.h>
#include <string.h>

#include "augment_apply.h"
#include "augment_mix.h"
#include "core_clock.h"
#include "core_memory.h"
#include "load_nan.h"
#include "load_twins.h"

/* ---- Memory. */

shs_status load_batch_units(const shs_dataset *dataset, const shs_augment *augment,
                            struct load_units_how how, struct load_units **units)
{
    shs_tensor sample[SHS_MAX_FIELDS];
    for (size_t f = 0; f < dataset->n_fields; f++)
        sample[f] = *shs_augment_output(augment, f);
    for (size_t c = 0; c < dataset->constants.count; c++)
        sample[dataset->n_fields + c] = dataset->constants.constant[c].tensor;
    how.fields = shs_dataset_fields(dataset);
    how.constants = dataset->constants.count;
    how.sample = sample;
    return load_units_new(&how, units);
}

shs_status load_batch_lend(const struct load_batch *batch, uint64_t slot, uint64_t rows,
                           struct fetch_gather *gather)
{
    shs_status status = SHS_OK;
    for (size_t f = 0; f < batch->fields && !status; f++)
        if (batch->boxes[f])
            status =
                fetch_gather_cut(gather, f, batch->boxes[f] + slot, rows, batch->read_bytes[f]);
    return status;
}

/* Takes the memory for a field's rows as they are read. */
static shs_status take_field(const shs_dataset *dataset, const shs_augment *augment,
                             const struct load_pushdown *pushdown, uint64_t rows, size_t f,
                             struct load_batch *batch)
{
    bool boxed = pushdown->boxed[f];
    batch->read_bytes[f] = boxed ? pushdown->bytes[f] : dataset->sample_bytes[f];
    batch->boxed |= boxed;
    shs_status status = shs_tensor_bytes(shs_augment_output(augment, f), &batch->output_bytes[f]);
    if (status || !shs_augment_changes(augment, f)) return status;
    fetch_gather_leave(batch->gather, f);
    status = core_new(rows, batch->read_bytes[f], "a batch", &batch->own[f]);
    if (status || !boxed) return status;
    return core_new(rows, sizeof *batch->boxes[f], "a batch", &batch->boxes[f]);
}

shs_status load_batch_new(shs_dataset *dataset, const shs_augment *augment,
                          const struct load_pushdown *pushdown, uint64_t rows,
                          struct load_batch *batch)
{
    *batch =
        (struct load_batch){.fields = dataset->n_fields, .constants = dataset->constants.count};
    shs_status status = fetch_gather_new(dataset, &batch->gather);
    for (size_t f = 0; f < dataset->n_fields && !status; f++)
        status = take_field(dataset, augment, pushdown, rows, f, batch);
    if (!status && dataset->what.n_spacings)
        status = core_new(rows, dataset->what.n_spacings * sizeof *batch->spacing, "spacings",
                          &batch->spacing);
    if (!status) status = load_batch_lend(batch, 0, rows, batch->gather);
    return status ? status : load_mix_new(augment, rows, &batch->mix);
}

shs_status load_batch_reserve(struct load_batch *batch, const struct fetch_need *need)
{
    return fetch_gather_reserve(batch->gather, need);
}

void load_batch_free(struct load_batch *batch)
{
    for (size_t f = 0; f < batch->fields; f++)
        core_free(&batch->own[f]), core_free(&batch->boxes[f]);
    core_free(&batch->spacing);
    load_mix_free(&batch->mix);
    fetch_gather_free(&batch->gather);
    *batch = (struct load_batch){0};
}

static void set_rows(const struct load_unit *unit, shs_batch *what, shs_tensor *field,
                     uint64_t rows, uint64_t count)
{
    what->rows = rows;
    what->count = count;
    for (size_t f = 0; f < unit->row_fields; f++)
        field[f].shape[0] = rows;
}

/* Returns the row of a unit where the rows of a part begin: behind those of the part before. */
static uint64_t first_row(const struct load_unit *unit, uint64_t number)
{
    if (!unit->parts || !number) return 0;
    const shs_batch *before = &unit->part[number - 1];
    return (uint64_t)(before->index - unit->index) + before->rows;
}

void load_batch_place(struct load_batch *batch, struct load_unit *unit,
                      const struct load_plan *plan, shs_cursor cursor, uint64_t number)
{
    uint64_t first = first_row(unit, number);
    size_t fields = batch->fields + batch->constants;
    shs_tensor *field = unit->field + (unit->parts ? (number + 1) * fields : 0);
    shs_batch what = load_plan_batch(plan, cursor, number);
    batch->unit = unit;
    batch->what = unit->parts ? &unit->part[number] : &unit->what;
    batch->index = unit->index + first;
    batch->planned = unit->planned + first;
    for (size_t f = 0; f < batch->fields; f++) {
        batch->output[f] = field[f].data = (char *)unit->data[f] + first * batch->output_bytes[f];
        batch->read[f] = batch->own[f] ? batch->own[f] : batch->output[f];
    }
    what.index = batch->index;
    what.partner = batch->partner = unit->partner ? unit->partner + first : NULL;
    what.partner_weight = batch->partner_weight =
        unit->partner_weight ? unit->partner_weight + first : NULL;
    for (size_t f = batch->fields; f < fields; f++)
        field[f].data = unit->data[f];
    what.fields = fields;
    what.field = field;
    what.slot = unit;
    set_rows(unit, &what, field, what.rows, what.count);
    *batch->what = what;
    batch->found = batch->augmented = false;
    batch->status = SHS_OK;
    *batch->message = '\0';
    batch->counts = (struct fetch_counts){0};
    batch->times = (struct load_times){.step = cursor.step};
    batch->staged = false;
}

/* If rows of a part were replaced, the whole has the planned rows of all parts. */
static const uint64_t *join_planned(const struct load_unit *unit)
{
    bool some = false;
    for (size_t i = 0; i < unit->parts; i++)
        some |= unit->part[i].replaced != NULL;
    for (size_t i = 0; i < unit->parts && some; i++) {
        const shs_batch *part = &unit->part[i];
        if (!part->replaced)
            memcpy(unit->planned + (part->index - unit->index), part->index,
                   part->rows * sizeof *part->index);
    }
    return some ? unit->planned : NULL;
}

/* Makes the whole batch of a step from its parts. */
static void join(struct load_unit *unit)
{
    const shs_batch *first = unit->part, *last = unit->part + unit->parts - 1;
    float *weight = unit->weight;
    uint64_t count = 0;
    for (const shs_batch *part = first; part <= last; part++) {
        count += part->count;
        for (uint64_t slot = 0; weight && slot < part->rows; slot++)
            *weight++ = slot < part->count ? 1.0F : 0.0F;
    }
    unit->what = *first;
    unit->what.field = unit->field;
    unit->what.ends_step = last->ends_step;
    unit->what.ends_epoch = last->ends_epoch;
    unit->what.parts = unit->parts;
    unit->what.part = unit->part;
    unit->what.weight = unit->weight;
    unit->what.partner = unit->step_partner;
    unit->what.partner_weight = unit->partner_weight;
    unit->what.replaced = join_planned(unit);
    set_rows(unit, &unit->what, unit->field, first_row(unit, unit->parts), count);
}

/* A partner's slot in the whole batch lies behind the rows of the parts before. */
static void join_partners(const struct load_unit *unit)
{
    for (size_t i = 0; i < unit->parts; i++) {
        uint64_t first = first_row(unit, i);
        for (uint64_t slot = 0; slot < unit->part[i].rows; slot++)
            unit->step_partner[first + slot] = first + unit->part[i].partner[slot];
    }
}

void load_batch_finish(struct load_unit *unit, bool empty)
{
    if (unit->parts) join(unit);
    if (unit->step_partner && !empty) join_partners(unit);
    if (!empty) return;
    size_t fields = unit->what.fields;
    set_rows(unit, &unit->what, unit->field, 0, 0);
    unit->what.replaced = NULL;
    for (size_t i = 0; i < unit->parts; i++) {
        set_rows(unit, &unit->part[i], unit->field + (i + 1) * fields, 0, 0);
        unit->part[i].replaced = NULL;
    }
}

/* ---- Rows. */

uint32_t load_round_of(struct load_round *round, shs_dataset *dataset, uint64_t epoch)
{
    if (round->begun && round->epoch == epoch) return round->round;
    data_files_suspect(&dataset->files);
    *round = (struct load_round){true, epoch, dataset->files.round};
    return round->round;
}

/* Keeps an error, which ends the batch. */
static void keep_status(struct load_batch *batch, shs_status status)
{
    batch->status = status;
    if (!status) return;
    snprintf(batch->message, sizeof batch->message, "%s", shs_message());
    batch->counts.rows = 0;
}

/* Finds the numbers of the rows. Excluded rows have been replaced: they are not read. */
static shs_status find_rows(struct load_tools *tools, const struct load_plan *plan,
                            struct load_batch *batch)
{
    shs_batch *what = batch->what;
    shs_status status = load_epoch_rows(&tools->epoch, what->vrank, load_plan_slice(plan, what),
                                        tools->threads, batch->index);
    if (status) return status;
    batch->found = true;
    if (load_failures_substitute(&plan->failures, &plan->order, batch->index, what->rows,
                                 batch->planned))
        what->replaced = batch->planned;
    for (uint64_t slot = 0; slot < what->rows && batch->spacing; slot++)
        load_plan_spacings(plan, what, slot, batch->spacing + slot * plan->what->n_spacings);
    fetch_gather_space(batch->gather, batch->spacing);
    return SHS_OK;
}

/* Finds the boxes that the augmentation will need, by the draws that it will make. */
static void find_boxes(const struct load_tools *tools, const struct load_plan *plan,
                       struct load_batch *batch)
{
    for (uint64_t slot = 0; batch->boxed && slot < batch->what->rows; slot++) {
        struct core_box *held[SHS_MAX_FIELDS];
        shs_random stream;
        for (size_t f = 0; f < batch->fields; f++)
            held[f] = batch->boxes[f] ? &batch->boxes[f][slot] : NULL;
        load_plan_stream(plan, batch->what, slot, &stream);
        augment_find_boxes(tools->augment, plan->pushdown.needs, &stream, held, tools->scratch);
    }
}

void load_batch_prepare(struct load_tools *tools, const struct load_plan *plan,
                        struct load_batch *batch)
{
    shs_status status = load_tools_turn_to(tools, plan, batch->what);
    if (!status) status = find_rows(tools, plan, batch);
    if (!status) {
        find_boxes(tools, plan, batch);
        const struct fetch_means means = load_tools_means(tools);
        status = fetch_gather_prepare(batch->gather, &means, batch->index, batch->what->rows,
                                      batch->read, &batch->counts);
    }
    keep_status(batch, status);
}

bool load_batch_has_more(const struct load_batch *batch)
{
    return !batch->status && fetch_gather_has_more(batch->gather);
}

void load_batch_read_one(struct load_batch *batch)
{
    bool more;
    keep_status(batch, fetch_gather_read_one(batch->gather, &batch->counts, &more));
}

void load_batch_let_go(struct load_batch *batch)
{
    fetch_gather_let_go(batch->gather);
}

/* ---- Augmentation. */

const void *load_batch_row(const struct load_batch *batch, size_t f, uint64_t slot)
{
    if (batch->staged) return (const char *)batch->read[f] + slot * batch->read_bytes[f];
    return fetch_gather_sample(batch->gather, f, slot);
}

uint64_t load_batch_rows_of(const shs_dataset *dataset, const struct load_batch *batch, size_t f,
                            uint64_t slot)
{
    if (dataset->what.part[f].kind != DATA_RAGGED) return UINT64_MAX;
    const uint64_t *lengths = batch->read[f + 1];
    return lengths[slot];
}

/* What the threads that augment a batch share. */
struct augmenting {
    const struct load_tools *tools;
    const struct load_plan *plan;
    const struct load_batch *batch;
    uint64_t at_once; /* slots of a job */
};

static void stream_of(const void *user, uint64_t slot, shs_random *stream)
{
    const struct augmenting *augmenting = user;
    load_plan_stream(augmenting->plan, augmenting->batch->what, slot, stream);
}

static void sample_of(const void *user, uint64_t slot, const void **inputs, void **outputs,
                      uint64_t *rows)
{
    const struct augmenting *augmenting = user;
    const struct load_batch *batch = augmenting->batch;
    const shs_dataset *dataset = augmenting->tools->dataset;
    for (size_t f = 0; f < batch->fields; f++) {
        inputs[f] = load_batch_row(batch, f, slot);
        outputs[f] = (char *)batch->output[f] + slot * batch->output_bytes[f];
        rows[f] = load_batch_rows_of(dataset, batch, f, slot);
    }
}

static void box_of(const void *user, uint64_t slot, const struct core_box **held)
{
    const struct load_batch *batch = ((const struct augmenting *)user)->batch;
    for (size_t f = 0; f < batch->fields; f++)
        held[f] = batch->boxes[f] ? &batch->boxes[f][slot] : NULL;
}

static shs_status fail_of(const void *user, uint64_t slot, shs_status status)
{
    const struct augmenting *augmenting = user;
    return core_wrap(status, "augmentation of sample %llu in slot %llu",
                     (ull)augmenting->batch->index[slot], (ull)slot);
}

static shs_status augment_some(void *user, size_t job, unsigned lane)
{
    const struct augmenting *augmenting = user;
    const struct augment_slots slots = {augmenting, stream_of, sample_of, fail_of,
                                        augmenting->batch->boxed ? box_of : NULL};
    char *scratch = augmenting->tools->scratch + lane * augmenting->tools->scratch_bytes;
    uint64_t slot = job * augmenting->at_once, end = slot + augmenting->at_once;
    if (end > augmenting->batch->what->rows) end = augmenting->batch->what->rows;
    return augment_apply_slots(augmenting->tools->augment, &slots, slot, end, scratch);
}

/* The threads share out the slots in a few jobs each. */
shs_status load_batch_augment(struct load_tools *tools, const struct load_plan *plan,
                              struct load_batch *batch)
{
    enum {
        JOBS_A_THREAD = 4
    };
    const struct fetch_means means = load_tools_means(tools);
    uint64_t jobs = tools->threads > 1 ? (uint64_t)JOBS_A_THREAD * tools->threads : 1;
    uint64_t rows = batch->what->rows;
    struct augmenting augmenting = {tools, plan, batch, (rows + jobs - 1) / jobs};
    if (!rows || !tools->augments) return SHS_OK;
    if (augment_mixer(tools->augment)) return load_mix_augment(tools, plan, batch);
    jobs = (rows + augmenting.at_once - 1) / augmenting.at_once;
    return fetcher_do(&means, (size_t)jobs, augment_some, &augmenting);
}

static shs_status fill(struct load_tools *tools, const struct load_plan *plan,
                       struct load_batch *batch)
{
    shs_status status = load_tools_turn_to(tools, plan, batch->what);
    if (status) return status;
    const struct fetch_means means = load_tools_means(tools);
    struct fetch_counts counts = {0};
    status = fetch_gather_fill(batch->gather, &means, &counts);
    fetch_counts_add(&batch->counts, &counts);
    batch->times.fetch = counts.times;
    batch->times.fetched = core_clock();
    batch->counts.rows = batch->what->rows; /* samples, not the rows of pieces */
    if (!status && plan->failures.nan) status = load_nan_check(tools->dataset, batch);
    if (status) return status;
    load_twins_take(tools->twins, plan, tools->dataset, batch);
    batch->augmented = true;
    return load_batch_augment(tools, plan, batch);
}

/* Copies the constant fields: to each batch anew, because the program may change a batch in its
 * memory. The parts of a step share them. */
static void copy_constants(const shs_dataset *dataset, const struct load_batch *batch)
{
    const struct load_unit *unit = batch->unit;
    if (!batch->constants || (unit->parts && batch->what != unit->part)) return;
    for (size_t c = 0; c < batch->constants; c++)
        memcpy(unit->data[batch->fields + c], dataset->constants.constant[c].tensor.data,
               dataset->constants.constant[c].bytes);
}

void load_batch_fill(struct load_tools *tools, const struct load_plan *plan,
                     struct load_batch *batch)
{
    copy_constants(tools->dataset, batch);
    if (batch->status) return;
    batch->times.taken = batch->times.fetched = core_clock();
    keep_status(batch, fill(tools, plan, batch));
    batch->times.filled = core_clock();
}

shs_status load_batch_load(struct load_tools *tools, const struct load_plan *plan,
                           struct load_batch *batch)
{
    load_batch_prepare(tools, plan, batch);
    while (load_batch_has_more(batch))
        load_batch_read_one(batch);
    load_batch_fill(tools, plan, batch);
    load_batch_let_go(batch);
    return batch->status;
}
