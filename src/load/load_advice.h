/* Whether an order decodes the same chunks again and again, and the cure. This is an estimate:
 * chunks are taken to be of one size and to be used equally often. Where chunks are decoded twice
 * or more often, the estimate is within a quarter of what is counted (tests/unit/test_advice.c).
 * With shuffle blocks this needs several whole windows in each virtual rank's part. */
#ifndef LOAD_ADVICE_H
#define LOAD_ADVICE_H

#include "data_dataset.h"
#include "load_order.h"

struct load_advice {
    /* Chunks that this rank decodes in an epoch, with and without filters, if no chunk is in the
     * cache when the epoch begins. 0 if nothing is read directly from chunks. */
    double chunks;

    /* The array with filters for which most bytes are decoded more than once. NULL if no array's
     * chunks are decoded twice or more often. Borrowed from the dataset. */
    const char *array;
    uint64_t chunk_rows;  /* rows of its chunks */
    double decodings;     /* how often one of its chunks is decoded in an epoch */
    uint64_t cache_bytes; /* memory for decoded chunks */
    uint64_t enough;      /* cache_bytes with which each chunk is decoded once an epoch */
    bool blocks;          /* true if the shuffle is in blocks already */
};

/* Local. Estimates what an epoch of an order decodes on this rank. The first file of the dataset
 * speaks for the others. Must be called in the calling thread. */
shs_status load_advise(shs_dataset *dataset, const struct load_order *order,
                       struct load_advice *advice);

/* Local. Estimates what an epoch of the default order decodes on one rank: rows of one array,
 * shuffle full, batches of 32 rows. `cache_bytes` 0 means the default. */
void load_advise_array(const struct data_field *field, uint64_t cache_bytes,
                       struct load_advice *advice);

/* Local. Appends the advice, as in "a rank decodes each chunk of 64 rows about 34 times an epoch,
 * …". Appends nothing if advice->array is NULL. */
void load_advice_tell(const struct load_advice *advice, struct core_text *text);

#endif
