#include "data_joined.h"

shs_status data_joined_take(struct data_files *files, size_t file, const struct data_field *arrays)
{
    const struct data_sample *sample = files->sample;
    const struct data_part *first = &sample->part[0]; /* all fields are windows */
    uint64_t rows = arrays[first->array].rows;
    files->joined[file].rows = rows;
    for (size_t p = 1; p < sample->n_parts; p++) {
        const struct data_part *part = &sample->part[p];
        if (arrays[part->array].rows == rows) continue;
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: field %s has %llu rows but field %s has %llu; windows that continue "
                         "in the next file need as many rows of each field",
                         files->paths.path[file], first->name, (ull)rows, part->name,
                         (ull)arrays[part->array].rows);
    }
    return SHS_OK;
}

/* Returns the rows of a series, whose last file is `last`. */
static uint64_t rows_until(const struct data_files *files, size_t last)
{
    return files->joined[last].before + files->joined[last].rows;
}

/* Numbers the samples of the files [first, end), which are a series. */
static shs_status settle_series(struct data_files *files, size_t first, size_t end)
{
    uint64_t rows = 0, base = files->file[first].first, stride = files->sample->part[0].stride;
    for (size_t i = first; i < end; i++) {
        struct data_joined *joined = &files->joined[i];
        joined->first = first;
        joined->end = end;
        joined->before = rows;
        if (__builtin_add_overflow(rows, joined->rows, &rows))
            return core_fail(SHS_ERROR_FORMAT, "%s: more than 2^64 rows", files->paths.path[i]);
    }
    uint64_t windows = data_sample_windows(files->sample, rows);
    for (size_t i = first; i < end; i++) {
        uint64_t before = files->joined[i].before;
        uint64_t from = before / stride + (before % stride != 0); /* the first anchor in the file */
        files->file[i].first = base + (from < windows ? from : windows);
    }
    if (!__builtin_add_overflow(base, windows, &files->file[end].first)) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "%s: more than 2^64 samples", files->paths.path[first]);
}

shs_status data_joined_settle(struct data_files *files)
{
    const struct io_paths *paths = &files->paths;
    shs_status status = SHS_OK;
    for (size_t s = 0; s < paths->sources && !status; s++)
        status = settle_series(files, paths->source[s], paths->source[s + 1]);
    return status;
}

struct data_stand data_joined_stand(const struct data_files *files, const struct data_part *part,
                                    size_t file, uint64_t number)
{
    const struct data_joined *joined = &files->joined[file];
    uint64_t i = files->file[file].first - files->file[joined->first].first + number;
    return (struct data_stand){.rows = rows_until(files, joined->end - 1),
                               .anchor = i * part->stride,
                               .every = part->every};
}

/* Of files that begin at the same row, all but the last have no rows. */
size_t data_joined_find(const struct data_files *files, size_t file, uint64_t *row)
{
    size_t low = files->joined[file].first, high = files->joined[file].end;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(files->joined[middle].before <= *row ? &low : &high) = middle;
    }
    *row -= files->joined[low].before;
    return low;
}

struct data_range data_joined_samples(const struct data_files *files, const struct data_part *part,
                                      size_t file, uint64_t first, uint64_t count)
{
    const struct data_joined *joined = &files->joined[file];
    uint64_t base = files->file[joined->first].first;
    const struct data_series series = {.rows = rows_until(files, joined->end - 1),
                                       .samples = DATA_ONE_SERIES};
    struct data_range range = data_part_samples(part, series, joined->before + first, count,
                                                files->file[joined->end].first - base);
    range.first += base;
    return range;
}
