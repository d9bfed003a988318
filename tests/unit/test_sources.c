/* Datasets whose elements lie in other files: read like any other while all is there, an error as
 * soon as HDF5 would make something up. */
#include <dirent.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <utime.h>

#include "core_sanitized.h"
#include "h5_file.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    COLUMNS = 4,
    MANY = 200
};

static const int32_t fill_value = -99;

static char folder[PATH_BYTES], path[PATH_BYTES];

/* Runs a test in a folder of its own; path is that of the file that is read. */
#define IN_FOLDER(test)                                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        folder_path(folder, "whole.h5", path);                                                     \
        test##_in_folder();                                                                        \
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);                            \
        folder_remove(folder);                                                                     \
    }

static int32_t value_of(uint64_t row, uint64_t column)
{
    return (int32_t)(row * 1000 + column);
}

/* ---- sources */

/* A file `folder`/name with dataset /d of rows [first, first + rows) of columns [column, column +
 * columns), of any length along its first axis. */
static void write_source(const char *name, uint64_t first, uint64_t rows, uint64_t column,
                         uint64_t columns)
{
    const hsize_t shape[2] = {rows, columns}, most[2] = {H5S_UNLIMITED, columns};
    const hsize_t chunk[2] = {3, columns};
    char whole[PATH_BYTES];
    int32_t *values = calloc(rows * columns + 1, sizeof *values);
    for (uint64_t i = 0; i < rows * columns; i++)
        values[i] = value_of(first + i / columns, column + i % columns);
    hid_t file =
        H5Fcreate(folder_path(folder, name, whole), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, most), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    hid_t data = H5Dcreate2(file, "d", H5T_STD_I32BE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(data);
    H5Pclose(list);
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
    free(values);
}

static void remove_file(const char *name)
{
    char whole[PATH_BYTES];
    CHECK_EQ(remove(folder_path(folder, name, whole)), 0);
}

/* ---- virtual datasets */

static hid_t virtual_list;

static void begin_virtual(void)
{
    virtual_list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_value(virtual_list, H5T_NATIVE_INT32, &fill_value);
}

/* Two selections of a mapping, each {start, stride, count, block} for two axes. */
struct part {
    hsize_t shape[2];
    hsize_t start[2], stride[2], count[2], block[2];
};

static hid_t space_of(const struct part *part)
{
    hsize_t now[2], most[2];
    for (int axis = 0; axis < 2; axis++) {
        most[axis] = part->shape[axis];
        now[axis] = most[axis] == H5S_UNLIMITED ? 1 : most[axis];
    }
    hid_t space = H5Screate_simple(2, now, most);
    if (part->count[0])
        CHECK(H5Sselect_hyperslab(space, H5S_SELECT_SET, part->start, part->stride, part->count,
                                  part->block) >= 0);
    return space;
}

static void map(const char *file, const char *dataset, const struct part *to,
                const struct part *from)
{
    hid_t space = space_of(to), source = space_of(from);
    CHECK(H5Pset_virtual(virtual_list, space, file, dataset, source) >= 0);
    H5Sclose(space);
    H5Sclose(source);
}

/* Rows [first, first + rows) of `all` from all of a source. */
static void map_rows(const char *file, uint64_t all, uint64_t first, uint64_t rows)
{
    map(file, "d", &(struct part){{all, COLUMNS}, {first, 0}, {1, 1}, {rows, COLUMNS}, {1, 1}},
        &(struct part){.shape = {rows, COLUMNS}});
}

/* Writes dataset `name` of the virtual file with what has been mapped. */
static void write_virtual_to(const char *file_path, const char *name, uint64_t rows, bool grows)
{
    const hsize_t shape[2] = {rows, COLUMNS}, most[2] = {H5S_UNLIMITED, COLUMNS};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(file_path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hid_t space = H5Screate_simple(2, shape, grows ? most : NULL);
    hid_t data =
        H5Dcreate2(file, name, H5T_NATIVE_INT32, space, H5P_DEFAULT, virtual_list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(access);
    H5Pclose(virtual_list);
    CHECK(H5Fclose(file) >= 0);
}

static void write_virtual(uint64_t rows)
{
    write_virtual_to(path, "v", rows, false);
}

/* Three files of 5, 7 and 2 rows, one after the other. */
static void write_three(void)
{
    write_source("a.h5", 0, 5, 0, COLUMNS);
    write_source("b.h5", 5, 7, 0, COLUMNS);
    write_source("c.h5", 12, 2, 0, COLUMNS);
    begin_virtual();
    map_rows("a.h5", 14, 0, 5);
    map_rows("b.h5", 14, 5, 7);
    map_rows("c.h5", 14, 12, 2);
    write_virtual(14);
}

/* ---- reading */

struct reading {
    struct h5_file *file;
    struct h5_array *field;
    shs_tensor shape;
};

static shs_status open_named(struct reading *reading, const char *name)
{
    *reading = (struct reading){0};
    shs_status status = h5_open(path, &reading->file);
    if (!status)
        status = h5_array_open(reading->file, name, 0, false, &reading->field, &reading->shape);
    if (status) h5_close(&reading->file);
    return status;
}

static shs_status open_virtual(struct reading *reading)
{
    return open_named(reading, "v");
}

static void close_reading(struct reading *reading)
{
    h5_array_close(&reading->field);
    h5_close(&reading->file);
}

static bool rows_are_right(struct reading *reading, uint64_t first, uint64_t count)
{
    int32_t *rows = calloc(count * COLUMNS, sizeof *rows);
    bool right = CHECK_STATUS(h5_read_rows(reading->field, first, count, rows), SHS_OK);
    for (uint64_t i = 0; i < count * COLUMNS && right; i++) {
        harness_where("row %llu, column %llu", (unsigned long long)(first + i / COLUMNS),
                      (unsigned long long)(i % COLUMNS));
        right = CHECK_EQ(rows[i], value_of(first + i / COLUMNS, i % COLUMNS));
    }
    harness_where(NULL);
    free(rows);
    return right;
}

/* Whether the files of the sources are what they were, and whether some were touched; that is not
 * asked after an error. */
static shs_status check_now(const struct reading *reading, bool expected)
{
    bool touched = false;
    shs_status status = h5_array_check(reading->field, &touched);
    if (!status) CHECK_EQ(touched, expected);
    return status;
}

static shs_status read_one(struct reading *reading, uint64_t row)
{
    int32_t values[COLUMNS];
    return h5_read_rows(reading->field, row, 1, values);
}

/* The dataset opens, has so many rows, and each is what it must be. */
static void check_good(uint64_t rows)
{
    struct reading reading;
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) {
        printf("  %s\n", shs_message());
        return;
    }
    CHECK_EQ(reading.shape.shape[0], rows);
    for (uint64_t row = rows; row-- > 0;)
        CHECK(rows_are_right(&reading, row, 1));
    CHECK(rows_are_right(&reading, 0, rows));
    CHECK_STATUS(check_now(&reading, false), SHS_OK);
    close_reading(&reading);
}

static void check_refused(const char *words, const char *more)
{
    struct reading reading;
    CHECK_IS(open_virtual(&reading), <, 0);
    CHECK(reading.file == NULL);
    CHECK_HAS(shs_message(), "whole.h5: dataset v: ");
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), more);
}

