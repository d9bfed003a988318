/* Files whose rows are not what they seem to be: those that HDF5 reads count, also in a file that
 * is closed for others and opened again, among rows and with one sample a file. A filter of LZF's
 * number that is not quite LZF plays the misunderstanding. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "data_field.h"
#include "shardstep/context.h"
#include "shardstep/loader.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    LZF = 32000,
    FILES = 70, /* more than can be open */
    ROWS = 6,
    CHUNK_ROWS = 3,
    COLUMNS = 8,
    CHUNK_BYTES = CHUNK_ROWS * COLUMNS /* at most 32, LZF's longest run of plain bytes */
};

static char folder[PATH_BYTES];

/* To LZF a chunk is its bytes as they are; here they are the complement. */
static size_t not_quite_lzf(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                            size_t *buffer_bytes, void **buffer)
{
    bool reverse = flags & H5Z_FLAG_REVERSE;
    size_t size = reverse ? bytes - 1 : bytes + 1;
    unsigned char *to = malloc(size), *from = *buffer;
    (void)n_values, (void)values;
    if (!to) return 0;
    if (!reverse) to[0] = (unsigned char)(bytes - 1);
    for (size_t i = 0; i < (reverse ? size : bytes); i++)
        to[i + !reverse] = (unsigned char)~from[i + reverse];
    free(from);
    *buffer = to;
    return *buffer_bytes = size;
}

static unsigned char element(uint64_t row, uint64_t column)
{
    return (unsigned char)(row * 7 + column);
}

/* Rows [first, first + ROWS). */
static void write_file(const char *path, uint64_t first, bool misread)
{
    const hsize_t shape[2] = {ROWS, COLUMNS}, chunk[2] = {CHUNK_ROWS, COLUMNS};
    const unsigned values[] = {4, 0x105, CHUNK_BYTES};
    unsigned char bytes[ROWS * COLUMNS];
    for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
        bytes[i] = element(first + i / COLUMNS, i % COLUMNS);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    if (misread) CHECK(H5Pset_filter(list, LZF, 0, COUNT(values), values) >= 0);
    hid_t data = H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
}

static char *path_of(size_t number, char path[PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%03d.h5", (int)number);
    return folder_path(folder, name, path);
}

/* Every `each`th file is one that is misread. */
static void write_files(size_t each)
{
    char path[PATH_BYTES];
    for (size_t i = 0; i < FILES; i++)
        write_file(path_of(i, path), i * ROWS, i % each == 0);
}

static bool row_is_right(const shs_batch *batch, bool whole)
{
    const unsigned char *bytes = batch->field[0].data;
    uint64_t rows = whole ? ROWS : 1, first = batch->index[0] * rows;
    if (batch->rows != 1) return false;
    for (uint64_t i = 0; i < rows * COLUMNS; i++)
        if (bytes[i] != element(first + i / COLUMNS, i % COLUMNS)) return false;
    return true;
}

/* Two epochs in file order, of which the second opens each file again. */
static void check_epochs(bool whole)
{
    const shs_dataset_options options = {.one_sample_a_file = whole};
    const shs_loader_options loading = {.batch = 1, .epochs = 2, .shuffle = SHS_SHUFFLE_NONE};
    shs_run *run = NULL;
    shs_dataset *data = NULL;
    shs_loader *loader = NULL;
    shs_batch batch;
    uint64_t right = 0;
    if (NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, NULL, &run), SHS_OK) &&
        NEED_STATUS(shs_dataset_open(run, folder, "x", &options, &data), SHS_OK) &&
        NEED_STATUS(shs_loader_open(data, &loading, &loader), SHS_OK))
        while (shs_next(loader, &batch) == SHS_OK)
            right += row_is_right(&batch, whole);
    CHECK_EQ(right, 2 * FILES * (whole ? 1 : ROWS));
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    shs_close(&run);
}

/* Without LZF here the field is one of an unknown filter, and nothing is shown. */
static void such_a_field_is_read_through_hdf5(void)
{
    char path[PATH_BYTES];
    struct h5_file *file;
    struct data_field field;
    write_file(path_of(0, path), 0, true);
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(data_field_open(file, path, "x", &(struct data_field_how){0}, &field),
                    SHS_OK)) {
        if (CHECK(field.through)) CHECK(!field.direct);
        CHECK(field.differs || strstr(field.reason, "filter") != NULL);
        CHECK(!field.differs || strstr(field.reason, "not where HDF5 reads it") != NULL);
        data_field_close(&field);
    }
    h5_close(&file);
}

static void all_files_may_be_misread(void)
{
    write_files(1);
    check_epochs(false);
    check_epochs(true);
}

/* A good one before it says nothing of another, of rows. */
static void some_files_may_be_misread(void)
{
    write_files(3);
    check_epochs(false);
}

int main(int argc, char **argv)
{
    static const H5Z_class2_t filter = {.version = H5Z_CLASS_T_VERS,
                                        .id = LZF,
                                        .encoder_present = 1,
                                        .decoder_present = 1,
                                        .name = "not quite LZF",
                                        .filter = not_quite_lzf};
    static const struct harness_test tests[] = {
        TEST(such_a_field_is_read_through_hdf5),
        TEST(all_files_may_be_misread),
        TEST(some_files_may_be_misread),
    };
    if (H5Zregister(&filter) < 0 || !folder_make(folder)) return 2;
    int code = harness_main("misread", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
