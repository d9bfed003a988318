/* HDF5 files as others write them, and what is no array of plain numbers. */
#include <hdf5.h>
#include <stdint.h>
#include <string.h>

#include "counted_memory.h"
#include "h5_about.h"
#include "h5_file.h"
#include "h5_scene.h"
#include "message.h"
#include "unit.h"

/* ---- files as others write them */

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
    H5Tset_ebias(bfloat, 126);
    check_odd_type(bfloat, "float of another format");
    hid_t byte = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(byte, 7, 3, 4, 0, 3);
    H5Tset_size(byte, 1);
    H5Tset_ebias(byte, 7);
    check_odd_type(byte, "8-bit float e4m3");
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
    check_odd_type(H5Tcopy(H5T_STD_B16LE), "bit field");
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(all_byte_orders_and_layouts_are_read),
        TEST(halves_are_read_in_any_order),
        TEST(a_user_block_is_no_trouble),
        TEST(odd_numbers_are_refused),
        TEST(other_types_are_refused),
        TEST(shapes_without_an_array_are_refused),
    };
    return harness_main("h5_others", tests, COUNT(tests), argc, argv);
}
