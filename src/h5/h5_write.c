#include "h5_write.h"

#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_type.h"

struct h5_writer {
    hid_t file;
    char *path;
    /* the dataset created last */
    hid_t dataset;
    char *name;
    shs_tensor shape;
    uint64_t rows_written;
};

/* Property list of a class, without times: the same content gives the same bytes. */
static hid_t without_times(hid_t class)
{
    hid_t list = H5Pcreate(class);
    if (list >= 0 && H5Pset_obj_track_times(list, false) < 0) {
        H5Pclose(list);
        return H5I_INVALID_HID;
    }
    return list;
}

static hid_t create_file(const char *path)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = without_times(H5P_FILE_CREATE);
    hid_t file = H5I_INVALID_HID;
    if (access >= 0 && creation >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) >= 0 &&
        H5Pset_file_locking(access, false, true) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    if (access >= 0) H5Pclose(access);
    if (creation >= 0) H5Pclose(creation);
    return file;
}

shs_status h5_create(const char *path, struct h5_writer **writer)
{
    shs_status status = core_new(1, sizeof **writer, "a file", writer);
    if (!status) status = core_copy(path, &(*writer)->path);
    if (!status) {
        struct h5_guard guard = h5_guard_begin();
        (*writer)->dataset = H5I_INVALID_HID;
        (*writer)->file = create_file(path);
        if ((*writer)->file < 0) status = h5_fail(SHS_ERROR_FILE, "cannot create %s", path);
        h5_guard_end(&guard);
    }
    if (status) h5_abandon(writer);
    return status;
}

static herr_t close_dataset(struct h5_writer *writer)
{
    herr_t result = writer->dataset >= 0 ? H5Dclose(writer->dataset) : 0;
    writer->dataset = H5I_INVALID_HID;
    core_free(&writer->name);
    return result;
}

/* Makes the groups on the way to a dataset: HDF5's own way of making them records times. */
static shs_status create_groups(struct h5_writer *writer, const char *name)
{
    char *path;
    shs_status status = core_copy(name, &path);
    if (status) return status;
    for (char *slash = strchr(path, '/'); slash && !status; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*path && H5Lexists(writer->file, path, H5P_DEFAULT) == 0) {
            hid_t creation = without_times(H5P_GROUP_CREATE);
            hid_t group = H5Gcreate2(writer->file, path, H5P_DEFAULT, creation, H5P_DEFAULT);
            if (group < 0)
                status = h5_fail(SHS_ERROR_FILE, "%s: cannot create group %s", writer->path, path);
            else
                H5Gclose(group);
            if (creation >= 0) H5Pclose(creation);
        }
        *slash = '/';
    }
    core_free(&path);
    return status;
}

static herr_t set_storage(hid_t creation, const shs_tensor *shape, const struct h5_storage *storage)
{
    hsize_t chunk[SHS_MAX_AXES];
    if (!storage->chunk_rows || !shape->axes) return 0;
    for (uint32_t axis = 0; axis < shape->axes; axis++) {
        if (!shape->shape[axis]) return 0; /* nothing to store, and no chunk may be empty */
        chunk[axis] = shape->shape[axis];
    }
    chunk[0] = storage->chunk_rows < shape->shape[0] ? storage->chunk_rows : shape->shape[0];
    if (H5Pset_chunk(creation, (int)shape->axes, chunk) < 0) return -1;
    if (storage->byteshuffle && H5Pset_shuffle(creation) < 0) return -1;
    if (storage->deflate && H5Pset_deflate(creation, storage->deflate) < 0) return -1;
    return storage->fletcher32 ? H5Pset_fletcher32(creation) : 0;
}

