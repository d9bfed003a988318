/* What a sum consists of. Only the files mpi_sum*.c include this header. */
#ifndef MPI_SUM_WAY_H
#define MPI_SUM_WAY_H

#include <stdatomic.h>

#include "mpi_sum.h"
#include "mpi_window.h"
#include "order_fold.h"

enum {
    MPI_SUM_LINE = 64 /* bytes of a line of the processor's cache */
};

/* The area of a partial sum that lies in the memory of the program and in the rings. */
#define MPI_SUM_IN_RING (SIZE_MAX - 1)

/* A partial sum that this rank holds. */
struct mpi_held {
    struct order_span span;
    char *memory;
};

/* A partial sum that some rank holds when all ranks have added their parts. */
struct mpi_term {
    struct order_span span;
    int rank;    /* of this site: its number there; else the rank that sends it */
    size_t area; /* where it lies on a rank of this site; SIZE_MAX: it is sent; MPI_SUM_IN_RING */
};

/* What a rank of the site tells the others. A line for each rank, in the site's memory. The numbers
 * of buckets grow from step to step. */
struct mpi_cell {
    _Alignas(MPI_SUM_LINE) _Atomic uint64_t started; /* buckets whose parts all lie ready */
    _Atomic uint64_t done;                           /* buckets whose mean lies ready */
    _Atomic uint64_t met;                            /* the first bucket after mpi_sum_meet() */
    uint64_t rows;                                   /* of the step; valid once it has started */
};

/* Elements that are exchanged together. The buckets begin at the last element, because the
 * gradients of a model's last tensors are ready first. */
struct mpi_bucket {
    bool doubles;
    size_t first, count;
};

/* The part of a bucket that one rank sums. */
struct mpi_slice {
    bool doubles;
    size_t first, count;
};

/* Letters of a bucket. */
struct mpi_slot {
    char *in;        /* partial sums of other sites */
    char *out;       /* partial sums of this site that are added before they are sent */
    size_t parts_in; /* letters that are under way: partial sums */
    size_t parts_out;
    size_t results_in; /* and means */
    size_t results_out;
};

/* The sites of the run. A site is the ranks of a node that share a window, or a rank alone. */
struct mpi_sites {
    int *of;     /* the lowest rank of each rank's site */
    int *number; /* each rank's number in its site */
    int *ranks;  /* the number of ranks of each rank's site */
    int count;
};

struct mpi_sum {
    shs_run *run;
    struct mpi_sum *next; /* in the run's list */
    size_t n_floats;
    size_t n_doubles;
    bool reproducible;
    bool joined;  /* mpi_sum_join() was called, or the first mean was taken */
    bool leaving; /* the sum is freed once its letters have arrived */
    struct mpi_sum_wish wish;
    struct order_trees trees;

    /* Memory of the site: cells, the areas of each rank, and the area of the mean. An area holds a
     * vector: floats, then doubles. The tensors that the sum provides are a rank's last area. */
    struct mpi_window window;
    struct mpi_cell *cells;
    double *table;
    char *areas;
    size_t area_bytes;
    size_t doubles_at; /* bytes before the doubles of an area */
    size_t rank_areas; /* areas of a rank */
    int site_rank, site_ranks;

    /* Memory of the program: floats, and doubles. If all ranks are one site, `ring` says that the
     * mean goes through a ring in the site's memory, and `lends` that the last part does, too. */
    struct mpi_outside *outside[2];
    size_t n_outside[2];
    bool ring;
    bool lends;
    bool empty; /* the last part is zeros */
    char *rings;
    size_t ring_buckets; /* slots of a ring, for a bucket each */
    size_t ring_slot;    /* bytes of a slot */

    /* The step's parts. */
    uint64_t added;
    struct mpi_held *held;
    size_t n_held, most_held;
    char *part;  /* an area for a part that is added to the last partial sum */
    bool partly; /* elements of the next part were added */

    /* Who sums what. */
    struct mpi_sites sites;
    struct mpi_term *own; /* partial sums of this site, from left to right */
    size_t n_own;
    struct order_fold *site_fold; /* of them; NULL if there is one site */
    struct mpi_term *terms;       /* those of this site, and what the other sites send */
    size_t n_terms, n_sent;
    struct order_fold *fold; /* of them: the root */
    const void **from;       /* a vector for each term */
    const void **left;

    /* The step's buckets, in their order. Each number is the number of buckets that have come so
     * far on this rank. */
    size_t bucket_bytes;
    size_t float_buckets, buckets;
    uint64_t step;
    uint64_t base;    /* the number of the first bucket, counted over all steps */
    size_t started;   /* the parts of this rank lie ready */
    size_t begun;     /* partial sums are awaited */
    size_t sent;      /* partial sums are on their way to other sites */
    size_t posted;    /* and have arrived, and means are awaited */
    size_t averaged;  /* this rank's slice is averaged */
    size_t collected; /* the means of other sites have arrived */
    size_t given;     /* with rings: the mean lies in the memory of the program */
    uint64_t divisor; /* rows of all ranks; 0: to be found in the cells */
    uint64_t rows;    /* of this rank */

