/* Samples of vectors and tensors in several layouts, and operators on them with a known draw. */
#ifndef VECTORS_SCENE_H
#define VECTORS_SCENE_H

#include "augment_scene.h"

struct scene {
    const char *layout, *components, *against;
    uint64_t shape[SHS_MAX_AXES];
    shs_type type;
};

static inline int axis_of(const struct scene *scene, char letter)
{
    const char *found = strchr(scene->layout, letter);
    return found ? (int)(found - scene->layout) : -1;
}

static inline size_t elements_of(const struct scene *scene)
{
    size_t elements = 1;
    for (size_t axis = 0; scene->layout[axis]; axis++)
        elements *= (size_t)scene->shape[axis];
    return elements;
}

static inline struct sample sample_in(const struct scene *scene, const char *name, void *data)
{
    struct sample sample = {.tensor = {.name = name,
                                       .type = scene->type,
                                       .axes = (uint32_t)strlen(scene->layout),
                                       .data = data}};
    memcpy(sample.tensor.shape, scene->shape, sizeof scene->shape);
    return sample;
}

/* Applies a text at the first slot whose draw is `wanted`. */
static inline void apply_draw(const char *text, struct sample *samples, size_t fields,
                              uint32_t below, uint32_t wanted)
{
    uint64_t slot = 0;
    for (;; slot++) {
        shs_random stream = stream_at(5, slot);
        uint32_t drawn =
            below ? shs_random_below(&stream, below) : shs_random_float(&stream) < 0.5F;
        if (drawn == wanted) break;
    }
    shs_random stream = stream_at(5, slot);
    run(text, samples, fields, &stream);
}

#endif
