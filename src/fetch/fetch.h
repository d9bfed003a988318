/* Reading many pieces of fields at once: neighbours in one read, each chunk decoded once, on
 * several threads, chunks kept for later. Synchronous: a fetch returns when its pieces are there.
 * What only HDF5 can read, and checksums that are kept in files, are read beforehand in the
 * caller's thread; the rest can be fetched in any thread.
 *
 * The way of a batch's rows into memory, here of rows 2, 9 and 12, where files a.h5 and b.h5 have
 * seven rows each, in chunks of seven:
 *
 *     row      a number in the dataset                     2           9           12
 *      |       data_files finds the file that has it       |           |           |
 *      v       and the row's number there                  v           v           v
 *     file     is opened, and held until all is read     a.h5, 2     b.h5, 2     b.h5, 5
 *      |       fetch_gather joins what lies together,      |           |           |
 *      v       in the file and in memory                   v           v           v
 *     piece    rows of one field, and where they go      a.h5, 2     b.h5, 2     b.h5, 5
 *      |       fetch finds the chunks that a piece has     |           |           |
 *      v       rows in; without chunks, its first row      v           v           v
 *     use      what one piece wants of one chunk         chunk 0     chunk 0     chunk 0
 *      |       fetch sorts uses, and puts those of one     |           |           |
 *      v       chunk together, and neighbouring rows       v           +-----+-----+
 *     job      what one read serves                      a.h5, chunk 0       b.h5, chunk 0
 *      |       fetch_store may have the chunk; other       |                 |
 *      v       jobs are shared out to threads              v                 v
 *     read     io_reader reads by position, and decodes  1 read            1 read
 */
#ifndef FETCH_H
#define FETCH_H

#include "core_pool.h"
#include "fetch_checks.h"
#include "fetch_need.h"
#include "fetch_store.h"

/* Tells when rows will be wanted. next_use() returns the time at which any of the rows
 * [first, first + count) of the field with this key is next wanted after the fetch that asks, or
 * UINT64_MAX if none of them is wanted again in this epoch. Times are compared with each other
 * only. */
struct fetch_foresight {
    uint64_t (*next_use)(void *user, uint64_t key, uint64_t first, uint64_t count);
    void *user;
};

struct fetcher;

/* Makes a fetcher that keeps up to cache_bytes of decoded chunks, in a store of its own. On error
 * *fetcher is NULL. */
shs_status fetcher_new(uint64_t cache_bytes, struct fetcher **fetcher);

/* Makes a fetcher that shares the store of `first`, which is freed later. It is one of `lanes`
 * fetchers that fetch at the same time, each in a thread of its own; they share out what a disk can
 * do at a time. On error *fetcher is NULL. */
shs_status fetcher_join(const struct fetcher *first, unsigned lanes, struct fetcher **fetcher);

/* Takes the memory for fetches of this need on `threads` threads, so that no more is taken later
 * but for the bytes of kept chunks, and for threads that only wait for the disk. Must be called
 * before the first fetch. */
shs_status fetcher_reserve(struct fetcher *fetcher, const struct fetch_need *need,
                           unsigned threads);

/* Returns the most bytes that threads take which only wait for the disk. Each of them takes its
 * memory when it first waits. Known after fetcher_reserve(). */
uint64_t fetcher_waiting_bytes(const struct fetcher *fetcher);

/* Returns the most threads that fetches of this need use, the calling thread included. */
unsigned fetcher_width(const struct fetcher *fetcher, const struct fetch_need *need,
                       unsigned threads);

/* Tells a fetcher that it reads no parts of rows, nor do the fetchers that share its store. Chunks
 * are then not compared with their own checksums where rows are with theirs. */
void fetcher_read_rows_only(struct fetcher *fetcher);

/* Returns the store, for tickets. */
struct fetch_store *fetcher_store(const struct fetcher *fetcher);

/* Frees a fetcher and leaves NULL. Accepts a pointer to NULL. */
void fetcher_free(struct fetcher **fetcher);

/* The means of a fetch. A fetcher does one fetch at a time. */
struct fetch_means {
    struct fetcher *fetcher;
    unsigned threads; /* threads that read and decode, the calling thread included; 0 means 1 */
    const struct fetch_foresight *foresight; /* NULL: the chunk used least recently goes first */
    /* A number of the order that foresight knows. When it is not that of the fetch before, the next
     * use of each kept chunk is computed anew. */
    uint64_t order;
    uint64_t ticket; /* the ticket of fetch_store_ticket(); 0: none */
    bool passing;    /* true if the chunks that are decoded shall not be kept */
};

/* Does jobs on the threads of `means`, as core_pool_do() does. */
shs_status fetcher_do(const struct fetch_means *means, size_t jobs, core_work work, void *user);

/* Where the time of fetch_direct() went, in nanoseconds of the calling thread. If other threads
 * share the work, the time that all of them decode is divided by their number. */
struct fetch_times {
    uint64_t planning; /* also copies rows out of kept chunks */
    uint64_t reading;  /* also copies rows out of chunks that were read */
    uint64_t decoding;
    uint64_t waiting;  /* the lane waited for chunks that other lanes decode */
    uint64_t checking; /* rows against their checksums */
};

/* What fetches did. A chunk that several lanes want counts as decoded for the lane that has planned
 * it, and as a hit for the others, whichever of them decodes it. */
struct fetch_counts {
    uint64_t rows;           /* rows of all pieces */
    uint64_t reads;          /* reads by position: of neighbouring rows, or of a chunk */
    uint64_t bytes;          /* bytes read by position */
    uint64_t cold_reads;     /* reads that had to wait for the disk */
    uint64_t chunks_decoded; /* chunks read; compressed chunks were also decoded */
    uint64_t chunk_hits;     /* wanted chunks that were in the cache, or planned to be there */
    struct fetch_times times;
};

void fetch_counts_add(struct fetch_counts *sum, const struct fetch_counts *more);

/* Returns true if only HDF5 can read the piece. */
bool fetch_needs_hdf5(const struct fetch_piece *piece);

/* Reads a piece that only HDF5 can read. Must be called in the caller's thread. counts->rows grows
 * by its rows. */
shs_status fetch_through_hdf5(const struct fetch_piece *piece, struct fetch_counts *counts);

/* Fetches the pieces that are read directly, on the threads of `means`; more threads wait for what
 * must come from the disk. Pieces that only HDF5 can read must have been read. All pieces are then
 * compared with `checks`, which were read for them. May be called in any thread, with a fetcher of
 * its own: it calls neither HDF5 nor MPI, and opens no file. The pieces' fields must stay open
 * until it returns, and may be closed afterwards: a chunk is kept by its field's key, and another
 * field with that key and the same rows finds it again. *counts grows by what this fetch did, also
 * after an error. */
shs_status fetch_direct(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, const struct fetch_checks *checks,
                        struct fetch_counts *counts);

/* Returns true if the last fetch_direct() of a fetcher failed because of some of these rows: bytes
 * that it read for them are damaged, or their chunk could not be read. Its pieces must still be
 * there. */
bool fetch_failed_for(const struct fetcher *fetcher, const struct fetch_piece *wanted);

/* Fetches pieces of any kind, in the caller's thread: reads their checksums and what only HDF5 can
 * read, and then the rest as fetch_direct() does. */
shs_status fetch_pieces(const struct fetch_means *means, const struct fetch_piece *pieces,
                        size_t count, struct fetch_counts *counts);

/* Returns the bytes of the decoded chunks that are kept now. */
uint64_t fetch_kept_bytes(const struct fetcher *fetcher);

#endif
