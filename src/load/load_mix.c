/* A batch whose samples are mixed with one another is augmented in two rounds: the operators before
 * mixing for all slots, then mixing and the operators behind it. */
#include "load_mix.h"

#include "augment_apply.h"
#include "augment_mix.h"
#include "core_memory.h"
#include "load_batch.h"

/* ---- Memory. */

/* Returns true if the samples of a field are changed before mixing and again later. */
static bool is_between(const shs_augment *augment, size_t f)
{
    return shs_augment_changes(augment_before_mix(augment), f) &&
           (augment_mixes_field(augment, f) || shs_augment_changes(augment_behind_mix(augment), f));
}

shs_status load_mix_new(const shs_augment *augment, uint64_t rows, struct load_mix *mix)
{
    const shs_tensor *sample;
    if (!augment_mixer(augment)) return SHS_OK;
    const shs_augment *before = augment_before_mix(augment);
    shs_status status = core_new(rows, sizeof *mix->streams, "streams", &mix->streams);
    for (size_t f = 0; (sample = shs_augment_output(before, f)) && !status; f++) {
        status = shs_tensor_bytes(sample, &mix->bytes[f]);
        if (!status && is_between(augment, f))
            status = core_new(rows, mix->bytes[f], "a batch", &mix->samples[f]);
    }
    return status;
}

void load_mix_free(struct load_mix *mix)
{
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++)
        core_free(&mix->samples[f]);
    core_free(&mix->streams);
}

uint64_t load_mix_bytes(const shs_augment *augment, uint64_t rows)
{
    const shs_tensor *sample;
    if (!augment_mixer(augment)) return 0;
    const shs_augment *before = augment_before_mix(augment);
    uint64_t sum = rows * sizeof(shs_random) + CORE_MEMORY_HEAD;
    for (size_t f = 0; (sample = shs_augment_output(before, f)); f++) {
        size_t bytes = 0;
        shs_status status = shs_tensor_bytes(sample, &bytes);
        if (!status && is_between(augment, f)) sum += rows * bytes + CORE_MEMORY_HEAD;
    }
    return sum;
}

shs_status load_mix_check(const shs_augment *augment, const shs_loader_options *options)
{
    if (!augment_mixer(augment) || options->augment_by != SHS_BY_SAMPLE) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augment_by is sample, but %s mixes a sample with another one of its batch, "
                     "which depends on rank and step; leave augment_by out, or %s",
                     augment_mixer(augment), augment_mixer(augment));
}

/* ---- Two rounds. */

/* What the threads that augment a batch share. */
struct mixing {
    const struct load_tools *tools;
    const struct load_plan *plan;
    const struct load_batch *batch;
    uint64_t at_once; /* slots of a job */
    bool begins;      /* true if operators stand before mixing: they have a round of their own */
};

static void *output_of(const struct mixing *mixing, size_t f, uint64_t slot)
{
    const struct load_batch *batch = mixing->batch;
    return (char *)batch->output[f] + slot * batch->output_bytes[f];
}

/* Returns a sample as it is before mixing. */
static const void *sample_before(const struct mixing *mixing, size_t f, uint64_t slot)
{
    const struct load_mix *mix = &mixing->batch->mix;
    if (mix->samples[f]) return (const char *)mix->samples[f] + slot * mix->bytes[f];
    if (shs_augment_changes(augment_before_mix(mixing->tools->augment), f))
        return output_of(mixing, f, slot);
    return load_batch_row(mixing->batch, f, slot);
}

/* Has one side's operators applied to the samples at `inputs`. */
static shs_status apply(const struct mixing *mixing, const shs_augment *side, uint64_t slot,
                        const void *const *inputs, void *const *outputs, void *scratch)
{
    uint64_t rows[SHS_MAX_FIELDS];
    for (size_t f = 0; f < mixing->batch->fields; f++)
        rows[f] = load_batch_rows_of(mixing->tools->dataset, mixing->batch, f, slot);
    return augment_apply_rows(side, &mixing->batch->mix.streams[slot], rows, inputs, outputs,
                              scratch);
}

/* Applies the operators before mixing to a slot. A field that they leave alone stays where it is.
 */
