/* Elements of any type as numbers of two kinds: floats as doubles, integers as keys.
 *
 * A key is a whole number of 64 bits. Keys have the same order as the elements. An integer's key is
 * the integer plus core_key_bias(). A double's key is made of its bits. With keys the least and the
 * greatest element of every type are kept and compared alike. Pure. */
#ifndef CORE_ELEMENTS_H
#define CORE_ELEMENTS_H

#include "shardstep/tensor.h"

/* Returns true for f16, f32 and f64. */
bool core_is_float(shs_type type);

/* Copies `count` elements of `size` bytes each (1, 2, 4 or 8), which are in the machine's order of
 * bytes, to little-endian ones. `to` is best a multiple of CORE_STREAM_ALIGNMENT. */
void core_copy_little(void *to, const void *from, size_t count, size_t size);

/* Returns true on a machine whose own order of bytes is little-endian. */
static inline bool core_is_little(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

/* Returns what is added to an integer of a type to make its key: 2^63 for signed types, else 0. */
uint64_t core_key_bias(shs_type type);

/* Loads `count` integers, `stride` elements apart, as keys. */
void core_load_keys(shs_type type, const void *from, size_t stride, size_t count, uint64_t *to);

/* Loads `count` floats, `stride` elements apart, as doubles, exactly. A negative zero becomes a
 * positive zero: otherwise the least of equal numbers would depend on which came first. */
void core_load_doubles(shs_type type, const void *from, size_t stride, size_t count, double *to);

/* Returns the key of a double, which must not be NaN. core_key_double() turns it back. */
uint64_t core_double_key(double x);
double core_key_double(uint64_t key);

/* Writes the number that a key stands for. A float is written with `digits` significant digits. */
void core_key_text(shs_type type, uint64_t key, int digits, char *text, size_t bytes);

#endif
