#include "data_index_field.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "data_index_layout.h"
#include "data_index_meaning.h"
#include "data_pick.h"
#include "data_slab.h"
#include "data_sources.h"

enum {
    MOST_VALUES = 64 << 20, /* bytes of the rows of a field */
    MOST_DEPTH = 2          /* fields in a field */
};

/* Structs are packed as they are in memory, without what their pointers lead to. Who adds a pointer
 * to one of them also packs here what it leads to, and sets it in data_index_field_unpack(). Then
 * the number is that of the new size. */
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(struct data_field) == 640, "pack the new member of struct data_field");
_Static_assert(sizeof(struct data_field) <= DATA_PACK_STRUCT, "a struct must fit");
#endif

/* Returns true if all rows of a field may be in an index. */
static bool has_few_values(const struct data_field *field)
{
    uint64_t bytes;
    return core_multiply(field->rows, field->stored_bytes, &bytes) && bytes <= MOST_VALUES;
}

/* Of packed numbers whole rows can be read as they are stored, and no parts of rows. */
bool data_index_field_fits(const struct data_field *field, bool values)
{
    if (!values) return true;
    return has_few_values(field) && !field->checked_by && !field->slab.length &&
           !(field->unpack && field->part);
}

/* ---- packing */

static void pack_part(struct data_pack *pack, const struct io_part *part)
{
    data_pack_number(pack, part != NULL);
    if (!part) return;
    data_pack_struct(pack, part, sizeof *part);
    for (uint32_t axis = 0; axis < part->axes; axis++)
        data_pack_bytes(pack, part->axis[axis].range,
                        part->axis[axis].ranges * sizeof *part->axis[axis].range);
}

static void pack_checksums(struct data_pack *pack, struct data_field *field)
{
    uint64_t sums = data_field_sums(field, 0, field->rows).count;
    data_pack_number(pack, field->checksums ? sums : 0);
    if (field->checksums) data_pack_bytes(pack, field->checksums, sums * sizeof *field->checksums);
    data_pack_number(pack, field->checked_by != NULL);
    if (field->checked_by) data_index_field_pack(pack, field->checked_by, true, false);
}

/* Packs all rows of a field, as they are stored. */
static void pack_values(struct data_pack *pack, struct data_field *field)
{
    char *rows = NULL;
    uint64_t bytes = field->rows * field->stored_bytes;
    data_pack_number(pack, bytes);
    if (!bytes || pack->status) return;
    shs_status status = core_new((size_t)bytes, 1, "values", &rows);
    if (!status && field->unpack) status = data_field_read_whole(field, 0, field->rows, rows);
    if (!status && !field->unpack) status = data_field_read(field, 0, field->rows, rows);
    if (status)
        pack->status = status;
    else
        data_pack_bytes(pack, rows, (size_t)bytes);
    core_free(&rows);
}

/* Packs a source, whose rows the array takes in part. It is packed whole. */
static void pack_source(struct data_pack *pack, const struct data_field *field,
                        const struct data_field *source)
{
    struct data_field whole = *source;
    struct io_identity file = {0};
    bool own = !strcmp(source->path, field->path);
    char *path = own ? NULL : realpath(source->path, NULL);
    whole.part = NULL;
    whole.sample = whole.whole;
    whole.sample.name = source->sample.name;
    whole.row_bytes = whole.stored_bytes = whole.whole_bytes;
    if (!own) {
        shs_status status = io_identify_path(source->path, &file);
        if (status && !pack->status) pack->status = status;
    }
    data_pack_text(pack, own ? NULL : path ? path : source->path);
    data_pack_bytes(pack, &file, sizeof file);
    data_index_field_pack(pack, &whole, true, false);
    free(path);
}

/* Packs the sources of a virtual array that is read from them. */
static void pack_sources(struct data_pack *pack, const struct data_field *field)
{
    size_t count = data_sources_count(field->sources);
    data_pack_number(pack, count);
    if (!count) return;
    const struct h5_runs *runs = data_sources_runs(field->sources);
    data_pack_number(pack, runs->element_bytes);
    data_pack_number(pack, runs->n_runs);
    data_pack_bytes(pack, runs->run, runs->n_runs * sizeof *runs->run);
    for (size_t i = 0; i < count; i++)
        pack_source(pack, field, data_sources_field(field->sources, i));
}

