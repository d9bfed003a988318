/* A folder for each test, tensors to write, and objects of HDF5 that are left open. */
#ifndef H5_SCENE_H
#define H5_SCENE_H

#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "h5_about.h"
#include "h5_file.h"
#include "h5_write.h"
#include "judge.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs, and the file that most tests use. */
static char folder[PATH_BYTES], path[PATH_BYTES];

/* Identifiers that HDF5 hands out next: of a space, a type and a property list. They only grow. */
struct next {
    hid_t ids[3];
};

static inline struct next next_ids(void)
{
    struct next next = {
        {H5Screate(H5S_NULL), H5Tcopy(H5T_NATIVE_INT), H5Pcreate(H5P_DATASET_ACCESS)}};
    H5Sclose(next.ids[0]);
    H5Tclose(next.ids[1]);
    H5Pclose(next.ids[2]);
    return next;
}

static inline bool begin(struct next *next)
{
    *next = next_ids();
    if (!folder_make(folder)) return false;
    folder_path(folder, "file.h5", path);
    return true;
}

/* How many objects were opened since and are still open. */
static inline size_t count_left_open(const struct next *since)
{
    struct next now = next_ids();
    size_t count = (size_t)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL);
    for (size_t kind = 0; kind < 3; kind++)
        for (hid_t id = since->ids[kind] + 1; id < now.ids[kind]; id++)
            count += H5Iis_valid(id) > 0;
    return count;
}

/* Runs a test in a folder of its own. No test may leave an object of HDF5 open. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        struct next next;                                                                          \
        if (!NEED(begin(&next))) return;                                                           \
        test##_in_folder();                                                                        \
        CHECK_EQ(count_left_open(&next), 0);                                                       \
        folder_remove(folder);                                                                     \
    }

static inline void fill(void *bytes, size_t count, uint64_t seed)
{
    unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)judge_random(&seed);
}

static inline size_t bytes_of(const shs_tensor *tensor)
{
    size_t bytes = 0;
    if (shs_tensor_bytes(tensor, &bytes)) abort();
    return bytes;
}

enum {
    MOST_BYTES = 8192
};

/* A tensor of random numbers in memory of the caller. As a float, any bits but those of a
 * signalling NaN come back as they were; small numbers have none. */
static inline shs_tensor tensor_of(shs_type type, uint32_t axes, const uint64_t *shape,
                                   unsigned char *memory)
{
    shs_tensor tensor = {.type = type, .axes = axes, .data = memory};
    for (uint32_t axis = 0; axis < axes; axis++)
        tensor.shape[axis] = shape[axis];
    size_t size = shs_type_size(type), bytes = bytes_of(&tensor);
    fill(memory, bytes, 10 * axes + (uint64_t)type);
    for (size_t i = size - 1; type >= SHS_F16 && i < bytes; i += size)
        memory[i] &= 0xbf;
    return tensor;
}

#define STORED(rows, level, shuffled)                                                              \
    {                                                                                              \
        .chunk_rows = (rows), .deflate = (level), .byteshuffle = (shuffled)                        \
    }

static const struct h5_storage storages[] = {STORED(0, 0, false),  STORED(1, 0, false),
                                             STORED(2, 6, true),   STORED(3, 1, false),
                                             STORED(100, 9, true), STORED(4, 0, true)};

static inline bool write_one(const char *name, const shs_tensor *tensor,
                             const struct h5_storage *storage, uint64_t at_once)
{
    struct h5_writer *writer;
    uint64_t rows = tensor->axes ? tensor->shape[0] : 1;
    size_t row = bytes_of(tensor) / (rows ? rows : 1);
    if (h5_create(path, &writer)) return false;
    shs_status status = h5_create_array(writer, name, tensor, storage);
    for (uint64_t done = 0, now; done < rows && !status; done += now) {
        now = rows - done < at_once ? rows - done : at_once;
        status = h5_write_rows(writer, now, (const char *)tensor->data + done * row);
    }
    if (status) {
        h5_abandon(&writer);
        return false;
    }
    return h5_finish(&writer) == SHS_OK && writer == NULL;
}

