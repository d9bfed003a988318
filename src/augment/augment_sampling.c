#include "augment_sampling.h"

#include "grid_sample_kernels.h"

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

enum augment_border augment_border_of(const struct augment_bound *bound, int word)
{
    return bound->border ? bound->border : (enum augment_border)(AUGMENT_BORDER_ZERO + word);
}

int64_t augment_continued(int64_t k, int64_t size, enum augment_border border)
{
    if (k >= 0 && k < size) return k;
    if (border == AUGMENT_BORDER_ZERO) return -1;
    if (border == AUGMENT_BORDER_EDGE) return k < 0 ? 0 : size - 1;
    int64_t period = border == AUGMENT_BORDER_WRAP ? size : size > 1 ? 2 * size - 2 : 1;
    k %= period;
    if (k < 0) k += period;
    return k < size ? k : period - k;
}

size_t augment_real_bytes(shs_type type)
{
    return grid_is_wide(type) ? sizeof(double) : sizeof(float);
}

void augment_weights_of(shs_type type, const double *weight, size_t count, void *to)
{
    float *floats = to;
    double *doubles = to, sum = weight[0];
    bool wide = grid_is_wide(type);
    for (size_t i = 1; i < count; i++)
        sum += weight[i];
    for (size_t i = 0; i < count; i++)
        if (wide)
            doubles[i] = weight[i] / sum;
        else
            floats[i] = (float)(weight[i] / sum);
}

size_t augment_taken(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

void *augment_take(char **memory, size_t bytes)
{
    void *taken = *memory;
    *memory += augment_taken(bytes);
    return taken;
}
