#include "augment_block.h"

#include <float.h>
#include <string.h>

#include "augment_axes.h"

shs_status augment_take_types(const struct augment_call *call, const struct augment_bound *bound,
                              unsigned types)
{
    struct core_text taken = {0};
    shs_type type = bound->before.type;
    if (types >> type & 1) return SHS_OK;
    for (shs_type t = SHS_U8; t <= SHS_F64; t++)
        if (types >> t & 1)
            core_text_add(&taken, "%s%s", taken.length ? ", " : "", shs_type_name(t));
    core_fail(
        SHS_ERROR_ARGUMENT,
        "augmentation, character %zu: %s of field %s, whose elements are %s; it takes %s; add "
        "cast(type=...) before it",
        call->at, call->name, bound->before.name, shs_type_name(type),
        taken.bytes ? taken.bytes : "other types");
    core_text_free(&taken);
    return SHS_ERROR_ARGUMENT;
}

shs_status augment_need_layout(const struct augment_call *call, struct augment_bound *bound)
{
    static const struct augment_kind any = {.needs = AUGMENT_NEEDS_LAYOUT};
    if (bound->grid.is_bound) return SHS_OK;
    shs_status status = augment_bind_grid(&any, call, NULL, bound);
    memcpy(bound->after_layout, bound->grid.layout, sizeof bound->after_layout);
    return status;
}

void augment_limits(shs_type type, double *least, double *most)
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

void augment_load_floats(shs_type type, const void *from, size_t count, float *to)
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
            elements[i] = (C)(int32_t)augment_round(clamped);                                      \
    }

#define CLAMP_UNSIGNED augment_smaller(augment_larger(from[i], 0), most)
#define CLAMP_SIGNED   (from[i] > least ? from[i] < most ? from[i] : most : least)

void augment_store_floats(shs_type type, const float *from, size_t count, void *to)
{
    double type_least, type_most;
    augment_limits(type, &type_least, &type_most);
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

void augment_spread(const struct augment_grid *grid, const double *of_channel, size_t at,
                    size_t count, double *to)
{
    size_t inner = grid->channel_inner, left = inner - at % inner;
    size_t channel = augment_channel_of(grid, at);
    for (size_t i = 0; i < count; i++) {
        to[i] = of_channel[channel];
        if (--left) continue;
        left = inner;
        channel = channel + 1 == grid->channels ? 0 : channel + 1;
    }
}

/* ---- Single values. */

shs_status augment_check_value(const struct augment_call *call, const struct augment_bound *bound,
                               double number)
{
    shs_type type = bound->before.type;
    double least, most;
    shs_status status = augment_take_types(call, bound, AUGMENT_ALL_BUT_HALVES);
    if (status) return status;
    augment_limits(type, &least, &most);
    bool whole = number <= 9007199254740992.0 && number >= -9007199254740992.0 &&
                 number == (double)(int64_t)number;
    if (number >= least && number <= most && (type >= SHS_F16 || whole)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s's value %g is no %s, which the elements of "
                     "field %s are",
                     call->at, call->name, number, shs_type_name(type), bound->before.name);
}

#define PUT(C)                                                                                     \
    {                                                                                              \
        typedef C element;                                                                         \
        element *elements = to;                                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            elements[i * step] = (C)number;                                                        \
    }

void augment_put_value(shs_type type, double number, size_t count, size_t step, void *to)
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
