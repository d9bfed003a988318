#include "load_replace.h"

#include <stdio.h>
#include <string.h>

#include "load_nan.h"

/* A batch that is read row by row. */
struct work {
    struct load_replace *replace;
    shs_dataset *dataset;
    const struct load_plan *plan;
    struct load_batch *batch;
    struct load_tools tools; /* tools of its own: all lanes may be at other batches */
    struct fetch_gather *gather;
    bool replaces;     /* false: only the first bad sample is looked for */
    bool has_nan;      /* true if the last row could be read, but has a NaN */
    uint64_t replaced; /* rows replaced so far */
};

/* ---- Known bad rows. */

void load_replace_forget(struct load_replace *replace)
{
    replace->runs = replace->oldest = 0;
}

static const struct order_skipped *known_run(const struct load_replace *replace, uint64_t position)
{
    for (size_t i = 0; i < replace->runs; i++)
        if (position >= replace->bad[i].first && position < replace->bad[i].end)
            return &replace->bad[i];
    return NULL;
}

/* Remembers a run of bad rows. It grows a run that it touches. */
static void remember(struct load_replace *replace, uint64_t first, uint64_t end)
{
    for (size_t i = 0; i < replace->runs; i++) {
        struct order_skipped *run = &replace->bad[i];
        if (first > run->end || end < run->first) continue;
        if (first < run->first) run->first = first;
        if (end > run->end) run->end = end;
        return;
    }
    if (replace->runs < LOAD_BAD_RUNS) {
        replace->bad[replace->runs++] = (struct order_skipped){first, end};
        return;
    }
    replace->bad[replace->oldest] = (struct order_skipped){first, end};
    replace->oldest = (replace->oldest + 1) % LOAD_BAD_RUNS;
}

/* ---- A row. */

/* Refuses a row with a NaN. The message names file, dataset and rows. */
static shs_status refuse_nan(struct work *work, uint64_t sample, size_t field)
{
    shs_location at;
    shs_rows rows;
    shs_status status = shs_locate(work->dataset, sample, &at);
    if (!status) status = shs_locate_rows(work->dataset, sample, field, &rows);
    if (status) return status;
    work->has_nan = true;
    if (work->dataset->what.part[field].joins)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: the window from row %llu on has a NaN, in this file or "
                         "behind it; write it anew, or let failures.nan keep or replace such rows",
                         work->dataset->files.paths.path[rows.file], rows.dataset, (ull)rows.first);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s: rows %llu to %llu have a NaN; write them anew, or let "
                     "failures.nan keep or replace such rows",
                     at.path, rows.dataset, (ull)rows.first,
                     (ull)(rows.first + rows.count - (rows.count != 0)));
}

/* Reads one row into a slot, by itself. */
static shs_status read_row(struct work *work, uint64_t row, uint64_t slot)
{
    const shs_dataset *dataset = work->dataset;
    struct load_batch *batch = work->batch;
    const struct fetch_means means = {.fetcher = work->tools.fetcher, .threads = 1};
    void *to[SHS_MAX_FIELDS];
    size_t field;
    for (size_t f = 0; f < batch->fields; f++)
        to[f] = (char *)batch->read[f] + slot * batch->read_bytes[f];
    work->has_nan = false;
    work->dataset->files.unfit = false;
    if (batch->spacing)
        fetch_gather_space(work->gather, batch->spacing + slot * work->plan->what->n_spacings);
    shs_status status = load_batch_lend(batch, slot, 1, work->gather);
    if (!status) status = fetch_gather(work->gather, &means, &row, 1, to, &batch->counts);
    if (!status && work->plan->failures.nan && load_nan_in_row(dataset, batch, slot, &field))
        status = refuse_nan(work, row, field);
    return core_wrap(status, "sample %llu", (ull)row);
}

/* Returns true if another row may take the place of a row that was read with this status. A file of
 * another shape is whole, so it is not damaged. */
static bool may_replace(const struct work *work, shs_status status)
{
    const struct load_failures *failures = &work->plan->failures;
    if (!work->replaces || status != SHS_ERROR_FORMAT) return false;
    if (work->has_nan) return failures->nan == SHS_NAN_REPLACE;
    return failures->damage == SHS_DAMAGE_REPLACE && !work->dataset->files.unfit;
}

/* ---- The search for another row. */

