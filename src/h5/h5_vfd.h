/* The common part of this folder's file drivers of HDF5 for one plain file. */
#ifndef H5_VFD_H
#define H5_VFD_H

#include <hdf5.h>

#include "io_file.h"

/* An open file. It is the beginning of a driver's own struct, which HDF5 hands to its callbacks. */
struct h5_vfd {
    H5FD_t hdf5; /* HDF5's own part, which must be first */
    int file;
    struct io_identity identity;
    uint64_t bytes; /* present size of the file */
    haddr_t end;    /* end of the address space, as HDF5 sets it */
};

/* Makes a driver's table. The caller adds open, close, query, read and write. The driver takes no
 * locks, because a file that is read is not being written, and a file that is written has a
 * temporary name. `number` distinguishes the folder's drivers. `name` is borrowed. */
H5FD_class_t h5_vfd_class(const char *name, int number);

/* Makes a file access list use a driver. The driver is registered as *id if it is not registered
 * yet. */
herr_t h5_vfd_use(hid_t access, const H5FD_class_t *class, hid_t *id);

/* Sets the identity and the size of a file that was just opened. On error the file is closed. */
shs_status h5_vfd_identify(struct h5_vfd *vfd, const char *path);

/* Reads `bytes` bytes. The first *got of them lie before the file's end. The others are set to 0,
 * as HDF5 expects it of a driver. */
shs_status h5_vfd_read(const struct h5_vfd *vfd, haddr_t address, size_t bytes, void *to,
                       size_t *got);

/* Returns the struct of a file that was opened with a driver of h5_vfd_class(), NULL if HDF5 does
 * not give it. */
struct h5_vfd *h5_vfd_of(hid_t file);

#endif
