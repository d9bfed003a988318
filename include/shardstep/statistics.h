/** @file
 * Statistics: what a loader has read, what its ledger has compared, and how much memory it takes.
 */
#ifndef SHARDSTEP_STATISTICS_H
#define SHARDSTEP_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open loader: see loader.h. */
typedef struct shs_loader shs_loader;

/** What was read on this rank for the batches that a loader has delivered. A chunk that is decoded
 * again counts again. */
typedef struct shs_loader_statistics {
    /** Rows delivered. A row counts once, however many fields it has. */
    uint64_t rows;
    /** Of these, rows that took the place of a damaged or excluded row, or of a row with a NaN. */
    uint64_t rows_replaced;
    /** Reads by position: of neighbouring rows, or of a chunk. */
    uint64_t reads;
    /** Bytes read from files. */
    uint64_t bytes;
    /** Reads that had to wait for the disk. */
    uint64_t cold_reads;
    /** Chunks read. Compressed chunks were also decoded. */
    uint64_t chunks_decoded;
    /** Times that a wanted chunk was in the cache. */
    uint64_t chunk_hits;
    /** Bytes that decoded chunks occupy now. */
    uint64_t cached_bytes;
    /** Epochs that the ledger compared, on all ranks together. Each rank sums the numbers of the
     * rows that it delivered with weight 1. After an epoch's last step the next
     * shs_gradient_mean() or shs_agree() adds these sums over all ranks and compares them with the
     * expected sums. It returns SHS_ERROR_ORDER if rows were lost or repeated. With tail drop, with
     * weights, and where an epoch is no whole number of passes, it compares only the number of
     * rows. */
    uint64_t epochs_verified;
    /** Epochs that the ledger could not compare: a seek began inside the epoch, the epoch had an
     * error, or the ranks cannot talk to each other (shs_open_ranks() without `agree`). */
    uint64_t epochs_unverified;
} shs_loader_statistics;

/** The memory of a loader on this rank, in bytes. It is known when the loader is opened, and does
 * not grow with rows, epochs or time. shs_loader_open() takes all of it, except the bytes of
 * decoded chunks, which come until the cache is full, and `waiting`. The system gives memory only
 * where it is touched. */
typedef struct shs_loader_memory_use {
    /** The batches: the latest, those of `keep`, and those of `ahead`. */
    uint64_t batches;
    /** Rows as they are stored, for an augmentation to change, and rows before they are mixed with
     * one another, of all batches in work. */
    uint64_t staging;
    /** The order: subset, sources, weights, and tables of permutations for each thread that loads
     * whole batches. */
    uint64_t order;
    /** The cache of decoded chunks when it is full, with what it notes of each chunk: at most the
     * dataset's cache_bytes, and with `ahead` an eighth more, because several threads load whole
     * batches. 0 if it keeps no chunks. */
    uint64_t cache;
    /** What rows are found, read and decoded with: lists of reads for each batch, and for each
     * thread the largest chunk as stored and as decoded, and memory between filters. */
    uint64_t reading;
    /** The rest of the loader: its structures and texts, the augmentation's tables, and the search
     * for twins. */
    uint64_t other;
    /** The sum of the above, less what options.memory gives: the most bytes that the functions of
     * shs_memory_use() have given to the loader at a time. While the loader is opened, texts may
     * take some hundred bytes more. */
    uint64_t counted;
    /** The dataset's arrays whose rows are held decoded, for all its loaders. The memory was taken
     * when the dataset was opened, and is touched as rows are read. */
    uint64_t resident;
    /** True if the ranks of this node share `resident`, so that it counts once a node. */
    bool resident_shared;
    /** Chunks that HDF5 keeps of arrays that only HDF5 reads, at most. HDF5 takes more for other
     * ends, which is not known. */
    uint64_t hdf5;
    /** What the stacks of threads and the decoders of libraries touch: an estimate. */
    uint64_t threads;
    /** The sum of `counted`, `resident`, `hdf5`, `threads` and what options.memory gives: the
     * growth of the process's memory from before shs_loader_open(), if all of it is touched, while
     * all that is read is in memory already. */
    uint64_t total;
    /** What comes beside `counted` and `total` where reads wait for the disk, at most: what more
     * threads decode with, and their stacks. Each of these threads, up to 15 and those of
     * `threads`, takes its part when it first waits. If there is no memory for it then, the batch
     * fails with SHS_ERROR_MEMORY. */
    uint64_t waiting;
} shs_loader_memory_use;

/** Local. Returns counts of what was read so far. All zero for NULL. Rows that are read through
 * HDF5 count only in `rows`. */
SHS_API shs_loader_statistics shs_statistics(const shs_loader *loader);

/** Local. Returns the memory that a loader takes at most. All zero for NULL. Weights that are read
 * from a file during the run, and files that are opened again because they are more than can be
 * open at a time, take memory beside it; so do the encoded bytes of a batch's images, for each of
 * the batches that are loaded at the same time, and what the decoders of images take. */
SHS_API shs_loader_memory_use shs_loader_memory(const shs_loader *loader);

#ifdef __cplusplus
}
#endif

#endif
