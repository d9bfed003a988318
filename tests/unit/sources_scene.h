/* Virtual datasets whose elements lie in other files: how they are written, and how they are read.
 * Row r, column c of any dataset has the value 1000 r + c, so that any element is known by its
 * place. */
#ifndef SOURCES_SCENE_H
#define SOURCES_SCENE_H

#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "h5_file.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    COLUMNS = 4
};

static const int32_t fill_value = -99;

/* `path` is the virtual file that is read; its dataset is v. */
static char folder[PATH_BYTES], path[PATH_BYTES];

/* IN_FOLDER(test) { ... } is a test that runs in a folder of its own, with `path` in it; it leaves
 * no object of HDF5 open. */
#define IN_FOLDER(test)                                                                            \
    static void test##_in_folder(void);                                                            \
    static void test(void)                                                                         \
    {                                                                                              \
        if (!NEED(folder_make(folder))) return;                                                    \
        folder_path(folder, "whole.h5", path);                                                     \
        test##_in_folder();                                                                        \
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);                            \
        folder_remove(folder);                                                                     \
    }                                                                                              \
    static void test##_in_folder(void)

static inline int32_t value_of(uint64_t row, uint64_t column)
{
    return (int32_t)(row * 1000 + column);
}

/* ---- sources */

/* A file `folder`/name with dataset /d of rows [first, first + rows) of columns [column, column +
 * columns), of any length along its first axis. */
static inline void write_source(const char *name, uint64_t first, uint64_t rows, uint64_t column,
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

static inline void remove_file(const char *name)
{
    char whole[PATH_BYTES];
    CHECK_EQ(remove(folder_path(folder, name, whole)), 0);
}

static inline void move_file(const char *from, const char *to)
{
    char old[PATH_BYTES], new[PATH_BYTES];
    CHECK_EQ(rename(folder_path(folder, from, old), folder_path(folder, to, new)), 0);
}

static inline void make_folder(const char *name, char whole[PATH_BYTES])
{
    CHECK_EQ(mkdir(folder_path(folder, name, whole), 0700), 0);
}

/* ---- virtual datasets */

static hid_t virtual_list;

static inline void begin_virtual(void)
{
    virtual_list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_value(virtual_list, H5T_NATIVE_INT32, &fill_value);
}

/* Two selections of a mapping, each {start, stride, count, block} for two axes. */
struct part {
    hsize_t shape[2];
    hsize_t start[2], stride[2], count[2], block[2];
};

static inline hid_t space_of(const struct part *part)
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

static inline void map(const char *file, const char *dataset, const struct part *to,
                       const struct part *from)
{
    hid_t space = space_of(to), source = space_of(from);
    CHECK(H5Pset_virtual(virtual_list, space, file, dataset, source) >= 0);
    H5Sclose(space);
    H5Sclose(source);
}

/* Rows [first, first + rows) of `all` from all of a source. */
static inline void map_rows(const char *file, uint64_t all, uint64_t first, uint64_t rows)
{
    map(file, "d", &(struct part){{all, COLUMNS}, {first, 0}, {1, 1}, {rows, COLUMNS}, {1, 1}},
        &(struct part){.shape = {rows, COLUMNS}});
}

/* Writes the virtual dataset with what has been mapped. */
static inline void write_mapped(uint64_t rows, bool grows)
{
    const hsize_t shape[2] = {rows, COLUMNS}, most[2] = {H5S_UNLIMITED, COLUMNS};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    hid_t space = H5Screate_simple(2, shape, grows ? most : NULL);
    hid_t data =
        H5Dcreate2(file, "v", H5T_NATIVE_INT32, space, H5P_DEFAULT, virtual_list, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(access);
    H5Pclose(virtual_list);
    CHECK(H5Fclose(file) >= 0);
}

static inline void write_virtual(uint64_t rows)
{
    write_mapped(rows, false);
}

/* As many rows as the sources have. */
static inline void write_endless(void)
{
    write_mapped(0, true);
}

/* Three files of 5, 7 and 2 rows, one after the other. */
static inline void write_three(void)
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

static inline shs_status open_named(struct reading *reading, const char *name)
{
    *reading = (struct reading){0};
    shs_status status = h5_open(path, &reading->file);
    if (!status)
        status = h5_array_open(reading->file, name, 0, false, &reading->field, &reading->shape);
    if (status) h5_close(&reading->file);
    return status;
}

static inline shs_status open_virtual(struct reading *reading)
{
    return open_named(reading, "v");
}

static inline void close_reading(struct reading *reading)
{
    h5_array_close(&reading->field);
    h5_close(&reading->file);
}

static inline bool rows_are_right(struct reading *reading, uint64_t first, uint64_t count)
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
static inline shs_status check_now(const struct reading *reading, bool expected)
{
    bool touched = false;
    shs_status status = h5_array_check(reading->field, &touched);
    if (!status) CHECK_EQ(touched, expected);
    return status;
}

static inline shs_status read_one(struct reading *reading, uint64_t row)
{
    int32_t values[COLUMNS];
    return h5_read_rows(reading->field, row, 1, values);
}

/* The dataset opens, has so many rows, and each is what it must be. */
static inline void check_good(uint64_t rows)
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

static inline void check_refused(const char *words, const char *more)
{
    struct reading reading;
    CHECK_IS(open_virtual(&reading), <, 0);
    CHECK(reading.file == NULL);
    CHECK_HAS(shs_message(), "whole.h5: dataset v: ");
    CHECK_HAS(shs_message(), words);
    CHECK_HAS(shs_message(), more);
}

#endif
