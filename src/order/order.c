#include "order.h"

void order_epoch_free(struct order_epoch *epoch)
{
    order_permutation_free(&epoch->all.whole);
    for (size_t i = 0; i < ORDER_KEPT; i++) {
        order_permutation_free(&epoch->shards[i].whole);
        order_permutation_free(&epoch->windows[i].permutation);
    }
    epoch->of = NULL;
}

/* Reserves tables for a sequence of so many rows. */
static shs_status reserve_sequence(const struct order_shape *shape, uint64_t rows,
                                   struct order_sequence *sequence)
{
    if (shape->shuffle == SHS_SHUFFLE_BLOCKS) rows = rows / shape->block_rows + 2;
    if (shape->shuffle == SHS_SHUFFLE_NONE || rows > ORDER_TABLE_MAX + 2) return SHS_OK;
    return order_permutation_reserve(&sequence->whole, rows);
}

static shs_status reserve_window(const struct order_shape *shape, struct order_window *window)
{
    uint64_t rows = shape->block_rows < ORDER_TABLE_MAX ? shape->block_rows : ORDER_TABLE_MAX;
    uint64_t blocks =
        shape->window_blocks < ORDER_TABLE_MAX ? shape->window_blocks : ORDER_TABLE_MAX;
    uint64_t most = shape->samples / shape->vranks + 1; /* rows of a run */
    if (shape->shuffle != SHS_SHUFFLE_BLOCKS) return SHS_OK;
    if (most > rows * blocks) most = rows * blocks;
    return order_permutation_reserve(&window->permutation, most);
}

shs_status order_epoch_reserve(const struct order *order, uint64_t first_vrank, uint64_t vranks,
                               struct order_epoch *epoch)
{
    const struct order_shape *shape = &order->shape;
    bool fixed = shape->shard == SHS_SHARD_FIXED;
    shs_status status = fixed ? SHS_OK : reserve_sequence(shape, shape->samples, &epoch->all);
    for (uint64_t i = 0; i < vranks && i < ORDER_KEPT && !status; i++) {
        size_t kept = (size_t)((first_vrank + i) % ORDER_KEPT);
        if (fixed)
            status =
                reserve_sequence(shape, shape->samples / shape->vranks + 1, &epoch->shards[kept]);
        if (!status) status = reserve_window(shape, &epoch->windows[kept]);
    }
    return status;
}

/* ---- Sequences. */

/* Draws the sequence's permutation. */
static shs_status draw_sequence(const struct order_epoch *epoch, struct order_sequence *sequence)
{
    const struct order_shape *shape = &epoch->of->shape;
    struct order_source source = {.seed = epoch->of->seed,
                                  .stream = epoch->of->stream,
                                  .epoch = epoch->number,
                                  .vrank = sequence->vrank};
    bool blocks = shape->shuffle == SHS_SHUFFLE_BLOCKS;
    sequence->drawn = true;
    if (shape->shuffle == SHS_SHUFFLE_NONE || !sequence->rows) return SHS_OK;
    sequence->skipped = blocks ? sequence->base % shape->block_rows : 0;
    sequence->blocks =
        blocks ? (sequence->skipped + sequence->rows - 1) / shape->block_rows + 1 : 0;
    shs_status status = order_permutation_draw(&sequence->whole, &source,
                                               blocks ? sequence->blocks : sequence->rows);
    sequence->drawn = !status;
    if (!blocks || status) return status;
    sequence->first_at = order_permutation_position(&sequence->whole, 0);
    sequence->last_at = order_permutation_position(&sequence->whole, sequence->blocks - 1);
    return SHS_OK;
}

shs_status order_begin(const struct order *order, uint64_t number, struct order_epoch *epoch)
{
    if (epoch->of == order && epoch->number == number) return SHS_OK;
    epoch->of = order;
    epoch->number = number;
    epoch->all.base = 0;
    epoch->all.rows = order->shape.samples;
    for (size_t i = 0; i < ORDER_KEPT; i++)
        epoch->shards[i].drawn = epoch->windows[i].drawn = false;
    shs_status status =
        order->shape.shard == SHS_SHARD_FIXED ? SHS_OK : draw_sequence(epoch, &epoch->all);
    if (status) epoch->of = NULL;
    return status;
}

