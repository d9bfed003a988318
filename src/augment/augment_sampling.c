#include "augment_sampling.h"

shs_status augment_check_sampled(const struct augment_call *call, const struct augment_bound *bound,
                                 uint64_t most, bool computed)
{
    const struct augment_grid *grid = &bound->grid;
    int height = augment_axis_of(grid->layout, 'h');
    struct core_text shape = {0};
    const char *wrong = NULL;
    if (bound->ragged && height == 0)
        wrong = "its samples have fewer rows of their own (offsets) along the height; use the "
                "operator on a field without offsets";
    else if (!grid->height || !grid->width)
        wrong = "a height and a width without elements cannot be resampled";
    else if (grid->height > most || grid->width > most)
        wrong = "its height or its width is too long to be resampled; crop it first";
    else if (computed && bound->before.type == SHS_F16)
        wrong = "new elements are not computed in f16; cast first, as in cast(type=f32)";
    if (!wrong) return SHS_OK;
    core_text_add_shape(&shape, &bound->before);
    core_fail(SHS_ERROR_ARGUMENT,
              "augmentation, character %zu: %s of field %s, whose samples are %s in layout %s: %s",
              call->at, call->name, bound->before.name, shape.bytes ? shape.bytes : "",
              grid->layout, wrong);
    core_text_free(&shape);
    return SHS_ERROR_ARGUMENT;
}

enum grid_beyond augment_border_of(const struct augment_bound *bound, int word)
{
    int own = (int)bound->border - AUGMENT_BORDER_ZERO;
    return (enum grid_beyond)(bound->border ? own : word);
}

struct grid_images augment_images_of(const struct augment_bound *bound)
{
    const struct augment_grid *grid = &bound->grid;
    return (struct grid_images){bound->before.type, grid->outer, grid->height, grid->width,
                                grid->inner};
}
