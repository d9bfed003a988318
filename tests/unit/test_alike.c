/* Files with one sample each that differ in their elements only: HDF5 opens the first two, and
 * every sample is right. Files that differ in more are opened by HDF5, which tells what is wrong
 * with them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_dataset.h"
#include "sample_scene.h"

enum {
    FEW = 8,
    MANY = 80, /* more than are open at a time */
    ROWS = 6,
    COLUMNS = 5
};

static const struct h5_storage whole, chunks = {.chunk_rows = 4};

static uint16_t element(uint64_t file, size_t e)
{
    return (uint16_t)(file * 31 + e);
}

static char *path_of(size_t file, char path[PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%05d.h5", (int)file);
    return folder_path(folder, name, path);
}

static bool write_x(struct h5_writer *writer, size_t file, const struct h5_storage *storage)
{
    const shs_tensor x = {.type = SHS_U16, .axes = 2, .shape = {ROWS, COLUMNS}};
    uint16_t elements[ROWS * COLUMNS];
    for (size_t e = 0; e < COUNT(elements); e++)
        elements[e] = element(file, e);
    return !h5_create_array(writer, "x", &x, storage) && !h5_write_rows(writer, ROWS, elements);
}

static bool write_y(struct h5_writer *writer, size_t file, const struct h5_storage *storage)
{
    const shs_tensor y = {.type = SHS_I64, .axes = 1, .shape = {ROWS}};
    int64_t numbers[ROWS];
    for (size_t r = 0; r < ROWS; r++)
        numbers[r] = (int64_t)(file * 1000 + r);
    return !h5_create_array(writer, "y", &y, storage) && !h5_write_rows(writer, ROWS, numbers);
}

/* Writes a file of x and y, the one or the other first. The size is the same. */
static void write_one(size_t file, bool swapped, const struct h5_storage *storage)
{
    struct h5_writer *writer;
    char path[PATH_BYTES];
    if (!NEED_STATUS(h5_create(path_of(file, path), &writer), SHS_OK)) return;
    bool written = swapped ? write_y(writer, file, storage) && write_x(writer, file, storage)
                           : write_x(writer, file, storage) && write_y(writer, file, storage);
    CHECK(written);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
}

static void write_files(size_t count, const struct h5_storage *storage)
{
    for (size_t file = 0; file < count; file++)
        write_one(file, false, storage);
}

static bool is_right(const shs_batch *batch)
{
    const uint16_t *x = batch->field[0].data;
    const int64_t *y = batch->field[1].data;
    uint64_t file = batch->index[0];
    harness_where("file %llu", (ull)file);
    for (size_t e = 0; e < (size_t)ROWS * COLUMNS; e++)
        if (!CHECK_EQ(x[e], element(file, e))) return false;
    for (size_t r = 0; r < ROWS; r++)
        if (!CHECK_EQ(y[r], (int64_t)(file * 1000 + r))) return false;
    return true;
}

/* Reads the next samples, in the order of the files. */
static shs_status read_samples(struct reading *reading, uint64_t samples)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < samples && !status; i++) {
        status = shs_next(reading->loader, &batch);
        if (!status) status = shs_agree(reading->run);
        if (!status && CHECK_EQ(batch.rows, 1) && !is_right(&batch)) break;
    }
    harness_where(NULL);
    return status;
}

static bool open_files(struct reading *reading)
{
    const shs_loader_options options = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    return NEED_STATUS(open_data(reading, folder, "x, y", &one_a_file), SHS_OK) &&
           NEED_STATUS(shs_loader_open(reading->data, &options, &reading->loader), SHS_OK);
}

/* Reads all files once, and compares how many were found to be like the second. */
static void check_found(size_t count, uint64_t expected)
{
    struct reading reading;
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, count), SHS_OK);
        CHECK_EQ(reading.data->files.alike.found, expected);
    }
    close_data(&reading);
}

/* The first file is examined, the second is opened by HDF5. */
static void files_alike_in_folder(void)
{
    write_files(FEW, &whole);
    check_found(FEW, FEW - 2);
    write_files(FEW, &chunks);
    check_found(FEW, FEW - 2);
}
IN_FOLDER(files_alike)

static void files_that_are_opened_again_in_folder(void)
{
    struct reading reading;
    write_files(MANY, &whole);
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, 2 * MANY), SHS_OK);
        CHECK_EQ(reading.data->files.alike.found, MANY - 2 + MANY);
    }
    close_data(&reading);
}
IN_FOLDER(files_that_are_opened_again)

