/* What a field takes of its array: counts, rows, shapes and words. */
#include <string.h>

#include "core_exact.h"
#include "core_memory.h"
#include "data_decode.h"
#include "data_groups.h"
#include "data_stand.h"

static bool is_same_text(const char *text, const char *other)
{
    return text && other ? !strcmp(text, other) : text == other;
}

bool data_view_is_same(const struct data_view *view, const struct data_view *other)
{
    return view->runs == other->runs && view->row_axes == other->row_axes &&
           view->constant == other->constant && is_same_text(view->select, other->select) &&
           is_same_text(view->crop, other->crop) && is_same_text(view->slab, other->slab);
}

void data_view_free(struct data_view *view)
{
    core_free(&view->select);
    core_free(&view->crop);
    core_free(&view->slab);
}

/* ---- Arithmetic. */

bool data_sample_has_series(const struct data_sample *sample)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].kind == DATA_WINDOW &&
            (sample->view[sample->part[i].array].row_axes || data_part_reaches(&sample->part[i])))
            return true;
    return false;
}

uint64_t data_part_least_rows(const struct data_part *part)
{
    uint64_t rows;
    if (part->pad) return 1;
    if (!core_multiply(part->window - 1, part->every, &rows) ||
        __builtin_add_overflow(rows, part->lead, &rows))
        return UINT64_MAX;
    return rows < UINT64_MAX ? rows + 1 : UINT64_MAX;
}

/* The rows of a file's arrays. */
struct extent {
    const uint64_t *rows, *series_rows;
};

/* Returns the windows that some rows have. */
static uint64_t windows_in(const struct data_part *part, uint64_t rows)
{
    uint64_t least = data_part_least_rows(part);
    return rows < least || least == UINT64_MAX ? 0 : (rows - least) / part->stride + 1;
}

/* Returns the windows of each series. */
static uint64_t windows_of(const struct data_sample *sample, const struct data_part *part,
                           const struct extent *extent)
{
    bool series = sample->view[part->array].row_axes == 2;
    return windows_in(part, (series ? extent->series_rows : extent->rows)[part->array]);
}

/* Returns the series of an array. */
static uint64_t series_of(const struct data_sample *sample, size_t array,
                          const struct extent *extent)
{
    if (sample->view[array].row_axes != 2) return 1;
    uint64_t rows = extent->series_rows[array];
    return rows ? extent->rows[array] / rows : 0;
}

static uint64_t samples_of(const struct data_sample *sample, const struct data_part *part,
                           const struct extent *extent)
{
    const uint64_t *rows = extent->rows;
    switch (part->kind) {
    case DATA_WINDOW:
        return windows_of(sample, part, extent) * series_of(sample, part->array, extent);
    case DATA_RAGGED:
    case DATA_LENGTH:
    case DATA_IMAGE:
    case DATA_CSR:
        return rows[part->offsets] ? rows[part->offsets] - 1 : 0;
    case DATA_WHOLE:
        return 1;
    case DATA_ROW:
    case DATA_MASK:
    case DATA_VALID:
        break;
    }
    return rows[part->array];
}

static const char *unit_of(const struct data_part *part)
{
    return part->kind == DATA_ROW ? "rows" : "samples";
}

static shs_status differ(const struct data_part *a, uint64_t a_has, const struct data_part *b,
                         uint64_t b_has)
{
    return core_fail(SHS_ERROR_FORMAT,
                     "field %s has %llu %s but field %s has %llu%s%s; all fields need one row a "
                     "sample",
                     a->name, (ull)a_has, unit_of(a), b->name, (ull)b_has,
                     a->kind == b->kind ? "" : " ", a->kind == b->kind ? "" : unit_of(b));
}

/* Returns the first part that has the fewest windows, or NULL if there are no windows. This part
 * says how many samples there are. */
static const struct data_part *least_window(const struct data_sample *sample,
                                            const struct extent *extent)
{
    const struct data_part *least = NULL;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind == DATA_WINDOW &&
            (!least || windows_of(sample, part, extent) < windows_of(sample, least, extent)))
            least = part;
    }
    return least;
}

/* Refuses windows over different numbers of series. */
static shs_status check_series(const struct data_sample *sample, const struct data_part *first,
                               const struct extent *extent)
{
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW) continue;
        uint64_t has = series_of(sample, part->array, extent);
        uint64_t needs = series_of(sample, first->array, extent);
        if (has != needs)
            return core_fail(SHS_ERROR_FORMAT,
                             "field %s has %llu trajectories but field %s has %llu; windows of one "
                             "sample need the same first axis",
                             first->name, (ull)needs, part->name, (ull)has);
    }
    return SHS_OK;
}

