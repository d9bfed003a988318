#include "import_h5_join.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_box.h"
#include "import_convert.h"
#include "import_turn.h"

enum {
    CACHE_BYTES = 1 << 25,      /* of decoded chunks, kept for the open dataset */
    BLOCK_BYTES = 1 << 22,      /* rows that are read at once if they lie one after the other */
    WIDE_BLOCK_BYTES = 1 << 25, /* the same if they lie across the dataset */
    MATLAB_BYTES = 32
};

#define NONE SIZE_MAX

struct import_h5_join {
    struct import_h5_sources *sources; /* borrowed */
    struct import_h5_way way;
    shs_tensor shape;             /* of the whole */
    uint32_t order[SHS_MAX_AXES]; /* axis a of the whole is axis order[a] of a dataset */
    bool turned;                  /* true if the order is not the stored one */
    bool complex;
    char matlab[MATLAB_BYTES];
    struct h5_packing packing; /* attributes of the first dataset, such as a scale */
    size_t row_elements;
    size_t largest; /* bytes of the largest element of all datasets */
    /* the open file and dataset */
    struct h5_file *file;
    struct h5_array *array;
    size_t open_file, open_source; /* NONE: none is open */
    shs_tensor stored;             /* type and shape of the dataset */
    /* rows of the dataset that were read last, in the order of the whole, as stored */
    uint64_t block_first, block_count, block_room;
    unsigned char *raw, *block;
};

/* ---- datasets */

static void close_array(struct import_h5_join *join)
{
    h5_array_close(&join->array);
    join->open_source = NONE;
    join->block_count = 0;
}

static shs_status open_file(struct import_h5_join *join, size_t number)
{
    if (join->open_file == number) return SHS_OK;
    h5_close(&join->file);
    join->open_file = NONE;
    shs_status status = io_paths_wrap(&join->sources->files, number,
                                      h5_open(join->sources->files.path[number], &join->file));
    if (!status) join->open_file = number;
    return status;
}

/* Compares a dataset that was opened again with what it was. Another type or shape would not fit
 * into the memory for its rows. */
static shs_status check_same(const struct import_h5_join *join, size_t number)
{
    const struct import_h5_source *source = &join->sources->source[number];
    bool same = join->stored.type == source->type && join->stored.axes == join->shape.axes;
    for (uint32_t axis = 0; axis < join->shape.axes && same; axis++)
        same = join->stored.shape[join->order[axis]] ==
               (axis ? join->shape.shape[axis] : source->rows);
    if (same) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "%s: dataset %s has another type or shape than when it was opened first; "
                     "import it again when nothing writes to the file",
                     h5_path(join->file), source->name);
}

/* Refuses the open dataset if HDF5 lacks a filter of it, and says so if a loader reads it without
 * HDF5. */
static shs_status check_filters(const struct import_h5_join *join)
{
    struct io_layout layout;
    char reason[IO_REASON_BYTES], *message;
    shs_status status = h5_array_check_filters(join->array);
    if (!status || core_copy(shs_message(), &message)) return status;
    bool found = !h5_layout_of(join->file, join->array, &layout, reason);
    core_fail(status, "%s%s", message,
              found && !*reason ? "; a loader reads it without HDF5, from this file as it is" : "");
    if (found) io_layout_free(&layout);
    core_free(&message);
    return status;
}

static shs_status open_source(struct import_h5_join *join, size_t number)
{
    const struct import_h5_source *source = &join->sources->source[number];
    if (join->open_source == number) return SHS_OK;
    close_array(join);
    shs_status status = open_file(join, source->file);
    if (!status)
        status = h5_array_open(join->file, source->name, CACHE_BYTES, false, &join->array,
                               &join->stored);
    if (!status && h5_array_has_members(join->array))
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: %s is a member of a compound dataset, which import does not take; "
                           "a field takes it from the file as it is: ALIAS=%s",
                           h5_path(join->file), source->name, source->name);
    if (!status) status = check_filters(join);
    if (!status) join->open_source = number;
    return status;
}

/* ---- the shape of the whole */

