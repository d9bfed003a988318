#include "data_kept.h"

#include <string.h>

#include "core_memory.h"
#include "data_stand.h"

shs_status data_kept_open(const struct data_sample *sample, size_t files, struct data_kept *kept)
{
    bool some = false;
    *kept = (struct data_kept){0};
    for (size_t p = 0; p < sample->n_parts; p++)
        some |= sample->part[p].valid != 0;
    if (!some) return SHS_OK;
    return core_new(files + 1, sizeof *kept->first_window, "files", &kept->first_window);
}

void data_kept_free(struct data_kept *kept)
{
    core_free(&kept->run);
    core_free(&kept->first_window);
    *kept = (struct data_kept){0};
}

/* ---- Rows. */

/* Returns true for a number that is neither zero nor a NaN. */
static bool is_valid(shs_type type, const char *element)
{
    size_t bytes = shs_type_size(type);
    uint64_t bits = 0, infinity = 0;
    memcpy(&bits, element, bytes);
    if (type == SHS_F16) infinity = UINT64_C(0x7C00);
    if (type == SHS_F32) infinity = UINT64_C(0x7F800000);
    if (type == SHS_F64) infinity = UINT64_C(0x7FF0000000000000);
    if (!infinity) return bits != 0;
    bits &= ~(UINT64_C(1) << (8 * bytes - 1)); /* the sign */
    return bits != 0 && bits <= infinity;
}

static shs_status check_rows(const struct data_field *valid, const struct data_field *rows)
{
    if (valid->sample.axes)
        return core_fail(
            SHS_ERROR_FORMAT,
            "%s: dataset %s cannot say which rows are valid: it needs one number a row",
            valid->path, valid->sample.name);
    if (valid->rows == rows->rows && valid->series_rows == rows->series_rows) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s says of %llu rows whether they are valid, but dataset %s has "
                     "%llu; it needs one number for each",
                     valid->path, valid->sample.name, (ull)valid->rows, rows->sample.name,
                     (ull)rows->rows);
}

/* Compares rows in memory with their checksums. */
static shs_status compare_sums(struct data_field *field, uint64_t first, uint64_t count,
                               const void *rows)
{
    struct data_range sums = data_field_sums(field, first, count);
    uint32_t *checksums;
    if (!data_field_has_checksums(field) || !sums.count) return SHS_OK;
    shs_status status = core_new(sums.count, sizeof *checksums, "checksums", &checksums);
    if (!status) status = data_field_checksums(field, sums.first, sums.count, checksums);
    if (!status) status = data_field_check(field, first, count, rows, checksums);
    core_free(&checksums);
    return status;
}

/* Reads which rows [first, first + count) are valid, by their numbers as they are stored. `numbers`
 * has room for these. */
static shs_status read_rows(struct data_field *field, uint64_t first, uint64_t count, char *numbers,
                            bool *valid)
{
    shs_status status = field->held && field->part
                            ? data_field_read(field, first, count, numbers)
                            : data_field_read_whole(field, first, count, numbers);
    if (!status) status = compare_sums(field, first, count, numbers);
    for (uint64_t row = 0; row < count && !status; row++)
        valid[row] = is_valid(field->whole.type, numbers + row * field->whole_bytes);
    return status;
}

/* ---- Windows. */

/* Returns true if the rows of a padded window that are there are valid, and the row at the edge
 * that takes the place of others. */
static bool has_valid_padded(const struct data_part *part, uint64_t rows, const bool *valid,
                             uint64_t window)
{
    const struct data_stand stand = {
        .rows = rows, .anchor = window * part->stride, .every = part->every};
    for (uint64_t k = 0, row; k < part->window; k++) {
        bool there = data_stand_row(part, &stand, k, &row);
        if ((there || part->pad == DATA_PAD_EDGE) && !valid[row]) return false;
    }
    return true;
}

/* Returns true if all rows of a window of a series are valid. With a spacing that is drawn, which
 * is `least` or more, these are the rows of each spacing. */
