/* shardstep replay --worst: the rows of a list, each from the batch that it came in. */
#include <stdio.h>
#include <string.h>

#include "cli_cursor.h"
#include "cli_output.h"
#include "cli_replay.h"
#include "cli_replay_file.h"
#include "cli_text.h"
#include "core_memory.h"
#include "load.h"
#include "load_draws.h"

/* The rows of the list, put together. */
struct rows {
    struct cli_replay *replay;
    struct cli_worst worst;
    shs_batch all; /* with -o: their numbers and fields */
    uint64_t *index;
    shs_tensor field[SHS_MAX_FIELDS];
    void *data[SHS_MAX_FIELDS]; /* of each field that has rows */
    size_t row_bytes[SHS_MAX_FIELDS];
    shs_draws *draws;
};

shs_status cli_replay_worst_check(const struct cli_arguments *arguments)
{
    static const char *const others[] = {"--step", "--rank", "--against"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cli_given(arguments, others[i]))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "--worst takes the places of rows from its list; leave out %s",
                             others[i]);
    if (cli_given(arguments, "--vranks")) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "give --vranks, and the other options of the run that "
                                         "wrote the list");
}

/* ---- The batch of a row. */

static shs_status refuse_row(const struct rows *rows, const struct cli_worst_row *row)
{
    const shs_batch *batch = &rows->replay->batch;
    char found[64] = "no row";
    if (row->noted.slot < batch->count)
        snprintf(found, sizeof found, "row %llu", (ull)batch->index[row->noted.slot]);
    return core_fail(SHS_ERROR_MISMATCH,
                     "%s, line %llu: slot %llu of virtual rank %llu has %s at step %llu, not row "
                     "%llu; give the options of the run that wrote the list",
                     rows->replay->arguments->worst, (ull)row->line, (ull)row->noted.slot,
                     (ull)row->noted.vrank, found, (ull)row->noted.step, (ull)row->noted.row);
}

static shs_status refuse_place(const struct rows *rows, const struct cli_worst_row *row)
{
    return core_fail(
        SHS_ERROR_MISMATCH,
        "%s, line %llu: the run has no virtual rank %llu with a step %llu that is step "
        "%llu of epoch %llu; give the options of the run that wrote the list",
        rows->replay->arguments->worst, (ull)row->line, (ull)row->noted.vrank, (ull)row->noted.step,
        (ull)row->noted.epoch_step, (ull)row->epoch);
}

/* Loads the batch of a row, unless it is the batch that was loaded last. */
static shs_status load_batch_of(struct rows *rows, const struct cli_worst_row *row)
{
    struct cli_replay *replay = rows->replay;
    shs_batch *batch = &replay->batch;
    struct order_origin origin;
    shs_cursor cursor = {0};
    if (!batch->fields || batch->step != row->noted.step || batch->vrank != row->noted.vrank) {
        shs_status status = cli_origin(replay->arguments, &origin);
        if (!status)
            status = cli_cursor(&replay->loader->plan.order.order.shape, origin, row->noted.step,
                                &cursor);
        if (status) return status;
        if (cursor.epoch != row->epoch || cursor.epoch_step != row->noted.epoch_step ||
            row->noted.vrank >= replay->run->vranks)
            return refuse_place(rows, row);
        status = load_replay(replay->loader, cursor, row->noted.vrank, batch);
        if (status) return status;
    }
    bool right = row->noted.slot < batch->count && batch->index[row->noted.slot] == row->noted.row;
    return right ? SHS_OK : refuse_row(rows, row);
}

/* ---- The file of -o. */

/* Takes the memory for all rows, and the constant fields of the batch. */
static shs_status make_room(struct rows *rows)
{
    const struct cli_replay *replay = rows->replay;
    const shs_dataset *dataset = replay->dataset;
    uint64_t count = rows->worst.count;
    shs_status status = core_new(count, sizeof *rows->index, "row numbers", &rows->index);
    for (size_t f = 0; f < replay->batch.fields && !status; f++) {
        rows->field[f] = replay->batch.field[f];
        if (f >= dataset->n_fields) continue;
        rows->field[f].shape[0] = 1;
        status = shs_tensor_bytes(&rows->field[f], &rows->row_bytes[f]);
        rows->field[f].shape[0] = count;
        if (!status) status = core_new(count, rows->row_bytes[f], "rows", &rows->data[f]);
        rows->field[f].data = rows->data[f];
    }
    rows->all = (shs_batch){.seed = replay->batch.seed,
                            .rows = count,
                            .count = count,
                            .index = rows->index,
                            .fields = replay->batch.fields,
                            .field = rows->field};
    if (status) return status;
    return load_draws_new(replay->loader->augment, replay->loader->plan.what, count, &rows->draws);
}

