/* The loader: batches of a dataset, in an order that is a function of seed and cursor.
 *
 * Loading is synchronous: shs_next() returns when the batch is there. It is serial, in the calling
 * thread, unless `threads` says that reading and decoding shall be parallel.
 *
 * SAMPLING. An epoch has each row once: of the dataset, or of a part or list of its rows. With
 * shard global it may also have
 *
 * - rows in passes (repeats, epoch_rows): each pass has all rows once, in an order of its own. An
 *   epoch goes on where the previous epoch ended. At the end of each epoch, the numbers of times
 *   that any two rows have been used differ by at most one (rows that tail drop left out excepted).
 *   With shuffle full or none this holds after every step.
 * - several sources, mixed by a ratio (mix): the sources are the paths that commas separate in the
 *   dataset's path. Of the M rows of an epoch, source i gives those from floor(M * C_i / C) to
 *   before floor(M * C_{i+1} / C). Here C_i is the sum of the ratio's numbers before source i, and
 *   C the sum of all. With {7, 3}, an epoch of 10 rows has exactly 7 and 3. Each source gives its
 *   rows in passes of its own. With shuffle full any row may follow any other. With shuffle none
 *   the rows of the first source come first, then those of the second, and so on. Tail drop may
 *   leave out rows of any source; with shuffle none always rows of the last source.
 * - rows drawn by weight, with replacement (weights, weight_field, balance), with shuffle full: how
 *   often a row comes is random, and the ledger knows only the number of rows.
 *
 * A row that comes several times in an epoch has other draws for its augmentation each time, but
 * not with SHS_BY_SAMPLE.
 *
 * VALIDATION. Use SHS_SHUFFLE_NONE: with another order the last digits of a sum over the rows
 * depend on the epoch. A scalar such as the loss is summed reproducibly by a gradient object that
 * has one more tensor for it, and one gradient object may serve two loaders in turn. */
#ifndef SHARDSTEP_LOADER_H
#define SHARDSTEP_LOADER_H

#include "augment.h"
#include "dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the order of rows, part of a run's fingerprint. */
enum {
    SHS_ORDER_VERSION = 1
};

typedef enum shs_shuffle {
    SHS_SHUFFLE_FULL = 0, /* any row may follow any other */
    SHS_SHUFFLE_NONE,     /* file order */
    SHS_SHUFFLE_BLOCKS, /* for compressed or slow storage: blocks of neighbouring rows in any order,
                           cut into a part for each virtual rank, whose rows are mixed within
                           windows of whole blocks. Only blocks at cuts are shared, by the virtual
                           ranks beside them. With shard fixed, the blocks of a shard's own rows:
                           those of the file, cut at the shard's ends */
} shs_shuffle;

typedef enum shs_shard {
    SHS_SHARD_GLOBAL = 0, /* each epoch's permutation spans the dataset */
    SHS_SHARD_FIXED, /* virtual rank v of V keeps rows [N*v/V, N*(v+1)/V) for the whole run, and
                        permutes within them */
} shs_shard;

typedef enum shs_tail {
    SHS_TAIL_SHORT = 0, /* every row exactly once; the last step's batches are smaller */
    SHS_TAIL_DROP,      /* the rows that do not fill a global batch wait for another epoch */
    SHS_TAIL_PAD,       /* the last step's batches are filled up with rows of weight 0: from the
                           beginning of the epoch's order or, with shard fixed or shuffle blocks,
                           of the virtual rank's own part. No such part may then be empty */
} shs_tail;

typedef enum shs_augment_by {
    SHS_BY_RANK_AND_STEP = 0, /* a place in the run: role 1 */
    SHS_BY_SAMPLE,            /* the row number and the epoch: role 2 */
} shs_augment_by;

/** The blocks of SHS_SHUFFLE_BLOCKS. Refused with another shuffle. A zeroed struct means the
 * defaults. */
typedef struct shs_blocks {
    /** Rows of a block. 0: the rows of a chunk, the largest among the fields whose rows have at
     * least an eighth of the widest field's bytes (labels seldom do), or as many rows as fill 1 MiB
     * if none of these fields is chunked. The number is part of the order: a run goes on with the
     * number that it began with, also from a file with other chunks. With a subset, or with passes
     * or sources that end inside a chunk, a block is this many selected rows, so blocks no longer
     * line up with chunks: most chunks are decoded twice an epoch, provided that 2 W decoded chunks
     * fit in the dataset's cache_bytes. */
    uint64_t rows;
    /** W, the whole blocks whose rows are mixed with one another. 0: 16. A larger W mixes better
     * and needs more cache: each chunk (but those at a cut) is decoded once an epoch if the
     * dataset's cache_bytes hold W decoded blocks for each hosted virtual rank, and two more
     * blocks. */
    uint64_t window;
} shs_blocks;

