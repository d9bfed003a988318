/* The loader: batches, the cursor, the ledger. Synchronous. */
#include "load.h"

#include "augment_apply.h"
#include "random_stream.h"

#define OPEN_IT "open it with shs_loader_open()"

shs_cursor shs_tell(const shs_loader *loader)
{
    return loader ? loader->cursor : (shs_cursor){0};
}

uint64_t shs_epoch_steps(const shs_loader *loader)
{
    return loader ? order_steps(&loader->order.order.shape) : 0;
}

shs_loader_statistics shs_statistics(const shs_loader *loader)
{
    if (!loader) return (shs_loader_statistics){0};
    const struct fetch_counts *done = &loader->done;
    return (shs_loader_statistics){.rows = done->rows,
                                   .reads = done->reads,
                                   .bytes = done->bytes,
                                   .cold_reads = done->cold_reads,
                                   .chunks_decoded = done->chunks_decoded,
                                   .chunk_hits = done->chunk_hits,
                                   .cached_bytes = fetch_kept_bytes(loader->fetcher),
                                   .epochs_verified = loader->watch.verified,
                                   .epochs_unverified = loader->epochs_unverified};
}

void load_go(shs_loader *loader, shs_cursor cursor)
{
    loader->cursor = cursor;
    loader->handed = 0;
    loader->epoch_begun = false;
    loader->ledger = (struct order_ledger){0};
    loader->ledger_whole = cursor.epoch_step == 0;
    mpi_watch_forget(loader->dataset->run, &loader->watch);
}

shs_status load_ledger(const shs_loader *loader, uint64_t numbers[LOAD_LEDGER_NUMBERS])
{
    numbers[0] = loader->ledger_whole;
    numbers[1] = loader->ledger.count;
    numbers[2] = loader->ledger.sum;
    numbers[3] = loader->ledger.squares;
    return mpi_sum(loader->dataset->run, numbers + 1, LOAD_LEDGER_NUMBERS - 1);
}

void load_go_on(shs_loader *loader, const uint64_t numbers[LOAD_LEDGER_NUMBERS])
{
    loader->ledger_whole = numbers[0];
    if (loader->dataset->run->rank == 0) /* the sums are over all ranks: one has them */
        loader->ledger = (struct order_ledger){numbers[1], numbers[2], numbers[3]};
}

/* A batch has been delivered; its rows count if it came without an error. */
static void enter_batch(shs_loader *loader, const shs_batch *batch)
{
    if (loader->watch.failed) loader->ledger_whole = false;
    order_ledger_add(&loader->ledger, batch->index, batch->count);
    if (!batch->ends_epoch) return;
    if (loader->ledger_whole)
        mpi_ledger_end(&loader->watch, batch->epoch, &loader->ledger, &loader->order.due);
    else
        loader->epochs_unverified++;
    loader->ledger = (struct order_ledger){0};
    loader->ledger_whole = true;
}

shs_status shs_seek(shs_loader *loader, shs_cursor cursor)
{
    shs_status status = core_require(loader, "shs_seek", "loader", OPEN_IT);
    if (status) return status;
    status = order_check_cursor(&loader->order.order.shape, loader->options.epochs, loader->origin,
                                cursor);
    mpi_watch_settled(loader->dataset->run, &loader->watch);
    status = mpi_settle(loader->dataset->run, core_wrap(status, "shs_seek"),
                        "shs_seek(epoch %llu, epoch step %llu, step %llu)", (ull)cursor.epoch,
                        (ull)cursor.epoch_step, (ull)cursor.step);
    if (!status) load_go(loader, cursor);
    return status;
}

/* Whether a step may begin: SHS_OK, SHS_END, SHS_STOP or the loader's error. */
static shs_status begin_step(shs_loader *loader)
{
    struct mpi_watch *watch = &loader->watch;
    if (watch->failed) {
        watch->told = true;
        return core_tell(watch->failed, watch->failure, true, false);
    }
    if (loader->options.epochs && loader->cursor.epoch >= loader->options.epochs) return SHS_END;
    if (loader->dataset->run->stop_agreed && !loader->options.through_stop) return SHS_STOP;
    if (loader->cursor.step > UINT32_MAX || loader->cursor.epoch > UINT32_MAX)
        return core_fail(SHS_ERROR_EXHAUSTED,
                         "rank %d: shs_next: epoch %llu, step %llu: a run has at most 2^32 steps "
                         "and epochs; start another one with another seed",
                         loader->dataset->run->rank, (ull)loader->cursor.epoch,
                         (ull)loader->cursor.step);
    return SHS_OK;
}

void load_stream(const shs_loader *loader, const shs_batch *batch, uint64_t slot,
                 shs_random *random)
{
    uint64_t seed = loader->dataset->run->seed;
    if (loader->options.augment_by == SHS_BY_SAMPLE) {
        random_of_sample(seed, loader->options.stream, batch->index[slot], batch->epoch, random);
        return;
    }
    shs_place place = {.seed = seed,
                       .purpose = SHS_ROLE_AUGMENT + 16 * loader->options.stream,
                       .rank = batch->vrank,
                       .step = batch->step,
                       .slot = slot};
    /* cannot fail: begin_step() and shs_loader_open() keep every part within its bits */
    shs_status status = shs_random_at(&place, random);
    (void)status;
}