static void rows_of_several_files_in_folder(void)
{
    write_three();
    check_good(14);
}
IN_FOLDER(rows_of_several_files)

static void a_missing_file_is_an_error_in_folder(void)
{
    static const char *const names[] = {"a.h5", "b.h5", "c.h5"};
    for (size_t i = 0; i < COUNT(names); i++) {
        write_three();
        remove_file(names[i]);
        check_refused("is missing", names[i]);
    }
}
IN_FOLDER(a_missing_file_is_an_error)

static void a_file_that_is_no_hdf5_is_an_error_in_folder(void)
{
    char whole[PATH_BYTES];
    write_three();
    CHECK(file_write(folder_path(folder, "b.h5", whole), "rubbish", 7));
    check_refused("no HDF5 file", "b.h5");
}
IN_FOLDER(a_file_that_is_no_hdf5_is_an_error)

static void a_missing_dataset_is_an_error_in_folder(void)
{
    write_source("a.h5", 0, 5, 0, COLUMNS);
    begin_virtual();
    map("a.h5", "e", &(struct part){.shape = {5, COLUMNS}}, &(struct part){.shape = {5, COLUMNS}});
    write_virtual(5);
    check_refused("holds no dataset 'e'", "a.h5");
}
IN_FOLDER(a_missing_dataset_is_an_error)

