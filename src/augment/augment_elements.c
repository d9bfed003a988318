#include "augment_elements.h"

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

shs_status augment_check_value(const struct augment_call *call, const struct augment_bound *bound,
                               double number)
{
    shs_type type = bound->before.type;
    double least, most;
    shs_status status = augment_take_types(call, bound, AUGMENT_ALL_BUT_HALVES);
    if (status) return status;
    grid_limits(type, &least, &most);
    bool whole = number <= 9007199254740992.0 && number >= -9007199254740992.0 &&
                 number == (double)(int64_t)number;
    if (number >= least && number <= most && (type >= SHS_F16 || whole)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s's value %g is no %s, which the elements of "
                     "field %s are",
                     call->at, call->name, number, shs_type_name(type), bound->before.name);
}
