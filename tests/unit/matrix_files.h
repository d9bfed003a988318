/* Files of the kinds of the matrix, made and read by HDF5. */
#ifndef MATRIX_FILES_H
#define MATRIX_FILES_H

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "matrix.h"

enum {
    MOST_AXES = 8,
    MOST_FILE_BYTES = 40000 /* of elements */
};

/* A kind's dataset. */
struct plan {
    int axes;
    hsize_t shape[MOST_AXES], chunk[MOST_AXES];
    hid_t stored; /* the type, closed by plan_end() */
    size_t element_bytes, bytes;
    unsigned char elements[MOST_FILE_BYTES]; /* as stored */
};

/* HDF5's half precision is a single cut down. */
static inline hid_t half_type(H5T_order_t order)
{
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    H5Tset_order(half, order);
    return half;
}

static inline hid_t stored_type(const struct kind *kind)
{
    const hid_t types[HALF][2] = {
        {H5T_STD_U8LE, H5T_STD_U8BE},     {H5T_STD_I8LE, H5T_STD_I8BE},
        {H5T_STD_U16LE, H5T_STD_U16BE},   {H5T_STD_I16LE, H5T_STD_I16BE},
        {H5T_STD_U32LE, H5T_STD_U32BE},   {H5T_STD_I32LE, H5T_STD_I32BE},
        {H5T_STD_U64LE, H5T_STD_U64BE},   {H5T_STD_I64LE, H5T_STD_I64BE},
        {H5T_IEEE_F32LE, H5T_IEEE_F32BE}, {H5T_IEEE_F64LE, H5T_IEEE_F64BE}};
    unsigned type = kind->of[TYPE] / 2, big = kind->of[TYPE] % 2;
    if (type == HALF) return half_type(big ? H5T_ORDER_BE : H5T_ORDER_LE);
    return H5Tcopy(types[type][big]);
}

/* The same numbers in the machine's order. */
static inline hid_t memory_type(const struct kind *kind)
{
    struct kind machine = *kind;
    machine.of[TYPE] -= machine.of[TYPE] % 2;
    machine.of[TYPE] += H5Tget_order(H5T_NATIVE_INT) == H5T_ORDER_BE;
    return stored_type(&machine);
}

static inline void choose_shape(const struct kind *kind, struct plan *plan)
{
    static const struct {
        int axes;
        hsize_t shape[MOST_AXES], parts[MOST_AXES];
        hsize_t rows; /* in a chunk of whole ones */
    } shapes[] = {{1, {61}, {7}, 9},
                  {2, {37, 5}, {5, 3}, 8},
                  {3, {23, 4, 6}, {4, 3, 4}, 6},
                  {4, {11, 3, 2, 5}, {3, 2, 2, 3}, 4},
                  {8, {7, 2, 1, 3, 2, 1, 2, 3}, {3, 2, 1, 2, 1, 1, 2, 2}, 3}};
    unsigned which = kind->of[AXES], layout = kind->of[LAYOUT];
    plan->axes = shapes[which].axes;
    for (int axis = 0; axis < plan->axes; axis++) {
        hsize_t whole = shapes[which].shape[axis], rows = shapes[which].rows;
        plan->shape[axis] = whole;
        plan->chunk[axis] = layout == PARTS    ? shapes[which].parts[axis]
                            : layout == LARGER ? whole + (axis == 0 || kind->of[GROWTH] == ALL_GROW)
                            : layout == ONE_CHUNK || axis ? whole
                            : layout == ONE_ROW           ? 1
                                                          : rows;
        if (kind->of[EDGES] == NO_EDGES && is_chunked(kind))
            plan->shape[axis] =
                (whole + plan->chunk[axis] - 1) / plan->chunk[axis] * plan->chunk[axis];
    }
}

static inline void make_elements(const struct kind *kind, struct plan *plan)
{
    uint64_t state = 7;
    for (size_t i = 0; i < plan->bytes; i++)
        plan->elements[i] = (unsigned char)(kind->of[CONTENT] == SMOOTH  ? i * i / 300 + i % 4
                                            : kind->of[CONTENT] == NOISE ? judge_random(&state)
                                                                         : 0x41);
}

static inline void plan_begin(const struct kind *kind, struct plan *plan)
{
    choose_shape(kind, plan);
    plan->stored = stored_type(kind);
    plan->element_bytes = plan->bytes = H5Tget_size(plan->stored);
    for (int axis = 0; axis < plan->axes; axis++)
        plan->bytes *= plan->shape[axis];
    make_elements(kind, plan);
}

static inline void plan_end(struct plan *plan)
{
    H5Tclose(plan->stored);
}

