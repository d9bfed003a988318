#include "run_field.h"

#include <string.h>

#include "core_memory.h"

enum {
    PROBES = 16
};

/* Rows spread over the field, the first and the last among them. */
static uint64_t probe_row(uint64_t rows, uint64_t probe)
{
    uint64_t last = rows - 1;
    return last / (PROBES - 1) * probe + last % (PROBES - 1) * probe / (PROBES - 1);
}

/* Whether some rows read directly are those that HDF5 reads. */
static shs_status compare(const struct run_field *field, bool *same)
{
    char *ours = NULL, *theirs = NULL;
    shs_status status = core_new(1, field->row_bytes, "a row", &ours);
    if (!status) status = core_new(1, field->row_bytes, "a row", &theirs);
    *same = true;
    for (uint64_t probe = 0; probe < PROBES && *same && !status; probe++) {
        uint64_t row = probe_row(field->rows, probe);
        status = h5_read_rows(field->through, row, 1, theirs);
        *same = !status && !io_rows_read(field->direct, row, 1, ours) &&
                !memcmp(ours, theirs, field->row_bytes);
    }
    core_free(&ours);
    core_free(&theirs);
    return status;
}

static shs_status choose_way(struct h5_file *file, const char *path, struct run_field *field)
{
    struct h5_extent extent = h5_extent_of(file, field->through);
    struct io_place place = {extent.offset, field->rows, field->row_bytes,
                             extent.swapped ? shs_type_size(field->sample.type) : 0};
    bool same;
    field->reason = extent.reason;
    if (!extent.direct) return SHS_OK;
    shs_status status = io_rows_open(path, &place, &field->direct);
    if (!status) status = compare(field, &same);
    if (status || same) return status;
    io_rows_close(&field->direct);
    field->reason = "not where HDF5 reads it";
    return SHS_OK;
}

static shs_status open_field(struct h5_file *file, const char *path, const char *name,
                             size_t cache_bytes, struct run_field *field)
{
    char *copy;
    shs_tensor whole;
    shs_status status = h5_field_open(file, name, cache_bytes, &field->through, &whole);
    if (!status) status = core_copy(name, &copy);
    if (status) return status;
    field->sample = (shs_tensor){.name = copy, .type = whole.type, .axes = whole.axes - 1};
    memcpy(field->sample.shape, whole.shape + 1, field->sample.axes * sizeof *whole.shape);
    field->rows = whole.shape[0];
    status = shs_tensor_bytes(&field->sample, &field->row_bytes);
    return status ? status : choose_way(file, path, field);
}

shs_status run_field_open(struct h5_file *file, const char *path, const char *name,
                          size_t cache_bytes, struct run_field *field)
{
    *field = (struct run_field){0};
    shs_status status = open_field(file, path, name, cache_bytes, field);
    if (status) run_field_close(field);
    return status;
}

void run_field_close(struct run_field *field)
{
    h5_field_close(&field->through);
    io_rows_close(&field->direct);
    core_free(&field->sample.name);
    *field = (struct run_field){0};
}

shs_status run_field_read(const struct run_field *field, uint64_t first, uint64_t count, void *to)
{
    if (!field->direct) return h5_read_rows(field->through, first, count, to);
    return core_wrap(io_rows_read(field->direct, first, count, to), "dataset %s: rows %llu to %llu",
                     field->sample.name, (unsigned long long)first,
                     (unsigned long long)(first + count - 1));
}
