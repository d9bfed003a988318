#include "load_twins.h"

#include <string.h>

#include "augment_apply.h"
#include "core_hash.h"
#include "core_memory.h"
#include "load.h"

enum {
    POISON = 0x5A,        /* what outputs hold before a probe */
    OTHER_POISON = 0xA5,  /* and before it is repeated */
    MOST_GATHERED = 65536 /* bytes of a sample that is sent over a function for small data */
};

/* ---- Opening. */

static shs_status take_memory(const shs_loader *loader, struct load_twins *twins)
{
    const shs_dataset *dataset = loader->dataset;
    size_t results = (size_t)twins->vranks * twins->places * 2;
    shs_status status =
        core_new(twins->subjects * results, sizeof *twins->results, "probes", &twins->results);
    if (!status) status = core_new(results, sizeof *twins->sorted, "probes", &twins->sorted);
    if (!status)
        status = core_new((size_t)twins->vranks * 2, sizeof *twins->order, "probes", &twins->order);
    if (!status) status = core_new(1, twins->scratch_bytes, "augmenting a sample", &twins->scratch);
    if (!status) status = core_hash_new(&twins->hash);
    for (size_t f = 0; f < dataset->n_fields && !status; f++) {
        status = core_new(1, dataset->sample_bytes[f], "a probe", &twins->sample[f]);
        if (!status)
            status =
                shs_tensor_bytes(shs_augment_output(loader->augment, f), &twins->output_bytes[f]);
        if (!status) status = core_new(1, twins->output_bytes[f], "a probe", &twins->output[f]);
    }
    return status;
}

/* Shares out the runs, those that are repeated included. Rows are places of their own, so there are
 * no more of these than rows. */
static void plan(const shs_loader *loader, struct load_twins *twins)
{
    const shs_run *run = loader->dataset->run;
    uint64_t rows = loader->dataset->samples;
    uint64_t repeated = LOAD_TWINS_PLACES + 1;
    uint64_t most = (LOAD_TWINS_RUNS / twins->subjects - repeated) / LOAD_TWINS_PLACES;
    twins->by_sample = loader->options.augment_by == SHS_BY_SAMPLE;
    twins->places = LOAD_TWINS_PLACES;
    if (twins->by_sample && rows < LOAD_TWINS_PLACES) twins->places = (size_t)rows;
    if (twins->by_sample && rows / twins->places < most) most = rows / twins->places;
    twins->vranks = run->vranks < most ? run->vranks : most;
    uint64_t bytes = 0;
    for (size_t f = 0; f < loader->dataset->n_fields; f++)
        bytes += loader->dataset->sample_bytes[f];
    twins->local = run->ranks == 1 || mpi_is_apart(run) ||
                   (!mpi_moves_large_data(run) && bytes > MOST_GATHERED);
}

shs_status load_twins_open(const shs_loader *loader, struct load_twins **twins)
{
    size_t operation[LOAD_TWINS_OPERATORS + 1];
    size_t subjects = augment_own_operations(loader->augment, operation, LOAD_TWINS_OPERATORS);
    if (shs_augment_draws(loader->augment)) operation[subjects++] = LOAD_TWINS_WHOLE;
    *twins = NULL;
    /* ranks could not compare a sample of which each has another slab */
    bool shared = loader->dataset->run->group > 1;
    if (!subjects || loader->options.twins == SHS_TWINS_OFF || !loader->dataset->samples || shared)
        return SHS_OK;
    shs_status status = core_new(1, sizeof **twins, "the search for twins", twins);
    if (status) return status;
    (*twins)->subjects = subjects;
    memcpy((*twins)->operation, operation, subjects * sizeof *operation);
    (*twins)->scratch_bytes = shs_augment_scratch(loader->augment);
    load_twins_go(*twins, &loader->plan, loader->cursor);
    plan(loader, *twins);
    return take_memory(loader, *twins);
}

void load_twins_close(struct load_twins **twins)
{
    if (!*twins) return;
    for (size_t f = 0; f < SHS_MAX_FIELDS; f++) {
        core_free(&(*twins)->sample[f]);
        core_free(&(*twins)->output[f]);
    }
    core_free(&(*twins)->results);
    core_free(&(*twins)->sorted);
    core_free(&(*twins)->order);
    core_free(&(*twins)->scratch);
    core_hash_free(&(*twins)->hash);
    core_free(twins);
}

/* ---- The sample. */

/* True if a virtual rank of this rank has rows in a step. */
static bool has_rows(const struct load_plan *plan, shs_cursor cursor)
{
    for (uint64_t number = 0; number < plan->hosted; number++)
        if (load_plan_batch(plan, cursor, number).rows) return true;
    return false;
}

/* The short last step of an epoch may have no rows for this rank: then it is the step behind it. */
void load_twins_go(struct load_twins *twins, const struct load_plan *plan, shs_cursor cursor)
{
    if (twins && !twins->taken) twins->wanted = cursor.step + !has_rows(plan, cursor);
}

