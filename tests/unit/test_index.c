/* Indexes of chunks that are damaged: an error that says so, and no read through them by HDF5,
 * which takes what it finds there for addresses. Sound ones of any kind and size are none. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "data_field.h"
#include "message.h"
#include "metadata_checksum.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    COLUMNS = 4,
    SIGNATURE = 4
};

static char folder[PATH_BYTES], path[PATH_BYTES];

/* A dataset "data" of bytes. Zeroed but for rows: a row a chunk, all written. */
struct made {
    hsize_t rows, chunk_rows;
    hsize_t written; /* rows that are; 0: all */
    bool old;        /* the file's format, whose index is a B-tree of version 1 */
    bool growing;    /* along both axes: a B-tree of version 2 */
    bool brief;      /* stored as bfloat16, which only HDF5 reads */
    H5Z_filter_t filter;
    size_t word; /* bytes of an address; 0: 8 */
};

static void add_filter(hid_t list, H5Z_filter_t filter)
{
    if (filter == H5Z_FILTER_DEFLATE) CHECK(H5Pset_deflate(list, 1) >= 0);
    if (filter == H5Z_FILTER_SCALEOFFSET) CHECK(H5Pset_scaleoffset(list, H5Z_SO_INT, 0) >= 0);
}

static hid_t create_file(const struct made *made)
{
    H5F_libver_t low = made->old ? H5F_LIBVER_EARLIEST : H5F_LIBVER_LATEST;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_libver_bounds(access, low, H5F_LIBVER_LATEST);
    if (made->word) H5Pset_sizes(creation, made->word, made->word);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    return file;
}

/* Less than 128: HDF5 1.14.5 cannot read scaled values that need all bits. */
static unsigned char byte_at(hsize_t i)
{
    return (unsigned char)(i * i % 97);
}

static bool write_rows(hid_t data, hsize_t rows)
{
    const hsize_t start[2] = {0}, count[] = {rows, COLUMNS};
    unsigned char *bytes = malloc(rows * COLUMNS);
    hid_t memory = H5Screate_simple(2, count, NULL), space = H5Dget_space(data);
    for (hsize_t i = 0; i < rows * COLUMNS && bytes; i++)
        bytes[i] = byte_at(i);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    bool done = bytes && H5Dwrite(data, H5T_NATIVE_UCHAR, memory, space, H5P_DEFAULT, bytes) >= 0;
    H5Sclose(memory);
    H5Sclose(space);
    free(bytes);
    return done;
}

static hid_t type_of(const struct made *made)
{
    hid_t type = H5Tcopy(made->brief ? H5T_IEEE_F32LE : H5T_STD_U8LE);
    if (!made->brief) return type;
    H5Tset_fields(type, 15, 7, 8, 0, 7);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 127);
    return type;
}

/* Writes the file; `kind` becomes that of the index. */
static bool make(const struct made *made, H5D_chunk_index_t *kind)
{
    const hsize_t most = made->growing ? H5S_UNLIMITED : COLUMNS;
    const hsize_t shape[] = {made->rows, COLUMNS},
                  chunk[] = {made->chunk_rows + !made->chunk_rows, COLUMNS};
    const hsize_t limits[] = {made->growing ? H5S_UNLIMITED : made->rows, most};
    hid_t file = create_file(made), space = H5Screate_simple(2, shape, limits);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    add_filter(list, made->filter);
    hid_t type = type_of(made);
    hid_t data = H5Dcreate2(file, "data", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Tclose(type);
    bool done = data >= 0 && write_rows(data, made->written ? made->written : made->rows) &&
                H5Dget_chunk_index_type(data, kind) >= 0;
    H5Pclose(list);
    H5Sclose(space);
    if (data >= 0) H5Dclose(data);
    return H5Fclose(file) >= 0 && done;
}

/* A file in memory. */
struct image {
    unsigned char *bytes;
    size_t size;
};

static unsigned char *find(const struct image *image, const char *signature)
{
    for (size_t at = 0; at + SIGNATURE <= image->size; at++)
        if (!memcmp(image->bytes + at, signature, SIGNATURE)) return image->bytes + at;
    return NULL;
}

/* Makes the file and lets `damage` at it; false if that cannot be. */
static bool make_damaged(const struct made *made, H5D_chunk_index_t kind,
                         bool (*damage)(const struct image *image, const struct made *made))
{
    H5D_chunk_index_t found;
    struct image image = {0};
    bool done = make(made, &found) && found == kind;
    if (done) image.bytes = file_read(path, &image.size);
    done = image.bytes && damage(&image, made) && file_write(path, image.bytes, image.size);
    free(image.bytes);
    return done;
}

static void check_told(const char *why)
{
    CHECK_HAS(shs_message(), why);
    CHECK_HAS(shs_message(), path);
    CHECK_HAS(shs_message(), "dataset data");
    CHECK_HAS(shs_message(), "get it anew");
}

/* The file is an error, for that reason, however often it is tried. */
static void check_refused(const char *why)
{
    struct h5_file *file;
    struct data_field field;
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(data_field_open(file, path, "data", &(struct data_field_how){0}, &field),
                     SHS_ERROR_FORMAT);
        CHECK(!field.direct);
        CHECK(!field.through);
        check_told(why);
    }
    h5_close(&file);
}

