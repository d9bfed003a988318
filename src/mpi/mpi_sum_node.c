/* The exchange of a step. Each rank goes through the buckets in one order, and goes on with each as
 * soon as what it needs has come: the parts of the ranks of its site, which are in the site's
 * memory, and the letters of other sites. Nothing here waits, but mpi_sum_finish(). */
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"
#include "mpi_mail.h"
#include "mpi_sum_way.h"
#include "mpi_transport.h"
#include "mpi_wait.h"

enum {
    IDLE_CALLS = 4 /* MPI calls that move nothing, one after the other, before a rank computes on */
};

/* ---- The ranks of the site. */

static uint64_t least_of(const struct mpi_sum *sum, bool done)
{
    uint64_t least = UINT64_MAX;
    for (int rank = 0; rank < sum->site_ranks; rank++) {
        struct mpi_cell *cell = &sum->cells[rank];
        uint64_t number =
            atomic_load_explicit(done ? &cell->done : &cell->started, memory_order_acquire);
        if (number < least) least = number;
    }
    return least;
}

/* Returns the number of the step's buckets that all ranks of the site have started, or are done
 * with. */
static size_t on_all_ranks(const struct mpi_sum *sum, bool done)
{
    uint64_t least = least_of(sum, done);
    if (least < sum->base) return 0;
    return least - sum->base < sum->buckets ? (size_t)(least - sum->base) : sum->buckets;
}

static void tell(_Atomic uint64_t *number, uint64_t value)
{
    atomic_store_explicit(number, value, memory_order_release);
}

static void start_one(struct mpi_sum *sum)
{
    if (sum->lends && sum->site_ranks > 1) mpi_sum_take_outside(sum, sum->started);
    sum->started++;
    tell(&sum->cells[sum->site_rank].started, sum->base + sum->started);
}

/* Starts buckets up to `started`, as far as there is room. */
static void start(struct mpi_sum *sum, uint64_t rows, size_t started)
{
    if (started <= sum->started) return;
    if (!sum->started) sum->cells[sum->site_rank].rows = rows;
    while (sum->started < started && (!sum->ring || mpi_sum_ring_has_room(sum, sum->started)))
        start_one(sum);
}

/* ---- This rank's slice. */

/* Copies elements of this rank's mean to the other ranks of the site. */
void mpi_sum_copy_mean(struct mpi_sum *sum, bool doubles, size_t first, size_t count)
{
    size_t at = mpi_sum_at(sum, doubles, first), bytes = count * mpi_sum_size(doubles);
    const char *mean = mpi_sum_mean_area(sum) + at;
    if (!sum->wish.provide) return; /* they read it where it is */
    for (int rank = 0; rank < sum->site_ranks; rank++)
        if (rank != sum->site_rank)
            memcpy(mpi_sum_area(sum, rank, sum->rank_areas - 1) + at, mean, bytes);
}

/* The rows of all ranks, which have come with the first bucket. */
static uint64_t rows_of_all(const struct mpi_sum *sum)
{
    uint64_t rows = 0;
    if (sum->divisor) return sum->divisor;
    for (int rank = 0; rank < sum->site_ranks; rank++)
        rows += sum->cells[rank].rows;
    for (size_t i = 0; i < sum->n_peers; i++)
        rows += sum->rows_in[i];
    return rows ? rows : 1; /* without rows there is no mean */
}

static void find_terms(struct mpi_sum *sum, size_t bucket, struct mpi_slice slice)
{
    const char *in = sum->n_slots ? sum->slot[bucket % sum->n_slots].in : NULL;
    for (size_t i = 0; i < sum->n_terms; i++) {
        const struct mpi_term *term = &sum->terms[i];
        if (term->area == SIZE_MAX) {
            sum->from[i] = in;
            in += sum->slice_bytes;
        } else {
            sum->from[i] = mpi_sum_area(sum, term->rank, term->area) +
                           mpi_sum_at(sum, slice.doubles, slice.first);
        }
    }
}

