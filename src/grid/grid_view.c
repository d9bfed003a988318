#include "grid_view.h"

#include <string.h>

#include "core_assert.h"
#include "grid_walk.h"

size_t grid_view_numbers(const shs_tensor *before, const shs_tensor *after)
{
    size_t numbers = 0;
    for (uint32_t axis = 0; axis < before->axes; axis++)
        numbers += (size_t)before->shape[axis];
    for (uint32_t axis = 0; axis < after->axes; axis++)
        numbers += (size_t)after->shape[axis];
    return numbers;
}

void grid_view_begin(const shs_tensor *sample, int64_t *numbers, size_t count,
                     struct grid_view *view)
{
    view->axes = sample->axes;
    view->free = numbers;
    view->n_free = count;
    for (uint32_t axis = 0; axis < sample->axes; axis++) {
        size_t size = (size_t)sample->shape[axis];
        view->shape[axis] = size;
        view->way[axis] = (struct grid_way){.axis = axis, .size = size, .count = size, .step = 1};
    }
}

/* Returns the position of the sample that position k of a way shows, or GRID_NO_ELEMENT. */
static int64_t shown(const struct grid_way *way, size_t k)
{
    if (way->table) return way->table[k];
    if (k < way->first || k - way->first >= way->count) return GRID_NO_ELEMENT;
    int64_t along = (int64_t)(k - way->first);
    return (int64_t)way->start + (way->step > 0 ? along : -along);
}

/* ---- Moves. */

int64_t grid_continued(int64_t k, int64_t size, enum grid_beyond beyond)
{
    if (k >= 0 && k < size) return k;
    if (!size || beyond == GRID_BEYOND_ZERO) return GRID_NO_ELEMENT;
    if (beyond == GRID_BEYOND_EDGE) return k < 0 ? 0 : size - 1;
    int64_t period = beyond == GRID_BEYOND_WRAP ? size : size > 1 ? 2 * size - 2 : 1;
    k %= period;
    if (k < 0) k += period;
    return k < size ? k : period - k;
}

static void cut_by_table(struct grid_view *view, struct grid_way *way, int64_t from, size_t size,
                         enum grid_beyond beyond)
{
    core_assert(size <= view->n_free);
    int64_t *table = view->free;
    for (size_t k = 0; k < size; k++) {
        int64_t at = grid_continued(from + (int64_t)k, (int64_t)way->size, beyond);
        table[k] = at == GRID_NO_ELEMENT ? at : shown(way, (size_t)at);
    }
    view->free += size;
    view->n_free -= size;
    way->table = table;
    way->size = size;
}

/* Cuts a way without a table, where zeros continue it. */
static void cut_run(struct grid_way *way, int64_t from, size_t size)
{
    int64_t low = (int64_t)way->first - from, high = low + (int64_t)way->count;
    int64_t begin = low < 0 ? 0 : low, end = high > (int64_t)size ? (int64_t)size : high;
    way->size = size;
    way->first = way->count = 0;
    if (begin >= end) return;
    size_t lost = (size_t)(begin - low);
    way->start = way->step > 0 ? way->start + lost : way->start - lost;
    way->first = (size_t)begin;
    way->count = (size_t)(end - begin);
}

static bool is_within(const struct grid_way *way, int64_t from, size_t size)
{
    return from >= 0 && (uint64_t)from <= way->size && size <= way->size - (size_t)from;
}

void grid_view_cut(struct grid_view *view, uint32_t axis, int64_t from, size_t size,
                   enum grid_beyond beyond)
{
    struct grid_way *way = &view->way[axis];
    if (!way->table && (beyond == GRID_BEYOND_ZERO || is_within(way, from, size)))
        cut_run(way, from, size);
    else
        cut_by_table(view, way, from, size, beyond);
}

void grid_view_flip(struct grid_view *view, uint32_t axis)
{
    struct grid_way *way = &view->way[axis];
    if (way->table) {
        for (size_t k = 0; k < way->size / 2; k++) {
            int64_t other = way->table[way->size - 1 - k];
            way->table[way->size - 1 - k] = way->table[k];
            way->table[k] = other;
        }
        return;
    }
    if (!way->count) return;
    way->start = way->step > 0 ? way->start + way->count - 1 : way->start + 1 - way->count;
    way->step = -way->step;
    way->first = way->size - way->first - way->count;
}

void grid_view_permute(struct grid_view *view, const uint32_t *order)
{
    struct grid_way before[SHS_MAX_AXES];
    memcpy(before, view->way, sizeof before);
    for (uint32_t axis = 0; axis < view->axes; axis++)
        view->way[axis] = before[order[axis]];
}

void grid_view_pick(struct grid_view *view, uint32_t axis, const uint32_t *order)
{
    struct grid_way *way = &view->way[axis];
    core_assert(way->size <= view->n_free);
    int64_t *table = view->free;
    for (size_t k = 0; k < way->size; k++)
        table[k] = shown(way, order[k]);
    view->free += way->size;
    view->n_free -= way->size;
    way->table = table;
}

/* ---- Boxes. */

static void reach_by_table(const struct grid_way *way, uint64_t *begin, uint64_t *end)
{
    for (size_t k = 0; k < way->size; k++) {
        if (way->table[k] == GRID_NO_ELEMENT) continue;
        uint64_t at = (uint64_t)way->table[k];
        if (*begin == *end) *begin = *end = at;
        if (at < *begin) *begin = at;
        if (at >= *end) *end = at + 1;
    }
}

void grid_view_reach(const struct grid_view *view, struct core_box *reach)
{
    for (uint32_t axis = 0; axis < view->axes; axis++) {
        const struct grid_way *way = &view->way[axis];
        uint64_t begin = 0, end = 0;
        if (way->table) {
            reach_by_table(way, &begin, &end);
        } else if (way->count) {
            begin = way->step > 0 ? way->start : way->start + 1 - way->count;
            end = begin + way->count;
        }
        reach->begin[way->axis] = begin;
        reach->size[way->axis] = end > begin ? end - begin : 1;
    }
}

void grid_view_hold(struct grid_view *view, const struct core_box *held)
{
    for (uint32_t axis = 0; axis < view->axes; axis++) {
        struct grid_way *way = &view->way[axis];
        int64_t begin = (int64_t)held->begin[way->axis];
        view->shape[way->axis] = (size_t)held->size[way->axis];
        for (size_t k = 0; way->table && k < way->size; k++)
            if (way->table[k] != GRID_NO_ELEMENT) way->table[k] -= begin;
        if (!way->table && way->count) way->start -= (size_t)begin;
    }
}

void grid_view_copy(const struct grid_view *view, size_t size, const void *input, void *output)
{
    struct grid_walk walk;
    grid_walk_begin(view, size, &walk);
    grid_walk_copy(&walk, input, output);
}
