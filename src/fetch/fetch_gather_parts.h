/* A gatherer, in parts: its stages, the rows of samples, and the rows between offsets. Only
 * src/fetch/fetch_gather*.c use it. */
#ifndef FETCH_GATHER_PARTS_H
#define FETCH_GATHER_PARTS_H

#include "fetch_csr.h"
#include "fetch_gather.h"
#include "fetch_images.h"
#include "fetch_places.h"
#include "fetch_spots.h"

/* No place. */
#define FETCH_GATHER_NONE SIZE_MAX

struct fetch_gather {
    shs_dataset *dataset;
    const uint64_t *index; /* numbers of the samples that are prepared now */
    uint64_t count;
    const uint64_t *spacing; /* as fetch_gather_space() sets it */
    size_t *file;            /* file of each sample */
    size_t file_capacity;
    uint64_t (*bounds)[2]; /* first row and end of each sample of a ragged field, in its file */
    size_t bounds_capacity;
    struct fetch_csr csr[SHS_MAX_FIELDS]; /* for each field that is a sparse matrix */
    char *pairs;                          /* two offsets for each sample, as they were read */
    size_t pairs_capacity;
    struct fetch_places places;
    struct fetch_images images;
    struct fetch_spots spots;     /* rows of resident arrays */
    struct fetch_held spots_held; /* their files */
    size_t *held_at; /* for each file its index in `spots_held`, or FETCH_GATHER_NONE */
    size_t held_at_capacity;
    bool leaves[SHS_MAX_FIELDS]; /* the fields that fetch_gather_leave() named */
    void *to[SHS_MAX_FIELDS];
    const struct core_box *boxes[SHS_MAX_FIELDS]; /* of a field's samples; NULL: whole samples */
    struct fetch_box *cuts[SHS_MAX_FIELDS];       /* the parts of rows that these take */
    uint64_t n_cuts[SHS_MAX_FIELDS];
    size_t stride[SHS_MAX_FIELDS]; /* bytes from a sample to the next one in to[f] */
    /* For a field of which each sample is a spot, the first of them; else FETCH_GATHER_NONE. */
    size_t first_spot[SHS_MAX_FIELDS];
};

/* The number of a sample in its file. `slot` is its place in the list of samples. */
uint64_t fetch_gather_number(const struct fetch_gather *gather, uint64_t slot);

/* Sets the rows of sample i of its file, for a field that is not ragged. If these are several runs,
 * the rows are those of the first run. */
void fetch_gather_set_rows(const shs_dataset *dataset, size_t p, uint64_t i,
                           struct fetch_place *place);

/* Adds rows: as a spot if they lie in a resident array, otherwise as a place. A file that was
 * opened again may have its checksums in the file, where no thread can read them. `stays` lets
 * rows of a resident array stay where they are. */
shs_status fetch_gather_add_rows(struct fetch_gather *gather, struct fetch_place place, bool stays);

/* Adds the rows of all samples, for field p, which is not ragged. */
shs_status fetch_gather_add_samples(struct fetch_gather *gather, size_t p, char *to);

/* Adds the rows between the offsets of all samples, for field p: ragged, of images, or a sparse
 * matrix. Offsets that are not in memory are read now. */
shs_status fetch_gather_find_run(struct fetch_gather *gather, size_t p, void *const *to,
                                 const struct fetch_means *means);

#endif