shs_status data_sample_count(const struct data_sample *sample, const uint64_t *rows,
                             const uint64_t *series_rows, uint64_t *samples, uint64_t *a_series)
{
    const struct extent extent = {rows, series_rows};
    const struct data_part *first = least_window(sample, &extent);
    if (a_series) *a_series = DATA_ONE_SERIES;
    if (first && sample->view[first->array].row_axes == 2) {
        if (a_series) *a_series = windows_of(sample, first, &extent);
        shs_status status = check_series(sample, first, &extent);
        if (status) return status;
    }
    if (!first) first = &sample->part[0];
    *samples = samples_of(sample, first, &extent);
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        uint64_t has = samples_of(sample, part, &extent);
        if (part->kind != DATA_WINDOW && !data_part_is_beside(part) && has != *samples)
            return differ(first, *samples, part, has);
    }
    return SHS_OK;
}

bool data_sample_masks(const struct data_sample *sample)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].kind == DATA_VALID) return true;
    return false;
}

bool data_sample_joins(const struct data_sample *sample)
{
    return sample->part[0].joins;
}

uint64_t data_sample_windows(const struct data_sample *sample, uint64_t rows)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < sample->n_parts; i++) {
        if (sample->part[i].kind != DATA_WINDOW) continue;
        uint64_t windows = windows_in(&sample->part[i], rows);
        if (windows < least) least = windows;
    }
    return least;
}

bool data_sample_has_groups(const struct data_sample *sample)
{
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].kind == DATA_WINDOW &&
            h5_groups_is_name(sample->array[sample->part[i].array]))
            return true;
    return false;
}

shs_status data_sample_count_groups(const struct data_sample *sample, const uint64_t *rows,
                                    const uint64_t *group, size_t count, uint64_t *sample_of)
{
    const struct extent extent = {rows, NULL};
    const struct data_part *window = NULL;
    sample_of[0] = 0;
    for (size_t g = 0; g < count; g++) {
        uint64_t rows_in = group[g + 1] - group[g];
        sample_of[g + 1] = sample_of[g] + data_sample_windows(sample, rows_in);
    }
    for (size_t i = 0; i < sample->n_parts; i++)
        if (sample->part[i].kind == DATA_WINDOW) window = &sample->part[i];
    for (size_t i = 0; i < sample->n_parts && window; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind == DATA_WINDOW || data_part_is_beside(part)) continue;
        uint64_t has = samples_of(sample, part, &extent);
        if (has != sample_of[count]) return differ(window, sample_of[count], part, has);
    }
    return SHS_OK;
}

uint64_t data_sample_overlap(const struct data_sample *sample, uint64_t *stride)
{
    core_i128 first = UINT64_MAX, end = 0;
    *stride = 0;
    for (size_t i = 0; i < sample->n_parts; i++) {
        const struct data_part *part = &sample->part[i];
        if (part->kind != DATA_WINDOW) continue;
        *stride = part->stride; /* all windows have the same stride */
        core_i128 begins = part->lead, ends = data_part_least_rows(part);
        if (part->pad) {
            int64_t from, to;
            data_stand_reach(part, &from, &to);
            begins = from;
            ends = to;
        }
        if (begins < first) first = begins;
        if (ends > end) end = ends;
    }
    return end > first && end - first > *stride ? (uint64_t)(end - first) : 0;
}

/* Returns the last group that begins at or before a row or a sample, and so does not end there. */
static size_t find_group(const uint64_t *begin, size_t count, uint64_t i)
{
    size_t low = 0, high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(begin[middle] <= i ? &low : &high) = middle;
    }
    return low;
}

size_t data_groups_of(const struct data_groups *groups, uint64_t window)
{
    return find_group(groups->sample, groups->count, window);
}

uint64_t data_part_first(const struct data_part *part, struct data_series series, uint64_t i)
{
    if (part->kind != DATA_WINDOW) return i;
    if (series.groups) {
        size_t group = find_group(series.groups->sample, series.groups->count, i);
        return series.groups->row[group] + (i - series.groups->sample[group]) * part->stride +
               part->lead;
    }
    if (series.samples == DATA_ONE_SERIES) return i * part->stride + part->lead;
    return i / series.samples * series.rows + i % series.samples * part->stride + part->lead;
}

