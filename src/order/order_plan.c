#include "order_plan.h"

#include <stdio.h>

#include "core_assert.h"
#include "core_memory.h"

const char *order_shuffle_name(shs_shuffle shuffle)
{
    switch (shuffle) {
    case SHS_SHUFFLE_FULL:
        return "full";
    case SHS_SHUFFLE_NONE:
        return "none";
    case SHS_SHUFFLE_BLOCKS:
        return "blocks";
    }
    return "?";
}

const char *order_shard_name(shs_shard shard)
{
    switch (shard) {
    case SHS_SHARD_GLOBAL:
        return "global";
    case SHS_SHARD_FIXED:
        return "fixed";
    }
    return "?";
}

const char *order_tail_name(shs_tail tail)
{
    switch (tail) {
    case SHS_TAIL_SHORT:
        return "short";
    case SHS_TAIL_DROP:
        return "drop";
    case SHS_TAIL_PAD:
        return "pad";
    }
    return "?";
}

static shs_status check_modes(const struct order_shape *shape)
{
    if (shape->shuffle != SHS_SHUFFLE_FULL && shape->shuffle != SHS_SHUFFLE_NONE &&
        shape->shuffle != SHS_SHUFFLE_BLOCKS)
        return core_fail(SHS_ERROR_ARGUMENT, "shuffle %d is none; use full, none or blocks",
                         (int)shape->shuffle);
    if (shape->shard != SHS_SHARD_GLOBAL && shape->shard != SHS_SHARD_FIXED)
        return core_fail(SHS_ERROR_ARGUMENT, "shard %d is none; use global or fixed",
                         (int)shape->shard);
    if (shape->tail != SHS_TAIL_SHORT && shape->tail != SHS_TAIL_DROP &&
        shape->tail != SHS_TAIL_PAD)
        return core_fail(SHS_ERROR_ARGUMENT, "tail %d is none; use short, drop or pad",
                         (int)shape->tail);
    return SHS_OK;
}

bool order_has_runs(const struct order_shape *shape)
{
    return shape->shuffle == SHS_SHUFFLE_BLOCKS || shape->shard == SHS_SHARD_FIXED;
}

/* Windows are numbered in 32 bits of a counter, after the permutation of blocks. */
static shs_status check_blocks(const struct order_shape *shape)
{
    uint64_t blocks, window_rows;
    if (!shape->block_rows || !shape->window_blocks ||
        !core_multiply(shape->block_rows, shape->window_blocks, &window_rows) ||
        window_rows > ORDER_MAX_SAMPLES)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "windows of %llu blocks of %llu rows; choose at least 1 of each and at "
                         "most 2^56 rows a window",
                         (ull)shape->window_blocks, (ull)shape->block_rows);
    blocks = shape->samples / shape->vranks / shape->block_rows + 2;
    if (blocks / shape->window_blocks + 2 <= UINT32_MAX) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "a virtual rank would have more than 2^32 windows of %llu blocks of %llu "
                     "rows; choose larger ones",
                     (ull)shape->window_blocks, (ull)shape->block_rows);
}

shs_status order_check(const struct order_shape *shape)
{
    shs_status status = check_modes(shape);
    if (status) return status;
    if (shape->samples > ORDER_MAX_SAMPLES)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu samples are more than 2^56",
                         (ull)shape->samples);
    if (shape->vranks < 1 || shape->vranks > ORDER_MAX_VRANKS)
        return core_fail(SHS_ERROR_ARGUMENT, "%llu virtual ranks; choose 1 to 2^24",
                         (ull)shape->vranks);
    if (shape->batch < 1 || shape->batch > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT, "a batch of %llu rows; choose 1 to 2^32 - 1",
                         (ull)shape->batch);
    if (shape->shuffle == SHS_SHUFFLE_BLOCKS) status = check_blocks(shape);
    if (status) return status;
    if (shape->samples == 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "an epoch would have no steps: N = 0 samples: the dataset has no rows, or "
                         "the part or the list that was chosen has none; give one that has some");
    if (order_steps(shape) == 0)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "an epoch would have no steps: N = %llu samples, V = %llu virtual ranks, "
                         "b = %llu rows a batch, tail %s; choose a smaller batch or tail short",
                         (ull)shape->samples, (ull)shape->vranks, (ull)shape->batch,
                         order_tail_name(shape->tail));
    if (shape->tail == SHS_TAIL_PAD && order_has_runs(shape) && shape->samples < shape->vranks)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "tail pad: %llu samples leave some of %llu virtual ranks without a row to "
                         "repeat; use tail short or fewer virtual ranks",
                         (ull)shape->samples, (ull)shape->vranks);
    if (order_steps(shape) > UINT32_MAX)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "an epoch would have %llu steps; a run has fewer than 2^32: choose a "
                         "larger batch",
                         (ull)order_steps(shape));
    return SHS_OK;
}

/* Returns the steps of an epoch of runs: the batches of the longest run or, with tail drop, of the
 * shortest. */
static uint64_t steps_of_runs(const struct order_shape *shape)
{
    uint64_t least = shape->samples / shape->vranks;
    uint64_t most = least + (shape->samples % shape->vranks != 0);
    if (shape->tail == SHS_TAIL_DROP) return least / shape->batch;
    return most / shape->batch + (most % shape->batch != 0);
}

uint64_t order_steps(const struct order_shape *shape)
{
    if (order_has_runs(shape)) return steps_of_runs(shape);
    uint64_t global_batch = shape->vranks * shape->batch;
    uint64_t whole = shape->samples / global_batch;
    return whole + (shape->tail != SHS_TAIL_DROP && shape->samples % global_batch != 0);
}

