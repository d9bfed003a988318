/* Moves and turns the components of vectors and tensors. */
#include "augment_vectors.h"

#include <string.h>

#include "core_assert.h"
#include "random_math.h"

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

/* ---- Linear maps. */

/* A linear map of `count` components, whose elements lie in runs from `at` on. */
struct mapping {
    size_t count;
    double by[9];
    struct runs runs;
    char *at[AUGMENT_MOST_COMPONENTS];
};

/* Defines a function that maps runs of `n` components of type C. Always inline, so that n is known.
 */
#define DEFINE_MAP(NAME, C, SAME_NAN)                                                              \
    static inline __attribute__((always_inline)) void NAME(const struct mapping *mapping,          \
                                                           size_t n)                               \
    {                                                                                              \
        typedef C element;                                                                         \
        element by[9], before[3], *at[3];                                                          \
        for (size_t i = 0; i < n * n; i++)                                                         \
            by[i] = (element)mapping->by[i];                                                       \
        for (size_t r = 0; r < mapping->runs.runs; r++) {                                          \
            for (size_t a = 0; a < n; a++)                                                         \
                at[a] = (element *)(void *)mapping->at[a] + r * mapping->runs.step;                \
            for (size_t k = 0; k < mapping->runs.length; k++) {                                    \
                for (size_t a = 0; a < n; a++)                                                     \
                    before[a] = at[a][k];                                                          \
                for (size_t a = 0; a < n; a++) {                                                   \
                    element sum = by[n * a] * before[0];                                           \
                    for (size_t b = 1; b < n; b++)                                                 \
                        sum = sum + by[n * a + b] * before[b];                                     \
                    at[a][k] = SAME_NAN(sum);                                                      \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

DEFINE_MAP(map_floats, float, random_same_nan_float)
DEFINE_MAP(map_doubles, double, random_same_nan_double)

static void map_runs(shs_type type, const struct mapping *mapping)
{
    if (mapping->count == 2 && type == SHS_F32)
        map_floats(mapping, 2);
    else if (mapping->count == 2)
        map_doubles(mapping, 2);
    else if (type == SHS_F32)
        map_floats(mapping, 3);
    else
        map_doubles(mapping, 3);
}

static bool is_identity(const struct mapping *mapping)
{
    size_t count = mapping->count;
    for (size_t a = 0; a < count * count; a++)
        if (!(mapping->by[a] == (a % (count + 1) ? 0 : 1))) return false;
    return true;
}

/* Finds the components that a map is of, and gives its factors their signs. */
static struct mapping begin_mapping(const struct augment_bound *bound,
                                    const struct augment_component_map *map,
                                    uint32_t component[AUGMENT_MOST_COMPONENTS])
{
    const struct augment_vectors *vectors = &bound->vectors;
    struct mapping mapping = {.count = strlen(map->axes)};
    for (size_t a = 0; a < mapping.count; a++) {
        int axis = augment_axis_of(bound->grid.layout, map->axes[a]);
        int found = augment_component_along(vectors, (uint32_t)axis);
        core_assert(found >= 0);
        component[a] = (uint32_t)found;
    }
    for (size_t a = 0; a < mapping.count; a++)
        for (size_t b = 0; b < mapping.count; b++) {
            size_t at = mapping.count * a + b;
            bool turned = vectors->against[component[a]] != vectors->against[component[b]];
            mapping.by[at] = turned ? -map->by[at] : map->by[at];
        }
    return mapping;
}

void augment_vectors_map(const struct augment_bound *bound, const struct augment_component_map *map,
                         void *const *samples)
{
    const struct augment_vectors *vectors = &bound->vectors;
    shs_type type = bound->before.type;
    uint32_t component[AUGMENT_MOST_COMPONENTS];
    struct mapping mapping = begin_mapping(bound, map, component);
    if (is_identity(&mapping)) return;
    if (vectors->is_field) {
        mapping.runs = (struct runs){1, 0, bound->elements};
        for (size_t a = 0; a < mapping.count; a++)
            mapping.at[a] = samples[component[a]];
        map_runs(type, &mapping);
        return;
    }
    for (int p = 0; p < 2; p++) {
        if (vectors->place[p] < 0) continue;
        mapping.runs = runs_along(&bound->before, vectors->place[p]);
        for (size_t a = 0; a < mapping.count; a++)
            mapping.at[a] =
                (char *)samples[0] + component[a] * mapping.runs.length * shs_type_size(type);
        map_runs(type, &mapping);
    }
}
