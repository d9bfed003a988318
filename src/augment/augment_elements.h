/* The elements that an operator takes: their types, their channels, and values for them. Pure. */
#ifndef AUGMENT_ELEMENTS_H
#define AUGMENT_ELEMENTS_H

#include "augment_kind.h"
#include "grid_block.h"

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

#endif