/** The rows that a loader is restricted to: a part (from, to) or a list (rows), not both. Either
 * costs 8 bytes of memory for each selected row. A zeroed struct means all rows. */
typedef struct shs_subset {
    /** A part has the rows whose draw, a number in [0, 1) made from split_seed and the row's number
     * alone, lies in [from, to). So the parts 0 to 0.8 for training and 0.8 to 1 for validation
     * never overlap, and rows never change their part when rows are appended. 0 <= from < to <= 1.
     * 0 and 0: all rows. If only `to` is 0, it is 1. Refused for windows that overlap: see
     * dataset.h. */
    double from;
    double to;
    /** The seed of the part's draws, any value. It is not the run's seed, so runs with other seeds
     * have the same parts. */
    uint64_t split_seed;
    /** The list: `n_rows` row numbers, ascending, each once. Copied. NULL: all rows. */
    const uint64_t *rows;
    uint64_t n_rows;
} shs_subset;

/** How often an epoch takes each row: see SAMPLING. `repeats` and `epoch_rows` exclude each other,
 * and so do `mix`, `weights`, `weight_field` and `balance`. All need SHS_SHARD_GLOBAL; the last
 * three also need SHS_SHUFFLE_FULL. A zeroed struct means each row once. */
typedef struct shs_sampling {
    /** Passes of an epoch. 0: 1. */
    uint64_t repeats;
    /** Rows of an epoch, however many rows the dataset has. 0: all rows, `repeats` times. */
    uint64_t epoch_rows;
    /** The ratio of the sources: `n_mix` whole numbers, one for each source. Copied. NULL: the
     * dataset is one source. */
    const uint64_t *mix;
    size_t n_mix;
    /** The weights: `n_weights` numbers, one for each sample of the dataset. Each is finite and not
     * below 0; their sum is finite and above 0. A row outside the subset has weight 0. Copied into
     * a table of 12 bytes a sample. */
    const double *weights;
    uint64_t n_weights;
    /** The weights as a field of the same files, in the text of dataset.h, with one weight a
     * sample. Up to 20 MiB are kept. With more than 2^20 samples each draw reads the weights of
     * some neighbours: store the field contiguously, or each draw decodes a chunk. */
    const char *weight_field;
    /** Classes as a field of the same files: whole numbers such as labels, one a sample, that span
     * at most 2^20. Every number that occurs is drawn equally often, and so is every sample with
     * the same number. Memory and reads are those of weight_field. */
    const char *balance;
} shs_sampling;

/** How a loader loads. A zeroed struct means the defaults. Everything that a pointer points to may
 * be released after shs_loader_open(). */
typedef struct shs_loader_options {
    /** b, the rows that one virtual rank takes in one step, below 2^32. 0: 32. */
    uint64_t batch;
    /** Epochs to deliver, up to 2^32. 0: no end. */
    uint64_t epochs;
    /** The order of rows: SHS_SHUFFLE_FULL by default. */
    shs_shuffle shuffle;
    /** Which rows a virtual rank may take: SHS_SHARD_GLOBAL by default. */
    shs_shard shard;
    /** What becomes of the last step: SHS_TAIL_SHORT by default. */
    shs_tail tail;
    /** The blocks of SHS_SHUFFLE_BLOCKS. */
    shs_blocks blocks;
    /** The rows that the loader is restricted to: all rows by default. */
    shs_subset subset;
    /** How often an epoch takes each row: once by default. */
    shs_sampling sampling;
    /** How samples are changed, in the text of augment.h. Copied. NULL: samples as they are. */
    const char *augment;
    /** What the draws of `augment` depend on: SHS_BY_RANK_AND_STEP by default. */
    shs_augment_by augment_by;
    /** This loader's number in the run, 0 to 15. Two open loaders of a run that both draw, as every
     * shuffle and most augmentation do, need different numbers, such as 0 for training and 1 for
     * validation. */
    uint32_t stream;
    /** If true, an agreed stop does not end this loader: an evaluation still delivers its whole
     * epoch. */
    bool through_stop;
    /** Steps to load ahead. This version refuses any number but 0. */
    uint32_t ahead;
    /** Threads that read and decode, the caller's included, up to 64. 0 and 1: the caller's alone.
     * Up to 16 threads wait for the disk whatever this says. Fields that are read through HDF5 are
     * read by the calling thread. No result depends on this number. */
    uint32_t threads;
} shs_loader_options;

/* All that a loader needs to resume. At an epoch's end it is {epoch + 1, 0, step}. */
typedef struct shs_cursor {
    uint64_t epoch;
    uint64_t epoch_step; /* within the epoch */
    uint64_t step;       /* through the whole run: what random streams use */
} shs_cursor;

