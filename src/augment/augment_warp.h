/* Warps: samples whose images are seen through a map of places. Neighbouring operators of a
 * statement become one map, so that elements are computed once, from the sample before all of them.
 * Pure. */
#ifndef AUGMENT_WARP_H
#define AUGMENT_WARP_H

#include "augment_operation.h"
#include "augment_sampling.h"
#include "grid_warp.h"

enum {
    AUGMENT_MOST_WARPS = 8,       /* the most operators that become one map */
    AUGMENT_WARP_DRAW_BYTES = 128 /* the most bytes of an operator's draws */
};

/* The settings of each operator with warp() begin with this struct. */
struct augment_warp_setting {
    int how;    /* 0 nearest, 1 bilinear */
    int border; /* a value of enum grid_beyond */
    struct augment_axes axes;
    bool is_volume; /* the axes are z, y and x: see augment_volume.h */
};

/* What `help` says of all warps. */
#define AUGMENT_WARP_COMPUTES                                                                      \
    "Neighbouring random_rotation, random_affine and elastic of a statement or of sometimes, at "  \
    "most 8 with the same how=, border= and axes, are one resampling, which elastic ends, but an " \
    "operator that turns components of any of its fields is one by itself for all of "             \
    "them; those "                                                                                 \
    "that p leaves out are left out of it. From the first to the last, a map M and an "            \
    "offset o begin as the identity and 0, and for an operator's map A and offset v "              \
    "become o = (M00 * v0 + M01 * v1) + o0, (M10 * v0 + M11 * v1) + o1, then M = M A "             \
    "with sums of two products, all in f64. Column x and row y of the result show the "            \
    "place X = a * x + b * y + c, in whole units of 2^-32 elements, with a = M00 * 2^32, "         \
    "b = M01 * 2^32 and c = (((cx - M00 * cx) - M01 * cy) + o0) * 2^32, each computed in "         \
    "f64, held within -2^14 to 2^14 elements (c: 2^29) and rounded half to even; cx = "            \
    "(width - 1) / 2 and cy = (height - 1) / 2. The place Y is made alike of M10 * 2^32, "         \
    "M11 * 2^32 and (((cy - M10 * cx) - M11 * cy) + o1) * 2^32. nearest takes element "            \
    "floor(X + 1/2), floor(Y + 1/2). bilinear takes the four elements around: with right "         \
    "the upper 24 bits behind the point of X, down those of Y, upper = e00 + right * "             \
    "(e01 - e00), lower = e10 + right * (e11 - e10), it gives upper + down * (lower - "            \
    "upper). Elements beyond the edges are as border says. A field's own [nearest] or "            \
    "[bilinear] and border hold in place of how and border. " AUGMENT_COMPUTED_IN                  \
    " NaN is left out: a result of bilinear that has a NaN among its four elements is the sum of " \
    "w * e divided by the sum of w, both taken in the order of e00, e01, e10, e11 over those "     \
    "that are not NaN and whose w is not 0, with w = (1 - right) * (1 - down), right * (1 - "      \
    "down), (1 - right) * down and right * down. Zeros beyond the edges are numbers. It is NaN "   \
    "only if there is none. " AUGMENT_MISSING_BITS

/* Parameters that all warps have. */
#define AUGMENT_WARP_PARAMETERS(type)                                                              \
    {                                                                                              \
        .name = "how",                                                                             \
        AUGMENT_MEMBER(type, warp.how),                                                            \
        .words = "nearest bilinear",                                                               \
        .otherwise = "bilinear",                                                                   \
        .help = "The nearest element, or a mean of four by distance.",                             \
    },                                                                                             \
    {                                                                                              \
        .name = "border", AUGMENT_MEMBER(type, warp.border), .words = AUGMENT_BORDER_WORDS,        \
        .otherwise = "zero",                                                                       \
        .help = "How the image goes on beyond its edges: by zeros, the element at the edge (a a "  \
                "| a b c | c c), a mirror in the edge element (c b | a b c | b a), or the other "  \
                "end of a periodic axis.",                                                         \
    }

/* An operator's settings, and the extent of the images or of the volumes. */
struct augment_warped {
    const void *setting;
    size_t depth, height, width; /* depth 1 of images */
};

/* The operators that become one map, with their draws. */
struct augment_warps {
    size_t count;
    struct {
        const struct augment_operation *operation;
        _Alignas(16) char draw[AUGMENT_WARP_DRAW_BYTES];
    } one[AUGMENT_MOST_WARPS];
};

/* Makes the draws of an operator with warp() and of the operators before `end` that become one map
 * with it. Returns the last of these. */
const struct augment_operation *augment_warp_draw(const struct augment_operation *operation,
                                                  const struct augment_operation *end,
                                                  shs_random *stream, struct augment_warps *warps);

/* Parts of struct augment_kind. `draw` of apply() is a struct augment_warps. */
shs_status augment_warp_bind(const struct augment_call *call, void *setting,
                             struct augment_bound *bound);
void augment_warp_apply(const struct augment_bound *bound, const void *draw, const void *input,
                        void *output, void *scratch);
size_t augment_warp_bytes(const struct augment_bound *bound);

#endif
