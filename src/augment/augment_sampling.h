/* What operators share that compute new elements from those around a place: which fields they take,
 * how a field wants to be sampled, and how an axis goes on beyond its ends. Pure. */
#ifndef AUGMENT_SAMPLING_H
#define AUGMENT_SAMPLING_H

#include "augment_kind.h"

enum {
    AUGMENT_MOST_EXTENT = 1 << 24 /* the most elements of a height or a width */
};

/* The words of a parameter `border`, in the order of enum augment_border without its first. */
#define AUGMENT_BORDER_WORDS "zero edge reflect wrap"

/* The last sentence on fields of the help of an operator that computes elements. */
#define AUGMENT_COMPUTED_IN                                                                        \
    "u8, u16 and f32 are computed in f32, other types in f64, and each operation is rounded; "     \
    "integers are then rounded half to even and clamped to their type; f16 is refused."

/* SHS_ERROR_ARGUMENT if a field cannot be resampled along its height and its width: one of them is
 * empty, longer than `most` elements, or the first axis of a ragged field; or, if elements are to
 * be `computed`, the field is of f16. */
shs_status augment_check_sampled(const struct augment_call *call, const struct augment_bound *bound,
                                 uint64_t most, bool computed);

/* The border of a field: its own, else that of an operator's parameter `border`. */
enum augment_border augment_border_of(const struct augment_bound *bound, int word);

/* Returns the position within [0, size) that stands for position k of an axis, or -1 for a zero. */
int64_t augment_continued(int64_t k, int64_t size, enum augment_border border);

/* Bytes of a real of a field. */
size_t augment_real_bytes(shs_type type);

/* Writes weights, as reals of the type, divided by their sum. The sum is taken from the first to
 * the last. */
void augment_weights_of(shs_type type, const double *weight, size_t count, void *to);

/* Takes `bytes` bytes, rounded up to whole cache lines, from memory. */
void *augment_take(char **memory, size_t bytes);

/* The bytes that augment_take() takes for this number. */
size_t augment_taken(size_t bytes);

#endif