static shs_status no_order(const struct import_h5_join *join, uint32_t axes)
{
    return core_fail(
        SHS_ERROR_ARGUMENT, "%s: dataset %s has %u axes; axes= must list each of 0 to %u once",
        h5_path(join->file), join->sources->source[join->open_source].name, axes, axes - 1);
}

/* Finds the order of the open dataset's axes. */
static shs_status find_order(struct import_h5_join *join)
{
    const struct import_h5_way *way = &join->way;
    uint32_t axes = join->stored.axes - join->complex, seen = 0;
    if (way->axes == IMPORT_H5_LISTED && way->n_order != axes) return no_order(join, axes);
    join->turned = false;
    for (uint32_t axis = 0; axis < join->stored.axes; axis++) {
        uint32_t from = axis;
        if (axis < axes && way->axes == IMPORT_H5_REVERSED) from = axes - 1 - axis;
        if (axis < axes && way->axes == IMPORT_H5_LISTED) from = way->order[axis];
        if (from >= join->stored.axes || seen >> from & 1) return no_order(join, axes);
        seen |= UINT32_C(1) << from;
        join->order[axis] = from;
        join->turned |= from != axis;
    }
    return SHS_OK;
}

/* Refuses arrays of MATLAB whose numbers do not mean numbers. */
static shs_status check_matlab(struct import_h5_join *join)
{
    const char *path = h5_path(join->file), *name = join->sources->source[join->open_source].name;
    shs_status status =
        h5_read_label(join->array, "MATLAB_class", join->matlab, sizeof join->matlab);
    if (status || !*join->matlab) return status;
    if (h5_has_attribute(join->array, "MATLAB_empty"))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s is an empty array of MATLAB, whose numbers are its sizes; "
                         "leave it out",
                         path, name);
    bool is_text = !strcmp(join->matlab, "char");
    if (is_text || !strcmp(join->matlab, "cell"))
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is MATLAB's %s; only plain numbers and logicals are taken",
                         path, name, is_text ? "text (char)" : "list of arrays (cell)");
    return SHS_OK;
}

static shs_status other_shape(const struct import_h5_join *join, const shs_tensor *shape)
{
    const struct import_h5_sources *sources = join->sources;
    struct core_text text = {0};
    char *shapes;
    core_text_add_shape(&text, shape);
    core_text_add(&text, ", where that of %s: dataset %s is ", import_h5_source_path(sources, 0),
                  sources->source[0].name);
    core_text_add_shape(&text, &join->shape);
    shs_status status = core_text_take(&text, &shapes);
    if (status) return status;
    status = core_fail(SHS_ERROR_FORMAT,
                       "%s: dataset %s is %s; datasets that are joined may differ in their first "
                       "axis only",
                       h5_path(join->file), sources->source[join->open_source].name, shapes);
    core_free(&shapes);
    return status;
}

static shs_status other_type(const struct import_h5_join *join)
{
    const struct import_h5_sources *sources = join->sources;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s is %s, where %s: dataset %s is %s; name the type to convert "
                     "them to, as in h5:f32:FILE:DATASET",
                     h5_path(join->file), sources->source[join->open_source].name,
                     shs_type_name(join->stored.type), import_h5_source_path(sources, 0),
                     sources->source[0].name, shs_type_name(sources->source[0].type));
}

/* Compares the open dataset with the first, whose shape the whole has so far. */
static shs_status compare(struct import_h5_join *join, const shs_tensor *shape)
{
    const shs_tensor *all = &join->shape;
    bool same = shape->axes == all->axes;
    for (uint32_t axis = 1; axis < shape->axes && same; axis++)
        same = shape->shape[axis] == all->shape[axis];
    if (!same) return other_shape(join, shape);
    if (!join->way.type && join->stored.type != join->sources->source[0].type)
        return other_type(join);
    return SHS_OK;
}

