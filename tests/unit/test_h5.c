/* HDF5 files: written and read back, the same bytes for the same content, listed and described. */
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
#include "h5_scene.h"
#include "h5_write.h"
#include "judge.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

/* ---- written and read back */

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
        TEST(datasets_are_listed_by_name),
        TEST(layouts_are_described),
        TEST(fields_are_stored_as_asked),
        TEST(sizes_are_described),
        TEST(every_allocation_may_fail),
        TEST(a_defect_of_hdf5_is_named_as_its_own),
    };
    return harness_main("h5", tests, COUNT(tests), argc, argv);
}
