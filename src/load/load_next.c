/* Handing out batches: the cursor, the ledger, and what the run is told. */
#include "augment_slab.h"
#include "core_assert.h"
#include "core_clock.h"
#include "core_memory.h"
#include "load.h"

#define OPEN_IT "open it with shs_loader_open()"

shs_cursor shs_tell(const shs_loader *loader)
{
    if (!loader) return (shs_cursor){0};
    return loader->member.failed ? loader->member.failed_at : loader->cursor;
}

shs_slab shs_loader_slab(const shs_loader *loader, size_t field)
{
    if (!loader || field >= loader->dataset->n_fields) return (shs_slab){0};
    const struct augment_slab slab = augment_slab_of(loader->augment, field);
    if (!slab.length) return (shs_slab){0};
    return (shs_slab){slab.axis, slab.first, slab.count, slab.length};
}

uint64_t shs_epoch_steps(const shs_loader *loader)
{
    return loader ? order_steps(&loader->plan.order.order.shape) : 0;
}

shs_loader_statistics shs_statistics(const shs_loader *loader)
{
    if (!loader) return (shs_loader_statistics){0};
    const struct fetch_counts *done = &loader->done;
    return (shs_loader_statistics){.rows = done->rows,
                                   .rows_replaced = loader->replace.rows,
                                   .reads = done->reads,
                                   .bytes = done->bytes,
                                   .cold_reads = done->cold_reads,
                                   .chunks_decoded = done->chunks_decoded,
                                   .chunk_hits = done->chunk_hits,
                                   .cached_bytes = fetch_kept_bytes(loader->tools.fetcher),
                                   .epochs_verified = loader->member.verified,
                                   .epochs_unverified = loader->epochs_unverified};
}

void load_go(shs_loader *loader, shs_cursor cursor)
{
    load_ahead_stop(loader->ahead);
    loader->cursor = loader->member.begun = cursor;
    loader->handed = 0;
    loader->waited_before = loader->waited;
    loader->round = (struct load_round){0};
    load_tools_jump(&loader->tools);
    load_replace_forget(&loader->replace);
    load_twins_go(loader->twins, &loader->plan, cursor);
    loader->ledger = (struct order_ledger){0};
    loader->ledger_whole = cursor.epoch_step == 0;
    mpi_member_forget(loader->dataset->run, &loader->member);
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
    if (loader->dataset->run->rank == 0) /* the sums are over all ranks, so one rank takes them */
        loader->ledger = (struct order_ledger){numbers[1], numbers[2], numbers[3]};
}

/* Enters the planned rows of a delivered batch in the ledger. A batch with an error has no rows to
 * enter. Of a group member 0 enters its rows, which are those of all members. Where the ranks
 * cannot talk to each other, nobody knows the rows of all ranks, and so no epoch is judged.
 */
static void enter_batch(shs_loader *loader, const shs_batch *batch)
{
    const shs_batch *part = batch->parts ? batch->part : batch;
    if (loader->member.failed) loader->ledger_whole = false;
    bool counts = loader->dataset->run->member == 0;
    for (size_t i = 0; counts && i < (batch->parts ? batch->parts : 1); i++)
        order_ledger_add(&loader->ledger, part[i].replaced ? part[i].replaced : part[i].index,
                         part[i].count);
    if (!batch->ends_epoch) return;
    if (loader->ledger_whole && !mpi_is_apart(loader->dataset->run))
        mpi_ledger_end(&loader->member, batch->epoch, &loader->ledger, &loader->plan.order.due);
    else
        loader->epochs_unverified++;
    loader->ledger = (struct order_ledger){0};
    loader->ledger_whole = true;
}

/* Goes on at a cursor if all ranks can. `status` is that of what was checked before. */
static shs_status seek(shs_loader *loader, shs_cursor cursor, const char *function,
                       shs_status status)
{
    if (!status)
        status = order_check_cursor(&loader->plan.order.order.shape, loader->options.epochs,
                                    loader->origin, cursor);
    mpi_member_settled(loader->dataset->run, &loader->member);
    status = mpi_settle(loader->dataset->run, core_wrap(status, "%s", function),
                        "%s(epoch %llu, epoch step %llu, step %llu)", function, (ull)cursor.epoch,
                        (ull)cursor.epoch_step, (ull)cursor.step);
    if (!status) load_go(loader, cursor);
    return status;
}

