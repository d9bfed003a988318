#include "fetch_box.h"

#include "core_memory.h"

/* Makes the ranges of what is left of an axis that is taken, between two positions of what is
 * delivered. Returns how many they are. */
static size_t cut_axis(const struct io_part_axis *taken, uint64_t begin, uint64_t end,
                       struct io_range *to)
{
    size_t count = 0;
    for (size_t i = 0; i < taken->ranges; i++) {
        const struct io_range *range = &taken->range[i];
        uint64_t low = begin > range->at ? begin : range->at;
        uint64_t high = end < range->at + range->count ? end : range->at + range->count;
        if (low >= high) continue;
        to[count] = (struct io_range){.begin = range->begin + (low - range->at) * range->step,
                                      .count = high - low,
                                      .step = range->step};
        count++;
    }
    return count;
}

/* Finds room for all ranges of the part. */
static shs_status make_room(struct fetch_box *box, const struct data_field *field,
                            struct io_range **room)
{
    size_t ranges = 0;
    *room = box->range;
    for (uint32_t axis = 0; field->part && axis < field->part->axes; axis++)
        ranges += field->part->axis[axis].ranges;
    if (ranges <= SHS_MAX_AXES) return SHS_OK;
    if (ranges > box->more_capacity) {
        shs_status status = core_resize(ranges, sizeof *box->more, "parts of rows", &box->more);
        if (status) return status;
        box->more_capacity = ranges;
    }
    *room = box->more;
    return SHS_OK;
}

shs_status fetch_box_cut(struct fetch_box *box, const struct data_field *field,
                         const struct io_part **part)
{
    struct io_range *room;
    shs_status status = make_room(box, field, &room);
    *part = NULL;
    if (status || !field->whole.axes) return status;
    box->part = (struct io_part){.axes = field->whole.axes,
                                 .element_bytes = shs_type_size(field->whole.type)};
    for (uint32_t axis = 0; axis < box->part.axes; axis++) {
        uint64_t length = field->whole.shape[axis];
        struct io_range all = {0, length, 1, 0};
        const struct io_part_axis whole = {.length = length, .range = &all, .ranges = 1};
        const struct io_part_axis *taken = field->part ? &field->part->axis[axis] : &whole;
        uint64_t begin = box->box->begin[axis + box->row_axis];
        uint64_t end = begin + box->box->size[axis + box->row_axis];
        size_t ranges = cut_axis(taken, begin, end, room);
        box->part.axis[axis] =
            (struct io_part_axis){.length = length, .range = room, .ranges = ranges};
        room += ranges;
    }
    io_part_measure(&box->part);
    if (!box->part.whole) *part = &box->part;
    return SHS_OK;
}

uint64_t fetch_box_elements(const struct core_box *box, uint32_t from, uint32_t axes)
{
    uint64_t elements = 1;
    for (uint32_t axis = from; axis < axes; axis++)
        elements *= box->size[axis];
    return elements;
}

void fetch_box_free(struct fetch_box *box)
{
    core_free(&box->more);
}
