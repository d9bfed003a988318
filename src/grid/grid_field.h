/* Fields of displacements: noise at nodes, smoothed by a bell curve. Pure. */
#ifndef GRID_FIELD_H
#define GRID_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random_math.h"
#include "shardstep/random.h"

/* What a field of displacements is made of. */
struct grid_displacement {
    bool is_drawn;
    double alpha;      /* a displacement is alpha times a mean of noise */
    double sigma;      /* of the mean */
    shs_random stream; /* begins with the noise */
};

/* The elements of an image, whose depth is 0, or of a volume. */
struct grid_extent {
    size_t depth, height, width;
};

/* A field of displacements. Arrays of three are for those along x, y and z; images have two. */
struct grid_field {
    int axes;
    size_t spacing;    /* elements between nodes */
    size_t width;      /* of the image */
    size_t high, wide; /* nodes */
    size_t step;       /* floats of a row */
    float *nodes[3];   /* of a volume: the displacements at all nodes */
    float *plane;      /* of a volume: those at the nodes of a plane */
    float *part;       /* how far elements lie behind a node, for those up to the next */
    float *rows[3];    /* the displacements in rows of the image that have nodes */
    float *row[3];     /* those of a row of the image, which grid_field_row() sets */
};

/* The bytes of scratch memory that grid_field_begin() takes. */
size_t grid_field_bytes(const struct grid_extent *extent, double sigma);

/* Makes the displacements of an image in all rows that have nodes, or those of a volume at all
 * nodes. */
void grid_field_begin(const struct grid_displacement *displacement,
                      const struct grid_extent *extent, char **memory, struct grid_field *field);

/* Makes the displacements of a plane of a volume in all rows that have nodes. */
void grid_field_plane(const struct grid_field *field, size_t z);

/* Sets field->row for a row of the image, or of the plane. */
void grid_field_row(const struct grid_field *field, size_t y);

/* Returns a displacement in units of 2^-32 elements, held within -2^18 to 2^18 elements and rounded
 * half to even: a double near 2^20 has 32 digits behind the point. */
static inline int64_t grid_displaced_units(double x)
{
    x = x > -0x1p18 ? x : -0x1p18;
    x = x < 0x1p18 ? x : 0x1p18;
    return (int64_t)random_double_bits(x + 0x1.8p20) - (int64_t)random_double_bits(0x1.8p20);
}

/* The words that a field of displacements takes from the stream. */
uint64_t grid_field_words(const struct grid_extent *extent, double sigma);

#endif
