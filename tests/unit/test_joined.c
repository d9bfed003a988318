/* Windows that continue in the next file: of more files than can be open, after a file is touched,
 * and after it has changed. Values of random geometries are compared with h5py by
 * tests/cli/parts.sh. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "hdf5_array.h"
#include "sample_scene.h"

enum {
    FILES = 90, /* more than are open at a time */
    WINDOW = 4
};

static uint64_t rows_of(size_t file)
{
    return file % 4;
}

/* File f has f mod 4 rows, from none to 3; the rows of all files count up. */
static void write_count(size_t file, uint64_t rows, uint64_t first)
{
    char path[PATH_BYTES], name[24];
    uint32_t numbers[8];
    for (uint64_t r = 0; r < rows; r++)
        numbers[r] = (uint32_t)(first + r);
    snprintf(name, sizeof name, "%03zu.h5", file);
    hid_t made =
        H5Fcreate(folder_path(folder, name, path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(write_array(made, "x", rows, false, numbers));
    CHECK(H5Fclose(made) >= 0);
}

static uint64_t write_all(void)
{
    uint64_t rows = 0;
    for (size_t f = 0; f < FILES; f++) {
        write_count(f, rows_of(f), rows);
        rows += rows_of(f);
    }
    return rows;
}

/* Every sample of an epoch counts on from its own number. */
static void check_epoch(struct reading *reading, uint64_t samples)
{
    shs_batch batch;
    uint64_t seen = 0;
    while (seen < samples && CHECK_STATUS(shs_next(reading->loader, &batch), SHS_OK))
        for (uint64_t slot = 0; slot < batch.rows; slot++, seen++)
            for (uint64_t k = 0; k < WINDOW; k++)
                CHECK_EQ(((const uint32_t *)batch.field[0].data)[slot * WINDOW + k],
                         batch.index[slot] + k);
}

/* Each sample begins where the file and the row are that its first number tells. */
static void check_places(const struct reading *reading, uint64_t samples)
{
    uint64_t sample = 0;
    for (size_t f = 0; f < FILES; f++)
        for (uint64_t row = 0; row < rows_of(f) && sample < samples; row++, sample++) {
            shs_location at;
            shs_rows rows;
            CHECK_STATUS(shs_locate(reading->data, sample, &at), SHS_OK);
            CHECK_EQ(at.file, f);
            CHECK_EQ(at.row, row);
            CHECK_STATUS(shs_locate_rows(reading->data, sample, 0, &rows), SHS_OK);
            CHECK_EQ(rows.file, f);
            CHECK_EQ(rows.first, row);
            CHECK_EQ(rows.count, WINDOW);
        }
    CHECK_EQ(sample, samples);
}

static void windows_continue_in_the_next_file_in_folder(void)
{
    struct reading reading;
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    char path[PATH_BYTES];
    uint64_t samples = write_all() - WINDOW + 1;
    const shs_loader_options options = {.batch = 7};
    if (!NEED_STATUS(open_data(&reading, folder, "x(window=4, series)", NULL), SHS_OK)) return;
    CHECK_EQ(shs_dataset_samples(reading.data), samples);
    check_places(&reading, samples);
    if (NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        check_epoch(&reading, samples);
        folder_path(folder, "002.h5", path);
        CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
        check_epoch(&reading, samples);
    }
    close_data(&reading);
}
IN_FOLDER(windows_continue_in_the_next_file)

/* The same bytes of HDF5's structures, with a row less. */
static void a_file_of_other_rows_is_refused_in_folder(void)
{
    struct reading reading;
    shs_batch batch;
    shs_status status = SHS_OK;
    write_all();
    const shs_loader_options options = {.batch = 50};
    if (!NEED_STATUS(open_data(&reading, folder, "x(window=4, series)", NULL), SHS_OK)) return;
    if (NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        write_count(3, 2, 3);
        for (int i = 0; i < 8 && !status; i++)
            status = shs_next(reading.loader, &batch);
        CHECK_EQ(status, SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "003.h5");
    }
    close_data(&reading);
}
IN_FOLDER(a_file_of_other_rows_is_refused)

static void fields_have_as_many_rows_in_each_file_in_folder(void)
{
    char path[PATH_BYTES];
    uint32_t numbers[8] = {0};
    hid_t made =
        H5Fcreate(folder_path(folder, "a.h5", path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(write_array(made, "x", 8, false, numbers) && write_array(made, "y", 7, false, numbers));
    CHECK(H5Fclose(made) >= 0);
    refuse_data(path, "x(window=2, series), y(window=1, series)", NULL, SHS_ERROR_FORMAT,
                "field x has 8 rows but field y has 7",
                "windows that continue in the next file need as many rows of each field");
    refuse_data(path, "x(window=9, series)", NULL, SHS_ERROR_ARGUMENT,
                "no series of files has the rows of one window", "all files together have 8");
}
IN_FOLDER(fields_have_as_many_rows_in_each_file)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(windows_continue_in_the_next_file),
                                                TEST(a_file_of_other_rows_is_refused),
                                                TEST(fields_have_as_many_rows_in_each_file)};
    return harness_main("joined", tests, COUNT(tests), argc, argv);
}
