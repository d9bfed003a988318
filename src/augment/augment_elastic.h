/* Fields of displacements: noise at nodes, smoothed by a bell curve. Pure. */
#ifndef AUGMENT_ELASTIC_H
#define AUGMENT_ELASTIC_H

#include "augment_warp.h"

/* A field of displacements for an image. */
struct augment_field {
    size_t spacing;    /* elements between nodes */
    size_t high, wide; /* nodes */
    float *nodes[2];   /* displacements along x and y */
    float *between[2]; /* those of a row of the image at the nodes */
    float *row[2];     /* those of a row of the image */
    size_t width;      /* of the image */
};

/* The bytes of scratch memory that augment_field_begin() takes. */
size_t augment_field_bytes(size_t height, size_t width, double sigma);

/* Makes the displacements at the nodes. */
void augment_field_begin(const struct augment_displacement *displacement, size_t height,
                         size_t width, char **memory, struct augment_field *field);

/* Makes field->row of a row of the image. */
void augment_field_row(const struct augment_field *field, size_t y);

/* The words that a field of displacements takes from the stream. */
uint64_t augment_field_words(size_t height, size_t width, double sigma);

#endif
