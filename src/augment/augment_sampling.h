/* What operators share that compute new elements from those around a place: which fields they take,
 * and how a field wants to be sampled. Pure. */
#ifndef AUGMENT_SAMPLING_H
#define AUGMENT_SAMPLING_H

#include "augment_kind.h"
#include "grid_sampling.h"

enum {
    AUGMENT_MOST_EXTENT = 1 << 24 /* the most elements of a height or a width */
};

/* The words of a parameter `border`, in the order of enum grid_beyond. */
#define AUGMENT_BORDER_WORDS "zero edge reflect wrap"

/* The last sentence on fields of the help of an operator that computes elements. */
#define AUGMENT_COMPUTED_IN                                                                        \
    "u8, u16 and f32 are computed in f32, other types in f64, and each operation is rounded; "     \
    "integers are then rounded half to even and clamped to their type; f16 is "                    \
    "refused. " AUGMENT_SAME_NAN

/* What `help` says of means by a bell curve: w[k] are their weights. */
#define AUGMENT_BELL_COMPUTES                                                                      \
    "First along the height: w[0] * x[y] + w[1] * (x[y-1] + x[y+1]) + ... + w[r] * (x[y-r] + "     \
    "x[y+r]), summed from the left; then along the width in the same way, from these sums"

/* What `help` says of operators that sum elements by weights. */
#define AUGMENT_MISSING_IN_SUMS                                                                    \
    " NaN is left out: a result that has a NaN among its elements is computed once more with 0 "   \
    "in place of each NaN, and divided by what 1 in place of each number and 0 in place of each "  \
    "NaN give in the same way, where zeros beyond the edges, of elements and of sums, become 1; "  \
    "both are computed in the type in which elements are, and the result is NaN only if the "      \
    "latter is not above 0. " AUGMENT_MISSING_BITS

/* What `help` says of the NaN that results have. */
#define AUGMENT_MISSING_BITS                                                                       \
    "Any NaN that is computed has the bits 0x7fc00000 (f32) or 0x7ff8000000000000 (f64)."

/* SHS_ERROR_ARGUMENT if a field cannot be resampled along its height and its width: one of them is
 * empty, longer than `most` elements, or the first axis of a ragged field; or, if elements are to
 * be `computed`, the field is of f16. */
shs_status augment_check_sampled(const struct augment_call *call, const struct augment_bound *bound,
                                 uint64_t most, bool computed);

/* The border of a field: its own, else that of an operator's parameter `border`. */
enum grid_beyond augment_border_of(const struct augment_bound *bound, int word);

/* The images of a sample that an operator computes. */
struct grid_images augment_images_of(const struct augment_bound *bound);

#endif