static uint64_t begin_of_run(const struct order_shape *shape, uint64_t vrank)
{
    return order_share(shape->samples, vrank, shape->vranks);
}

static struct order_sequence *kept_shard(struct order_epoch *epoch, uint64_t vrank)
{
    struct order_sequence *kept = &epoch->shards[vrank % ORDER_KEPT];
    return kept->drawn && kept->vrank == vrank ? kept : NULL;
}

static shs_status draw_shard(struct order_epoch *epoch, uint64_t vrank,
                             struct order_sequence **shard)
{
    *shard = kept_shard(epoch, vrank);
    if (*shard) return SHS_OK;
    *shard = &epoch->shards[vrank % ORDER_KEPT];
    (*shard)->vrank = vrank;
    (*shard)->base = begin_of_run(&epoch->of->shape, vrank);
    (*shard)->rows = begin_of_run(&epoch->of->shape, vrank + 1) - (*shard)->base;
    return draw_sequence(epoch, *shard);
}

/* Positions [begin, end) of a sequence that one virtual rank walks, or all walk together. */
struct run {
    struct order_sequence *sequence;
    uint64_t vrank;
    uint64_t begin, end;
};

static shs_status find_run(struct order_epoch *epoch, uint64_t vrank, struct run *run)
{
    const struct order_shape *shape = &epoch->of->shape;
    *run = (struct run){&epoch->all, vrank, 0, shape->samples};
    if (shape->shard == SHS_SHARD_FIXED) {
        shs_status status = draw_shard(epoch, vrank, &run->sequence);
        run->end = run->sequence->rows;
        return status;
    }
    if (shape->shuffle == SHS_SHUFFLE_BLOCKS) {
        run->begin = begin_of_run(shape, vrank);
        run->end = begin_of_run(shape, vrank + 1);
    }
    return SHS_OK;
}

/* ---- Blocks. The first block is short if it begins before the sequence does. The last block may
 * be short, too. All blocks behind a short block in the permuted order begin earlier by the rows
 * that it lacks. */

static uint64_t lacking_at_end(const struct order_sequence *sequence, uint64_t block_rows)
{
    return sequence->blocks * block_rows - sequence->skipped - sequence->rows;
}

/* Returns where the block at a place among the permuted blocks begins in the sequence. */
static uint64_t begin_of_block(const struct order_sequence *sequence, uint64_t block_rows,
                               uint64_t place)
{
    uint64_t begin = place * block_rows;
    if (place > sequence->first_at) begin -= sequence->skipped;
    if (place > sequence->last_at) begin -= lacking_at_end(sequence, block_rows);
    return begin;
}

/* Returns the place of the block that holds a position of the sequence. */
static uint64_t block_at(const struct order_sequence *sequence, uint64_t block_rows,
                         uint64_t position)
{
    uint64_t whole = position;
    if (position >= begin_of_block(sequence, block_rows, sequence->first_at + 1))
        whole += sequence->skipped;
    if (position >= begin_of_block(sequence, block_rows, sequence->last_at + 1))
        whole += lacking_at_end(sequence, block_rows);
    return whole / block_rows;
}

/* Returns the row at a position of the sequence. It is in block `block`, which stands at `place`.
 */
static uint64_t row_in_block(const struct order_sequence *sequence, uint64_t block_rows,
                             uint64_t position, uint64_t place, uint64_t block)
{
    uint64_t within = position - begin_of_block(sequence, block_rows, place);
    if (block) within += block * block_rows - sequence->skipped;
    return sequence->base + within;
}

