/* Translates between the number types of HDF5 and of tensors. */
#ifndef H5_TYPE_H
#define H5_TYPE_H

#include <hdf5.h>
#include <stdbool.h>

#include "shardstep/tensor.h"

/* How elements of a stored type are taken as numbers. */
struct h5_numbers {
    shs_type type; /* 0 if the elements are no numbers */
    bool pair;     /* true for complex numbers: two of `type`, along one more axis, the last */
    bool narrowed; /* true for an enumeration that is stored in wider integers */
    /* True for numbers that are stored in the upper half of their bytes: bfloat16 for f32. */
    bool widened;
    /* What the elements are if not plain numbers: "bool", "enumeration", "bit field", "complex" or
     * "bfloat16", else "". */
    const char *of;
};

/* Tells how elements of a stored type are taken as numbers. Plain numbers are integers of 1, 2, 4
 * or 8 whole bytes and IEEE 754 halves, singles and doubles, in any byte order. An enumeration is
 * u8 if its members have values from 0 to 255, else the integer type that it is made of. A bit
 * field of 8 bits is u8. A compound
 * of two floats of one type, named r and i or real and imag, is a complex number. A float of 16
 * bits with the exponent of a single, bfloat16, is a single. */
struct h5_numbers h5_numbers_of(hid_t stored);

/* Makes the type that elements of a stored type are read in. An enumeration of single bytes is
 * read as bytes, a bit field as such. Widened numbers are read as they are stored, in the machine's
 * byte order. The caller closes the type with H5Tclose(). */
hid_t h5_numbers_in_memory(hid_t stored);

/* Widened numbers are read into the second half of their memory: h5_widened_place() returns where
 * it begins in `bytes` bytes at `to`. h5_widen() then widens them to all of it. */
void *h5_widened_place(void *to, size_t bytes);
void h5_widen(void *to, size_t bytes);

/* Returns true if elements of a stored type lie in a file as they do in memory, apart from their
 * byte order. */
bool h5_numbers_lie_plain(hid_t stored);

/* Makes the type that HDF5 reads or writes elements in memory with. The caller closes it with
 * H5Tclose(). */
hid_t h5_memory_type(shs_type type);

/* Makes the little-endian type that files are written with. The caller closes it with H5Tclose().
 */
hid_t h5_file_type(shs_type type);

/* Names a stored type for messages: "u8", "a text", "a compound", … */
const char *h5_type_text(hid_t stored);

#endif
