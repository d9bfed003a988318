/* Fields of vectors and of tensors, whose components turn and change their signs when a sample is
 * turned or mirrored. Pure. */
#ifndef AUGMENT_VECTORS_H
#define AUGMENT_VECTORS_H

#include "augment_moves.h"
#include "augment_operation.h"

struct augment_vectors_setting {
    struct augment_axes components, against;
    struct augment_names vectors;
};

/* Returns the component that lies along an axis, or -1. */
static inline int augment_component_along(const struct augment_vectors *vectors, uint32_t axis)
{
    for (uint32_t c = 0; c < vectors->count; c++)
        if (vectors->axis[c] == axis) return (int)c;
    return -1;
}

/* Parameters that all operators with `turns` have. */
#define AUGMENT_VECTORS_PARAMETERS(type)                                                           \
    {                                                                                              \
        .name = "components",                                                                      \
        AUGMENT_MEMBER(type, vectors.components),                                                  \
        .otherwise = "",                                                                           \
        .help = "The axes along which the components of a vector lie, in the order of the "        \
                "components; x, xy or xyz without it. A field has components if its layout has "   \
                "an axis i (vectors) or axes i and j (tensors), or if vectors= names it; its "     \
                "elements are f16, f32 or f64. Where axis a of the result shows axis b of the "    \
                "sample, component a of the result is component b of the sample, with the other "  \
                "sign if axis a is mirrored. A tensor's elements are moved so along i and along "  \
                "j, and their sign is the product of both. A sign is turned over by its bit, "     \
                "also that of 0. Vectors are those that turn as velocities do: a vorticity or a "  \
                "magnetic field has another sign after a mirror.",                                 \
    },                                                                                             \
        {                                                                                          \
            .name = "against",                                                                     \
            AUGMENT_MEMBER(type, vectors.against),                                                 \
            .otherwise = "",                                                                       \
            .help = "The axes against which a positive component points: y where rows go down, "   \
                    "or from north to south, and the component is positive upwards or "            \
                    "northwards. Component a has one more change of sign where it was component "  \
                    "b and only one of the axes a and b is among these.",                          \
        },                                                                                         \
    {                                                                                              \
        .name = "vectors", AUGMENT_MEMBER(type, vectors.vectors), .otherwise = "",                 \
        .help = "Fields of the statement that are the components of a vector, in the order of "    \
                "components=; several vectors follow one another. Other fields of the "            \
                "statement have no components, unless their layout has i.",                        \
    }

/* Finds the components of a field, which an operator turns along the axes in `found`, and puts
 * them into bound->vectors and, where the text does not give them, into the settings. A part of
 * bind(). SHS_ERROR_ARGUMENT if components do not fit the field. */
shs_status augment_vectors_bind(const struct augment_call *call,
                                struct augment_vectors_setting *setting,
                                const struct augment_found *found, struct augment_bound *bound);

/* Finds the fields of the statement that are components of each other, when all fields are bound.
 * SHS_ERROR_ARGUMENT if one is missing or differs from the others, or if no field has components
 * although the text names some. */
shs_status augment_vectors_join(const struct augment_call *call,
                                struct augment_operation *operation);

/* For operators that may fold an image, so that the components of vectors cannot follow.
 * SHS_ERROR_ARGUMENT if the layout of a field has an axis i or j. */
shs_status augment_vectors_refuse(const struct augment_call *call,
                                  const struct augment_bound *bound);

/* Moves a sample as the operator's move() says, and turns its components along. `inputs` has the
 * sample of each component if fields are the components, else the sample. `numbers` is memory for
 * the tables of a view, `n_numbers` as grid_view_numbers() says. */
void augment_vectors_move(const struct augment_kind *kind, const struct augment_bound *bound,
                          const void *draw, const void *const *inputs, void *output,
                          int64_t *numbers, size_t n_numbers);

/* A linear map of the components along some axes of space. */
struct augment_component_map {
    const char *axes; /* two or three letters, such as xy */
    double by[9];     /* row by row: of n components c, component a becomes by[n * a] * c[0] +
                         by[n * a + 1] * c[1] + ..., summed from the left */
};

/* Maps the components of samples. The sign of a factor changes where only one of its two axes is
 * among the axes in against=. A tensor is mapped along i, then along j. Factors are rounded to the
 * type of the elements, f32 or f64, and so is each operation. The identity changes no byte.
 * `samples` has the sample of each component if fields are the components, else the sample. */
void augment_vectors_map(const struct augment_bound *bound, const struct augment_component_map *map,
                         void *const *samples);

#endif
