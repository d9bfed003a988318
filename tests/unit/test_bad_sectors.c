/* Reads that the system fails: each is an error with the system's reason, in every way of storage;
 * none leads to another way of reading, and after none are rows read that are not the file's. The
 * calls that read are replaced in this program. */
#include <errno.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "data_field.h"
#include "temporary_folder.h"
#include "unit.h"

/* Memory that HDF5 1.10 itself loses when the read of an object's header fails: for the leak
 * sanitizer, which asks for this by name. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:H5O_msg_read_oh\nleak:H5C_protect\n";
}

enum {
    ROWS = 617, /* a number that occurs nowhere else in a file */
    COLUMNS = 40,
    CHUNK_ROWS = 100
};

static char folder[PATH_BYTES], path[PATH_BYTES];

/* Runs a test in a folder of its own, with nothing of HDF5 left open. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        folder_path(folder, "x.h5", path);                                                         \
        heal();                                                                                    \
        test##_in_folder();                                                                        \
        heal();                                                                                    \
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);                            \
        folder_remove(folder);                                                                     \
    }

/* ---- The system. */

static struct {
    uint64_t from, to;     /* bytes that cannot be read, of any file */
    unsigned long fail_at; /* the number of a read that fails, from 1 on; 0: none does */
    unsigned long reads;
    size_t large;              /* reads of at least so many bytes are counted: */
    unsigned long large_reads; /* as so many */
} disk;

static void heal(void)
{
    memset(&disk, 0, sizeof disk);
}

static bool read_fails(uint64_t at, size_t bytes)
{
    disk.reads++;
    disk.large_reads += disk.large && bytes >= disk.large;
    if (disk.reads != disk.fail_at && !(at < disk.to && disk.from < at + bytes)) return false;
    errno = EIO;
    return true;
}

ssize_t pread(int file, void *to, size_t bytes, off_t at)
{
    if (read_fails((uint64_t)at, bytes)) return -1;
    return syscall(SYS_pread64, file, to, bytes, at);
}

ssize_t pread64(int file, void *to, size_t bytes, off64_t at)
{
    return pread(file, to, bytes, at);
}

ssize_t preadv2(int file, const struct iovec *pieces, int count, off_t at, int how)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    if (read_fails((uint64_t)at, bytes)) return -1;
    return syscall(SYS_preadv2, file, pieces, count, at, 0, how);
}

static bool raw_fails; /* reads of a raw file, by HDF5 itself */

ssize_t read(int file, void *to, size_t bytes)
{
    if (raw_fails) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_read, file, to, bytes);
}

/* ---- Files. */

enum storage {
    CONTIGUOUS,
    CHUNKED,
    TREE, /* chunks in a B-tree of the first version */
    DEFLATED,
    SCALED, /* through a filter that only HDF5 has */
    VIRTUAL,
    LINKED, /* from another file */
    RAW,    /* in a file without a format */
    N_STORAGES
};

static uint16_t element(uint64_t row, uint64_t column)
{
    return (uint16_t)(row * 97 + column * 3 + 1);
}

static hid_t list_of(enum storage storage)
{
    const hsize_t chunk[2] = {CHUNK_ROWS, COLUMNS}, all[2] = {ROWS, COLUMNS};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, all, NULL);
    char raw[PATH_BYTES];
    if (storage == CHUNKED || storage == TREE || storage == DEFLATED || storage == SCALED)
        H5Pset_chunk(list, 2, chunk);
    if (storage == DEFLATED) H5Pset_deflate(list, 1);
    if (storage == SCALED) H5Pset_scaleoffset(list, H5Z_SO_INT, 0);
    if (storage == VIRTUAL) H5Pset_virtual(list, space, "source.h5", "x", space);
    if (storage == RAW)
        H5Pset_external(list, folder_path(folder, "raw", raw), 0,
                        sizeof(uint16_t) * ROWS * COLUMNS);
    H5Sclose(space);
    return list;
}