shs_status shs_seek(shs_loader *loader, shs_cursor cursor)
{
    shs_status status = core_require(loader, "shs_seek", "loader", OPEN_IT);
    return status ? status : seek(loader, cursor, "shs_seek", SHS_OK);
}

shs_status shs_resume(shs_loader *loader, shs_cursor cursor, const char *fingerprint)
{
    char *own = NULL;
    bool other_batch = false;
    shs_status status = core_require(loader, "shs_resume", "loader", OPEN_IT);
    if (status) return status;
    status = core_require(fingerprint, "shs_resume", "fingerprint",
                          "pass the text that shs_fingerprint() told");
    if (!status) status = load_fingerprint(loader, &own);
    if (!status) status = load_fingerprint_check(fingerprint, own, true, &other_batch);
    if (!status && other_batch)
        status = core_fail(SHS_ERROR_MISMATCH,
                           "the cursor is that of a run with another batch; set the batch back, or "
                           "change it at an epoch's end by shs_save() and shs_restore()");
    core_free(&own);
    return seek(loader, cursor, "shs_resume", status);
}

/* Returns whether a step may begin: SHS_OK, SHS_END, SHS_STOP or the loader's error. */
static shs_status begin_step(shs_loader *loader)
{
    struct mpi_member *member = &loader->member;
    if (member->failed) {
        member->told = true;
        return core_tell(member->failed, member->failure, true, false);
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

shs_status load_check_files(const shs_loader *loader)
{
    if (!loader->round.begun) return SHS_OK;
    return data_files_check(&loader->dataset->files, loader->round.round);
}

/* Keeps a loading error for the step's agreement. The step's batches still arrive, without rows. */
static void fail_step(shs_loader *loader, const shs_batch *batch, shs_status status)
{
    core_wrap(status, "shs_next: virtual rank %llu, epoch %llu, step %llu", (ull)batch->vrank,
              (ull)batch->epoch, (ull)batch->step);
    loader->member.begun = loader->cursor;
    mpi_member_fail(loader->dataset->run, &loader->member, status);
}

/* Takes over what came of a batch whose turn has come. Its error becomes the loader's error. */
static void take_over(shs_loader *loader, struct load_batch *batch)
{
    shs_status status = batch->status;
    loader->round = (struct load_round){true, batch->what->epoch, batch->round};
    if (status) {
        status =
            load_replace(&loader->replace, loader->dataset, &loader->plan, loader->augment, batch);
        if (!status) load_twins_take(loader->twins, &loader->plan, loader->dataset, batch);
    }
    fetch_counts_add(&loader->done, &batch->counts);
    if (status)
        core_tell(status, batch->message, true, false);
    else if (batch->what->ends_epoch)
        status = load_check_files(loader);
    if (!status) load_replace_tell(&loader->replace, loader->dataset, &loader->plan, batch);
    if (status) fail_step(loader, batch->what, status);
}

/* Refuses a NULL argument and a run that is closed. */
static shs_status check_next(const shs_loader *loader, const shs_batch *batch, const char *function)
{
    shs_status status = core_require(loader, function, "loader", OPEN_IT);
    if (!status) status = core_require(batch, function, "batch", "pass the address of a shs_batch");
    if (status || !loader->dataset->run->closed) return status;
    return core_fail(SHS_ERROR_STATE,
                     "rank %d: %s: the loader's run is closed; open another run, dataset and "
                     "loader",
                     loader->dataset->run->rank, function);
}

/* ---- The next batch or, with step_batches, the next step's batches. */

/* Loads them now. After an error the rest of the step is only placed. */
static struct load_unit *load_now(shs_loader *loader, uint64_t count)
{
    struct load_unit *unit = load_units_take(loader->units);
    struct load_batch *batch = &loader->batch;
    core_assert(unit);
    for (uint64_t i = 0; i < count; i++) {
        load_batch_place(batch, unit, &loader->plan, loader->cursor, loader->handed + i);
        if (loader->member.failed) continue;
        batch->round = load_round_of(&loader->round, loader->dataset, loader->cursor.epoch);
        load_batch_load(&loader->tools, &loader->plan, batch);
        load_account_book_fill(&loader->account, LOAD_PREPARING, &batch->times);
        take_over(loader, batch);
    }
    return unit;
}

/* Takes them out of the ring. */
static shs_status load_ahead(shs_loader *loader, uint64_t count, bool wait, struct load_unit **unit)
{
    shs_status status =
        load_ahead_await(loader->ahead, loader->cursor, loader->handed, count, wait);
    if (status) return status;
    for (uint64_t i = 0; i < count; i++) {
        struct load_batch *batch = load_ahead_take(loader->ahead);
        *unit = batch->unit;
        if (!loader->member.failed) take_over(loader, batch);
    }
    if (loader->member.failed)
        load_ahead_stop(loader->ahead);
    else
        load_ahead_refill(loader->ahead, count);
    return SHS_OK;
}

/* Sets *unit to a unit that has been loaded, or to one without rows after an error. */
static shs_status load_unit(shs_loader *loader, bool wait, struct load_unit **unit)
{
    uint64_t count = loader->options.step_batches ? loader->plan.hosted : 1;
    uint64_t begin = core_clock(), end;
    shs_status status = SHS_OK;
    loader->account.step = loader->cursor.step;
    load_account_book(&loader->account, LOAD_IDLE, begin);
    if (loader->ahead && !loader->member.failed)
        status = load_ahead(loader, count, wait, unit);
    else
        *unit = load_now(loader, count);
    end = core_clock();
    loader->account.step = loader->cursor.step;
    loader->waited += end - begin;
    load_account_book(&loader->account, LOAD_HANDING, end);
    return status;
}

/* Hands out a unit that has been loaded. After an error it is empty. */
static void hand_out(shs_loader *loader, struct load_unit *unit, shs_batch *batch)
{
    load_batch_finish(unit, loader->member.failed);
    load_units_hand_out(unit);
    *batch = unit->what;
    loader->handed++;
    loader->member.begun = loader->cursor;
    enter_batch(loader, batch);
    if (loader->watch && !loader->replays) loader->watch(loader->watcher, batch);
    if (!batch->ends_step) return;
    loader->cursor = order_next(&loader->plan.order.order.shape, loader->cursor);
    loader->handed = 0;
    loader->waited_in_step = loader->waited - loader->waited_before;
    loader->waited_before = loader->waited;
    load_twins_step(loader, batch);
}

static shs_status next(shs_loader *loader, shs_batch *batch, bool wait, const char *function)
{
    struct load_unit *unit = NULL;
    if (batch) *batch = (shs_batch){0};
    shs_status status = check_next(loader, batch, function);
    if (!status) status = load_units_former(loader->units);
    if (status) return status;
    uint64_t step = loader->cursor.step;
    mpi_watch_next(loader->dataset->run, step, true);
    if (loader->handed == 0) status = begin_step(loader);
    if (status || loader->member.failed) load_ahead_stop(loader->ahead);
    if (!status) status = load_unit(loader, wait, &unit);
    if (!status) hand_out(loader, unit, batch);
    mpi_watch_next(loader->dataset->run, step, false);
    return status;
}

shs_status shs_next(shs_loader *loader, shs_batch *batch)
{
    return next(loader, batch, true, "shs_next");
}

shs_status shs_try_next(shs_loader *loader, shs_batch *batch)
{
    return next(loader, batch, false, "shs_try_next");
}

shs_status load_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank, shs_batch *batch)
{
    uint64_t number = vrank - loader->plan.first_vrank;
    load_go(loader, cursor);
    if (!loader->options.step_batches) loader->handed = number;
    loader->replays = true;
    shs_status status = shs_next(loader, batch);
    loader->replays = false;
    if (!status && loader->member.failed)
        status = core_tell(loader->member.failed, loader->member.failure, true, false);
    if (!status && batch->parts) *batch = batch->part[number];
    return status;
}

shs_status load_replay_at(shs_loader *loader, shs_cursor cursor, shs_batch *batch)
{
    struct load_batch *latest = &loader->batch;
    latest->what->epoch = cursor.epoch;
    latest->what->step = cursor.step;
    shs_status status = load_batch_augment(&loader->tools, &loader->plan, latest);
    *batch = *latest->what;
    return status;
}

const void *load_replay_stored(const shs_loader *loader, size_t f, uint64_t slot)
{
    return load_batch_row(&loader->batch, f, slot);
}
