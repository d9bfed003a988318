/* HDF5 files: written and read back, read as others write them, refused, described. */
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core_memory.h"
#include "counted_memory.h"
#include "h5_about.h"
#include "h5_defect.h"
#include "h5_file.h"
#include "h5_guard.h"
#include "h5_write.h"
#include "judge.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

/* The folder of the test that runs, and the file that most tests use. */
static char folder[PATH_BYTES], path[PATH_BYTES];

/* Identifiers that HDF5 hands out next: of a space, a type and a property list. They only grow. */
struct next {
    hid_t ids[3];
};

static struct next next_ids(void)
{
    struct next next = {
        {H5Screate(H5S_NULL), H5Tcopy(H5T_NATIVE_INT), H5Pcreate(H5P_DATASET_ACCESS)}};
    H5Sclose(next.ids[0]);
    H5Tclose(next.ids[1]);
    H5Pclose(next.ids[2]);
    return next;
}

static bool begin(struct next *next)
{
    *next = next_ids();
    if (!folder_make(folder)) return false;
    folder_path(folder, "file.h5", path);
    return true;
}

/* How many objects were opened since and are still open. */
static size_t count_left_open(const struct next *since)
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

static void fill(void *bytes, size_t count, uint64_t seed)
{
    unsigned char *to = bytes;
    for (size_t i = 0; i < count; i++)
        to[i] = (unsigned char)judge_random(&seed);
}

static size_t bytes_of(const shs_tensor *tensor)
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
static shs_tensor tensor_of(shs_type type, uint32_t axes, const uint64_t *shape,
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

/* ---- written and read back */

static bool write_one(const char *name, const shs_tensor *tensor, const struct h5_storage *storage,
                      uint64_t at_once)
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
static void check_tensor(const char *name, const shs_tensor *tensor)
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

static void check_rows(struct h5_array *field, const shs_tensor *tensor, uint64_t first,
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
static void check_field(const char *name, const shs_tensor *tensor)
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

static void all_types_come_back_in_folder(void)
{
    const uint64_t shape[] = {7, 3, 2};
    unsigned char memory[MOST_BYTES];
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        for (size_t s = 0; s < COUNT(storages); s++) {
            shs_tensor tensor = tensor_of(type, 3, shape, memory);
            if (!NEED(write_one("x", &tensor, &storages[s], 1 + s))) return;
            check_tensor("x", &tensor);
            check_field("x", &tensor);
        }
}
IN_FOLDER(all_types_come_back)

static void all_numbers_of_axes_come_back_in_folder(void)
{
    const uint64_t shape[] = {3, 2, 1, 2, 3, 1, 2, 2};
    unsigned char memory[MOST_BYTES];
    for (uint32_t axes = 1; axes <= SHS_MAX_AXES; axes++)
        for (size_t s = 0; s < COUNT(storages); s++) {
            shs_tensor tensor = tensor_of(SHS_F32, axes, shape, memory);
            if (!NEED(write_one("a/b/c", &tensor, &storages[s], 2))) return;
            check_tensor("a/b/c", &tensor);
            check_field("a/b/c", &tensor);
        }
}
IN_FOLDER(all_numbers_of_axes_come_back)

static void a_single_number_comes_back_in_folder(void)
{
    const uint64_t number = UINT64_C(0x0123456789abcdef);
    unsigned char memory[16];
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor tensor = tensor_of(SHS_U64, 0, NULL, memory), shape;
    memcpy(memory, &number, sizeof number);
    if (!NEED(write_one("n", &tensor, &storages[0], 1))) return;
    check_tensor("n", &tensor);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_array_open(file, "n", 0, false, &field, &shape), SHS_ERROR_UNSUPPORTED);
    CHECK(field == NULL);
    CHECK_HAS(shs_message(), "single number");
    h5_close(&file);
}
IN_FOLDER(a_single_number_comes_back)

/* Without elements there is nothing to write; the dataset is there all the same. */
static void empty_tensors_come_back_in_folder(void)
{
    static const uint64_t shapes[][3] = {{0, 3, 2}, {3, 0, 2}, {3, 2, 0}};
    unsigned char memory[16];
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (size_t s = 0; s < 2; s++) {
            struct h5_storage storage = STORED(s, 0, false);
            shs_tensor tensor = tensor_of(SHS_I32, 3, shapes[i], memory);
            bool written = write_one("e", &tensor, &storage, 2);
            if (!written) printf("  shape %d, storage %d: %s\n", (int)i, (int)s, shs_message());
            CHECK(written);
            if (written) check_tensor("e", &tensor);
        }
}
IN_FOLDER(empty_tensors_come_back)

static void several_fields_share_a_file_in_folder(void)
{
    const uint64_t shape[] = {5, 4};
    unsigned char first[64], second[64];
    struct h5_writer *writer;
    shs_tensor a = tensor_of(SHS_U8, 2, shape, first), b = tensor_of(SHS_I16, 2, shape, second);
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK)) return;
    CHECK_STATUS(h5_create_array(writer, "train/a", &a, &storages[0]), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, 5, first), SHS_OK);
    CHECK_STATUS(h5_create_array(writer, "train/b", &b, &storages[2]), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, 2, second), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, 3, second + 16), SHS_OK);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    check_field("train/a", &a);
    check_field("train/b", &b);
}
IN_FOLDER(several_fields_share_a_file)

