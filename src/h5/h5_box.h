/* Reads boxes of an array: ranges along each of its axes. */
#ifndef H5_BOX_H
#define H5_BOX_H

#include "h5_file.h"

/* Local. Returns true if the elements are complex numbers. Their parts lie along the last axis of
 * the shape, which no box may cut. */
bool h5_array_is_complex(const struct h5_array *array);

/* Local. Returns how many indices of an axis a chunk has, 0 if the array is not chunked. */
uint64_t h5_chunk_along(struct h5_array *array, uint32_t axis);

/* Local. Reads the elements whose index along each axis a is in [first[a], first[a] + count[a]), in
 * the array's order of axes and in the machine's byte order. Both lists have an entry for each axis
 * of the shape. No count may be 0. Errors are those of h5_read_rows(). */
shs_status h5_read_box(struct h5_array *array, const uint64_t *first, const uint64_t *count,
                       void *elements);

/* Local. Reads an attribute of an array that is one text. `text` becomes "" if there is no such
 * attribute or if it is no text; longer texts are cut. An attribute that cannot be read is
 * SHS_ERROR_FORMAT, and a failed read of the system SHS_ERROR_FILE. */
shs_status h5_read_label(struct h5_array *array, const char *attribute, char *text, size_t bytes);

/* Local. Returns true if an array has an attribute. */
bool h5_has_attribute(struct h5_array *array, const char *attribute);

#endif
