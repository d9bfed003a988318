#include "order.h"

void order_free(struct order *order)
{
    order_permutation_free(&order->whole);
    for (size_t i = 0; i < ORDER_WINDOWS; i++)
        order_permutation_free(&order->windows[i].permutation);
    order->begun = false;
}

shs_status order_begin(struct order *order, uint64_t epoch)
{
    const struct order_shape *shape = &order->shape;
    struct order_source source = {.seed = order->seed, .stream = order->stream, .epoch = epoch};
    if (shape->shuffle == SHS_SHUFFLE_NONE || (order->begun && order->epoch == epoch))
        return SHS_OK;
    bool blocks = shape->shuffle == SHS_SHUFFLE_BLOCKS;
    order->blocks = blocks ? (shape->samples - 1) / shape->block_rows + 1 : 0;
    shs_status status =
        order_permutation_draw(&order->whole, &source, blocks ? order->blocks : shape->samples);
    order->begun = !status;
    order->epoch = epoch;
    for (size_t i = 0; i < ORDER_WINDOWS; i++)
        order->windows[i].drawn = false;
    if (blocks && !status)
        order->last_at = order_permutation_position(&order->whole, order->blocks - 1);
    return status;
}

/* ---- Blocks. The last block may be short; those after it in the sequence begin earlier by what it
 * lacks. */

static uint64_t lacking_rows(const struct order *order)
{
    return order->blocks * order->shape.block_rows - order->shape.samples;
}

/* Where the block at a place of the sequence of blocks begins in the sequence of rows. */
static uint64_t begin_of_block(const struct order *order, uint64_t place)
{
    return place * order->shape.block_rows - (place > order->last_at ? lacking_rows(order) : 0);
}

/* The place of the block that holds a position of the sequence of rows. */
static uint64_t block_at(const struct order *order, uint64_t position)
{
    if (position >= begin_of_block(order, order->last_at + 1)) position += lacking_rows(order);
    return position / order->shape.block_rows;
}

static uint64_t row_at(const struct order *order, uint64_t position)
{
    uint64_t place = block_at(order, position);
    return order_permutation_row(&order->whole, place) * order->shape.block_rows + position -
           begin_of_block(order, place);
}

/* The window of a run that holds a position of the sequence, without its permutation. */
static struct order_window window_at(const struct order *order, uint64_t vrank, uint64_t position)
{
    const struct order_shape *shape = &order->shape;
    uint64_t run = order_share(shape->samples, vrank, shape->vranks);
    uint64_t run_end = order_share(shape->samples, vrank + 1, shape->vranks);
    uint64_t first_block = block_at(order, run);
    uint64_t number = (block_at(order, position) - first_block) / shape->window_blocks;
    uint64_t place = first_block + number * shape->window_blocks;
    uint64_t begin = begin_of_block(order, place), end = run_end;
    if (order->blocks - place > shape->window_blocks)
        end = begin_of_block(order, place + shape->window_blocks);
    if (begin < run) begin = run;
    if (end > run_end) end = run_end;
    return (struct order_window){
        .vrank = vrank, .number = number, .begin = begin, .rows = end - begin};
}

static struct order_window *kept_window(struct order *order, const struct order_window *window)
{
    struct order_window *kept = &order->windows[window->vrank % ORDER_WINDOWS];
    bool same = kept->drawn && kept->vrank == window->vrank && kept->number == window->number;
    return same ? kept : NULL;
}

/* The window with its permutation. */
static shs_status draw_window(struct order *order, struct order_window window,
                              struct order_window **drawn)
{
    struct order_source source = {order->seed, order->stream, (uint32_t)window.number + 1,
                                  order->epoch, window.vrank};
    *drawn = kept_window(order, &window);
    if (*drawn) return SHS_OK;
    *drawn = &order->windows[window.vrank % ORDER_WINDOWS];
    window.permutation = (*drawn)->permutation;
    shs_status status = order_permutation_draw(&window.permutation, &source, window.rows);
    window.drawn = !status;
    **drawn = window;
    return status;
}

