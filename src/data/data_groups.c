#include "data_groups.h"

#include <string.h>

#include "core_memory.h"

void data_groups_free(struct data_groups *groups)
{
    core_free(&groups->row);
    core_free(&groups->sample);
    *groups = (struct data_groups){0};
}

/* Returns the first array of groups, or NULL. */
static const struct data_field *first_of(const struct data_sample *sample,
                                         const struct data_field *arrays)
{
    for (size_t s = 0; s < sample->n_arrays; s++)
        if (arrays[s].groups) return &arrays[s];
    return NULL;
}

static shs_status differ(const struct data_field *first, const struct data_field *other, size_t g,
                         struct h5_file *file)
{
    char *name = NULL;
    shs_status status = h5_groups_name(file, first->sample.name, g, &name);
    if (status) return status;
    core_fail(SHS_ERROR_FORMAT,
              "%s: group %s has %llu rows of %s but %llu of %s; fields of one pattern have as many "
              "rows in each group: leave one of them out, or write the group anew",
              first->path, name, (ull)(first->groups[g + 1] - first->groups[g]), first->sample.name,
              (ull)(other->groups[g + 1] - other->groups[g]), other->sample.name);
    core_free(&name);
    return SHS_ERROR_FORMAT;
}

shs_status data_groups_check(const struct data_sample *sample, const struct data_field *arrays,
                             struct h5_file *file)
{
    const struct data_field *first = first_of(sample, arrays);
    for (size_t s = 0; first && s < sample->n_arrays; s++) {
        const struct data_field *other = &arrays[s];
        if (!other->groups || other == first) continue;
        if (other->n_groups != first->n_groups)
            return core_fail(SHS_ERROR_FORMAT,
                             "%s: %s is of %zu groups but %s of %zu; the file has changed while it "
                             "was opened: start again",
                             first->path, first->sample.name, first->n_groups, other->sample.name,
                             other->n_groups);
        for (size_t g = 0; g < first->n_groups; g++)
            if (first->groups[g + 1] - first->groups[g] != other->groups[g + 1] - other->groups[g])
                return differ(first, other, g, file);
    }
    return SHS_OK;
}

shs_status data_groups_take(const struct data_sample *sample, const struct data_field *arrays,
                            struct data_groups *groups, uint64_t *samples)
{
    const struct data_field *first = first_of(sample, arrays);
    uint64_t rows[DATA_MOST_ARRAYS];
    *groups = (struct data_groups){0};
    if (!first) return SHS_OK;
    size_t count = first->n_groups;
    for (size_t s = 0; s < sample->n_arrays; s++)
        rows[s] = arrays[s].rows;
    groups->count = count;
    shs_status status = core_new(count + 1, sizeof *groups->row, "groups", &groups->row);
    if (!status) status = core_new(count + 1, sizeof *groups->sample, "groups", &groups->sample);
    if (!status) {
        memcpy(groups->row, first->groups, (count + 1) * sizeof *groups->row);
        status = data_sample_count_groups(sample, rows, groups->row, count, groups->sample);
    }
    if (status)
        data_groups_free(groups);
    else
        *samples = groups->sample[count];
    return status;
}

bool data_groups_are_same(const struct data_groups *groups, const struct data_groups *others)
{
    return groups->count == others->count &&
           (!groups->count ||
            !memcmp(groups->row, others->row, (groups->count + 1) * sizeof *groups->row));
}
