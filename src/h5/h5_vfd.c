#include "h5_vfd.h"

#include <stddef.h>
#include <string.h>

#include "io_content.h"
#include "io_file.h"

/* Compares two files for an order in which only the same file is equal. */
static int compare_files(const H5FD_t *a, const H5FD_t *b)
{
    const struct io_identity *left = &((const struct h5_vfd *)a)->identity;
    const struct io_identity *right = &((const struct h5_vfd *)b)->identity;
    if (left->device != right->device) return left->device < right->device ? -1 : 1;
    if (left->inode != right->inode) return left->inode < right->inode ? -1 : 1;
    return 0;
}

static haddr_t get_end_of_addresses(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct h5_vfd *)hdf5)->end;
}

static herr_t set_end_of_addresses(H5FD_t *hdf5, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((struct h5_vfd *)hdf5)->end = end;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *hdf5, H5FD_mem_t type)
{
    (void)type;
    return ((const struct h5_vfd *)hdf5)->bytes;
}

/* Gives HDF5 the descriptor of a file. From it HDF5 finds out where a symbolic link leads, and
 * looks for the files of virtual datasets there too. */
static herr_t get_handle(H5FD_t *hdf5, hid_t access, void **handle)
{
    (void)access;
    *handle = &((struct h5_vfd *)hdf5)->file;
    return 0;
}

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

H5FD_class_t h5_vfd_class(const char *name, int number)
{
    (void)number;
    return (H5FD_class_t)
    {
#if H5_VERSION_GE(1, 13, 2)
        .version = H5FD_CLASS_VERSION,
        .value = 512 + 83 + number, /* a number of those free for private drivers */
#endif
            .name = name, .maxaddr = INT64_MAX, .fc_degree = H5F_CLOSE_WEAK, .cmp = compare_files,
        .get_eoa = get_end_of_addresses, .set_eoa = set_end_of_addresses,
        .get_eof = get_end_of_file, .get_handle = get_handle, .lock = lock_file,
        .unlock = unlock_file, .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
}

herr_t h5_vfd_use(hid_t access, const H5FD_class_t *class, hid_t *id)
{
    /* registered anew if the program has closed and opened HDF5 since */
    if (*id <= 0 || H5Iget_type(*id) != H5I_VFL) *id = H5FDregister(class);
    return *id < 0 ? -1 : H5Pset_driver(access, *id, NULL);
}

shs_status h5_vfd_identify(struct h5_vfd *vfd, const char *path)
{
    shs_status status = io_identify(vfd->file, path, &vfd->identity);
    vfd->bytes = vfd->identity.bytes;
    if (status) io_close(vfd->file);
    return status;
}

shs_status h5_vfd_read(const struct h5_vfd *vfd, haddr_t address, size_t bytes, void *to,
                       size_t *got)
{
    shs_status status = io_read_at(vfd->file, address, to, bytes, got);
    if (!status) memset((char *)to + *got, 0, bytes - *got);
    return status;
}

struct h5_vfd *h5_vfd_of(hid_t file)
{
    void *handle = NULL;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0) return NULL;
    return (struct h5_vfd *)(void *)((char *)handle - offsetof(struct h5_vfd, file));
}
