#include "h5_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_open.h"
#include "h5_sink.h"
#include "h5_type.h"
#include "h5_writer.h"

shs_status h5_writer_check(const struct h5_writer *writer, bool good, const char *format, ...)
{
    char what[CORE_MESSAGE_BYTES];
    va_list arguments;
    if (good && !writer->error) return SHS_OK;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (!writer->error) return h5_fail(SHS_ERROR_FILE, "%s", what);
    return core_fail(SHS_ERROR_FILE, "%s: %s; make room or choose another folder", what,
                     strerror(writer->error));
}

hid_t h5_writer_without_times(hid_t class)
{
    hid_t list = H5Pcreate(class);
    if (list >= 0 && H5Pset_obj_track_times(list, false) < 0) {
        H5Pclose(list);
        return H5I_INVALID_HID;
    }
    return list;
}

enum {
    ALIGNMENT = 64 /* of arrays in a file behind a user block, in bytes */
};

static hid_t access_list(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST) >= 0 &&
        H5Pset_file_locking(access, false, true) >= 0 && h5_sink_use(access) >= 0)
        return access;
    if (access >= 0) H5Pclose(access);
    return H5I_INVALID_HID;
}

/* Has the file begin behind a user block of `bytes` bytes. Its arrays do not share blocks. */
static herr_t leave_block(hid_t access, hid_t creation, uint64_t bytes)
{
    if (!bytes) return 0;
    if (H5Pset_userblock(creation, bytes) < 0) return -1;
    if (H5Pset_small_data_block_size(access, 0) < 0) return -1;
    return H5Pset_alignment(access, 1, ALIGNMENT);
}

static hid_t create_file(const char *path, uint64_t block_bytes)
{
    hid_t access = access_list(), creation = h5_writer_without_times(H5P_FILE_CREATE);
    hid_t file = H5I_INVALID_HID;
    if (access >= 0 && creation >= 0 && leave_block(access, creation, block_bytes) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    if (access >= 0) H5Pclose(access);
    if (creation >= 0) H5Pclose(creation);
    return file;
}

static hid_t open_file(const char *path, uint64_t block_bytes)
{
    (void)block_bytes;
    hid_t access = access_list(), file = H5I_INVALID_HID;
    if (access >= 0) {
        file = H5Fopen(path, H5F_ACC_RDWR, access);
        H5Pclose(access);
    }
    return file;
}

static shs_status new_writer(const char *path, struct h5_writer **writer)
{
    shs_status status = core_new(1, sizeof **writer, "a file", writer);
    if (status) return status;
    (*writer)->file = (*writer)->dataset = H5I_INVALID_HID;
    return core_copy(path, &(*writer)->path);
}

/* Opens the file with `opener`, a function that takes its path and the size of its user block. */
static shs_status open_by(hid_t (*opener)(const char *path, uint64_t block_bytes), const char *path,
                          uint64_t block_bytes, const char *what, struct h5_writer **writer)
{
    shs_status status = new_writer(path, writer);
    if (!status) {
        struct h5_guard guard = h5_guard_begin();
        (*writer)->block_bytes = block_bytes;
        (*writer)->file = opener(path, block_bytes);
        if ((*writer)->file >= 0)
            h5_sink_tell((*writer)->file, &(*writer)->error);
        else
            (*writer)->error = h5_sink_open_error();
        status = h5_writer_check(*writer, (*writer)->file >= 0, "cannot %s %s", what, path);
        h5_guard_end(&guard);
    }
    if (status) h5_abandon(writer);
    return status;
}

shs_status h5_create(const char *path, struct h5_writer **writer)
{
    return open_by(create_file, path, 0, "create", writer);
}

shs_status h5_create_behind(const char *path, uint64_t block_bytes, struct h5_writer **writer)
{
    return open_by(create_file, path, block_bytes, "create", writer);
}

shs_status h5_open_to_fill(const char *path, struct h5_writer **writer)
{
    return open_by(open_file, path, 0, "write to", writer);
}

static herr_t close_dataset(struct h5_writer *writer)
{
    herr_t result = writer->dataset >= 0 ? H5Dclose(writer->dataset) : 0;
    writer->dataset = H5I_INVALID_HID;
    core_free(&writer->name);
    return result;
}

shs_status h5_writer_turn_to(struct h5_writer *writer, const char *name)
{
    bool closed = close_dataset(writer) >= 0;
    shs_status status =
        h5_writer_check(writer, closed, "%s: a dataset cannot be written", writer->path);
    return status ? status : core_copy(name, &writer->name);
}

/* Makes the groups on the way to a dataset. HDF5's own way of making them would record times. */
static shs_status create_groups(struct h5_writer *writer, const char *name)
{
    char *path;
    shs_status status = core_copy(name, &path);
    if (status) return status;
    for (char *slash = strchr(path, '/'); slash && !status; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*path && H5Lexists(writer->file, path, H5P_DEFAULT) == 0) {
            hid_t creation = h5_writer_without_times(H5P_GROUP_CREATE);
            hid_t group = H5Gcreate2(writer->file, path, H5P_DEFAULT, creation, H5P_DEFAULT);
            status = h5_writer_check(writer, group >= 0, "%s: cannot create group %s", writer->path,
                                     path);
            if (group >= 0) H5Gclose(group);
            if (creation >= 0) H5Pclose(creation);
        }
        *slash = '/';
    }
    core_free(&path);
    return status;
}

