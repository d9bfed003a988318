/* The encoded images of a batch: where their bytes are read to, and the samples that they become.
 */
#ifndef FETCH_IMAGES_H
#define FETCH_IMAGES_H

#include "data_dataset.h"
#include "fetch.h"
#include "fetch_spots.h"

struct fetch_image {
    size_t field, file;
    uint64_t number;   /* number of the sample in its file */
    const char *bytes; /* where the bytes are read to */
    uint64_t count;
    size_t spot;                /* the spot that tells where the bytes are, or FETCH_NO_SPOT */
    const struct core_box *box; /* the part of the sample that is wanted, or NULL */
    void *to;
};

#define FETCH_NO_SPOT SIZE_MAX

/* A zeroed struct is empty. */
struct fetch_images {
    struct fetch_image *image;
    size_t count, capacity;
    /* For each field, memory for the bytes of a batch's images. */
    char *encoded[SHS_MAX_FIELDS];
    size_t encoded_capacity[SHS_MAX_FIELDS];
};

void fetch_images_free(struct fetch_images *images);

/* Makes room for the bytes of images of a field, and for `count` images more. */
shs_status fetch_images_grow(struct fetch_images *images, size_t field, uint64_t bytes,
                             uint64_t count);

/* Decodes all images, whose bytes have been read, on the threads of `means`. May be called in any
 * thread. *counts grows by the time that it took. */
shs_status fetch_images_decode(const struct fetch_means *means, const shs_dataset *dataset,
                               const struct fetch_images *images, const struct fetch_spots *spots,
                               struct fetch_counts *counts);

#endif
