#include "h5_sink.h"

#include <stdlib.h>

#include "h5_vfd.h"
#include "io_content.h"
#include "io_file.h"

struct sink {
    struct h5_vfd vfd; /* must be the first member */
    /* The first error in writing, kept here and at *error, where the caller of h5_sink_tell() reads
     * it. */
    int own_error, *error;
};

static hid_t driver;
static int open_error;

static H5FD_t *open_file(const char *path, unsigned flags, hid_t access, haddr_t most)
{
    struct sink *sink =
        calloc(1, sizeof *sink); /* allocated with calloc(), because HDF5 frees it with free() */
    (void)access, (void)most;
    if (!sink) return NULL;
    sink->error = &sink->own_error;
    open_error = io_open_to_write(path, flags & H5F_ACC_TRUNC, &sink->vfd.file);
    if (!open_error && !h5_vfd_identify(&sink->vfd, path)) return &sink->vfd.hdf5;
    free(sink);
    return NULL;
}

static herr_t close_file(H5FD_t *hdf5)
{
    struct sink *sink = (struct sink *)hdf5;
    io_close(sink->vfd.file);
    free(sink);
    return 0;
}

/* Gives HDF5 the flags of its own driver for plain files, so that files come out alike. */
static herr_t query(const H5FD_t *hdf5, unsigned long *flags)
{
    (void)hdf5;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_POSIX_COMPAT_HANDLE |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static herr_t read_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                        size_t bytes, void *to)
{
    size_t got;
    (void)type, (void)transfer;
    return h5_vfd_read((const struct h5_vfd *)hdf5, address, bytes, to, &got) ? -1 : 0;
}

static herr_t write_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t bytes, const void *from)
{
    struct sink *sink = (struct sink *)hdf5;
    (void)type, (void)transfer;
    if (!*sink->error) *sink->error = io_write_at(sink->vfd.file, address, from, bytes);
    if (address + bytes > sink->vfd.bytes) sink->vfd.bytes = address + bytes;
    return 0;
}

static herr_t set_size(H5FD_t *hdf5, hid_t transfer, hbool_t closing)
{
    struct sink *sink = (struct sink *)hdf5;
    (void)transfer, (void)closing;
    if (sink->vfd.bytes == sink->vfd.end) return 0;
    if (!*sink->error) *sink->error = io_set_size(sink->vfd.file, sink->vfd.end);
    sink->vfd.bytes = sink->vfd.end;
    return 0;
}

herr_t h5_sink_use(hid_t access)
{
    H5FD_class_t class = h5_vfd_class("shardstep sink", 1);
    class.open = open_file;
    class.close = close_file;
    class.query = query;
    class.read = read_file;
    class.write = write_file;
    class.truncate = set_size;
    open_error = 0;
    return h5_vfd_use(access, &class, &driver);
}

void h5_sink_tell(hid_t file, int *error)
{
    struct sink *sink = (struct sink *)h5_vfd_of(file);
    *error = 0;
    if (!sink) return;
    *error = *sink->error;
    sink->error = error;
}

int h5_sink_open_error(void)
{
    return open_error;
}