/* Returns the window of a run that holds a position of the sequence, without its permutation. */
static struct order_window window_at(const struct order_shape *shape, const struct run *run,
                                     uint64_t position)
{
    const struct order_sequence *sequence = run->sequence;
    uint64_t block_rows = shape->block_rows;
    uint64_t first_block = block_at(sequence, block_rows, run->begin);
    uint64_t number =
        (block_at(sequence, block_rows, position) - first_block) / shape->window_blocks;
    uint64_t place = first_block + number * shape->window_blocks;
    uint64_t begin = begin_of_block(sequence, block_rows, place), end = run->end;
    if (sequence->blocks - place > shape->window_blocks)
        end = begin_of_block(sequence, block_rows, place + shape->window_blocks);
    if (begin < run->begin) begin = run->begin;
    if (end > run->end) end = run->end;
    return (struct order_window){
        .vrank = run->vrank, .number = number, .begin = begin, .rows = end - begin};
}

static struct order_window *kept_window(struct order_epoch *epoch,
                                        const struct order_window *window)
{
    struct order_window *kept = &epoch->windows[window->vrank % ORDER_KEPT];
    bool same = kept->drawn && kept->vrank == window->vrank && kept->number == window->number;
    return same ? kept : NULL;
}

/* Finds a window with its permutation, which is drawn unless the window is kept. */
static shs_status draw_window(struct order_epoch *epoch, struct order_window window,
                              struct order_window **drawn)
{
    struct order_source source = {epoch->of->seed, epoch->of->stream, (uint32_t)window.number + 1,
                                  epoch->number, window.vrank};
    *drawn = kept_window(epoch, &window);
    if (*drawn) return SHS_OK;
    *drawn = &epoch->windows[window.vrank % ORDER_KEPT];
    window.permutation = (*drawn)->permutation;
    shs_status status = order_permutation_draw(&window.permutation, &source, window.rows);
    window.drawn = !status;
    **drawn = window;
    return status;
}

/* ---- Rows. */

/* Replaces offsets into a window by rows. The window's blocks are looked up once, all together,
 * unless there are more blocks than rows. */
static void rows_of_window(const struct order_sequence *sequence, uint64_t block_rows,
                           const struct order_window *window, uint64_t *index, uint64_t count)
{
    enum {
        MOST = 256
    };
    uint64_t blocks[MOST];
    uint64_t first = block_at(sequence, block_rows, window->begin);
    uint64_t places = block_at(sequence, block_rows, window->begin + window->rows - 1) - first + 1;
    bool together = places <= MOST && places <= count;
    if (together) order_permutation_rows(&sequence->whole, first, places, blocks);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t position = window->begin + index[i];
        uint64_t place = block_at(sequence, block_rows, position);
        uint64_t block =
            together ? blocks[place - first] : order_permutation_row(&sequence->whole, place);
        index[i] = row_in_block(sequence, block_rows, position, place, block);
    }
}

static shs_status rows_of_windows(struct order_epoch *epoch, const struct run *run,
                                  uint64_t position, uint64_t end, uint64_t *index)
{
    while (position < end) {
        struct order_window *window;
        shs_status status =
            draw_window(epoch, window_at(&epoch->of->shape, run, position), &window);
        if (status) return status;
        uint64_t left = window->begin + window->rows - position;
        uint64_t count = end - position < left ? end - position : left;
        order_permutation_rows(&window->permutation, position - window->begin, count, index);
        rows_of_window(run->sequence, epoch->of->shape.block_rows, window, index, count);
        position += count;
        index += count;
    }
    return SHS_OK;
}

/* Writes the rows at positions [position, end) of the run's sequence. */
static shs_status rows_between(struct order_epoch *epoch, const struct run *run, uint64_t position,
                               uint64_t end, uint64_t *index)
{
    uint64_t base = run->sequence->base, count = end - position;
    switch (epoch->of->shape.shuffle) {
    case SHS_SHUFFLE_BLOCKS:
        return rows_of_windows(epoch, run, position, end, index);
    case SHS_SHUFFLE_FULL:
        order_permutation_rows(&run->sequence->whole, position, count, index);
        for (uint64_t i = 0; i < count && base; i++)
            index[i] += base;
        break;
    case SHS_SHUFFLE_NONE:
        for (uint64_t i = 0; i < count; i++)
            index[i] = base + position + i;
    }
    return SHS_OK;
}