static void a_source_that_is_too_small_is_an_error_in_folder(void)
{
    write_three();
    write_source("b.h5", 5, 6, 0, COLUMNS);
    check_refused("has not the shape", "b.h5");
    write_source("b.h5", 5, 7, 0, COLUMNS - 1);
    check_refused("has not the shape", "b.h5");
    write_source("b.h5", 5, 7, 0, COLUMNS);
    check_good(14);
    /* a selection of a source that has grown is still what it was */
    begin_virtual();
    map("b.h5", "d", &(struct part){.shape = {3, COLUMNS}},
        &(struct part){{7, COLUMNS}, {4, 0}, {1, 1}, {3, COLUMNS}, {1, 1}});
    write_virtual(3);
    write_source("b.h5", 0, 6, 0, COLUMNS);
    check_refused("has not the shape", "b.h5");
    for (uint64_t rows = 7; rows < 10; rows++) {
        struct reading reading;
        write_source("b.h5", 0, rows, 0, COLUMNS);
        CHECK_STATUS(open_virtual(&reading), SHS_OK);
        close_reading(&reading);
    }
}
IN_FOLDER(a_source_that_is_too_small_is_an_error)

static void what_is_not_mapped_is_an_error_in_folder(void)
{
    write_source("a.h5", 0, 5, 0, COLUMNS);
    begin_virtual();
    map_rows("a.h5", 12, 0, 5);
    map_rows("a.h5", 12, 7, 5);
    write_virtual(12);
    check_refused("no source is mapped to 8 of its elements, in rows 5 to 6", "fill values");
    /* as many elements as there are, but some twice */
    begin_virtual();
    map_rows("a.h5", 10, 0, 5);
    map_rows("a.h5", 10, 4, 5);
    write_virtual(10);
    check_refused("no source is mapped to 4 of its elements, in rows 9 to 9", "fill values");
    begin_virtual();
    map("a.h5", "d", &(struct part){{5, COLUMNS}, {0, 0}, {1, 1}, {5, 3}, {1, 1}},
        &(struct part){{5, COLUMNS}, {0, 0}, {1, 1}, {5, 3}, {1, 1}});
    write_virtual(5);
    check_refused("mapped to 5 of its elements, in rows 0 to 4", "fill values");
}
IN_FOLDER(what_is_not_mapped_is_an_error)

/* Columns from a file each, and rows of two files in turn. */
static void mappings_of_other_forms_in_folder(void)
{
    char name[32];
    begin_virtual();
    for (uint64_t column = 0; column < COLUMNS; column++) {
        snprintf(name, sizeof name, "column-%d.h5", (int)column);
        write_source(name, 0, 9, column, 1);
        map(name, "d", &(struct part){{9, COLUMNS}, {0, column}, {1, 1}, {9, 1}, {1, 1}},
            &(struct part){.shape = {9, 1}});
    }
    write_virtual(9);
    check_good(9);
    remove_file("column-2.h5");
    check_refused("is missing", "column-2.h5");

    write_source("all.h5", 0, 9, 0, COLUMNS);
    begin_virtual();
    for (hsize_t odd = 0; odd < 2; odd++)
        map("all.h5", "d",
            &(struct part){{9, COLUMNS}, {odd, 0}, {2, 1}, {5 - odd, 1}, {1, COLUMNS}},
            &(struct part){{9, COLUMNS}, {odd, 0}, {2, 1}, {5 - odd, 1}, {1, COLUMNS}});
    write_virtual(9);
    check_good(9);
}
IN_FOLDER(mappings_of_other_forms)

/* A read of a part of the columns needs only the files of these. A read of whole rows then needs
 * the others, and misses them. */
static void a_part_needs_only_its_sources_in_folder(void)
{
    struct reading reading;
    struct io_range range = {.begin = 1, .count = 2, .step = 1};
    struct io_part part = {
        .axes = 1, .element_bytes = 4, .axis = {{.length = COLUMNS, .range = &range, .ranges = 1}}};
    char name[32];
    int32_t values[9 * COLUMNS];
    io_part_measure(&part);
    begin_virtual();
    for (uint64_t column = 0; column < COLUMNS; column++) {
        snprintf(name, sizeof name, "column-%d.h5", (int)column);
        write_source(name, 0, 9, column, 1);
        map(name, "d", &(struct part){{9, COLUMNS}, {0, column}, {1, 1}, {9, 1}, {1, 1}},
            &(struct part){.shape = {9, 1}});
    }
    write_virtual(9);
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    h5_array_view(reading.field, 1, &part);
    if (CHECK_STATUS(h5_read_rows(reading.field, 3, 2, values), SHS_OK))
        for (uint64_t i = 0; i < 4; i++)
            CHECK_EQ(values[i], value_of(3 + i / 2, 1 + i % 2));
    h5_array_view(reading.field, 2, NULL); /* each element is a row */
    if (CHECK_STATUS(h5_read_rows(reading.field, 2 * COLUMNS + 1, 1, values), SHS_OK))
        CHECK_EQ(values[0], value_of(2, 1));
    remove_file("column-3.h5");
    h5_array_view(reading.field, 1, NULL);
    CHECK_STATUS(h5_read_rows(reading.field, 3, 1, values), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "column-3.h5");
    close_reading(&reading);
}
IN_FOLDER(a_part_needs_only_its_sources)

