/* The bytes of an element that hold what is taken of it. */
#include "core_memory.h"
#include "h5_members.h"

#define MOST_RANGES ((uint64_t)1 << 20)

struct taking {
    const struct h5_members *members;
    const struct io_part_axis *picked; /* NULL: all of each axis */
    struct io_part_axis *taken;
    size_t capacity;
};

static shs_status add_range(struct taking *taking, uint64_t begin, uint64_t count)
{
    struct io_part_axis *taken = taking->taken;
    struct io_range *last = taken->ranges ? &taken->range[taken->ranges - 1] : NULL;
    if (last && last->begin + last->count == begin) {
        last->count += count;
        return SHS_OK;
    }
    if (taken->ranges == MOST_RANGES)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "the members lie in more than 2^20 pieces in each element; take fewer of "
                         "them in a field");
    if (taken->ranges == taking->capacity) {
        size_t more = taking->capacity ? 2 * taking->capacity : 4;
        shs_status status = core_resize(more, sizeof *taken->range, "members", &taken->range);
        if (status) return status;
        taking->capacity = more;
    }
    taken->range[taken->ranges++] = (struct io_range){begin, count, 1, 0};
    return SHS_OK;
}

/* Bytes in the other order are taken one by one, the last one first. */
static shs_status add_number(struct taking *taking, const struct h5_member *member, size_t at)
{
    size_t bytes = taking->members->number_bytes;
    shs_status status = SHS_OK;
    if (!member->swapped) return add_range(taking, at, bytes);
    for (size_t i = bytes; i-- > 0 && !status;)
        status = add_range(taking, at + i, 1);
    return status;
}

/* Returns the index that is taken of an axis at place `i`. */
static uint64_t index_at(const struct taking *taking, uint32_t axis, uint64_t i)
{
    if (!taking->picked) return i;
    const struct io_part_axis *picked = &taking->picked[axis];
    size_t at = 0;
    while (at + 1 < picked->ranges && picked->range[at + 1].at <= i)
        at++;
    return picked->range[at].begin + (i - picked->range[at].at) * picked->range[at].step;
}

static uint64_t count_along(const struct taking *taking, uint32_t axis)
{
    return taking->picked ? taking->picked[axis].count : taking->members->shape[axis];
}

/* Moves on to the next number. Returns false if there is none. */
static bool next_number(const struct taking *taking, uint64_t *place)
{
    for (uint32_t axis = taking->members->axes; axis-- > 0; place[axis] = 0)
        if (++place[axis] < count_along(taking, axis)) return true;
    return false;
}

shs_status h5_members_bytes(const struct h5_members *members, const struct io_part_axis *picked,
                            struct io_part_axis *taken)
{
    struct taking taking = {.members = members, .picked = picked, .taken = taken};
    uint64_t place[SHS_MAX_AXES] = {0};
    uint32_t axes = members->axes - members->stacked;
    shs_status status = SHS_OK;
    *taken = (struct io_part_axis){.length = members->bytes};
    do {
        const struct h5_member *member =
            &members->member[members->stacked ? index_at(&taking, axes, place[axes]) : 0];
        size_t at = member->at;
        for (uint32_t axis = 0; axis < axes; axis++)
            at += index_at(&taking, axis, place[axis]) * member->step[axis];
        status = add_number(&taking, member, at);
    } while (!status && next_number(&taking, place));
    if (status) core_free(&taken->range);
    return status;
}
