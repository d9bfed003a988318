#include "grid_block.h"

#include <float.h>
#include <string.h>

void grid_limits(shs_type type, double *least, double *most)
{
    bool is_signed = type >= SHS_I8 && type <= SHS_I64;
    *most = 1;
    for (size_t bit = is_signed; bit < 8 * shs_type_size(type); bit++)
        *most *= 2;
    *least = is_signed ? -*most : 0;
    *most -= 1;
    if (type < SHS_F16) return;
    *most = type == SHS_F64 ? DBL_MAX : type == SHS_F32 ? (double)FLT_MAX : 65504;
    *least = -*most;
}

#define LOAD(C)                                                                                    \
    {                                                                                              \
        const C *elements = from;                                                                  \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (float)elements[i];                                                            \
    }

void grid_load_floats(shs_type type, const void *from, size_t count, float *to)
{
    if (type == SHS_U8)
        LOAD(uint8_t)
    else if (type == SHS_U16)
        LOAD(uint16_t)
    else if (type == SHS_I8)
        LOAD(int8_t)
    else if (type == SHS_I16)
        LOAD(int16_t)
    else
        memcpy(to, from, count * sizeof *to);
}

#define STORE(C, clamped)                                                                          \
    {                                                                                              \
        typedef C element;                                                                         \
        element *elements = to;                                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            elements[i] = (C)(int32_t)grid_round(clamped);                                         \
    }

#define CLAMP_UNSIGNED grid_smaller(grid_larger(from[i], 0), most)
#define CLAMP_SIGNED   (from[i] > least ? from[i] < most ? from[i] : most : least)

void grid_store_floats(shs_type type, const float *from, size_t count, void *to)
{
    double type_least, type_most;
    grid_limits(type, &type_least, &type_most);
    float least = (float)type_least, most = (float)type_most;
    if (type == SHS_U8)
        STORE(uint8_t, CLAMP_UNSIGNED)
    else if (type == SHS_U16)
        STORE(uint16_t, CLAMP_UNSIGNED)
    else if (type == SHS_I8)
        STORE(int8_t, CLAMP_SIGNED)
    else if (type == SHS_I16)
        STORE(int16_t, CLAMP_SIGNED)
    else
        memcpy(to, from, count * sizeof *from);
}

/* ---- Single values. */

#define PUT(C)                                                                                     \
    {                                                                                              \
        typedef C element;                                                                         \
        element *elements = to;                                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            elements[i * step] = (C)number;                                                        \
    }

void grid_put_value(shs_type type, double number, size_t count, size_t step, void *to)
{
    if (type == SHS_U8)
        PUT(uint8_t)
    else if (type == SHS_U16)
        PUT(uint16_t)
    else if (type == SHS_U32)
        PUT(uint32_t)
    else if (type == SHS_U64)
        PUT(uint64_t)
    else if (type == SHS_I8)
        PUT(int8_t)
    else if (type == SHS_I16)
        PUT(int16_t)
    else if (type == SHS_I32)
        PUT(int32_t)
    else if (type == SHS_I64)
        PUT(int64_t)
    else if (type == SHS_F32)
        PUT(float)
    else
        PUT(double)
}