uint64_t order_most_rows(const struct order_shape *shape)
{
    bool all = shape->batch < shape->samples || shape->tail == SHS_TAIL_PAD;
    return all ? shape->batch : shape->samples;
}

uint64_t order_share(uint64_t total, uint64_t part, uint64_t parts)
{
    core_assert(part <= parts && parts > 0 && parts <= ORDER_MAX_VRANKS);
    return part * (total / parts) + part * (total % parts) / parts;
}

uint64_t order_part(uint64_t total, uint64_t unit, uint64_t parts)
{
    __extension__ typedef unsigned __int128 u128;
    core_assert(unit < total);
    /* the last part that begins at or before the unit */
    return (uint64_t)(((u128)(unit + 1) * parts - 1) / total);
}

/* Returns a batch of positions from `first` on, of a sequence of `total`. With tail pad the batch
 * is always whole; otherwise it ends with the sequence. */
static struct order_slice slice_from(const struct order_shape *shape, uint64_t total,
                                     uint64_t first)
{
    uint64_t left = first < total ? total - first : 0;
    uint64_t count = left < shape->batch ? left : shape->batch;
    return (struct order_slice){first, shape->tail == SHS_TAIL_PAD ? shape->batch : count, count};
}

struct order_slice order_slice(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank)
{
    core_assert(epoch_step < order_steps(shape) && vrank < shape->vranks);
    if (order_has_runs(shape))
        return slice_from(shape,
                          order_share(shape->samples, vrank + 1, shape->vranks) -
                              order_share(shape->samples, vrank, shape->vranks),
                          epoch_step * shape->batch);
    uint64_t global_batch = shape->vranks * shape->batch;
    uint64_t first = epoch_step * global_batch, left = shape->samples - first;
    if (left >= global_batch || shape->tail == SHS_TAIL_PAD)
        return slice_from(shape, shape->samples, first + vrank * shape->batch);
    uint64_t begin = order_share(left, vrank, shape->vranks);
    uint64_t end = order_share(left, vrank + 1, shape->vranks);
    return (struct order_slice){first + begin, end - begin, end - begin};
}

uint64_t order_step_rows(const struct order_shape *shape, uint64_t epoch_step)
{
    core_assert(epoch_step < order_steps(shape));
    if (order_has_runs(shape)) { /* runs have two lengths; order_share() says how many are longer */
        uint64_t least = shape->samples / shape->vranks, longer = shape->samples % shape->vranks;
        uint64_t first = epoch_step * shape->batch;
        return longer * slice_from(shape, least + 1, first).count +
               (shape->vranks - longer) * slice_from(shape, least, first).count;
    }
    uint64_t global_batch = shape->vranks * shape->batch;
    uint64_t left = shape->samples - epoch_step * global_batch;
    return left < global_batch ? left : global_batch;
}

shs_cursor order_next(const struct order_shape *shape, shs_cursor cursor)
{
    cursor.step++;
    cursor.epoch_step++;
    if (cursor.epoch_step == order_steps(shape)) {
        cursor.epoch_step = 0;
        cursor.epoch++;
    }
    return cursor;
}

static shs_status outside(const struct order_shape *shape, uint64_t epochs, shs_cursor cursor)
{
    char end[48] = "without end", advice[80] = "";
    if (epochs) snprintf(end, sizeof end, "of %llu epochs", (ull)epochs);
    if (epochs && cursor.epoch >= epochs && cursor.epoch_step < order_steps(shape))
        snprintf(advice, sizeof advice, "; for this one epochs must be at least %llu",
                 (ull)(cursor.epoch + (cursor.epoch_step != 0)));
    return core_fail(SHS_ERROR_ARGUMENT,
                     "cursor {epoch %llu, epoch step %llu, step %llu} lies outside a run %s, with "
                     "%llu steps an epoch and at most 2^32 in all%s",
                     (ull)cursor.epoch, (ull)cursor.epoch_step, (ull)cursor.step, end,
                     (ull)order_steps(shape), advice);
}

shs_status order_check_cursor(const struct order_shape *shape, uint64_t epochs,
                              struct order_origin origin, shs_cursor cursor)
{
    uint64_t steps = order_steps(shape), before;
    bool inside = cursor.epoch_step < steps && (!epochs || cursor.epoch < epochs ||
                                                (cursor.epoch == epochs && !cursor.epoch_step));
    /* steps and epochs are counted in 32 bits; past the last epoch a loader may only end */
    uint64_t most = (UINT64_C(1) << 32) - (cursor.epoch_step != 0);
    if (!inside || cursor.step > most || cursor.epoch > most) return outside(shape, epochs, cursor);
    if (cursor.epoch < origin.epoch)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "cursor {epoch %llu, epoch step %llu, step %llu}: the run has had its "
                         "batch only since epoch %llu",
                         (ull)cursor.epoch, (ull)cursor.epoch_step, (ull)cursor.step,
                         (ull)origin.epoch);
    bool fits = core_multiply(cursor.epoch - origin.epoch, steps, &before) &&
                before <= UINT64_MAX - origin.step - cursor.epoch_step;
    if (!fits || cursor.step != origin.step + before + cursor.epoch_step)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "cursor {epoch %llu, epoch step %llu, step %llu} does not count: with "
                         "%llu steps an epoch its step is %llu",
                         (ull)cursor.epoch, (ull)cursor.epoch_step, (ull)cursor.step, (ull)steps,
                         (ull)(origin.step + before + cursor.epoch_step));
    return SHS_OK;
}