static void average(struct mpi_sum *sum, size_t bucket)
{
    struct mpi_slice slice = mpi_sum_slice(sum, bucket, sum->run->rank);
    uint64_t rows = rows_of_all(sum);
    if (sum->ring) {
        mpi_sum_average_outside(sum, bucket, rows);
        return;
    }
    char *mean = mpi_sum_mean_area(sum);
    find_terms(sum, bucket, slice);
    for (size_t at = 0; at < slice.count; at += ORDER_FOLD_BLOCK) {
        size_t count =
            slice.count - at < ORDER_FOLD_BLOCK ? slice.count - at : (size_t)ORDER_FOLD_BLOCK;
        order_fold_average(sum->fold, slice.doubles, sum->from, at, count, sum->left, rows,
                           mean + mpi_sum_at(sum, slice.doubles, slice.first + at));
        mpi_sum_copy_mean(sum, slice.doubles, slice.first + at, count);
    }
}

/* ---- The stages of a bucket. */

static bool has_other_sites(const struct mpi_sum *sum)
{
    return sum->sites.count > 1;
}

static const struct mpi_slot *slot_of(const struct mpi_sum *sum, size_t bucket)
{
    return &sum->slot[bucket % sum->n_slots];
}

static shs_status await_parts(struct mpi_sum *sum)
{
    shs_status status = SHS_OK;
    while (sum->begun < sum->started && sum->begun < sum->collected + sum->n_slots && !status) {
        if (slot_of(sum, sum->begun)->results_out) break;
        status = mpi_sum_await_parts(sum, sum->begun++);
    }
    return status;
}

static shs_status send_parts(struct mpi_sum *sum, size_t there)
{
    shs_status status = SHS_OK;
    while (sum->sent < sum->begun && sum->sent < there && !status)
        status = mpi_sum_send_parts(sum, sum->sent++);
    while (sum->posted < sum->sent && !slot_of(sum, sum->posted)->parts_out && !status)
        status = mpi_sum_await_means(sum, sum->posted++);
    return status;
}

static shs_status average_and_send(struct mpi_sum *sum)
{
    shs_status status = SHS_OK;
    while (sum->averaged < sum->posted && !slot_of(sum, sum->averaged)->parts_in && !status) {
        average(sum, sum->averaged);
        status = mpi_sum_send_mean(sum, sum->averaged++);
    }
    return status;
}

static shs_status exchange(struct mpi_sum *sum, size_t there, size_t *moved)
{
    shs_status status = sum->run->transport->mail->progress(sum->run->transport, moved);
    if (!status) status = await_parts(sum);
    if (!status) status = send_parts(sum, there);
    if (!status) status = average_and_send(sum);
    while (sum->collected < sum->averaged && !slot_of(sum, sum->collected)->results_in)
        mpi_sum_spread_means(sum, sum->collected++);
    return status;
}

/* Adds the number of messages that have moved to *moved. */
static shs_status go_on(struct mpi_sum *sum, size_t *moved)
{
    size_t there = on_all_ranks(sum, false);
    shs_status status = SHS_OK;
    if (has_other_sites(sum)) {
        status = exchange(sum, there, moved);
    } else {
        while (sum->averaged < there && sum->averaged < sum->started)
            average(sum, sum->averaged++);
        sum->collected = sum->averaged;
    }
    tell(&sum->cells[sum->site_rank].done, sum->base + sum->collected);
    return status;
}

/* ---- The step. */

/* An MPI call moves few messages. A rank that computes makes none, so this goes on until nothing
 * moves any more. */
static shs_status go_far(struct mpi_sum *sum)
{
    shs_status status = SHS_OK;
    for (int idle = 0; idle < IDLE_CALLS && !status; idle++) {
        size_t moved = 0;
        status = go_on(sum, &moved);
        if (!has_other_sites(sum)) break;
        if (moved) idle = -1;
    }
    return status;
}

