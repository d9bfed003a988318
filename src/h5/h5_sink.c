#include "h5_sink.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "io_file.h"

struct sink {
    H5FD_t hdf5; /* first: HDF5's own part */
    int file;
    struct io_identity identity;
    uint64_t bytes;        /* of the file */
    haddr_t end;           /* of the address space, as HDF5 sets it */
    int own_error, *error; /* the first one, and who is told */
};

static hid_t driver;
static int open_error;

static H5FD_t *open_file(const char *path, unsigned flags, hid_t access, haddr_t most)
{
    struct sink *sink = calloc(1, sizeof *sink); /* HDF5's, which frees all else by itself */
    (void)access, (void)most;
    if (!sink) return NULL;
    sink->error = &sink->own_error;
    open_error = io_open_to_write(path, flags & H5F_ACC_TRUNC, &sink->file);
    if (!open_error) {
        if (!io_identify(sink->file, path, &sink->identity)) {
            sink->bytes = sink->identity.bytes;
            return &sink->hdf5;
        }
        io_close(sink->file);
    }
    free(sink);
    return NULL;
}

static herr_t close_file(H5FD_t *hdf5)
{
    struct sink *sink = (struct sink *)hdf5;
    io_close(sink->file);
    free(sink);
    return 0;
}

/* An order over files, the same file being equal. */
static int compare_files(const H5FD_t *a, const H5FD_t *b)
{
    const struct io_identity *left = &((const struct sink *)a)->identity;
    const struct io_identity *right = &((const struct sink *)b)->identity;
    if (left->device != right->device) return left->device < right->device ? -1 : 1;
    if (left->inode != right->inode) return left->inode < right->inode ? -1 : 1;
    return 0;
}

/* As HDF5's own driver of plain files says, so that files come out alike. */
static herr_t query(const H5FD_t *hdf5, unsigned long *flags)
{
    (void)hdf5;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_POSIX_COMPAT_HANDLE |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_end_of_addresses(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct sink *)hdf5)->end;
}

static herr_t set_end_of_addresses(H5FD_t *hdf5, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((struct sink *)hdf5)->end = end;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct sink *)hdf5)->bytes;
}

/* Beyond the end of the file are zeros. */
static herr_t read_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                        size_t bytes, void *to)
{
    struct sink *sink = (struct sink *)hdf5;
    size_t got;
    (void)type, (void)transfer;
    if (io_read_at(sink->file, address, to, bytes, &got)) return -1;
    memset((char *)to + got, 0, bytes - got);
    return 0;
}

static herr_t write_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t bytes, const void *from)
{
    struct sink *sink = (struct sink *)hdf5;
    (void)type, (void)transfer;
    if (!*sink->error) *sink->error = io_write_at(sink->file, address, from, bytes);
    if (address + bytes > sink->bytes) sink->bytes = address + bytes;
    return 0;
}

static herr_t set_size(H5FD_t *hdf5, hid_t transfer, hbool_t closing)
{
    struct sink *sink = (struct sink *)hdf5;
    (void)transfer, (void)closing;
    if (sink->bytes == sink->end) return 0;
    if (!*sink->error) *sink->error = io_set_size(sink->file, sink->end);
    sink->bytes = sink->end;
    return 0;
}

static herr_t get_handle(H5FD_t *hdf5, hid_t access, void **handle)
{
    (void)access;
    *handle = &((struct sink *)hdf5)->file;
    return 0;
}

/* No other process is kept from the file: it has a temporary name. */
static herr_t lock_file(H5FD_t *hdf5, hbool_t write)
{
    (void)hdf5, (void)write;
    return 0;
}

static herr_t unlock_file(H5FD_t *hdf5)
{
    (void)hdf5;
    return 0;
}

static const H5FD_class_t class = {
#if H5_VERSION_GE(1, 13, 2)
    .version = H5FD_CLASS_VERSION,
    .value = 512 + 84, /* of those free for private drivers */
#endif
    .name = "shardstep sink",
    .maxaddr = INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = open_file,
    .close = close_file,
    .cmp = compare_files,
    .query = query,
    .get_eoa = get_end_of_addresses,
    .set_eoa = set_end_of_addresses,
    .get_eof = get_end_of_file,
    .get_handle = get_handle,
    .read = read_file,
    .write = write_file,
    .truncate = set_size,
    .lock = lock_file,
    .unlock = unlock_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t h5_sink_use(hid_t access)
{
    /* the program may have closed and opened the library since */
    if (driver <= 0 || H5Iget_type(driver) != H5I_VFL) driver = H5FDregister(&class);
    open_error = 0;
    return driver < 0 ? -1 : H5Pset_driver(access, driver, NULL);
}

void h5_sink_tell(hid_t file, int *error)
{
    void *handle = NULL;
    *error = 0;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0) return;
    struct sink *sink = (struct sink *)(void *)((char *)handle - offsetof(struct sink, file));
    *error = *sink->error;
    sink->error = error;
}

int h5_sink_open_error(void)
{
    return open_error;
}
