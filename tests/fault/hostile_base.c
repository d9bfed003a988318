/* Sound files, small so that most of their bytes are HDF5's own. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"

enum {
    ROWS = 12,
    COLUMNS = 5,
    MANY = 40
};

static void need(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "a file cannot be made: %s\n", what);
    exit(2);
}

static hid_t file_in(const char *path, H5F_libver_t low, hsize_t user_block)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_libver_bounds(access, low, H5F_LIBVER_LATEST);
    H5Pset_userblock(creation, user_block);
    H5Pset_obj_track_times(creation, 0); /* the same bytes every time */
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    need(file >= 0, path);
    H5Pclose(access);
    H5Pclose(creation);
    return file;
}

static hid_t plain(void)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(list, 0);
    return list;
}

static void group(hid_t file, const char *name)
{
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t id = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    need(id >= 0, name);
    H5Gclose(id);
    H5Pclose(creation);
}

/* A dataset of ROWS x COLUMNS; closes its creation list. */
static void array(hid_t file, const char *name, hid_t type, hsize_t most_rows, hsize_t most_columns,
                  hid_t list)
{
    const hsize_t shape[] = {ROWS, COLUMNS}, most[] = {most_rows, most_columns};
    double values[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        values[i] = i % 7 * 9;
    hid_t space = H5Screate_simple(2, shape, most);
    hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    need(data >= 0 && H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0,
         name);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(list);
}

static hid_t chunked(hsize_t rows, hsize_t columns)
{
    const hsize_t chunk[] = {rows, columns};
    hid_t list = plain();
    H5Pset_chunk(list, 2, chunk);
    return list;
}

static hid_t compressed(hsize_t rows, hsize_t columns)
{
    hid_t list = chunked(rows, columns);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 4);
    return list;
}

static void attribute(hid_t file, const char *name)
{
    const hsize_t count = 3;
    const int values[] = {1, 2, 3};
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t id = H5Acreate2(file, name, H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT);
    need(id >= 0 && H5Awrite(id, H5T_NATIVE_INT, values) >= 0, name);
    H5Aclose(id);
    H5Sclose(space);
}

/* Layouts and filters that are most common. */
static void make_common(hid_t file)
{
    hid_t sum = compressed(3, COLUMNS), fixed = chunked(4, 2);
    H5Pset_fletcher32(sum);
    H5Pset_fletcher32(fixed);
    group(file, "train");
    array(file, "train/contiguous", H5T_STD_U16LE, ROWS, COLUMNS, plain());
    array(file, "train/swapped", H5T_IEEE_F32BE, ROWS, COLUMNS, plain());
    array(file, "train/deflated", H5T_STD_U8LE, ROWS, COLUMNS, compressed(2, COLUMNS));
    array(file, "sum", H5T_STD_I32LE, ROWS, COLUMNS, sum);
    array(file, "edges", H5T_STD_I16BE, ROWS, COLUMNS, fixed);
    attribute(file, "note");
}

/* Each kind of index of chunks that the latest format has, and the one of the old. */
static void make_indices(hid_t file)
{
    hid_t early = chunked(4, 5), one = compressed(ROWS, COLUMNS);
    H5Pset_alloc_time(early, H5D_ALLOC_TIME_EARLY);
    array(file, "implicit", H5T_STD_U8LE, ROWS, COLUMNS, early);
    array(file, "single", H5T_STD_U8LE, ROWS, COLUMNS, one);
    array(file, "fixed", H5T_STD_U8LE, ROWS, COLUMNS, compressed(1, 1));
    array(file, "growing", H5T_STD_U8LE, H5S_UNLIMITED, COLUMNS, compressed(1, 2));
    array(file, "tree", H5T_STD_U8LE, H5S_UNLIMITED, H5S_UNLIMITED, chunked(1, 2));
}

