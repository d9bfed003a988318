/* Datasets of variable-length arrays as runs of rows: their values, what is refused, and damage to
 * the references and to the heap. */
#include <unistd.h>

#include "sample_scene.h"

enum {
    ARRAYS = 12,
    LONGEST = 30
};

/* Array i has these numbers, from 100 * i on. */
static const size_t lengths[ARRAYS] = {3, 0, 1, LONGEST, 2, 2, 0, 0, 17, 4, 5, 6};

static const char field[] = "x=t(offsets=t)";

/* How the dataset is stored. */
struct storage {
    hid_t type;      /* of the numbers in the file */
    hsize_t chunk;   /* 0: contiguous */
    bool deflate;    /* with shuffle, which HDF5 leaves out for references */
    bool backwards;  /* true to write the last array first */
    hsize_t written; /* arrays that are written */
};

static void write_sequences(char path[PATH_BYTES], const struct storage *storage)
{
    int32_t numbers[LONGEST];
    const hsize_t count = ARRAYS, one = 1;
    hid_t stored = H5Tvlen_create(storage->type), memory = H5Tvlen_create(H5T_NATIVE_INT32);
    hid_t space = H5Screate_simple(1, &count, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t single = H5Screate_simple(1, &one, NULL);
    if (storage->chunk) H5Pset_chunk(list, 1, &storage->chunk);
    if (storage->deflate) H5Pset_shuffle(list);
    if (storage->deflate) H5Pset_deflate(list, 1);
    folder_path(folder, "t.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t data = H5Dcreate2(file, "t", stored, space, H5P_DEFAULT, list, H5P_DEFAULT);
    for (hsize_t k = 0; k < storage->written; k++) {
        const hsize_t i = storage->backwards ? storage->written - 1 - k : k;
        const hvl_t array = {lengths[i], numbers};
        for (size_t n = 0; n < lengths[i]; n++)
            numbers[n] = (int32_t)(100 * i + n);
        H5Sselect_elements(space, H5S_SELECT_SET, 1, &i);
        CHECK(H5Dwrite(data, memory, single, space, H5P_DEFAULT, &array) >= 0);
    }
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(single);
    H5Sclose(space);
    H5Tclose(memory);
    H5Tclose(stored);
    CHECK(H5Fclose(file) >= 0);
}

static hsize_t n_written;

/* True for the arrays that were written, and empty arrays in place of the others. */
static bool is_right(const shs_batch *batch, uint64_t slot, shs_type type)
{
    uint64_t row = batch->index[slot];
    uint64_t count = ((const uint64_t *)batch->field[1].data)[slot];
    uint64_t due = row < n_written ? lengths[row] : 0;
    if (count != due)
        return WRONG("array %llu: expected %llu numbers; came %llu", (ull)row, (ull)due,
                     (ull)count);
    for (uint64_t n = 0; n < LONGEST; n++) {
        const size_t at = slot * LONGEST + n;
        const void *data = batch->field[0].data;
        double came = type == SHS_F32 ? (double)((const float *)data)[at]
                                      : (double)((const int16_t *)data)[at];
        double number = n < due ? (double)(100 * row + n) : 0;
        if (came < number || came > number)
            return WRONG("array %llu, number %llu: expected %g; came %g", (ull)row, (ull)n, number,
                         came);
    }
    return true;
}

/* Reads all arrays in one batch, and compares them unless `type` is 0. */
static shs_status read_all(const char *path, shs_type type)
{
    struct reading reading;
    shs_batch batch;
    shs_status status = open_data(&reading, path, field, NULL);
    const shs_loader_options how = {.batch = ARRAYS, .epochs = 1};
    if (!status) status = shs_loader_open(reading.data, &how, &reading.loader);
    while (!status && (status = shs_next(reading.loader, &batch)) == SHS_OK) {
        if (type) CHECK_EQ(batch.field[0].type, type);
        for (uint64_t slot = 0; slot < batch.rows && type; slot++)
            if (!is_right(&batch, slot, type)) break;
        status = shs_agree(reading.run);
    }
    close_data(&reading);
    return status == SHS_END ? SHS_OK : status;
}

static void arrays_are_runs_of_rows_in_folder(void)
{
    const struct {
        struct storage storage;
        shs_type type;
    } cases[] = {
        {{H5T_STD_I16LE, 0, false, false, ARRAYS}, SHS_I16},
        {{H5T_STD_I16BE, 5, false, true, ARRAYS}, SHS_I16},
        {{H5T_IEEE_F32LE, 5, true, false, ARRAYS}, SHS_F32},
        {{H5T_IEEE_F32BE, 0, false, true, ARRAYS}, SHS_F32},
        {{H5T_IEEE_F32LE, 2, false, false, 4}, SHS_F32}, /* some chunks are not there */
    };
    char path[PATH_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        n_written = cases[i].storage.written;
        write_sequences(path, &cases[i].storage);
        harness_where("case %zu", i);
        CHECK_STATUS(read_all(path, cases[i].type), SHS_OK);
        harness_where(NULL);
    }
}
IN_FOLDER(arrays_are_runs_of_rows)

static void other_arrays_are_refused_in_folder(void)
{
    char path[PATH_BYTES];
    const hsize_t two[] = {2, 2};
    write_sequences(path, &(struct storage){H5T_IEEE_F32LE, 0, false, false, ARRAYS});
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t type = H5Tvlen_create(H5T_NATIVE_INT), list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, two, NULL), line = H5Screate_simple(1, two, NULL);
    H5Pset_layout(list, H5D_COMPACT);
    H5Dclose(H5Dcreate2(file, "wide", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "compact", type, line, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Pclose(list);
    H5Sclose(space);
    H5Sclose(line);
    H5Tclose(type);
    CHECK(H5Fclose(file) >= 0);
    refuse_data(path, "t", NULL, SHS_ERROR_UNSUPPORTED, "dataset t is variable-length sequence",
                "ALIAS=t(offsets=t)");
    refuse_data(path, "x=t(window=2)", NULL, SHS_ERROR_UNSUPPORTED, "(offsets=t)", "");
    refuse_data(path, "x=wide(offsets=wide)", NULL, SHS_ERROR_UNSUPPORTED, "has 2 axes",
                "one axis");
    refuse_data(path, "x=compact(offsets=compact)", NULL, SHS_ERROR_UNSUPPORTED, "it is compact",
                "h5repack");
    refuse_data(path, "x=s(offsets=s)", NULL, SHS_ERROR_FILE, "holds no dataset 's'", "");
}
IN_FOLDER(other_arrays_are_refused)

/* ---- damage */

static void flip(const char *path, long at, int bits)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ bits, file);
    fclose(file);
}

/* Returns where the file has a word first. */
static long find_word(const char *path, const char *word, size_t bytes)
{
    static char content[1 << 16];
    FILE *file = fopen(path, "rb");
    size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    char *found = memmem(content, size, word, bytes);
    return found ? (long)(found - content) : -1;
}

static long address_of_references(const char *path)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "t", H5P_DEFAULT);
    long address = (long)H5Dget_offset(data);
    H5Dclose(data);
    H5Fclose(file);
    return address;
}

