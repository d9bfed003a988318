/* Where the elements of a dataset are looked for, if they lie in other files: of virtual datasets,
 * of external files and behind external links. */
#include <utime.h>

#include "sources_scene.h"

/* HDF5 takes some variables down when it begins. */
static void set_variable(const char *name, const char *value)
{
    CHECK(value ? setenv(name, value, 1) == 0 : unsetenv(name) == 0);
    CHECK(H5close() >= 0);
}

/* ---- sources of virtual datasets */

/* Where HDF5 itself finds it, so do we; where it reads fill values, we refuse. */
static void compare_with_hdf5(const char *place, bool expected)
{
    harness_where("the source lies %s", place);
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

IN_FOLDER(places_of_sources)
{
    char other[PATH_BYTES], second[PATH_BYTES], here[PATH_BYTES], prefixes[3 * PATH_BYTES];
    CHECK(getcwd(here, sizeof here) != NULL);
    make_folder("other", other);
    make_folder("second", second);
    write_three();
    compare_with_hdf5("beside the file", true);
    move_file("b.h5", "other/b.h5");
    compare_with_hdf5("in other/", false);
    set_variable("HDF5_VDS_PREFIX", other);
    compare_with_hdf5("in other/, where HDF5_VDS_PREFIX leads", true);
    snprintf(prefixes, sizeof prefixes, "/nowhere:%s::%s", second, other);
    set_variable("HDF5_VDS_PREFIX", prefixes);
    compare_with_hdf5("in other/, the last folder of HDF5_VDS_PREFIX", true);
    set_variable("HDF5_VDS_PREFIX", "${ORIGIN}/other");
    compare_with_hdf5("in other/, where HDF5_VDS_PREFIX leads from the file", true);
    set_variable("HDF5_VDS_PREFIX", "${ORIGIN}/second");
    compare_with_hdf5("in other/, and HDF5_VDS_PREFIX leads to second/", false);
    set_variable("HDF5_VDS_PREFIX", NULL);
    CHECK_EQ(chdir(other), 0);
    compare_with_hdf5("in other/, the working folder", true);
    CHECK_EQ(chdir(here), 0);
    move_file("other/b.h5", "b.h5");
    /* through a symbolic link elsewhere */
    char link_path[PATH_BYTES];
    CHECK_EQ(symlink(path, folder_path(other, "link.h5", link_path)), 0);
    snprintf(path, sizeof path, "%s", link_path);
    compare_with_hdf5("beside the target of a symbolic link", true);
}

IN_FOLDER(sources_by_whole_path)
{
    char whole[PATH_BYTES], elsewhere[PATH_BYTES];
    make_folder("elsewhere", elsewhere);
    write_source("elsewhere/a.h5", 0, 14, 0, COLUMNS);
    begin_virtual();
    map_rows(folder_path(elsewhere, "a.h5", whole), 14, 0, 14);
    write_virtual(14);
    compare_with_hdf5("where the whole path leads", true);
    move_file("elsewhere/a.h5", "a.h5"); /* its last part is then looked for beside the file */
    compare_with_hdf5("beside the file, though the whole path leads elsewhere", true);
    move_file("a.h5", "other.h5");
    compare_with_hdf5("nowhere, under another name", false);
}

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

IN_FOLDER(external_files)
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

IN_FOLDER(external_files_beside_the_file)
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

IN_FOLDER(external_files_cut_short_while_open)
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

/* ---- external links */

IN_FOLDER(a_link_to_another_file)
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

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(places_of_sources),
        TEST(sources_by_whole_path),
        TEST(external_files),
        TEST(external_files_beside_the_file),
        TEST(external_files_cut_short_while_open),
        TEST(a_link_to_another_file),
    };
    return harness_main("sources_places", tests, COUNT(tests), argc, argv);
}
