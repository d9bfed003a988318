/* Number types of HDF5 and of tensors. */
#ifndef H5_TYPE_H
#define H5_TYPE_H

#include <hdf5.h>
#include <stdbool.h>

#include "shardstep/tensor.h"

/* How elements of a stored type are taken as numbers. */
struct h5_numbers {
    shs_type type;  /* 0: they are none */
    bool pair;      /* complex numbers: two of `type`, which are one more axis, the last */
    bool narrowed;  /* an enumeration that lies in wider integers */
    const char *of; /* what they are if not plain: "bool", "enumeration", "complex"; else "" */
};

/* Plain numbers are integers of 1, 2, 4 or 8 whole bytes and IEEE 754 halves, singles and doubles,
 * in any byte order. An enumeration is u8 if its members have values of 0 to 255, else the integer
 * type that it is made of. A compound of two floats of one type, r and i or real and imag, is a
 * complex number. */
struct h5_numbers h5_numbers_of(hid_t stored);

/* A type to read such elements in memory with; to be closed by H5Tclose(). An enumeration of single
 * bytes is read as these are. */
hid_t h5_numbers_in_memory(hid_t stored);

/* True if such elements lie in a file as they do in memory, but for the order of their bytes. */
bool h5_numbers_lie_plain(hid_t stored);

/* A type to read or write elements in memory with; to be closed by H5Tclose(). */
hid_t h5_memory_type(shs_type type);

/* The little-endian type that files are written with; to be closed by H5Tclose(). */
hid_t h5_file_type(shs_type type);

/* What a stored type is, for messages: "u8", "a text", "a compound", … */
const char *h5_type_text(hid_t stored);

#endif