/* Has a contiguous array get its place in the file before it is written. */
static herr_t place_early(hid_t creation)
{
    if (H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) < 0) return -1;
    return H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
}

static herr_t set_storage(hid_t creation, const shs_tensor *shape, const struct h5_storage *storage)
{
    hsize_t chunk[SHS_MAX_AXES];
    if (storage->early && !storage->chunk_rows) return place_early(creation);
    if (!storage->chunk_rows || !shape->axes) return 0;
    for (uint32_t axis = 0; axis < shape->axes; axis++) {
        if (!shape->shape[axis]) return 0; /* nothing to store, and no chunk may be empty */
        chunk[axis] = storage->chunk[axis] ? storage->chunk[axis] : shape->shape[axis];
    }
    chunk[0] = storage->chunk_rows < shape->shape[0] ? storage->chunk_rows : shape->shape[0];
    if (storage->early && H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) < 0) return -1;
    /* elements need no fill value before they are written, but filters must know the chunk */
    bool filtered = storage->byteshuffle || storage->deflate || storage->fletcher32;
    if (storage->early && !filtered && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) < 0)
        return -1;
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
    hid_t creation = h5_writer_without_times(H5P_DATASET_CREATE), type = h5_file_type(shape->type);
    hid_t dataset = H5I_INVALID_HID;
    if (space >= 0 && creation >= 0 && type >= 0 && set_storage(creation, shape, storage) >= 0)
        dataset = H5Dcreate2(writer->file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (space >= 0) H5Sclose(space);
    if (creation >= 0) H5Pclose(creation);
    if (type >= 0) H5Tclose(type);
    return dataset;
}

shs_status h5_create_array(struct h5_writer *writer, const char *name, const shs_tensor *shape,
                           const struct h5_storage *storage)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_writer_turn_to(writer, name);
    if (!status) status = create_groups(writer, name);
    if (!status) {
        writer->dataset = create_dataset(writer, name, shape, storage);
        status = h5_writer_check(writer, writer->dataset >= 0, "%s: cannot create dataset %s",
                                 writer->path, name);
    }
    h5_guard_end(&guard);
    writer->shape = *shape;
    writer->rows_written = 0;
    return status;
}

/* Opens a dataset to fill, without a chunk cache, so that an error comes when its rows are written.
 */
static hid_t open_to_fill(struct h5_writer *writer, const char *name)
{
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS), dataset = H5I_INVALID_HID;
    if (access >= 0 && H5Pset_chunk_cache(access, 0, 0, 0) >= 0)
        dataset = H5Dopen2(writer->file, name, access);
    if (access >= 0) H5Pclose(access);
    return dataset;
}

shs_status h5_fill_array(struct h5_writer *writer, const char *name)
{
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_writer_turn_to(writer, name);
    if (!status) {
        writer->dataset = open_to_fill(writer, name);
        status = h5_writer_check(writer, writer->dataset >= 0, "%s: cannot write to dataset %s",
                                 writer->path, name);
    }
    if (!status) {
        struct h5_file file = {.id = writer->file, .path = writer->path};
        status = h5_shape_of(&file, name, writer->dataset, NULL, &writer->shape);
    }
    writer->rows_written = 0;
    h5_guard_end(&guard);
    return status;
}

static herr_t write_selection(struct h5_writer *writer, uint64_t first, uint64_t count,
                              const void *rows)
{
    const shs_tensor *shape = &writer->shape;
    hsize_t start[SHS_MAX_AXES] = {first}, extent[SHS_MAX_AXES];
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

static shs_status check_rows(const struct h5_writer *writer, bool good, uint64_t first,
                             uint64_t count)
{
    return h5_writer_check(writer, good, "%s: dataset %s: rows %llu to %llu cannot be written",
                           writer->path, writer->name, (ull)first, (ull)(first + count - 1));
}

shs_status h5_write_rows_at(struct h5_writer *writer, uint64_t first, uint64_t count,
                            const void *rows)
{
    struct h5_guard guard = h5_guard_begin();
    bool good = write_selection(writer, first, count, rows) >= 0;
    shs_status status = check_rows(writer, good, first, count);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_write_rows(struct h5_writer *writer, uint64_t count, const void *rows)
{
    shs_status status = h5_write_rows_at(writer, writer->rows_written, count, rows);
    writer->rows_written += count;
    return status;
}

shs_status h5_write_chunk(struct h5_writer *writer, const uint64_t *start, const void *stored,
                          size_t bytes)
{
    hsize_t at[SHS_MAX_AXES];
    struct h5_guard guard = h5_guard_begin();
    for (uint32_t axis = 0; axis < writer->shape.axes; axis++)
        at[axis] = start[axis];
    bool good = H5Dwrite_chunk(writer->dataset, H5P_DEFAULT, 0, at, bytes, stored) >= 0;
    shs_status status = check_rows(writer, good, start[0], 1);
    h5_guard_end(&guard);
    return status;
}

shs_status h5_finish(struct h5_writer **writer)
{
    struct h5_guard guard = h5_guard_begin();
    bool closed = close_dataset(*writer) >= 0;
    closed = H5Fclose((*writer)->file) >= 0 && closed;
    (*writer)->file = H5I_INVALID_HID;
    shs_status status = h5_writer_check(*writer, closed, "%s cannot be written", (*writer)->path);
    h5_guard_end(&guard);
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
