/* Resizing a part of each image of a sample. Pure. */
#ifndef AUGMENT_RESIZE_H
#define AUGMENT_RESIZE_H

#include "augment_sampling.h"

/* How elements are made. */
enum augment_how_resized {
    AUGMENT_RESIZE_NEAREST,
    AUGMENT_RESIZE_BILINEAR,
    AUGMENT_RESIZE_AREA
};

/* The words of a parameter `how`, in the order of enum augment_how_resized. */
#define AUGMENT_HOW_WORDS "nearest bilinear area"

/* What `help` says of resizing. */
#define AUGMENT_RESIZE_COMPUTES                                                                    \
    "An axis of n elements gets N: nearest takes element floor((2 * i + 1) * n / (2 * N)) for "    \
    "element i. bilinear computes in f64 s = n / N, r = 1 / max(s, 1) and c = (i + 0.5) * s, and " \
    "gives element k the weight 1 - d with d = |(k + 0.5) - c| * r where d < 1: a triangle, "      \
    "which "                                                                                       \
    "is wider than an element where the image shrinks. area gives element k the weight of its "    \
    "overlap min((k + 1) * N, (i + 1) * n) - max(k * N, i * n), where that is above 0. The "       \
    "weights of i are divided by their sum in f64, which is taken in ascending order of k, and "   \
    "rounded to the type in which elements are computed. The height is resized first: "            \
    "w0 * x0 + w1 * x1 + ... in ascending order of k; then the width in the same way, from these " \
    "sums. A field's [nearest] or [bilinear] holds in place of how. " AUGMENT_COMPUTED_IN

/* A part of an image. */
struct augment_box {
    uint32_t top, left, height, width;
};

/* How a field is resized: as it says itself, else as the parameter `how` says. */
enum augment_how_resized augment_how_of(const struct augment_bound *bound, int word);

/* The bytes of scratch memory for augment_resize_box(). */
size_t augment_resizing_bytes(const struct augment_bound *bound);

/* Resizes the same part of each image of bound->before to the size of bound->after. */
void augment_resize_box(const struct augment_bound *bound, enum augment_how_resized how,
                        const struct augment_box *box, const void *input, void *output,
                        void *scratch);

#endif