static void check_sound(bool direct, hsize_t rows)
{
    struct h5_file *file;
    struct data_field field;
    unsigned char row[COLUMNS];
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    if (NEED_STATUS(data_field_open(file, path, "data", &(struct data_field_how){0}, &field),
                    SHS_OK)) {
        CHECK_EQ(field.direct != NULL, direct);
        CHECK_STATUS(data_field_read(&field, rows - 1, 1, row), SHS_OK);
        CHECK_EQ(row[1], byte_at((rows - 1) * COLUMNS + 1));
        data_field_close(&field);
    }
    h5_close(&file);
}

/* ---- fixed arrays */

enum {
    ELEMENT_AT = 6, /* in a header: bytes of an element, */
    NUMBER_AT = 8,  /* and how many there are */
    HEADER_AT = 6   /* in a block: the header's address; the elements follow */
};

static hsize_t lost; /* elements that a header is made to lack */

static void put_word(unsigned char *to, size_t bytes, uint64_t value)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

/* Every checksum fits afterwards. */
static bool shorten(const struct image *image, const struct made *made)
{
    unsigned char *header = find(image, "FAHD"), *block = find(image, "FADB");
    size_t word = made->word ? made->word : 8;
    hsize_t chunk = made->chunk_rows ? made->chunk_rows : 1;
    hsize_t number = (made->rows - 1) / chunk + 1 - lost;
    if (!header || !block) return false;
    put_word(header + NUMBER_AT, word, number);
    metadata_sum_up(header, NUMBER_AT + 2 * word);
    metadata_sum_up(block, HEADER_AT + word + number * header[ELEMENT_AT]);
    return true;
}

static void check_fixed(const struct made *made, bool direct)
{
    H5D_chunk_index_t kind;
    hsize_t chunk = made->chunk_rows ? made->chunk_rows : 1, chunks = (made->rows - 1) / chunk + 1;
    const hsize_t losses[] = {1, chunks / 2, chunks - 1};
    if (CHECK(make(made, &kind))) CHECK_EQ(kind, H5D_CHUNK_IDX_FARRAY);
    check_sound(direct, made->rows);
    for (size_t i = 0; i < COUNT(losses); i++) {
        lost = losses[i];
        CHECK(make_damaged(made, H5D_CHUNK_IDX_FARRAY, shorten));
        check_refused("smaller than its grid");
    }
}

/* Words and chunks of every size that an element depends on. */
static void a_fixed_array_smaller_than_its_grid_is_an_error(void)
{
    static const hsize_t chunk_rows[] = {1, 63, 64, 16383, 16384};
    static const size_t words[] = {0, 4, 8};
    for (size_t i = 0; i < COUNT(chunk_rows); i++)
        for (size_t j = 0; j < COUNT(words); j++) {
            const hsize_t chunks = chunk_rows[i] < 100 ? 40 : 5;
            struct made made = {
                .rows = chunks * chunk_rows[i], .chunk_rows = chunk_rows[i], .word = words[j]};
            check_fixed(&made, true);
            made.filter = H5Z_FILTER_DEFLATE;
            check_fixed(&made, true);
            /* HDF5 would be asked for all of these */
            made.filter = H5Z_FILTER_SCALEOFFSET;
            check_fixed(&made, false);
        }
}

/* In pages of 1024 elements, of which the first is left as it is. */
static void a_fixed_array_of_pages_may_be_too_small(void)
{
    const struct made made = {.rows = 3000};
    H5D_chunk_index_t kind;
    if (CHECK(make(&made, &kind))) CHECK_EQ(kind, H5D_CHUNK_IDX_FARRAY);
    check_sound(true, made.rows);
    lost = 2900;
    CHECK(make_damaged(&made, H5D_CHUNK_IDX_FARRAY, shorten));
    check_refused("smaller than its grid");
}