    /* Letters. */
    struct mpi_slot *slot; /* of the buckets whose letters are under way */
    size_t n_slots;
    struct mpi_window room; /* of the slots */
    size_t slice_bytes;     /* of the largest slice */
    int64_t letters;        /* that room is reserved for */
    uint64_t site_rows;
    uint64_t *rows_in; /* the rows of each other site, in the order of `peers` */
    int *peers;        /* the rank of each other site that sends to this rank's slice */
    size_t n_peers;
    int *clients; /* the ranks of other sites to whose slices this rank sends */
    size_t n_clients;
};

/* Local. Allocates the areas, in memory of this process. */
shs_status mpi_sum_take_own(struct mpi_sum *sum);

/* Local. Cuts the elements into buckets of so many bytes; 0: a default for one site. */
void mpi_sum_cut(struct mpi_sum *sum, uint64_t bucket_bytes);

/* Local. Keeps the list of the program's memory. */
shs_status mpi_sum_keep_outside(struct mpi_sum *sum, const struct mpi_sum_wish *wish);

/* Local. The sizes of rings. `ring` and `lends` are known, and the buckets are cut. */
void mpi_sum_plan_ring(struct mpi_sum *sum);
size_t mpi_sum_ring_bytes(const struct mpi_sum *sum, int site_ranks);

/* Local. True if a bucket's slots in the rings are free. */
bool mpi_sum_ring_has_room(const struct mpi_sum *sum, size_t bucket);

/* Local. The steps of a bucket with rings: copies this rank's part to its ring, averages this
 * rank's slice to the memory of the program and to the ring of the mean, and copies the other
 * slices of the mean from there. */
void mpi_sum_take_outside(const struct mpi_sum *sum, size_t bucket);
void mpi_sum_average_outside(struct mpi_sum *sum, size_t bucket, uint64_t rows);
void mpi_sum_give_outside(const struct mpi_sum *sum, size_t bucket);

/* Local. Copies the whole mean to the memory of the program. Without rings. */
void mpi_sum_give_all(const struct mpi_sum *sum);

/* Local. Finds out who sums what, and takes the memory for it. The sites are known. */
shs_status mpi_sum_plan(struct mpi_sum *sum);
void mpi_sum_forget_plan(struct mpi_sum *sum);

/* Local. The most areas that a rank needs, over all ranks. */
size_t mpi_sum_areas(const struct mpi_sum *sum);

/* Local. The address of an area of a rank of this site. */
static inline char *mpi_sum_area(const struct mpi_sum *sum, int site_rank, size_t area)
{
    return sum->areas + ((size_t)site_rank * sum->rank_areas + area) * sum->area_bytes;
}

/* The vector that lies in an area. */
static inline struct order_vector mpi_sum_vector(const struct mpi_sum *sum, char *area)
{
    return (struct order_vector){(void *)area, (void *)(area + sum->doubles_at)};
}

/* Local. The area into which the mean is written. Without tensors of the sum's own all ranks of the
 * site read the mean there. */
char *mpi_sum_mean_area(const struct mpi_sum *sum);

/* Local. Returns bucket number `number`, and the slice of it that a rank sums. */
struct mpi_bucket mpi_sum_bucket(const struct mpi_sum *sum, size_t number);
struct mpi_slice mpi_sum_slice(const struct mpi_sum *sum, size_t number, int rank);

static inline size_t mpi_sum_size(bool doubles)
{
    return doubles ? sizeof(double) : sizeof(float);
}

/* Local. The bytes before an element of an area. */
static inline size_t mpi_sum_at(const struct mpi_sum *sum, bool doubles, size_t element)
{
    return (doubles ? sum->doubles_at : 0) + element * mpi_sum_size(doubles);
}

/* Collective. Starts all buckets, and waits until every rank has the mean. */
shs_status mpi_sum_finish(struct mpi_sum *sum, uint64_t rows);

/* Local. Goes on to the buckets of the next step. No letter is under way. */
void mpi_sum_end_step(struct mpi_sum *sum);

/* Local. Copies elements of this rank's mean to the other ranks of the site, if each has tensors
 * that the sum provides. */
void mpi_sum_copy_mean(struct mpi_sum *sum, bool doubles, size_t first, size_t count);

/* Local. The letters of a bucket, stage by stage. What a rank receives and sends is posted; nothing
 * waits. The rows of a site go with the parts of the first bucket. */
shs_status mpi_sum_await_parts(struct mpi_sum *sum, size_t bucket);
shs_status mpi_sum_send_parts(struct mpi_sum *sum, size_t bucket);
shs_status mpi_sum_await_means(struct mpi_sum *sum, size_t bucket);
shs_status mpi_sum_send_mean(struct mpi_sum *sum, size_t bucket);
void mpi_sum_spread_means(struct mpi_sum *sum, size_t bucket);

#endif
