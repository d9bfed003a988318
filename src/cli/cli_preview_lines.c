/* Loads what `preview` shows: samples as they are stored, and as they are augmented. */
#include <stdio.h>
#include <string.h>

#include "augment_axes.h"
#include "augment_record.h"
#include "cli_preview_job.h"
#include "core_elements.h"
#include "core_memory.h"

enum {
    DIGITS = 6 /* of a number in a title */
};

/* ---- views */

static shs_status check_channel(const struct cli_preview_job *job)
{
    if (!cli_given(job->arguments, "--channel")) return SHS_OK;
    for (size_t v = 0; v < job->preview.views; v++)
        if (job->preview.view[v].channel != CLI_NO_AXIS) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--channel is given, but no field has channels; if an axis has them, give "
                     "--layout with a c for it");
}

static shs_status find_views(struct cli_preview_job *job)
{
    const shs_augment *augment = job->loader->augment;
    struct cli_preview *preview = &job->preview;
    shs_status status = SHS_OK;
    for (size_t f = 0; f < job->dataset->n_fields && !status; f++) {
        if (!job->dataset->sample[f].axes) continue;
        struct cli_view *view = &preview->view[preview->views++];
        status = cli_view_open(job->arguments, &job->dataset->sample[f],
                               shs_augment_output(augment, f), augment_layout(augment, f), view);
        view->field = f;
    }
    if (!status && !preview->views)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "there is nothing to show: every field of a sample is a single number; "
                           "give --fields with an image, a map or a signal");
    if (!status)
        status = cli_view_check_layouts(job->arguments->layout, preview->view, preview->views);
    return status ? status : check_channel(job);
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Refuses places behind the last step or the last epoch that a run can have. */
static shs_status check_end(const struct cli_preview_job *job, uint64_t places)
{
    bool by_sample = job->loader->plan.augment_by == SHS_BY_SAMPLE;
    uint64_t first = by_sample ? job->cursor.epoch : job->cursor.step;
    if (places - 1 <= UINT32_MAX - first) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--tiles is %llu, but a run ends at %s 2^32 and the sample is at %llu",
                     (ull)places, by_sample ? "epoch" : "step", (ull)first);
}

shs_status cli_preview_plan(struct cli_preview_job *job)
{
    const struct cli_arguments *arguments = job->arguments;
    struct cli_preview *preview = &job->preview;
    uint64_t most = order_most_rows(&job->loader->plan.order.order.shape);
    uint64_t tiles = arguments->tiles;
    if (arguments->per_rank) {
        preview->lines = lesser(arguments->lines, job->run->vranks);
        preview->columns = lesser(tiles, most);
        preview->rows = 2;
    } else {
        if (!shs_augment_draws(job->loader->augment)) tiles = 1;
        preview->lines = cli_given(arguments, "--sample") ? 1 : lesser(arguments->lines, most);
        preview->columns = 1 + tiles;
        preview->rows = 1;
    }
    shs_status status = arguments->per_rank ? SHS_OK : check_end(job, tiles);
    if (!status) status = find_views(job);
    return status ? status : cli_preview_check(preview);
}

/* ---- texts */

static shs_status make_head(struct cli_preview_job *job)
{
    struct core_text text = {0};
    core_text_add(&text, "%s: seed %llu, virtual ranks %llu, batch %llu. ",
                  job->arguments->plain[0], (ull)job->arguments->seed, (ull)job->run->vranks,
                  (ull)job->loader->options.batch);
    size_t before = text.length;
    augment_print(job->loader->augment, &text);
    if (text.length == before) core_text_add(&text, "no augmentation");
    return core_text_take(&text, &job->preview.head);
}

/* Adds the fields of a sample that are single numbers, such as its label. */
static void add_numbers(const struct cli_preview_job *job, uint64_t slot, struct core_text *text)
{
    for (size_t f = 0; f < job->dataset->n_fields; f++) {
        const shs_tensor *sample = &job->dataset->sample[f];
        const void *stored = load_replay_stored(job->loader, f, slot);
        char number[32] = "nan";
        uint64_t key = 0;
        double value = 0;
        if (sample->axes) continue;
        if (core_is_float(sample->type)) {
            core_load_doubles(sample->type, stored, 1, 1, &value);
            if (value == value) key = core_double_key(value);
        } else {
            core_load_keys(sample->type, stored, 1, 1, &key);
        }
        if (value == value) core_key_text(sample->type, key, DIGITS, number, sizeof number);
        core_text_add(text, "  %s %s", sample->name, number);
    }
}

static shs_status make_sample_title(const struct cli_preview_job *job, const shs_batch *batch,
                                    uint64_t slot, char **title)
{
    struct core_text text = {0};
    core_text_add(&text, "sample %llu", (ull)batch->index[slot]);
    if (batch->replaced && batch->replaced[slot] != batch->index[slot])
        core_text_add(&text, " in place of %llu", (ull)batch->replaced[slot]);
    core_text_add(&text, "  virtual rank %llu  epoch %llu  step %llu  slot %llu%s",
                  (ull)batch->vrank, (ull)job->cursor.epoch, (ull)job->cursor.step, (ull)slot,
                  slot < batch->count ? "" : "  weight 0");
    add_numbers(job, slot, &text);
    return core_text_take(&text, title);
}

static shs_status make_rank_title(const shs_batch *batch, char **title)
{
    struct core_text text = {0};
    core_text_add(&text, "virtual rank %llu  epoch %llu  step %llu  %llu samples, before and after",
                  (ull)batch->vrank, (ull)batch->epoch, (ull)batch->step, (ull)batch->rows);
    return core_text_take(&text, title);
}

