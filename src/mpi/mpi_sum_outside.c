/* Parts and means that lie in memory of the program. On one node each rank copies to shared memory
 * only what the other ranks read: the mean of its own slice and, if it lends its part, the elements
 * that they sum. The shared memory is a ring of few buckets, so that the copies stay in the
 * processor's cache. */
#include <string.h>

#include "core_memory.h"
#include "mpi_sum_way.h"

enum {
    RING_BUCKETS = 4
};

/* ---- The program's memory. */

shs_status mpi_sum_keep_outside(struct mpi_sum *sum, const struct mpi_sum_wish *wish)
{
    shs_status status = SHS_OK;
    for (int type = 0; type < 2 && wish->n_outside && !status; type++)
        status = core_new(wish->n_outside, sizeof **sum->outside, "tensors", &sum->outside[type]);
    for (size_t i = 0; i < wish->n_outside && !status; i++) {
        bool doubles = wish->outside[i].doubles;
        if (wish->outside[i].count)
            sum->outside[doubles][sum->n_outside[doubles]++] = wish->outside[i];
    }
    return status;
}

/* Elements that lie together in the program's memory. */
struct stretch {
    const char *from;
    char *to;
    size_t count;
};

/* Returns at most `most` elements from `element` on. */
static struct stretch stretch_at(const struct mpi_sum *sum, bool doubles, size_t element,
                                 size_t most)
{
    const struct mpi_outside *outside = sum->outside[doubles];
    size_t low = 0, high = sum->n_outside[doubles], size = mpi_sum_size(doubles);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (outside[middle].first <= element)
            low = middle;
        else
            high = middle;
    }
    size_t into = element - outside[low].first, count = outside[low].count - into;
    return (struct stretch){(const char *)outside[low].from + into * size,
                            (char *)outside[low].to + into * size, count < most ? count : most};
}

/* ---- The ring. */

void mpi_sum_plan_ring(struct mpi_sum *sum)
{
    sum->ring_buckets = sum->buckets < RING_BUCKETS ? sum->buckets : RING_BUCKETS;
    sum->ring_slot = (sum->bucket_bytes / MPI_SUM_LINE + 2) * MPI_SUM_LINE;
}

/* The number of the ring of the mean. If parts are lent, each rank of the site has a ring for its
 * part before it. */
static int ring_of_mean(const struct mpi_sum *sum, int site_ranks)
{
    return sum->lends ? site_ranks : 0;
}

size_t mpi_sum_ring_bytes(const struct mpi_sum *sum, int site_ranks)
{
    if (!sum->ring || site_ranks == 1) return 0;
    return ((size_t)ring_of_mean(sum, site_ranks) + 1) * sum->ring_buckets * sum->ring_slot;
}

/* Returns where an element of a bucket lies in a ring. Lines of the cache begin at the same
 * elements as in an area. */
static char *ring_at(const struct mpi_sum *sum, int ring, size_t number, size_t element)
{
    struct mpi_bucket bucket = mpi_sum_bucket(sum, number);
    size_t size = mpi_sum_size(bucket.doubles), into = bucket.first * size % MPI_SUM_LINE;
    size_t slot = (size_t)ring * sum->ring_buckets + number % sum->ring_buckets;
    return sum->rings + slot * sum->ring_slot + into + (element - bucket.first) * size;
}

bool mpi_sum_ring_has_room(const struct mpi_sum *sum, size_t bucket)
{
    return bucket < sum->given + sum->ring_buckets;
}

/* ---- A bucket. */

enum direction {
    TAKE, /* from the program's memory to the ring of this rank's part */
    GIVE  /* from the ring of the mean to the program's memory */
};

static void copy_range(const struct mpi_sum *sum, enum direction direction, size_t number,
                       size_t first, size_t end)
{
    const bool doubles = mpi_sum_bucket(sum, number).doubles;
    const int ring = direction == TAKE ? sum->site_rank : ring_of_mean(sum, sum->site_ranks);
    while (first < end) {
        struct stretch stretch = stretch_at(sum, doubles, first, end - first);
        char *at = ring_at(sum, ring, number, first);
        size_t bytes = stretch.count * mpi_sum_size(doubles);
        if (direction == GIVE)
            memcpy(stretch.to, at, bytes);
        else if (sum->empty)
            memset(at, 0, bytes);
        else
            memcpy(at, stretch.from, bytes);
        first += stretch.count;
    }
}

/* Copies what lies before and behind this rank's own slice. */
static void copy_others(const struct mpi_sum *sum, enum direction direction, size_t number)
{
    struct mpi_bucket bucket = mpi_sum_bucket(sum, number);
    struct mpi_slice own = mpi_sum_slice(sum, number, sum->run->rank);
    copy_range(sum, direction, number, bucket.first, own.first);
    copy_range(sum, direction, number, own.first + own.count, bucket.first + bucket.count);
}

void mpi_sum_take_outside(const struct mpi_sum *sum, size_t number)
{
    copy_others(sum, TAKE, number);
}

void mpi_sum_give_outside(const struct mpi_sum *sum, size_t number)
{
    copy_others(sum, GIVE, number);
}

/* Points the fold to the terms of elements that lie together. */
static void find_terms(struct mpi_sum *sum, size_t bucket, bool doubles, size_t element,
                       const char *own)
{
    static const double zeros[ORDER_FOLD_BLOCK];
    for (size_t i = 0; i < sum->n_terms; i++) {
        const struct mpi_term *term = &sum->terms[i];
        if (term->area != MPI_SUM_IN_RING)
            sum->from[i] =
                mpi_sum_area(sum, term->rank, term->area) + mpi_sum_at(sum, doubles, element);
        else if (term->rank != sum->site_rank)
            sum->from[i] = ring_at(sum, term->rank, bucket, element);
        else
            sum->from[i] = sum->empty ? (const void *)zeros : own;
    }
}

void mpi_sum_average_outside(struct mpi_sum *sum, size_t number, uint64_t rows)
{
    struct mpi_slice slice = mpi_sum_slice(sum, number, sum->run->rank);
    size_t end = slice.first + slice.count, size = mpi_sum_size(slice.doubles);
    for (size_t at = slice.first; at < end;) {
        size_t most = end - at < ORDER_FOLD_BLOCK ? end - at : (size_t)ORDER_FOLD_BLOCK;
        struct stretch stretch = stretch_at(sum, slice.doubles, at, most);
        find_terms(sum, number, slice.doubles, at, stretch.from);
        order_fold_average(sum->fold, slice.doubles, sum->from, 0, stretch.count, sum->left, rows,
                           stretch.to);
        if (sum->site_ranks > 1)
            memcpy(ring_at(sum, ring_of_mean(sum, sum->site_ranks), number, at), stretch.to,
                   stretch.count * size);
        at += stretch.count;
    }
}

/* ---- All elements. */

static void give_vector(const struct mpi_sum *sum, bool doubles, const char *mean)
{
    size_t size = mpi_sum_size(doubles);
    for (size_t i = 0; i < sum->n_outside[doubles]; i++) {
        const struct mpi_outside *outside = &sum->outside[doubles][i];
        memcpy(outside->to, mean + outside->first * size, outside->count * size);
    }
}

void mpi_sum_give_all(const struct mpi_sum *sum)
{
    const char *mean = mpi_sum_mean_area(sum);
    give_vector(sum, false, mean);
    give_vector(sum, true, mean + sum->doubles_at);
}