static shs_status do_before(const struct mixing *mixing, uint64_t slot, void *scratch)
{
    const struct load_batch *batch = mixing->batch;
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    load_plan_stream(mixing->plan, batch->what, slot, &batch->mix.streams[slot]);
    for (size_t f = 0; f < batch->fields; f++) {
        inputs[f] = load_batch_row(batch, f, slot);
        outputs[f] = (void *)(uintptr_t)sample_before(mixing, f, slot);
    }
    return apply(mixing, augment_before_mix(mixing->tools->augment), slot, inputs, outputs,
                 scratch);
}

/* Mixes a slot with its partner. Sets `now` to where the results lie, those of fields that are not
 * mixed included. */
static void mix_slot(const struct mixing *mixing, uint64_t slot, const void **now, void *scratch)
{
    const shs_augment *augment = mixing->tools->augment;
    const struct load_batch *batch = mixing->batch;
    struct augment_mix_draw draw;
    augment_mix_draw(augment, &batch->mix.streams[slot], slot, batch->what->count, &draw);
    batch->partner[slot] = draw.partner;
    batch->partner_weight[slot] = (float)draw.share;
    for (size_t f = 0; f < batch->fields; f++) {
        now[f] = sample_before(mixing, f, slot);
        if (!augment_mixes_field(augment, f)) continue;
        void *to = shs_augment_changes(augment_behind_mix(augment), f)
                       ? augment_mix_room(augment, f, scratch)
                       : output_of(mixing, f, slot);
        augment_mix_sample(augment, f, &draw, now[f], sample_before(mixing, f, draw.partner), to);
        now[f] = to;
    }
}

/* Mixes a slot, and applies the operators behind. */
static shs_status do_behind(const struct mixing *mixing, uint64_t slot, void *scratch)
{
    const struct load_batch *batch = mixing->batch;
    const shs_augment *behind = augment_behind_mix(mixing->tools->augment);
    const void *now[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    if (!mixing->begins)
        load_plan_stream(mixing->plan, batch->what, slot, &batch->mix.streams[slot]);
    mix_slot(mixing, slot, now, scratch);
    shs_status status = shs_random_status(&batch->mix.streams[slot]);
    for (size_t f = 0; f < batch->fields; f++)
        outputs[f] = output_of(mixing, f, slot);
    return status ? status : apply(mixing, behind, slot, now, outputs, scratch);
}

/* ---- A batch. */

typedef shs_status do_slot(const struct mixing *mixing, uint64_t slot, void *scratch);

/* A round of the slots of a batch. */
struct turn {
    const struct mixing *mixing;
    do_slot *work;
};

static shs_status do_some(void *user, size_t job, unsigned lane)
{
    const struct turn *turn = user;
    const struct mixing *mixing = turn->mixing;
    char *scratch = mixing->tools->scratch + lane * mixing->tools->scratch_bytes;
    uint64_t slot = job * mixing->at_once, end = slot + mixing->at_once;
    shs_status status = SHS_OK;
    if (end > mixing->batch->what->rows) end = mixing->batch->what->rows;
    for (; slot < end && !status; slot++)
        status =
            core_wrap(turn->work(mixing, slot, scratch), "augmentation of sample %llu in slot %llu",
                      (ull)mixing->batch->index[slot], (ull)slot);
    return status;
}

static shs_status do_all(const struct mixing *mixing, do_slot *work)
{
    const struct fetch_means means = load_tools_means(mixing->tools);
    struct turn turn = {mixing, work};
    uint64_t jobs = (mixing->batch->what->rows + mixing->at_once - 1) / mixing->at_once;
    return fetcher_do(&means, (size_t)jobs, do_some, &turn);
}

static bool changes_any(const shs_augment *augment, size_t fields)
{
    for (size_t f = 0; f < fields; f++)
        if (shs_augment_changes(augment, f)) return true;
    return false;
}

shs_status load_mix_augment(struct load_tools *tools, const struct load_plan *plan,
                            struct load_batch *batch)
{
    enum {
        JOBS_A_THREAD = 4
    };
    uint64_t jobs = tools->threads > 1 ? (uint64_t)JOBS_A_THREAD * tools->threads : 1;
    const struct mixing mixing = {
        .tools = tools,
        .plan = plan,
        .batch = batch,
        .at_once = (batch->what->rows + jobs - 1) / jobs,
        .begins = changes_any(augment_before_mix(tools->augment), batch->fields)};
    shs_status status = mixing.begins ? do_all(&mixing, do_before) : SHS_OK;
    return status ? status : do_all(&mixing, do_behind);
}