shs_status order_rows(struct order_epoch *epoch, uint64_t vrank, struct order_slice slice,
                      uint64_t *index)
{
    struct run run;
    shs_status status = slice.rows ? find_run(epoch, vrank, &run) : SHS_OK;
    for (uint64_t done = 0, now; done < slice.rows && !status; done += now) {
        uint64_t length = run.end - run.begin, at = (slice.first + done) % length;
        now = slice.rows - done < length - at ? slice.rows - done : length - at;
        status = rows_between(epoch, &run, run.begin + at, run.begin + at + now, index + done);
    }
    return status;
}

/* ---- When a row's turn comes. */

uint64_t order_moment(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank)
{
    return epoch_step * shape->vranks + vrank;
}

/* Returns the turn of a position in the sequence that all virtual ranks walk together. */
static struct order_turn turn_of_all(const struct order_shape *shape, uint64_t position)
{
    uint64_t global_batch = shape->vranks * shape->batch;
    struct order_turn turn = {.epoch_step = position / global_batch};
    uint64_t offset = position % global_batch;
    uint64_t left = shape->samples - turn.epoch_step * global_batch;
    turn.waits = turn.epoch_step >= order_steps(shape);
    if (left >= global_batch || shape->tail == SHS_TAIL_PAD) {
        turn.vrank = offset / shape->batch;
        turn.slot = offset % shape->batch;
    } else {
        turn.vrank = order_part(left, offset, shape->vranks);
        turn.slot = offset - order_share(left, turn.vrank, shape->vranks);
    }
    return turn;
}

/* Returns the turn of a place in a virtual rank's run, counted from the run's beginning. */
static struct order_turn turn_of_run(const struct order_shape *shape, uint64_t vrank,
                                     uint64_t place)
{
    uint64_t step = place / shape->batch;
    return (struct order_turn){.waits = step >= order_steps(shape),
                               .epoch_step = step,
                               .vrank = vrank,
                               .slot = place % shape->batch};
}

/* Returns the position of a row in its sequence. */
static uint64_t position_of(const struct order_shape *shape, struct order_sequence *sequence,
                            uint64_t row)
{
    row -= sequence->base;
    if (shape->shuffle == SHS_SHUFFLE_NONE) return row;
    if (shape->shuffle == SHS_SHUFFLE_FULL)
        return order_permutation_position(&sequence->whole, row);
    uint64_t block = (sequence->skipped + row) / shape->block_rows;
    uint64_t place = order_permutation_position(&sequence->whole, block);
    if (block) row -= block * shape->block_rows - sequence->skipped;
    return begin_of_block(sequence, shape->block_rows, place) + row;
}

/* Returns the virtual rank that has a row of a fixed shard, or a position of the sequence of
 * blocks.
 */
static uint64_t owner_of(const struct order_shape *shape, uint64_t row)
{
    return order_part(shape->samples, row, shape->vranks);
}

/* Finds the run that has a row, and the row's position in the run's sequence before windows are
 * mixed.
 */
static shs_status find_row(struct order_epoch *epoch, uint64_t row, struct run *run,
                           uint64_t *position)
{
    const struct order_shape *shape = &epoch->of->shape;
    bool fixed = shape->shard == SHS_SHARD_FIXED;
    shs_status status = find_run(epoch, fixed ? owner_of(shape, row) : 0, run);
    if (status) return status;
    *position = position_of(shape, run->sequence, row);
    if (fixed || !order_has_runs(shape)) return SHS_OK;
    return find_run(epoch, owner_of(shape, *position), run);
}

shs_status order_turn_of(struct order_epoch *epoch, uint64_t row, struct order_turn *turn)
{
    const struct order_shape *shape = &epoch->of->shape;
    struct order_window *window;
    struct run run;
    uint64_t position;
    shs_status status = find_row(epoch, row, &run, &position);
    if (!status && shape->shuffle == SHS_SHUFFLE_BLOCKS) {
        status = draw_window(epoch, window_at(shape, &run, position), &window);
        if (!status)
            position = window->begin +
                       order_permutation_position(&window->permutation, position - window->begin);
    }
    if (status) return status;
    *turn = order_has_runs(shape) ? turn_of_run(shape, run.vrank, position - run.begin)
                                  : turn_of_all(shape, position);
    return SHS_OK;
}

