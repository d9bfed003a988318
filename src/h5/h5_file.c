/* Opens files, and reads whole arrays and attributes. */
#include "h5_file.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_driver.h"
#include "h5_explain.h"
#include "h5_guard.h"
#include "h5_members.h"
#include "h5_open.h"
#include "h5_type.h"
#include "io_file.h"

void h5_forget_at_exit(void)
{
    H5dont_atexit();
}

void h5_end(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5close();
}

void h5_forbid_plugins(void)
{
    struct h5_guard guard = h5_guard_begin();
    H5PLset_loading_state(0);
    h5_guard_end(&guard);
}

static hid_t open_read_only(const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = H5I_INVALID_HID;
    /* The driver takes no locks, and this list must not say so. Otherwise HDF5 could not open a
     * file that a virtual dataset takes elements from, because it opens that file without such a
     * setting. */
    if (access >= 0 && h5_driver_use(access) >= 0) file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (access >= 0) H5Pclose(access);
    return file;
}

/* Checks a file before HDF5 opens it. HDF5's reason for a failure is long; the system's is plain. A
 * program that writes the file, such as netCDF or h5py, holds a lock on it, and HDF5 would read
 * only a part of what that program writes. */
static shs_status check_file(const char *path)
{
    int file;
    shs_status status = io_open(path, &file);
    if (status) return status;
    if (io_is_being_written(file))
        status = core_fail(SHS_ERROR_FILE,
                           "cannot open %s: another program has it open for writing; wait until it "
                           "is closed",
                           path);
    io_close(file);
    return status;
}

shs_status h5_open(const char *path, struct h5_file **file)
{
    *file = NULL;
    shs_status status = check_file(path);
    if (!status) status = core_new(1, sizeof **file, "a file", file);
    if (!status) status = core_copy(path, &(*file)->path);
    if (status) {
        h5_close(file);
        return status;
    }
    struct h5_guard guard = h5_guard_begin();
    (*file)->id = open_read_only(path);
    if ((*file)->id >= 0) {
        (*file)->driven = h5_driver_is_of((*file)->id);
    } else {
        status = h5_check_trouble("cannot open %s as HDF5", path);
        if (!status) status = h5_explain_file(path);
    }
    h5_guard_end(&guard);
    if (status) h5_close(file);
    return status;
}

void h5_close(struct h5_file **file)
{
    if (!*file) return;
    struct h5_guard guard = h5_guard_begin();
    if ((*file)->kept > 0) H5Dclose((*file)->kept);
    core_free(&(*file)->kept_name);
    if ((*file)->id > 0) H5Fclose((*file)->id);
    h5_guard_end(&guard);
    core_free(&(*file)->path);
    core_free(file);
}

/* Each part of the path is looked for. */
bool h5_is_absent(const struct h5_file *file, const char *name)
{
    char *path;
    htri_t exists = 1;
    if (core_copy(name, &path)) return false;
    for (char *slash = strchr(path, '/'); slash && exists > 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*path) exists = H5Lexists(file->id, path, H5P_DEFAULT);
        *slash = '/';
    }
    if (exists > 0) exists = H5Lexists(file->id, path, H5P_DEFAULT);
    core_free(&path);
    return exists == 0 || !*name;
}

const char *h5_path(const struct h5_file *file)
{
    return file->path;
}

bool h5_has(struct h5_file *file, const char *name)
{
    struct h5_guard guard = h5_guard_begin();
    htri_t exists = H5Lexists(file->id, name,
                              H5P_DEFAULT); /* H5Lexists() fails if a group on the way is missing */
    bool has = exists < 0 ? !h5_is_absent(file, name) : exists > 0;
    h5_guard_end(&guard);
    return has;
}

