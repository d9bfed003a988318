/* Packed numbers: the arithmetic of each type, and what a dataset that unpacks them is. The sweep
 * over files is tests/cli/packing.sh. */
#include <math.h>
#include <utime.h>

#include "core_memory.h"
#include "data_cf.h"
#include "sample_scene.h"

/* ---- The arithmetic. */

static struct h5_attribute whole(int64_t value)
{
    return (struct h5_attribute){
        .kind = H5_WHOLE, .count = 1, .whole = {value}, .number = {(double)value}};
}

static struct h5_attribute real(double value)
{
    return (struct h5_attribute){.kind = H5_REAL, .count = 1, .number = {value}};
}

/* Stores a number of a type, which holds it, at an address of any alignment. */
static void store(shs_type type, int number, unsigned char *to)
{
#define STORE(C, value)                                                                            \
    {                                                                                              \
        C element = (C)(value);                                                                    \
        memcpy(to, &element, sizeof element);                                                      \
    }                                                                                              \
    break
    static const uint16_t halves[] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700};
    switch (type) {
    case SHS_U8:
        STORE(uint8_t, number);
    case SHS_U16:
        STORE(uint16_t, number);
    case SHS_U32:
        STORE(uint32_t, number);
    case SHS_U64:
        STORE(uint64_t, number);
    case SHS_I8:
        STORE(int8_t, number);
    case SHS_I16:
        STORE(int16_t, number);
    case SHS_I32:
        STORE(int32_t, number);
    case SHS_I64:
        STORE(int64_t, number);
    case SHS_F16:
        STORE(uint16_t, halves[number]);
    case SHS_F32:
        STORE(float, number);
    case SHS_F64:
        STORE(double, number);
    }
}

/* The bits of a value, as the words of data_cf.h say them. */
static uint32_t bits_of(int number)
{
    bool missing = number == 3 || number == 5 || number < 1 || number > 6;
    float value = (float)((double)number * 0.1 + 273.15);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return missing ? UINT32_C(0x7fc00000) : bits;
}

static void numbers_of_every_type(void)
{
    enum {
        NUMBERS = 3001 /* more than a block */
    };
    static unsigned char stored[8 * NUMBERS + 1];
    static float values[NUMBERS];
    struct h5_packing packing = {0};
    packing.attribute[H5_SCALE_FACTOR] = real(0.1);
    packing.attribute[H5_ADD_OFFSET] = real(273.15);
    packing.attribute[H5_FILL_VALUE] = whole(3);
    packing.attribute[H5_MISSING_VALUE] = real(5);
    packing.attribute[H5_VALID_MIN] = whole(1);
    packing.attribute[H5_VALID_MAX] = whole(6);
    for (shs_type type = SHS_U8; type <= SHS_F64; type++) {
        struct data_cf *unpack;
        if (!NEED_STATUS(data_cf_new(&packing, type, &unpack), SHS_OK)) continue;
        for (size_t shift = 0; shift < 2; shift++) {
            size_t wrong = 0;
            for (int i = 0; i < NUMBERS; i++)
                store(type, i * i % 8, stored + shift + (size_t)i * shs_type_size(type));
            data_cf_values(unpack, stored + shift, NUMBERS, values);
            for (int i = 0; i < NUMBERS; i++) {
                uint32_t bits, expected = bits_of(i * i % 8);
                memcpy(&bits, &values[i], sizeof bits);
                wrong += bits != expected;
            }
            CHECK_EQ(wrong, 0);
        }
        core_free(&unpack);
    }
}

/* ---- Datasets. */

static const shs_dataset_options cf = {.cf = true};

static void write_packed(const char *path, double scale)
{
    const hsize_t rows[] = {6, 2};
    const int16_t numbers[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, rows, NULL), one = H5Screate(H5S_SCALAR);
    hid_t data = H5Dcreate2(file, "t", H5T_STD_I16LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t attribute =
        H5Acreate2(data, "scale_factor", H5T_IEEE_F64LE, one, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    CHECK(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &scale) >= 0);
    H5Aclose(attribute);
    H5Dclose(data);
    H5Sclose(one);
    H5Sclose(space);
    H5Fclose(file);
}

static char *fingerprint_of(const char *path, const shs_dataset_options *options)
{
    struct reading reading;
    char *text = NULL;
    if (NEED_STATUS(open_data(&reading, path, "t", options), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, NULL, &reading.loader), SHS_OK))
        CHECK_STATUS(load_fingerprint(reading.loader, &text), SHS_OK);
    close_data(&reading);
    return text;
}

/* The fingerprint has a line for the option, and none without it. */
static void a_checkpoint_is_of_unpacked_numbers_in_folder(void)
{
    char path[PATH_BYTES];
    bool other_batch;
    write_packed(folder_path(folder, "a.h5", path), 0.5);
    char *plain = fingerprint_of(path, NULL), *unpacked = fingerprint_of(path, &cf);
    if (NEED(plain && unpacked)) {
        CHECK_HAS(plain, "\nfield t = i16 2\n");
        CHECK(!strstr(plain, "cf = "));
        CHECK_HAS(unpacked, "\ncf = yes\nfield t = f32 2\n");
        CHECK_STATUS(load_fingerprint_check(unpacked, plain, false, &other_batch),
                     SHS_ERROR_MISMATCH);
        CHECK_HAS(shs_message(),
                  "it has «cf = yes», this run has nothing of the kind; set it back");
    }
    core_free(&plain);
    core_free(&unpacked);
}
IN_FOLDER(a_checkpoint_is_of_unpacked_numbers)

static float first_number(struct reading *reading)
{
    shs_batch batch;
    if (!CHECK_STATUS(shs_next(reading->loader, &batch), SHS_OK)) return NAN;
    return ((const float *)batch.field[0].data)[1];
}

/* A file with another scale has changed, though it has the same size and stores the same numbers.
 */
static void a_scale_that_changes_in_folder(void)
{
    char path[PATH_BYTES];
    const shs_loader_options in_order = {.batch = 6, .shuffle = SHS_SHUFFLE_NONE, .epochs = 2};
    folder_path(folder, "a.h5", path);
    for (int unpacks = 0; unpacks < 2; unpacks++) {
        struct reading reading;
        write_packed(path, 0.5);
        if (NEED_STATUS(open_data(&reading, path, "t", unpacks ? &cf : NULL), SHS_OK) &&
            NEED_STATUS(shs_loader_open(reading.data, &in_order, &reading.loader), SHS_OK)) {
            float number = first_number(&reading);
            if (unpacks) CHECK(number == 0.5f);
            write_packed(path, 0.25);
            CHECK_EQ(utime(path, &(struct utimbuf){1000, 1000}), 0);
            shs_batch batch;
            shs_status status = shs_next(reading.loader, &batch);
            if (!status) status = shs_agree(reading.run);
            CHECK_STATUS(status, SHS_ERROR_FILE);
            CHECK_HAS(shs_message(), "a.h5 has changed since it was opened: ");
            CHECK_HAS(shs_message(), unpacks ? "it has the same size, but other content"
                                             : "dataset t has other attributes");
        }
        close_data(&reading);
    }
}
IN_FOLDER(a_scale_that_changes)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(numbers_of_every_type),
                                                TEST(a_checkpoint_is_of_unpacked_numbers),
                                                TEST(a_scale_that_changes)};
    return harness_main("packing", tests, COUNT(tests), argc, argv);
}
