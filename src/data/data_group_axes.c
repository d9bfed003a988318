#include "data_group_axes.h"

#include <string.h>

#include "core_memory.h"
#include "data_axes.h"
#include "data_pick.h"

/* What a field takes of a row of a group. */
struct taken {
    struct io_part *part; /* NULL: all of it */
    uint32_t slab_axis;
    char picked[DATA_PICKED_BYTES];
};

static shs_status find(const struct data_view *view, struct h5_array *array,
                       const shs_tensor *whole, struct taken *taken)
{
    *taken = (struct taken){0};
    shs_status status = data_pick_find(view, array, whole, &taken->part, taken->picked);
    if (status || !view->slab) return status;
    return core_wrap(data_pick_axis(view, array, whole, &taken->slab_axis, taken->picked), "slab");
}

static bool are_same_indices(const struct io_part_axis *one, const struct io_part_axis *other)
{
    if (one->ranges != other->ranges) return false;
    for (size_t i = 0; i < one->ranges; i++)
        if (one->range[i].begin != other->range[i].begin ||
            one->range[i].count != other->range[i].count ||
            one->range[i].step != other->range[i].step)
            return false;
    return true;
}

static bool is_same(const struct taken *one, const struct taken *other)
{
    if (strcmp(one->picked, other->picked) != 0 || !one->part != !other->part) return false;
    for (uint32_t axis = 0; one->part && axis < one->part->axes; axis++)
        if (!are_same_indices(&one->part->axis[axis], &other->part->axis[axis])) return false;
    return true;
}

/* Compares what is taken of a group's rows with what is taken in the first group. */
static shs_status compare(const struct data_view *view, struct h5_array *array,
                          const shs_tensor *whole, const struct taken *first)
{
    struct taken taken;
    shs_status status = find(view, array, whole, &taken);
    if (!status && !is_same(&taken, first))
        status = core_fail(
            SHS_ERROR_FORMAT,
            "what select, crop and slab name lies elsewhere than in the first group; give the "
            "numbers of axes and indices, or write the groups anew, in the same order");
    data_pick_free(&taken.part);
    return status;
}

static shs_status look_at_group(size_t group, const shs_tensor *whole,
                                const struct data_field_how *how, const struct taken *first,
                                struct data_field *field)
{
    struct h5_array *array;
    char letters[SHS_MAX_AXES + 1];
    shs_status status = h5_array_open_group(field->through, group, &array);
    if (status) return status;
    if (first) status = compare(how->view, array, whole, first);
    if (!status && how->axes) status = data_axes_read(array, whole->axes, letters);
    if (!status && how->axes) data_axes_join(letters, false, field->axes);
    if (status)
        status = core_wrap(status, "%s: dataset %s", field->path, h5_array_stored_name(array));
    h5_array_close(&array);
    return status;
}

shs_status data_group_axes(const shs_tensor *whole, const struct data_field_how *how,
                           struct data_field *field)
{
    struct taken first = {0};
    const struct data_view *view = how->view;
    bool cut = view && (view->select || view->crop || view->slab);
    if (!h5_array_names_axes_of_groups(field->through)) return SHS_OK;
    shs_status status = cut ? find(view, field->through, whole, &first) : SHS_OK;
    for (size_t group = 1; group < field->n_groups && !status; group++)
        status = look_at_group(group, whole, how, cut ? &first : NULL, field);
    data_pick_free(&first.part);
    return status;
}
