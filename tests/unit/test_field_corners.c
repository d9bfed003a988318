/* Fields at the corners of what HDF5 allows: cut short, linked, opened twice, with filters that
 * HDF5 lacks or gets wrong, sparse, never written, damaged and empty. */
#include <unistd.h>

#include "field_scene.h"

/* ---- Files of the matrix. */

static const struct kind plain = {
    {[TYPE] = 5, [AXES] = 1, [LAYOUT] = WHOLE_ROWS, [EDGES] = RAGGED}};

/* Makes a file of a kind; opens its dataset. */
static bool open_kind(const struct kind *kind, const char *name, struct h5_file **file,
                      struct data_field *field)
{
    sample.kind = *kind;
    if (!NEED(write_sample()) || !NEED_STATUS(h5_open(path, file), SHS_OK)) return false;
    if (NEED_STATUS(open_field(*file, path, name, field), SHS_OK)) return true;
    h5_close(file);
    return false;
}

static void a_file_cut_short_after_opening_is_an_error(void)
{
    struct kind kind = plain;
    unsigned char rows[10 * 5 * 8];
    struct h5_file *file;
    struct data_field field;
    kind.of[LAYOUT] = CONTIGUOUS;
    if (!open_kind(&kind, "data", &file, &field)) return;
    CHECK(field.direct != NULL);
    CHECK_EQ(truncate(path, 100), 0);
    CHECK_STATUS(data_field_read(&field, 20, 10, rows), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "rows 20 to 29");
    CHECK_HAS(shs_message(), path);
    close_field(&field, &file);
}

/* Addresses in the other file are none in this one. */
static void what_a_link_finds_in_another_file_is_read_through_hdf5(void)
{
    char linking[PATH_BYTES];
    struct h5_file *file;
    struct data_field field;
    for (unsigned layout = CONTIGUOUS; layout <= WHOLE_ROWS; layout++) {
        sample.kind = plain;
        sample.kind.of[LAYOUT] = layout;
        CHECK(write_sample());
        hid_t link = H5Fcreate(folder_path(folder, "link.h5", linking), H5F_ACC_TRUNC, H5P_DEFAULT,
                               H5P_DEFAULT);
        CHECK(H5Lcreate_external(path, "data", link, "far", H5P_DEFAULT, H5P_DEFAULT) >= 0);
        CHECK(H5Fclose(link) >= 0);
        if (!NEED_STATUS(h5_open(linking, &file), SHS_OK)) return;
        if (NEED_STATUS(open_field(file, linking, "far", &field), SHS_OK)) {
            if (CHECK(field.through)) CHECK_HAS(field.reason, "another file");
            check_rows(&field);
            data_field_close(&field);
        }
        h5_close(&file);
    }
}

/* Their chunks and buffers are the same to HDF5. */
static void a_dataset_may_be_open_twice(void)
{
    struct h5_file *file;
    struct data_field first, second;
    for (unsigned layout = CONTIGUOUS; layout <= EXTERNAL; layout++) {
        struct kind kind = plain;
        kind.of[LAYOUT] = layout;
        kind.of[GROWTH] = layout == LARGER ? FIRST_GROWS : FIXED;
        if (!open_kind(&kind, "data", &file, &first)) return;
        check_rows(&first);
        if (NEED_STATUS(open_field(file, path, "data", &second), SHS_OK)) {
            check_way(&second);
            check_rows(&second);
            check_rows(&first);
            data_field_close(&second);
        }
        data_field_close(&first);
        h5_close(&file);
    }
}

/* They are those that were written: HDF5 cannot tell. */
static void filters_that_hdf5_lacks_are_undone(void)
{
    struct h5_file *file;
    struct data_field field;
    for (unsigned i = 0; i < COUNT(pipelines); i++) {
        H5Z_filter_t filter = pipelines[i][0];
        if (filter < LZF) continue;
        sample.kind = plain;
        sample.kind.of[FILTERS] = i;
        CHECK(write_sample());
        if (CHECK(H5Zunregister(filter) >= 0)) CHECK_STATUS(h5_open(path, &file), SHS_OK);
        if (NEED_STATUS(open_field(file, path, "data", &field), SHS_OK)) {
            if (CHECK(field.direct) && CHECK(field.uncompared)) CHECK(!*field.reason);
            check_rows(&field);
            check_fetch(&field);
            data_field_close(&field);
        }
        h5_close(&file);
        CHECK(register_filters());
    }
}

/* ---- Files of one dataset of bytes. */

