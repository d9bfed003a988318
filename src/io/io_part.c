#include "io_part.h"

#include <string.h>

#include "core_assert.h"

static uint64_t last_of(const struct io_range *range)
{
    return range->begin + (range->count - 1) * range->step;
}

static void measure_axis(struct io_part_axis *axis)
{
    axis->count = 0;
    axis->ascending = true;
    for (size_t i = 0; i < axis->ranges; i++) {
        struct io_range *range = &axis->range[i];
        core_assert(range->count && range->step && last_of(range) < axis->length);
        range->at = axis->count;
        axis->count += range->count;
        if (i && range->begin <= last_of(range - 1)) axis->ascending = false;
    }
    axis->whole = axis->ascending && axis->count == axis->length;
}

void io_part_measure(struct io_part *part)
{
    part->bytes = part->whole_bytes = part->element_bytes;
    part->whole = true;
    for (uint32_t i = 0; i < part->axes; i++) {
        measure_axis(&part->axis[i]);
        part->bytes *= part->axis[i].count;
        part->whole_bytes *= part->axis[i].length;
        part->whole = part->whole && part->axis[i].whole;
    }
}

/* ---- The bytes of a row. */

struct walk {
    const struct io_part *part;
    uint32_t axes;             /* axes behind these are whole, and belong to the runs */
    size_t step[SHS_MAX_AXES]; /* bytes from an index of an axis to the next */
    io_part_visit *visit;
    void *user;
};

static shs_status walk_axis(const struct walk *walk, uint32_t axis, uint64_t at);

static shs_status walk_range(const struct walk *walk, uint32_t axis, const struct io_range *range,
                             uint64_t at)
{
    size_t step = walk->step[axis];
    shs_status status = SHS_OK;
    at += range->begin * step;
    if (axis + 1 == walk->axes && range->step == 1)
        return walk->visit(walk->user, at, range->count * step);
    for (uint64_t i = 0; i < range->count && !status; i++, at += range->step * step)
        status = walk_axis(walk, axis + 1, at);
    return status;
}

static shs_status walk_axis(const struct walk *walk, uint32_t axis, uint64_t at)
{
    shs_status status = SHS_OK;
    if (axis == walk->axes)
        return walk->visit(walk->user, at, axis ? walk->step[axis - 1] : walk->part->whole_bytes);
    const struct io_part_axis *taken = &walk->part->axis[axis];
    for (size_t i = 0; i < taken->ranges && !status; i++)
        status = walk_range(walk, axis, &taken->range[i], at);
    return status;
}

shs_status io_part_walk(const struct io_part *part, io_part_visit *visit, void *user)
{
    struct walk walk = {.part = part, .axes = part->axes, .visit = visit, .user = user};
    size_t step = part->element_bytes;
    for (uint32_t axis = part->axes; axis-- > 0; step *= part->axis[axis].length)
        walk.step[axis] = step;
    while (walk.axes && part->axis[walk.axes - 1].whole)
        walk.axes--;
    return walk_axis(&walk, 0, 0);
}

struct cut {
    const char *from;
    char *to;
};

static shs_status cut_run(void *user, uint64_t at, size_t bytes)
{
    struct cut *cut = user;
    memcpy(cut->to, cut->from + at, bytes);
    cut->to += bytes;
    return SHS_OK;
}

void io_part_cut(const struct io_part *part, const void *rows, uint64_t count, void *to)
{
    struct cut cut = {rows, to};
    for (uint64_t i = 0; i < count; i++, cut.from += part->whole_bytes)
        (void)io_part_walk(part, cut_run, &cut);
}

/* ---- The ranges of an axis. */

size_t io_part_next_range(const struct io_part_axis *axis, size_t from, uint64_t low, uint64_t high)
{
    size_t begin = from, end = axis->ranges;
    if (!axis->ascending) {
        struct io_range clipped;
        while (begin < end && !io_range_clip(&axis->range[begin], low, high, &clipped))
            begin++;
        return begin;
    }
    while (begin < end) { /* the first range that ends in [low, …) */
        size_t middle = begin + (end - begin) / 2;
        if (last_of(&axis->range[middle]) >= low)
            end = middle;
        else
            begin = middle + 1;
    }
    if (begin < axis->ranges && axis->range[begin].begin >= high) return axis->ranges;
    return begin;
}

bool io_range_clip(const struct io_range *range, uint64_t low, uint64_t high,
                   struct io_range *clipped)
{
    if (range->begin >= high) return false;
    uint64_t first = range->begin < low ? (low - range->begin - 1) / range->step + 1 : 0;
    uint64_t end = (high - 1 - range->begin) / range->step + 1;
    if (end > range->count) end = range->count;
    if (first >= end) return false;
    *clipped = (struct io_range){range->begin + first * range->step, end - first, range->step,
                                 range->at + first};
    return true;
}