/* A walk through the rows that may take a place. */
struct walk {
    struct order_skipped peers;
    uint64_t at;     /* position in the subset */
    uint64_t passed; /* positions from the walk's beginning to `at` */
    uint64_t tried;  /* how many of these rows are not excluded; rows known to be bad count, too */
};

/* Moves on to a position, which may lie at the end: the beginning follows. */
static void move_to(struct walk *walk, uint64_t to)
{
    uint64_t size = walk->peers.end - walk->peers.first;
    if (to == walk->peers.end) to = walk->peers.first;
    walk->passed += to > walk->at ? to - walk->at : size - (walk->at - to);
    walk->at = to;
}

/* Moves on to the next row that is neither excluded nor known to be bad. Returns false when all
 * rows have been passed. */
static bool move_on(const struct work *work, struct walk *walk)
{
    const struct order_skipped *peers = &walk->peers;
    const struct order_skip *excluded = &work->plan->failures.excluded;
    uint64_t to = walk->at + 1;
    for (;;) {
        move_to(walk, to);
        if (walk->passed >= peers->end - peers->first) return false;
        to = order_skip_next(excluded, walk->at, peers->first, peers->end);
        if (to == ORDER_SKIP_ALL) return false;
        if (to != walk->at) continue;
        const struct order_skipped *run = known_run(work->replace, walk->at);
        walk->tried++;
        if (!run) return true;
        to = run->end < peers->end ? run->end : peers->end;
        walk->tried += to - walk->at - 1 - order_skip_count(excluded, walk->at, to);
    }
}

/* The rows from the walk's beginning to where it is now are bad or excluded. */
static void remember_walk(struct work *work, const struct walk *walk, uint64_t begin)
{
    bool came_round = walk->at <= begin;
    remember(work->replace, begin, came_round ? walk->peers.end : walk->at);
    if (came_round && walk->at > walk->peers.first)
        remember(work->replace, walk->peers.first, walk->at);
}

/* Refuses a row whose place no row can take. `why` is what is wrong with the row. `tried` is the
 * number of rows after which the search is given up; 0: all rows were passed. */
static shs_status no_row_left(const struct walk *walk, uint64_t row, uint64_t tried,
                              const char *why)
{
    if (!tried)
        return core_fail(SHS_ERROR_FORMAT,
                         "no row can take the place of sample %llu: all %llu rows are damaged, "
                         "excluded, or have a NaN; %s",
                         (ull)row, (ull)(walk->peers.end - walk->peers.first), why);
    return core_fail(SHS_ERROR_FORMAT,
                     "no row was found for the place of sample %llu: the next %llu rows that are "
                     "not excluded are damaged or have a NaN; exclude them (failures.exclude); %s",
                     (ull)row, (ull)tried, why);
}

/* Reads the next good row into the slot of a bad row. `why` is what is wrong with that. */
static shs_status read_another(struct work *work, uint64_t slot, const char *why)
{
    const struct load_order *order = &work->plan->order;
    uint64_t *index = &work->batch->index[slot], begin;
    uint64_t most = work->replace->most_tried ? work->replace->most_tried : LOAD_MOST_TRIED;
    struct walk walk = {.at = order_subset_below(&order->subset, *index)};
    walk.peers = load_failures_peers(order, walk.at);
    begin = walk.at;
    while (move_on(work, &walk) && walk.tried <= most) {
        uint64_t row = load_failures_row(order, walk.at);
        shs_status status = read_row(work, row, slot);
        if (may_replace(work, status)) continue;
        if (status) return status;
        remember_walk(work, &walk, begin);
        *index = row;
        return SHS_OK;
    }
    return no_row_left(&walk, *index, walk.tried <= most ? 0 : most, why);
}

/* ---- The batch. */

static void report(const struct work *work, uint64_t slot, uint64_t row, const char *why)
{
    const shs_batch *what = work->batch->what;
    mpi_report(work->dataset->run, SHS_REPORT_REPLACED,
               "virtual rank %llu, epoch %llu, step %llu, slot %llu: sample %llu takes the place "
               "of %s",
               (ull)what->vrank, (ull)what->epoch, (ull)what->step, (ull)slot, (ull)row, why);
}

/* Keeps the numbers of the planned rows before the first row is replaced. */
static void keep_planned(struct load_batch *batch)
{
    if (batch->what->replaced) return;
    memcpy(batch->planned, batch->index, batch->what->rows * sizeof *batch->index);
    batch->what->replaced = batch->planned;
}