static void attributes_come_back_in_folder(void)
{
    static const char *const texts[] = {"seed = 42\nstep = 7\n", "", "größer"};
    static const char *const names[] = {"first", "second", "third"};
    const uint64_t numbers[] = {0, 1, UINT64_MAX};
    uint64_t found[3] = {7, 7, 7};
    struct h5_writer *writer;
    struct h5_file *file;
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK)) return;
    for (size_t i = 0; i < 3; i++)
        CHECK_STATUS(h5_write_text(writer, names[i], texts[i]), SHS_OK);
    CHECK_STATUS(h5_write_u64(writer, "numbers", numbers, 3), SHS_OK);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    for (size_t i = 0; i < 3; i++) {
        char *text;
        CHECK_STATUS(h5_read_text(file, names[i], &text), SHS_OK);
        if (CHECK(text)) CHECK_TEXT(text, texts[i]);
        core_free(&text);
    }
    CHECK_STATUS(h5_read_u64(file, "numbers", found, 3), SHS_OK);
    CHECK_BYTES(found, numbers, sizeof numbers);
    h5_close(&file);
}
IN_FOLDER(attributes_come_back)

static void wrong_attributes_are_refused_in_folder(void)
{
    const uint64_t numbers[] = {1, 2, 3};
    uint64_t found[4];
    char *text = (char *)found;
    struct h5_writer *writer;
    struct h5_file *file;
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK)) return;
    CHECK_STATUS(h5_write_u64(writer, "numbers", numbers, 3), SHS_OK);
    CHECK_STATUS(h5_write_u64(writer, "numbers", numbers, 3), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "numbers");
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_read_u64(file, "numbers", found, 2), SHS_ERROR_FORMAT);
    CHECK_STATUS(h5_read_u64(file, "numbers", found, 4), SHS_ERROR_FORMAT);
    CHECK_STATUS(h5_read_u64(file, "nothing", found, 3), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "nothing");
    CHECK_HAS(shs_message(), path);
    CHECK_STATUS(h5_read_text(file, "nothing", &text), SHS_ERROR_FORMAT);
    CHECK(text == NULL);
    h5_close(&file);
}
IN_FOLDER(wrong_attributes_are_refused)

/* ---- the same content, the same bytes */

static bool write_sample_file(void)
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

/* A second later, for times in HDF5 files are whole seconds. */
static void files_hold_no_times_in_folder(void)
{
    size_t first_count, second_count;
    if (!NEED(write_sample_file())) return;
    unsigned char *first = file_read(path, &first_count);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100000000}, NULL);
    CHECK(write_sample_file());
    unsigned char *second = file_read(path, &second_count);
    if (NEED(first && second)) {
        CHECK_EQ(first_count, second_count);
        CHECK_EQ(first_count, second_count);
        CHECK_BYTES(first, second, first_count);
    }
    free(first);
    free(second);
}
IN_FOLDER(files_hold_no_times)

/* Little-endian standard types and the latest format, whose checksums find damage. */
static void files_are_of_the_latest_format_in_folder(void)
{
    size_t count;
    if (!NEED(write_sample_file())) return;
    unsigned char *bytes = file_read(path, &count);
    if (!NEED(bytes)) return;
    CHECK_IS(bytes[8], >=, 2); /* version of the superblock: 2 and above have a checksum */
    free(bytes);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "deep/group/a", H5P_DEFAULT), type = H5Dget_type(dataset);
    CHECK(H5Tequal(type, H5T_STD_U16LE) > 0);
    H5Tclose(type);
    H5Dclose(dataset);
    H5Fclose(file);
}
IN_FOLDER(files_are_of_the_latest_format)

/* ---- files as others write them */

/* What a dataset made by this test is like. */
struct made {
    hid_t file_type;
    H5D_layout_t layout;
    hsize_t chunk[2];
    unsigned deflate;
    bool shuffle, fletcher32;
};

static hid_t creation_of(const struct made *made)
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

static void make_file(const struct made *made, const double *values)
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

/* A number as an element of a type, by C's own conversion. */
static void put_number(shs_type type, double value, unsigned char *to)
{
    size_t size = shs_type_size(type);
    int64_t whole = (int64_t)value;
    float single = (float)value;
    if (type == SHS_F32)
        memcpy(to, &single, size);
    else if (type == SHS_F64)
        memcpy(to, &value, size);
    else
        memcpy(to, &whole, size); /* little-endian: the low bytes come first */
}

static void check_made(const struct made *made, shs_type type)
{
    double values[ELEMENTS];
    unsigned char expected[ELEMENTS * 8];
    const uint64_t shape[] = {ROWS, COLUMNS};
    for (int i = 0; i < ELEMENTS; i++) {
        values[i] = type >= SHS_F32 ? i * 0.75 - 7 : type >= SHS_I8 ? i * 5 - 110 : i * 5;
        put_number(type, values[i], expected + (size_t)i * shs_type_size(type));
    }
    make_file(made, values);
    shs_tensor tensor = {.type = type, .axes = 2, .data = expected};
    memcpy(tensor.shape, shape, sizeof shape);
    check_field("x", &tensor);
    check_tensor("x", &tensor);
}