/* A union of two boxes, which HDF5 does not describe as regular. */
static void an_irregular_mapping_in_folder(void)
{
    const hsize_t shape[2] = {9, COLUMNS}, low[2] = {0, 0}, high[2] = {4, 0};
    const hsize_t three[2] = {3, COLUMNS}, five[2] = {5, COLUMNS}, middle[2] = {3, 0};
    const hsize_t one[2] = {1, COLUMNS};
    write_source("all.h5", 0, 9, 0, COLUMNS);
    for (int complete = 0; complete < 2; complete++) {
        hid_t space = H5Screate_simple(2, shape, NULL);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, low, NULL, three, NULL);
        H5Sselect_hyperslab(space, H5S_SELECT_OR, high, NULL, five, NULL);
        begin_virtual();
        CHECK(H5Pset_virtual(virtual_list, space, "all.h5", "d", space) >= 0);
        if (complete) {
            H5Sselect_hyperslab(space, H5S_SELECT_SET, middle, NULL, one, NULL);
            CHECK(H5Pset_virtual(virtual_list, space, "all.h5", "d", space) >= 0);
        }
        H5Sclose(space);
        write_virtual(9);
        if (complete)
            check_good(9);
        else
            check_refused("no source is mapped to 4 of its elements, in rows 3 to 3", "fill");
    }
}
IN_FOLDER(an_irregular_mapping)

