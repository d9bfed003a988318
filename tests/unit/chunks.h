/* Chunks for the tests of filters: elements, what HDF5 makes of them, and memory whose borders
 * show every byte read or written outside. */
#ifndef CHUNKS_H
#define CHUNKS_H

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "fenced.h"
#include "io_filter.h"
#include "judge.h"
#include "unit.h"

enum {
    DEFLATE = 1,
    SHUFFLE = 2,
    FLETCHER32 = 3,
    LZF = 32000,
    BLOSC = 32001,
    LZ4 = 32004,
    BITSHUFFLE = 32008,
    ZSTD = 32015,
    BLOSC2 = 32026
};

/* A decoder and the memory that it is tried on. */
struct bench {
    struct io_decoder *decoder;
    struct fenced stored, decoded;
    unsigned char *to; /* what the last chunk was decoded to */
};

static inline bool bench_make(struct bench *bench)
{
    return fenced_make(&bench->stored) && fenced_make(&bench->decoded) &&
           io_decoder_new(&bench->decoder) == SHS_OK;
}

static inline void bench_free(struct bench *bench)
{
    io_decoder_free(&bench->decoder);
    fenced_free(&bench->stored);
    fenced_free(&bench->decoded);
}

/* Runs tests with a bench; what HDF5 says of its errors is left out. */
static inline int bench_main(struct bench *bench, const char *suite,
                             const struct harness_test *tests, size_t count, int argc, char **argv)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (!bench_make(bench)) return 1;
    int code = harness_main(suite, tests, count, argc, argv);
    bench_free(bench);
    return code;
}

/* Decodes to bench->to. Nothing outside it may change, nor what is stored. */
static inline shs_status bench_decode(struct bench *bench, const struct io_pipeline *pipeline,
                                      uint32_t mask, const void *stored, size_t bytes, size_t size)
{
    unsigned char *from = bench->stored.end - bytes, *to = bench->decoded.end - size;
    memcpy(from, stored, bytes);
    memset(to - GUARD_BYTES, GUARD, GUARD_BYTES + size);
    shs_status status = io_decode(bench->decoder, pipeline, mask, from, bytes, to, size);
    CHECK(fenced_is_all(to - GUARD_BYTES, GUARD_BYTES, GUARD));
    CHECK_BYTES(from, stored, bytes);
    bench->to = to;
    return status;
}

/* Gives a bitshuffle its values: `block` elements in a block, or the default if 0. */
static inline void set_bitshuffle(struct io_filter *filter, uint32_t element, uint32_t block,
                                  uint32_t compression)
{
    *filter = (struct io_filter){BITSHUFFLE, 5, {0, 4, element, block, compression}};
}

/* The filters of a list that ends with 0. */
static inline struct io_pipeline pipeline_of(const uint32_t *ids, uint32_t element)
{
    struct io_pipeline pipeline = {0};
    for (; ids[pipeline.count]; pipeline.count++) {
        struct io_filter *filter = &pipeline.filter[pipeline.count];
        filter->id = ids[pipeline.count];
        filter->n_values = filter->id == SHUFFLE || filter->id == DEFLATE;
        filter->values[0] = filter->id == SHUFFLE ? element : 6;
        if (filter->id == BITSHUFFLE) set_bitshuffle(filter, element, 0, 0);
    }
    return pipeline;
}

enum content {
    ZEROS,
    ONES, /* every bit */
    SMOOTH,
    NOISE,
    CONTENTS
};

/* Bytes of that kind, to be freed, or NULL. */
static inline unsigned char *make_content(enum content content, size_t bytes)
{
    unsigned char *made = malloc(bytes ? bytes : 1);
    uint64_t state = bytes;
    for (size_t i = 0; made && i < bytes; i++)
        switch (content) {
        case ZEROS:
            made[i] = 0;
            break;
        case ONES:
            made[i] = 0xFF;
            break;
        case SMOOTH:
            made[i] = (unsigned char)(i / 8 * (i % 2));
            break;
        default:
            made[i] = (unsigned char)(judge_random(&state) >> 56);
            break;
        }
    return made;
}

/* A dataset of one chunk in a file in memory. */
struct store {
    hid_t file, type, dataset;
};

static inline hid_t make_creation(const struct io_pipeline *pipeline, uint32_t skipped,
                                  hsize_t count)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &count);
    for (uint32_t i = 0; i < pipeline->count; i++) {
        const struct io_filter *filter = &pipeline->filter[i];
        bool valued = filter->id == DEFLATE; /* HDF5 itself tells a shuffle its size */
        if (!(skipped >> i & 1))
            H5Pset_filter(creation, (H5Z_filter_t)filter->id, H5Z_FLAG_MANDATORY, valued,
                          filter->values);
    }
    return creation;
}

/* With those filters but the skipped, for `count` elements; false if HDF5 refuses. */
static inline bool store_open(struct store *store, const struct io_pipeline *pipeline,
                              uint32_t skipped, size_t element, size_t count)
{
    hsize_t shape = count;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), space = H5Screate_simple(1, &shape, NULL);
    hid_t creation = make_creation(pipeline, skipped, count);
    H5Pset_fapl_core(access, 1 << 16, 0);
    store->file = H5Fcreate("chunk.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    store->type = H5Tcreate(H5T_OPAQUE, element);
    store->dataset =
        H5Dcreate2(store->file, "x", store->type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Pclose(creation);
    H5Pclose(access);
    H5Sclose(space);
    return store->dataset >= 0;
}

static inline void store_close(struct store *store)
{
    H5Dclose(store->dataset);
    H5Tclose(store->type);
    H5Fclose(store->file);
}

static inline bool store_write(struct store *store, const void *elements)
{
    return H5Dwrite(store->dataset, store->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0;
}

/* The chunk as it is stored, to be freed, or NULL. */
static inline unsigned char *store_take(struct store *store, size_t *bytes)
{
    hsize_t place = 0, stored = 0;
    uint32_t mask = 0;
    H5Dflush(store->dataset);
    if (H5Dget_chunk_storage_size(store->dataset, &place, &stored) < 0) return NULL;
    unsigned char *taken = malloc(stored ? (size_t)stored : 1);
    if (taken && H5Dread_chunk(store->dataset, H5P_DEFAULT, &place, &mask, taken) < 0) {
        free(taken);
        return NULL;
    }
    *bytes = (size_t)stored;
    return taken;
}

/* Stores a chunk as it is and has HDF5 decode it, from a dataset opened anew: HDF5 1.10.8 forgets
 * the mask of a chunk just written until then. */
static inline bool store_decode(struct store *store, uint32_t mask, const void *stored,
                                size_t bytes, void *elements)
{
    hsize_t place = 0;
    if (H5Dwrite_chunk(store->dataset, H5P_DEFAULT, mask, &place, bytes, stored) < 0) return false;
    H5Dclose(store->dataset);
    store->dataset = H5Dopen2(store->file, "x", H5P_DEFAULT);
    return H5Dread(store->dataset, store->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0;
}

/* What HDF5 makes of `count` elements with all filters but the skipped, to be freed, or NULL. */
static inline unsigned char *store_encode(const struct io_pipeline *pipeline, uint32_t skipped,
                                          size_t element, size_t count, const void *elements,
                                          size_t *bytes)
{
    struct store store = {0};
    unsigned char *stored = NULL;
    if (store_open(&store, pipeline, skipped, element, count) && store_write(&store, elements))
        stored = store_take(&store, bytes);
    store_close(&store);
    return stored;
}

#endif
