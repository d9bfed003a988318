/* Constant fields: every batch has one copy of them, whatever its rows are. Values of random shapes
 * are compared with h5py by tests/cli/parts.sh. */
#include <string.h>

#include "core_memory.h"
#include "hdf5_array.h"
#include "sample_scene.h"

enum {
    ROWS = 30,
    NUMBERS = 12
};

static const char fields[] = "c=k(constant, select=0[10 2:5]), x, all=k(constant)";

/* A file with rows "x", the numbers 0, 1, …, and an array "k" of other numbers. */
static void make_file(char path[PATH_BYTES], const char *name, uint32_t first)
{
    uint32_t row[ROWS], number[NUMBERS];
    for (uint32_t i = 0; i < ROWS; i++)
        row[i] = i;
    for (uint32_t i = 0; i < NUMBERS; i++)
        number[i] = first + i * i;
    folder_path(folder, name, path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(write_array(file, "x", ROWS, false, row));
    CHECK(write_array(file, "k", NUMBERS, false, number));
    CHECK(H5Fclose(file) >= 0);
}

static void check_constants(const shs_batch *batch)
{
    static const uint32_t all[NUMBERS] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121};
    static const uint32_t some[] = {100, 4, 9, 16};
    if (!CHECK_EQ(batch->fields, 3)) return;
    const shs_tensor *rows = &batch->field[0], *c = &batch->field[1], *k = &batch->field[2];
    CHECK(!strcmp(rows->name, "x") && !strcmp(c->name, "c") && !strcmp(k->name, "all"));
    CHECK_EQ(rows->shape[0], batch->rows);
    if (CHECK(c->axes == 1 && c->shape[0] == COUNT(some))) CHECK_BYTES(c->data, some, sizeof some);
    if (CHECK(k->axes == 1 && k->shape[0] == NUMBERS)) CHECK_BYTES(k->data, all, sizeof all);
}

static void read_epoch(const char *path, const shs_loader_options *options)
{
    struct reading reading;
    shs_batch batch;
    uint64_t rows = 0;
    if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return;
    CHECK_EQ(shs_dataset_fields(reading.data), 3);
    CHECK(!shs_dataset_is_constant(reading.data, 0) && shs_dataset_is_constant(reading.data, 2));
    CHECK(!shs_dataset_is_constant(reading.data, 3));
    if (NEED_STATUS(shs_loader_open(reading.data, options, &reading.loader), SHS_OK))
        while (shs_next(reading.loader, &batch) == SHS_OK) {
            check_constants(&batch);
            for (size_t part = 0; part < batch.parts; part++)
                check_constants(&batch.part[part]);
            memset(batch.field[1].data, 7, 16); /* a program may change a batch */
            rows += batch.rows;
            CHECK_STATUS(shs_agree(reading.run), SHS_OK);
        }
    CHECK_EQ(rows, 2 * ROWS);
    close_data(&reading);
}

static void batches_have_one_copy_in_folder(void)
{
    static const shs_loader_options loaders[] = {
        {.batch = 7, .epochs = 1},
        {.batch = 64, .epochs = 1, .threads = 2, .ahead = 3},
        {.batch = 4, .epochs = 1, .step_batches = true},
        {.batch = 4, .epochs = 1, .shuffle = SHS_SHUFFLE_BLOCKS, .augment = "x: cast(type=f32)"}};
    char path[PATH_BYTES], other[PATH_BYTES], both[2 * PATH_BYTES];
    make_file(path, "a.h5", 0);
    make_file(other, "b.h5", 0);
    snprintf(both, sizeof both, "%s,%s", path, other);
    for (size_t i = 0; i < COUNT(loaders); i++)
        read_epoch(both, &loaders[i]);
}
IN_FOLDER(batches_have_one_copy)

static void constants_are_no_rows_in_folder(void)
{
    char path[PATH_BYTES], other[PATH_BYTES], both[2 * PATH_BYTES];
    struct reading reading;
    shs_rows rows;
    char *fingerprint = NULL;
    make_file(path, "a.h5", 0);
    make_file(other, "b.h5", 5);
    snprintf(both, sizeof both, "%s,%s", path, other);
    refuse_data(both, fields, NULL, SHS_ERROR_FORMAT, "b.h5: constant field c has other values",
                "leave this file out, or give the field as rows");
    refuse_data(path, "k(constant)", NULL, SHS_ERROR_ARGUMENT, "all fields are constant", "");
    refuse_data(path, "x, k(constant, window=2)", NULL, SHS_ERROR_ARGUMENT, "has no rows", "");
    refuse_data(path, "x, k(constant=1)", NULL, SHS_ERROR_ARGUMENT, "constant stands alone", "");
    refuse_data(path, "x, k(window)", NULL, SHS_ERROR_ARGUMENT, "key=value", "");
    refuse_data(path, "x, x=k(constant)", NULL, SHS_ERROR_ARGUMENT, "field x is given twice", "");
    refuse_data(path, "x, k(constant, crop=0[3:13])", NULL, SHS_ERROR_ARGUMENT,
                "dataset k: crop: axis 0: '3:13' is outside the axis", "length of 12");
    if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return;
    CHECK_STATUS(shs_locate_rows(reading.data, 3, 2, &rows), SHS_OK);
    CHECK(!strcmp(rows.dataset, "k") && rows.first == 0 && rows.count == NUMBERS);
    const shs_loader_options turned = {.augment = "all: random_flip(axis=w)"}, plain = {.batch = 3};
    CHECK_STATUS(shs_loader_open(reading.data, &turned, &reading.loader), SHS_ERROR_ARGUMENT);
    CHECK_HAS(shs_message(), "field all is constant");
    if (CHECK_STATUS(shs_loader_open(reading.data, &plain, &reading.loader), SHS_OK) &&
        CHECK_STATUS(load_fingerprint(reading.loader, &fingerprint), SHS_OK))
        CHECK_HAS(fingerprint, "field c = u32 4\nrows of c = k(constant, select=0[10 2:5])\n");
    core_free(&fingerprint);
    close_data(&reading);
}
IN_FOLDER(constants_are_no_rows)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(batches_have_one_copy),
                                                TEST(constants_are_no_rows)};
    return harness_main("constant", tests, COUNT(tests), argc, argv);
}