static bool has_valid_rows(const struct data_part *part, uint64_t least, const bool *valid,
                           uint64_t window)
{
    uint64_t first = window * part->stride + part->lead;
    uint64_t most = part->window > 1 ? part->every : least; /* one row has no spacing */
    for (uint64_t every = least; every <= most; every++)
        for (uint64_t k = 0; k < part->window; k++)
            if (!valid[first + k * every]) return false;
    return true;
}

/* Takes from `keep` the windows of a file of which some rows of part p are not valid. */
static shs_status drop_windows(const struct data_sample *sample, size_t p,
                               struct data_field *arrays, uint64_t windows, uint64_t a_series,
                               bool *keep)
{
    const struct data_part *part = &sample->part[p];
    uint64_t least = part->spacing ? sample->spacing[part->spacing - 1].least : part->every;
    struct data_field *field = &arrays[part->valid - 1];
    uint64_t rows = field->series_rows, each = a_series < windows ? a_series : windows;
    char *numbers = NULL;
    bool *valid = NULL;
    shs_status status = check_rows(field, &arrays[part->array]);
    if (!status) status = core_new(rows, field->whole_bytes, "which rows are valid", &numbers);
    if (!status) status = core_new(rows, sizeof *valid, "which rows are valid", &valid);
    for (uint64_t window = 0; window < windows && !status; window++) {
        uint64_t in_series = window % each;
        if (!in_series) status = read_rows(field, window / each * rows, rows, numbers, valid);
        if (!status)
            keep[window] =
                keep[window] && (part->pad ? has_valid_padded(part, rows, valid, in_series)
                                           : has_valid_rows(part, least, valid, in_series));
    }
    core_free(&numbers);
    core_free(&valid);
    return status;
}

static shs_status add_run(struct data_kept *kept, struct data_kept_run run)
{
    struct data_kept_run *last = kept->runs ? &kept->run[kept->runs - 1] : NULL;
    if (last && last->window + last->count == run.window) {
        last->count += run.count;
        return SHS_OK;
    }
    if (kept->runs == kept->capacity) {
        size_t more = kept->capacity ? 2 * kept->capacity : 16;
        shs_status status = core_resize(more, sizeof *kept->run, "valid windows", &kept->run);
        if (status) return status;
        kept->capacity = more;
    }
    kept->run[kept->runs++] = run;
    return SHS_OK;
}

shs_status data_kept_add(const struct data_sample *sample, size_t file, struct data_field *arrays,
                         uint64_t windows, uint64_t a_series, uint64_t first,
                         struct data_kept *kept, uint64_t *samples)
{
    bool *keep;
    uint64_t before = kept->first_window[file];
    shs_status status = core_new(windows, sizeof *keep, "valid windows", &keep);
    *samples = 0;
    if (!status) memset(keep, true, windows);
    for (size_t p = 0; p < sample->n_parts && windows && !status; p++)
        if (sample->part[p].valid)
            status = drop_windows(sample, p, arrays, windows, a_series, keep);
    for (uint64_t window = 0; window < windows && !status; window++)
        if (keep[window])
            status =
                add_run(kept, (struct data_kept_run){before + window, first + (*samples)++, 1});
    core_free(&keep);
    kept->first_window[file + 1] = before + windows;
    return status;
}

/* ---- Numbers. */

uint64_t data_kept_window(const struct data_kept *kept, uint64_t sample)
{
    size_t low = 0, high = kept->runs;
    if (!kept->first_window) return sample;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(kept->run[middle].sample <= sample ? &low : &high) = middle;
    }
    return kept->run[low].window + (sample - kept->run[low].sample);
}

uint64_t data_kept_below(const struct data_kept *kept, uint64_t window)
{
    size_t low = 0, high = kept->runs;
    if (!kept->first_window) return window;
    while (low < high) { /* the first run that ends behind the window */
        size_t middle = low + (high - low) / 2;
        if (kept->run[middle].window + kept->run[middle].count <= window)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == kept->runs) return low ? kept->run[low - 1].sample + kept->run[low - 1].count : 0;
    const struct data_kept_run *run = &kept->run[low];
    return run->sample + (window > run->window ? window - run->window : 0);
}

void data_kept_hash(const struct data_kept *kept, struct core_hash *hash)
{
    core_hash_add(hash, kept->run, kept->runs * sizeof *kept->run);
}