/* True if no virtual rank of this rank before that of a batch has rows in its step. */
static bool is_first(const struct load_plan *plan, const shs_batch *what)
{
    shs_batch before = *what;
    for (before.vrank = plan->first_vrank; before.vrank < what->vrank; before.vrank++)
        if (load_plan_slice(plan, &before).rows) return false;
    return true;
}

/* Only one batch of the loader is the first one with rows of the wanted step on this rank, so one
 * thread comes here for it. The calling thread looks only after it has got this batch. */
void load_twins_take(struct load_twins *twins, const struct load_plan *plan,
                     const shs_dataset *dataset, const struct load_batch *batch)
{
    const shs_batch *what = batch->what;
    if (!twins || what->step != twins->wanted || !what->rows || !is_first(plan, what) ||
        twins->taken)
        return;
    for (size_t f = 0; f < batch->fields; f++) {
        const void *row = load_batch_row(batch, f, 0);
        if (batch->boxes[f])
            load_pushdown_stand_in(dataset, f, row, &batch->boxes[f][0], twins->sample[f]);
        else
            memcpy(twins->sample[f], row, dataset->sample_bytes[f]);
        twins->rows[f] = load_batch_rows_of(dataset, batch, f, 0);
    }
    twins->taken = true;
}

/* Collective, unless each rank compares its own. Gives rank 0's sample to all ranks, and its
 * cursor: ranks may stand at different steps when they agree. *has becomes false if there is no
 * sample. If there will be none, the search is done. */
static shs_status share_sample(shs_loader *loader, bool *has)
{
    struct load_twins *twins = loader->twins;
    shs_run *run = loader->dataset->run;
    bool taken = twins->taken;
    struct {
        uint64_t taken, ends;
        shs_cursor cursor;
    } first = {taken, !taken && twins->cursor.step >= twins->wanted, twins->cursor};
    shs_status status = SHS_OK;
    if (!twins->local) status = mpi_broadcast(run, &first, sizeof first);
    *has = first.taken;
    twins->done = first.ends;
    twins->cursor = first.cursor;
    if (status || !*has || twins->shared || twins->local) return status;
    status = mpi_broadcast(run, twins->rows, sizeof twins->rows);
    for (size_t f = 0; f < loader->dataset->n_fields && !status; f++)
        status = mpi_broadcast(run, twins->sample[f], loader->dataset->sample_bytes[f]);
    twins->taken = twins->shared = true;
    return status;
}

/* ---- Runs. */

uint64_t load_twins_vrank(const shs_loader *loader, uint64_t number)
{
    uint64_t vranks = loader->dataset->run->vranks, probed = loader->twins->vranks;
    return number * (vranks / probed) + number * (vranks % probed) / probed;
}

static bool is_hosted(const shs_loader *loader, uint64_t number)
{
    const shs_run *run = loader->dataset->run;
    uint64_t vrank = load_twins_vrank(loader, number);
    return vrank >= run->first_vrank && vrank - run->first_vrank < run->hosted;
}

/* Opens the stream of a place of a virtual rank, as the plan gives it to the batches of this rank.
 */
static void open_place(const shs_loader *loader, uint64_t number, size_t place, shs_random *stream)
{
    const struct load_twins *twins = loader->twins;
    const uint64_t row = number * twins->places + place;
    uint64_t vrank = load_twins_vrank(loader, number);
    if (is_hosted(loader, number))
        vrank = loader->plan.first_vrank + (vrank - loader->dataset->run->first_vrank);
    const shs_batch batch = {
        .vrank = vrank, .epoch = twins->cursor.epoch, .step = twins->cursor.step, .index = &row};
    load_plan_stream(&loader->plan, &batch, twins->by_sample ? 0 : place, stream);
}

/* Runs an operator by itself. What operators before it draw is the same for all places. */
static shs_status run_own(const shs_loader *loader, size_t operation, shs_random *stream)
{
    struct load_twins *twins = loader->twins;
    const shs_place first = {.seed = loader->dataset->run->seed, .purpose = SHS_ROLE_AUGMENT};
    shs_random before;
    shs_status status = shs_random_at(&first, &before);
    if (status) return status;
    return augment_probe(loader->augment, operation, &before, stream, twins->rows,
                         (const void *const *)twins->sample, twins->output, twins->scratch,
                         twins->hash);
}

/* Runs a subject at a place. */
static shs_status run_probe(const shs_loader *loader, size_t subject, uint64_t number, size_t place,
                            int poison, uint64_t *result)
{
    struct load_twins *twins = loader->twins;
    size_t operation = twins->operation[subject];
    shs_random stream;
    for (size_t f = 0; f < loader->dataset->n_fields; f++)
        memset(twins->output[f], poison, twins->output_bytes[f]);
    memset(twins->scratch, poison, twins->scratch_bytes);
    core_hash_reset(twins->hash);
    open_place(loader, number, place, &stream);
    shs_status status = operation != LOAD_TWINS_WHOLE
                            ? run_own(loader, operation, &stream)
                            : augment_probe_whole(loader->augment, &stream, twins->rows,
                                                  (const void *const *)twins->sample, twins->output,
                                                  twins->scratch, twins->hash);
    struct core_digest digest = core_hash_digest(twins->hash);
    memcpy(result, digest.bytes, sizeof *result);
    return status;
}

