/* Where a sample lies: its file, and the rows that it is made of. */
#include "data_dataset.h"
#include "data_joined.h"

#define OPEN_IT "open it with shs_dataset_open()"

/* Returns the source of the path that a sample belongs to. */
static size_t source_of(const shs_dataset *dataset, uint64_t sample)
{
    size_t low = 0, high = dataset->files.paths.sources;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(dataset->bounds[middle] <= sample ? &low : &high) = middle;
    }
    return low;
}

static shs_status check_sample(const shs_dataset *dataset, uint64_t sample, const char *call)
{
    if (sample < dataset->samples) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s: sample %llu of a dataset of %llu; samples are counted from 0", call,
                     (ull)sample, (ull)dataset->samples);
}

shs_status shs_locate(const shs_dataset *dataset, uint64_t sample, shs_location *location)
{
    static const char call[] = "shs_locate";
    shs_status status =
        core_require(location, call, "location", "pass the address of a shs_location");
    if (status) return status;
    *location = (shs_location){0};
    status = core_require(dataset, call, "dataset", OPEN_IT);
    if (!status) status = check_sample(dataset, sample, call);
    if (status) return status;
    size_t file = data_files_of(&dataset->files, sample);
    *location = (shs_location){.path = dataset->files.paths.path[file],
                               .row = sample - dataset->files.file[file].first,
                               .file = file,
                               .source = source_of(dataset, sample)};
    return SHS_OK;
}

/* ---- The rows of a field. */

/* Reads the two offsets of sample `row` of a file. */
static shs_status read_offsets(shs_dataset *dataset, size_t file, uint64_t row, size_t array,
                               uint64_t bounds[2])
{
    struct data_field *arrays;
    uint64_t pair[2]; /* room for two offsets of any type */
    shs_status status = data_files_get(&dataset->files, file, &arrays);
    if (!status) status = data_field_read(&arrays[array], row, 2, pair);
    if (status) return status;
    return data_offsets_check(&arrays[array], row, pair, UINT64_MAX, &bounds[0], &bounds[1]);
}

static shs_status find_ragged(shs_dataset *dataset, const shs_location *at,
                              const struct data_part *part, shs_rows *rows)
{
    const uint64_t *all = dataset->offsets[part->offsets].all;
    uint64_t bounds[2];
    shs_status status = SHS_OK;
    if (all) { /* each file has one offset more than samples */
        all += dataset->files.file[at->file].first + at->file + at->row;
        bounds[0] = all[0];
        bounds[1] = all[1];
    } else {
        status = read_offsets(dataset, (size_t)at->file, at->row, part->offsets, bounds);
    }
    if (status) return status;
    rows->first = bounds[0];
    rows->count = bounds[1] - bounds[0];
    return SHS_OK;
}

/* Finds the rows that are there of a window that may reach over an end. */
static void find_reaching(const shs_dataset *dataset, const shs_location *at,
                          const struct data_part *part, uint64_t number, shs_rows *rows)
{
    const struct data_files *files = &dataset->files;
    const struct data_stand stand = data_files_stand(files, part, (size_t)at->file, number);
    const struct data_stand_rows there = data_stand_rows(part, &stand);
    rows->first = there.first;
    rows->count = there.count;
    if (part->joins) rows->file = data_joined_find(files, (size_t)at->file, &rows->first);
}

static shs_status find_rows(shs_dataset *dataset, const shs_location *at, size_t field,
                            shs_rows *rows)
{
    const struct data_part *part = &dataset->what.part[field];
    const shs_tensor *shape = &dataset->files.shape[part->array];
    if (data_part_is_run(part) || part->kind == DATA_LENGTH)
        return find_ragged(dataset, at, part, rows);
    if (part->kind == DATA_WHOLE) {
        rows->count = shape->axes ? shape->shape[0] : 1;
        return SHS_OK;
    }
    uint64_t number = data_files_number(&dataset->files, (size_t)at->file,
                                        dataset->files.file[at->file].first + at->row);
    struct data_series series = data_files_series(&dataset->files, (size_t)at->file, part->array);
    if (part->pad || part->joins) { /* of the window or its mask */
        find_reaching(dataset, at, part, number, rows);
    } else {
        rows->first = data_part_first(part, series, number);
        rows->count = data_part_rows(part);
    }
    rows->every = rows->count > 1 ? part->every : 1;
    if (!part->spacing || rows->count == 1) return SHS_OK;
    rows->every = dataset->what.spacing[part->spacing - 1].least;
    rows->most_every = part->every;
    return SHS_OK;
}

shs_status shs_locate_rows(shs_dataset *dataset, uint64_t sample, size_t field, shs_rows *rows)
{
    static const char call[] = "shs_locate_rows";
    shs_location at;
    shs_status status = core_require(rows, call, "rows", "pass the address of a shs_rows");
    if (status) return status;
    *rows = (shs_rows){0};
    status = core_require(dataset, call, "dataset", OPEN_IT);
    if (!status) status = check_sample(dataset, sample, call);
    if (!status && shs_dataset_is_constant(dataset, field)) {
        size_t c = field - dataset->n_fields;
        *rows = (shs_rows){.dataset = dataset->what.constant[c].array,
                           .count = dataset->constants.constant[c].rows,
                           .every = 1,
                           .file = data_files_of(&dataset->files, sample)};
        return SHS_OK;
    }
    if (!status && field >= dataset->n_fields)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: field %zu of a dataset of %zu; fields are counted from 0", call,
                           field, dataset->n_fields);
    if (!status) status = shs_locate(dataset, sample, &at);
    if (status) return status;
    shs_rows found = {.dataset = dataset->what.array[dataset->what.part[field].array],
                      .every = 1,
                      .file = at.file};
    status =
        core_wrap(find_rows(dataset, &at, field, &found), "%s: sample %llu", call, (ull)sample);
    if (!status) *rows = found;
    return status;
}