static void all_byte_orders_and_layouts_are_read_in_folder(void)
{
    const struct {
        shs_type type;
        hid_t little, big;
    } types[] = {
        {SHS_U8, H5T_STD_U8LE, H5T_STD_U8BE},      {SHS_U16, H5T_STD_U16LE, H5T_STD_U16BE},
        {SHS_U32, H5T_STD_U32LE, H5T_STD_U32BE},   {SHS_U64, H5T_STD_U64LE, H5T_STD_U64BE},
        {SHS_I8, H5T_STD_I8LE, H5T_STD_I8BE},      {SHS_I16, H5T_STD_I16LE, H5T_STD_I16BE},
        {SHS_I32, H5T_STD_I32LE, H5T_STD_I32BE},   {SHS_I64, H5T_STD_I64LE, H5T_STD_I64BE},
        {SHS_F32, H5T_IEEE_F32LE, H5T_IEEE_F32BE}, {SHS_F64, H5T_IEEE_F64LE, H5T_IEEE_F64BE}};
    static const struct made layouts[] = {
        {.layout = H5D_CONTIGUOUS},
        {.layout = H5D_COMPACT},
        {.layout = H5D_CHUNKED, .chunk = {1, COLUMNS}},
        {.layout = H5D_CHUNKED, .chunk = {4, 2}, .deflate = 6},
        {.layout = H5D_CHUNKED, .chunk = {4, 5}, .fletcher32 = true},
        {.layout = H5D_CHUNKED, .chunk = {2, 5}, .shuffle = true, .deflate = 1, .fletcher32 = true},
        {.layout = H5D_CHUNKED, .chunk = {9, 5}, .shuffle = true}};
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t i = 0; i < COUNT(layouts); i++) {
            struct made made = layouts[i];
            made.file_type = types[t].little;
            check_made(&made, types[t].type);
            made.file_type = types[t].big;
            check_made(&made, types[t].type);
        }
}
IN_FOLDER(all_byte_orders_and_layouts_are_read)

/* IEEE 754 binary16 with bits of its own, as h5py writes it. */
static hid_t half_type(H5T_order_t order)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    H5Tset_order(type, order);
    return type;
}

/* 1, 1.5, -2, 65504, 2^-24 and the like. */
static void halves_are_read_in_any_order_in_folder(void)
{
    static const uint16_t bits[] = {0x3c00, 0x3e00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x0000, 0x0400};
    static const double numbers[] = {1, 1.5, -2, 65504, 0x1p-24, -0.0, 0, 0x1p-14};
    const H5T_order_t orders[] = {H5T_ORDER_LE, H5T_ORDER_BE};
    double values[ELEMENTS];
    uint16_t expected[ELEMENTS];
    shs_tensor tensor = {.type = SHS_F16, .axes = 2, .shape = {ROWS, COLUMNS}, .data = expected};
    for (size_t i = 0; i < ELEMENTS; i++) {
        values[i] = numbers[i % COUNT(numbers)];
        expected[i] = bits[i % COUNT(numbers)];
    }
    for (size_t i = 0; i < 2; i++) {
        struct made made = {.file_type = half_type(orders[i]), .layout = H5D_CONTIGUOUS};
        make_file(&made, values);
        check_field("x", &tensor);
        H5Tclose(made.file_type);
    }
}
IN_FOLDER(halves_are_read_in_any_order)

/* The user block comes before all that HDF5 writes. */
static void a_user_block_is_no_trouble_in_folder(void)
{
    const hsize_t extent = 4;
    const uint32_t numbers[4] = {1, 2, 3, 0xffffffff};
    uint32_t memory[4] = {1, 2, 3, 0xffffffff};
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, 512);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t dataset =
        H5Dcreate2(file, "x", H5T_STD_U32BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(dataset, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
    H5Pclose(creation);
    shs_tensor tensor = {.type = SHS_U32, .axes = 1, .shape = {4}, .data = memory};
    check_field("x", &tensor);
}
IN_FOLDER(a_user_block_is_no_trouble)

/* ---- what is no array of plain numbers */

/* Makes a dataset "odd" of a type, with one axis of 2 elements or, with axes 0 and 32, others. */
static void make_odd(hid_t type, int axes)
{
    hsize_t extent[H5S_MAX_RANK];
    for (int axis = 0; axis < H5S_MAX_RANK; axis++)
        extent[axis] = axis ? 1 : 2;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = axes < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(axes, extent, NULL);
    hid_t dataset = H5Dcreate2(file, "odd", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK_IS(dataset, >=, 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
}

/* Reads neither as a field nor as a tensor, and is described in these words. */
static void check_odd(const char *words)
{
    double number;
    struct h5_file *file;
    struct h5_array *field;
    struct h5_about about;
    shs_tensor shape, tensor = {.type = SHS_U8, .axes = 1, .shape = {2}, .data = &number};
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_array_open(file, "odd", 0, false, &field, &shape), SHS_ERROR_UNSUPPORTED);
    CHECK(field == NULL);
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), "dataset odd");
    CHECK_HAS(shs_message(), path);
    CHECK_STATUS(h5_read_tensor(file, "odd", &tensor), SHS_ERROR_UNSUPPORTED);
    CHECK_STATUS(h5_describe(file, "odd", &about), SHS_OK);
    h5_close(&file);
}

