#include "load_ahead.h"

#include "core_assert.h"
#include "core_clock.h"
#include "core_memory.h"

struct load_ahead {
    struct load_ahead_how how;
    struct load_lanes *lanes;

    bool running;
    shs_cursor cursor; /* the step and the number of the batch that is placed next */
    uint64_t number;
    uint64_t handed, placed; /* batches since the ring began */
    bool reading;            /* true if HDF5 must read more of the batch that was placed last */
    bool may_wait;
    uint64_t pieces; /* pieces that HDF5 has read since load_ahead_await() */
    struct load_round round;
};

/* ---- Opening and closing. */

shs_status load_ahead_open(const struct load_ahead_how *how, struct load_ahead **ahead)
{
    shs_status status = core_new(1, sizeof **ahead, "loading ahead", ahead);
    if (status) return status;
    (*ahead)->how = *how;
    (*ahead)->how.lanes.need = NULL;
    status = load_lanes_open(&how->lanes, &(*ahead)->lanes);
    if (status) load_ahead_close(ahead);
    return status;
}

void load_ahead_close(struct load_ahead **ahead)
{
    if (!*ahead) return;
    load_ahead_stop(*ahead);
    load_lanes_close(&(*ahead)->lanes);
    core_free(ahead);
}

struct load_lanes *load_ahead_lanes(const struct load_ahead *ahead)
{
    return ahead->lanes;
}

void load_ahead_stop(struct load_ahead *ahead)
{
    if (!ahead || !ahead->running) return;
    load_lanes_stop(ahead->lanes);
    struct load_unit *unit = NULL;
    for (uint64_t i = ahead->handed; i < ahead->placed; i++) {
        struct load_batch *batch = load_lanes_batch(ahead->lanes, i);
        load_batch_let_go(batch);
        if (batch->unit != unit)
            load_units_put_back(batch->unit); /* the parts of a step share it */
        unit = batch->unit;
    }
    ahead->running = false;
}

static void begin(struct load_ahead *ahead, shs_cursor cursor, uint64_t number)
{
    load_lanes_begin(ahead->lanes);
    ahead->running = true;
    ahead->cursor = cursor;
    ahead->number = number;
    ahead->handed = ahead->placed = 0;
    ahead->reading = false;
    ahead->round = (struct load_round){0};
}

/* ---- Preparing. */

/* Places the next batch, in the unit of the batch before if both are parts of a step. */
static struct load_batch *place_next(struct load_ahead *ahead)
{
    const struct load_plan *plan = ahead->how.lanes.plan;
    struct load_batch *batch = load_lanes_batch(ahead->lanes, ahead->placed);
    struct load_unit *unit = NULL;
    if (ahead->placed && ahead->number)
        unit = load_lanes_batch(ahead->lanes, ahead->placed - 1)->unit;
    if (!unit || !unit->parts) unit = load_units_take(ahead->how.units);
    core_assert(unit);
    load_batch_place(batch, unit, plan, ahead->cursor, ahead->number);
    ahead->how.lanes.account->step = ahead->cursor.step;
    batch->round = load_round_of(&ahead->round, ahead->how.lanes.dataset, ahead->cursor.epoch);
    ahead->placed++;
    if (++ahead->number == plan->hosted) {
        ahead->number = 0;
        ahead->cursor = order_next(&plan->order.order.shape, ahead->cursor);
    }
    return batch;
}

static bool can_place(const struct load_ahead *ahead)
{
    const shs_cursor *cursor = &ahead->cursor;
    if (ahead->placed - ahead->handed == ahead->how.lanes.batches) return false;
    if (ahead->how.epochs && cursor->epoch >= ahead->how.epochs) return false;
    return cursor->step <= UINT32_MAX && cursor->epoch <= UINT32_MAX;
}

/* Gives back the files of batches that are filled and wait for their turn, if files are scarce. */
static void give_files_back(struct load_ahead *ahead)
{
    const struct data_files *files = &ahead->how.lanes.dataset->files;
    bool filled = files->paths.count > files->most_open;
    for (uint64_t i = ahead->handed; i < ahead->placed && filled; i++) {
        filled = load_lanes_are_filled(ahead->lanes, i, i + 1);
        if (filled) load_batch_let_go(load_lanes_batch(ahead->lanes, i));
    }
}

/* Does a part of the work of preparing: places a batch and finds its files, or reads a piece of it
 * that only HDF5 can read. Returns false if there is nothing to do, or if it is enough for a call
 * that must not wait. */
static bool prepare_some(struct load_ahead *ahead)
{
    struct load_batch *batch;
    if (ahead->pieces && !ahead->may_wait) return false;
    if (ahead->reading) {
        batch = load_lanes_batch(ahead->lanes, ahead->placed - 1);
        if (!ahead->pieces++) load_lanes_leave(ahead->lanes); /* each piece may take long */
        load_batch_read_one(batch);
    } else {
        if (!can_place(ahead)) return false;
        give_files_back(ahead);
        batch = place_next(ahead);
        load_batch_prepare(ahead->how.tools, ahead->how.lanes.plan, batch);
    }
    load_account_book(ahead->how.lanes.account, LOAD_PREPARING, core_clock());
    ahead->reading = load_batch_has_more(batch);
    if (!ahead->reading) load_lanes_publish(ahead->lanes);
    return true;
}

/* ---- Taking. */

shs_status load_ahead_await(struct load_ahead *ahead, shs_cursor cursor, uint64_t number,
                            uint64_t count, bool wait)
{
    if (!ahead->running) begin(ahead, cursor, number);
    ahead->pieces = 0;
    ahead->may_wait = wait;
    if (wait) load_lanes_stay(ahead->lanes);
    uint64_t end = ahead->handed + count;
    while (!load_lanes_are_filled(ahead->lanes, ahead->handed, end)) {
        if (prepare_some(ahead)) continue;
        if (!wait) return SHS_NOT_READY;
        if (!load_lanes_help(ahead->lanes, ahead->handed, end))
            load_lanes_wait(ahead->lanes, ahead->handed, end);
    }
    return SHS_OK;
}

struct load_batch *load_ahead_take(struct load_ahead *ahead)
{
    struct load_batch *batch = load_lanes_batch(ahead->lanes, ahead->handed);
    load_batch_let_go(batch);
    ahead->handed++;
    return batch;
}

/* Batches that HDF5 must read are as many as were taken, lest one call reads many. */
void load_ahead_refill(struct load_ahead *ahead, uint64_t count)
{
    uint64_t slow = 0, pieces = ahead->pieces;
    while (slow < count && prepare_some(ahead))
        if (!ahead->reading && ahead->pieces > pieces) {
            pieces = ahead->pieces;
            slow++;
        }
    load_lanes_leave(ahead->lanes);
}
