#include "data_field.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "data_cf.h"
#include "data_chunk_sums.h"
#include "data_compare.h"
#include "data_group_axes.h"
#include "data_members.h"
#include "data_packing.h"
#include "data_pick.h"
#include "data_sources.h"
#include "io_crc32c.h"

enum {
    UNPACKED_BYTES = 1 << 20 /* of stored rows that are read at once to be unpacked */
};

/* Compares rows with what HDF5 reads. If HDF5 lacks a filter, nothing can be compared: HDF5 could
 * not read the field at all. */
static shs_status compare(const struct data_field_how *how, struct data_field *field, bool *same)
{
    *same = true;
    if (how->trusted) return SHS_OK;
    if (h5_array_is_decodable(field->through)) return data_compare(field, how->is_source, same);
    field->uncompared = true;
    return how->content ? data_compare_direct(field) : SHS_OK;
}

/* Reads the rows of a virtual array from its sources, if that is possible. */
static shs_status choose_sources(struct h5_file *file, const struct data_field_how *how,
                                 struct data_field *field)
{
    bool same = false;
    if (field->dataset_bytes) return SHS_OK;
    shs_status status = data_sources_open(file, how, field);
    if (status || !field->sources) return status;
    status = compare(how, field, &same);
    if (status) return status;
    if (same) {
        *field->reason = '\0';
        return h5_array_rest(field->through);
    }
    data_sources_close(&field->sources);
    field->differs = true;
    snprintf(field->reason, sizeof field->reason, "virtual, and not where HDF5 reads it");
    return SHS_OK;
}

static shs_status choose_way(struct h5_file *file, const char *path,
                             const struct data_field_how *how, struct data_field *field)
{
    struct io_layout layout;
    bool same = false;
    shs_status status = h5_layout_of(file, field->through, &layout, field->reason);
    if (!status && *field->reason) status = h5_array_check_filters(field->through);
    if (!status && *field->reason) return choose_sources(file, how, field);
    if (status) return status;
    status = io_reader_open(path, &layout, &field->direct);
    if (!status) status = compare(how, field, &same);
    if (status) return status;
    if (same) {
        h5_array_close(&field->through); /* this frees the chunks that HDF5 keeps */
        return how->map ? io_reader_map(field->direct) : SHS_OK;
    }
    io_reader_close(&field->direct);
    field->differs = true;
    snprintf(field->reason, sizeof field->reason, "not where HDF5 reads it");
    return SHS_OK;
}

/* Takes name, type and shape. A single number is one row without axes. */
static shs_status take_shape(struct data_field *field, const char *name, const shs_tensor *whole)
{
    char *copy;
    uint32_t rows = field->row_axes;
    shs_status status = core_copy(name, &copy);
    if (status) return status;
    field->sample = (shs_tensor){.name = copy, .type = whole->type};
    field->is_single = whole->axes == 0;
    field->rows = field->is_single ? 1 : whole->shape[rows - 1];
    field->series_rows = field->rows;
    if (rows == 2 && !core_multiply(field->rows, whole->shape[0], &field->rows))
        return core_fail(SHS_ERROR_FORMAT, "%s: dataset %s has more than 2^64 rows", field->path,
                         name);
    field->all_rows = field->rows;
    if (whole->axes) field->sample.axes = whole->axes - rows;
    memcpy(field->sample.shape, whole->shape + rows, field->sample.axes * sizeof *whole->shape);
    status = shs_tensor_bytes(&field->sample, &field->row_bytes);
    field->whole_bytes = field->stored_bytes = field->row_bytes;
    field->whole = field->sample;
    field->whole.name = NULL;
    return status;
}

/* Takes the part of a row that is wanted. */
static shs_status take_part(struct data_field *field, const shs_tensor *whole,
                            const struct data_view *view, struct data_member member)
{
    shs_status status = data_pick_find(view, field->through, whole, &field->part, field->picked);
    for (uint32_t axis = 0; field->part && axis < field->part->axes; axis++)
        field->sample.shape[axis] = field->part->axis[axis].count;
    if (!status) status = data_members_part(field->through, whole, field->row_axes, &field->part);
    if (status) return core_wrap(status, "%s: dataset %s", field->path, field->sample.name);
    if (field->part) {
        status = shs_tensor_bytes(&field->sample, &field->row_bytes);
        if (status) return status;
        field->stored_bytes = field->row_bytes;
        field->whole_bytes = field->part->whole_bytes;
    }
    if (h5_array_has_members(field->through))
        field->dataset_bytes = strlen(h5_array_stored_name(field->through));
    h5_array_view(field->through, field->row_axes, field->part);
    return data_slab_find(view, whole, member, field);
}