static void write_rows(hid_t data)
{
    uint16_t *numbers = malloc(sizeof *numbers * ROWS * COLUMNS);
    if (!NEED(numbers != NULL)) return;
    for (uint64_t i = 0; i < ROWS * COLUMNS; i++)
        numbers[i] = element(i / COLUMNS, i % COLUMNS);
    CHECK(H5Dwrite(data, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    free(numbers);
}

static void write_file(const char *name, enum storage storage)
{
    const hsize_t shape[2] = {ROWS, COLUMNS};
    char whole[PATH_BYTES];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (storage == CHUNKED) H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    hid_t file = H5Fcreate(folder_path(folder, name, whole), H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hid_t space = H5Screate_simple(2, shape, NULL), list = list_of(storage);
    if (storage == LINKED) {
        CHECK(H5Lcreate_external("source.h5", "x", file, "x", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    } else {
        hid_t data = H5Dcreate2(file, "x", H5T_STD_U16LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
        CHECK_IS(data, >=, 0);
        if (storage != VIRTUAL) write_rows(data);
        H5Dclose(data);
    }
    H5Pclose(list);
    H5Sclose(space);
    H5Pclose(access);
    CHECK(H5Fclose(file) >= 0);
}

static void write_storage(enum storage storage)
{
    write_file("source.h5", CONTIGUOUS);
    write_file("x.h5", storage);
}

/* ---- Reading. */

struct reading {
    struct h5_file *file;
    struct data_field field;
};

static shs_status open_reading(struct reading *reading)
{
    *reading = (struct reading){0};
    shs_status status = h5_open(path, &reading->file);
    if (status) return status;
    return data_field_open(reading->file, path, "x", &(struct data_field_how){.content = true},
                           &reading->field);
}

static void close_reading(struct reading *reading)
{
    data_field_close(&reading->field);
    h5_close(&reading->file);
}

static shs_status read_rows(struct reading *reading, uint64_t first, uint64_t count)
{
    uint16_t *rows = malloc(sizeof *rows * count * COLUMNS);
    if (!NEED(rows != NULL)) return SHS_ERROR_MEMORY;
    shs_status status = data_field_read(&reading->field, first, count, rows);
    for (uint64_t i = 0; i < count * COLUMNS && !status; i++)
        if (rows[i] != element(first + i / COLUMNS, i % COLUMNS)) {
            printf("  row %llu: %u, not %u\n", (unsigned long long)(first + i / COLUMNS), rows[i],
                   element(first + i / COLUMNS, i % COLUMNS));
            WRONG("rows that are not the file's");
            break;
        }
    free(rows);
    return status;
}

static void check_error(shs_status status)
{
    CHECK_STATUS(status, SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "Input/output error");
    if (!strstr(shs_message(), "damaged") && !strstr(shs_message(), "anew")) return;
    printf("  %s\n", shs_message());
    WRONG("a file called damaged that the system could not read");
}

/* All rows, as h5py would read them: opened anew. */
static void check_sound(void)
{
    struct reading reading;
    heal();
    CHECK_STATUS(open_reading(&reading), SHS_OK);
    CHECK_STATUS(read_rows(&reading, 0, ROWS), SHS_OK);
    close_reading(&reading);
}

/* ---- Tests. */

/* Read number `fail_at` fails, of those that opening a field and reading its rows take; then rows
 * are read by the same handles. Returns how many reads there were until then. */
static unsigned long fail_once(enum storage storage, unsigned long fail_at)
{
    struct reading reading;
    heal();
    disk.fail_at = fail_at;
    shs_status status = open_reading(&reading);
    bool opened = !status;
    if (!status) status = read_rows(&reading, 5, 300);
    if (!status) status = read_rows(&reading, 17, 600);
    unsigned long reads = disk.reads;
    CHECK_EQ(status != SHS_OK, reads >= fail_at);
    if (status) check_error(status);
    heal();
    if (opened && read_rows(&reading, 0, ROWS)) {
        printf("  storage %d, read %lu: %s\n", (int)storage, fail_at, shs_message());
        WRONG("rows that cannot be read after an error");
    }
    CHECK(!reading.field.differs);
    close_reading(&reading);
    return reads;
}

static void any_read_may_fail_in_folder(void)
{
    for (int storage = 0; storage < N_STORAGES; storage++) {
        unsigned long fail_at = 1;
        write_storage((enum storage)storage);
        check_sound();
        while (fail_once((enum storage)storage, fail_at) >= fail_at)
            fail_at++;
        CHECK_IS(fail_at, >, 5);
    }
}
IN_FOLDER(any_read_may_fail)

/* Where the rows begin in the file that they are in. */
static uint64_t place_of_rows(const char *name)
{
    char whole[PATH_BYTES];
    size_t size, at = 0;
    uint16_t row[COLUMNS];
    for (uint64_t column = 0; column < COLUMNS; column++)
        row[column] = element(0, column);
    unsigned char *bytes = file_read(folder_path(folder, name, whole), &size);
    while (at + sizeof row <= size && memcmp(bytes + at, row, sizeof row) != 0)
        at++;
    CHECK_IS(at + sizeof row, <=, size);
    free(bytes);
    return at;
}

/* A sector under the first rows, from which HDF5 fills its buffers, and one under the last. */
static void a_bad_sector_is_told_of_in_folder(void)
{
    static const enum storage storages[] = {CONTIGUOUS, CHUNKED, VIRTUAL, LINKED};
    for (size_t i = 0; i < COUNT(storages); i++)
        for (int last = 0; last < 2; last++) {
            struct reading reading;
            write_storage(storages[i]);
            disk.from = place_of_rows(storages[i] == CHUNKED ? "x.h5" : "source.h5");
            if (storages[i] == CONTIGUOUS) disk.from = place_of_rows("x.h5");
            if (last) disk.from += 2 * COLUMNS * (ROWS - 1);
            disk.to = disk.from + 1;
            check_error(open_reading(&reading));
            close_reading(&reading);
            check_sound();
        }
}
IN_FOLDER(a_bad_sector_is_told_of)

/* The error, and then on: rows that can be read are, and the others are errors again. */
static void reading_goes_on_after_an_error_in_folder(void)
{
    for (int storage = 0; storage < N_STORAGES; storage++) {
        struct reading reading;
        if (storage == DEFLATED || storage == SCALED || storage == RAW) continue;
        write_storage((enum storage)storage);
        if (!NEED_STATUS(open_reading(&reading), SHS_OK)) return;
        bool elsewhere = storage == VIRTUAL || storage == LINKED;
        uint64_t begin = place_of_rows(elsewhere ? "source.h5" : "x.h5");
        disk.from = begin + 2 * COLUMNS * 50;
        disk.to = disk.from + 512;
        for (int again = 0; again < 3; again++) {
            check_error(read_rows(&reading, 48, 10));
            CHECK_HAS(shs_message(), again && elsewhere ? "rows 48 to 57" : "dataset x: rows");
            CHECK_STATUS(read_rows(&reading, 200, 300), SHS_OK);
        }
        heal();
        CHECK_STATUS(read_rows(&reading, 0, ROWS), SHS_OK);
        close_reading(&reading);
    }
}
IN_FOLDER(reading_goes_on_after_an_error)

static void a_raw_file_that_cannot_be_read_in_folder(void)
{
    struct reading reading;
    write_storage(RAW);
    if (!NEED_STATUS(open_reading(&reading), SHS_OK)) return;
    raw_fails = true;
    shs_status status = read_rows(&reading, 0, 10);
    raw_fails = false;
    check_error(status);
    CHECK_HAS(shs_message(), "the system could not read an external file");
    CHECK_STATUS(read_rows(&reading, 0, ROWS), SHS_OK);
    close_reading(&reading);
}
IN_FOLDER(a_raw_file_that_cannot_be_read)

/* ---- Sizes that contradict each other. */

/* Puts a number in place of another, wherever that stands in 8 bytes. */
static void change_numbers(uint64_t from, uint64_t to)
{
    size_t size, found = 0;
    unsigned char *bytes = file_read(path, &size);
    for (size_t at = 0; bytes && at + sizeof from <= size; at++)
        if (!memcmp(bytes + at, &from, sizeof from)) {
            memcpy(bytes + at, &to, sizeof to);
            found++;
        }
    CHECK_IS(found, >, 0);
    CHECK(file_write(path, bytes, size));
    free(bytes);
}

/* HDF5 1.14 refuses such a dataset itself. */
static void a_shape_larger_than_its_storage_in_folder(void)
{
    const bool opened_by_hdf5 = H5_VERS_MINOR < 14;
    for (int compact = 0; compact < 2; compact++) {
        const hsize_t rows = ROWS;
        uint16_t numbers[ROWS] = {0};
        struct reading reading;
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t space = H5Screate_simple(1, &rows, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
        if (compact) H5Pset_layout(list, H5D_COMPACT);
        hid_t data = H5Dcreate2(file, "x", H5T_STD_U16LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
        CHECK(H5Dwrite(data, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
        H5Dclose(data);
        H5Pclose(list);
        H5Sclose(space);
        H5Fclose(file);
        change_numbers(ROWS, 100000);
        CHECK_STATUS(open_reading(&reading), SHS_ERROR_FORMAT);
        CHECK_HAS(shs_message(), "the file is damaged");
        CHECK_HAS(shs_message(), opened_by_hdf5
                                     ? "dataset x: 1234 bytes are stored of it, where its shape "
                                       "has 200000"
                                     : "dataset 'x' cannot be opened");
        close_reading(&reading);
    }
}
IN_FOLDER(a_shape_larger_than_its_storage)

/* The array begins behind the file's end, by its layout. */
static void an_address_behind_the_end_in_folder(void)
{
    struct reading reading;
    struct stat about;
    write_file("x.h5", CONTIGUOUS);
    uint64_t begin = place_of_rows("x.h5");
    CHECK_EQ(stat(path, &about), 0);
    change_numbers(begin, (uint64_t)about.st_size - 10);
    CHECK_STATUS(open_reading(&reading), SHS_ERROR_FORMAT);
    CHECK(!strstr(shs_message(), "Input/output"));
    close_reading(&reading);
}
IN_FOLDER(an_address_behind_the_end)

/* ---- What opening costs. */

/* Large chunks of zeros, of which each takes so many bytes in the file. */
static void write_large(hsize_t rows, hsize_t chunk_rows, hsize_t columns)
{
    const hsize_t shape[2] = {rows, columns}, chunk[2] = {chunk_rows, columns};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Pset_deflate(list, 1);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    hid_t data = H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
}

/* Chunks that are decoded when a field is opened, read directly and by HDF5. */
static unsigned long decoded_at_open(void)
{
    struct reading reading;
    heal();
    disk.large = 4096;
    CHECK_STATUS(open_reading(&reading), SHS_OK);
    if (CHECK(reading.field.direct != NULL)) CHECK_IS(reading.field.content, !=, 0);
    close_reading(&reading);
    return disk.large_reads;
}

static void opening_decodes_a_chunk_once_in_folder(void)
{
    write_large(2000, 2000, 1000);
    CHECK_EQ(decoded_at_open(), 2);
    write_large(10, 5, 400000);
    CHECK_EQ(decoded_at_open(), 4);
    write_large(80, 10, 1 << 20); /* 8 chunks, of which 6 have 60 MiB */
    unsigned long decoded = decoded_at_open();
    CHECK_IS(decoded, >=, 4);
    CHECK_IS(decoded, <=, 12);
    write_large(3, 1, 100 << 20); /* the first and the last */
    CHECK_EQ(decoded_at_open(), 4);
}
IN_FOLDER(opening_decodes_a_chunk_once)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(any_read_may_fail),
        TEST(a_bad_sector_is_told_of),
        TEST(reading_goes_on_after_an_error),
        TEST(a_raw_file_that_cannot_be_read),
        TEST(a_shape_larger_than_its_storage),
        TEST(an_address_behind_the_end),
        TEST(opening_decodes_a_chunk_once),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return harness_main("bad sectors", tests, COUNT(tests), argc, argv);
}
