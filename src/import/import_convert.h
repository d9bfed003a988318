/* Converts elements to another type without losing what must not be lost. Whole numbers are kept
 * exactly. Floats are rounded to the nearest float of a narrower type, ties to even, and become
 * integers only if they are whole. NaN and infinities stay what they are in floats. Pure. */
#ifndef IMPORT_CONVERT_H
#define IMPORT_CONVERT_H

#include "shardstep/tensor.h"

enum {
    IMPORT_VALUE_BYTES = 40
};

/* Converts `count` elements. Returns how many were converted: `count`, or the index of the first
 * element that the type cannot hold. */
size_t import_convert(shs_type from, const void *elements, shs_type to, void *converted,
                      size_t count);

/* Writes an element for a message into `text`. Returns `text`. */
const char *import_value_text(shs_type type, const void *element, char text[IMPORT_VALUE_BYTES]);

#endif
