/* Moves and turns the components of vectors and tensors. */
#include "augment_vectors.h"
#include "core_assert.h"

/* ---- Moves. */

/* Component c of the result is component from[c] of the sample, with the other sign if it is
 * negative. */
struct turned {
    uint32_t from[AUGMENT_MOST_COMPONENTS];
    bool negative[AUGMENT_MOST_COMPONENTS];
};

static void turn_components(const struct augment_vectors *vectors, const struct grid_view *view,
                            struct turned *turned)
{
    for (uint32_t c = 0; c < vectors->count; c++) {
        const struct grid_way *way = &view->way[vectors->axis[c]];
        int from = augment_component_along(vectors, way->axis);
        core_assert(from >= 0 && !way->table);
        turned->from[c] = (uint32_t)from;
        turned->negative[c] = ((way->step < 0) ^ vectors->against[c] ^ vectors->against[from]) != 0;
    }
}

/* Elements of a sample: `runs` runs of `length`, which begin `step` elements after one another. */
struct runs {
    size_t runs, step, length;
};

/* The elements with one position along an axis, the first of which has place position * length. */
static struct runs runs_along(const shs_tensor *sample, int axis)
{
    struct runs runs = {1, 1, 1};
    for (int a = 0; a < (int)sample->axes; a++)
        *(a < axis ? &runs.runs : &runs.step) *= (size_t)sample->shape[a];
    for (int a = axis + 1; a < (int)sample->axes; a++)
        runs.length *= (size_t)sample->shape[a];
    return runs;
}

#define FOR_RUNS(C, EACH)                                                                          \
    for (size_t r = 0; r < runs->runs; r++) {                                                      \
        typedef C element;                                                                         \
        element *at = (element *)elements + r * runs->step;                                        \
        for (size_t k = 0; k < runs->length; k++)                                                  \
            at[k] = EACH(at[k]);                                                                   \
    }

#define OTHER_HALF(half) (uint16_t)((half) ^ 0x8000U)

static void negate(shs_type type, const struct runs *runs, void *elements)
{
    if (type == SHS_F16)
        FOR_RUNS(uint16_t, OTHER_HALF)
    else if (type == SHS_F32)
        FOR_RUNS(float, -)
    else
        FOR_RUNS(double, -)
}

/* Gives the components along an axis their signs. */
static void sign_axis(const struct augment_bound *bound, int axis, const struct turned *turned,
                      char *output)
{
    shs_type type = bound->before.type;
    const struct runs runs = runs_along(&bound->before, axis);
    for (uint32_t c = 0; c < bound->vectors.count; c++)
        if (turned->negative[c])
            negate(type, &runs, output + c * runs.length * shs_type_size(type));
}

void augment_vectors_move(const struct augment_kind *kind, const struct augment_bound *bound,
                          const void *draw, const void *const *inputs, void *output,
                          int64_t *numbers, size_t n_numbers)
{
    const struct augment_vectors *vectors = &bound->vectors;
    struct grid_view view;
    struct turned turned;
    grid_view_begin(&bound->before, numbers, n_numbers, &view);
    kind->move(bound, draw, &view);
    turn_components(vectors, &view, &turned);
    for (int p = 0; p < 2; p++)
        if (vectors->place[p] >= 0) grid_view_pick(&view, (uint32_t)vectors->place[p], turned.from);
    const void *input = inputs[vectors->is_field ? turned.from[vectors->own] : 0];
    grid_view_copy(&view, shs_type_size(bound->before.type), input, output);
    for (int p = 0; p < 2; p++)
        if (vectors->place[p] >= 0) sign_axis(bound, vectors->place[p], &turned, output);
    const struct runs all = {1, 0, bound->elements};
    if (vectors->is_field && turned.negative[vectors->own])
        negate(bound->before.type, &all, output);
}

/* ---- Rotations. */

#define ROTATE(C)                                                                                  \
    for (size_t r = 0; r < runs->runs; r++) {                                                      \
        C c = (C)cosine, s = (C)sine;                                                              \
        typedef C element;                                                                         \
        element *u = (element *)along + r * runs->step, *v = (element *)across + r * runs->step;   \
        for (size_t k = 0; k < runs->length; k++) {                                                \
            C before = u[k];                                                                       \
            u[k] = c * before - s * v[k];                                                          \
            v[k] = s * before + c * v[k];                                                          \
        }                                                                                          \
    }

/* Turns the components `along` x and `across` it, along y. */
static void rotate(shs_type type, const struct runs *runs, double cosine, double sine, void *along,
                   void *across)
{
    if (type == SHS_F32)
        ROTATE(float)
    else
        ROTATE(double)
}

void augment_vectors_rotate(const struct augment_bound *bound, double cosine, double sine,
                            void *const *samples)
{
    const struct augment_vectors *vectors = &bound->vectors;
    const char *layout = bound->grid.layout;
    shs_type type = bound->before.type;
    int x = augment_component_along(vectors, (uint32_t)augment_axis_of(layout, 'x'));
    int y = augment_component_along(vectors, (uint32_t)augment_axis_of(layout, 'y'));
    core_assert(x >= 0 && y >= 0);
    if (vectors->against[x] != vectors->against[y]) sine = -sine;
    if (vectors->is_field) {
        const struct runs all = {1, 0, bound->elements};
        rotate(type, &all, cosine, sine, samples[x], samples[y]);
        return;
    }
    for (int p = 0; p < 2; p++) {
        if (vectors->place[p] < 0) continue;
        const struct runs runs = runs_along(&bound->before, vectors->place[p]);
        char *first = samples[0];
        size_t bytes = runs.length * shs_type_size(type);
        rotate(type, &runs, cosine, sine, first + (size_t)x * bytes, first + (size_t)y * bytes);
    }
}