/* Every bit counts in the lengths and addresses of references, and in the heads of the heap. */
static void damaged_references_are_told_in_folder(void)
{
    char path[PATH_BYTES];
    n_written = ARRAYS;
    write_sequences(path, &(struct storage){H5T_IEEE_F32LE, 0, false, false, ARRAYS});
    long references = address_of_references(path), heap = find_word(path, "GCOL", 4);
    if (!NEED(references > 0 && heap > 0)) return;
    for (int at = 0; at < 12; at++) {
        flip(path, references + 16 * 3 + at, 1 << at % 8);
        harness_where("byte %d of a reference", at);
        CHECK_STATUS(read_all(path, 0), SHS_ERROR_FORMAT);
        flip(path, references + 16 * 3 + at, 1 << at % 8);
    }
    for (int at = 0; at < 32; at++) {
        if ((at > 4 && at < 8) || (at > 17 && at < 24)) continue; /* reserved, or a count */
        flip(path, heap + at, 64);
        harness_where("byte %d of the heap", at);
        CHECK_STATUS(read_all(path, 0), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "variable-length arrays at byte");
        flip(path, heap + at, 64);
    }
    harness_where(NULL);
    CHECK_STATUS(read_all(path, SHS_F32), SHS_OK);
    CHECK(truncate(path, heap + 40) == 0);
    CHECK_STATUS(read_all(path, 0), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "not complete");
}
IN_FOLDER(damaged_references_are_told)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(arrays_are_runs_of_rows),
        TEST(other_arrays_are_refused),
        TEST(damaged_references_are_told),
    };
    return harness_main("sequences", tests, COUNT(tests), argc, argv);
}