shs_status mpi_sum_begin(struct mpi_sum *sum, uint64_t rows, size_t floats, size_t doubles)
{
    size_t started = sum->started;
    if (!sum->reproducible) return SHS_OK;
    if (sum->ring && sum->site_ranks == 1) return SHS_OK; /* there is nobody to exchange with */
    while (started < sum->buckets) {
        struct mpi_bucket bucket = mpi_sum_bucket(sum, started);
        if (bucket.first < (bucket.doubles ? doubles : floats) || (bucket.doubles && floats)) break;
        started++;
    }
    start(sum, rows, started);
    /* The mean goes to the program's tensors, which are the program's until all parts are there. */
    if (sum->ring || !sum->started) return SHS_OK;
    return go_far(sum);
}

void mpi_sum_end_step(struct mpi_sum *sum)
{
    sum->step++;
    sum->base += sum->buckets + 1; /* at least 1, for mpi_sum_meet() */
    sum->started = sum->begun = sum->sent = sum->posted = sum->averaged = sum->collected = 0;
    sum->given = 0;
    sum->divisor = 0;
}

static bool has_sent_means(const struct mpi_sum *sum)
{
    for (size_t i = 0; i < sum->n_slots; i++)
        if (sum->slot[i].results_out) return false;
    return true;
}

/* A step that is waited for. */
struct waiting {
    struct mpi_sum *sum;
    uint64_t rows; /* of this rank */
    size_t moved;  /* count_moves() when the wait began */
    bool finished;
};

/* Grows whenever the exchange moves on. */
static size_t count_moves(const struct mpi_sum *sum)
{
    size_t moves = sum->begun + sum->sent + sum->posted + sum->averaged + sum->collected;
    moves += sum->started + sum->given;
    return moves + on_all_ranks(sum, false) + on_all_ranks(sum, true);
}

static void give_one(struct mpi_sum *sum)
{
    if (sum->site_ranks > 1) mpi_sum_give_outside(sum, sum->given);
    sum->given++;
}

/* A wait ends whenever something has moved: a long wait rests between its tries. */
static bool has_moved(void *user, shs_status *status)
{
    struct waiting *waiting = user;
    struct mpi_sum *sum = waiting->sum;
    size_t moved = 0, done;
    start(sum, waiting->rows, sum->buckets);
    *status = go_on(sum, &moved);
    if (*status) return true;
    done = on_all_ranks(sum, true);
    while (sum->ring && sum->given < done)
        give_one(sum);
    waiting->finished =
        sum->collected == sum->buckets && done == sum->buckets && has_sent_means(sum);
    return waiting->finished || count_moves(sum) != waiting->moved;
}

shs_status mpi_sum_finish(struct mpi_sum *sum, uint64_t rows)
{
    struct waiting waiting = {.sum = sum, .rows = rows};
    shs_status status = SHS_OK;
    sum->divisor = rows;
    while (!waiting.finished && !status) {
        waiting.moved = count_moves(sum);
        status = mpi_wait(sum->run, "the gradients of other ranks", has_moved, &waiting);
    }
    if (!status) mpi_sum_end_step(sum);
    return status;
}

uint64_t mpi_sum_step(const struct mpi_sum *sum)
{
    return sum->step;
}

/* ---- The table. */

double *mpi_sum_table(const struct mpi_sum *sum)
{
    return sum->table;
}

struct mpi_part mpi_sum_share(const struct mpi_sum *sum)
{
    return (struct mpi_part){(uint64_t)sum->site_rank, (uint64_t)sum->site_ranks};
}

static bool have_met(void *user, shs_status *status)
{
    const struct mpi_sum *sum = user;
    (void)status;
    for (int rank = 0; rank < sum->site_ranks; rank++)
        if (atomic_load_explicit(&sum->cells[rank].met, memory_order_acquire) < sum->base)
            return false;
    return true;
}

shs_status mpi_sum_meet(struct mpi_sum *sum)
{
    tell(&sum->cells[sum->site_rank].met, sum->base);
    return mpi_wait(sum->run, "the norms of other ranks", have_met, sum);
}