void data_index_field_pack(struct data_pack *pack, struct data_field *field, bool whole,
                           bool values)
{
    bool by_hdf5 = whole && (!data_field_is_direct(field) ||
                             (field->checked_by && !field->checked_by->direct));
    const struct data_field uncut = data_slab_uncut(field);
    data_pack_struct(pack, &uncut, sizeof uncut);
    data_pack_text(pack, field->sample.name);
    pack_part(pack, uncut.part);
    data_index_meaning_pack(pack, field);
    data_pack_number(pack, by_hdf5);
    data_index_layout_pack(pack, whole ? field->direct : NULL);
    pack_sources(pack, field);
    data_pack_number(pack, whole);
    if (whole) pack_checksums(pack, field);
    if (values)
        pack_values(pack, field);
    else
        data_pack_number(pack, 0);
}

/* ---- taking */

static shs_status wrong(void)
{
    return core_fail(SHS_ERROR_FORMAT, "an entry of the index contradicts itself");
}

/* Takes a struct without the pointers in it, and examines the numbers that sizes depend on. */
static shs_status unpack_plain(struct data_unpack *unpack, struct data_field *field)
{
    size_t bytes;
    shs_status status = data_unpack_struct(unpack, field, sizeof *field);
    field->path = NULL;
    field->through = NULL;
    field->direct = NULL;
    field->sources = NULL;
    field->of = NULL;
    field->lane = (struct io_lane){0};
    field->checksums = NULL;
    field->checked_by = NULL;
    field->chunks = NULL;
    field->part = NULL;
    field->unslabbed = NULL;
    field->held = NULL;
    field->groups = NULL;
    field->n_groups = 0;
    field->packing = NULL;
    field->unpack = NULL;
    field->sparse = NULL;
    field->sample.name = field->whole.name = NULL;
    field->sample.data = field->whole.data = NULL;
    if (status) return status;
    if (field->sample.axes > SHS_MAX_AXES || field->whole.axes != field->sample.axes ||
        field->row_axes < 1 || field->row_axes > 2 || field->reason[sizeof field->reason - 1] ||
        field->axes[sizeof field->axes - 1] || field->picked[sizeof field->picked - 1])
        return wrong();
    status = shs_tensor_bytes(&field->sample, &bytes);
    if (!status && bytes != field->row_bytes) status = wrong();
    if (!status) status = shs_tensor_bytes(&field->whole, &bytes);
    /* a whole row of members has the bytes of all members */
    return !status && !field->dataset_bytes && bytes != field->whole_bytes ? wrong() : status;
}

/* Returns true if a range lies inside an axis. */
static bool is_inside(const struct io_range *range, uint64_t length)
{
    if (!range->count || !range->step || range->begin >= length) return false;
    return range->count - 1 <= (length - 1 - range->begin) / range->step;
}

static shs_status unpack_ranges(struct data_unpack *unpack, struct io_part_axis *axis)
{
    shs_status status =
        data_unpack_array(unpack, axis->ranges, sizeof *axis->range, "ranges", &axis->range);
    for (size_t i = 0; i < axis->ranges && !status; i++)
        if (!is_inside(&axis->range[i], axis->length)) status = wrong();
    return status;
}

static shs_status unpack_part(struct data_unpack *unpack, struct data_field *field)
{
    uint64_t there;
    shs_status status = data_unpack_number(unpack, &there);
    if (status || !there) return status;
    status = core_new(1, sizeof *field->part, "a part", &field->part);
    if (status) return status;
    struct io_part *part = field->part;
    status = data_unpack_struct(unpack, part, sizeof *part);
    for (uint32_t axis = 0; axis < SHS_MAX_AXES; axis++)
        part->axis[axis].range = NULL;
    bool of_members = field->dataset_bytes != 0; /* with one more axis, of an element's bytes */
    if (!status && (of_members ? part->axes > SHS_MAX_AXES : part->axes != field->whole.axes))
        status = wrong();
    if (status) part->axes = 0;
    for (uint32_t axis = 0; axis < part->axes && !status; axis++) {
        status = unpack_ranges(unpack, &part->axis[axis]);
        if (!status && !of_members && part->axis[axis].length != field->whole.shape[axis])
            status = wrong();
    }
    if (!status) io_part_measure(part);
    return !status && !of_members && part->bytes != field->stored_bytes ? wrong() : status;
}

static shs_status unpack_field(struct data_unpack *unpack, const char *path,
                               const struct io_identity *identity, unsigned depth,
                               struct data_field *field, bool *needs_hdf5);