/* One virtual rank's batch of one step. What it points to is borrowed until the loader's next
 * shs_next() or close; the fields' data may be changed in place. */
typedef struct shs_batch {
    uint64_t seed; /* the run's */
    uint64_t vrank;
    uint64_t epoch;
    uint64_t epoch_step;
    uint64_t step;
    uint64_t rows;         /* rows delivered, 0 … batch */
    uint64_t count;        /* of them with weight 1, which come first: leave the others, which tail
                              pad repeats, out of the loss */
    uint64_t step_rows;    /* rows of weight 1 in the step's batches of all virtual ranks, the same
                              on every rank: the weight of the step's mean in a mean over the
                              epoch */
    const uint64_t *index; /* row number in the dataset, for each row */
    size_t fields;
    const shs_tensor *field; /* for each field: shape {rows, …} */
    bool ends_step;          /* the step's last batch on this rank */
    bool ends_epoch;         /* only with ends_step: the epoch's last step */
} shs_batch;

typedef struct shs_loader shs_loader;

/* What a loader has read since it was opened, on this rank. A chunk that is decoded again counts
 * again. */
typedef struct shs_loader_statistics {
    uint64_t rows;           /* rows delivered, of each field */
    uint64_t reads;          /* reads by position: of neighbouring rows, or of a chunk */
    uint64_t bytes;          /* bytes read from files */
    uint64_t cold_reads;     /* reads that had to wait for the disk */
    uint64_t chunks_decoded; /* chunks read, decoded where they are compressed */
    uint64_t chunk_hits;     /* times that a wanted chunk was in the cache */
    uint64_t cached_bytes;   /* bytes that decoded chunks occupy now */

    /* The ledger. Each rank sums the numbers of the rows that it delivered with weight 1. After an
     * epoch's last step the next shs_gradient_mean() or shs_agree() adds these sums over all ranks
     * and compares them with the expected ones: SHS_ERROR_ORDER if rows were lost or repeated. With
     * tail drop, with weights, and where an epoch is no whole number of passes, only the number of
     * rows is compared. */
    uint64_t epochs_verified;   /* epochs compared, on all ranks together */
    uint64_t epochs_unverified; /* epochs that a seek began inside of, or that had an error */
} shs_loader_statistics;

/* Collective. `options` may be NULL. Refused: an epoch of no steps, naming N, V and b; options
 * that differ between ranks; a stream that another open loader draws from. On error *loader is
 * NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_loader_open(shs_dataset *dataset,
                                                  const shs_loader_options *options,
                                                  shs_loader **loader);

/* Local. Accepts NULL and a pointer to NULL; leaves NULL. */
SHS_API void shs_loader_close(shs_loader **loader);

/* Local. The next batch: exactly one for every hosted virtual rank and step, empty ones too.
 * SHS_END after the last epoch, whether a stop was agreed on or not. Before that, SHS_STOP at the
 * beginning of the next step after a stop was agreed on, but not with through_stop: save then, and
 * exit with SHS_EXIT_STOPPED. A loading error is kept in the run: its batch and the step's later
 * ones arrive with SHS_OK, no rows and count 0, and the step's shs_gradient_mean() or shs_agree()
 * returns the error on every rank. From the next step on shs_next() returns it, until a seek or
 * restore. */
SHS_API SHS_MUST_CHECK shs_status shs_next(shs_loader *loader, shs_batch *batch);

/* Local. The cursor after the last batch handed out; inside a step, that step's beginning; all zero
 * for NULL. */
SHS_API shs_cursor shs_tell(const shs_loader *loader);

/* Collective. Goes on at a cursor, in constant time. SHS_ERROR_ARGUMENT for a cursor that the
 * loader never passes. */
SHS_API SHS_MUST_CHECK shs_status shs_seek(shs_loader *loader, shs_cursor cursor);

/* Local, any thread. The stream of a slot of a batch, 0 … batch->rows - 1, for draws of the
 * program's own, such as dropout: the one that shs_random_at() opens at the batch's seed, vrank and
 * step. The purpose has role 0 or one of 7 … 15 (SHS_ROLE_USER, or from shs_random_own_purpose());
 * another loader of the same run needs another purpose, for its steps are counted from 0 as well.
 * SHS_ERROR_ARGUMENT for another role or a slot that the batch does not have; the stream then only
 * gives zeros. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at_batch(const shs_batch *batch, uint64_t slot,
                                                      uint64_t purpose, shs_random *stream);

/* Local. Counts of what was read so far. All zero for NULL. Rows that are read through HDF5 count
 * as rows only. */
SHS_API shs_loader_statistics shs_statistics(const shs_loader *loader);

/* Local. Steps of one epoch; 0 for NULL. */
SHS_API uint64_t shs_epoch_steps(const shs_loader *loader);

#ifdef __cplusplus
}
#endif

#endif
