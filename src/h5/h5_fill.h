/* Reads the attributes by which netCDF's conventions say that an element is missing. Part of the
 * program, not of the library. */
#ifndef H5_FILL_H
#define H5_FILL_H

#include "h5_file.h"

enum {
    H5_FILLS = 2,      /* attributes */
    H5_MOST_FILLS = 8, /* values of all attributes together */
};

/* The names of the attributes: _FillValue and missing_value. */
extern const char *const h5_fills[H5_FILLS];

/* The values of the attributes of an array. */
struct h5_fill {
    bool has[H5_FILLS]; /* has[i]: the array has the attribute h5_fills[i] */
    size_t count;
    uint64_t element[H5_MOST_FILLS]; /* the values as elements of the array's type, one after the
                                        other; memory for any type */
    double number[H5_MOST_FILLS];    /* the values, rounded to double */
};

/* Reads the attributes. HDF5 converts a value to `type`, the type of the array's elements: a value
 * that no element can have becomes another one, and its number tells so. SHS_ERROR_UNSUPPORTED if
 * an attribute is no number, or if there are too many values. */
shs_status h5_read_fill(struct h5_file *file, const char *name, shs_type type,
                        struct h5_fill *fill);

#endif
