/* The arithmetic of packed numbers: what the attributes of netCDF and CF make of stored numbers.
 *
 * The value of a stored number x is
 *
 *     (float)((double)x * scale_factor + add_offset)
 *
 * in which each operation is rounded once, to nearest: the conversion to double, which is exact but
 * for integers above 2^53, the product, the sum, and the conversion to float. Without one of the
 * attributes its operation is left out. x is missing, and its value is NaN, if it is equal to
 * _FillValue or a value of missing_value, outside valid_range, below valid_min, above valid_max, or
 * NaN. All these are compared with x itself, in its own type. Every NaN has the bits 0x7fc00000. */
#ifndef DATA_CF_H
#define DATA_CF_H

#include "h5_packing.h"

struct data_cf;

/* Makes the arithmetic of an array's attributes. An attribute that says nothing, or that can be
 * understood in two ways, is SHS_ERROR_FORMAT: no number where a number is due, several where there
 * is one, a scale of 0, a value of missing_value that no stored number has. The message begins with
 * the attribute. The caller releases *unpack with core_free(). On error it is NULL. */
shs_status data_cf_new(const struct h5_packing *packing, shs_type stored, struct data_cf **unpack);

/* Computes the values of `count` stored numbers, which need not be aligned. Any thread. */
void data_cf_values(const struct data_cf *unpack, const void *stored, size_t count, float *values);

#endif