/* Runs a subject at the places of all virtual ranks that this rank hosts, at the first of these
 * places twice, and at the first place of all. */
static void run_probes(const shs_loader *loader, size_t subject, uint64_t *results,
                       struct load_twins_flags *flags)
{
    const struct load_twins *twins = loader->twins;
    const shs_run *run = loader->dataset->run;
    uint64_t first = twins->vranks, again = 0;
    bool failed = false, steady = true;
    for (uint64_t number = 0; number < twins->vranks; number++) {
        if (!is_hosted(loader, number)) continue;
        if (first == twins->vranks) first = number;
        for (size_t place = 0; place < twins->places; place++)
            failed |= run_probe(loader, subject, number, place, POISON,
                                &results[number * twins->places + place]) != SHS_OK;
    }
    for (size_t place = 0; place < twins->places && first < twins->vranks; place++) {
        failed |= run_probe(loader, subject, first, place, OTHER_POISON, &again) != SHS_OK;
        steady &= again == results[first * twins->places + place];
    }
    failed |= run_probe(loader, subject, 0, 0, POISON, &again) != SHS_OK;
    *flags = (struct load_twins_flags){.failed = failed,
                                       .unsteady = steady ? 0 : (uint64_t)(run->ranks - run->rank),
                                       .greatest = again,
                                       .lowest = ~again};
}

/* ---- The check. */

/* The vectors of this epoch, and behind them those of the epoch before. Where ranks compare their
 * own, the vectors of others are left out. */
static struct load_twins_sheet make_sheet(const shs_loader *loader, uint64_t *results)
{
    const struct load_twins *twins = loader->twins;
    size_t all = (size_t)twins->vranks, first = 0, end = all;
    if (twins->local) {
        while (first < end && !is_hosted(loader, first))
            first++;
        while (end > first && !is_hosted(loader, end - 1))
            end--;
    }
    size_t now = end - first;
    if (twins->has_last)
        memmove(results + end * twins->places, results + (all + first) * twins->places,
                now * twins->places * sizeof *results);
    return (struct load_twins_sheet){.places = twins->places,
                                     .vectors = twins->has_last ? 2 * now : now,
                                     .now = now,
                                     .results = results + first * twins->places,
                                     .sorted = twins->sorted,
                                     .order = twins->order};
}

/* Keeps the results of this epoch as those of the epoch before. */
static void keep_last(struct load_twins *twins, uint64_t *results)
{
    size_t count = (size_t)twins->vranks * twins->places;
    memcpy(results + count, results, count * sizeof *results);
    memset(results, 0, count * sizeof *results);
}

/* Collective, unless each rank compares its own. */
static shs_status check_subject(shs_loader *loader, size_t number)
{
    struct load_twins *twins = loader->twins;
    shs_run *run = loader->dataset->run;
    size_t count = (size_t)twins->vranks * twins->places;
    uint64_t *results = twins->results + number * 2 * count;
    struct load_twins_flags flags;
    shs_status status = SHS_OK;
    run_probes(loader, number, results, &flags);
    if (!twins->local) status = mpi_sum(run, results, count);
    if (!status && !twins->local)
        status = mpi_greatest(run, (uint64_t *)(void *)&flags, sizeof flags / sizeof(uint64_t));
    if (status) return status;
    if (flags.failed) {
        load_twins_tell_failed(loader, number);
    } else {
        const struct load_twins_sheet sheet = make_sheet(loader, results);
        status = load_twins_tell(loader, number, &flags, &sheet);
    }
    keep_last(twins, results);
    return status;
}

/* Collective, unless each rank compares its own. */
static shs_status check(void *user)
{
    shs_loader *loader = user;
    struct load_twins *twins = loader->twins;
    bool has;
    shs_status status = share_sample(loader, &has);
    if (status) return status;
    if (twins->done) load_twins_tell_no_sample(loader);
    if (!has) return SHS_OK;
    /* the same places would give the same results */
    twins->has_last = twins->checked && twins->last.epoch != twins->cursor.epoch &&
                      twins->last.step != twins->cursor.step;
    for (size_t number = 0; number < twins->subjects && !twins->done && !status; number++)
        status = check_subject(loader, number);
    twins->last = twins->cursor;
    twins->checked = true;
    return status;
}

void load_twins_step(shs_loader *loader, const shs_batch *batch)
{
    struct load_twins *twins = loader->twins;
    struct mpi_member *member = &loader->member;
    shs_run *run = loader->dataset->run;
    if (!twins || twins->done || loader->replays || member->failed || !batch->ends_step) return;
    if (batch->epoch_step && twins->checked) return;
    twins->cursor = (shs_cursor){batch->epoch, batch->epoch_step, batch->step};
    if (!twins->local) {
        member->check = check;
        member->check_user = loader;
        return;
    }
    shs_status status = check(loader);
    if (status) mpi_member_fail(run, member, core_wrap(status, "shs_next"));
}
