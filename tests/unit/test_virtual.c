/* Virtual datasets that are read from their sources: which are, that rows are what HDF5 reads, that
 * chunks are kept, and what happens to a source that is missing or has changed. */
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data_sources.h"
#include "fetch.h"
#include "h5_file.h"
#include "message.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    ROWS = 24,
    COLUMNS = 6,
    HEIGHT = 3, /* rows of a chunk */
    PIECES = 12
};

static char folder[PATH_BYTES], path[PATH_BYTES];

/* Runs a test in a folder of its own; path is that of the virtual dataset's file. */
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

enum kind {
    PLAIN,
    DEFLATED,
    SWAPPED,
    COMPACT,
    WIDER, /* of a wider type than the virtual dataset */
    SINGLE /* a row as an array of one axis */
};

static hid_t list_of(enum kind kind, hsize_t rows)
{
    const hsize_t chunk[2] = {rows < HEIGHT ? rows : HEIGHT, COLUMNS};
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (kind == DEFLATED) H5Pset_chunk(list, 2, chunk);
    if (kind == DEFLATED) H5Pset_deflate(list, 3);
    if (kind == COMPACT) H5Pset_layout(list, H5D_COMPACT);
    return list;
}

/* Rows first, first + step, … of the array. */
struct rows {
    uint64_t first, step, count;
};

