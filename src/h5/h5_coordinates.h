/* The coordinates that a file gives to the indices of an axis: the values of a dimension scale, as
 * the coordinate variables of netCDF-4 are. */
#ifndef H5_COORDINATES_H
#define H5_COORDINATES_H

#include "h5_file.h"

/* A text or a number for each index. */
struct h5_coordinates {
    uint64_t count; /* 0 if there are none */
    char **text;    /* NULL if they are numbers */
    double *number;
    bool single; /* true if the numbers are stored in single precision */
};

/* Reads the coordinates of an axis of an array, counted from 0: of the first dimension scale with
 * as many texts as the axis has indices, else of the first with as many numbers. A scale that
 * cannot be read is an error. The caller frees them, also if there are none. */
shs_status h5_coordinates_read(struct h5_array *array, uint32_t axis,
                               struct h5_coordinates *coordinates);

void h5_coordinates_free(struct h5_coordinates *coordinates);

#endif
