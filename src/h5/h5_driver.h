/* A file driver of HDF5 that reads one plain file. The driver can note where HDF5 reads raw data,
 * without reading it. Thus the offset of a chunk in the file is found by one look-up, in every
 * version of HDF5 and of the format. */
#ifndef H5_DRIVER_H
#define H5_DRIVER_H

#include <hdf5.h>

#include "io_file.h"

enum h5_note {
    H5_NOTE_NOTHING,
    H5_NOTE_AND_READ, /* the first read of raw data is noted and carried out */
    H5_NOTE_ONLY      /* every read of raw data is noted and not carried out */
};

/* The reads of raw data since h5_note_begin(). */
struct h5_noted {
    uint64_t reads;
    uint64_t
        address;    /* offset of the first read from the file's beginning, a user block included */
    uint64_t bytes; /* bytes of the first read */
};

/* Makes a file access list use the driver. */
herr_t h5_driver_use(hid_t access);

/* Returns what HDF5 does not report: the status and the message, with the system's reason, of the
 * first opening or read through the driver that failed in this thread since h5_trouble_forget().
 * SHS_OK means that none failed. SHS_ERROR_FORMAT means that raw data lies beyond the file's end.
 */
shs_status h5_trouble(const char **text);
void h5_trouble_forget(void);

/* Returns true if a file was opened with the driver. */
bool h5_driver_is_of(hid_t file);

/* Returns true if an object lies in this file. Returns false if an external link led to another
 * file. */
bool h5_driver_is_around(hid_t file, hid_t object);

/* Returns true if HDF5 has the file of this identity open with the driver. */
bool h5_driver_has_open(const struct io_identity *identity);

/* Begins to note reads of a file that was opened with the driver. */
void h5_note_begin(hid_t file, enum h5_note note);
struct h5_noted h5_note_end(hid_t file);

#endif