static shs_status check_place(const shs_batch *batch, uint64_t slot, uint64_t purpose)
{
    shs_status status = core_require(batch, "shs_random_at_batch", "batch",
                                     "pass the address of one that shs_next() gave");
    if (status) return status;
    if (slot >= batch->rows)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "shs_random_at_batch: slot %llu of a batch of %llu rows; slots are counted "
            "from 0",
            (ull)slot, (ull)batch->rows);
    uint64_t role = purpose % 16;
    if (role == SHS_ROLE_USER || role >= SHS_ROLE_OWN) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "shs_random_at_batch: purpose %llu has role %llu, which belongs to the "
                     "library; use SHS_ROLE_USER or a purpose from shs_random_own_purpose()",
                     (ull)purpose, (ull)role);
}

shs_status shs_random_at_batch(const shs_batch *batch, uint64_t slot, uint64_t purpose,
                               shs_random *stream)
{
    shs_status status =
        core_require(stream, "shs_random_at_batch", "stream", "pass the address of a shs_random");
    if (status) return status;
    status = check_place(batch, slot, purpose);
    if (status) {
        *stream = (shs_random){.status = status};
        return status;
    }
    return shs_random_at(&(shs_place){.seed = batch->seed,
                                      .purpose = purpose,
                                      .rank = batch->vrank,
                                      .step = batch->step,
                                      .slot = slot},
                         stream);
}

/* Rows of a sample as it was read that are no padding: the field behind a ragged one has them. */
static uint64_t rows_of(const shs_loader *loader, size_t f, uint64_t slot)
{
    if (loader->dataset->what.part[f].kind != DATA_RAGGED) return UINT64_MAX;
    const uint64_t *lengths = loader->read[f + 1];
    return lengths[slot];
}

static shs_status augment_row(shs_loader *loader, const shs_batch *batch, uint64_t slot)
{
    const shs_dataset *dataset = loader->dataset;
    const void *inputs[SHS_MAX_FIELDS];
    void *outputs[SHS_MAX_FIELDS];
    uint64_t rows[SHS_MAX_FIELDS];
    shs_random random;
    for (size_t f = 0; f < dataset->n_fields; f++) {
        inputs[f] = (const char *)loader->read[f] + slot * dataset->sample_bytes[f];
        outputs[f] = (char *)loader->output[f] + slot * loader->output_bytes[f];
        rows[f] = rows_of(loader, f, slot);
    }
    load_stream(loader, batch, slot, &random);
    return augment_apply_rows(loader->augment, &random, rows, inputs, outputs, loader->scratch);
}

/* How many of a chunk's samples are looked at: to find a row's turn takes as long as to read some
 * 100 bytes, and what is kept is kept to save time. */
static uint64_t most_looked_at(uint64_t samples, size_t sample_bytes)
{
    enum {
        TURN_BYTES = 128,
        LEAST = 64,
        MOST = 4096
    };
    if (sample_bytes < TURN_BYTES) samples = samples * sample_bytes / TURN_BYTES;
    if (samples > MOST) return MOST;
    return samples < LEAST ? LEAST : samples;
}

/* When a source's rows are next wanted, by any field. */
static uint64_t next_use(void *user, uint64_t key, uint64_t first, uint64_t count)
{
    shs_loader *loader = user;
    const shs_dataset *dataset = loader->dataset;
    const shs_run *run = dataset->run;
    uint64_t next = ORDER_NEVER;
    for (size_t f = 0; f < dataset->n_fields; f++) {
        struct data_range samples = data_dataset_samples(dataset, f, key, first, count);
        uint64_t use = ORDER_NEVER - 1; /* some time */
        if (!samples.count) continue;
        if (samples.count != DATA_SAMPLES_UNKNOWN)
            use = load_epoch_next_use(&loader->order_epoch, samples.first, samples.count,
                                      most_looked_at(samples.count, dataset->sample_bytes[f]),
                                      loader->moment, run->first_vrank, run->hosted);
        if (use < next) next = use;
    }
    return next;
}

/* NULL if the order cannot be asked when rows are next wanted, or nobody need know: if all chunks
 * can be kept, of which those at a field's ends have more bytes than its rows. */
static const struct fetch_foresight *foresight(shs_loader *loader)
{
    loader->foresight = (struct fetch_foresight){next_use, loader};
    return loader->forgets && load_order_foresees(&loader->order) ? &loader->foresight : NULL;
}

/* Another epoch's order: chunks that are kept are judged by it. Files may have changed. */
static shs_status begin_epoch(shs_loader *loader)
{
    uint64_t epoch = loader->cursor.epoch;
    if (loader->epoch_begun && loader->epoch == epoch) return SHS_OK;
    shs_status status = load_epoch_begin(&loader->order, epoch, &loader->order_epoch);
    if (status) return status;
    loader->epoch_begun = true;
    loader->epoch = epoch;
    data_files_suspect(&loader->dataset->files);
    loader->round = loader->dataset->files.round;
    if (foresight(loader)) fetch_revise(loader->fetcher, foresight(loader));
    return SHS_OK;
}

