/* The mean of each element's neighbourhood by a bell curve. Pure. */
#ifndef GRID_BELL_H
#define GRID_BELL_H

#include "grid_sampling.h"

enum {
    GRID_MOST_RADIUS = 512
};

/* What sums are made of: elements, elements with 0 in place of NaN, or 1 for each number and 0 for
 * each NaN. */
enum grid_bell_of {
    GRID_BELL_OF_ELEMENTS,
    GRID_BELL_OF_NUMBERS,
    GRID_BELL_OF_PRESENCE
};

/* A plane of height x width x inner elements, and the memory for its means. */
struct grid_bell {
    shs_type type;
    size_t height, width, inner;
    size_t radius; /* at most GRID_MOST_RADIUS */
    enum grid_beyond beyond;
    const void **line; /* the rows that a band is made of */
    void *tile;        /* reals: what a tile of sums along the height is made of */
    void *rows;        /* reals: rows between the two sums, with `radius` pixels on both sides */
    void *made;        /* reals: a row of the result */
    void *numbers;     /* reals: rows of a band, summed with 0 in place of NaN */
    enum grid_bell_of of;
    void *weight; /* reals: of the distances 0 to the radius */
};

/* The bytes of scratch memory that grid_bell_begin() takes. Reads the first five members. */
size_t grid_bell_bytes(const struct grid_bell *bell);

/* Takes memory, and computes the weights exp(-0.5 * (q * q)) with q = k / sigma. Lowers the radius
 * to the last weight of 2^-24 or more, and divides the weights by the sum of all from -radius to
 * radius. */
void grid_bell_begin(struct grid_bell *bell, double sigma, char **memory);

/* Computes the means of a plane. NaN of f32 and f64 is left out: see grid_missing.h. */
void grid_bell_plane(const struct grid_bell *bell, const void *from, void *to);

#endif