static void check_odd_type(hid_t type, const char *words)
{
    struct h5_file *file;
    struct h5_about about;
    CHECK_IS(type, >=, 0);
    make_odd(type, 1);
    check_odd(words);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_describe(file, "odd", &about), SHS_OK);
    CHECK(!about.plain);
    CHECK_TEXT(about.type, words);
    h5_close(&file);
    H5Tclose(type);
}

static hid_t changed(hid_t type, size_t size, size_t precision, size_t offset)
{
    hid_t copy = H5Tcopy(type);
    if (size) H5Tset_size(copy, size);
    if (precision) H5Tset_precision(copy, precision);
    if (offset) H5Tset_offset(copy, offset);
    return copy;
}

static void odd_numbers_are_refused_in_folder(void)
{
    check_odd_type(changed(H5T_STD_U8LE, 3, 24, 0), "integer of odd width");
    check_odd_type(changed(H5T_STD_I32LE, 0, 24, 0), "integer of odd width");
    check_odd_type(changed(H5T_STD_U32LE, 0, 16, 8), "integer of odd width");
    check_odd_type(changed(H5T_STD_U64LE, 16, 128, 0), "integer of odd width");
    check_odd_type(H5Tcopy(H5T_NATIVE_LDOUBLE), "float of another format");
    hid_t bfloat = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(bfloat, 15, 7, 8, 0, 7);
    H5Tset_size(bfloat, 2);
    check_odd_type(bfloat, "float of another format");
    hid_t biased = half_type(H5T_ORDER_LE);
    H5Tset_ebias(biased, 16);
    check_odd_type(biased, "float of another format");
}
IN_FOLDER(odd_numbers_are_refused)

static void other_types_are_refused_in_folder(void)
{
    const hsize_t three = 3;
    const int value = 1;
    hid_t pair = H5Tcreate(H5T_COMPOUND, 8), odd = changed(H5T_STD_I32LE, 3, 24, 0);
    hid_t colour = H5Tenum_create(odd); /* of numbers that are themselves no plain ones */
    H5Tinsert(pair, "a", 0, H5T_NATIVE_INT);
    H5Tinsert(pair, "b", 4, H5T_NATIVE_FLOAT);
    H5Tenum_insert(colour, "red", &value);
    H5Tclose(odd);
    check_odd_type(pair, "compound");
    check_odd_type(colour, "enumeration");
    check_odd_type(changed(H5T_C_S1, 8, 0, 0), "text");
    check_odd_type(changed(H5T_C_S1, H5T_VARIABLE, 0, 0), "text");
    check_odd_type(H5Tvlen_create(H5T_NATIVE_INT), "variable-length sequence");
    check_odd_type(H5Tarray_create2(H5T_NATIVE_INT, 1, &three), "array element");
    check_odd_type(H5Tcreate(H5T_OPAQUE, 4), "opaque");
    check_odd_type(H5Tcopy(H5T_STD_B8LE), "bit field");
    check_odd_type(H5Tcopy(H5T_STD_REF_OBJ), "reference");
}
IN_FOLDER(other_types_are_refused)

static void shapes_without_an_array_are_refused_in_folder(void)
{
    make_odd(H5T_STD_U8LE, 9);
    check_odd("9 axes");
    make_odd(H5T_STD_U8LE, H5S_MAX_RANK);
    check_odd("32 axes");
    make_odd(H5T_STD_U8LE, -1);
    check_odd("axes");
}
IN_FOLDER(shapes_without_an_array_are_refused)

/* ---- errors */

static void a_dataset_that_is_missing_is_named_with_the_others_in_folder(void)
{
    struct h5_file *file;
    struct h5_array *field;
    struct h5_about about;
    shs_tensor shape;
    if (!NEED(write_sample_file()) || !NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_array_open(file, "images", 0, false, &field, &shape), SHS_ERROR_FILE);
    CHECK(field == NULL);
    CHECK_HAS(shs_message(), "'images'");
    CHECK_HAS(shs_message(), path);
    CHECK_HAS(shs_message(), "it holds b, deep/group/a");
    CHECK_STATUS(h5_array_open(file, "deep/group", 0, false, &field, &shape), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "'deep/group'");
    CHECK_STATUS(h5_array_open(file, "", 0, false, &field, &shape), SHS_ERROR_FILE);
    CHECK_STATUS(h5_describe(file, "nothing", &about), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "'nothing'");
    h5_close(&file);
}
IN_FOLDER(a_dataset_that_is_missing_is_named_with_the_others)