static void write_rows(hid_t file, const char *name, enum kind kind, struct rows rows)
{
    const hsize_t shape[2] = {rows.count, COLUMNS};
    int32_t values[ROWS * COLUMNS];
    hid_t type = kind == SWAPPED ? H5T_STD_I32BE : kind == WIDER ? H5T_STD_I64LE : H5T_STD_I32LE;
    hid_t list = list_of(kind, rows.count);
    hid_t space = H5Screate_simple(kind == SINGLE ? 1 : 2, shape + (kind == SINGLE), NULL);
    hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    for (uint64_t i = 0; i < rows.count * COLUMNS; i++)
        values[i] = value_of(rows.first + i / COLUMNS * rows.step, i % COLUMNS);
    CHECK(H5Dwrite(data, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(list);
}

static void write_source(const char *name, enum kind kind, struct rows rows)
{
    char whole[PATH_BYTES];
    hid_t file =
        H5Fcreate(folder_path(folder, name, whole), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_rows(file, "d", kind, rows);
    CHECK(H5Fclose(file) >= 0);
}

/* ---- the virtual dataset */

static hid_t mappings, own_file;

static void begin_virtual(void)
{
    own_file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    mappings = H5Pcreate(H5P_DATASET_CREATE);
}

/* Rows of the virtual dataset, and columns [column, column + columns) of them, from a selection of
 * the source, whose shape is `shape`: rows in steps, or everything. */
struct mapping {
    struct rows to;
    hsize_t column, columns;
    hsize_t shape[2];
    int axes;
    struct rows from;
};

static void select_rows(hid_t space, struct rows rows, hsize_t column, hsize_t columns)
{
    const hsize_t start[2] = {rows.first, column}, stride[2] = {rows.step, 1};
    const hsize_t count[2] = {rows.count, columns};
    CHECK(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count, NULL) >= 0);
}

static void map(const char *file, const char *name, struct mapping how)
{
    const hsize_t shape[2] = {ROWS, COLUMNS};
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t source = H5Screate_simple(how.axes, how.shape, NULL);
    select_rows(space, how.to, how.column, how.columns);
    if (how.from.count) select_rows(source, how.from, 0, how.columns);
    CHECK(H5Pset_virtual(mappings, space, file, name, source) >= 0);
    H5Sclose(space);
    H5Sclose(source);
}

/* Maps rows to a source of as many rows. */
static void map_rows(const char *file, struct rows to)
{
    map(file, "d",
        (struct mapping){.to = to, .columns = COLUMNS, .shape = {to.count, COLUMNS}, .axes = 2});
}

static void end_virtual(void)
{
    const hsize_t shape[2] = {ROWS, COLUMNS};
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t data =
        H5Dcreate2(own_file, "v", H5T_NATIVE_INT32, space, H5P_DEFAULT, mappings, H5P_DEFAULT);
    CHECK_IS(data, >=, 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(mappings);
    CHECK(H5Fclose(own_file) >= 0);
}

/* ---- reading */

struct reading {
    struct h5_file *file;
    struct data_field field;
    struct fetcher *fetcher;
};

static shs_status open_virtual(struct reading *reading)
{
    *reading = (struct reading){0};
    shs_status status = h5_open(path, &reading->file);
    if (!status)
        status =
            data_field_open(reading->file, path, "v", &(struct data_field_how){0}, &reading->field);
    if (!status) status = fetcher_new(1 << 20, &reading->fetcher);
    if (!status) data_field_tell(&reading->field, 5, ROWS);
    return status;
}

static void close_reading(struct reading *reading)
{
    fetcher_free(&reading->fetcher);
    data_field_close(&reading->field);
    h5_close(&reading->file);
}

static bool are_right(const int32_t *values, uint64_t first, uint64_t count)
{
    bool right = true;
    for (uint64_t i = 0; i < count * COLUMNS && right; i++) {
        harness_where("row %llu, column %llu", (unsigned long long)(first + i / COLUMNS),
                      (unsigned long long)(i % COLUMNS));
        right = CHECK_EQ(values[i], value_of(first + i / COLUMNS, i % COLUMNS));
    }
    harness_where(NULL);
    return right;
}

/* The first row of a piece of i + 1 rows. */
static uint64_t first_of(size_t i)
{
    return i * 7 % (ROWS - i);
}

/* Fetches pieces of 1, 2, 3 … rows, some of them beyond a source's end. */
static shs_status fetch_some(struct reading *reading, int32_t values[PIECES][ROWS * COLUMNS],
                             struct fetch_counts *counts)
{
    struct fetch_piece pieces[PIECES];
    const struct fetch_means means = {.fetcher = reading->fetcher, .threads = 2};
    for (size_t i = 0; i < PIECES; i++)
        pieces[i] =
            (struct fetch_piece){&reading->field, first_of(i), i + 1, values[i], FETCH_TAKEN, NULL};
    return fetch_pieces(&means, pieces, PIECES, counts);
}

static void check_rows(struct reading *reading)
{
    static int32_t values[PIECES][ROWS * COLUMNS];
    struct fetch_counts counts = {0};
    if (CHECK_STATUS(data_field_read(&reading->field, 0, ROWS, values[0]), SHS_OK))
        are_right(values[0], 0, ROWS);
    memset(values, 0xEE, sizeof values);
    if (CHECK_STATUS(h5_read_rows(reading->field.through, 0, ROWS, values[0]), SHS_OK))
        are_right(values[0], 0, ROWS);
    for (int times = 0; times < 2; times++) {
        memset(values, 0xEE, sizeof values);
        counts = (struct fetch_counts){0};
        if (!CHECK_STATUS(fetch_some(reading, values, &counts), SHS_OK)) return;
        for (size_t i = 0; i < PIECES; i++)
            are_right(values[i], first_of(i), i + 1);
        CHECK_EQ(counts.rows, PIECES * (PIECES + 1) / 2);
    }
    if (data_field_is_direct(&reading->field)) CHECK_EQ(counts.chunks_decoded, 0);
}

/* The virtual dataset is read from so many sources, and no file but its own stays open in HDF5. */
static void check_direct(size_t sources)
{
    struct reading reading;
    if (CHECK_STATUS(open_virtual(&reading), SHS_OK)) {
        CHECK_EQ(data_sources_count(reading.field.sources), sources);
        CHECK_TEXT(reading.field.reason, "");
        CHECK_EQ(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE), 1);
        check_rows(&reading);
    }
    close_reading(&reading);
}

/* The virtual dataset is read through HDF5, for this reason. */
static void check_through(const char *reason)
{
    struct reading reading;
    if (CHECK_STATUS(open_virtual(&reading), SHS_OK)) {
        CHECK(!reading.field.sources);
        CHECK_TEXT(reading.field.reason, reason);
        check_rows(&reading);
    }
    close_reading(&reading);
}

/* ---- what is read directly */

/* Three sources of 7, 12 and 5 rows, one after the other. */
static void write_three(void)
{
    write_source("a.h5", PLAIN, (struct rows){0, 1, 7});
    write_source("b.h5", DEFLATED, (struct rows){7, 1, 12});
    write_source("c.h5", SWAPPED, (struct rows){19, 1, 5});
    begin_virtual();
    map_rows("c.h5", (struct rows){19, 1, 5});
    map_rows("a.h5", (struct rows){0, 1, 7});
    map_rows("b.h5", (struct rows){7, 1, 12});
    end_virtual();
}

static void sources_one_after_the_other_in_folder(void)
{
    write_three();
    check_direct(3);
}
IN_FOLDER(sources_one_after_the_other)

static void sources_by_turns_in_folder(void)
{
    static const enum kind kinds[3] = {DEFLATED, PLAIN, DEFLATED};
    static const char *const names[3] = {"a.h5", "b.h5", "c.h5"};
    struct reading reading;
    begin_virtual();
    for (uint64_t i = 0; i < 3; i++) {
        write_source(names[i], kinds[i], (struct rows){i, 3, ROWS / 3});
        map_rows(names[i], (struct rows){i, 3, ROWS / 3});
    }
    end_virtual();
    check_direct(3);
    if (CHECK_STATUS(open_virtual(&reading), SHS_OK)) { /* chunk 1 of c.h5: rows 11, 14 and 17 */
        const struct data_field *source = data_sources_field(reading.field.sources, 2);
        struct io_rows rows = data_sources_rows_of(source, (struct io_rows){3, 3});
        CHECK_EQ(rows.first, 11);
        CHECK_EQ(rows.count, 7);
        struct io_rows list[3];
        CHECK_EQ(data_sources_list(source, (struct io_rows){3, 3}, 2, list), 0);
        if (CHECK_EQ(data_sources_list(source, (struct io_rows){3, 3}, 3, list), 3))
            for (uint64_t i = 0; i < 3; i++)
                if (CHECK_EQ(list[i].first, 11 + 3 * i)) CHECK_EQ(list[i].count, 1);
        CHECK_EQ(source->key & DATA_ARRAY_KEY, 5);
    }
    close_reading(&reading);
}
IN_FOLDER(sources_by_turns)

/* Every second row of a source that has more, a source beside the virtual dataset, and sources of
 * which each is one row, without an axis of rows. */
static void selected_rows_and_single_rows_in_folder(void)
{
    char name[32];
    write_source("wide.h5", DEFLATED, (struct rows){0, 1, ROWS});
    begin_virtual();
    map("wide.h5", "d",
        (struct mapping){.to = {0, 2, ROWS / 2},
                         .columns = COLUMNS,
                         .shape = {ROWS, COLUMNS},
                         .axes = 2,
                         .from = {0, 2, ROWS / 2}});
    write_rows(own_file, "own", PLAIN, (struct rows){1, 2, ROWS / 4});
    map(".", "own",
        (struct mapping){
            .to = {1, 2, ROWS / 4}, .columns = COLUMNS, .shape = {ROWS / 4, COLUMNS}, .axes = 2});
    for (uint64_t row = ROWS / 2 + 1; row < ROWS; row += 2) {
        snprintf(name, sizeof name, "row%d.h5", (int)row);
        write_source(name, SINGLE, (struct rows){row, 1, 1});
        map(name, "d",
            (struct mapping){.to = {row, 1, 1}, .columns = COLUMNS, .shape = {COLUMNS}, .axes = 1});
    }
    end_virtual();
    check_direct(2 + ROWS / 4);
}
IN_FOLDER(selected_rows_and_single_rows)

/* ---- what is not */

static void parts_of_rows_are_read_through_hdf5_in_folder(void)
{
    write_source("a.h5", PLAIN, (struct rows){0, 1, ROWS});
    begin_virtual();
    map("a.h5", "d",
        (struct mapping){.to = {0, 1, ROWS},
                         .columns = 2,
                         .shape = {ROWS, COLUMNS},
                         .axes = 2,
                         .from = {0, 1, ROWS}});
    write_source("b.h5", PLAIN, (struct rows){0, 1, ROWS});
    const hsize_t all[2] = {ROWS, COLUMNS};
    hid_t space = H5Screate_simple(2, all, NULL);
    select_rows(space, (struct rows){0, 1, ROWS}, 2, COLUMNS - 2);
    CHECK(H5Pset_virtual(mappings, space, "b.h5", "d", space) >= 0);
    H5Sclose(space);
    end_virtual();
    check_through("virtual, and its sources do not have whole rows");
}
IN_FOLDER(parts_of_rows_are_read_through_hdf5)

static void sources_of_other_kinds_in_folder(void)
{
    static const struct {
        enum kind kind;
        const char *reason;
    } cases[] = {{COMPACT, "virtual, over a dataset that is compact"},
                 {WIDER, "virtual, over a dataset of another type"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_source("a.h5", cases[i].kind, (struct rows){0, 1, ROWS});
        begin_virtual();
        map_rows("a.h5", (struct rows){0, 1, ROWS});
        end_virtual();
        check_through(cases[i].reason);
    }
}
IN_FOLDER(sources_of_other_kinds)

/* More sources than may be open. */
static void too_many_sources_in_folder(void)
{
    struct h5_file *file;
    struct data_field field;
    write_three();
    if (!NEED_STATUS(h5_open(path, &file), SHS_OK)) return;
    for (size_t most = 2; most <= 3; most++) {
        const struct data_field_how how = {.most_sources = most};
        if (!CHECK_STATUS(data_field_open(file, path, "v", &how, &field), SHS_OK)) continue;
        CHECK_EQ(data_sources_count(field.sources), most == 3 ? 3 : 0);
        CHECK_TEXT(field.reason, most == 3 ? "" : "virtual, over 3 datasets; ulimit -n allows 2");
        data_field_close(&field);
    }
    h5_close(&file);
}
IN_FOLDER(too_many_sources)

static void virtual_sources_and_rows_mapped_twice_in_folder(void)
{
    write_source("a.h5", PLAIN, (struct rows){0, 1, ROWS});
    begin_virtual();
    map_rows("a.h5", (struct rows){0, 1, ROWS});
    map_rows("a.h5", (struct rows){0, 1, ROWS});
    end_virtual();
    check_through("virtual, and some rows are mapped twice");
    begin_virtual();
    map_rows("a.h5", (struct rows){0, 1, ROWS});
    end_virtual();
    char other[PATH_BYTES];
    CHECK_EQ(rename(path, folder_path(folder, "other.h5", other)), 0);
    begin_virtual();
    map("other.h5", "v",
        (struct mapping){
            .to = {0, 1, ROWS}, .columns = COLUMNS, .shape = {ROWS, COLUMNS}, .axes = 2});
    end_virtual();
    check_through("virtual, over a dataset that is virtual");
}
IN_FOLDER(virtual_sources_and_rows_mapped_twice)

/* ---- what is wrong */

static void a_missing_source_is_named_in_folder(void)
{
    struct reading reading;
    char name[PATH_BYTES];
    bool touched;
    write_three();
    folder_path(folder, "b.h5", name);
    if (CHECK_STATUS(open_virtual(&reading), SHS_OK)) {
        CHECK_EQ(unlink(name), 0);
        CHECK_STATUS(h5_array_check(reading.field.through, &touched), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "b.h5");
    }
    close_reading(&reading);
    CHECK_STATUS(open_virtual(&reading), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "whole.h5: dataset v: its source file b.h5 is missing");
    close_reading(&reading);
}
IN_FOLDER(a_missing_source_is_named)

static void a_source_cut_short_is_named_in_folder(void)
{
    static int32_t values[PIECES][ROWS * COLUMNS];
    struct reading reading;
    struct fetch_counts counts = {0};
    char name[PATH_BYTES];
    bool touched;
    write_three();
    if (CHECK_STATUS(open_virtual(&reading), SHS_OK)) {
        CHECK_EQ(truncate(folder_path(folder, "c.h5", name), 512), 0);
        CHECK_IS(fetch_some(&reading, values, &counts), <, 0);
        CHECK_HAS(shs_message(), "c.h5");
        CHECK_IS(data_field_read(&reading.field, ROWS - 1, 1, values[0]), <, 0);
        CHECK_HAS(shs_message(), "dataset v: dataset d: rows 4 to 4: ");
        CHECK_HAS(shs_message(), "c.h5");
        CHECK_STATUS(h5_array_check(reading.field.through, &touched), SHS_ERROR_FILE);
        CHECK_HAS(shs_message(), "fewer than when it was opened");
    }
    close_reading(&reading);
}
IN_FOLDER(a_source_cut_short_is_named)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(sources_one_after_the_other),
        TEST(sources_by_turns),
        TEST(selected_rows_and_single_rows),
        TEST(parts_of_rows_are_read_through_hdf5),
        TEST(sources_of_other_kinds),
        TEST(too_many_sources),
        TEST(virtual_sources_and_rows_mapped_twice),
        TEST(a_missing_source_is_named),
        TEST(a_source_cut_short_is_named),
    };
    return harness_main("virtual", tests, COUNT(tests), argc, argv);
}