/* The whole dataset at once, into memory that was something else. */
static inline void check_tensor(const char *name, const shs_tensor *tensor)
{
    unsigned char found[MOST_BYTES];
    struct h5_file *file;
    shs_tensor to = *tensor;
    memset(found, 0x77, sizeof found);
    to.data = found;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_read_tensor(file, name, &to), SHS_OK);
    CHECK_BYTES(found, tensor->data, bytes_of(tensor));
    CHECK_EQ(found[bytes_of(tensor)], 0x77);
    h5_close(&file);
    CHECK(file == NULL);
    h5_close(&file);
}

static inline void check_rows(struct h5_array *field, const shs_tensor *tensor, uint64_t first,
                              uint64_t count)
{
    unsigned char found[MOST_BYTES];
    size_t row = bytes_of(tensor) / tensor->shape[0];
    memset(found, 0x77, sizeof found);
    CHECK_STATUS(h5_read_rows(field, first, count, found), SHS_OK);
    CHECK_BYTES(found, (const char *)tensor->data + first * row, count * row);
    CHECK_EQ(found[count * row], 0x77);
}

/* Every run of rows. */
static inline void check_field(const char *name, const shs_tensor *tensor)
{
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor shape;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(h5_array_open(file, name, 1 << 20, false, &field, &shape), SHS_OK)) {
        CHECK_EQ(shape.type, tensor->type);
        CHECK_EQ(shape.axes, tensor->axes);
        CHECK_BYTES(shape.shape, tensor->shape, shape.axes * sizeof *shape.shape);
        if (CHECK(shape.name == NULL)) CHECK(shape.data == NULL);
        for (uint64_t first = 0; first < tensor->shape[0]; first++)
            for (uint64_t count = 1; first + count <= tensor->shape[0]; count++)
                check_rows(field, tensor, first, count);
    }
    h5_array_close(&field);
    CHECK(field == NULL);
    h5_array_close(&field);
    h5_close(&file);
}

static inline bool write_sample_file(void)
{
    const uint64_t shape[] = {6, 5};
    unsigned char memory[64];
    struct h5_writer *writer;
    shs_tensor tensor = tensor_of(SHS_U16, 2, shape, memory);
    bool good = h5_create(path, &writer) == SHS_OK;
    good = good && h5_create_array(writer, "deep/group/a", &tensor, &storages[2]) == SHS_OK;
    good = good && h5_write_rows(writer, 6, memory) == SHS_OK;
    good = good && h5_create_array(writer, "b", &tensor, &storages[0]) == SHS_OK;
    good = good && h5_write_rows(writer, 6, memory) == SHS_OK;
    good = good && h5_write_text(writer, "text", "some text") == SHS_OK;
    good = good && h5_write_u64(writer, "number", shape, 2) == SHS_OK;
    if (good) return h5_finish(&writer) == SHS_OK;
    h5_abandon(&writer);
    return false;
}

/* What a dataset made by this test is like. */
struct made {
    hid_t file_type;
    H5D_layout_t layout;
    hsize_t chunk[2];
    unsigned deflate;
    bool shuffle, fletcher32;
};

static inline hid_t creation_of(const struct made *made)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(creation, made->layout);
    if (made->layout == H5D_CHUNKED) H5Pset_chunk(creation, 2, made->chunk);
    if (made->shuffle) H5Pset_shuffle(creation);
    if (made->deflate) H5Pset_deflate(creation, made->deflate);
    if (made->fletcher32) H5Pset_fletcher32(creation);
    return creation;
}

/* Makes a file with the dataset "x" of ROWS x COLUMNS elements given as native doubles. */
enum {
    ROWS = 9,
    COLUMNS = 5,
    ELEMENTS = ROWS * COLUMNS
};

static inline void make_file(const struct made *made, const double *values)
{
    const hsize_t extent[2] = {ROWS, COLUMNS};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, extent, NULL), creation = creation_of(made);
    hid_t dataset =
        H5Dcreate2(file, "x", made->file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    CHECK(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    H5Fclose(file);
}

#endif