/* Adds the rows of the open dataset, which has this shape in the order of the whole. */
static shs_status add_rows(struct import_h5_join *join, struct import_h5_source *source,
                           const shs_tensor *shape)
{
    source->type = join->stored.type;
    source->rows = shape->shape[0];
    if (shs_type_size(source->type) > join->largest) join->largest = shs_type_size(source->type);
    if (source == join->sources->source) {
        join->shape = *shape;
        return SHS_OK;
    }
    shs_status status = compare(join, shape);
    if (status) return status;
    source->first = join->shape.shape[0];
    if (source->rows <= UINT64_MAX - source->first) {
        join->shape.shape[0] += source->rows;
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_FORMAT, "%s: dataset %s: with it there are more than 2^64-1 rows",
                     h5_path(join->file), source->name);
}

/* Refuses a dataset whose numbers mean something else than the same numbers of the first. */
static shs_status compare_packing(struct import_h5_join *join, size_t number)
{
    const struct import_h5_sources *sources = join->sources;
    struct h5_packing own;
    shs_status status = h5_packing_read(join->array, &own);
    if (status) return status;
    if (!number) join->packing = own;
    return h5_packing_compare(
        &(struct h5_packed){h5_path(join->file), sources->source[number].name, &own},
        &(struct h5_packed){import_h5_source_path(sources, 0), sources->source[0].name,
                            &join->packing},
        "import these datasets by names of their own");
}

/* Opens a dataset and adds it to the whole. */
static shs_status add_source(struct import_h5_join *join, size_t number)
{
    shs_status status = open_source(join, number);
    if (status) return status;
    bool complex = h5_array_is_complex(join->array);
    if (number && complex != join->complex) return other_shape(join, &join->stored);
    join->complex = complex;
    status = check_matlab(join);
    if (!status) status = compare_packing(join, number);
    if (!status) status = find_order(join);
    if (status) return status;
    shs_tensor shape = {.type = join->way.type ? join->way.type : join->stored.type,
                        .axes = join->stored.axes};
    for (uint32_t axis = 0; axis < shape.axes; axis++)
        shape.shape[axis] = join->stored.shape[join->order[axis]];
    return add_rows(join, &join->sources->source[number], &shape);
}

/* Takes memory for blocks of rows that are turned or converted. */
static shs_status take_memory(struct import_h5_join *join)
{
    bool converts = false;
    join->row_elements = 1;
    for (uint32_t axis = 1; axis < join->shape.axes; axis++)
        join->row_elements *= (size_t)join->shape.shape[axis];
    for (size_t i = 0; i < join->sources->count; i++)
        converts |= join->sources->source[i].type != join->shape.type;
    if ((!converts && !join->turned) || !join->row_elements) return SHS_OK;
    size_t row_bytes = join->row_elements * join->largest;
    join->block_room = (join->order[0] ? WIDE_BLOCK_BYTES : BLOCK_BYTES) / row_bytes;
    if (!join->block_room) join->block_room = 1;
    shs_status status = core_new(join->block_room, row_bytes, "rows", &join->raw);
    if (!status && join->turned)
        status = core_new(join->block_room, row_bytes, "rows", &join->block);
    return status;
}

shs_status import_h5_join_open(struct import_h5_sources *sources, const struct import_h5_way *way,
                               struct import_h5_join **join, shs_tensor *shape)
{
    shs_status status = core_new(1, sizeof **join, "joined datasets", join);
    if (status) return status;
    **join = (struct import_h5_join){
        .sources = sources, .way = *way, .open_file = NONE, .open_source = NONE};
    for (size_t i = 0; i < sources->count && !status; i++)
        status = add_source(*join, i);
    if (!status) status = take_memory(*join);
    if (!status)
        *shape = (*join)->shape;
    else
        import_h5_join_close(join);
    return status;
}

void import_h5_join_close(struct import_h5_join **join)
{
    if (!*join) return;
    h5_array_close(&(*join)->array);
    h5_close(&(*join)->file);
    core_free(&(*join)->raw);
    core_free(&(*join)->block);
    core_free(join);
}

const struct h5_packing *import_h5_join_packing(const struct import_h5_join *join)
{
    return &join->packing;
}

const char *import_h5_join_matlab(const struct import_h5_join *join)
{
    return join->matlab;
}

/* ---- rows */

/* Chooses the rows of the next block, of which the row `first` is wanted and `count` at most. Rows
 * that lie across the dataset are taken by whole chunks, so that each chunk is decoded once. */