/* The arrays lie elsewhere in a file of the same size. */
static void a_file_with_other_places_in_folder(void)
{
    uint64_t bytes[2];
    char path[PATH_BYTES];
    write_files(FEW, &whole);
    CHECK_STATUS(io_size(path_of(3, path), &bytes[0]), SHS_OK);
    write_one(3, true, &whole);
    CHECK_STATUS(io_size(path_of(3, path), &bytes[1]), SHS_OK);
    CHECK_EQ(bytes[1], bytes[0]);
    check_found(FEW, FEW - 3);
}
IN_FOLDER(a_file_with_other_places)

static void files_that_are_not_alike_in_folder(void)
{
    struct reading reading;
    write_files(FEW, &whole);
    for (size_t file = 2; file < FEW; file++)
        write_one(file, true, &whole);
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, FEW), SHS_OK);
        CHECK_EQ(reading.data->files.alike.found, 0);
        CHECK(reading.data->files.alike.over);
    }
    close_data(&reading);
}
IN_FOLDER(files_that_are_not_alike)

static void change_byte(const char *path, off_t at)
{
    char byte = 0;
    int file = open(path, O_RDWR);
    CHECK(file >= 0 && pread(file, &byte, 1, at) == 1);
    byte ^= 1;
    CHECK(file >= 0 && pwrite(file, &byte, 1, at) == 1);
    close(file);
}

/* Reads up to the file, which is an error. */
static void check_refused(size_t file, shs_status expected, const char *words)
{
    struct reading reading;
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, file), SHS_OK);
        if (CHECK_STATUS(read_samples(&reading, 1), expected)) CHECK_HAS(shs_message(), words);
        CHECK_EQ(reading.data->files.alike.found, file - 2);
    }
    close_data(&reading);
}

/* The message names the file, and no index. */
static void a_file_that_is_unreadable_in_folder(void)
{
    char path[PATH_BYTES], target[PATH_BYTES];
    write_files(FEW, &whole);
    CHECK_EQ(remove(path_of(3, path)), 0);
    CHECK_EQ(symlink(folder_path(folder, "nothing", target), path), 0);
    check_refused(3, SHS_ERROR_FILE, "sample 3: cannot open ");
}
IN_FOLDER(a_file_that_is_unreadable)

static void a_file_that_is_damaged_in_folder(void)
{
    char path[PATH_BYTES];
    write_files(FEW, &whole);
    change_byte(path_of(4, path), 1);
    check_refused(4, SHS_ERROR_FORMAT, "00004.h5 as HDF5");
    write_one(4, false, &whole);
    CHECK_EQ(truncate(path_of(4, path), 200), 0);
    check_refused(4, SHS_ERROR_FORMAT, "it has 200 bytes of");
}
IN_FOLDER(a_file_that_is_damaged)

static void a_file_that_is_being_written_in_folder(void)
{
    char path[PATH_BYTES];
    write_files(FEW, &whole);
    int file = open(path_of(5, path), O_RDWR);
    if (NEED(file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0))
        check_refused(5, SHS_ERROR_FILE, "another program has it open for writing");
    close(file);
}
IN_FOLDER(a_file_that_is_being_written)

/* A file that was read, and in whose place another one stands, is a file that has changed. */
static void a_file_that_is_replaced_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES], other[PATH_BYTES];
    write_files(FEW, &whole);
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, FEW - 1), SHS_OK);
        CHECK_EQ(rename(path_of(FEW - 2, path), path_of(FEW - 3, other)), 0);
        CHECK_STATUS(read_samples(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "00005.h5 has changed");
    }
    close_data(&reading);
}
IN_FOLDER(a_file_that_is_replaced)

/* ---- Files whose arrays lie at the same places, and mean something else. */

