/* Sources of virtual datasets after opening: what changes is found, and few files are open. */
#include <dirent.h>
#include <sys/resource.h>
#include <utime.h>

#include "sources_scene.h"

/* ---- what changes */

IN_FOLDER(a_source_that_goes_before_it_is_read)
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

/* What was examined is not what HDF5 would read, in a file that looks the same by size and time. */
IN_FOLDER(another_file_in_its_place)
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

/* A time that is another is told, and no error by itself. */
IN_FOLDER(a_source_that_is_touched_is_read)
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

IN_FOLDER(a_source_that_changes_is_found)
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

/* ---- open files */

enum {
    MANY = 200 /* sources */
};

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
IN_FOLDER(many_sources)
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

/* A file that cannot be opened for want of a descriptor is a missing one to HDF5. */
IN_FOLDER(no_descriptors_left)
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(a_source_that_goes_before_it_is_read),
        TEST(another_file_in_its_place),
        TEST(a_source_that_is_touched_is_read),
        TEST(a_source_that_changes_is_found),
        TEST(many_sources),
        TEST(no_descriptors_left),
    };
    return harness_main("sources_later", tests, COUNT(tests), argc, argv);
}
