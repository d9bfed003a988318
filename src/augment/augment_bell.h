/* The mean of each element's neighbourhood by a bell curve. Pure. */
#ifndef AUGMENT_BELL_H
#define AUGMENT_BELL_H

#include "augment_sampling.h"

enum {
    AUGMENT_MOST_RADIUS = 512
};

/* What `help` says of the mean: w[k] are its weights. */
#define AUGMENT_BELL_COMPUTES                                                                      \
    "First along the height: w[0] * x[y] + w[1] * (x[y-1] + x[y+1]) + ... + w[r] * (x[y-r] + "     \
    "x[y+r]), summed from the left; then along the width in the same way, from these sums"

/* A plane of height x width x inner elements, and the memory for its means. */
struct augment_bell {
    shs_type type;
    size_t height, width, inner;
    size_t radius; /* at most AUGMENT_MOST_RADIUS */
    enum augment_border border;
    const void **line; /* the rows that a band is made of */
    void *tile;        /* reals: what a tile of sums along the height is made of */
    void *rows;        /* reals: rows between the two sums, with `radius` pixels on both sides */
    void *made;        /* reals: a row of the result */
    void *weight;      /* reals: of the distances 0 to the radius */
};

/* The bytes of scratch memory that augment_bell_begin() takes. Reads the first five members. */
size_t augment_bell_bytes(const struct augment_bell *bell);

/* Takes memory, and computes the weights exp(-0.5 * (q * q)) with q = k / sigma. Lowers the radius
 * to the last weight of 2^-24 or more, and divides the weights by the sum of all from -radius to
 * radius. */
void augment_bell_begin(struct augment_bell *bell, double sigma, char **memory);

/* Computes the means of a plane. */
void augment_bell_plane(const struct augment_bell *bell, const void *from, void *to);

#endif
