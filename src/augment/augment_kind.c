#include "augment_kind.h"

#include <string.h>

#include "core_text.h"

static const struct augment_kind *const kinds[] = {&augment_random_crop, &augment_random_flip,
                                                   &augment_normalize, &augment_cast};

enum {
    N_KINDS = sizeof kinds / sizeof *kinds
};

static bool knows(const struct augment_kind *kind, const char *name)
{
    for (size_t i = 0; kind->values[i]; i++)
        if (strcmp(kind->values[i], name) == 0) return true;
    return false;
}

static shs_status check_values(const struct augment_kind *kind, const struct augment_call *call)
{
    for (size_t i = 0; i < call->n_values; i++) {
        const struct augment_value *value = &call->values[i];
        if (!knows(kind, value->name)) {
            struct core_text known = {0};
            for (size_t k = 0; kind->values[k]; k++)
                core_text_add(&known, "%s%s", k ? ", " : "", kind->values[k]);
            core_fail(SHS_ERROR_ARGUMENT,
                      "augmentation, character %zu: %s has no value '%s'; it takes %s", value->at,
                      call->name, value->name, known.bytes ? known.bytes : "none");
            core_text_free(&known);
            return SHS_ERROR_ARGUMENT;
        }
        for (size_t other = 0; other < i; other++)
            if (strcmp(call->values[other].name, value->name) == 0)
                return core_fail(SHS_ERROR_ARGUMENT,
                                 "augmentation, character %zu: %s is given '%s' twice", value->at,
                                 call->name, value->name);
    }
    return SHS_OK;
}

const struct augment_kind *augment_kind_find(const struct augment_call *call)
{
    for (size_t k = 0; k < N_KINDS; k++)
        if (strcmp(kinds[k]->name, call->name) == 0)
            return check_values(kinds[k], call) ? NULL : kinds[k];
    struct core_text known = {0};
    for (size_t k = 0; k < N_KINDS; k++)
        core_text_add(&known, "%s%s", k ? ", " : "", kinds[k]->name);
    core_fail(SHS_ERROR_ARGUMENT,
              "augmentation, character %zu: there is no operator '%s'; there are %s", call->at,
              call->name, known.bytes ? known.bytes : "?");
    core_text_free(&known);
    return NULL;
}

const char *augment_value(const struct augment_call *call, const char *name)
{
    for (size_t i = 0; i < call->n_values; i++)
        if (strcmp(call->values[i].name, name) == 0) return call->values[i].text;
    return NULL;
}

shs_status augment_number(const struct augment_call *call, const char *name, double least,
                          double most, double otherwise, double *number)
{
    const char *text = augment_value(call, name);
    *number = otherwise;
    if (!text) return SHS_OK;
    if (core_parse_double(text, number) && *number >= least && *number <= most) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: %s's %s is '%s'; it must be a number from %g to "
                     "%g",
                     call->at, call->name, name, text, least, most);
}

shs_status augment_needed_number(const struct augment_call *call, const char *name, double least,
                                 double most, double *number)
{
    if (augment_value(call, name)) return augment_number(call, name, least, most, 0, number);
    return core_fail(SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s needs a value %s=…",
                     call->at, call->name, name);
}

shs_status augment_bind_grid(const struct augment_call *call, struct augment_bound *bound)
{
    static const char *const by_axes[] = {NULL, "w", "hw", "hwc"};
    const shs_tensor *sample = &bound->before;
    const char *layout = augment_value(call, "layout");
    if (!layout && sample->axes < 4) layout = by_axes[sample->axes];
    bool known = layout && (!strcmp(layout, "w") || !strcmp(layout, "hw") ||
                            !strcmp(layout, "hwc") || !strcmp(layout, "chw"));
    if (!known || strlen(layout) != sample->axes)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: %s of field %s, whose samples have %u axes: "
                         "give a layout of as many axes: w, hw, hwc or chw",
                         call->at, call->name, sample->name, sample->axes);
    const uint64_t *shape = sample->shape;
    size_t size = shs_type_size(sample->type);
    bool channels_first = layout[0] == 'c';
    const uint64_t *spatial = shape + channels_first;
    bound->setting.has_height = strchr(layout, 'h') != NULL;
    bound->grid = (struct augment_grid){
        .outer = channels_first ? (size_t)shape[0] : 1,
        .height = bound->setting.has_height ? (size_t)spatial[0] : 1,
        .width = bound->setting.has_height ? (size_t)spatial[1] : (size_t)spatial[0],
        .inner_bytes = strcmp(layout, "hwc") ? size : (size_t)shape[2] * size,
    };
    bound->after = bound->before;
    return SHS_OK;
}
