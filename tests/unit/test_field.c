/* Fields in every layout that can be read directly and some that cannot: the rows are those that
 * H5Dread gives in this test, and the way chosen is the one that the file allows. */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "run_field.h"

enum {
    ROWS = 37,
    COLUMNS = 5,
    MOST_BYTES = 8
};

static char folder[] = "/tmp/shardstep-field-XXXXXX";
static char path[64];

enum layout {
    CONTIGUOUS,
    CHUNKED,
    COMPACT,
    EXTERNAL,
    N_LAYOUTS
};

/* One file of the matrix. */
struct kind {
    hid_t stored; /* borrowed */
    enum layout layout;
    hsize_t user_block;
    bool latest;  /* file format */
    bool written; /* false: nothing but fill values */
};

static hid_t create_file(const struct kind *kind)
{
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(creation, kind->user_block);
    if (kind->latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    return file;
}

static hid_t layout_of(const struct kind *kind)
{
    const hsize_t chunk[2] = {8, COLUMNS};
    char name[96];
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    snprintf(name, sizeof name, "%s.raw", path);
    if (kind->layout == CHUNKED) H5Pset_chunk(list, 2, chunk);
    if (kind->layout == COMPACT) H5Pset_layout(list, H5D_COMPACT);
    if (kind->layout == EXTERNAL) H5Pset_external(list, name, 0, H5F_UNLIMITED);
    return list;
}

/* Bytes that look like nothing in particular, as elements of the stored type itself. */
static void write_file(const struct kind *kind)
{
    const hsize_t extent[2] = {ROWS, COLUMNS};
    unsigned char bytes[ROWS * COLUMNS * MOST_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 151 + i / 7);
    hid_t file = create_file(kind), space = H5Screate_simple(2, extent, NULL);
    hid_t list = layout_of(kind);
    hid_t data = H5Dcreate2(file, "data", kind->stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(data >= 0);
    if (kind->written)
        CHECK(H5Dwrite(data, kind->stored, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(list);
    CHECK(H5Fclose(file) >= 0);
}

/* What HDF5 reads, in the machine's types. */
static void read_all(void *to)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "data", H5P_DEFAULT), stored = H5Dget_type(data);
    hid_t native = H5Tget_native_type(stored, H5T_DIR_ASCEND);
    CHECK(H5Dread(data, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0);
    H5Tclose(native);
    H5Tclose(stored);
    H5Dclose(data);
    H5Fclose(file);
}

static bool may_be_direct(const struct kind *kind)
{
    return kind->layout == CHUNKED || (kind->layout == CONTIGUOUS && kind->written);
}

/* Every run of rows from every row on, against HDF5. */
static void compare_rows(struct run_field *field, const unsigned char *expected)
{
    static unsigned char rows[ROWS * COLUMNS * MOST_BYTES];
    size_t wrong = 0;
    for (uint64_t first = 0; first < ROWS; first++)
        for (uint64_t count = 1; first + count <= ROWS; count++) {
            size_t bytes = (size_t)count * field->row_bytes;
            memset(rows, 0xEE, sizeof rows);
            wrong += run_field_read(field, first, count, rows) != SHS_OK;
            wrong += memcmp(rows, expected + first * field->row_bytes, bytes) != 0;
            wrong += bytes < sizeof rows && rows[bytes] != 0xEE;
        }
    CHECK(wrong == 0);
}

static void check_kind(const struct kind *kind)
{
    static unsigned char expected[ROWS * COLUMNS * MOST_BYTES];
    struct h5_file *file;
    struct run_field field;
    write_file(kind);
    read_all(expected);
    if (!NEED(h5_open(path, &file) == SHS_OK)) return;
    if (NEED(run_field_open(file, path, "data", 0, &field) == SHS_OK)) {
        CHECK((field.direct != NULL) == may_be_direct(kind));
        CHECK((*field.reason == 0) == (field.direct != NULL));
        CHECK(field.rows == ROWS && field.row_bytes == COLUMNS * H5Tget_size(kind->stored));
        compare_rows(&field, expected);
        run_field_close(&field);
    }
    h5_close(&file);
}

static void rows_are_those_of_hdf5(void)
{
    const hid_t types[] = {H5T_STD_U8LE,   H5T_STD_I8BE,   H5T_STD_U16LE,  H5T_STD_U16BE,
                           H5T_STD_I32LE,  H5T_STD_I32BE,  H5T_STD_U64LE,  H5T_STD_I64BE,
                           H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    struct kind kind;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (int layout = 0; layout < N_LAYOUTS; layout++)
            for (int variant = 0; variant < 8; variant++) {
                kind = (struct kind){.stored = types[t],
                                     .layout = (enum layout)layout,
                                     .user_block = variant & 1 ? 4096 : 0,
                                     .latest = variant & 2,
                                     .written = !(variant & 4)};
                /* a file that is not there is no short one */
                if (layout == EXTERNAL && !kind.written) continue;
                check_kind(&kind);
            }
}

static void a_file_cut_short_after_opening_is_an_error(void)
{
    const struct kind kind = {H5T_STD_U16BE, CONTIGUOUS, 0, true, true};
    unsigned char rows[ROWS * COLUMNS * MOST_BYTES];
    struct h5_file *file;
    struct run_field field;
    write_file(&kind);
    if (!NEED(h5_open(path, &file) == SHS_OK)) return;
    if (NEED(run_field_open(file, path, "data", 0, &field) == SHS_OK)) {
        CHECK(field.direct != NULL);
        CHECK(truncate(path, 100) == 0);
        CHECK(run_field_read(&field, 20, 10, rows) == SHS_ERROR_FILE);
        CHECK(strstr(shs_message(), "rows 20 to 29") != NULL);
        CHECK(strstr(shs_message(), path) != NULL);
        run_field_close(&field);
    }
    h5_close(&file);
}

/* Whether two bytes a row, four rows, from `address` on, can be opened in a file of ten bytes. */
static shs_status open_rows(uint64_t address, uint64_t rows)
{
    struct io_layout layout = {
        .axes = 2, .shape = {rows, 2}, .element_bytes = 1, .address = address};
    struct io_reader *reader = NULL;
    shs_status status = io_layout_measure(&layout);
    if (!status) status = io_reader_open(path, &layout, &reader);
    CHECK((reader == NULL) == (status != SHS_OK));
    io_reader_close(&reader);
    return status;
}

static void rows_beyond_the_file_are_refused(void)
{
    FILE *file = fopen(path, "wb");
    CHECK(fwrite("0123456789", 1, 10, file) == 10 && fclose(file) == 0);
    CHECK(open_rows(2, 4) == SHS_OK);
    CHECK(open_rows(3, 4) == SHS_ERROR_FORMAT);
    CHECK(open_rows(UINT64_MAX, 4) == SHS_ERROR_FORMAT);
    CHECK(open_rows(0, UINT64_MAX / 2) == SHS_ERROR_FORMAT);
}

int main(void)
{
    static const struct harness_test tests[] = {
        {"rows are those of HDF5", rows_are_those_of_hdf5},
        {"a file cut short after opening is an error", a_file_cut_short_after_opening_is_an_error},
        {"rows beyond the file are refused", rows_beyond_the_file_are_refused},
    };
    if (!mkdtemp(folder)) return 2;
    snprintf(path, sizeof path, "%s/field.h5", folder);
    int code = harness_run("field", tests, sizeof tests / sizeof *tests);
    char raw[96];
    snprintf(raw, sizeof raw, "%s.raw", path);
    unlink(raw);
    unlink(path);
    rmdir(folder);
    return code;
}