uint64_t data_part_rows(const struct data_part *part)
{
    return part->kind == DATA_WINDOW ? part->window : 1;
}

uint64_t data_part_runs(const struct data_part *part)
{
    return part->kind == DATA_WINDOW && (part->every > 1 || data_part_reaches(part)) ? part->window
                                                                                     : 1;
}

/* Finds the windows of a series of `rows` rows that have the rows [first, last] between their first
 * and their last row: those from *low to before *end. */
static void windows_around(const struct data_part *part, uint64_t rows, uint64_t first,
                           uint64_t last, uint64_t *low, uint64_t *end)
{
    if (part->pad) {
        data_stand_around(part, rows, first, last, low, end);
        return;
    }
    uint64_t before = data_part_least_rows(part) - 1; /* the last row of window 0 */
    *low = first <= before ? 0 : (first - before - 1) / part->stride + 1;
    *end = last < part->lead ? 0 : (last - part->lead) / part->stride + 1;
}

/* Finds the windows of groups that have some of the rows [first, last]. */
static void group_windows_around(const struct data_part *part, const struct data_groups *groups,
                                 uint64_t first, uint64_t last, uint64_t *low, uint64_t *end)
{
    size_t a = find_group(groups->row, groups->count, first);
    size_t z = find_group(groups->row, groups->count, last);
    uint64_t rows_a = groups->row[a + 1] - groups->row[a];
    uint64_t rows_z = groups->row[z + 1] - groups->row[z];
    uint64_t unused, from = first - groups->row[a], to = last - groups->row[z];
    windows_around(part, rows_a, from, a < z ? rows_a - 1 : to, low, &unused);
    windows_around(part, rows_z, a < z ? 0 : from, to, &unused, end);
    *low += groups->sample[a];
    *end += groups->sample[z];
    if (*low > groups->sample[a + 1]) *low = groups->sample[a + 1];
    if (*end > groups->sample[z + 1]) *end = groups->sample[z + 1];
}

struct data_range data_part_samples(const struct data_part *part, struct data_series series,
                                    uint64_t first, uint64_t count, uint64_t samples)
{
    uint64_t last = first + count - 1, low = first, end = last + 1, unused;
    if (!samples || part->kind == DATA_WHOLE) return (struct data_range){0, samples};
    if (part->kind == DATA_WINDOW && series.groups) {
        group_windows_around(part, series.groups, first, last, &low, &end);
    } else if (part->kind == DATA_WINDOW && series.samples == DATA_ONE_SERIES) {
        windows_around(part, series.rows, first, last, &low, &end);
    } else if (part->kind == DATA_WINDOW) {
        uint64_t rows = series.rows, in_last = last % rows;
        uint64_t in_first = last / rows > first / rows ? rows - 1 : in_last;
        uint64_t from = last / rows > first / rows ? 0 : first % rows;
        windows_around(part, rows, first % rows, in_first, &low, &unused);
        windows_around(part, rows, from, in_last, &unused, &end);
        if (low > series.samples) low = series.samples;
        if (end > series.samples) end = series.samples;
        low += first / rows * series.samples;
        end += last / rows * series.samples;
    }
    if (end > samples) end = samples;
    if (low >= end) return (struct data_range){0, 0};
    return (struct data_range){low, end - low};
}

/* ---- Shapes and words. */

shs_status data_part_shape(const struct data_part *part, const shs_tensor *row, shs_tensor *sample)
{
    size_t bytes;
    bool window = part->kind == DATA_WINDOW || (part->kind == DATA_VALID && part->window);
    bool longer = window || part->kind == DATA_RAGGED || part->kind == DATA_CSR;
    if (part->kind == DATA_IMAGE) {
        shs_status status = data_decode_check(part, row);
        data_decode_shape(&part->image, sample);
        sample->name = part->name;
        return status;
    }
    *sample = *row;
    sample->name = part->name;
    sample->data = NULL;
    if (part->kind == DATA_LENGTH) {
        sample->type = SHS_U64;
        sample->axes = 0;
    }
    if (part->kind == DATA_VALID) sample->type = SHS_U8;
    if (part->kind == DATA_MASK) {
        sample->type = SHS_U8;
        sample->axes = 1;
        sample->shape[0] = part->window;
    }
    /* a batch has one axis more than a sample */
    if (sample->axes + longer >= SHS_MAX_AXES)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "field %s: a batch of its samples would have %u axes; the most is %d",
                         part->name, sample->axes + longer + 1, SHS_MAX_AXES);
    if (longer) {
        memmove(sample->shape + 1, sample->shape, sample->axes * sizeof *sample->shape);
        sample->shape[0] = window                   ? part->window
                           : part->kind == DATA_CSR ? part->taken
                                                    : part->most;
        sample->axes++;
    }
    return core_wrap(shs_tensor_bytes(sample, &bytes), "field %s: a sample of %llu rows",
                     part->name, (ull)sample->shape[0]);
}