static void a_file_without_datasets_is_no_trouble_in_folder(void)
{
    struct h5_writer *writer;
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor shape;
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK) || !NEED_STATUS(h5_finish(&writer), SHS_OK))
        return;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_array_open(file, "x", 0, false, &field, &shape), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "no dataset 'x'");
    h5_close(&file);
}
IN_FOLDER(a_file_without_datasets_is_no_trouble)

static void files_that_are_not_whole_are_refused_in_folder(void)
{
    size_t count;
    struct h5_file *file;
    if (!NEED(write_sample_file())) return;
    unsigned char *bytes = file_read(path, &count);
    if (!NEED(bytes)) return;
    for (size_t length = 0; length < count; length += 1 + length / 7) {
        CHECK(file_write(path, bytes, length));
        CHECK_STATUS(h5_open(path, &file), SHS_ERROR_FORMAT);
        CHECK(file == NULL);
        CHECK_HAS(shs_message(), path);
    }
    CHECK(file_write(path, bytes, count - 1));
    CHECK_STATUS(h5_open(path, &file), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "it is not complete: it has");
    memset(bytes, 'x', count);
    CHECK(file_write(path, bytes, count));
    CHECK_STATUS(h5_open(path, &file), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "HDF5");
    free(bytes);
}
IN_FOLDER(files_that_are_not_whole_are_refused)

static void missing_files_are_named_in_folder(void)
{
    char other[PATH_BYTES];
    struct h5_file *file;
    struct h5_writer *writer;
    CHECK_STATUS(h5_open(path, &file), SHS_ERROR_FILE);
    if (CHECK(file == NULL) && CHECK_HAS(shs_message(), path))
        CHECK_HAS(shs_message(), "No such file");
    CHECK_IS(h5_open(folder, &file), <, 0);
    if (CHECK(file == NULL)) CHECK_HAS(shs_message(), folder);
    folder_path(folder, "no/such/folder.h5", other);
    CHECK_STATUS(h5_create(other, &writer), SHS_ERROR_FILE);
    if (CHECK(writer == NULL)) CHECK_HAS(shs_message(), other);
}
IN_FOLDER(missing_files_are_named)

static void rows_out_of_range_are_refused_in_folder(void)
{
    const uint64_t shape[] = {6, 5};
    unsigned char memory[64];
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor found, tensor = tensor_of(SHS_U8, 2, shape, memory);
    if (!NEED(write_one("x", &tensor, &storages[0], 6)) ||
        !NEED_STATUS(h5_open(path, &file), SHS_OK))
        return;
    if (NEED_STATUS(h5_array_open(file, "x", 0, false, &field, &found), SHS_OK)) {
        unsigned char rows[64];
        CHECK_STATUS(h5_read_rows(field, 6, 1, rows), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "rows 6 to 6");
        CHECK_HAS(shs_message(), "dataset x");
        CHECK_HAS(shs_message(), path);
        CHECK_STATUS(h5_read_rows(field, 4, 3, rows), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "rows 4 to 6");
        CHECK_STATUS(h5_read_rows(field, UINT64_MAX - 2, 1, rows), SHS_ERROR_FORMAT);
        check_rows(field, &tensor, 4, 2);
    }
    h5_array_close(&field);
    h5_close(&file);
}
IN_FOLDER(rows_out_of_range_are_refused)

static void too_many_rows_cannot_be_written_in_folder(void)
{
    const uint64_t shape[] = {3, 2};
    unsigned char memory[64];
    struct h5_writer *writer;
    shs_tensor tensor = tensor_of(SHS_U8, 2, shape, memory);
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK)) return;
    CHECK_STATUS(h5_create_array(writer, "x", &tensor, &storages[0]), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, 2, memory), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, 2, memory), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "rows 2 to 3");
    CHECK_HAS(shs_message(), "dataset x");
    CHECK_STATUS(h5_create_array(writer, "x", &tensor, &storages[0]), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "dataset x");
    CHECK_STATUS(h5_create_array(writer, "x/y", &tensor, &storages[0]), SHS_ERROR_FILE);
    h5_abandon(&writer);
    CHECK(writer == NULL);
    h5_abandon(&writer);
}
IN_FOLDER(too_many_rows_cannot_be_written)

static void another_shape_is_refused_in_folder(void)
{
    const uint64_t shape[] = {6, 5};
    unsigned char memory[64];
    struct h5_file *file;
    shs_tensor tensor = tensor_of(SHS_I16, 2, shape, memory), other;
    if (!NEED(write_one("x", &tensor, &storages[0], 6)) ||
        !NEED_STATUS(h5_open(path, &file), SHS_OK))
        return;
    other = tensor, other.type = SHS_U16;
    CHECK_STATUS(h5_read_tensor(file, "x", &other), SHS_ERROR_MISMATCH);
    other = tensor, other.shape[1] = 4;
    CHECK_STATUS(h5_read_tensor(file, "x", &other), SHS_ERROR_MISMATCH);
    other = tensor, other.axes = 1;
    CHECK_STATUS(h5_read_tensor(file, "x", &other), SHS_ERROR_MISMATCH);
    CHECK_HAS(shs_message(), "dataset x");
    CHECK_HAS(shs_message(), path);
    h5_close(&file);
}
IN_FOLDER(another_shape_is_refused)

