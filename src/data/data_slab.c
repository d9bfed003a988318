#include "data_slab.h"

#include "core_memory.h"
#include "data_pick.h"
#include "data_sources.h"
#include "order_plan.h"

/* Finds what a member takes of the slab's axis. */
static shs_status share(const struct data_view *view, struct data_member member,
                        struct data_field *field)
{
    uint32_t axis = field->slab.axis;
    if (member.of < 2) return SHS_OK;
    uint64_t length = field->sample.shape[axis];
    uint64_t first = order_share(length, member.number, member.of);
    uint64_t end = order_share(length, member.number + 1, member.of);
    if (length < member.of)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "axis %s has a length of %llu, of which not each of the %llu members of a "
                         "group gets a part; name another axis, or run smaller groups",
                         view->slab, (ull)length, (ull)member.of);
    field->slab = (struct data_slab){axis, first, end - first, length};
    return SHS_OK;
}

static shs_status find(const struct data_view *view, const shs_tensor *whole,
                       struct data_member member, struct data_field *field)
{
    shs_status status =
        data_pick_axis(view, field->through, whole, &field->slab.axis, field->picked);
    return status ? status : share(view, member, field);
}

shs_status data_slab_find(const struct data_view *view, const shs_tensor *whole,
                          struct data_member member, struct data_field *field)
{
    if (!view || !view->slab) return SHS_OK;
    return core_wrap(find(view, whole, member, field), "%s: dataset %s: slab", field->path,
                     field->sample.name);
}

/* Adds those of a range's indices that are among the elements [first, end) of the axis. Element
 * `at` is the range's first. */
static void add_range(const struct io_range *range, uint64_t at, uint64_t first, uint64_t end,
                      struct io_part_axis *to)
{
    uint64_t from = first > at ? first - at : 0, stop = end > at ? end - at : 0;
    if (stop > range->count) stop = range->count;
    if (from >= stop) return;
    to->range[to->ranges++] = (struct io_range){
        .begin = range->begin + from * range->step, .count = stop - from, .step = range->step};
}

/* Copies what is taken of an axis, or some elements of it. */
static shs_status copy_axis(const struct io_part_axis *from, uint64_t first, uint64_t end,
                            struct io_part_axis *to)
{
    uint64_t at = 0;
    to->length = from->length;
    shs_status status = core_new(from->ranges, sizeof *to->range, "indices", &to->range);
    for (size_t i = 0; i < from->ranges && !status; at += from->range[i++].count)
        add_range(&from->range[i], at, first, end, to);
    return status;
}

/* Makes the part of a row that the slab is of. Of members of a compound there is a part already, in
 * which the bytes of an element are an axis behind those of the array. */
static shs_status make_part(const struct data_field *field, struct io_part *part)
{
    const struct data_slab *slab = &field->slab;
    const struct io_part *from = field->part;
    shs_status status = SHS_OK;
    part->axes = from ? from->axes : field->sample.axes;
    part->element_bytes = from ? from->element_bytes : shs_type_size(field->whole.type);
    for (uint32_t i = 0; i < part->axes && !status; i++) {
        struct io_range all = {.count = from ? 0 : field->whole.shape[i], .step = 1};
        const struct io_part_axis whole = {.length = all.count, .range = &all, .ranges = 1};
        bool cut = i == slab->axis;
        status = copy_axis(from ? &from->axis[i] : &whole, cut ? slab->first : 0,
                           cut ? slab->first + slab->count : UINT64_MAX, &part->axis[i]);
    }
    if (!status) io_part_measure(part);
    return status;
}

shs_status data_slab_cut(struct data_field *field)
{
    struct io_part *part;
    if (!field->slab.length || !field->row_bytes) return SHS_OK;
    shs_status status = core_new(1, sizeof *part, "a slab", &part);
    if (!status) status = make_part(field, part);
    if (status) {
        data_pick_free(&part);
        return status;
    }
    field->unslabbed = field->part;
    field->part = part;
    field->sample.shape[field->slab.axis] = field->slab.count;
    field->stored_bytes = part->bytes;
    status = shs_tensor_bytes(&field->sample, &field->row_bytes);
    if (status) return status;
    data_sources_take(field);
    if (field->through && !field->sources)
        h5_array_view(field->through, field->row_axes, field->part);
    return shs_tensor_bytes(&field->sample, &field->row_bytes);
}

shs_status data_slab_take(const struct data_view *view, struct data_member member,
                          struct data_field *field)
{
    if (!view->slab) return SHS_OK;
    if (field->slab.axis >= field->sample.axes)
        return core_fail(SHS_ERROR_FORMAT, "an entry of the index contradicts itself");
    shs_status status = core_wrap(share(view, member, field), "%s: dataset %s: slab", field->path,
                                  field->sample.name);
    if (!status) status = data_slab_cut(field);
    data_field_settle_sums(field);
    return status;
}

struct data_field data_slab_uncut(const struct data_field *field)
{
    const struct data_slab *slab = &field->slab;
    struct data_field uncut = *field;
    if (!slab->length) return uncut;
    uncut.slab = (struct data_slab){.axis = slab->axis};
    uncut.part = field->unslabbed;
    uncut.stored_bytes = uncut.part ? uncut.part->bytes : uncut.whole_bytes;
    uncut.sample.shape[slab->axis] = slab->length;
    uncut.row_bytes = field->row_bytes / slab->count * slab->length;
    return uncut;
}
