/* A file driver of HDF5 for one plain file that is written by this process alone. HDF5 never learns
 * of an error in writing, for it crashes at the end of the program if a file could not be closed;
 * the first one is kept here, and nothing more is written. */
#ifndef H5_SINK_H
#define H5_SINK_H

#include <hdf5.h>
#include <stdbool.h>

/* Makes a file access list use the driver. */
herr_t h5_sink_use(hid_t access);

/* For a file that was opened with it. From now on, and when the file has been closed, *error is the
 * system's number of the first error in writing, 0 if there was none. */
void h5_sink_tell(hid_t file, int *error);

/* The same of the file that could not be opened last. */
int h5_sink_open_error(void);

#endif
