/* Errors of HDF5: the reason that is told, and its own printing, which stays off. */
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "h5_about.h"
#include "h5_file.h"
#include "h5_guard.h"
#include "h5_scene.h"
#include "h5_write.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_dataset_that_is_missing_is_named_with_the_others),
        TEST(a_file_without_datasets_is_no_trouble),
        TEST(files_that_are_not_whole_are_refused),
        TEST(missing_files_are_named),
        TEST(rows_out_of_range_are_refused),
        TEST(too_many_rows_cannot_be_written),
        TEST(another_shape_is_refused),
        TEST(damaged_chunks_are_found),
        TEST(hdf5_prints_nothing_and_is_left_as_it_was),
        TEST(the_innermost_reason_is_told_once),
        TEST(the_first_reason_is_kept),
    };
    return harness_main("h5_errors", tests, COUNT(tests), argc, argv);
}
