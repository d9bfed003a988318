/* Fields of displacements: noise at nodes, smoothed by a bell curve. Pure. */
#ifndef GRID_FIELD_H
#define GRID_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shardstep/random.h"

/* What a field of displacements is made of. */
struct grid_displacement {
    bool is_drawn;
    double alpha;      /* a displacement is alpha times a mean of noise */
    double sigma;      /* of the mean */
    shs_random stream; /* begins with the noise */
};

/* A field of displacements for an image. Arrays of two are for those along x and along y. */
struct grid_field {
    size_t spacing; /* elements between nodes */
    size_t width;   /* of the image */
    size_t step;    /* floats of a row */
    float *rows[2]; /* the displacements in rows of the image that have nodes */
    float *row[2];  /* those of a row of the image, which grid_field_row() sets */
};

/* The bytes of scratch memory that grid_field_begin() takes. */
size_t grid_field_bytes(size_t height, size_t width, double sigma);

/* Makes the displacements of all rows that have nodes. */
void grid_field_begin(const struct grid_displacement *displacement, size_t height, size_t width,
                      char **memory, struct grid_field *field);

/* Sets field->row for a row of the image. */
void grid_field_row(const struct grid_field *field, size_t y);

/* The words that a field of displacements takes from the stream. */
uint64_t grid_field_words(size_t height, size_t width, double sigma);

#endif
