#include "h5_texts.h"

#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_open.h"
#include "h5_type.h"

enum {
    BYTES_AT_ONCE = 1 << 20 /* of texts, or of pointers to them, that are read at once */
};

/* A dataset that is read. */
struct reading {
    const char *path, *name;
    hid_t dataset, type, space;
    bool variable;
    size_t bytes; /* of a text in memory */
    uint64_t rows, first, count, at_once;
    char *memory; /* the texts that are read at once, or the pointers to them */
    char *single; /* a text of fixed length, with its end */
    h5_text_visit *visit;
    void *user;
};

/* Takes a text of fixed length, without what fills it up: zeros or, in Fortran's way, spaces. */
static const char *take_fixed(const struct reading *reading, const char *text)
{
    size_t length = strnlen(text, reading->bytes);
    bool spaces = H5Tget_strpad(reading->type) == H5T_STR_SPACEPAD;
    while (spaces && length && text[length - 1] == ' ')
        length--;
    memcpy(reading->single, text, length);
    reading->single[length] = '\0';
    return reading->single;
}

/* Returns the pointer that lies at a place. HDF5 gives NULL for some empty texts. */
static const char *pointer_at(const void *place)
{
    const char *text;
    memcpy(&text, place, sizeof text);
    return text;
}

static shs_status visit_all(const struct reading *reading)
{
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < reading->count && !status; i++) {
        const char *at = reading->memory + i * reading->bytes;
        const char *text = reading->variable ? pointer_at(at) : take_fixed(reading, at);
        status = reading->visit(reading->user, reading->first + i, text ? text : "");
    }
    return status;
}

/* Reads the next texts, and visits them. */
static shs_status read_some(const struct reading *reading)
{
    const hsize_t first = reading->first, count = reading->count;
    hid_t memory_space = H5Screate_simple(1, &count, NULL);
    shs_status status = SHS_OK;
    if (H5Sselect_hyperslab(reading->space, H5S_SELECT_SET, &first, NULL, &count, NULL) < 0 ||
        H5Dread(reading->dataset, reading->type, memory_space, reading->space, H5P_DEFAULT,
                reading->memory) < 0)
        status = h5_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: rows %llu to %llu cannot be read; check the file, or "
                         "make it anew",
                         reading->path, reading->name, (ull)first, (ull)(first + count - 1));
    if (!status)
        status = h5_check_trouble("%s: dataset %s cannot be read", reading->path, reading->name);
    if (!status) status = visit_all(reading);
    if (reading->variable) {
        H5Dvlen_reclaim(reading->type, memory_space, H5P_DEFAULT, reading->memory);
        memset(reading->memory, 0, (size_t)count * reading->bytes);
    }
    H5Sclose(memory_space);
    return status;
}

static shs_status refuse(const struct reading *reading, const char *what)
{
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s is %s; classes are made of texts along one axis, stored in "
                     "the file itself",
                     reading->path, reading->name, what);
}

/* Finds the number of texts, and refuses what are none. HDF5 reads empty texts in place of those of
 * another file that is missing. */
static shs_status look(struct reading *reading)
{
    hid_t creation = H5Dget_create_plist(reading->dataset);
    bool elsewhere = H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) > 0;
    shs_status status = h5_filters_check(reading->dataset, creation, reading->path, reading->name);
    H5Pclose(creation);
    if (status) return status;
    if (H5Tget_class(reading->type) != H5T_STRING)
        return refuse(reading, h5_type_text(reading->type));
    if (H5Sget_simple_extent_ndims(reading->space) != 1) return refuse(reading, "of other axes");
    if (elsewhere) return refuse(reading, "in other files");
    reading->rows = (uint64_t)H5Sget_simple_extent_npoints(reading->space);
    reading->variable = H5Tis_variable_str(reading->type) > 0;
    reading->bytes = H5Tget_size(reading->type);
    reading->at_once = BYTES_AT_ONCE / reading->bytes + 1;
    return SHS_OK;
}

static shs_status read_all(struct reading *reading)
{
    shs_status status = look(reading);
    if (!status) status = core_new(reading->at_once, reading->bytes, "texts", &reading->memory);
    if (!status && !reading->variable)
        status = core_new(reading->bytes + 1, 1, "a text", &reading->single);
    for (; reading->first < reading->rows && !status; reading->first += reading->count) {
        uint64_t left = reading->rows - reading->first;
        reading->count = left < reading->at_once ? left : reading->at_once;
        status = read_some(reading);
    }
    core_free(&reading->memory);
    core_free(&reading->single);
    return status;
}

shs_status h5_texts_read(struct h5_file *file, const char *name, h5_text_visit *visit, void *user,
                         uint64_t *rows)
{
    struct reading reading = {.path = file->path, .name = name, .visit = visit, .user = user};
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_dataset_open(file, name, 0, &reading.dataset);
    if (!status) {
        reading.type = H5Dget_type(reading.dataset);
        reading.space = H5Dget_space(reading.dataset);
        status = read_all(&reading);
        H5Sclose(reading.space);
        H5Tclose(reading.type);
        H5Dclose(reading.dataset);
    }
    *rows = reading.rows;
    h5_guard_end(&guard);
    return status;
}
