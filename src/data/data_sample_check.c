#include "data_sample_check.h"

#include <string.h>

#include "h5_file.h"

/* Refuses windows with different strides or axes: all windows of a sample move on together. */
static shs_status check_strides(const struct data_sample *sample)
{
    const struct data_part *first = NULL;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW) continue;
        if (!first) first = part;
        if (part->stride != first->stride)
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "field %s has stride %llu but field %s has %llu; windows of one sample "
                "need the same stride",
                first->name, (ull)first->stride, part->name, (ull)part->stride);
        if (sample->view[part->array].row_axes != sample->view[first->array].row_axes)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "fields %s and %s are windows over one axis and over two; give both "
                             "axes=2, or neither",
                             first->name, part->name);
    }
    return SHS_OK;
}

/* Refuses fields with offsets beside windows that are left out: they have no windows. */
static shs_status check_valid(const struct data_sample *sample)
{
    const struct data_part *valid = NULL, *run = NULL;
    for (size_t i = 0; i < sample->n_parts; i++) {
        if (sample->part[i].valid) valid = &sample->part[i];
        if (data_part_is_run(&sample->part[i])) run = &sample->part[i];
    }
    if (!valid || !run) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field %s leaves windows out by valid, but field %s has offsets; give them to "
                     "datasets of their own",
                     valid->name, run->name);
}

static bool is_grouped(const struct data_sample *sample, const struct data_part *part)
{
    return h5_groups_is_name(sample->array[part->array]);
}

/* Returns the length of what stands before the star of a pattern. */
static size_t prefix_length(const char *name)
{
    return strcspn(name, "*");
}

/* Refuses a field of groups that is more than rows or a window. */
static shs_status check_grouped(const struct data_sample *sample, const struct data_part *part)
{
    bool run = data_part_is_run(part) || part->kind == DATA_LENGTH;
    if (part->kind == DATA_WHOLE || run)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s: the groups of %s are trajectories, whose rows or windows are "
                         "samples; leave out %s",
                         part->name, sample->array[part->array],
                         run ? "offsets, decode() and csr()" : "one sample a file");
    if (sample->view[part->array].row_axes == 2)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s: the groups of %s are trajectories already; leave out axes=2",
                         part->name, sample->array[part->array]);
    return SHS_OK;
}

/* Fields of groups share their groups. If some are windows, all windows are of these groups. */
static shs_status check_groups(const struct data_sample *sample)
{
    const struct data_part *first = NULL, *window = NULL;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sample->n_arrays; i++)
        if (data_sample_is_offsets(sample, i) && h5_groups_is_name(sample->array[i]))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "offsets cannot be those of groups: %s; give one dataset",
                             sample->array[i]);
    for (size_t i = 0; i < sample->n_parts && !status; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind == DATA_WINDOW && !is_grouped(sample, part)) window = part;
        if (part->valid &&
            (is_grouped(sample, part) || h5_groups_is_name(sample->array[part->valid - 1])))
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "field %s: windows of groups are not left out by valid; leave valid out",
                part->name);
        if (!is_grouped(sample, part)) continue;
        status = check_grouped(sample, part);
        if (!first) first = part;
        const char *one = sample->array[first->array], *other = sample->array[part->array];
        size_t length = prefix_length(one);
        if (!status && (prefix_length(other) != length || strncmp(one, other, length) != 0))
            return core_fail(SHS_ERROR_ARGUMENT,
                             "fields %s and %s are of the groups of %s and %s; give fields of the "
                             "same groups",
                             first->name, part->name, one, other);
    }
    if (!status && first && window && data_sample_has_groups(sample))
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "field %s is a window of a dataset and others are windows of the groups of "
            "%s; give windows of one kind",
            window->name, sample->array[first->array]);
    return status;
}

/* Refuses fields beside windows that continue in the next file, unless they are such windows. */
static shs_status check_joined(const struct data_sample *sample)
{
    const struct data_part *joins = NULL, *other = NULL;
    for (size_t i = 0; i < sample->n_parts; i++)
        *(sample->part[i].joins ? &joins : &other) = &sample->part[i];
    if (joins && other)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s has windows that continue in the next file, but field %s has "
                         "none; give both series, a row as window=1, or neither",
                         joins->name, other->name);
    if (joins && is_grouped(sample, joins))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "field %s: no window of a group continues in the next one; leave out "
                         "series",
                         joins->name);
    return SHS_OK;
}

shs_status data_sample_check(const struct data_sample *sample)
{
    shs_status status = check_strides(sample);
    if (!status) status = check_joined(sample);
    if (!status) status = check_valid(sample);
    return status ? status : check_groups(sample);
}