static hid_t create_dataset(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                            const struct h5_storage *storage)
{
    hsize_t extent[SHS_MAX_AXES];
    for (uint32_t axis = 0; axis < shape->axes; axis++)
        extent[axis] = shape->shape[axis];
    hid_t space =
        shape->axes ? H5Screate_simple((int)shape->axes, extent, NULL) : H5Screate(H5S_SCALAR);
    hid_t creation = without_times(H5P_DATASET_CREATE), type = h5_file_type(shape->type);
    hid_t dataset = H5I_INVALID_HID;
    if (space >= 0 && creation >= 0 && type >= 0 && set_storage(creation, shape, storage) >= 0)
        dataset = H5Dcreate2(writer->file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (space >= 0) H5Sclose(space);
    if (creation >= 0) H5Pclose(creation);
    if (type >= 0) H5Tclose(type);
    return dataset;
}

shs_status h5_create_field(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                           const struct h5_storage *storage)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = SHS_OK;
    if (close_dataset(writer) < 0)
        status = h5_fail(SHS_ERROR_FILE, "%s: a dataset cannot be written", writer->path);
    if (!status) status = core_copy(name, &writer->name);
    if (!status) status = create_groups(writer, name);
    if (!status) {
        writer->dataset = create_dataset(writer, name, shape, storage);
        if (writer->dataset < 0)
            status = h5_fail(SHS_ERROR_FILE, "%s: cannot create dataset %s", writer->path, name);
    }
    h5_guard_end(&guard);
    writer->shape = *shape;
    writer->rows_written = 0;
    return status;
}

static herr_t write_selection(struct h5_writer *writer, uint64_t count, const void *rows)
{
    const shs_tensor *shape = &writer->shape;
    hsize_t start[SHS_MAX_AXES] = {writer->rows_written}, extent[SHS_MAX_AXES];
    hid_t type = h5_memory_type(shape->type);
    hid_t file_space = H5Dget_space(writer->dataset), memory_space = H5S_ALL;
    herr_t result = -1;
    for (uint32_t axis = 0; axis < shape->axes; axis++)
        extent[axis] = axis ? shape->shape[axis] : count;
    if (shape->axes) {
        memory_space = H5Screate_simple((int)shape->axes, extent, NULL);
        result = H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL);
    }
    if (!shape->axes || result >= 0)
        result = H5Dwrite(writer->dataset, type, memory_space, file_space, H5P_DEFAULT, rows);
    if (memory_space != H5S_ALL) H5Sclose(memory_space);
    H5Sclose(file_space);
    H5Tclose(type);
    return result;
}

shs_status h5_write_rows(struct h5_writer *writer, uint64_t count, const void *rows)
{
    shs_status status = SHS_OK;
    struct h5_guard guard = h5_guard_begin();
    if (write_selection(writer, count, rows) < 0)
        status = h5_fail(SHS_ERROR_FILE,
                         "%s: dataset %s: rows %llu to %llu cannot be written; check the free "
                         "space and the permissions",
                         writer->path, writer->name, (unsigned long long)writer->rows_written,
                         (unsigned long long)(writer->rows_written + count - 1));
    h5_guard_end(&guard);
    writer->rows_written += count;
    return status;
}

static shs_status write_attribute(struct h5_writer *writer, const char *name, hid_t type,
                                  const void *values, size_t count)
{
    hsize_t extent = count;
    shs_status status = SHS_OK;
    struct h5_guard guard = h5_guard_begin();
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t attribute = H5Acreate2(writer->file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, values) < 0)
        status = h5_fail(SHS_ERROR_FILE, "%s: cannot write attribute %s", writer->path, name);
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_write_text(struct h5_writer *writer, const char *name, const char *text)
{
    return write_attribute(writer, name, H5T_NATIVE_UCHAR, text, strlen(text));
}

shs_status h5_write_u64(struct h5_writer *writer, const char *name, const uint64_t *values,
                        size_t count)
{
    return write_attribute(writer, name, H5T_NATIVE_UINT64, values, count);
}

shs_status h5_finish(struct h5_writer **writer)
{
    shs_status status = SHS_OK;
    struct h5_guard guard = h5_guard_begin();
    bool closed = close_dataset(*writer) >= 0;
    closed = H5Fclose((*writer)->file) >= 0 && closed;
    if (!closed)
        status =
            h5_fail(SHS_ERROR_FILE, "%s cannot be written; check the free space", (*writer)->path);
    h5_guard_end(&guard);
    (*writer)->file = H5I_INVALID_HID;
    h5_abandon(writer);
    return status;
}

void h5_abandon(struct h5_writer **writer)
{
    if (!*writer) return;
    struct h5_guard guard = h5_guard_begin();
    close_dataset(*writer);
    if ((*writer)->file > 0) H5Fclose((*writer)->file);
    h5_guard_end(&guard);
    core_free(&(*writer)->path);
    core_free(writer);
}
