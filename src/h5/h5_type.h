/* Number types of HDF5 and of tensors. */
#ifndef H5_TYPE_H
#define H5_TYPE_H

#include <hdf5.h>

#include "shardstep/tensor.h"

/* The tensor type of a stored type, 0 if it is no plain number: an integer of 1, 2, 4 or 8 whole
 * bytes or an IEEE 754 half, single or double, in any byte order. */
shs_type h5_plain_type(hid_t stored);

/* A type to read or write elements in memory with; to be closed by H5Tclose(). */
hid_t h5_memory_type(shs_type type);

/* The little-endian type that files are written with; to be closed by H5Tclose(). */
hid_t h5_file_type(shs_type type);

/* What a stored type is, for messages: "u8", "a text", "a compound", … */
const char *h5_type_text(hid_t stored);

#endif
