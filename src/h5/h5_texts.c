#include "h5_texts.h"

#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_members.h"
#include "h5_open.h"
#include "h5_type.h"

enum {
    BYTES_AT_ONCE = 1 << 20 /* of texts, or of pointers to them, that are read at once */
};

/* A dataset that is read. */
struct reading {
    const char *path, *name;
    hid_t dataset, space;
    hid_t type;        /* of a text */
    hid_t memory_type; /* of an element as it is read */
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
        H5Dread(reading->dataset, reading->memory_type, memory_space, reading->space, H5P_DEFAULT,
                reading->memory) < 0)
        status = h5_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: rows %llu to %llu cannot be read; check the file, or "
                         "make it anew",
                         reading->path, reading->name, (ull)first, (ull)(first + count - 1));
    if (!status)
        status = h5_check_trouble("%s: dataset %s cannot be read", reading->path, reading->name);
    if (!status) status = visit_all(reading);
    if (reading->variable) {
        H5Dvlen_reclaim(reading->memory_type, memory_space, H5P_DEFAULT, reading->memory);
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

/* ---- the type */

/* Replaces the type of an array of one text, as pandas writes a column, by that of the text. */
static void strip_array(hid_t *type)
{
    hsize_t shape[H5S_MAX_RANK] = {0};
    if (H5Tget_class(*type) != H5T_ARRAY || H5Tget_array_ndims(*type) != 1 ||
        H5Tget_array_dims2(*type, shape) < 0 || shape[0] != 1)
        return;
    hid_t base = H5Tget_super(*type);
    H5Tclose(*type);
    *type = base;
}

static shs_status no_member(const struct reading *reading, hid_t compound, const char *member)
{
    struct core_text there = {0};
    h5_members_tell(compound, &there);
    shs_status status =
        core_fail(SHS_ERROR_ARGUMENT, "%s: dataset %.*s has no member '%s'; there are %s",
                  reading->path, (int)(member - reading->name - 1), reading->name, member,
                  there.length ? there.bytes : "none");
    core_text_free(&there);
    return status;
}

/* Finds the type of a member, and makes the type of elements that have this member only. */
static shs_status find_member(struct reading *reading, hid_t compound, const char *member)
{
    int index = H5Tget_member_index(compound, member);
    if (index < 0) return no_member(reading, compound, member);
    hid_t stored = H5Tget_member_type(compound, (unsigned)index);
    reading->memory_type = H5Tcreate(H5T_COMPOUND, H5Tget_size(stored));
    H5Tinsert(reading->memory_type, member, 0, stored);
    strip_array(&stored);
    reading->type = stored;
    return SHS_OK;
}

/* Finds the types of a text and of an element. `member` is NULL if elements are texts. */
static shs_status find_types(struct reading *reading, const char *member)
{
    hid_t stored = H5Dget_type(reading->dataset);
    shs_status status = SHS_OK;
    if (member) {
        status = find_member(reading, stored, member);
        H5Tclose(stored);
    } else {
        reading->type = stored;
        reading->memory_type = H5Tcopy(stored);
    }
    return status;
}

static shs_status open_dataset(struct h5_file *file, const char *name, const char *member,
                               hid_t *id)
{
    char *own;
    if (!member) return h5_dataset_open(file, name, 0, id);
    shs_status status = core_copy(name, &own);
    if (status) return status;
    own[member - name - 1] = '\0';
    status = h5_dataset_open(file, own, 0, id);
    core_free(&own);
    return status;
}

shs_status h5_texts_read(struct h5_file *file, const char *name, h5_text_visit *visit, void *user,
                         uint64_t *rows)
{
    struct reading reading = {.path = file->path, .name = name, .visit = visit, .user = user};
    struct h5_guard guard = h5_guard_begin();
    const char *member = h5_members_of(file, name);
    shs_status status = open_dataset(file, name, member, &reading.dataset);
    if (!status) {
        reading.space = H5Dget_space(reading.dataset);
        status = find_types(&reading, member);
        if (!status) status = read_all(&reading);
        H5Sclose(reading.space);
        if (reading.type > 0) H5Tclose(reading.type);
        if (reading.memory_type > 0) H5Tclose(reading.memory_type);
        H5Dclose(reading.dataset);
    }
    *rows = reading.rows;
    h5_guard_end(&guard);
    return status;
}