/* Writes a file of two numbers that are packed by a factor. */
static void write_packed(size_t number, double factor)
{
    const hsize_t two = 2;
    const int16_t numbers[] = {3, (int16_t)number};
    char path[PATH_BYTES];
    hid_t file = H5Fcreate(path_of(number, path), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &two, NULL), one = H5Screate(H5S_SCALAR);
    hid_t data = H5Dcreate2(file, "x", H5T_STD_I16LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t attribute =
        H5Acreate2(data, "scale_factor", H5T_IEEE_F64LE, one, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    CHECK(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &factor) >= 0);
    H5Aclose(attribute);
    H5Dclose(data);
    H5Sclose(one);
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
}

/* File 4 differs from the others in an attribute of the same length. */
static float factor_of(uint64_t file)
{
    return file == 4 ? 0.25F : 0.5F;
}

static void read_packed(shs_loader *loader)
{
    shs_batch batch;
    float *x;
    if (!NEED_STATUS(shs_next(loader, &batch), SHS_OK)) return;
    uint64_t file = batch.index[0];
    if (!NEED_STATUS(shs_batch_f32(&batch, "x", 2, &x), SHS_OK)) return;
    harness_where("file %llu", (ull)file);
    CHECK(x[0] == 3 * factor_of(file));
    CHECK(x[1] == (float)file * factor_of(file));
    harness_where(NULL);
}

static void a_file_with_another_factor_in_folder(void)
{
    const shs_dataset_options packed = {.one_sample_a_file = true, .cf = true};
    const shs_loader_options options = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    struct reading reading;
    for (size_t file = 0; file < FEW; file++)
        write_packed(file, factor_of(file));
    if (NEED_STATUS(open_data(&reading, folder, "x", &packed), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        for (size_t file = 0; file < FEW; file++)
            read_packed(reading.loader);
        CHECK_EQ(reading.data->files.alike.found, FEW - 3);
    }
    close_data(&reading);
}
IN_FOLDER(a_file_with_another_factor)

/* Makes a folder of a file of arrays and a file that has links to them. */
static void write_linked(size_t number, char linking[PATH_BYTES])
{
    char name[32], path[PATH_BYTES], there[PATH_BYTES];
    write_one(number, false, &whole);
    snprintf(name, sizeof name, "%d", (int)number);
    if (!NEED(mkdir(folder_path(folder, name, there), 0777) == 0)) return;
    folder_path(there, "arrays.h5", linking);
    CHECK_EQ(rename(path_of(number, path), linking), 0);
    folder_path(there, "links.h5", linking);
    hid_t file = H5Fcreate(linking, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Lcreate_external("arrays.h5", "x", file, "x", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Lcreate_external("arrays.h5", "y", file, "y", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Fclose(file) >= 0);
}

/* All files of links have the same bytes, but each is beside arrays of its own. */
static void files_of_links_in_folder(void)
{
    const shs_loader_options options = {.batch = 1, .shuffle = SHS_SHUFFLE_NONE};
    struct reading reading;
    char path[PATH_BYTES], list[(PATH_BYTES + 1) * FEW] = "";
    size_t length = 0;
    for (size_t file = 0; file < FEW; file++) {
        write_linked(file, path);
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%s", file ? "," : "", path);
    }
    if (NEED_STATUS(open_data(&reading, list, "x, y", &one_a_file), SHS_OK) &&
        NEED_STATUS(shs_loader_open(reading.data, &options, &reading.loader), SHS_OK)) {
        CHECK_STATUS(read_samples(&reading, FEW), SHS_OK);
        CHECK_EQ(reading.data->files.alike.found, 0);
    }
    close_data(&reading);
}
IN_FOLDER(files_of_links)

/* Writes the bytes of a file into another one, which stays the same file. */
static void overwrite(const char *path, const char *with)
{
    unsigned char bytes[1 << 14];
    FILE *from = fopen(with, "rb"), *to = fopen(path, "r+b");
    if (NEED(from && to)) {
        size_t count = fread(bytes, 1, sizeof bytes, from);
        CHECK(count > 0 && count < sizeof bytes);
        CHECK_EQ(fwrite(bytes, 1, count, to), count);
    }
    if (from) fclose(from);
    if (to) fclose(to);
}

/* A file that was found to be like another one, and gets other places of the same size. */
static void a_file_that_changes_between_epochs_in_folder(void)
{
    struct reading reading;
    char path[PATH_BYTES], other[PATH_BYTES];
    write_files(FEW, &whole);
    if (open_files(&reading)) {
        CHECK_STATUS(read_samples(&reading, FEW), SHS_OK);
        CHECK_EQ(reading.data->files.alike.found, FEW - 2);
        write_one(FEW, true, &whole);
        overwrite(path_of(5, path), path_of(FEW, other));
        CHECK_STATUS(read_samples(&reading, 5), SHS_OK);
        CHECK_STATUS(read_samples(&reading, 1), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "its data lie at other places");
    }
    close_data(&reading);
}
IN_FOLDER(a_file_that_changes_between_epochs)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(files_alike),
        TEST(files_that_are_opened_again),
        TEST(a_file_with_other_places),
        TEST(files_that_are_not_alike),
        TEST(a_file_that_is_unreadable),
        TEST(a_file_that_is_damaged),
        TEST(a_file_that_is_being_written),
        TEST(a_file_that_is_replaced),
        TEST(a_file_with_another_factor),
        TEST(files_of_links),
        TEST(a_file_that_changes_between_epochs),
    };
    return harness_main("alike", tests, COUNT(tests), argc, argv);
}