/* Copies row number `i` of the list out of its batch. */
static shs_status copy_row(struct rows *rows, uint64_t i)
{
    const struct cli_replay *replay = rows->replay;
    const struct load_plan *plan = &replay->loader->plan;
    const shs_batch *batch = &replay->batch;
    uint64_t slot = rows->worst.row[i].noted.slot, spacing[SHS_MAX_FIELDS];
    shs_random stream;
    rows->index[i] = batch->index[slot];
    for (size_t f = 0; f < replay->dataset->n_fields; f++) {
        size_t bytes = rows->row_bytes[f];
        memcpy((char *)rows->data[f] + i * bytes, (const char *)batch->field[f].data + slot * bytes,
               bytes);
    }
    load_plan_spacings(plan, batch, slot, spacing);
    load_draws_space(rows->draws, i, spacing);
    load_plan_stream(plan, batch, slot, &stream);
    return load_draws_enter(rows->draws, i, &stream, slot, batch->count);
}

static struct cli_replay_file file_of(const struct rows *rows)
{
    return (struct cli_replay_file){.loader = rows->replay->loader,
                                    .batch = &rows->all,
                                    .draws = rows->draws,
                                    .worst = &rows->worst};
}

/* Makes the file, so that nothing is printed if it cannot be made. */
static shs_status make_file(struct rows *rows)
{
    struct cli_replay *replay = rows->replay;
    if (!replay->arguments->output || !rows->worst.count) return SHS_OK;
    shs_status status = load_batch_of(rows, &rows->worst.row[0]);
    if (!status) status = make_room(rows);
    const struct cli_replay_file file = file_of(rows);
    if (!status) status = cli_replay_output_check(replay, &file);
    for (uint64_t i = 0; i < rows->worst.count && !status; i++) {
        status = load_batch_of(rows, &rows->worst.row[i]);
        if (!status) status = copy_row(rows, i);
    }
    return status ? status : cli_replay_output_write(replay, &file);
}

/* ---- Printing. */

static shs_status print_row(struct rows *rows, const struct cli_worst_row *row)
{
    shs_status status = load_batch_of(rows, row);
    if (status) return status;
    printf("loss %.9g  step %llu (epoch %llu, epoch step %llu)  virtual rank %llu  ",
           row->noted.loss, (ull)row->noted.step, (ull)row->epoch, (ull)row->noted.epoch_step,
           (ull)row->noted.vrank);
    return cli_replay_print_row(rows->replay, row->noted.slot);
}

static shs_status print_rows(struct rows *rows)
{
    const struct cli_replay *replay = rows->replay;
    cli_print_text(stdout, replay->arguments->worst);
    printf(": %llu rows\n", (ull)rows->worst.count);
    shs_status status = cli_replay_print_augmentation(replay);
    for (uint64_t i = 0; i < rows->worst.count && !status; i++)
        status = print_row(rows, &rows->worst.row[i]);
    return status;
}

/* Makes sure that all rows are as the list says, before the first is printed. */
static shs_status check_rows(struct rows *rows)
{
    shs_status status = SHS_OK;
    if (rows->replay->arguments->output) return SHS_OK; /* make_file() has seen them all */
    for (uint64_t i = 0; i < rows->worst.count && !status; i++)
        status = load_batch_of(rows, &rows->worst.row[i]);
    return status;
}

shs_status cli_replay_worst(struct cli_replay *replay)
{
    const struct cli_arguments *arguments = replay->arguments;
    struct rows rows = {.replay = replay};
    const uint64_t *epoch = cli_given(arguments, "--epoch") ? &arguments->epoch : NULL;
    shs_status status = cli_worst_read(arguments->worst, epoch, &rows.worst);
    if (!status) status = make_file(&rows);
    if (!status) status = check_rows(&rows);
    if (!status) status = print_rows(&rows);
    if (!status && arguments->output && rows.worst.count)
        status = cli_output_printed(arguments->output);
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++)
        core_free(&rows.data[f]);
    core_free(&rows.index);
    shs_draws_close(&rows.draws);
    cli_worst_free(&rows.worst);
    return status;
}
