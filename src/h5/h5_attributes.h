/* The attributes of an array, as values. Part of the program, not of the library. */
#ifndef H5_ATTRIBUTES_H
#define H5_ATTRIBUTES_H

#include "h5_packing.h"

/* The values of an attribute. Those of another kind than integers, floats and a single text have no
 * values. */
struct h5_values {
    enum h5_attribute_kind kind;
    size_t count;
    const int64_t *whole;    /* for H5_WHOLE, unless natural is set */
    const uint64_t *natural; /* for H5_WHOLE of unsigned integers */
    const double *number;    /* for H5_REAL */
    const char *text;        /* for H5_TEXT */
};

/* Calls `visit` with each attribute of an array, in the order of their names, until it returns an
 * error. The values end with the call. An attribute that cannot be read is SHS_ERROR_FORMAT. */
typedef shs_status h5_attributes_visit(void *user, const char *name,
                                       const struct h5_values *values);
shs_status h5_attributes(const struct h5_array *array, h5_attributes_visit *visit, void *user);

#endif