/* Filters that only HDF5 undoes. */
static void make_filters(hid_t file)
{
    hid_t scaled = chunked(4, COLUMNS), bits = chunked(4, COLUMNS), few = H5Tcopy(H5T_STD_U16LE);
    H5Pset_scaleoffset(scaled, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
    H5Pset_nbit(bits);
    H5Tset_precision(few, 9);
    array(file, "scaled", H5T_STD_I32LE, ROWS, COLUMNS, scaled);
    array(file, "bits", few, ROWS, COLUMNS, bits);
    H5Tclose(few);
    hid_t floats = chunked(4, COLUMNS), numbers = chunked(4, COLUMNS);
    H5Pset_scaleoffset(floats, H5Z_SO_FLOAT_DSCALE, 2);
    H5Pset_nbit(numbers);
    array(file, "floats", H5T_IEEE_F64LE, ROWS, COLUMNS, floats);
    array(file, "numbers", H5T_STD_U8LE, ROWS, COLUMNS, numbers);
}

/* Types that are no fields. */
static void make_types(hid_t file)
{
    const hsize_t count = 4, three = 3;
    const char *texts[] = {"shirt", "bag", "boot", "coat"};
    const hvl_t sequences[] = {
        {1, (char[]){"a"}}, {2, (char[]){"bc"}}, {0, NULL}, {3, (char[]){"def"}}};
    hid_t space = H5Screate_simple(1, &count, NULL), text = H5Tcopy(H5T_C_S1);
    hid_t sequence = H5Tvlen_create(H5T_NATIVE_CHAR), pair = H5Tcreate(H5T_COMPOUND, 24);
    hid_t choice = H5Tenum_create(H5T_NATIVE_INT),
          triple = H5Tarray_create2(H5T_STD_U8LE, 1, &three);
    const int values[4] = {0, 1, 1, 0};
    H5Tset_size(text, H5T_VARIABLE);
    H5Tenum_insert(choice, "no", &values[0]);
    H5Tenum_insert(choice, "yes", &values[1]);
    H5Tinsert(pair, "number", 0, H5T_NATIVE_INT);
    H5Tinsert(pair, "triple", 4, triple);
    H5Tinsert(pair, "choice", 8, choice);
    H5Tinsert(pair, "value", 16, H5T_NATIVE_DOUBLE);
    const struct {
        const char *name;
        hid_t type;
        const void *data;
    } all[] = {{"text", text, texts},
               {"sequence", sequence, sequences},
               {"choice", choice, values},
               {"pair", pair, NULL},
               {"reference", H5T_STD_REF_OBJ, NULL}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hid_t list = plain();
        hid_t data =
            H5Dcreate2(file, all[i].name, all[i].type, space, H5P_DEFAULT, list, H5P_DEFAULT);
        H5Pclose(list);
        need(data >= 0, all[i].name);
        if (all[i].data) H5Dwrite(data, all[i].type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all[i].data);
        attribute(data, "note");
        H5Dclose(data);
    }
    hid_t creation = H5Pcreate(H5P_DATATYPE_CREATE);
    H5Pset_obj_track_times(creation, 0);
    H5Tcommit2(file, "named", pair, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    hid_t closed[] = {text, sequence, choice, triple, pair};
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        H5Tclose(closed[i]);
    H5Sclose(space);
}

/* Groups that need more than one node, and links of all kinds. */
static void make_groups(hid_t file)
{
    char name[64];
    group(file, "group");
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "group/number %d", i * 7919 % 1000);
        hid_t list = plain();
        if (i % 20 == 0) array(file, name, H5T_STD_U8LE, ROWS, COLUMNS, list);
        if (i % 20 == 0) continue;
        H5Pclose(list);
        H5Lcreate_hard(file, "group/number 0", file, name, H5P_DEFAULT, H5P_DEFAULT);
    }
    H5Lcreate_soft("group/number 0", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "x", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "attribute %d", i);
        attribute(file, name);
    }
}

/* Data elsewhere. */
static void make_elsewhere(hid_t file)
{
    const hsize_t shape[] = {ROWS, COLUMNS};
    hid_t external = plain(), compact = plain(), virtual = plain();
    hid_t space = H5Screate_simple(2, shape, NULL);
    H5Pset_external(external, "raw", 0, ROWS * COLUMNS);
    H5Pset_layout(compact, H5D_COMPACT);
    array(file, "external", H5T_STD_U8LE, ROWS, COLUMNS, external);
    array(file, "compact", H5T_STD_U8LE, ROWS, COLUMNS, compact);
    H5Pset_virtual(virtual, space, ".", "compact", space);
    hid_t data =
        H5Dcreate2(file, "virtual", H5T_STD_U8LE, space, H5P_DEFAULT, virtual, H5P_DEFAULT);
    need(data >= 0, "virtual");
    H5Dclose(data);
    H5Pclose(virtual);
    H5Sclose(space);
}

bool hostile_make(unsigned number, const char *path)
{
    enum {
        CONTENTS = 6
    };
    if (number >= 2 * CONTENTS) return false;
    H5F_libver_t low = number % 2 ? H5F_LIBVER_LATEST : H5F_LIBVER_EARLIEST;
    hid_t file = file_in(path, low, number / 2 == 5 ? 512 : 0);
    switch (number / 2) {
    case 0:
    case 5:
        make_common(file);
        break;
    case 1:
        make_indices(file);
        break;
    case 2:
        make_filters(file);
        break;
    case 3:
        make_types(file);
        break;
    case 4:
        make_groups(file);
        break;
    }
    if (number / 2 == 5) make_elsewhere(file);
    need(H5Fclose(file) >= 0, path);
    return true;
}
