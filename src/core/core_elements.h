/* Elements of any type as numbers of two kinds: floats as doubles, integers as keys.
 *
 * A key is a whole number of 64 bits that orders as the element does. An integer's key is the
 * integer plus core_key_bias(); a double's is made of its bits, so that the least and the greatest
 * element of every type can be kept and compared alike. Pure. */
#ifndef CORE_ELEMENTS_H
#define CORE_ELEMENTS_H

#include "shardstep/tensor.h"

bool core_is_float(shs_type type);

/* Of an integer type: 2^63 if it is signed, else 0. */
uint64_t core_key_bias(shs_type type);

/* Integers, `stride` elements apart, as keys. */
void core_load_keys(shs_type type, const void *from, size_t stride, size_t count, uint64_t *to);

/* Floats, likewise, as doubles, exactly; a negative zero becomes a positive one, for which of two
 * equal numbers is the least must not depend on which came first. */
void core_load_doubles(shs_type type, const void *from, size_t stride, size_t count, double *to);

/* A double that is no NaN as a key, and back. */
uint64_t core_double_key(double x);
double core_key_double(uint64_t key);

/* A key as the number that it stands for, with so many significant digits of a float. */
void core_key_text(shs_type type, uint64_t key, int digits, char *text, size_t bytes);

#endif
