#include "augment_grid.h"

#include <string.h>

/* The axes of a sample are taken for height, width and channels only if the last axis is so short
 * that it can hardly be a width. */
const char *augment_usual_layout(const shs_tensor *sample)
{
    enum {
        MOST_CHANNELS = 4
    };
    if (sample->axes == 1) return "w";
    if (sample->axes == 2) return "hw";
    if (sample->axes == 3 && sample->shape[2] >= 1 && sample->shape[2] <= MOST_CHANNELS)
        return "hwc";
    return NULL;
}

static shs_status no_layout(const struct augment_call *call, bool given, const shs_tensor *sample)
{
    struct core_text shape = {0};
    core_text_add_shape(&shape, sample);
    const char *name = sample->name, *axes = shape.bytes ? shape.bytes : "";
    if (sample->axes == 3 && !given)
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s: which axes "
                  "are height and width cannot be told; add layout=hwc (height, width, channels) "
                  "or layout=chw (channels, height, width) to %s(...)",
                  call->at, call->name, name, axes, call->name);
    else
        core_fail(SHS_ERROR_ARGUMENT,
                  "augmentation, character %zu: %s of field %s, whose samples are %s and have %u "
                  "axes: give a layout of as many axes: w, hw, hwc or chw",
                  call->at, call->name, name, axes, sample->axes);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

/* The layout with this name; NULL if no layout has it, or if the sample has other axes. */
static const char *find_layout(const char *name, const shs_tensor *sample)
{
    static const char *const layouts[] = {"w", "hw", "hwc", "chw"};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (!strcmp(name, layouts[i]) && strlen(name) == sample->axes) return layouts[i];
    return NULL;
}

shs_status augment_bind_grid(const struct augment_call *call, const char *layout,
                             struct augment_bound *bound)
{
    const shs_tensor *sample = &bound->before;
    const char *found = layout ? find_layout(layout, sample) : augment_usual_layout(sample);
    if (!found) return no_layout(call, layout != NULL, sample);
    const uint64_t *shape = sample->shape;
    size_t size = shs_type_size(sample->type);
    bool channels_first = found[0] == 'c', channels_last = !strcmp(found, "hwc");
    bool has_height = strchr(found, 'h') != NULL;
    const uint64_t *spatial = shape + channels_first;
    bound->grid = (struct augment_grid){
        .layout = found,
        .outer = channels_first ? (size_t)shape[0] : 1,
        .height = has_height ? (size_t)spatial[0] : 1,
        .width = has_height ? (size_t)spatial[1] : (size_t)spatial[0],
        .inner_bytes = channels_last ? (size_t)shape[2] * size : size,
        .channels = channels_first  ? shape[0]
                    : channels_last ? shape[2]
                                    : 1,
        .channels_first = channels_first,
        .has_height = has_height,
        .first = channels_first ? AUGMENT_OUTER
                 : has_height   ? AUGMENT_HEIGHT
                                : AUGMENT_WIDTH,
    };
    return SHS_OK;
}