/* ---- pictures */

/* Makes the pictures of a sample of a batch, at one stage, for all views. */
static shs_status fill_spot(const struct cli_preview_job *job, const shs_batch *batch,
                            uint64_t slot, enum cli_stage stage, struct cli_spot *spot)
{
    shs_status status = SHS_OK;
    spot->stage = stage;
    for (size_t v = 0; v < job->preview.views && !status; v++) {
        const struct cli_view *view = &job->preview.view[v];
        const void *sample = load_replay_stored(job->loader, view->field, slot);
        size_t bytes = 0;
        if (stage == CLI_AFTER) {
            status = shs_tensor_bytes(view->sample[CLI_AFTER], &bytes);
            sample = (const char *)batch->field[view->field].data + slot * bytes;
        }
        if (!status) status = cli_picture_make(view, stage, sample, &spot->picture[v]);
    }
    return status;
}

static shs_status make_lines(struct cli_preview *preview)
{
    uint64_t lines = preview->lines, spots = preview->columns * preview->rows;
    shs_status status =
        core_new((size_t)lines, sizeof *preview->line, "lines of a sheet", &preview->line);
    if (status) preview->lines = 0;
    for (uint64_t i = 0; i < lines && !status; i++)
        status = core_new((size_t)spots, sizeof *preview->line[i].spot, "lines of a sheet",
                          &preview->line[i].spot);
    return status;
}

static shs_status no_samples(const shs_batch *batch)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "the batch of virtual rank %llu at step %llu has no samples; choose another "
                     "--step",
                     (ull)batch->vrank, (ull)batch->step);
}

/* ---- a line a sample */

/* Fills column `column` of all lines: 0 with samples as they are stored, and the others with
 * samples as they are augmented at the place of a cursor. */
static shs_status fill_column(struct cli_preview_job *job, const shs_batch *batch, uint64_t column,
                              shs_cursor cursor)
{
    bool by_sample = job->loader->plan.augment_by == SHS_BY_SAMPLE;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < job->preview.lines && !status; i++) {
        struct cli_spot *spot = &job->preview.line[i].spot[column];
        if (!column)
            snprintf(spot->caption, sizeof spot->caption, "before");
        else
            snprintf(spot->caption, sizeof spot->caption, "%s %llu", by_sample ? "epoch" : "step",
                     (ull)(by_sample ? cursor.epoch : cursor.step));
        status = fill_spot(job, batch, job->slot + i, column ? CLI_AFTER : CLI_BEFORE, spot);
    }
    return status;
}

static shs_status load_samples(struct cli_preview_job *job)
{
    struct cli_preview *preview = &job->preview;
    shs_cursor cursor = job->cursor;
    shs_batch batch;
    shs_status status = load_replay(job->loader, cursor, job->vrank, &batch);
    if (!status && !batch.rows) status = no_samples(&batch);
    if (status) return status;
    preview->lines = lesser(preview->lines, batch.rows - job->slot);
    status = make_lines(preview);
    for (uint64_t i = 0; i < preview->lines && !status; i++)
        status = make_sample_title(job, &batch, job->slot + i, &preview->line[i].title);
    if (!status) status = fill_column(job, &batch, 0, cursor);
    for (uint64_t column = 1; column < preview->columns && !status; column++) {
        status = load_replay_at(job->loader, cursor, &batch);
        if (!status) status = fill_column(job, &batch, column, cursor);
        if (job->loader->plan.augment_by == SHS_BY_SAMPLE)
            cursor.epoch++;
        else
            cursor.step++;
    }
    return status;
}

/* ---- a line a virtual rank */

static shs_status load_rank(struct cli_preview_job *job, uint64_t vrank)
{
    struct cli_line *line = &job->preview.line[vrank];
    uint64_t columns = job->preview.columns;
    shs_batch batch;
    shs_status status = load_replay(job->loader, job->cursor, vrank, &batch);
    if (!status) status = make_rank_title(&batch, &line->title);
    for (uint64_t slot = 0; slot < lesser(columns, batch.rows) && !status; slot++) {
        struct cli_spot *before = &line->spot[slot], *after = before + columns;
        snprintf(before->caption, sizeof before->caption, "sample %llu", (ull)batch.index[slot]);
        snprintf(after->caption, sizeof after->caption, "after, slot %llu", (ull)slot);
        status = fill_spot(job, &batch, slot, CLI_BEFORE, before);
        if (!status) status = fill_spot(job, &batch, slot, CLI_AFTER, after);
    }
    return status;
}

static shs_status load_ranks(struct cli_preview_job *job)
{
    shs_status status = make_lines(&job->preview);
    for (uint64_t vrank = 0; vrank < job->preview.lines && !status; vrank++)
        status = load_rank(job, vrank);
    return status;
}

shs_status cli_preview_load(struct cli_preview_job *job)
{
    shs_status status = make_head(job);
    if (status) return status;
    return job->arguments->per_rank ? load_ranks(job) : load_samples(job);
}

void cli_preview_free(struct cli_preview *preview)
{
    uint64_t spots = preview->columns * preview->rows;
    for (uint64_t i = 0; i < preview->lines && preview->line; i++) {
        struct cli_line *line = &preview->line[i];
        for (uint64_t s = 0; s < spots && line->spot; s++)
            for (size_t v = 0; v < preview->views; v++)
                cli_picture_free(&line->spot[s].picture[v]);
        core_free(&line->title);
        core_free(&line->spot);
    }
    core_free(&preview->line);
    core_free(&preview->head);
}