shs_status h5_dataset_open(struct h5_file *file, const char *name, size_t cache_bytes, hid_t *id)
{
    enum {
        SLOTS = 100003
    }; /* a prime, many times the number of chunks that a cache usually holds */
    hid_t access = cache_bytes ? H5Pcreate(H5P_DATASET_ACCESS) : H5P_DEFAULT;
    *id = H5I_INVALID_HID;
    if (access > 0) H5Pset_chunk_cache(access, SLOTS, cache_bytes, 1);
    /* a dataset that stays open is found without following its path again */
    bool kept = file->kept > 0 && !strcmp(name, file->kept_name);
    if (access >= 0) *id = H5Dopen2(kept ? file->kept : file->id, kept ? "." : name, access);
    if (access > 0) H5Pclose(access);
    return *id >= 0 ? SHS_OK : h5_explain_dataset(file, name);
}

/* Refuses a dataset whose elements are no numbers. The message on a compound lists its members. */
static shs_status refuse_type(const struct h5_file *file, const char *name, hid_t stored, int axes)
{
    struct core_text there = {0};
    if (H5Tget_class(stored) == H5T_STRING && axes == 1)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is text; a field must be of plain integers or IEEE "
                         "floats; to have the different texts as classes, numbered from 0: "
                         "shardstep import OUT.h5 NAME=h5:classes:%s:%s",
                         file->path, name, file->path, name);
    if (H5Tget_class(stored) == H5T_VLEN)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is variable-length sequence; a field takes its arrays as "
                         "runs of rows: ALIAS=%s(offsets=%s)",
                         file->path, name, name, name);
    if (H5Tget_class(stored) != H5T_COMPOUND)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s is %s; a field must be of plain integers or IEEE floats",
                         file->path, name, h5_type_text(stored));
    h5_members_tell(stored, &there);
    core_fail(SHS_ERROR_UNSUPPORTED,
              "%s: dataset %s is compound, of %s; a field takes a member, ALIAS=%s.MEMBER, or "
              "several of one type, ALIAS=%s.{MEMBER,MEMBER}",
              file->path, name, there.length ? there.bytes : "members", name, name);
    core_text_free(&there);
    return SHS_ERROR_UNSUPPORTED;
}

/* What elements add to the shape of a dataset. */
struct element {
    shs_type type;
    uint32_t axes;
    uint64_t shape[SHS_MAX_AXES];
    const char *what; /* what a single element is called */
};

static struct element element_of(hid_t stored, const struct h5_members *members)
{
    struct h5_numbers numbers = h5_numbers_of(stored);
    struct element element = {.type = numbers.type,
                              .axes = numbers.pair,
                              .shape = {2},
                              .what = numbers.pair ? "complex number" : NULL};
    if (!members) return element;
    element = (struct element){.type = members->type, .axes = members->axes, .what = "compound"};
    memcpy(element.shape, members->shape, sizeof element.shape);
    return element;
}

static shs_status read_shape(const struct h5_file *file, const char *name, hid_t dataset,
                             const struct h5_members *members, shs_tensor *shape)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t stored = H5Dget_type(dataset), space = H5Dget_space(dataset);
    int axes = H5Sget_simple_extent_ndims(space);
    shs_status status = SHS_OK;
    const struct element element = element_of(stored, members);
    *shape = (shs_tensor){.type = element.type};
    if (!shape->type)
        status = refuse_type(file, name, stored, axes);
    else if (H5Sget_simple_extent_type(space) == H5S_NULL)
        status = core_fail(SHS_ERROR_UNSUPPORTED, "%s: dataset %s has neither axes nor elements",
                           file->path, name);
    else if (element.what && axes == 0)
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: dataset %s is a single %s; a field has a first axis of samples",
                           file->path, name, element.what);
    else if (axes < 0 || axes + (int)element.axes > SHS_MAX_AXES)
        status = core_fail(SHS_ERROR_UNSUPPORTED, "%s: dataset %s has %d axes; the most is %d",
                           file->path, name, axes + (int)element.axes, SHS_MAX_AXES);
    else if (H5Sget_simple_extent_dims(space, extent, NULL) < 0)
        status =
            h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its shape cannot be read", file->path, name);
    for (int axis = 0; axis < axes && !status; axis++)
        shape->shape[shape->axes++] = extent[axis];
    for (uint32_t axis = 0; axis < element.axes && !status; axis++)
        shape->shape[shape->axes++] = element.shape[axis];
    H5Sclose(space);
    H5Tclose(stored);
    return status;
}

