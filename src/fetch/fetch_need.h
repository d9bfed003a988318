/* How much memory fetching needs at most, found before the first batch is fetched. What is said
 * here is true of files that are open. Chunks of files that are opened later are taken to be like
 * them. */
#ifndef FETCH_NEED_H
#define FETCH_NEED_H

#include "data_dataset.h"

/* What any batch of some rows of a dataset needs, and what all chunks need. */
struct fetch_need {
    uint64_t samples;     /* most samples of a batch */
    uint64_t files;       /* most files that a batch holds */
    uint64_t places;      /* most places, and most pieces, of a batch */
    uint64_t spots;       /* most runs of rows of resident arrays of a batch */
    uint64_t sums;        /* most checksums of a batch that are read from files */
    size_t pair_bytes;    /* bytes of a sample's two offsets, if they are read from files; else 0 */
    uint64_t images;      /* most images of a batch that are decoded */
    bool ragged;          /* true if samples have bounds */
    bool early;           /* true if a batch reads before it is filled */
    uint64_t uses;        /* most uses of a batch */
    uint64_t resolved;    /* most pieces of a batch if some are those of sources; else 0 */
    uint64_t whole_bytes; /* most bytes of rows that are read whole to be cut */

    size_t n_arrays; /* arrays that are read directly by chunks */
    struct io_need array[2 * SHS_MAX_FIELDS];

    uint64_t chunks;      /* chunks of the arrays that are not resident; UINT64_MAX: not known */
    uint64_t chunk_bytes; /* bytes of all these chunks decoded; UINT64_MAX: not known */
    uint64_t smallest, largest; /* bytes of a decoded chunk */
};

/* Local. Finds the need of batches of up to `rows` samples. Boxes are read of the samples of field
 * f if boxed[f] is true. `boxed` may be NULL. */
void fetch_need_find(const shs_dataset *dataset, uint64_t rows, const bool *boxed,
                     struct fetch_need *need);

/* Returns the bytes of the chunks that a store of `budget` bytes keeps at most, if `users` lanes
 * plan with it: first those that are kept, then those that are pinned beside them. *chunks is their
 * number. */
struct fetch_kept {
    uint64_t bytes, pinned, chunks;
};

struct fetch_kept fetch_need_kept(const struct fetch_need *need, uint64_t budget, unsigned users);

#endif