static inline hid_t create_file(const struct kind *kind, const char *path)
{
    static const hsize_t user_blocks[] = {0, 512, 4096};
    static const H5F_libver_t bounds[] = {H5F_LIBVER_EARLIEST, H5F_LIBVER_V18, H5F_LIBVER_LATEST};
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(creation, user_blocks[kind->of[USER_BLOCK]]);
    H5Pset_libver_bounds(access, bounds[kind->of[FORMAT]],
                         kind->of[FORMAT] == V18 ? H5F_LIBVER_V18 : H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    return file;
}

static inline void add_filter(hid_t list, H5Z_filter_t filter, const struct plan *plan)
{
    unsigned chunk_bytes = (unsigned)plan->element_bytes;
    for (int axis = 0; axis < plan->axes; axis++)
        chunk_bytes *= (unsigned)plan->chunk[axis];
    switch (filter) {
    case H5Z_FILTER_DEFLATE:
        H5Pset_deflate(list, 6);
        break;
    case H5Z_FILTER_SHUFFLE:
        H5Pset_shuffle(list);
        break;
    case H5Z_FILTER_FLETCHER32:
        H5Pset_fletcher32(list);
        break;
    case H5Z_FILTER_NBIT:
        H5Pset_nbit(list);
        break;
    case H5Z_FILTER_SCALEOFFSET:
        H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
        break;
    case H5Z_FILTER_SZIP:
        H5Pset_szip(list, H5_SZIP_NN_OPTION_MASK, 4);
        break;
    case BITSHUFFLE:
        H5Pset_filter(list, filter, H5Z_FLAG_OPTIONAL, BITSHUFFLE_VALUES,
                      (unsigned[]){0, 4, (unsigned)plan->element_bytes, 16, 0});
        break;
    default:
        H5Pset_filter(list, filter, H5Z_FLAG_OPTIONAL, 1, &chunk_bytes);
    }
}

static inline void set_layout(hid_t list, const struct kind *kind, const struct plan *plan,
                              const char *path)
{
    char name[600];
    snprintf(name, sizeof name, "%s.raw", path);
    if (kind->of[LAYOUT] == COMPACT) H5Pset_layout(list, H5D_COMPACT);
    if (kind->of[LAYOUT] == EXTERNAL) H5Pset_external(list, name, 0, H5F_UNLIMITED);
    if (is_chunked(kind)) H5Pset_chunk(list, plan->axes, plan->chunk);
    if (kind->of[EDGES] == RAW) H5Pset_chunk_opts(list, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
}

/* A creation list; filter i is left out if bit i of `without` is set. */
static inline hid_t creation_list(const struct kind *kind, const struct plan *plan,
                                  unsigned without, const char *path)
{
    static const unsigned char value[8] = {0x11, 0x52, 0x33, 0x04, 0x75, 0x16, 0x47, 0x28};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    set_layout(list, kind, plan, path);
    for (int i = 0; i < 4 && pipelines[kind->of[FILTERS]][i]; i++)
        if (!(without >> i & 1)) add_filter(list, pipelines[kind->of[FILTERS]][i], plan);
    if (kind->of[ALLOCATION] == EARLY) H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    if (kind->of[FILL] == SET) H5Pset_fill_value(list, plan->stored, value);
    if (kind->of[FILL] == UNDEFINED) H5Pset_fill_value(list, plan->stored, NULL);
    return list;
}

/* Writes elements [corner, corner + extent) of the dataset, cut off at its shape. */
static inline bool write_box(hid_t data, const struct plan *plan, const hsize_t *corner,
                             const hsize_t *extent)
{
    hsize_t count[MOST_AXES];
    for (int axis = 0; axis < plan->axes; axis++) {
        count[axis] = plan->shape[axis] - corner[axis];
        if (count[axis] > extent[axis]) count[axis] = extent[axis];
    }
    hid_t file = H5Dget_space(data), memory = H5Screate_simple(plan->axes, plan->shape, NULL);
    H5Sselect_hyperslab(file, H5S_SELECT_SET, corner, NULL, count, NULL);
    H5Sselect_hyperslab(memory, H5S_SELECT_SET, corner, NULL, count, NULL);
    herr_t result = H5Dwrite(data, plan->stored, memory, file, H5P_DEFAULT, plan->elements);
    H5Sclose(file);
    H5Sclose(memory);
    return result >= 0;
}

static inline bool write_rows(hid_t data, const struct plan *plan, hsize_t rows)
{
    const hsize_t corner[MOST_AXES] = {0};
    hsize_t extent[MOST_AXES];
    memcpy(extent, plan->shape, sizeof extent);
    extent[0] = rows;
    return write_box(data, plan, corner, extent);
}

/* The next chunk's corner; false after the last one. */
static inline bool next_chunk(const struct plan *plan, hsize_t *corner)
{
    for (int axis = plan->axes; axis-- > 0; corner[axis] = 0)
        if ((corner[axis] += plan->chunk[axis]) < plan->shape[axis]) return true;
    return false;
}

static inline bool write_some(hid_t data, const struct kind *kind, const struct plan *plan)
{
    hsize_t corner[MOST_AXES] = {0};
    uint64_t state = 3;
    bool done = true;
    if (!is_chunked(kind)) return write_rows(data, plan, plan->shape[0] / 2);
    do
        if (judge_random(&state) % 3 == 0)
            done = done && write_box(data, plan, corner, plan->chunk);
    while (next_chunk(plan, corner));
    return done;
}

static inline bool write_all_but_first(hid_t data, const struct plan *plan)
{
    hsize_t corner[MOST_AXES] = {0};
    bool done = true;
    while (next_chunk(plan, corner))
        done = done && write_box(data, plan, corner, plan->chunk);
    return done;
}

/* Stores the first chunk with some filters skipped: the chunk as another dataset has it that
 * was made without them. */
static inline bool skip_filters(hid_t file, hid_t data, const struct kind *kind,
                                const struct plan *plan)
{
    static unsigned char chunk[4 * MOST_FILE_BYTES];
    hsize_t corner[MOST_AXES] = {0}, bytes;
    uint32_t count = 0, mask, inner;
    while (count < 4 && pipelines[kind->of[FILTERS]][count])
        count++;
    mask = kind->of[SKIPPED] == ALL_FILTERS    ? (1u << count) - 1
           : kind->of[SKIPPED] == FIRST_FILTER ? 1
                                               : 1u << (count - 1);
    hid_t list = creation_list(kind, plan, mask, ""), space = H5Dget_space(data);
    hid_t other = H5Dcreate2(file, "other", plan->stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool done = write_rows(other, plan, plan->shape[0]) && H5Dflush(other) >= 0 &&
                H5Dget_chunk_storage_size(other, corner, &bytes) >= 0 && bytes <= sizeof chunk &&
                H5Dread_chunk(other, H5P_DEFAULT, corner, &inner, chunk) >= 0;
    /* the other one's own skipped filters, counted among all */
    for (uint32_t i = 0, at = 0; i < count; i++)
        if (!(mask >> i & 1) && (inner >> at++ & 1)) mask |= 1u << i;
    done = done && H5Dwrite_chunk(data, H5P_DEFAULT, mask, corner, bytes, chunk) >= 0;
    H5Dclose(other);
    H5Sclose(space);
    H5Pclose(list);
    return done;
}

static inline bool write_data(hid_t file, hid_t data, const struct kind *kind,
                              const struct plan *plan)
{
    hsize_t shape[MOST_AXES];
    memcpy(shape, plan->shape, sizeof shape);
    if (kind->of[EDGES] == GROWN && kind->of[WRITTEN] != NOTHING &&
        !write_rows(data, plan, shape[0] / 2))
        return false;
    if ((kind->of[EDGES] == GROWN || kind->of[EDGES] == SHRUNK) && H5Dset_extent(data, shape) < 0)
        return false;
    if (kind->of[WRITTEN] == SOME) return write_some(data, kind, plan);
    if (kind->of[WRITTEN] == NOTHING) return true;
    if (kind->of[SKIPPED] == NONE) return write_rows(data, plan, shape[0]);
    return write_all_but_first(data, plan) && skip_filters(file, data, kind, plan);
}

static inline hid_t create_dataset(hid_t file, const struct kind *kind, const struct plan *plan,
                                   const char *path)
{
    hsize_t first[MOST_AXES], most[MOST_AXES];
    for (int axis = 0; axis < plan->axes; axis++) {
        first[axis] = most[axis] = plan->shape[axis];
        if (kind->of[GROWTH] == ALL_GROW || (kind->of[GROWTH] == FIRST_GROWS && axis == 0))
            most[axis] = H5S_UNLIMITED;
        if (kind->of[EDGES] == SHRUNK && most[axis] == H5S_UNLIMITED) first[axis] += 5;
    }
    if (kind->of[EDGES] == GROWN) first[0] = plan->shape[0] / 2;
    hid_t space = H5Screate_simple(plan->axes, first, most);
    hid_t list = creation_list(kind, plan, 0, path);
    hid_t data = H5Dcreate2(file, "data", plan->stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Pclose(list);
    H5Sclose(space);
    return data;
}

/* Fills a dataset that is to be shrunk up to its first shape, with other elements. */
static inline bool write_beyond(hid_t data, const struct kind *kind)
{
    if (kind->of[EDGES] != SHRUNK) return true;
    hid_t space = H5Dget_space(data), stored = H5Dget_type(data);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    void *bytes = malloc((size_t)points * H5Tget_size(stored));
    if (bytes) memset(bytes, 0x3C, (size_t)points * H5Tget_size(stored));
    bool done = bytes && H5Dwrite(data, stored, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0;
    free(bytes);
    H5Tclose(stored);
    H5Sclose(space);
    return done;
}

/* Makes the file; `index` becomes the kind of its chunk index. */
static inline bool write_file(const struct kind *kind, const struct plan *plan, const char *path,
                              H5D_chunk_index_t *index)
{
    hid_t file = create_file(kind, path), data = create_dataset(file, kind, plan, path);
    bool done = data >= 0 && write_beyond(data, kind) && write_data(file, data, kind, plan);
    if (done && is_chunked(kind)) done = H5Dget_chunk_index_type(data, index) >= 0;
    if (data >= 0) H5Dclose(data);
    return H5Fclose(file) >= 0 && done;
}

/* What HDF5 itself reads, in the machine's order; what it leaves out stays as it is. */
static inline bool read_file(const struct kind *kind, const char *path, void *to)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "data", H5P_DEFAULT), type = memory_type(kind);
    bool done = H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
    H5Tclose(type);
    H5Dclose(data);
    H5Fclose(file);
    return done;
}

#endif