shs_status h5_shape_of(const struct h5_file *file, const char *name, hid_t dataset,
                       const struct h5_members *members, shs_tensor *shape)
{
    size_t bytes;
    shs_status status = read_shape(file, name, dataset, members, shape);
    if (status) return status;
    return core_wrap(shs_tensor_bytes(shape, &bytes), "%s: dataset %s", file->path, name);
}

static bool same_shape(const shs_tensor *a, const shs_tensor *b)
{
    return a->type == b->type && a->axes == b->axes &&
           memcmp(a->shape, b->shape, a->axes * sizeof *a->shape) == 0;
}

static shs_status read_all(struct h5_file *file, const char *name, hid_t dataset,
                           const shs_tensor *tensor)
{
    shs_tensor found;
    size_t bytes;
    shs_status status = h5_shape_of(file, name, dataset, NULL, &found);
    if (status) return status;
    if (!same_shape(&found, tensor))
        return core_fail(SHS_ERROR_MISMATCH,
                         "%s: dataset %s has another type or shape than the program's tensor",
                         file->path, name);
    status = shs_tensor_bytes(&found, &bytes);
    if (status) return status;
    hid_t stored = H5Dget_type(dataset), memory_type = h5_numbers_in_memory(stored);
    bool widened = h5_numbers_of(stored).widened;
    void *to = widened ? h5_widened_place(tensor->data, bytes) : tensor->data;
    H5Tclose(stored);
    if (H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0)
        status = h5_fail(SHS_ERROR_FILE, "%s: dataset %s cannot be read", file->path, name);
    else if (widened)
        h5_widen(tensor->data, bytes);
    H5Tclose(memory_type);
    return status;
}

shs_status h5_read_tensor(struct h5_file *file, const char *name, const shs_tensor *tensor)
{
    hid_t dataset;
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_dataset_open(file, name, 0, &dataset);
    if (!status) {
        status = read_all(file, name, dataset, tensor);
        H5Dclose(dataset);
    }
    h5_guard_end(&guard);
    return status;
}

static shs_status attribute_error(const struct h5_file *file, const char *name)
{
    if (H5Aexists(file->id, name) == 0)
        return core_fail(SHS_ERROR_FORMAT, "%s has no attribute %s: it is no checkpoint",
                         file->path, name);
    return h5_fail_damaged("%s: its attribute %s cannot be read", file->path, name);
}

/* Reads a text, which is stored as an array of bytes so that HDF5 neither converts nor ends it. */
static shs_status read_bytes(struct h5_file *file, const char *name, hid_t attribute, char **text)
{
    hid_t space = H5Aget_space(attribute);
    hssize_t length = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (length < 0) return attribute_error(file, name);
    shs_status status = core_new((size_t)length + 1, 1, "an attribute", text);
    if (status) return status;
    if (H5Aread(attribute, H5T_NATIVE_UCHAR, *text) >= 0) return SHS_OK;
    core_free(text);
    return attribute_error(file, name);
}

shs_status h5_read_text(struct h5_file *file, const char *name, char **text)
{
    *text = NULL;
    struct h5_guard guard = h5_guard_begin();
    hid_t attribute = H5Aopen(file->id, name, H5P_DEFAULT);
    shs_status status =
        attribute < 0 ? attribute_error(file, name) : read_bytes(file, name, attribute, text);
    if (attribute >= 0) H5Aclose(attribute);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_read_u64(struct h5_file *file, const char *name, uint64_t *values, size_t count)
{
    struct h5_guard guard = h5_guard_begin();
    hid_t attribute = H5Aopen(file->id, name, H5P_DEFAULT), space = H5I_INVALID_HID;
    shs_status status = SHS_OK;
    if (attribute >= 0) space = H5Aget_space(attribute);
    if (space < 0 || H5Sget_simple_extent_npoints(space) != (hssize_t)count ||
        H5Aread(attribute, H5T_NATIVE_UINT64, values) < 0)
        status = attribute_error(file, name);
    if (space >= 0) H5Sclose(space);
    if (attribute >= 0) H5Aclose(attribute);
    h5_guard_end(&guard);
    return status;
}
