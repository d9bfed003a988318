/* Blocks of elements as floats, in which loops compute, and back. Pure. */
#ifndef GRID_BLOCK_H
#define GRID_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "random_math.h"
#include "shardstep/tensor.h"

enum {
    GRID_BLOCK = 512 /* elements that are computed at a time, few enough for the nearest cache */
};

/* Returns the least and the greatest finite number of a type: those of 64 bits rounded to f64. */
void grid_limits(shs_type type, double *least, double *most);

/* Converts elements of u8, u16, i8, i16 or f32 to floats, exactly. */
void grid_load_floats(shs_type type, const void *from, size_t count, float *to);

/* Converts floats to elements of these types. For integers they are clamped to the type's range and
 * rounded to the nearest whole number, half to even. */
void grid_store_floats(shs_type type, const float *from, size_t count, void *to);

/* Sets every `step`-th of elements, `count` of them, to a number that the type has but for the
 * rounding of floats. The type is not f16. */
void grid_put_value(shs_type type, double number, size_t count, size_t step, void *to);

/* Rounds to the nearest whole number, half to even, a float between -2^22 and 2^22. */
static inline float grid_round(float x)
{
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

/* Rounds a double between -2^51 and 2^51 alike. */
static inline double grid_round_double(double x)
{
    return (x + 0x1.8p52) - 0x1.8p52;
}

/* Returns the larger of two numbers, or the smaller. Floats that are not negative are ordered as
 * their bits are, and compilers know an instruction for integers, where for floats they heed NaN.
 * Of grid_larger() one number may be negative. */
static inline float grid_larger(float a, float b)
{
    int32_t x = (int32_t)random_float_bits(a), y = (int32_t)random_float_bits(b);
    return random_float_from((uint32_t)(x > y ? x : y));
}

static inline float grid_smaller(float a, float b)
{
    int32_t x = (int32_t)random_float_bits(a), y = (int32_t)random_float_bits(b);
    return random_float_from((uint32_t)(x < y ? x : y));
}

#endif