/* A dataset of bytes in a file of its own, after `edit` has been at its creation list. */
static bool make_bytes(hsize_t rows, hsize_t chunk, void (*edit)(hid_t list), hsize_t written)
{
    const hsize_t zero = 0;
    unsigned char *bytes = malloc(written + 1);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &rows, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk) H5Pset_chunk(list, 1, &chunk);
    if (edit) edit(list);
    hid_t data = H5Dcreate2(file, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    hid_t memory = H5Screate_simple(1, &written, NULL);
    bool done = data >= 0 && bytes;
    if (done && written) {
        memset(bytes, 0x77, written);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &zero, NULL, &written, NULL);
        done = H5Dwrite(data, H5T_STD_U8LE, memory, space, H5P_DEFAULT, bytes) >= 0;
    }
    free(bytes);
    H5Sclose(memory);
    if (data >= 0) H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    return H5Fclose(file) >= 0 && done;
}

static shs_status open_bytes(struct h5_file **file, struct data_field *field)
{
    shs_status status = h5_open(path, file);
    return status ? status : open_field(*file, path, "data", field);
}

static void a_dataset_of_few_chunks_takes_no_memory_for_all(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char row;
    CHECK(make_bytes(UINT64_C(1) << 40, 2, NULL, 5));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.through)) CHECK_HAS(field.reason, "mostly not written");
    if (CHECK_STATUS(data_field_read(&field, 4, 1, &row), SHS_OK)) CHECK_EQ(row, 0x77);
    if (CHECK_STATUS(data_field_read(&field, (UINT64_C(1) << 40) - 1, 1, &row), SHS_OK))
        CHECK_EQ(row, 0);
    close_field(&field, &file);
}

static void without_fill(hid_t list)
{
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER);
}

/* HDF5 leaves memory as it was where nothing was written and nothing is to be filled in. */
static void rows_that_were_never_written_are_an_error(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[100];
    for (hsize_t chunk = 0; chunk <= 10; chunk += 10)
        for (hsize_t written = 0; written <= 40 && !(written && !chunk); written += 40) {
            CHECK(make_bytes(100, chunk, without_fill, written));
            if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
            CHECK(field.through != NULL);
            CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_ERROR_FORMAT);
            CHECK_STATUS(data_field_read(&field, 99, 1, rows), SHS_ERROR_FORMAT);
            CHECK_HAS(shs_message(), "never written");
            CHECK_HAS(shs_message(), "data");
            CHECK_HAS(shs_message(), "99");
            for (hsize_t row = 0; row < written; row++)
                CHECK(data_field_read(&field, row, 1, rows) == SHS_OK && rows[0] == 0x77);
            close_field(&field, &file);
        }
    /* all written, and so read directly */
    CHECK(make_bytes(100, 10, without_fill, 100));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.direct) && CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK))
        CHECK_EQ(rows[99], 0x77);
    close_field(&field, &file);
}

static void deflated(hid_t list)
{
    H5Pset_deflate(list, 6);
}

/* Stores a chunk anew. */
static void store_chunk(hsize_t row, uint32_t mask, const void *bytes, size_t count)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "data", H5P_DEFAULT);
    CHECK(H5Dwrite_chunk(data, H5P_DEFAULT, mask, &row, count, bytes) >= 0);
    if (CHECK(H5Dclose(data) >= 0)) CHECK(H5Fclose(file) >= 0);
}

/* HDF5 hands out what its memory holds behind a chunk that is too short. */
static void a_chunk_without_all_its_bytes_is_an_error(void)
{
    /* ten bytes, as they are and by zlib, where a hundred are due */
    static const struct {
        uint32_t mask;
        size_t count;
        const char *bytes;
    } stored[] = {{1, 10, "0123456789"},
                  {0, 18,
                   "\x78\x9c\x33\x30\x34\x32\x36\x31\x35\x33\xb7\xb0\x04\x00"
                   "\x0a\xff\x02\x0e"}};
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[400];
    for (size_t i = 0; i < COUNT(stored); i++)
        for (hsize_t chunks = i ? 4 : 1; chunks <= 4; chunks += 3) {
            hsize_t bad = chunks > 1 ? 200 : 0;
            CHECK(make_bytes(100 * chunks, 100, deflated, 100 * chunks));
            store_chunk(bad, stored[i].mask, stored[i].bytes, stored[i].count);
            if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
            CHECK(field.direct != NULL);
            for (hsize_t row = 0; row < 100 * chunks; row++)
                CHECK_STATUS(data_field_read(&field, row, 1, rows),
                             row / 100 == bad / 100 ? SHS_ERROR_FORMAT : SHS_OK);
            CHECK_STATUS(data_field_read(&field, 0, 100 * chunks, rows), SHS_ERROR_FORMAT);
            close_field(&field, &file);
        }
}

#if IO_HAS_ZSTD
/* Bitshuffle as plug-ins were that did not know Zstandard: no error, but other bytes. */
static size_t outdated_filter(unsigned flags, size_t n_values, const unsigned *values, size_t bytes,
                              size_t *buffer_bytes, void **buffer)
{
    (void)flags, (void)n_values, (void)values, (void)buffer_bytes, (void)buffer;
    return bytes;
}