const char *data_spacing_name(const struct data_sample *sample, size_t spacing)
{
    const struct data_spacing *found = &sample->spacing[spacing];
    return found->name ? found->name : sample->part[found->part].name;
}

bool data_part_is_own_row(const struct data_sample *sample, const struct data_part *part)
{
    if (part->kind == DATA_ROW || part->kind == DATA_WHOLE)
        return !part->masks && !strcmp(part->name, sample->array[part->array]) &&
               data_view_is_same(&sample->view[part->array], &(struct data_view){0});
    return data_part_is_beside(part);
}

/* Adds a value in the parentheses behind a field's array. */
static void add_value(struct core_text *text, bool *any, const char *key, uint64_t value)
{
    core_text_add(text, "%s%s=%llu", *any ? ", " : "(", key, (ull)value);
    *any = true;
}

static const char *pad_name(enum data_pad pad)
{
    return pad == DATA_PAD_EDGE ? "edge" : "zero";
}

/* Adds the spacing of a window's rows, behind other values. */
static void add_every(struct core_text *text, const struct data_sample *sample,
                      const struct data_part *part)
{
    if (!part->spacing) {
        if (part->every > 1) core_text_add(text, ", every=%llu", (ull)part->every);
        return;
    }
    const struct data_spacing *spacing = &sample->spacing[part->spacing - 1];
    core_text_add(text, ", every=%s%s%llu..%llu", spacing->name ? spacing->name : "",
                  spacing->name ? ":" : "", (ull)spacing->least, (ull)spacing->most);
}

static void add_text(struct core_text *text, bool *any, const char *key, const char *value)
{
    if (!value) return;
    core_text_add(text, "%s%s=%s", *any ? ", " : "(", key, value);
    *any = true;
}

/* Describes a sparse matrix: "x = csr(X, width=2000)(crop=1[0:50])". */
static void describe_csr(const struct data_part *part, struct core_text *text)
{
    bool any = false;
    core_text_add(text, "%s = csr(%s, width=%llu)", part->name, part->group, (ull)part->width);
    add_text(text, &any, "select", part->columns.select);
    add_text(text, &any, "crop", part->columns.crop);
    if (any) core_text_add(text, ")");
}

void data_part_describe(const struct data_sample *sample, const struct data_part *part,
                        struct core_text *text)
{
    const struct data_view *view = &sample->view[part->array];
    bool any = false;
    if (part->kind == DATA_IMAGE) {
        core_text_add(text, "%s = decode(%s, ", part->name, sample->array[part->array]);
        data_decode_describe(&part->image, text);
        core_text_add(text, ", offsets=%s)", sample->array[part->offsets]);
        return;
    }
    if (part->kind == DATA_CSR) {
        describe_csr(part, text);
        return;
    }
    core_text_add(text, "%s = %s", part->name, sample->array[part->array]);
    if (data_part_is_beside(part)) return;
    if (view->row_axes) add_value(text, &any, "axes", view->row_axes);
    if (part->kind == DATA_WINDOW) {
        add_value(text, &any, "window", part->window);
        add_value(text, &any, "stride", part->stride);
        if (part->back)
            core_text_add(text, ", lead=-%llu", (ull)part->back);
        else
            add_value(text, &any, "lead", part->lead);
        add_every(text, sample, part);
        if (part->pad) core_text_add(text, ", pad=%s", pad_name(part->pad));
        if (part->joins) core_text_add(text, ", series");
        if (part->valid) core_text_add(text, ", valid=%s", sample->array[part->valid - 1]);
    }
    if (part->masks) add_text(text, &any, "missing", "mask");
    if (part->kind == DATA_RAGGED) {
        core_text_add(text, "(offsets=%s", sample->array[part->offsets]);
        any = true;
        add_value(text, &any, "most", part->most);
    }
    add_text(text, &any, "select", view->select);
    add_text(text, &any, "crop", view->crop);
    add_text(text, &any, "slab", view->slab);
    if (any) core_text_add(text, ")");
}
