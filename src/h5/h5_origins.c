#include "h5_origins.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_guard.h"
#include "h5_open.h"

struct h5_origins {
    struct h5_file *file; /* borrowed */
    char *array;
    hid_t table, rows; /* rows: negative if there is no such table */
    uint64_t count, n_rows;
    uint64_t *first; /* first row of each origin */
    size_t name_bytes;
};

static shs_status damaged(const struct h5_origins *origins, const char *suffix)
{
    return h5_fail_damaged("%s: the table %s%s cannot be read", origins->file->path, origins->array,
                           suffix);
}

/* Returns true if a table has one axis and records. *length becomes their number. */
static bool is_table(hid_t table, uint64_t *length)
{
    hid_t space = H5Dget_space(table), type = H5Dget_type(table);
    hsize_t extent = 0;
    bool is = H5Sget_simple_extent_ndims(space) == 1 && H5Tget_class(type) == H5T_COMPOUND &&
              H5Sget_simple_extent_dims(space, &extent, NULL) == 1 && extent;
    H5Tclose(type);
    H5Sclose(space);
    *length = extent;
    return is;
}

/* Opens a dataset beside the array. *table stays negative if there is none of this name. */
static shs_status open_beside(const struct h5_origins *origins, const char *suffix, hid_t *table)
{
    struct core_text text = {0};
    char *name;
    core_text_add(&text, "%s%s", origins->array, suffix);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    htri_t there = H5Lexists(origins->file->id, name, H5P_DEFAULT);
    if (there > 0) *table = H5Oopen(origins->file->id, name, H5P_DEFAULT);
    core_free(&name);
    if (*table < 0) return there && h5_failed_otherwise() ? damaged(origins, suffix) : SHS_OK;
    if (H5Iget_type(*table) == H5I_DATASET) return SHS_OK;
    H5Oclose(*table); /* a group, of another maker */
    *table = H5I_INVALID_HID;
    return SHS_OK;
}

/* Makes a type that takes one member out of a record. */
static hid_t one_member(const char *name, hid_t type)
{
    hid_t record = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
    if (record >= 0 && H5Tinsert(record, name, 0, type) >= 0) return record;
    if (record >= 0) H5Tclose(record);
    return H5I_INVALID_HID;
}

static herr_t read_member(hid_t table, const char *name, hid_t type, hsize_t first, hsize_t count,
                          void *values)
{
    hid_t record = one_member(name, type);
    hid_t space = H5Dget_space(table), memory = H5Screate_simple(1, &count, NULL);
    herr_t result = H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &count, NULL);
    if (result >= 0) result = H5Dread(table, record, memory, space, H5P_DEFAULT, values);
    H5Sclose(memory);
    H5Sclose(space);
    if (record >= 0) H5Tclose(record);
    return result;
}

/* Returns true if a table has a member of a class, and sets *bytes to its size. */
static bool has_member(hid_t table, const char *name, H5T_class_t class, size_t *bytes)
{
    hid_t type = H5Dget_type(table);
    int index = H5Tget_member_index(type, name);
    bool has = index >= 0 && H5Tget_member_class(type, (unsigned)index) == class;
    if (has) {
        hid_t member = H5Tget_member_type(type, (unsigned)index);
        *bytes = H5Tget_size(member);
        has = class != H5T_STRING || H5Tis_variable_str(member) == 0;
        H5Tclose(member);
    }
    H5Tclose(type);
    return has;
}

static shs_status read_first(struct h5_origins *origins)
{
    shs_status status =
        core_new(origins->count, sizeof *origins->first, "origins", &origins->first);
    if (status) return status;
    if (read_member(origins->table, H5_ORIGIN_FIRST, H5T_NATIVE_UINT64, 0, origins->count,
                    origins->first) < 0)
        return damaged(origins, H5_ORIGIN);
    bool rise = !origins->first[0];
    for (uint64_t i = 1; i < origins->count && rise; i++)
        rise = origins->first[i - 1] <= origins->first[i];
    return rise ? SHS_OK : damaged(origins, H5_ORIGIN);
}

