/* What a fetch has to do: its pieces become uses, its uses become jobs. */
#ifndef FETCH_PLAN_H
#define FETCH_PLAN_H

#include "fetch.h"

enum {
    /* Reads at a time that keep a disk busy. */
    FETCH_OUTSTANDING = 16,
    /* Most bytes of chunks in the memory of all threads, if more threads than were asked for wait
     * for the disk. */
    FETCH_THREADS_BYTES = 64 << 20
};

/* What a piece wants of one place: rows from row `place` on, or elements of chunk `place`. */
struct fetch_use {
    const struct fetch_piece *piece;
    uint64_t place;
};

/* Uses [begin, end) of one chunk, or of rows of one array that is not chunked. If the chunk is
 * ready already, the job is a hit. */
struct fetch_job {
    /* The chunk in the store, which the job has pinned. NULL: the chunk is not kept, or the hit was
     * copied while the fetch planned. It comes first, for the cache points to it. */
    struct fetch_cached *cached;
    size_t begin, end;
    uint64_t next; /* when the chunk is used next, if foresight tells */
    /* Reads that the job takes: of its chunk, or of neighbouring rows. Reads of parts of rows are
     * counted by lanes. */
    size_t reads;
    uint64_t work; /* what it takes, as bytes that are copied in the same time */
    size_t cold;   /* runs from `begin` on that are not in memory yet; 1 for a cold chunk */
    size_t parent; /* for a cold job, the index of the job that found its bytes cold */
    bool joined;   /* true if another lane has planned the chunk */
    bool claimed;  /* true while this lane decodes the chunk */
    bool waits;    /* true if another lane was decoding the chunk when the job's turn came */
    bool failed;
    bool firm; /* true if it failed, and the error is that of any of its rows: damage, or a chunk */
};

struct fetch_jobs {
    struct fetch_job *job;
    size_t count;
};

/* Pieces whose rows are read as they are stored before they are cut or unpacked: fetch_stage.h. */
struct fetch_whole {
    struct fetch_piece *piece; /* all pieces of the fetch, some of them whole */
    size_t capacity;
    char *rows; /* memory for stored rows */
    size_t bytes;
};

/* Pieces of which those of virtual arrays became pieces of their sources. */
struct fetch_resolved {
    struct fetch_piece *piece;
    size_t count, capacity;
};

struct fetcher {
    struct core_pool *pool;
    struct fetch_store *store;
    bool owns_store;
    uint64_t cache_bytes;
    unsigned shares; /* lanes that share out what a disk can do at a time */
    struct io_lane lanes[CORE_POOL_MOST];
    struct fetch_use *uses;
    struct fetch_use *spare_uses; /* memory to sort with */
    size_t n_uses, uses_capacity, jobs_capacity;
    struct fetch_jobs jobs, hits; /* reads and hits; both in the order of uses */
    size_t done;                  /* jobs of the last fetch, whose array is still there */
    struct fetch_jobs colds;      /* jobs that wait for the disk: a chunk, or neighbouring rows */
    struct io_run *runs;          /* the rows of each use of an array that is not chunked */
    uint64_t waiting_bytes;       /* most bytes that threads take that only wait for the disk */
    bool may_wait;                /* true if the jobs of now may wait for the disk */
    struct fetch_counts now;      /* what the present fetch did */
    struct fetch_whole whole;
    struct fetch_resolved resolved;
};

const struct io_layout *fetch_layout_of(const struct fetch_use *use);

/* Returns true if a use takes a part of a chunk that was stored without filters. Only the wanted
 * bytes of the chunk are then read, and the chunk is not kept. */
bool fetch_is_raw_part(const struct fetch_use *use);

/* The least work for which a thread is woken, in bytes that are copied in the same time. Tests set
 * it to 1, so that all threads work. */
extern uint64_t fetch_thread_work;

/* Returns how many of `threads` threads are worth being woken for work that takes as long as the
 * copying of `work` bytes. The calling thread is one of them. */
unsigned fetch_worth(unsigned threads, uint64_t work);

/* Finds the jobs and the hits of a fetch, and pins what is kept for them, or will be. The ticket of
 * `means` is used up, also after an error. After an error there are no jobs and no hits. */
shs_status fetch_plan(const struct fetch_means *means, const struct fetch_piece *pieces,
                      size_t count);

/* Takes memory for so many uses, and for a job and a hit of each. */
shs_status fetch_plan_reserve(struct fetcher *fetcher, uint64_t uses);

/* Copies what the uses of a job want out of a decoded chunk. */
void fetch_copy_chunk(const struct fetcher *fetcher, const struct fetch_job *job,
                      const void *decoded);

/* Gives all pins of a fetch back. If it failed, the chunks that it has decoded are dropped, unless
 * other lanes use them. */
void fetch_plan_end(struct fetcher *fetcher, bool failed);

#endif