/* A byte of a chunk with a checksum is turned over: an error, and no wrong numbers. */
static void damaged_chunks_are_found_in_folder(void)
{
    double values[ELEMENTS];
    size_t count, at = 0;
    const struct made made = {.file_type = H5T_IEEE_F64LE,
                              .layout = H5D_CHUNKED,
                              .chunk = {ROWS, COLUMNS},
                              .fletcher32 = true};
    for (int i = 0; i < ELEMENTS; i++)
        values[i] = i * 0.37 + 1000;
    make_file(&made, values);
    unsigned char *bytes = file_read(path, &count);
    if (!NEED(bytes)) return;
    while (at + 8 < count && memcmp(bytes + at, &values[3], 8))
        at++;
    bytes[at] ^= 1;
    CHECK(file_write(path, bytes, count));
    free(bytes);
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor shape;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_array_open(file, "x", 0, false, &field, &shape), SHS_OK);
    CHECK_STATUS(h5_read_rows(field, 0, 1, values), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "rows 0 to 0");
    CHECK_HAS(shs_message(), "HDF5 says");
    h5_array_close(&field);
    h5_close(&file);
}
IN_FOLDER(damaged_chunks_are_found)

/* ---- lists and descriptions */

static shs_status note_name(const char *name, void *user)
{
    char *names = user;
    strcat(names, name);
    strcat(names, ";");
    return strcmp(name, "b/x") == 0 && strlen(names) > 20 ? SHS_ERROR_STATE : SHS_OK;
}

static void datasets_are_listed_by_name_in_folder(void)
{
    static const char *const made[] = {"c", "b/y", "a", "b/x", "b/deep/z"};
    const uint64_t shape[] = {1};
    unsigned char memory[8];
    char names[200] = "";
    struct h5_writer *writer;
    struct h5_file *file;
    shs_tensor tensor = tensor_of(SHS_U8, 1, shape, memory);
    if (!NEED_STATUS(h5_create(path, &writer), SHS_OK)) return;
    for (size_t i = 0; i < COUNT(made); i++) {
        CHECK_STATUS(h5_create_array(writer, made[i], &tensor, &storages[0]), SHS_OK);
        CHECK_STATUS(h5_write_rows(writer, 1, memory), SHS_OK);
    }
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_list(file, note_name, names), SHS_OK);
    CHECK_TEXT(names, "a;b/deep/z;b/x;b/y;c;");
    CHECK_STATUS(h5_list(file, note_name, names), SHS_ERROR_STATE);
    CHECK_TEXT(names, "a;b/deep/z;b/x;b/y;c;a;b/deep/z;b/x;");
    h5_close(&file);
}
IN_FOLDER(datasets_are_listed_by_name)

static void check_description(const char *layout, const char *type)
{
    struct h5_file *file;
    struct h5_about about;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_describe(file, "x", &about), SHS_OK);
    CHECK_TEXT(about.layout, layout);
    CHECK_TEXT(about.type, type);
    if (CHECK(about.plain) && CHECK_EQ(about.axes, 2) && CHECK_EQ(about.shape[0], ROWS))
        CHECK_EQ(about.shape[1], COLUMNS);
    h5_close(&file);
}

static void layouts_are_described_in_folder(void)
{
    const double values[ELEMENTS] = {0};
    struct made made = {.file_type = H5T_STD_U16BE, .layout = H5D_CONTIGUOUS};
    make_file(&made, values);
    check_description("contiguous", "u16");
    made.layout = H5D_COMPACT;
    make_file(&made, values);
    check_description("compact", "u16");
    made = (struct made){.file_type = H5T_IEEE_F64BE, .layout = H5D_CHUNKED, .chunk = {4, 2}};
    make_file(&made, values);
    check_description("chunked 4x2", "f64");
    made.deflate = 7;
    make_file(&made, values);
    check_description("chunked 4x2, deflate 7", "f64");
    made.shuffle = made.fletcher32 = true;
    make_file(&made, values);
    check_description("chunked 4x2, shuffle, deflate 7, fletcher32", "f64");
}
IN_FOLDER(layouts_are_described)

static void fields_are_stored_as_asked_in_folder(void)
{
    static const struct {
        struct h5_storage storage;
        const char *layout;
    } cases[] = {{STORED(0, 0, false), "contiguous"},
                 {STORED(0, 5, true), "contiguous"},
                 {STORED(4, 0, false), "chunked 4x5"},
                 {STORED(4, 0, true), "chunked 4x5, shuffle"},
                 {STORED(4, 5, false), "chunked 4x5, deflate 5"},
                 {STORED(1, 9, true), "chunked 1x5, shuffle, deflate 9"},
                 {STORED(100, 1, true), "chunked 9x5, shuffle, deflate 1"}};
    const uint64_t shape[] = {ROWS, COLUMNS};
    unsigned char memory[8 * ELEMENTS];
    shs_tensor tensor = tensor_of(SHS_I64, 2, shape, memory);
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!NEED(write_one("x", &tensor, &cases[i].storage, ROWS))) return;
        check_description(cases[i].layout, "i64");
    }
}
IN_FOLDER(fields_are_stored_as_asked)

