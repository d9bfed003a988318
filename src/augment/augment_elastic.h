/* Fields of displacements: noise at nodes, smoothed by a bell curve. Pure. */
#ifndef AUGMENT_ELASTIC_H
#define AUGMENT_ELASTIC_H

#include "augment_warp.h"

/* A field of displacements for an image. Arrays of two are for those along x and along y. */
struct augment_field {
    size_t spacing; /* elements between nodes */
    size_t width;   /* of the image */
    size_t step;    /* floats of a row */
    float *rows[2]; /* the displacements in rows of the image that have nodes */
    float *row[2];  /* those of a row of the image, which augment_field_row() sets */
};

/* The bytes of scratch memory that augment_field_begin() takes. */
size_t augment_field_bytes(size_t height, size_t width, double sigma);

/* Makes the displacements of all rows that have nodes. */
void augment_field_begin(const struct augment_displacement *displacement, size_t height,
                         size_t width, char **memory, struct augment_field *field);

/* Sets field->row for a row of the image. */
void augment_field_row(const struct augment_field *field, size_t y);

/* The words that a field of displacements takes from the stream. */
uint64_t augment_field_words(size_t height, size_t width, double sigma);

#endif