static shs_status load_rows(shs_loader *loader, uint64_t vrank, struct order_slice slice)
{
    const shs_batch place = {.vrank = vrank,
                             .epoch = loader->cursor.epoch,
                             .step = loader->cursor.step,
                             .index = loader->index};
    loader->moment = order_moment(&loader->order.order.shape, loader->cursor.epoch_step, vrank);
    shs_status status = begin_epoch(loader);
    if (!status)
        status = load_epoch_rows(&loader->order_epoch, vrank, slice, loader->options.threads,
                                 loader->index);
    const struct fetch_means means = {loader->fetcher, loader->options.threads, foresight(loader)};
    struct fetch_counts counts = {0};
    if (!status)
        status =
            fetch_gather(loader->gather, &means, loader->index, slice.rows, loader->read, &counts);
    counts.rows = status ? 0 : slice.rows; /* samples, in place of pieces' rows */
    fetch_counts_add(&loader->done, &counts);
    for (uint64_t slot = 0; slot < slice.rows && loader->augments && !status; slot++)
        status = augment_row(loader, &place, slot);
    return status;
}

shs_status load_check_files(const shs_loader *loader)
{
    if (!loader->epoch_begun) return SHS_OK;
    return data_files_check(&loader->dataset->files, loader->round);
}

/* Keeps a loading error for the step's agreement: its batches still arrive, without rows. */
static void fail_step(shs_loader *loader, uint64_t vrank, shs_status status)
{
    core_wrap(status, "shs_next: virtual rank %llu, epoch %llu, step %llu", (ull)vrank,
              (ull)loader->cursor.epoch, (ull)loader->cursor.step);
    mpi_watch_fail(loader->dataset->run, &loader->watch, status);
}

/* True if the batch that is handed out is this rank's last one of the epoch. */
static bool ends_epoch(const shs_loader *loader)
{
    return loader->handed + 1 == loader->dataset->run->hosted &&
           loader->cursor.epoch_step + 1 == order_steps(&loader->order.order.shape);
}

static void fill_batch(shs_loader *loader, uint64_t vrank, struct order_slice slice,
                       shs_batch *batch)
{
    const shs_dataset *dataset = loader->dataset;
    bool last = loader->handed + 1 == dataset->run->hosted;
    for (size_t f = 0; f < dataset->n_fields; f++)
        loader->field[f].shape[0] = slice.rows;
    *batch = (shs_batch){
        .seed = dataset->run->seed,
        .vrank = vrank,
        .epoch = loader->cursor.epoch,
        .epoch_step = loader->cursor.epoch_step,
        .step = loader->cursor.step,
        .rows = slice.rows,
        .count = slice.count,
        .step_rows = order_step_rows(&loader->order.order.shape, loader->cursor.epoch_step),
        .index = loader->index,
        .fields = dataset->n_fields,
        .field = loader->field,
        .ends_step = last,
        .ends_epoch = ends_epoch(loader),
    };
}

/* Another step has nothing to wait for once the run is closed. */
static shs_status check_next(const shs_loader *loader, const shs_batch *batch)
{
    shs_status status = core_require(loader, "shs_next", "loader", OPEN_IT);
    if (!status)
        status = core_require(batch, "shs_next", "batch", "pass the address of a shs_batch");
    if (status || !loader->dataset->run->closed) return status;
    return core_fail(SHS_ERROR_STATE,
                     "rank %d: shs_next: the loader's run is closed; open another run, dataset and "
                     "loader",
                     loader->dataset->run->rank);
}

shs_status shs_next(shs_loader *loader, shs_batch *batch)
{
    if (batch) *batch = (shs_batch){0};
    shs_status wrong = check_next(loader, batch);
    if (wrong) return wrong;
    if (loader->handed == 0) {
        shs_status status = begin_step(loader);
        if (status) return status;
    }
    uint64_t vrank = loader->dataset->run->first_vrank + loader->handed;
    struct order_slice slice =
        order_slice(&loader->order.order.shape, loader->cursor.epoch_step, vrank);
    if (!loader->watch.failed) {
        shs_status status = load_rows(loader, vrank, slice);
        if (!status && ends_epoch(loader)) status = load_check_files(loader);
        if (status) fail_step(loader, vrank, status);
    }
    if (loader->watch.failed) slice.rows = slice.count = 0;
    fill_batch(loader, vrank, slice, batch);
    loader->handed++;
    enter_batch(loader, batch);
    if (batch->ends_step) {
        loader->cursor = order_next(&loader->order.order.shape, loader->cursor);
        loader->handed = 0;
    }
    return SHS_OK;
}

shs_status load_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank, shs_batch *batch)
{
    load_go(loader, cursor);
    loader->handed = vrank - loader->dataset->run->first_vrank;
    shs_status status = shs_next(loader, batch);
    if (!status && loader->watch.failed)
        status = core_tell(loader->watch.failed, loader->watch.failure, true, false);
    return status;
}