/* Takes the groups of an array that a pattern names. */
static shs_status take_groups(struct data_field *field)
{
    const uint64_t *groups = h5_array_groups(field->through, &field->n_groups);
    if (!groups) return SHS_OK;
    shs_status status =
        core_new(field->n_groups + 1, sizeof *field->groups, "groups", &field->groups);
    if (!status) memcpy(field->groups, groups, (field->n_groups + 1) * sizeof *field->groups);
    return status;
}

/* Takes the leading axes that count rows. */
static shs_status take_view(struct data_field *field, const char *name, const shs_tensor *whole,
                            const struct data_view *view)
{
    field->row_axes = view && view->row_axes ? view->row_axes : 1;
    if (field->row_axes == 1 || whole->axes > 1) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s has one axis, but axes=2 takes samples over two; leave axes "
                     "out",
                     field->path, name);
}

/* Reads the attributes that give numbers another meaning. If they are applied, samples are f32. */
static shs_status take_packing(struct data_field *field, const struct data_field_how *how)
{
    if (!how->packing) return SHS_OK;
    shs_status status = data_packing_read(field->through, &field->packing);
    if (status || !how->cf || !field->packing || !h5_packing_fits(field->through)) return status;
    status = core_wrap(data_cf_new(field->packing, field->whole.type, &field->unpack),
                       "%s: dataset %s", field->path, field->sample.name);
    if (status) return status;
    field->sample.type = SHS_F32;
    return shs_tensor_bytes(&field->sample, &field->row_bytes);
}

static shs_status open_field(struct h5_file *file, const char *path, const char *name,
                             const struct data_field_how *how, struct data_field *field)
{
    shs_tensor whole;
    shs_status status = core_copy(path, &field->path);
    if (status) return status;
    if (how->view && how->view->runs)
        status = h5_array_open_runs(file, name, how->view->runs == DATA_RUNS_OFFSETS,
                                    &field->through, &whole);
    if (!status && !field->through)
        status = h5_array_open(file, name, how->cache_bytes, how->single, &field->through, &whole);
    if (!status) status = take_view(field, name, &whole, how->view);
    if (!status) status = take_shape(field, name, &whole);
    if (!status) status = take_part(field, &whole, how->view, how->member);
    if (!status) status = take_groups(field);
    if (!status) status = take_packing(field, how);
    if (!status && how->axes) status = data_axes_read(field->through, whole.axes, field->axes);
    if (!status && field->groups) status = data_group_axes(&whole, how, field);
    if (status) return status;
    field->chunk_rows = h5_chunk_rows(field->through);
    if (how->look) return how->content ? data_compare_ends(field) : SHS_OK;
    if (field->is_single)
        snprintf(field->reason, sizeof field->reason, "a single number");
    else
        status = choose_way(file, path, how, field);
    if (status || !how->content || data_field_is_direct(field)) return status;
    return data_compare_through(field);
}

shs_status data_field_open(struct h5_file *file, const char *path, const char *name,
                           const struct data_field_how *how, struct data_field *field)
{
    char *normal;
    *field = (struct data_field){0};
    shs_status status = h5_normal_name(name, &normal);
    if (!status) status = open_field(file, path, normal, how, field);
    if (!status) status = data_slab_cut(field);
    core_free(&normal);
    if (status) data_field_close(field);
    return status;
}

bool data_field_is_through(const struct data_field *field)
{
    return field->through || (field->checked_by && field->checked_by->through);
}

/* Takes the open field `sums` as the checksums of `field`, if its type and shape are right. */
static shs_status take_checksums(struct data_field *field, struct data_field *sums,
                                 const char *path, size_t bytes)
{
    uint64_t count = data_field_sums(field, 0, field->rows).count;
    if (sums->sample.type != SHS_U32 || sums->sample.axes != 0 || sums->rows != count)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s must hold the checksums of %s, a u32 for each of its %llu "
                         "rows; remove it, or import the file anew",
                         path, sums->sample.name, field->sample.name, (ull)count);
    if (count > bytes / sizeof *field->checksums) {
        shs_status status = core_new(1, sizeof *sums, "a field", &field->checked_by);
        if (status) return status;
        *field->checked_by = *sums;
        *sums = (struct data_field){0};
        return SHS_OK;
    }
    shs_status status = core_new(count, sizeof *field->checksums, "checksums", &field->checksums);
    if (!status) status = data_field_read(sums, 0, count, field->checksums);
    if (status) core_free(&field->checksums); /* unread checksums must not be compared */
    return status;
}

