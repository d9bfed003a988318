/* A file that is being written, for the files of this folder. */
#ifndef H5_WRITER_H
#define H5_WRITER_H

#include <hdf5.h>
#include <stdbool.h>

#include "h5_write.h"

struct h5_writer {
    hid_t file;
    char *path;
    int error; /* errno value of the first error in writing, which the driver hides from HDF5 */
    uint64_t block_bytes; /* size of the user block */
    bool placed;          /* h5_place_array() has placed an array */
    bool counts_block;    /* H5Dget_offset() counts the user block */
    /* the dataset that was created last */
    hid_t dataset;
    char *name;
    shs_tensor shape;
    uint64_t rows_written;
};

/* Inside a guard. Returns SHS_OK if a call succeeded and all bytes so far could be written, else
 * the call's status. The message says what was to be done, and the reason. */
__attribute__((format(printf, 3, 4))) shs_status
h5_writer_check(const struct h5_writer *writer, bool good, const char *format, ...);

/* Inside a guard. Closes the dataset that was created last, and takes the name of the next. */
shs_status h5_writer_turn_to(struct h5_writer *writer, const char *name);

/* Inside a guard. Makes a property list of a class without times, so that the same content gives
 * the same bytes. */
hid_t h5_writer_without_times(hid_t class);

/* Inside a guard. Makes the type of a text of `bytes` bytes in UTF-8, padded with zeros. */
hid_t h5_writer_text_type(size_t bytes);

#endif