static shs_status unpack_checksums(struct data_unpack *unpack, const struct io_identity *identity,
                                   unsigned depth, struct data_field *field, bool *needs_hdf5)
{
    uint64_t there = 0, sums = 0, nested = 0;
    shs_status status = data_unpack_number(unpack, &there);
    if (!status && there) status = data_unpack_number(unpack, &sums);
    if (!status && sums && sums != data_field_sums(field, 0, field->rows).count) status = wrong();
    if (!status && sums)
        status = data_unpack_array(unpack, sums, sizeof *field->checksums, "checksums",
                                   &field->checksums);
    if (!status && there) status = data_unpack_number(unpack, &nested);
    if (status || !nested) return status;
    if (depth == MOST_DEPTH) return wrong();
    status = core_new(1, sizeof *field->checked_by, "a field", &field->checked_by);
    if (status) return status;
    return unpack_field(unpack, field->path, identity, depth + 1, field->checked_by, needs_hdf5);
}

static shs_status unpack_source(struct data_unpack *unpack, const struct data_field *field,
                                const struct io_identity *identity, unsigned depth,
                                struct data_sources_known *known)
{
    bool needs_hdf5 = false;
    char *path = NULL;
    struct io_identity *file = &known->file[known->count];
    struct data_field *source = &known->field[known->count++];
    shs_status status = data_unpack_text(unpack, &path);
    if (!status) status = data_unpack_bytes(unpack, file, sizeof *file);
    if (!path) *file = *identity;
    if (!status)
        status =
            unpack_field(unpack, path ? path : field->path, file, depth + 1, source, &needs_hdf5);
    core_free(&path);
    return status;
}

/* Takes the sources of a virtual array. If this process may not have as many open, HDF5 reads the
 * array. */
static shs_status unpack_sources(struct data_unpack *unpack, const struct io_identity *identity,
                                 unsigned depth, struct data_field *field, bool *needs_hdf5)
{
    struct data_sources_known known = {0};
    uint64_t count = 0, element = 0, runs = 0;
    shs_status status = data_unpack_number(unpack, &count);
    if (status || !count) return status;
    if (depth == MOST_DEPTH || count > unpack->left) return wrong();
    status = data_unpack_number(unpack, &element);
    if (!status) status = data_unpack_number(unpack, &runs);
    if (!status)
        status = data_unpack_array(unpack, runs, sizeof *known.run, "runs of rows", &known.run);
    if (!status) status = core_new((size_t)count, sizeof *known.field, "sources", &known.field);
    if (!status) status = core_new((size_t)count, sizeof *known.file, "sources", &known.file);
    while (known.count < count && !status)
        status = unpack_source(unpack, field, identity, depth, &known);
    known.n_runs = (size_t)runs;
    known.element_bytes = (size_t)element;
    shs_status made = data_sources_make(&known, status ? 0 : data_sources_allowed(), field);
    *needs_hdf5 |= !field->sources;
    return status ? status : made;
}

static shs_status unpack_values(struct data_unpack *unpack, struct data_field *field)
{
    uint64_t bytes, all;
    shs_status status = data_unpack_number(unpack, &bytes);
    if (status || !bytes) return status;
    if (!core_multiply(field->rows, field->stored_bytes, &all) || all != bytes) return wrong();
    return data_unpack_array(unpack, bytes, 1, "values", &field->held);
}

static shs_status unpack_field(struct data_unpack *unpack, const char *path,
                               const struct io_identity *identity, unsigned depth,
                               struct data_field *field, bool *needs_hdf5)
{
    char *name = NULL;
    uint64_t by_hdf5 = 0;
    shs_status status = unpack_plain(unpack, field);
    if (!status) status = data_unpack_text(unpack, &name);
    field->sample.name = name;
    if (!status && !name) status = wrong();
    if (!status) status = core_copy(path, &field->path);
    if (!status) status = unpack_part(unpack, field);
    if (!status) status = data_index_meaning_unpack(unpack, field);
    if (!status) status = data_unpack_number(unpack, &by_hdf5);
    if (!status) status = data_index_layout_unpack(unpack, identity, field);
    if (!status) status = unpack_sources(unpack, identity, depth, field, needs_hdf5);
    if (!status) status = unpack_checksums(unpack, identity, depth, field, needs_hdf5);
    if (!status) data_field_settle_sums(field);
    if (!status) status = unpack_values(unpack, field);
    *needs_hdf5 |= by_hdf5 != 0;
    return status;
}

shs_status data_index_field_unpack(struct data_unpack *unpack, const char *path,
                                   const struct io_identity *identity, struct data_field *field,
                                   bool *needs_hdf5)
{
    *field = (struct data_field){0};
    return unpack_field(unpack, path, identity, 1, field, needs_hdf5);
}
