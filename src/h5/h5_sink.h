/* A file driver of HDF5 for one plain file that only this process writes. HDF5 crashes at the
 * program's end if a file could not be closed. So the driver hides errors in writing from HDF5: it
 * keeps the first error and writes nothing more. */
#ifndef H5_SINK_H
#define H5_SINK_H

#include <hdf5.h>
#include <stdbool.h>

/* Makes a file access list use the driver. */
herr_t h5_sink_use(hid_t access);

/* Tells the errors of a file that was opened with the driver. From now on and after the file's
 * closing, *error is the errno value of the first error in writing, 0 if there was none. */
void h5_sink_tell(hid_t file, int *error);

/* Returns the errno value of the file that could not be opened last. */
int h5_sink_open_error(void);

#endif
