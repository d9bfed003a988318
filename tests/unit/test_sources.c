/* Virtual datasets are read like any other while all their sources are there; where HDF5 would make
 * something up, opening them is an error. */
#include "core_sanitized.h"
#include "sources_scene.h"

IN_FOLDER(rows_of_several_files)
{
    write_three();
    check_good(14);
}

IN_FOLDER(a_missing_file_is_an_error)
{
    static const char *const names[] = {"a.h5", "b.h5", "c.h5"};
    for (size_t i = 0; i < COUNT(names); i++) {
        write_three();
        remove_file(names[i]);
        check_refused("is missing", names[i]);
    }
}

IN_FOLDER(a_file_that_is_no_hdf5_is_an_error)
{
    char whole[PATH_BYTES];
    write_three();
    CHECK(file_write(folder_path(folder, "b.h5", whole), "rubbish", 7));
    check_refused("no HDF5 file", "b.h5");
}

IN_FOLDER(a_missing_dataset_is_an_error)
{
    write_source("a.h5", 0, 5, 0, COLUMNS);
    begin_virtual();
    map("a.h5", "e", &(struct part){.shape = {5, COLUMNS}}, &(struct part){.shape = {5, COLUMNS}});
    write_virtual(5);
    check_refused("holds no dataset 'e'", "a.h5");
}

IN_FOLDER(a_source_that_is_too_small_is_an_error)
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

IN_FOLDER(what_is_not_mapped_is_an_error)
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

/* 9 rows; column-K.h5 has column K. */
static void write_columns(void)
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
}

/* Columns from a file each, and rows of two files in turn. */
IN_FOLDER(mappings_of_other_forms)
{
    write_columns();
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

/* A read of a part of the columns needs only the files of these. A read of whole rows then needs
 * the others, and misses them. */
IN_FOLDER(a_part_needs_only_its_sources)
{
    struct reading reading;
    struct io_range range = {.begin = 1, .count = 2, .step = 1};
    struct io_part part = {
        .axes = 1, .element_bytes = 4, .axis = {{.length = COLUMNS, .range = &range, .ranges = 1}}};
    int32_t values[9 * COLUMNS];
    io_part_measure(&part);
    write_columns();
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

/* A union of two boxes, which HDF5 does not describe as regular. */
IN_FOLDER(an_irregular_mapping)
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

/* Sources of any length, one for the even rows and one for the odd ones. */
IN_FOLDER(sources_that_grow)
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
        write_endless();
        if (missing)
            check_refused("has not the shape", "odd.h5");
        else
            check_good(9);
    }
}

/* A file a block of three rows, named by number. */
IN_FOLDER(numbered_sources)
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
        write_endless();
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

/* A virtual dataset over virtual ones, one of which is in the file itself. */
IN_FOLDER(virtual_over_virtual)
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

IN_FOLDER(mappings_of_mappings_have_an_end)
{
    struct reading reading;
    write_tower(4, 10); /* 11,100 below the first */
    if (NEED_STATUS(open_virtual(&reading), SHS_OK)) close_reading(&reading);
    if (CORE_SANITIZED) return; /* takes minutes there */
    write_tower(5, 10);         /* 111,100 */
    check_refused("over virtual sources with more than 100000 mappings", "dataset v");
}

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
    };
    return harness_main("sources", tests, COUNT(tests), argc, argv);
}