/* The search for checksums. */
struct search {
    struct data_field *field;
    struct h5_file *file; /* the file in which the field has its name */
    size_t bytes;
    shs_status status;
};

/* Looks for checksums beside a dataset in a file. The file will be closed, unless it is the
 * field's. */
static shs_status find_beside(struct h5_file *file, const char *path, const char *dataset,
                              const struct search *search)
{
    struct core_text text = {0};
    struct data_field sums = {0};
    char *name;
    shs_status status = data_chunk_sums_find(file, path, dataset, search->field);
    if (status) return status;
    core_text_add(&text, "%s%s", dataset, IO_CRC32C_SUFFIX);
    status = core_text_take(&text, &name);
    if (status) return status;
    if (h5_has(file, name)) {
        status = data_field_open(file, path, name, &(struct data_field_how){0}, &sums);
        bool stays = sums.direct || file == search->file;
        if (!status)
            status = take_checksums(search->field, &sums, path, stays ? search->bytes : SIZE_MAX);
        data_field_close(&sums);
    }
    core_free(&name);
    return status;
}

static shs_status visit_linked(struct h5_file *file, const char *name, void *user)
{
    struct search *search = user;
    const char *own = search->field->sample.name;
    bool is_own = file == search->file && !strcmp(name, own + (*own == '/'));
    if (!is_own) search->status = find_beside(file, h5_path(file), name, search);
    return search->status;
}

/* If soft or external links lead to a dataset, its checksums are beside the dataset's own name. If
 * h5_follow() cannot follow the links, the field has no checksums. */
static shs_status find_checksums(struct h5_file *file, const char *path, size_t bytes,
                                 struct data_field *field)
{
    struct search search = {.field = field, .file = file, .bytes = bytes};
    if (!field->rows || field->dataset_bytes) return SHS_OK;
    shs_status status = find_beside(file, path, field->sample.name, &search);
    if (status || data_field_has_checksums(field)) return status;
    status = h5_follow(file, field->sample.name, visit_linked, &search);
    return status == SHS_ERROR_MEMORY ? status : search.status;
}

void data_field_settle_sums(struct data_field *field)
{
    bool rows = field->row_axes == 1 && data_field_has_checksums(field);
    if (rows && field->direct) io_reader_sum_rows(field->direct);
    field->lane.rows_only = !field->part;
    field->compares_whole = field->sums_whole && field->part;
}

/* A part of a row cannot be compared with the row's checksum. Without checksums of its chunks the
 * row is read whole. */
shs_status data_field_find_checksums(struct h5_file *file, const char *path, size_t bytes,
                                     struct data_field *field)
{
    shs_status status = field->groups ? SHS_OK : find_checksums(file, path, bytes, field);
    bool summed = field->direct && io_layout_is_summed(io_reader_layout(field->direct));
    bool rows = !status && field->row_axes == 1 && data_field_has_checksums(field);
    field->sums_whole = rows && !summed;
    data_field_settle_sums(field);
    return status;
}

bool data_field_has_checksums(const struct data_field *field)
{
    return field->checksums || field->checked_by;
}

shs_status data_field_checksums(struct data_field *field, uint64_t first, uint64_t count,
                                uint32_t *checksums)
{
    if (field->checked_by) return data_field_read(field->checked_by, first, count, checksums);
    memcpy(checksums, field->checksums + first, count * sizeof *checksums);
    return SHS_OK;
}

/* Returns how many rows a checksum covers. */
static uint64_t summed_rows(const struct data_field *field)
{
    return field->row_axes == 2 ? field->series_rows : 1;
}

struct data_range data_field_sums(const struct data_field *field, uint64_t first, uint64_t count)
{
    uint64_t rows = summed_rows(field);
    if (rows <= 1) return (struct data_range){first, rows * count};
    uint64_t begin = (first + rows - 1) / rows, end = (first + count) / rows;
    return (struct data_range){begin, begin < end ? end - begin : 0};
}

