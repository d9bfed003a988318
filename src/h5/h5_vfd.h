/* What a file driver of HDF5 for one plain file is made of, whether it reads or writes. */
#ifndef H5_VFD_H
#define H5_VFD_H

#include <hdf5.h>

#include "io_file.h"

/* An open file: the beginning of a driver's own struct, which HDF5 hands to its callbacks. */
struct h5_vfd {
    H5FD_t hdf5; /* first: HDF5's own part */
    int file;
    struct io_identity identity;
    uint64_t bytes; /* of the file, now */
    haddr_t end;    /* of the address space, as HDF5 sets it */
};

/* A driver's table with all but open, close, query, read and write, which the caller adds. It takes
 * no locks: what is read is not being written, and what is written has a temporary name. `number`
 * tells the folder's drivers apart; the name is borrowed. */
H5FD_class_t h5_vfd_class(const char *name, int number);

/* Makes a file access list use a driver, which is registered as *id where it is not yet. */
herr_t h5_vfd_use(hid_t access, const H5FD_class_t *class, hid_t *id);

/* Takes down what a file is that was just opened; closes it if that fails. */
shs_status h5_vfd_identify(struct h5_vfd *vfd, const char *path);

/* Reads; *got bytes lie before the file's end, and behind it zeros, as HDF5 expects it of a driver.
 */
shs_status h5_vfd_read(const struct h5_vfd *vfd, haddr_t address, size_t bytes, void *to,
                       size_t *got);

/* The struct of a file that was opened with such a driver; NULL if it cannot be had. */
struct h5_vfd *h5_vfd_of(hid_t file);

#endif