/* The arguments of order_next_use() that stay the same. */
struct question {
    uint64_t now, first_vrank, vranks;
};

static bool asks_for(const struct question *question, uint64_t vrank)
{
    return vrank - question->first_vrank < question->vranks;
}

/* Returns the moment of a turn, or ORDER_NEVER if it is over, waits for another epoch, or belongs
 * to a virtual rank that was not asked for. */
static uint64_t moment_of(const struct order_shape *shape, struct order_turn turn,
                          const struct question *question)
{
    uint64_t moment = order_moment(shape, turn.epoch_step, turn.vrank);
    bool asked = !turn.waits && moment > question->now && asks_for(question, turn.vrank);
    return asked ? moment : ORDER_NEVER;
}

static uint64_t moment_of_place(const struct order_shape *shape, const struct run *run,
                                uint64_t position, const struct question *question)
{
    return moment_of(shape, turn_of_run(shape, run->vrank, position - run->begin), question);
}

/* Returns the first position of a run whose turn has not come. */
static uint64_t first_to_come(const struct order_shape *shape, const struct run *run, uint64_t now)
{
    uint64_t step = now < run->vrank ? 0 : (now - run->vrank) / shape->vranks + 1;
    return run->begin + step * shape->batch;
}

/* Returns the moment at which the first of positions [first, first + count) of a window comes. If
 * the window has not begun, this is the moment at which it begins: only a window that has begun and
 * is not over is drawn. */
static uint64_t moment_in_window(struct order_epoch *epoch, const struct run *run,
                                 struct order_window window, uint64_t first, uint64_t count,
                                 const struct question *question)
{
    const struct order_shape *shape = &epoch->of->shape;
    uint64_t to_come = first_to_come(shape, run, question->now);
    uint64_t end = window.begin + window.rows, next = end;
    struct order_window *drawn;
    if (!asks_for(question, run->vrank) || to_come >= end) return ORDER_NEVER;
    if (to_come <= window.begin) return moment_of_place(shape, run, window.begin, question);
    if (draw_window(epoch, window, &drawn)) return question->now + 1; /* not known */
    for (uint64_t offset = first - window.begin, i = 0; i < count; i++) {
        uint64_t at = window.begin + order_permutation_position(&drawn->permutation, offset + i);
        if (at >= to_come && at < next) next = at;
    }
    return next < end ? moment_of_place(shape, run, next, question) : ORDER_NEVER;
}

/* Returns the moment of the first *count of rows [row, end), which lie together. */
static uint64_t moment_of_rows(struct order_epoch *epoch, uint64_t row, uint64_t end,
                               const struct question *question, uint64_t *count)
{
    const struct order_shape *shape = &epoch->of->shape;
    struct run run;
    uint64_t position;
    *count = 1;
    if (shape->shard == SHS_SHARD_FIXED && !asks_for(question, owner_of(shape, row)))
        return ORDER_NEVER;
    if (find_row(epoch, row, &run, &position)) return question->now + 1; /* not known */
    if (!order_has_runs(shape)) return moment_of(shape, turn_of_all(shape, position), question);
    if (shape->shuffle != SHS_SHUFFLE_BLOCKS)
        return moment_of_place(shape, &run, position, question);
    struct order_window window = window_at(shape, &run, position);
    const uint64_t together[] = {end - row, shape->block_rows - row % shape->block_rows,
                                 window.begin + window.rows - position,
                                 run.sequence->base + run.sequence->rows - row};
    *count = together[0];
    for (size_t i = 1; i < sizeof together / sizeof *together; i++)
        if (together[i] < *count) *count = together[i];
    return moment_in_window(epoch, &run, window, position, *count, question);
}

uint64_t order_next_use(struct order_epoch *epoch, uint64_t first, uint64_t count, uint64_t now,
                        uint64_t first_vrank, uint64_t vranks)
{
    const struct question question = {now, first_vrank, vranks};
    uint64_t next = ORDER_NEVER;
    for (uint64_t row = first, end = first + count, together; row < end; row += together) {
        uint64_t moment = moment_of_rows(epoch, row, end, &question, &together);
        if (moment < next) next = moment;
    }
    return next;
}
