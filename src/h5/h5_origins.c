#include "h5_origins.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_explain.h"
#include "h5_guard.h"
#include "h5_mapped.h"
#include "h5_open.h"

enum {
    RECORDS_A_BYTE = 1024 /* records that a stored byte may stand for */
};

struct h5_origins {
    struct h5_file *file; /* borrowed */
    char *array;
    hid_t table, rows; /* rows: negative if there is no such table */
    uint64_t count, n_rows;
    uint64_t *first; /* first row of each origin */
    size_t name_bytes;
};

/* Returns true if a dataset is a list of records that lie in its own file, and sets *length to how
 * many there are. */
static bool is_table(hid_t dataset, hid_t creation, uint64_t *length)
{
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    hsize_t extent = 0;
    bool fits = H5Sget_simple_extent_ndims(space) == 1 && H5Tget_class(type) == H5T_COMPOUND &&
                H5Sget_simple_extent_dims(space, &extent, NULL) == 1 && extent &&
                H5Pget_layout(creation) != H5D_VIRTUAL && H5Pget_external_count(creation) == 0;
    H5Tclose(type);
    H5Sclose(space);
    *length = extent;
    return fits;
}

/* Sets *table to an object if it is a table, else closes it. */
static shs_status take_table(const struct h5_origins *origins, const char *name, hid_t object,
                             hid_t *table, uint64_t *length)
{
    shs_status status = SHS_OK;
    if (H5Iget_type(object) == H5I_DATASET) {
        hid_t creation = H5Dget_create_plist(object);
        if (is_table(object, creation, length)) *table = object;
        if (*table >= 0)
            status = h5_examine_alone(origins->file, name, object, H5Pget_layout(creation));
        H5Pclose(creation);
    }
    if (*table < 0) H5Oclose(object);
    return status;
}

/* Opens a table. *table stays negative if there is no object of this name, and if it is no table;
 * *there tells these apart. */
static shs_status open_table(struct h5_origins *origins, const char *suffix, bool *there,
                             hid_t *table, uint64_t *length)
{
    struct h5_file *file = origins->file;
    struct core_text text = {0};
    char *name;
    core_text_add(&text, "%s%s", origins->array, suffix);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    *there = h5_has(file, name);
    if (*there) {
        hid_t object = H5Oopen(file->id, name, H5P_DEFAULT);
        status = object < 0 ? h5_explain_dataset(file, name)
                            : take_table(origins, name, object, table, length);
    }
    core_free(&name);
    return status;
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

static shs_status damaged(const struct h5_origins *origins)
{
    return h5_fail_damaged("%s: the table %s" H5_ORIGIN " cannot be read", origins->file->path,
                           origins->array);
}

/* Refuses a table that claims more records than its stored bytes can hold, before memory is taken
 * for them. No filter of HDF5 packs a byte for so many. */
static shs_status check_count(const struct h5_origins *origins)
{
    hsize_t stored = H5Dget_storage_size(origins->table);
    if (origins->count / RECORDS_A_BYTE < stored) return SHS_OK;
    return h5_fail_damaged("%s: the table %s" H5_ORIGIN " claims %llu records in %llu stored bytes",
                           origins->file->path, origins->array, (ull)origins->count, (ull)stored);
}

static shs_status read_first(struct h5_origins *origins)
{
    shs_status status = check_count(origins);
    if (status) return status;
    status = core_new(origins->count, sizeof *origins->first, "origins", &origins->first);
    if (status) return status;
    if (read_member(origins->table, H5_ORIGIN_FIRST, H5T_NATIVE_UINT64, 0, origins->count,
                    origins->first) < 0)
        return damaged(origins);
    bool rise = !origins->first[0];
    for (uint64_t i = 1; i < origins->count && rise; i++)
        rise = origins->first[i - 1] <= origins->first[i];
    return rise ? SHS_OK : damaged(origins);
}

/* Opens the table of rows. Without it the rows are those of the origins, in order, so a table of
 * another form must not be taken for none. */
static shs_status open_rows(struct h5_origins *origins)
{
    size_t bytes;
    bool there;
    shs_status status =
        open_table(origins, H5_ORIGIN_ROW, &there, &origins->rows, &origins->n_rows);
    if (status || !there) return status;
    if (origins->rows >= 0 && has_member(origins->rows, H5_ORIGIN_OF, H5T_INTEGER, &bytes))
        return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: %s" H5_ORIGIN_ROW " is no table with a whole number '" H5_ORIGIN_OF
                     "', so it does not say which rows of %s" H5_ORIGIN
                     " those of %s are; import the file anew",
                     origins->file->path, origins->array, origins->array, origins->array);
}

/* Opens the tables. A table of origins of another form than import's is none. */
static shs_status open_tables(struct h5_origins *origins, bool *there)
{
    size_t bytes;
    *there = false;
    shs_status status = open_table(origins, H5_ORIGIN, there, &origins->table, &origins->count);
    *there = !status && origins->table >= 0 &&
             has_member(origins->table, H5_ORIGIN_FIRST, H5T_INTEGER, &bytes) &&
             has_member(origins->table, H5_ORIGIN_NAME, H5T_STRING, &origins->name_bytes);
    if (*there) status = open_rows(origins);
    if (*there && !status) status = read_first(origins);
    if (status) return status;
    return h5_check_trouble("%s: the table %s" H5_ORIGIN " cannot be read", origins->file->path,
                            origins->array);
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
        status = damaged(origins);
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
        status = damaged(origins);
    uint64_t number = find(origins, row);
    *row_there = row - origins->first[number];
    *alone = number + 1 < origins->count
                 ? origins->first[number + 1] == origins->first[number] + 1
                 : number && !*row_there && origins->first[number] == number;
    if (!status) status = read_name(origins, number, name);
    shs_status trouble = h5_check_trouble("%s: the table %s" H5_ORIGIN " cannot be read",
                                          origins->file->path, origins->array);
    if (!status && trouble) {
        core_free(name);
        status = trouble;
    }
    h5_guard_end(&guard);
    return status;
}