shs_status data_field_check(const struct data_field *field, uint64_t first, uint64_t count,
                            const void *rows, const uint32_t *checksums)
{
    size_t size = shs_type_size(field->whole.type);
    struct data_range sums = data_field_sums(field, first, count);
    uint64_t each = summed_rows(field);
    size_t bytes = each * field->whole_bytes;
    const char *at = (const char *)rows + (sums.first * each - first) * field->whole_bytes;
    for (uint64_t i = 0; i < sums.count; i++, at += bytes) {
        uint32_t found = io_crc32c_elements(at, bytes / size, size);
        if (found != checksums[i])
            return core_fail(SHS_ERROR_FORMAT,
                             "%s: dataset %s: row %llu is not what was written: its checksum is "
                             "%08lx, not %08lx; the file is damaged, get it anew",
                             field->path, field->sample.name, (ull)(sums.first + i),
                             (unsigned long)found, (unsigned long)checksums[i]);
    }
    return SHS_OK;
}

void data_field_tell(struct data_field *field, uint64_t key, uint64_t all_rows)
{
    field->key = key;
    field->all_rows = all_rows;
    data_sources_tell(field);
}

void data_field_close(struct data_field *field)
{
    if (field->checked_by) data_field_close(field->checked_by);
    core_free(&field->checked_by);
    core_free(&field->checksums);
    data_sources_close(&field->sources);
    h5_array_close(&field->through);
    io_reader_close(&field->direct);
    io_lane_free(&field->lane);
    data_pick_free(&field->part);
    data_pick_free(&field->unslabbed);
    core_free(&field->held);
    core_free(&field->groups);
    core_free(&field->packing);
    core_free(&field->sparse);
    core_free(&field->unpack);
    core_free(&field->sample.name);
    core_free(&field->path);
    *field = (struct data_field){0};
}

static shs_status read_direct(struct data_field *field, const struct io_run *run)
{
    return core_wrap(io_reader_run(field->direct, &field->lane, run),
                     "dataset %s: rows %llu to %llu", field->sample.name, (ull)run->first,
                     (ull)(run->first + run->count - 1));
}

/* Reads what is taken of rows as it is stored. */
static shs_status read_stored(struct data_field *field, uint64_t first, uint64_t count, void *to)
{
    if (field->held) {
        memcpy(to, field->held + first * field->stored_bytes, (size_t)count * field->stored_bytes);
        return SHS_OK;
    }
    if (field->sources)
        return core_wrap(data_sources_read(field, first, count, false, to), "dataset %s",
                         field->sample.name);
    if (!field->direct) return h5_read_rows(field->through, first, count, to);
    return read_direct(field, &(struct io_run){first, count, to, field->part});
}

void data_field_unpack(const struct data_field *field, const void *stored, size_t bytes, void *to)
{
    data_cf_values(field->unpack, stored, bytes / shs_type_size(field->whole.type), to);
}

/* Reads rows as they are stored, some at a time, and unpacks them. */
static shs_status read_packed(struct data_field *field, uint64_t first, uint64_t count, char *to)
{
    uint64_t at_once = UNPACKED_BYTES / field->stored_bytes;
    char *stored;
    if (at_once > count) at_once = count;
    if (!at_once) at_once = 1;
    shs_status status = core_new((size_t)at_once, field->stored_bytes, "packed rows", &stored);
    while (count && !status) {
        uint64_t now = count < at_once ? count : at_once;
        status = read_stored(field, first, now, stored);
        if (!status) data_field_unpack(field, stored, (size_t)now * field->stored_bytes, to);
        first += now;
        count -= now;
        to += now * field->row_bytes;
    }
    core_free(&stored);
    return status;
}

shs_status data_field_read(struct data_field *field, uint64_t first, uint64_t count, void *to)
{
    if (field->unpack && field->stored_bytes) return read_packed(field, first, count, to);
    return read_stored(field, first, count, to);
}

shs_status data_field_read_whole(struct data_field *field, uint64_t first, uint64_t count, void *to)
{
    if (field->held && !field->part) return read_stored(field, first, count, to);
    if (field->sources)
        return core_wrap(data_sources_read(field, first, count, true, to), "dataset %s",
                         field->sample.name);
    if (field->direct) return read_direct(field, &(struct io_run){first, count, to, NULL});
    return data_field_read_part(field, NULL, first, count, to);
}

shs_status data_field_read_part(struct data_field *field, const struct io_part *part,
                                uint64_t first, uint64_t count, void *to)
{
    if (part == field->part) return h5_read_rows(field->through, first, count, to);
    h5_array_view(field->through, field->row_axes, part);
    shs_status status = h5_read_rows(field->through, first, count, to);
    h5_array_view(field->through, field->row_axes, field->part);
    return status;
}