/* Sources of any length, one for the even rows and one for the odd ones. */
static void sources_that_grow_in_folder(void)
{
    static const hsize_t endless = H5S_UNLIMITED;
    for (hsize_t missing = 0; missing < 3; missing++) {
        begin_virtual();
        for (hsize_t odd = 0; odd < 2; odd++) {
            const struct part to = {
                {endless, COLUMNS}, {odd, 0}, {2, 1}, {endless, 1}, {1, COLUMNS}};
            const struct part from = {
                {endless, COLUMNS}, {0, 0}, {1, 1}, {endless, 1}, {1, COLUMNS}};
            char name[16];
            snprintf(name, sizeof name, "%s.h5", odd ? "odd" : "even");
            const uint64_t rows = odd ? 4 - missing : 5;
            /* rows 2i + odd, so that values are right: written row by row */
            int32_t values[5 * COLUMNS];
            for (uint64_t i = 0; i < rows * COLUMNS; i++)
                values[i] = value_of(i / COLUMNS * 2 + odd, i % COLUMNS);
            write_source(name, 0, rows, 0, COLUMNS);
            char whole[PATH_BYTES];
            hid_t file = H5Fopen(folder_path(folder, name, whole), H5F_ACC_RDWR, H5P_DEFAULT);
            hid_t data = H5Dopen2(file, "d", H5P_DEFAULT);
            CHECK(H5Dwrite(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
            H5Dclose(data);
            H5Fclose(file);
            map(name, "d", &to, &from);
        }
        write_virtual_to(path, "v", 0, true);
        if (missing)
            check_refused("has not the shape", "odd.h5");
        else
            check_good(9);
    }
}
IN_FOLDER(sources_that_grow)

/* A file a block of three rows, named by number. */
static void numbered_sources_in_folder(void)
{
    char name[32];
    for (int round = 0; round < 2; round++) {
        for (uint64_t block = 0; block < 4; block++) {
            snprintf(name, sizeof name, "100%%-%d.h5", (int)block);
            write_source(name, 3 * block, 3, 0, COLUMNS);
        }
        begin_virtual();
        map("100%%-%b.h5", "d",
            &(struct part){
                {H5S_UNLIMITED, COLUMNS}, {0, 0}, {3, 1}, {H5S_UNLIMITED, 1}, {3, COLUMNS}},
            &(struct part){.shape = {3, COLUMNS}});
        write_virtual_to(path, "v", 0, true);
        check_good(12);
    }
    struct reading reading;
    if (NEED_STATUS(open_virtual(&reading), SHS_OK)) {
        remove_file("100%-2.h5");
        if (CHECK(rows_are_right(&reading, 3, 3))) CHECK(rows_are_right(&reading, 9, 3));
        if (CHECK_STATUS(read_one(&reading, 8), SHS_ERROR_FILE))
            CHECK_HAS(shs_message(), "100%-2.h5");
        close_reading(&reading);
        write_source("100%-2.h5", 6, 3, 0, COLUMNS);
    }
    write_source("100%-1.h5", 3, 2, 0, COLUMNS);
    check_refused("has not the shape", "100%-1.h5");
    /* HDF5 takes the first that is missing for the end */
    remove_file("100%-2.h5");
    write_source("100%-1.h5", 3, 3, 0, COLUMNS);
    check_good(6);
}
IN_FOLDER(numbered_sources)

/* A virtual dataset over virtual ones, one of which is in the file itself. */
static void virtual_over_virtual_in_folder(void)
{
    char inner[PATH_BYTES];
    write_three();
    CHECK_EQ(rename(path, folder_path(folder, "inner.h5", inner)), 0);
    begin_virtual();
    map("inner.h5", "v", &(struct part){{14, COLUMNS}, {0, 0}, {1, 1}, {14, COLUMNS}, {1, 1}},
        &(struct part){.shape = {14, COLUMNS}});
    write_virtual(14);
    check_good(14);
    remove_file("b.h5");
    check_refused("inner.h5: dataset v: its source file b.h5 is missing", "b.h5");
    begin_virtual();
    map(".", "v", &(struct part){.shape = {14, COLUMNS}}, &(struct part){.shape = {14, COLUMNS}});
    write_virtual(14);
    check_refused("levels of virtual sources", "the most is 8");
}
IN_FOLDER(virtual_over_virtual)

/* `levels` virtual datasets, each of `rows` rows that are all mapped to the next one's first, and a
 * plain one below: a small file for any number of mappings. */
static void write_tower(unsigned levels, hsize_t rows)
{
    const hsize_t shape[2] = {rows, COLUMNS};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL);
    for (unsigned level = 0; level <= levels; level++) {
        char name[8], below[8];
        snprintf(name, sizeof name, level ? "v%u" : "v", level);
        snprintf(below, sizeof below, "v%u", level + 1);
        begin_virtual();
        for (hsize_t row = 0; row < rows && level < levels; row++)
            map(".", below, &(struct part){{rows, COLUMNS}, {row, 0}, {1, 1}, {1, COLUMNS}, {1, 1}},
                &(struct part){{rows, COLUMNS}, {0, 0}, {1, 1}, {1, COLUMNS}, {1, 1}});
        hid_t data =
            H5Dcreate2(file, name, H5T_NATIVE_INT32, space, H5P_DEFAULT, virtual_list, H5P_DEFAULT);
        CHECK_IS(data, >=, 0);
        H5Dclose(data);
        H5Pclose(virtual_list);
    }
    H5Sclose(space);
    CHECK(H5Fclose(file) >= 0);
}

static void mappings_of_mappings_have_an_end_in_folder(void)
{
    struct reading reading;
    write_tower(4, 10); /* 11,100 below the first */
    if (NEED_STATUS(open_virtual(&reading), SHS_OK)) close_reading(&reading);
    if (CORE_SANITIZED) return; /* takes minutes there */
    write_tower(5, 10);         /* 111,100 */
    check_refused("over virtual sources with more than 100000 mappings", "dataset v");
}
IN_FOLDER(mappings_of_mappings_have_an_end)

/* ---- where sources are looked for */

static void move_file(const char *from, const char *to)
{
    char old[PATH_BYTES], new[PATH_BYTES];
    CHECK_EQ(rename(folder_path(folder, from, old), folder_path(folder, to, new)), 0);
}

static void make_folder(const char *name, char whole[PATH_BYTES])
{
    CHECK_EQ(mkdir(folder_path(folder, name, whole), 0700), 0);
}

/* HDF5 takes some variables down when it begins. */
static void set_variable(const char *name, const char *value)
{
    CHECK(value ? setenv(name, value, 1) == 0 : unsetenv(name) == 0);
    CHECK(H5close() >= 0);
}

/* Where HDF5 itself finds it, so do we; where it reads fill values, we refuse. */
static void compare_with_hdf5(bool expected)
{
    int32_t rows[14][COLUMNS];
    struct reading reading;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t data = H5Dopen2(file, "v", H5P_DEFAULT);
    CHECK(H5Dread(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
    CHECK_EQ(rows[6][0] != fill_value, expected);
    H5Dclose(data);
    H5Fclose(file);
    bool opened = open_virtual(&reading) == SHS_OK;
    CHECK_EQ(opened, expected);
    if (opened) {
        CHECK(rows_are_right(&reading, 0, 14));
        close_reading(&reading);
    }
}

static void places_of_sources_in_folder(void)
{
    char other[PATH_BYTES], second[PATH_BYTES], here[PATH_BYTES], prefixes[3 * PATH_BYTES];
    CHECK(getcwd(here, sizeof here) != NULL);
    make_folder("other", other);
    make_folder("second", second);
    write_three();
    compare_with_hdf5(true);
    move_file("b.h5", "other/b.h5");
    compare_with_hdf5(false);
    set_variable("HDF5_VDS_PREFIX", other);
    compare_with_hdf5(true);
    snprintf(prefixes, sizeof prefixes, "/nowhere:%s::%s", second, other);
    set_variable("HDF5_VDS_PREFIX", prefixes);
    compare_with_hdf5(true);
    set_variable("HDF5_VDS_PREFIX", "${ORIGIN}/other");
    compare_with_hdf5(true);
    set_variable("HDF5_VDS_PREFIX", "${ORIGIN}/second");
    compare_with_hdf5(false);
    set_variable("HDF5_VDS_PREFIX", NULL);
    CHECK_EQ(chdir(other), 0);
    compare_with_hdf5(true);
    CHECK_EQ(chdir(here), 0);
    move_file("other/b.h5", "b.h5");
    /* through a symbolic link elsewhere */
    char link_path[PATH_BYTES];
    CHECK_EQ(symlink(path, folder_path(other, "link.h5", link_path)), 0);
    snprintf(path, sizeof path, "%s", link_path);
    compare_with_hdf5(true);
}
IN_FOLDER(places_of_sources)

static void sources_by_whole_path_in_folder(void)
{
    char whole[PATH_BYTES], elsewhere[PATH_BYTES];
    make_folder("elsewhere", elsewhere);
    write_source("elsewhere/a.h5", 0, 14, 0, COLUMNS);
    begin_virtual();
    map_rows(folder_path(elsewhere, "a.h5", whole), 14, 0, 14);
    write_virtual(14);
    compare_with_hdf5(true);
    move_file("elsewhere/a.h5", "a.h5"); /* its last part is then looked for beside the file */
    compare_with_hdf5(true);
    move_file("a.h5", "other.h5");
    compare_with_hdf5(false);
}
IN_FOLDER(sources_by_whole_path)

/* ---- after opening */

static void a_source_that_goes_before_it_is_read_in_folder(void)
{
    struct reading reading;
    write_three();
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    CHECK(rows_are_right(&reading, 0, 5));
    remove_file("b.h5");
    CHECK(rows_are_right(&reading, 0, 5));
    CHECK(rows_are_right(&reading, 12, 2));
    if (CHECK_STATUS(read_one(&reading, 5), SHS_ERROR_FILE)) CHECK_HAS(shs_message(), "b.h5");
    CHECK_STATUS(read_one(&reading, 11), SHS_ERROR_FILE);
    if (CHECK_STATUS(check_now(&reading, false), SHS_ERROR_FILE)) CHECK_HAS(shs_message(), "b.h5");
    write_source("b.h5", 5, 900, 0, COLUMNS);
    if (CHECK_STATUS(read_one(&reading, 5), SHS_ERROR_FILE))
        CHECK_HAS(shs_message(), "b.h5 has changed");
    CHECK_HAS(shs_message(), "more than then");
    close_reading(&reading);
}
IN_FOLDER(a_source_that_goes_before_it_is_read)

/* What was examined is not what HDF5 would read, in a file that looks the same by size and time. */
static void another_file_in_its_place_in_folder(void)
{
    char here[PATH_BYTES], other[PATH_BYTES], whole[PATH_BYTES];
    struct reading reading;
    CHECK(getcwd(here, sizeof here) != NULL);
    make_folder("other", other);
    make_folder("second", whole);
    write_three();
    move_file("b.h5", "second/b.h5");
    CHECK_EQ(chdir(whole), 0);
    CHECK_EQ(utime("b.h5", &(struct utimbuf){1, 1}), 0);
    if (NEED_STATUS(open_virtual(&reading), SHS_OK)) {
        CHECK_EQ(chdir(other), 0);
        write_source("other/b.h5", 0, 7, 0, COLUMNS);
        CHECK_EQ(utime("b.h5", &(struct utimbuf){1, 1}), 0);
        CHECK(rows_are_right(&reading, 0, 5));
        CHECK_STATUS(read_one(&reading, 5), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "another file of the same size has taken its place");
        close_reading(&reading);
    }
    CHECK_EQ(chdir(here), 0);
}
IN_FOLDER(another_file_in_its_place)

/* A time that is another is told, and no error by itself. */
static void a_source_that_is_touched_is_read_in_folder(void)
{
    struct reading reading;
    char whole[PATH_BYTES];
    write_three();
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    CHECK_STATUS(check_now(&reading, false), SHS_OK);
    CHECK_EQ(utime(folder_path(folder, "c.h5", whole), &(struct utimbuf){1, 1}), 0);
    CHECK_STATUS(check_now(&reading, true), SHS_OK);
    CHECK(rows_are_right(&reading, 0, 14));
    close_reading(&reading);
}
IN_FOLDER(a_source_that_is_touched_is_read)

static void a_source_that_changes_is_found_in_folder(void)
{
    struct reading reading;
    char whole[PATH_BYTES];
    write_three();
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    CHECK(rows_are_right(&reading, 0, 14));
    CHECK_STATUS(check_now(&reading, false), SHS_OK);
    move_file("b.h5", "old.h5"); /* which keeps its inode from being used again */
    write_source("b.h5", 5, 7, 0, COLUMNS);
    CHECK_STATUS(check_now(&reading, true), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "b.h5 has changed");
    CHECK_HAS(shs_message(), "whole.h5: dataset v");
    CHECK_HAS(shs_message(), "another file of the same size has taken its place");
    move_file("old.h5", "b.h5");
    CHECK_STATUS(check_now(&reading, false), SHS_OK);
    CHECK_EQ(truncate(folder_path(folder, "c.h5", whole), 100), 0);
    if (CHECK_STATUS(check_now(&reading, true), SHS_ERROR_FILE))
        CHECK_HAS(shs_message(), "c.h5 has 100 bytes");
    close_reading(&reading);
}
IN_FOLDER(a_source_that_changes_is_found)

static size_t open_files(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory) closedir(directory);
    return count;
}

static void write_many(bool in_a_row)
{
    char name[32];
    begin_virtual();
    for (uint64_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%d.h5", (int)i);
        if (in_a_row) {
            write_source(name, 0, 2, i, 1);
            map(name, "d", &(struct part){{2, MANY}, {0, i}, {1, 1}, {2, 1}, {1, 1}},
                &(struct part){.shape = {2, 1}});
        } else {
            write_source(name, 3 * i, 3, 0, COLUMNS);
            map_rows(name, 3 * MANY, 3 * i, 3);
        }
    }
}

/* HDF5 would keep all of them open. */
static void many_sources_in_folder(void)
{
    struct reading reading;
    size_t before, most = 0;
    write_many(false);
    write_virtual(3 * MANY);
    before = open_files();
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    for (uint64_t i = 0; i < 3 * MANY; i++) {
        CHECK(rows_are_right(&reading, i * 7 % (3 * MANY), 1));
        if (open_files() > most) most = open_files();
    }
    CHECK_IS(most, >, before + 30);
    CHECK_IS(most, <, before + 100);
    close_reading(&reading);
    CHECK_EQ(open_files(), before);
}
IN_FOLDER(many_sources)

/* A file that cannot be opened for want of a descriptor is a missing one to HDF5. */
static void no_descriptors_left_in_folder(void)
{
    const hsize_t shape[2] = {2, MANY};
    struct reading reading;
    struct rlimit before, low;
    int32_t row[MANY];
    write_many(true);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t data =
        H5Dcreate2(file, "v", H5T_NATIVE_INT32, space, H5P_DEFAULT, virtual_list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(virtual_list);
    H5Fclose(file);
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = open_files() + 100;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    CHECK_STATUS(h5_read_rows(reading.field, 1, 1, row), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "Too many open files");
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_STATUS(h5_read_rows(reading.field, 1, 1, row), SHS_OK);
    for (uint64_t i = 0; i < MANY; i++)
        CHECK_EQ(row[i], value_of(1, i));
    close_reading(&reading);
}
IN_FOLDER(no_descriptors_left)

/* ---- external files */

/* 10 rows: 6 in one raw file, behind 100 other bytes, and the rest in another. */
static void write_external(const char *prefix)
{
    const hsize_t shape[2] = {10, COLUMNS};
    const hsize_t row = COLUMNS * sizeof(int32_t);
    char one[PATH_BYTES], two[PATH_BYTES], bytes[100] = {0};
    if (prefix) set_variable("HDF5_EXTFILE_PREFIX", prefix);
    int32_t values[10][COLUMNS];
    for (uint64_t i = 0; i < 10 * COLUMNS; i++)
        values[i / COLUMNS][i % COLUMNS] = value_of(i / COLUMNS, i % COLUMNS);
    CHECK(file_write(folder_path(folder, "one.raw", one), bytes, sizeof bytes));
    CHECK(file_write(folder_path(folder, "two.raw", two), bytes, 0));
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    CHECK(H5Pset_external(list, prefix ? "one.raw" : one, 100, 6 * row) >= 0);
    CHECK(H5Pset_external(list, prefix ? "two.raw" : two, 0, H5F_UNLIMITED) >= 0);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t data = H5Dcreate2(file, "v", H5T_NATIVE_INT32, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(H5Dwrite(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(list);
    CHECK(H5Fclose(file) >= 0);
}

static void cut(const char *name, off_t bytes)
{
    char whole[PATH_BYTES];
    CHECK_EQ(truncate(folder_path(folder, name, whole), bytes), 0);
}

static void external_files_in_folder(void)
{
    const off_t row = COLUMNS * sizeof(int32_t);
    write_external(NULL);
    check_good(10);
    cut("two.raw", 4 * row - 1);
    check_refused("two.raw has 63 bytes where 64 from byte 0 on are needed", "not complete");
    write_external(NULL);
    cut("one.raw", 100 + 6 * row - 1);
    check_refused("one.raw has 195 bytes where 96 from byte 100 on are needed", "not complete");
    cut("one.raw", 50);
    check_refused("one.raw has 50 bytes", "not complete");
    write_external(NULL);
    remove_file("two.raw");
    check_refused("two.raw", "No such file");
}
IN_FOLDER(external_files)

static void external_files_beside_the_file_in_folder(void)
{
    write_external("${ORIGIN}");
    check_good(10);
    set_variable("HDF5_EXTFILE_PREFIX", folder);
    check_good(10);
    cut("two.raw", 7);
    check_refused("two.raw has 7 bytes", "not complete");
    set_variable("HDF5_EXTFILE_PREFIX", "/nowhere");
    check_refused("/nowhere/one.raw", "No such file");
    set_variable("HDF5_EXTFILE_PREFIX", NULL);
}
IN_FOLDER(external_files_beside_the_file)

static void external_files_cut_short_while_open_in_folder(void)
{
    struct reading reading;
    write_external(NULL);
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    CHECK(rows_are_right(&reading, 0, 10));
    cut("two.raw", 20);
    CHECK(rows_are_right(&reading, 0, 6));
    for (uint64_t row = 6; row < 10; row++)
        CHECK(read_one(&reading, row) == SHS_ERROR_FILE && message_has("two.raw has 20 bytes"));
    CHECK_STATUS(check_now(&reading, true), SHS_ERROR_FILE);
    close_reading(&reading);
}
IN_FOLDER(external_files_cut_short_while_open)

/* ---- external links */

static void a_link_to_another_file_in_folder(void)
{
    struct reading reading;
    char whole[PATH_BYTES];
    write_source("there.h5", 0, 6, 0, COLUMNS);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Lcreate_external("there.h5", "d", file, "v", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    check_good(6);
    if (!NEED_STATUS(open_virtual(&reading), SHS_OK)) return;
    CHECK_EQ(utime(folder_path(folder, "there.h5", whole), &(struct utimbuf){1, 1}), 0);
    CHECK_STATUS(check_now(&reading, true), SHS_OK);
    CHECK_EQ(truncate(whole, 10), 0);
    if (CHECK_STATUS(check_now(&reading, true), SHS_ERROR_FILE))
        CHECK_HAS(shs_message(), "there.h5 has 10 bytes");
    close_reading(&reading);
}
IN_FOLDER(a_link_to_another_file)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_of_several_files),
        TEST(a_missing_file_is_an_error),
        TEST(a_file_that_is_no_hdf5_is_an_error),
        TEST(a_missing_dataset_is_an_error),
        TEST(a_source_that_is_too_small_is_an_error),
        TEST(what_is_not_mapped_is_an_error),
        TEST(mappings_of_other_forms),
        TEST(a_part_needs_only_its_sources),
        TEST(an_irregular_mapping),
        TEST(sources_that_grow),
        TEST(numbered_sources),
        TEST(virtual_over_virtual),
        TEST(mappings_of_mappings_have_an_end),
        TEST(places_of_sources),
        TEST(sources_by_whole_path),
        TEST(a_source_that_goes_before_it_is_read),
        TEST(another_file_in_its_place),
        TEST(a_source_that_is_touched_is_read),
        TEST(a_source_that_changes_is_found),
        TEST(many_sources),
        TEST(no_descriptors_left),
        TEST(external_files),
        TEST(external_files_beside_the_file),
        TEST(external_files_cut_short_while_open),
        TEST(a_link_to_another_file),
    };
    return harness_main("sources", tests, COUNT(tests), argc, argv);
}
