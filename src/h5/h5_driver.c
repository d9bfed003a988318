#include "h5_driver.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct driven {
    H5FD_t hdf5; /* first: HDF5's own part */
    int file;
    struct io_identity identity;
    haddr_t end; /* of the address space, as HDF5 sets it */
    enum h5_note note;
    struct h5_noted noted;
    struct driven *next; /* of those that are open */
};

static hid_t driver;
static struct driven *all_open;

static H5FD_t *open_file(const char *path, unsigned flags, hid_t access, haddr_t most)
{
    struct driven *driven;
    (void)access;
    (void)most;
    if ((flags & ~(unsigned)H5F_ACC_SWMR_READ) != H5F_ACC_RDONLY) return NULL;
    driven = calloc(1, sizeof *driven); /* HDF5's, which frees all else of a file by itself */
    if (!driven) return NULL;
    if (!io_open(path, &driven->file)) {
        if (!io_identify(driven->file, path, &driven->identity)) {
            driven->next = all_open;
            all_open = driven;
            return &driven->hdf5;
        }
        io_close(driven->file);
    }
    free(driven);
    return NULL;
}

static herr_t close_file(H5FD_t *hdf5)
{
    struct driven *driven = (struct driven *)hdf5, **at = &all_open;
    while (*at != driven)
        at = &(*at)->next;
    *at = driven->next;
    io_close(driven->file);
    free(driven);
    return 0;
}

/* An order over files, the same file being equal. */
static int compare_files(const H5FD_t *a, const H5FD_t *b)
{
    const struct io_identity *left = &((const struct driven *)a)->identity;
    const struct io_identity *right = &((const struct driven *)b)->identity;
    if (left->device != right->device) return left->device < right->device ? -1 : 1;
    if (left->inode != right->inode) return left->inode < right->inode ? -1 : 1;
    return 0;
}

/* With a handle that is a descriptor HDF5 finds out where a symbolic link leads, beside which it
 * also looks for sources of virtual datasets. */
static herr_t query(const H5FD_t *hdf5, unsigned long *flags)
{
    (void)hdf5;
    *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_SUPPORTS_SWMR_IO |
             H5FD_FEAT_DEFAULT_VFD_COMPATIBLE | H5FD_FEAT_POSIX_COMPAT_HANDLE;
    return 0;
}

static haddr_t get_end_of_addresses(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driven *)hdf5)->end;
}

static herr_t set_end_of_addresses(H5FD_t *hdf5, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((struct driven *)hdf5)->end = end;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driven *)hdf5)->identity.bytes;
}

/* True if the read is noted and to be left out. */
static bool note_read(struct driven *driven, haddr_t address, size_t bytes)
{
    if (driven->note == H5_NOTE_NOTHING) return false;
    if (!driven->noted.reads++) {
        driven->noted.address = address;
        driven->noted.bytes = bytes;
    }
    return driven->note == H5_NOTE_ONLY;
}

/* Metadata beyond the end of the file is zeros, as HDF5 expects it of a driver; raw data there is
 * an error, where the library's own drivers hand out zeros for what was cut off. */
static herr_t read_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                        size_t bytes, void *to)
{
    struct driven *driven = (struct driven *)hdf5;
    size_t got;
    (void)transfer;
    if (type == H5FD_MEM_DRAW && note_read(driven, address, bytes)) return 0;
    if (io_read_at(driven->file, address, to, bytes, &got)) return -1;
    if (got < bytes && type == H5FD_MEM_DRAW) return -1;
    memset((char *)to + got, 0, bytes - got);
    return 0;
}

static herr_t write_file(H5FD_t *hdf5, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t bytes, const void *from)
{
    (void)hdf5, (void)type, (void)transfer, (void)address, (void)bytes, (void)from;
    return -1;
}

static herr_t get_handle(H5FD_t *hdf5, hid_t access, void **handle)
{
    (void)access;
    *handle = &((struct driven *)hdf5)->file;
    return 0;
}

/* No other process is kept from the file: it is only read, and not while it is written. */
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
    .value = 512 + 83, /* of those free for private drivers */
#endif
    .name = "shardstep",
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
    .lock = lock_file,
    .unlock = unlock_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

herr_t h5_driver_use(hid_t access)
{
    /* the program may have closed and opened the library since */
    if (driver <= 0 || H5Iget_type(driver) != H5I_VFL) driver = H5FDregister(&class);
    return driver < 0 ? -1 : H5Pset_driver(access, driver, NULL);
}

bool h5_driver_is_of(hid_t file)
{
    hid_t access = H5Fget_access_plist(file);
    bool is = access >= 0 && driver > 0 && H5Pget_driver(access) == driver;
    if (access >= 0) H5Pclose(access);
    return is;
}

static struct driven *driven_of(hid_t file)
{
    void *handle = NULL;
    H5Fget_vfd_handle(file, H5P_DEFAULT, &handle);
    return (struct driven *)(void *)((char *)handle - offsetof(struct driven, file));
}

bool h5_driver_has_open(const struct io_identity *identity)
{
    for (const struct driven *driven = all_open; driven; driven = driven->next)
        if (driven->identity.device == identity->device &&
            driven->identity.inode == identity->inode)
            return true;
    return false;
}

bool h5_driver_is_around(hid_t file, hid_t object)
{
    hid_t own = H5Iget_file_id(object);
    bool is = own >= 0 && driven_of(own) == driven_of(file);
    if (own >= 0) H5Fclose(own);
    return is;
}

void h5_note_begin(hid_t file, enum h5_note note)
{
    struct driven *driven = driven_of(file);
    driven->note = note;
    driven->noted = (struct h5_noted){0};
}

struct h5_noted h5_note_end(hid_t file)
{
    struct driven *driven = driven_of(file);
    driven->note = H5_NOTE_NOTHING;
    return driven->noted;
}