static shs_status mend_row(struct work *work, uint64_t slot)
{
    char why[CORE_MESSAGE_BYTES];
    shs_status status = read_row(work, work->batch->index[slot], slot);
    if (!may_replace(work, status)) return status;
    snprintf(why, sizeof why, "%s", shs_message());
    keep_planned(work->batch);
    status = read_another(work, slot, why);
    if (status) return status;
    work->replaced++;
    report(work, slot, work->batch->index[slot], why);
    return SHS_OK;
}

static shs_status mend_rows(struct work *work)
{
    struct load_batch *batch = work->batch;
    shs_status status = SHS_OK;
    batch->staged = true;
    for (uint64_t slot = 0; slot < batch->what->rows && !status; slot++)
        status = mend_row(work, slot);
    if (status || !work->replaced) return status;
    batch->counts.rows = batch->what->rows; /* samples, not the rows of pieces */
    return load_batch_augment(&work->tools, work->plan, batch);
}

/* Judges a batch that has been read again. Its first error stays, unless its rows were replaced. */
static void judge(struct load_batch *batch, const struct work *work, shs_status again)
{
    bool known = again == batch->status || work->replaces;
    if (again && known) {
        snprintf(batch->message, sizeof batch->message, "%s", shs_message());
        batch->status = again;
    } else if (!again && work->replaced) {
        batch->status = SHS_OK;
        *batch->message = '\0';
    } else if (!again && batch->status == SHS_ERROR_FORMAT) {
        size_t length = strlen(batch->message);
        snprintf(batch->message + length, sizeof batch->message - length,
                 "; read once more, one by one, all rows of the batch were good: look at the "
                 "storage and the memory");
    }
    if (batch->status) batch->counts.rows = 0;
}

static bool is_of_rows(shs_status status)
{
    return status == SHS_ERROR_FORMAT || status == SHS_ERROR_FILE ||
           status == SHS_ERROR_UNSUPPORTED;
}

shs_status load_replace(struct load_replace *replace, shs_dataset *dataset,
                        const struct load_plan *plan, const shs_augment *augment,
                        struct load_batch *batch)
{
    struct work work = {.replace = replace, .dataset = dataset, .plan = plan, .batch = batch};
    if (!batch->found || batch->augmented || !is_of_rows(batch->status)) return batch->status;
    if (replace->epoch != batch->what->epoch) load_replace_forget(replace);
    replace->epoch = batch->what->epoch;
    work.replaces = batch->status == SHS_ERROR_FORMAT &&
                    (plan->failures.damage || plan->failures.nan == SHS_NAN_REPLACE);
    shs_status again = load_tools_open(dataset, augment, plan->pushdown.any, 1, &work.tools);
    work.tools.plan = plan;
    if (!again) again = fetch_gather_new(dataset, &work.gather);
    if (!again) again = mend_rows(&work);
    fetch_gather_free(&work.gather);
    load_tools_close(&work.tools);
    judge(batch, &work, again);
    return batch->status;
}

/* ---- What was delivered. */

static void report_excluded(const shs_dataset *dataset, const shs_batch *batch, uint64_t slot)
{
    shs_location at;
    uint64_t planned = batch->replaced[slot];
    if (!dataset->run->report || shs_locate(dataset, planned, &at)) return;
    mpi_report(dataset->run, SHS_REPORT_EXCLUDED,
               "virtual rank %llu, epoch %llu, step %llu, slot %llu: sample %llu takes the place "
               "of sample %llu: %s: number %llu in the file is excluded (failures.exclude)",
               (ull)batch->vrank, (ull)batch->epoch, (ull)batch->step, (ull)slot,
               (ull)batch->index[slot], (ull)planned, at.path, (ull)at.row);
}

void load_replace_tell(struct load_replace *replace, const shs_dataset *dataset,
                       const struct load_plan *plan, const struct load_batch *batch)
{
    const shs_batch *what = batch->what;
    for (uint64_t slot = 0; what->replaced && slot < what->rows; slot++) {
        if (what->replaced[slot] == what->index[slot]) continue;
        replace->rows++;
        if (load_failures_excludes(&plan->failures, &plan->order, what->replaced[slot]))
            report_excluded(dataset, what, slot);
    }
}