static void bitshuffled_by_zstd(hid_t list)
{
    H5Pset_filter(list, BITSHUFFLE, H5Z_FLAG_MANDATORY, BITSHUFFLE_VALUES,
                  (unsigned[]){0, 4, 1, 8, BITSHUFFLE_ZSTD});
}

/* What HDF5 reads through such a plug-in is wrong, and is not compared. */
static void an_outdated_plugin_is_not_asked(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char elements[100], stored[1000], rows[100];
    for (size_t i = 0; i < sizeof elements; i++)
        elements[i] = (unsigned char)(i * i % 23);
    size_t bytes = bitshuffle_encode(elements, sizeof elements, 1, 8, BITSHUFFLE_ZSTD, stored);
    CHECK(H5Zunregister(BITSHUFFLE) >= 0 && register_filter(BITSHUFFLE, outdated_filter));
    CHECK(make_bytes(100, 100, bitshuffled_by_zstd, 100));
    store_chunk(0, 0, stored, bytes);
    if (NEED_STATUS(open_bytes(&file, &field), SHS_OK)) {
        if (CHECK(field.direct)) CHECK(field.uncompared);
        if (CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK))
            CHECK_BYTES(rows, elements, sizeof rows);
        close_field(&field, &file);
    }
    CHECK(H5Zunregister(BITSHUFFLE) >= 0 && register_filters());
}
#endif

static void many_filters(hid_t list)
{
    for (int i = 0; i < IO_MAX_FILTERS + 1; i++)
        H5Pset_fletcher32(list);
}

static void more_filters_than_are_known_go_through_hdf5(void)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char rows[100];
    CHECK(make_bytes(100, 10, many_filters, 100));
    if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
    if (CHECK(field.through)) CHECK_HAS(field.reason, "9 filters");
    if (CHECK_STATUS(data_field_read(&field, 0, 100, rows), SHS_OK) && CHECK_EQ(rows[0], 0x77))
        CHECK_EQ(rows[99], 0x77);
    close_field(&field, &file);
}

static void a_field_may_have_no_rows(void)
{
    struct h5_file *file;
    struct data_field field;
    for (hsize_t chunk = 0; chunk < 2; chunk++) {
        hsize_t none = 0;
        hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &none, NULL);
        hid_t data = H5Dcreate2(id, "data", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
        if (CHECK_IS(data, >=, 0) && CHECK(H5Dclose(data) >= 0) && CHECK(H5Sclose(space) >= 0))
            CHECK(H5Pclose(list) >= 0);
        CHECK(H5Fclose(id) >= 0);
        if (!NEED_STATUS(open_bytes(&file, &field), SHS_OK)) return;
        if (CHECK_EQ(field.rows, 0) && CHECK(field.through)) CHECK_HAS(field.reason, "empty");
        close_field(&field, &file);
    }
}

/* Whether two bytes a row, four rows, from `address` on, can be opened in a file of ten bytes. */
static shs_status open_rows(uint64_t address, uint64_t rows)
{
    struct io_layout layout = {
        .axes = 2, .shape = {rows, 2}, .element_bytes = 1, .address = address};
    struct io_reader *reader = NULL;
    shs_status status = io_layout_measure(&layout);
    if (!status) status = io_reader_open(path, &layout, &reader);
    CHECK_EQ(reader == NULL, status != SHS_OK);
    io_reader_close(&reader);
    return status;
}

static void rows_beyond_the_file_are_refused(void)
{
    FILE *file = fopen(path, "wb");
    if (CHECK_EQ(fwrite("0123456789", 1, 10, file), 10)) CHECK_EQ(fclose(file), 0);
    CHECK_STATUS(open_rows(2, 4), SHS_OK);
    CHECK_STATUS(open_rows(3, 4), SHS_ERROR_FORMAT);
    CHECK_STATUS(open_rows(UINT64_MAX, 4), SHS_ERROR_FORMAT);
    CHECK_STATUS(open_rows(0, UINT64_MAX / 2), SHS_ERROR_FORMAT);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_file_cut_short_after_opening_is_an_error),
        TEST(what_a_link_finds_in_another_file_is_read_through_hdf5),
        TEST(a_dataset_may_be_open_twice),
        TEST(filters_that_hdf5_lacks_are_undone),
        TEST(a_dataset_of_few_chunks_takes_no_memory_for_all),
        TEST(rows_that_were_never_written_are_an_error),
        TEST(a_chunk_without_all_its_bytes_is_an_error),
#if IO_HAS_ZSTD
        TEST(an_outdated_plugin_is_not_asked),
#endif
        TEST(more_filters_than_are_known_go_through_hdf5),
        TEST(a_field_may_have_no_rows),
        TEST(rows_beyond_the_file_are_refused),
    };
    return field_main("field_corners", tests, COUNT(tests), argc, argv);
}
