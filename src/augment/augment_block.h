/* Blocks of elements as floats, in which operators compute, and back. Pure. */
#ifndef AUGMENT_BLOCK_H
#define AUGMENT_BLOCK_H

#include "augment_kind.h"
#include "random_math.h"

enum {
    AUGMENT_BLOCK = 512 /* elements that are computed at a time, few enough for the nearest cache */
};

/* Sets of types for augment_take_types(), a bit for each shs_type. */
enum augment_types {
    AUGMENT_IMAGE_TYPES = 1 << SHS_U8 | 1 << SHS_U16 | 1 << SHS_F32,
    AUGMENT_NUMBER_TYPES = AUGMENT_IMAGE_TYPES | 1 << SHS_I8 | 1 << SHS_I16 | 1 << SHS_F64,
    AUGMENT_EXACT_TYPES = AUGMENT_NUMBER_TYPES | 1 << SHS_U32 | 1 << SHS_I32, /* exact in f64 */
    AUGMENT_ALL_BUT_HALVES = AUGMENT_EXACT_TYPES | 1 << SHS_U64 | 1 << SHS_I64
};

/* Returns SHS_OK if the type of bound->before is in a set, else SHS_ERROR_ARGUMENT with a message
 * that lists the set. */
shs_status augment_take_types(const struct augment_call *call, const struct augment_bound *bound,
                              unsigned types);

/* Binds the layout of an operator that needs it only with some of its parameters. */
shs_status augment_need_layout(const struct augment_call *call, struct augment_bound *bound);

/* Returns the least and the greatest finite number of a type: those of 64 bits rounded to f64. */
void augment_limits(shs_type type, double *least, double *most);

/* Converts elements of u8, u16, i8, i16 or f32 to floats, exactly. */
void augment_load_floats(shs_type type, const void *from, size_t count, float *to);

/* Converts floats to elements of these types. For integers they are clamped to the type's range and
 * rounded to the nearest whole number, half to even. */
void augment_store_floats(shs_type type, const float *from, size_t count, void *to);

/* Returns the channel of an element of a sample, by the element's number. */
static inline size_t augment_channel_of(const struct augment_grid *grid, size_t element)
{
    return element / grid->channel_inner % grid->channels;
}

/* Gives each of `count` elements, from element `at` of a sample on, the number of its channel. */
void augment_spread(const struct augment_grid *grid, const double *of_channel, size_t at,
                    size_t count, double *to);

/* Returns SHS_OK if a number is an element of the type, but for the rounding of floats; else
 * SHS_ERROR_ARGUMENT with a message about the parameter `value`. */
shs_status augment_check_value(const struct augment_call *call, const struct augment_bound *bound,
                               double number);

/* Sets every `step`-th of elements, `count` of them, to a number that augment_check_value() has
 * taken. */
void augment_put_value(shs_type type, double number, size_t count, size_t step, void *to);

/* Rounds to the nearest whole number, half to even, a float between -2^22 and 2^22. */
static inline float augment_round(float x)
{
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

/* Rounds a double between -2^51 and 2^51 alike. */
static inline double augment_round_double(double x)
{
    return (x + 0x1.8p52) - 0x1.8p52;
}

/* Returns the larger of two numbers, or the smaller. Floats that are not negative are ordered as
 * their bits are, and compilers know an instruction for integers, where for floats they heed NaN.
 * Of
 * augment_larger() one number may be negative. */
static inline float augment_larger(float a, float b)
{
    int32_t x = (int32_t)random_float_bits(a), y = (int32_t)random_float_bits(b);
    return random_float_from((uint32_t)(x > y ? x : y));
}

static inline float augment_smaller(float a, float b)
{
    int32_t x = (int32_t)random_float_bits(a), y = (int32_t)random_float_bits(b);
    return random_float_from((uint32_t)(x < y ? x : y));
}

#endif