static shs_status rows_of_run(struct order *order, uint64_t vrank, struct order_slice slice,
                              uint64_t *index)
{
    uint64_t run = order_share(order->shape.samples, vrank, order->shape.vranks);
    uint64_t position = run + slice.first, end = position + slice.rows;
    while (position < end) {
        struct order_window *window;
        shs_status status = draw_window(order, window_at(order, vrank, position), &window);
        if (status) return status;
        for (; position < end && position - window->begin < window->rows; position++)
            *index++ =
                row_at(order, window->begin + order_permutation_row(&window->permutation,
                                                                    position - window->begin));
    }
    return SHS_OK;
}

shs_status order_rows(struct order *order, uint64_t vrank, struct order_slice slice,
                      uint64_t *index)
{
    if (order->shape.shuffle == SHS_SHUFFLE_BLOCKS) return rows_of_run(order, vrank, slice, index);
    if (order->shape.shuffle == SHS_SHUFFLE_FULL)
        order_permutation_rows(&order->whole, slice.first, slice.rows, index);
    for (uint64_t i = 0; i < slice.rows && order->shape.shuffle == SHS_SHUFFLE_NONE; i++)
        index[i] = slice.first + i;
    return SHS_OK;
}

/* ---- When a row's turn comes. */

uint64_t order_moment(const struct order_shape *shape, uint64_t epoch_step, uint64_t vrank)
{
    return epoch_step * shape->vranks + vrank;
}

/* Of a position of the epoch's sequence, with shuffles full and none. */
static uint64_t moment_at(const struct order_shape *shape, uint64_t position, uint64_t *vrank)
{
    uint64_t global_batch = shape->vranks * shape->batch;
    uint64_t step = position / global_batch, offset = position % global_batch;
    uint64_t left = shape->samples - step * global_batch;
    if (step >= order_steps(shape)) return ORDER_NEVER; /* it waits: tail drop */
    *vrank = left >= global_batch ? offset / shape->batch : order_part(left, offset, shape->vranks);
    return order_moment(shape, step, *vrank);
}

/* Of a position of the sequence, with shuffle blocks. */
static uint64_t moment_in_run(struct order *order, uint64_t position, uint64_t *vrank)
{
    const struct order_shape *shape = &order->shape;
    *vrank = order_part(shape->samples, position, shape->vranks);
    struct order_window window = window_at(order, *vrank, position);
    struct order_window *drawn = kept_window(order, &window);
    uint64_t turn = window.begin; /* of the window's rows the first, unless more is known */
    if (drawn) turn += order_permutation_position(&drawn->permutation, position - window.begin);
    uint64_t step = (turn - order_share(shape->samples, *vrank, shape->vranks)) / shape->batch;
    return step < order_steps(shape) ? order_moment(shape, step, *vrank) : ORDER_NEVER;
}

static uint64_t moment_of_row(struct order *order, uint64_t row, uint64_t *vrank)
{
    const struct order_shape *shape = &order->shape;
    switch (shape->shuffle) {
    case SHS_SHUFFLE_NONE:
        return moment_at(shape, row, vrank);
    case SHS_SHUFFLE_FULL:
        return moment_at(shape, order_permutation_position(&order->whole, row), vrank);
    case SHS_SHUFFLE_BLOCKS:
        break;
    }
    uint64_t place = order_permutation_position(&order->whole, row / shape->block_rows);
    return moment_in_run(order, begin_of_block(order, place) + row % shape->block_rows, vrank);
}

uint64_t order_next_use(struct order *order, uint64_t first, uint64_t count, uint64_t now,
                        uint64_t first_vrank, uint64_t vranks)
{
    uint64_t next = ORDER_NEVER, vrank = 0;
    for (uint64_t row = first; row < first + count; row++) {
        uint64_t moment = moment_of_row(order, row, &vrank);
        if (moment > now && moment < next && vrank - first_vrank < vranks) next = moment;
    }
    return next;
}
