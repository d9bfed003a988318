/* A file driver of HDF5 for one plain file that is only read. It can note where HDF5 reads raw
 * data, and pretend to read it: that finds a chunk's place in the file at the cost of a look-up, in
 * every version of the library and of the format. */
#ifndef H5_DRIVER_H
#define H5_DRIVER_H

#include <hdf5.h>

#include "io_file.h"

enum h5_note {
    H5_NOTE_NOTHING,
    H5_NOTE_AND_READ, /* the first read of raw data, which is carried out */
    H5_NOTE_ONLY      /* each read of raw data, none of which is carried out */
};

/* Reads since h5_note_begin(). */
struct h5_noted {
    uint64_t reads;
    uint64_t address; /* of the first, from the file's beginning: a user block is counted */
    uint64_t bytes;   /* of the first */
};

/* Makes a file access list use the driver. */
herr_t h5_driver_use(hid_t access);

/* What HDF5 does not tell of: the first opening or read through the driver that failed in this
 * thread since h5_trouble_forget(), as a status and its message, with the system's reason. SHS_OK:
 * none did. SHS_ERROR_FORMAT: raw data lies beyond the file's end. */
shs_status h5_trouble(const char **text);
void h5_trouble_forget(void);

/* True if a file was opened with it. */
bool h5_driver_is_of(hid_t file);

/* True if an object lies in that file: not, where an external link led to it. */
bool h5_driver_is_around(hid_t file, hid_t object);

/* True if HDF5 has this file open with it. */
bool h5_driver_has_open(const struct io_identity *identity);

/* For a file that was opened with it. */
void h5_note_begin(hid_t file, enum h5_note note);
struct h5_noted h5_note_end(hid_t file);

#endif