/* A grid that was filled only in part, or not at all, has its whole array, or none. */
static void chunks_that_were_never_written_are_no_damage(void)
{
    for (hsize_t written = 1; written < 60; written += 29) {
        const struct made made = {.rows = 60, .written = written};
        H5D_chunk_index_t kind;
        if (CHECK(make(&made, &kind))) CHECK_EQ(kind, H5D_CHUNK_IDX_FARRAY);
        check_sound(true, written);
    }
}

static bool spoil_block(const struct image *image, const struct made *made)
{
    unsigned char *block = find(image, "FADB");
    (void)made;
    if (block) block[20] ^= 1;
    return block != NULL;
}

static void an_index_that_cannot_be_read_is_an_error(void)
{
    struct made made = {.rows = 60};
    for (int filtered = 0; filtered < 2; filtered++) {
        CHECK(make_damaged(&made, H5D_CHUNK_IDX_FARRAY, spoil_block));
        check_refused("cannot be read");
        made.filter = H5Z_FILTER_SCALEOFFSET;
    }
}

/* ---- B-trees */

/* Another place for the fourth chunk: it is counted, and never found. */
static bool move_chunk(const struct image *image, const struct made *made)
{
    enum {
        KEYS_AT = 24,
        KEY_BYTES = 8 + 3 * 8 + 8, /* with the chunk's address */
        PLACE_AT = 8
    };
    unsigned char *node = NULL;
    (void)made;
    for (size_t at = 0; at + SIGNATURE < image->size && !node; at++)
        if (!memcmp(image->bytes + at, "TREE\1", 5)) node = image->bytes + at;
    if (!node) return false;
    put_word(node + KEYS_AT + 3 * KEY_BYTES + PLACE_AT, 8, 2);
    return true;
}

/* The second and the third record, one in the other's place. */
static bool swap_chunks(const struct image *image, const struct made *made)
{
    enum {
        RECORDS_AT = 6,
        RECORD_BYTES = 3 * 8
    };
    unsigned char *leaf = find(image, "BTLF"), record[RECORD_BYTES];
    if (!leaf) return false;
    unsigned char *second = leaf + RECORDS_AT + RECORD_BYTES, *third = second + RECORD_BYTES;
    memcpy(record, second, RECORD_BYTES);
    memcpy(second, third, RECORD_BYTES);
    memcpy(third, record, RECORD_BYTES);
    metadata_sum_up(leaf, RECORDS_AT + made->rows * RECORD_BYTES);
    return true;
}

static void chunks_that_are_counted_and_not_found_are_an_error(void)
{
    struct made old = {.rows = 10, .old = true}, growing = {.rows = 10, .growing = true};
    CHECK(make_damaged(&old, H5D_CHUNK_IDX_BTREE, move_chunk));
    check_refused("does not add up");
    CHECK(make_damaged(&growing, H5D_CHUNK_IDX_BT2, swap_chunks));
    check_refused("does not add up");
    old.filter = H5Z_FILTER_SCALEOFFSET;
    CHECK(make_damaged(&old, H5D_CHUNK_IDX_BTREE, move_chunk));
    check_refused("does not add up");
    old = (struct made){.rows = 10, .old = true, .brief = true};
    CHECK(make_damaged(&old, H5D_CHUNK_IDX_BTREE, move_chunk));
    check_refused("does not add up");
}

static bool spoil_leaf(const struct image *image, const struct made *made)
{
    unsigned char *leaf = find(image, "BTLF");
    (void)made;
    if (leaf) leaf[20] ^= 1;
    return leaf != NULL;
}

static void a_tree_that_cannot_be_read_is_an_error(void)
{
    const struct made growing = {.rows = 10, .growing = true};
    CHECK(make_damaged(&growing, H5D_CHUNK_IDX_BT2, spoil_leaf));
    check_refused("cannot be read");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_fixed_array_smaller_than_its_grid_is_an_error),
        TEST(a_fixed_array_of_pages_may_be_too_small),
        TEST(chunks_that_were_never_written_are_no_damage),
        TEST(an_index_that_cannot_be_read_is_an_error),
        TEST(chunks_that_are_counted_and_not_found_are_an_error),
        TEST(a_tree_that_cannot_be_read_is_an_error),
    };
    if (!folder_make(folder)) return 2;
    folder_path(folder, "index.h5", path);
    int code = harness_main("index", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