static void sizes_are_described_in_folder(void)
{
    const double values[ELEMENTS] = {0};
    struct made made = {.file_type = H5T_STD_U16LE, .layout = H5D_CONTIGUOUS};
    struct h5_file *file;
    struct h5_about about;
    make_file(&made, values);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (CHECK_STATUS(h5_describe(file, "x", &about), SHS_OK))
        CHECK_EQ(about.storage_bytes, 2 * ELEMENTS);
    h5_close(&file);
    made = (struct made){
        .file_type = H5T_STD_U16LE, .layout = H5D_CHUNKED, .chunk = {ROWS, COLUMNS}, .deflate = 9};
    make_file(&made, values);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_STATUS(h5_describe(file, "x", &about), SHS_OK);
    CHECK_IS(about.storage_bytes, >, 0);
    CHECK_IS(about.storage_bytes, <, 2 * ELEMENTS);
    h5_close(&file);
}
IN_FOLDER(sizes_are_described)

/* ---- HDF5's own printing of errors */

static herr_t count_print(hid_t stack, void *user)
{
    (void)stack;
    ++*(int *)user;
    return 0;
}

/* Calls everything that can fail, in a way that makes HDF5 complain. */
static void fail_everywhere(void)
{
    struct h5_file *file;
    struct h5_array *field;
    struct h5_writer *writer;
    struct h5_about about;
    shs_tensor shape;
    uint64_t number;
    char *text, other[PATH_BYTES];
    CHECK(file_write(folder_path(folder, "other.h5", other), "no HDF5 at all", 14));
    CHECK_IS(h5_open(other, &file), <, 0);
    CHECK_IS(h5_create(folder, &writer), <, 0);
    if (!NEED(write_sample_file()) || !NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    CHECK_IS(h5_array_open(file, "nothing", 0, false, &field, &shape), <, 0);
    CHECK_IS(h5_describe(file, "nothing", &about), <, 0);
    CHECK_IS(h5_read_text(file, "nothing", &text), <, 0);
    CHECK_IS(h5_read_u64(file, "nothing", &number, 1), <, 0);
    CHECK_STATUS(h5_array_open(file, "b", 0, false, &field, &shape), SHS_OK);
    CHECK_IS(h5_read_rows(field, 100, 1, &number), <, 0);
    h5_array_close(&field);
    h5_close(&file);
}

static void hdf5_prints_nothing_and_is_left_as_it_was_in_folder(void)
{
    int printed = 0;
    H5E_auto2_t before, print;
    void *before_user, *user;
    H5Eget_auto2(H5E_DEFAULT, &before, &before_user);
    H5Eset_auto2(H5E_DEFAULT, count_print, &printed);
    fail_everywhere();
    CHECK_EQ(printed, 0);
    H5Eget_auto2(H5E_DEFAULT, &print, &user);
    CHECK(print == count_print);
    CHECK(user == &printed);
    CHECK(H5Dopen2(-1, "x", H5P_DEFAULT) < 0);
    CHECK_EQ(printed, 1);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fail_everywhere();
    H5Eget_auto2(H5E_DEFAULT, &print, &user);
    if (CHECK(print == NULL)) CHECK(user == NULL);
    H5Eset_auto2(H5E_DEFAULT, before, before_user);
}
IN_FOLDER(hdf5_prints_nothing_and_is_left_as_it_was)

static void the_innermost_reason_is_told_once_in_folder(void)
{
    struct h5_file *file;
    size_t count;
    if (!NEED(write_sample_file())) return;
    unsigned char *bytes = file_read(path, &count);
    if (!NEED(bytes)) return;
    bytes[count < 48 ? 0 : 44] ^= 1; /* in the superblock's checksum */
    CHECK(file_write(path, bytes, count));
    free(bytes);
    CHECK_STATUS(h5_open(path, &file), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "HDF5 says: ");
    struct h5_guard guard = h5_guard_begin();
    CHECK_STATUS(h5_fail(SHS_ERROR_FILE, "nothing was %s", "wrong"), SHS_ERROR_FILE);
    h5_guard_end(&guard);
    CHECK_TEXT(shs_message(), "nothing was wrong");
}
IN_FOLDER(the_innermost_reason_is_told_once)

/* The message that one of two failing calls leaves. */
static void fail_with(int which, char message[200])
{
    struct h5_guard guard = h5_guard_begin();
    CHECK_IS(which == 1 ? H5Sclose(-1) : H5Tget_size(-1) == 0 ? -1 : 0, <, 0);
    CHECK_STATUS(h5_fail(SHS_ERROR_FILE, "it failed"), SHS_ERROR_FILE);
    h5_guard_end(&guard);
    snprintf(message, 200, "%s", shs_message());
}

/* What fails later, while cleaning up, is a consequence. */
static void the_first_reason_is_kept_in_folder(void)
{
    char first[200], second[200];
    fail_with(1, first);
    fail_with(2, second);
    CHECK(strcmp(first, second) != 0);
    struct h5_guard guard = h5_guard_begin();
    CHECK(H5Sclose(-1) < 0);
    CHECK_EQ(H5Tget_size(-1), 0);
    CHECK_STATUS(h5_fail(SHS_ERROR_FILE, "it failed"), SHS_ERROR_FILE);
    h5_guard_end(&guard);
    CHECK_TEXT(shs_message(), first);
}
IN_FOLDER(the_first_reason_is_kept)

/* ---- memory */

/* Opens, reads and closes all, or stops at the first error. */
static shs_status use_file(void)
{
    struct h5_file *file;
    struct h5_array *field = NULL;
    shs_tensor shape;
    char *text = NULL;
    shs_status status = h5_open(path, &file);
    CHECK_EQ(file == NULL, status != SHS_OK);
    if (!status) status = h5_array_open(file, "b", 0, false, &field, &shape);
    if (!status) status = h5_read_text(file, "text", &text);
    core_free(&text);
    h5_array_close(&field);
    h5_close(&file);
    return status;
}

static shs_status make_sample_file(void)
{
    return write_sample_file() ? SHS_OK : SHS_ERROR_MEMORY;
}

/* With the n-th allocation failing, for every n. */
static long sweep(shs_status (*action)(void))
{
    for (long fail_at = 1;; fail_at++) {
        struct counted_memory counted;
        counted_begin(&counted, fail_at);
        shs_status status = action();
        bool failed = counted.failed != 0;
        CHECK_STATUS(status, failed ? SHS_ERROR_MEMORY : SHS_OK);
        CHECK_EQ(counted_end(&counted), 0);
        if (!failed || fail_at > 100) return fail_at;
    }
}

static void every_allocation_may_fail_in_folder(void)
{
    CHECK_IS(sweep(make_sample_file), >, 3);
    long runs = sweep(use_file);
    CHECK_IS(runs, >, 5);
    CHECK_IS(runs, <, 100);
}
IN_FOLDER(every_allocation_may_fail)

/* Values that need all bits of their type, which HDF5 1.14.5 writes and cannot read. */
static bool write_scaled(void)
{
    static const unsigned char values[] = {250, 3, 7, 255};
    const hsize_t extent = COUNT(values);
    hid_t space = H5Screate_simple(1, &extent, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Pset_chunk(list, 1, &extent);
    H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
    hid_t data = H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    bool done = H5Dwrite(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    return H5Fclose(file) >= 0 && done;
}

static void a_defect_of_hdf5_is_named_as_its_own_in_folder(void)
{
    unsigned char plain[4] = {0}, rows[4] = {0};
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor shape;
    if (!NEED(write_scaled())) return;
    struct h5_guard guard = h5_guard_begin();
    hid_t id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), data = H5Dopen2(id, "x", H5P_DEFAULT);
    bool works = H5Dread(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, plain) >= 0 &&
                 plain[0] == 250 && plain[3] == 255;
    H5Dclose(data);
    H5Fclose(id);
    CHECK_EQ(h5_reads_scale_offset(), works);
    h5_guard_end(&guard);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(h5_array_open(file, "x", 0, false, &field, &shape), SHS_OK)) {
        shs_status status = h5_read_rows(field, 0, 4, rows);
        CHECK_STATUS(status, works ? SHS_OK : SHS_ERROR_UNSUPPORTED);
        CHECK(works ? rows[0] == 250 && rows[3] == 255 : message_has("issue 5861"));
        h5_array_close(&field);
    }
    h5_close(&file);
}
IN_FOLDER(a_defect_of_hdf5_is_named_as_its_own)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(all_types_come_back),
        TEST(all_numbers_of_axes_come_back),
        TEST(a_single_number_comes_back),
        TEST(empty_tensors_come_back),
        TEST(several_fields_share_a_file),
        TEST(attributes_come_back),
        TEST(wrong_attributes_are_refused),
        TEST(files_hold_no_times),
        TEST(files_are_of_the_latest_format),
        TEST(all_byte_orders_and_layouts_are_read),
        TEST(halves_are_read_in_any_order),
        TEST(a_user_block_is_no_trouble),
        TEST(odd_numbers_are_refused),
        TEST(other_types_are_refused),
        TEST(shapes_without_an_array_are_refused),
        TEST(a_dataset_that_is_missing_is_named_with_the_others),
        TEST(a_file_without_datasets_is_no_trouble),
        TEST(files_that_are_not_whole_are_refused),
        TEST(missing_files_are_named),
        TEST(rows_out_of_range_are_refused),
        TEST(too_many_rows_cannot_be_written),
        TEST(another_shape_is_refused),
        TEST(damaged_chunks_are_found),
        TEST(datasets_are_listed_by_name),
        TEST(layouts_are_described),
        TEST(fields_are_stored_as_asked),
        TEST(sizes_are_described),
        TEST(hdf5_prints_nothing_and_is_left_as_it_was),
        TEST(the_innermost_reason_is_told_once),
        TEST(the_first_reason_is_kept),
        TEST(every_allocation_may_fail),
        TEST(a_defect_of_hdf5_is_named_as_its_own),
    };
    return harness_main("h5", tests, COUNT(tests), argc, argv);
}