static void choose_block(struct import_h5_join *join, uint64_t first, uint64_t count)
{
    uint32_t axis = join->order[0];
    uint64_t chunk = axis ? h5_chunk_along(join->array, axis) : 0, room = join->block_room;
    if (chunk > room) chunk = 0;
    if (chunk) {
        room -= room % chunk;
        first -= first % chunk;
    }
    if (!axis && room > count) room = count;
    uint64_t left = join->stored.shape[axis] - first;
    join->block_first = first;
    join->block_count = room < left ? room : left;
}

/* Reads the block into `raw`, and turns it into `block`. */
static shs_status read_block(struct import_h5_join *join)
{
    uint64_t first[SHS_MAX_AXES] = {0}, count[SHS_MAX_AXES];
    uint32_t axis = join->order[0];
    memcpy(count, join->stored.shape, sizeof count);
    first[axis] = join->block_first;
    count[axis] = join->block_count;
    shs_status status = h5_read_box(join->array, first, count, join->raw);
    if (status) join->block_count = 0;
    if (!status && join->turned)
        import_turn(join->raw, count, join->order, join->stored.axes,
                    shs_type_size(join->stored.type), join->block);
    return status;
}

/* Converts elements of the open dataset, the first of which is in row `row` of it. */
static shs_status convert(const struct import_h5_join *join, uint64_t row,
                          const unsigned char *from, size_t count, void *to)
{
    char value[IMPORT_VALUE_BYTES];
    shs_type type = join->stored.type;
    size_t done = import_convert(type, from, join->shape.type, to, count);
    if (done == count) return SHS_OK;
    import_value_text(type, from + done * shs_type_size(type), value);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s: row %llu: its element %zu is %s, which %s cannot hold%s; "
                     "choose another type",
                     h5_path(join->file), join->sources->source[join->open_source].name,
                     (ull)(row + done / join->row_elements), done % join->row_elements, value,
                     shs_type_name(join->shape.type),
                     join->shape.type <= SHS_I64 ? "" : " without another value");
}

/* Reads rows of the open dataset by way of a block. */
static shs_status read_turned(struct import_h5_join *join, uint64_t first, uint64_t count,
                              unsigned char *rows)
{
    size_t element = shs_type_size(join->stored.type), to = shs_type_size(join->shape.type);
    shs_status status = SHS_OK;
    while (count && !status) {
        if (first < join->block_first || first - join->block_first >= join->block_count) {
            choose_block(join, first, count);
            status = read_block(join);
            if (status) return status;
        }
        uint64_t skip = first - join->block_first, now = join->block_count - skip;
        if (now > count) now = count;
        const unsigned char *from =
            (join->turned ? join->block : join->raw) + skip * join->row_elements * element;
        if (join->stored.type == join->shape.type)
            memcpy(rows, from, (size_t)now * join->row_elements * element);
        else
            status = convert(join, first, from, (size_t)now * join->row_elements, rows);
        rows += now * join->row_elements * to;
        first += now;
        count -= now;
    }
    return status;
}

/* Returns the dataset that gives a row: the last that begins at the row or before it. */
static size_t find_source(const struct import_h5_sources *sources, uint64_t row)
{
    size_t low = 0, high = sources->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (sources->source[middle].first <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

shs_status import_h5_join_read(struct import_h5_join *join, uint64_t first, uint64_t count,
                               void *rows)
{
    size_t row_bytes = join->row_elements * shs_type_size(join->shape.type);
    unsigned char *to = rows;
    shs_status status = SHS_OK;
    while (count && !status) {
        size_t number = find_source(join->sources, first);
        const struct import_h5_source *source = &join->sources->source[number];
        uint64_t skip = first - source->first, now = source->rows - skip;
        if (now > count) now = count;
        status = open_source(join, number);
        if (!status) status = check_same(join, number);
        if (status) return status;
        if (!join->turned && source->type == join->shape.type)
            status = h5_read_rows(join->array, skip, now, to);
        else
            status = read_turned(join, skip, now, to);
        to += now * row_bytes;
        first += now;
        count -= now;
    }
    return status;
}
