/* Loops over elements of any type. Pure. */
#ifndef GRID_TYPES_H
#define GRID_TYPES_H

#include "core_half.h"
#include "shardstep/tensor.h"

static inline double grid_half_to_double(uint16_t half)
{
    return (double)core_half_to_float(half);
}

/* Expands EACH(C type, conversion to float, conversion to double) for the type of the input. */
#define GRID_FOR_TYPE(type, EACH)                                                                  \
    switch (type) {                                                                                \
    case SHS_U8:                                                                                   \
        EACH(uint8_t, (float), (double)) break;                                                    \
    case SHS_U16:                                                                                  \
        EACH(uint16_t, (float), (double)) break;                                                   \
    case SHS_U32:                                                                                  \
        EACH(uint32_t, (float), (double)) break;                                                   \
    case SHS_U64:                                                                                  \
        EACH(uint64_t, (float), (double)) break;                                                   \
    case SHS_I8:                                                                                   \
        EACH(int8_t, (float), (double)) break;                                                     \
    case SHS_I16:                                                                                  \
        EACH(int16_t, (float), (double)) break;                                                    \
    case SHS_I32:                                                                                  \
        EACH(int32_t, (float), (double)) break;                                                    \
    case SHS_I64:                                                                                  \
        EACH(int64_t, (float), (double)) break;                                                    \
    case SHS_F16:                                                                                  \
        EACH(uint16_t, core_half_to_float, grid_half_to_double) break;                             \
    case SHS_F32:                                                                                  \
        EACH(float, (float), (double)) break;                                                      \
    case SHS_F64:                                                                                  \
        EACH(double, (float), (double)) break;                                                     \
    }

#endif