/* Opens the table of the origins' rows, if there is one. */
static shs_status open_rows(struct h5_origins *origins)
{
    size_t bytes;
    shs_status status = open_beside(origins, H5_ORIGIN_ROW, &origins->rows);
    if (status || origins->rows < 0) return status;
    bool fits = is_table(origins->rows, &origins->n_rows) &&
                has_member(origins->rows, H5_ORIGIN_OF, H5T_INTEGER, &bytes);
    return fits ? SHS_OK : damaged(origins, H5_ORIGIN_ROW);
}

/* Opens the tables. A table of origins of another form than import's is none. */
static shs_status open_tables(struct h5_origins *origins, bool *there)
{
    size_t bytes;
    shs_status status = open_beside(origins, H5_ORIGIN, &origins->table);
    if (status || origins->table < 0) return status;
    *there = is_table(origins->table, &origins->count) &&
             has_member(origins->table, H5_ORIGIN_FIRST, H5T_INTEGER, &bytes) &&
             has_member(origins->table, H5_ORIGIN_NAME, H5T_STRING, &origins->name_bytes);
    if (!*there) return SHS_OK;
    status = open_rows(origins);
    return status ? status : read_first(origins);
}

shs_status h5_origins_open(struct h5_file *file, const char *array, struct h5_origins **origins)
{
    bool there = false;
    shs_status status = core_new(1, sizeof **origins, "origins", origins);
    if (status) return status;
    **origins =
        (struct h5_origins){.file = file, .table = H5I_INVALID_HID, .rows = H5I_INVALID_HID};
    status = core_copy(array, &(*origins)->array);
    if (!status) {
        struct h5_guard guard = h5_guard_begin();
        status = open_tables(*origins, &there);
        h5_guard_end(&guard);
    }
    if (status || !there) h5_origins_close(origins);
    return status;
}

void h5_origins_close(struct h5_origins **origins)
{
    if (!*origins) return;
    struct h5_guard guard = h5_guard_begin();
    if ((*origins)->table >= 0) H5Dclose((*origins)->table);
    if ((*origins)->rows >= 0) H5Dclose((*origins)->rows);
    h5_guard_end(&guard);
    core_free(&(*origins)->array);
    core_free(&(*origins)->first);
    core_free(origins);
}

static shs_status read_name(const struct h5_origins *origins, uint64_t number, char **name)
{
    shs_status status = core_new(origins->name_bytes + 1, 1, "a name", name);
    if (status) return status;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, origins->name_bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    if (read_member(origins->table, H5_ORIGIN_NAME, type, number, 1, *name) < 0)
        status = damaged(origins, H5_ORIGIN);
    H5Tclose(type);
    if (status) core_free(name);
    return status;
}

/* Returns the origin that a row lies in: the last that begins at the row or before it. */
static uint64_t find(const struct h5_origins *origins, uint64_t row)
{
    uint64_t low = 0, high = origins->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        *(origins->first[middle] <= row ? &low : &high) = middle;
    }
    return low;
}

shs_status h5_origins_find(struct h5_origins *origins, uint64_t row, char **name,
                           uint64_t *row_there, bool *alone)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = SHS_OK;
    *name = NULL;
    if (origins->rows >= 0 &&
        (row >= origins->n_rows ||
         read_member(origins->rows, H5_ORIGIN_OF, H5T_NATIVE_UINT64, row, 1, &row) < 0))
        status = damaged(origins, H5_ORIGIN_ROW);
    uint64_t number = find(origins, row);
    *row_there = row - origins->first[number];
    *alone = number + 1 < origins->count
                 ? origins->first[number + 1] == origins->first[number] + 1
                 : number && !*row_there && origins->first[number] == number;
    if (!status) status = read_name(origins, number, name);
    h5_guard_end(&guard);
    return status;
}
