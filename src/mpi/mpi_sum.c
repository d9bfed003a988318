/* Sums of vectors: they are made, joined and freed, and the mean is taken. */
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"
#include "mpi_mail.h"
#include "mpi_sum_way.h"
#include "mpi_transport.h"

enum {
    RING_BUCKET_BYTES = 256 << 10, /* the default with rings */
    FAST_PIECE_BYTES = 4 << 20     /* of one MPI_Allreduce */
};

/* ---- A sum is made. */

static size_t padded(size_t bytes)
{
    return (bytes + MPI_SUM_LINE - 1) / MPI_SUM_LINE * MPI_SUM_LINE;
}

static shs_status measure(struct mpi_sum *sum)
{
    size_t most = SIZE_MAX / 4 / sizeof(double);
    if (sum->n_floats > most || sum->n_doubles > most)
        return core_fail(SHS_ERROR_MEMORY,
                         "a sum of %zu floats and %zu doubles is larger than a "
                         "process can address",
                         sum->n_floats, sum->n_doubles);
    sum->doubles_at = padded(sum->n_floats * sizeof(float));
    sum->area_bytes = sum->doubles_at + padded(sum->n_doubles * sizeof(double));
    return SHS_OK;
}

static shs_status make_lists(struct mpi_sum *sum)
{
    const shs_run *run = sum->run;
    size_t ranks = (size_t)run->ranks;
    size_t held = run->group > 1 ? (size_t)run->hosted : ORDER_TREE_DEPTH;
    shs_status status = core_new(held + 1, sizeof *sum->held, "a sum", &sum->held);
    if (!status) status = core_new(ranks, sizeof *sum->sites.of, "a sum", &sum->sites.of);
    if (!status) status = core_new(ranks, sizeof *sum->sites.number, "a sum", &sum->sites.number);
    if (!status) status = core_new(ranks, sizeof *sum->sites.ranks, "a sum", &sum->sites.ranks);
    if (!status) status = core_new(ranks, sizeof *sum->rows_in, "a sum", &sum->rows_in);
    return status;
}

static shs_status refuse_apart(const shs_run *run)
{
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "this is rank %d of %d without MPI, and gradients of several ranks are "
                     "added over MPI only; add them by the means of your program, and end each "
                     "step by shs_agree(); or open the run by shs_open()",
                     run->rank, run->ranks);
}

shs_status mpi_sum_new(shs_run *run, size_t n_floats, size_t n_doubles, bool reproducible,
                       struct mpi_sum **sum)
{
    *sum = NULL;
    if (run->ranks > 1 && (!run->transport || !run->transport->mail)) return refuse_apart(run);
    shs_status status = core_new(1, sizeof **sum, "a sum", sum);
    if (status) return status;
    (*sum)->run = run;
    (*sum)->next = run->sums;
    run->sums = *sum;
    (*sum)->n_floats = n_floats;
    (*sum)->n_doubles = n_doubles;
    (*sum)->reproducible = reproducible;
    (*sum)->trees = (struct order_trees){run->vranks, run->group};
    (*sum)->site_ranks = 1;
    status = measure(*sum);
    if (!status) status = make_lists(*sum);
    if (!status) mpi_sum_cut(*sum, 0);
    if (status) mpi_sum_free(sum);
    return status;
}

static void free_sum(struct mpi_sum **sum)
{
    struct mpi_sum **link = &(*sum)->run->sums;
    while (*link != *sum)
        link = &(*link)->next;
    *link = (*sum)->next;
    mpi_sum_forget_plan(*sum);
    mpi_window_give_back(&(*sum)->window);
    core_free(&(*sum)->held);
    core_free(&(*sum)->part);
    core_free(&(*sum)->sites.of);
    core_free(&(*sum)->sites.number);
    core_free(&(*sum)->sites.ranks);
    core_free(&(*sum)->rows_in);
    core_free(&(*sum)->outside[0]);
    core_free(&(*sum)->outside[1]);
    core_free(sum);
}

static bool has_letters(const struct mpi_sum *sum)
{
    size_t under_way = 0;
    for (size_t i = 0; i < sum->n_slots; i++) {
        const struct mpi_slot *slot = &sum->slot[i];
        under_way += slot->parts_in + slot->parts_out + slot->results_in + slot->results_out;
    }
    return under_way > 0;
}

/* Letters that are under way need their memory: the sum then stays in the run's list until they
 * have arrived. In a run that has waited too long MPI may use the memory until the process ends. */
void mpi_sum_free(struct mpi_sum **sum)
{
    if (!*sum) return;
    if (has_letters(*sum) || (*sum)->run->watch.late) {
        (*sum)->leaving = true;
        mpi_run_hold((*sum)->run);
        *sum = NULL;
        return;
    }
    free_sum(sum);
}

/* ---- Memory. */

size_t mpi_sum_areas(const struct mpi_sum *sum)
{
    const shs_run *run = sum->run;
    uint64_t groups = mpi_groups(run);
    size_t most = 0;
    for (uint64_t number = 0; number < groups; number++) {
        uint64_t first = order_first_vrank(run->vranks, groups, number),
                 end = order_first_vrank(run->vranks, groups, number + 1);
        size_t areas =
            run->group > 1 ? (size_t)(end - first) : order_most_held(run->vranks, first, end);
        if (!sum->reproducible) areas = 1;
        if ((sum->wish.provide || sum->lends) && end - first == 1) areas = 0;
        if (areas > most) most = areas;
    }
    return most + sum->wish.provide;
}

/* The bytes of the cells and the table. */
static size_t head_of(const struct mpi_sum *sum, int ranks)
{
    return (size_t)ranks * sizeof(struct mpi_cell) + padded(sum->wish.table * sizeof *sum->table);
}

static void divide_window(struct mpi_sum *sum, int site_rank, int site_ranks)
{
    sum->site_rank = site_rank;
    sum->site_ranks = site_ranks;
    sum->rank_areas = mpi_sum_areas(sum);
    sum->cells = (void *)sum->window.memory;
    sum->table = (void *)(sum->cells + site_ranks);
    sum->areas = sum->window.memory + head_of(sum, site_ranks);
    sum->rings = sum->areas + (size_t)site_ranks * sum->rank_areas * sum->area_bytes;
}

shs_status mpi_sum_take_own(struct mpi_sum *sum)
{
    uint64_t bytes;
    size_t areas = mpi_sum_areas(sum);
    if (!core_multiply(areas, sum->area_bytes, &bytes) || bytes > SIZE_MAX / 2)
        return core_fail(SHS_ERROR_MEMORY,
                         "%zu sums of %zu bytes are larger than a process can "
                         "address",
                         areas, sum->area_bytes);
    const struct mpi_window_wish wish = {
        .bytes = head_of(sum, 1) + (size_t)bytes, .zeroed = head_of(sum, 1), .huge = true};
    shs_status status = mpi_window_take_own(sum->run, &wish, &sum->window);
    if (!status) divide_window(sum, 0, 1);
    return status;
}

struct order_vector mpi_sum_provided(const struct mpi_sum *sum)
{
    return mpi_sum_vector(sum, mpi_sum_area(sum, sum->site_rank, sum->rank_areas - 1));
}

char *mpi_sum_mean_area(const struct mpi_sum *sum)
{
    if (sum->wish.provide) return mpi_sum_area(sum, sum->site_rank, sum->rank_areas - 1);
    if (sum->site_ranks == 1) return sum->areas;
    return mpi_sum_area(sum, sum->site_ranks, 0);
}

/* ---- The sites join. */

/* Collective. Notes this rank's site on every rank. Each rank that shares no window is a site. */
static shs_status tell_site(struct mpi_sum *sum)
{
    shs_run *run = sum->run;
    size_t ranks = (size_t)run->ranks; /* rows_in has room for as many numbers */
    uint64_t from_end = (uint64_t)(run->ranks - run->rank);
    const struct mpi_node_way *node = run->transport->node;
    shs_status status = SHS_OK;
    if (sum->window.shared) status = node->greatest(run->transport, &from_end, 1);
    if (status) return status;
    memset(sum->rows_in, 0, ranks * sizeof *sum->rows_in);
    sum->rows_in[run->rank] = ranks - from_end;
    status = mpi_greatest(run, sum->rows_in, ranks);
    for (size_t rank = 0; rank < ranks; rank++)
        sum->sites.of[rank] = (int)sum->rows_in[rank];
    return status;
}

static void be_sites(struct mpi_sum *sum)
{
    for (int rank = 0; rank < sum->run->ranks; rank++)
        sum->sites.of[rank] = rank;
}

/* Collective over the node. Takes a window for the areas of all ranks of the node. */
static shs_status take_shared(struct mpi_sum *sum)
{
    shs_run *run = sum->run;
    uint64_t areas = mpi_sum_areas(sum), bytes = 0;
    shs_status status = mpi_windows_find_node(run);
    int node_ranks = run->windows.node_ranks;
    if (status || node_ranks == 1) return status;
    size_t head = head_of(sum, node_ranks), rings = mpi_sum_ring_bytes(sum, node_ranks);
    bool means = !sum->wish.provide && !sum->ring;
    bool fits = core_multiply(areas * (uint64_t)node_ranks + means, sum->area_bytes, &bytes) &&
                bytes < SIZE_MAX / 4 && rings < SIZE_MAX / 4;
    const struct mpi_window_wish wish = {.bytes = fits ? head + (size_t)bytes + rings : 0,
                                         .zeroed = fits ? head : 0,
                                         .key = sum->wish.number,
                                         .shared_only = true};
    status = mpi_window_take(run, &wish, &sum->window);
    if (!status && sum->window.shared) divide_window(sum, run->windows.node_rank, node_ranks);
    return status;
}

static shs_status plan(struct mpi_sum *sum)
{
    shs_status status = sum->areas ? SHS_OK : mpi_sum_take_own(sum);
    sum->joined = true;
    return status || !sum->reproducible ? status : mpi_sum_plan(sum);
}

/* Rings need all ranks on one node. */
static void plan_rings(struct mpi_sum *sum, bool ring)
{
    sum->ring = ring && sum->reproducible && sum->wish.n_outside;
    sum->lends = sum->ring && sum->wish.borrow;
    mpi_sum_cut(sum,
                sum->wish.bucket_bytes || !sum->ring ? sum->wish.bucket_bytes : RING_BUCKET_BYTES);
    mpi_sum_plan_ring(sum);
}

/* Collective. */
static shs_status join_ranks(struct mpi_sum *sum)
{
    shs_run *run = sum->run;
    shs_status status = mpi_windows_find_node(run);
    if (status) return status;
    plan_rings(sum, run->windows.node_ranks == run->ranks);
    status = take_shared(sum);
    if (!sum->window.shared) plan_rings(sum, false);
    if (!status) status = tell_site(sum);
    return status ? status : run->transport->mail->prepare(run->transport);
}

shs_status mpi_sum_join(struct mpi_sum *sum, const struct mpi_sum_wish *wish)
{
    shs_status kept = mpi_sum_keep_outside(sum, wish), status = SHS_OK;
    sum->wish = *wish;
    sum->wish.outside = NULL; /* borrowed for the call */
    plan_rings(sum, sum->run->ranks == 1);
    be_sites(sum);
    if (sum->run->ranks > 1 && sum->reproducible) status = join_ranks(sum);
    if (!status) status = kept;
    return status ? status : plan(sum);
}

/* Collective. Joins a sum at its first mean. */
static shs_status join_late(struct mpi_sum *sum)
{
    shs_run *run = sum->run;
    shs_status status = SHS_OK;
    if (sum->joined) return SHS_OK;
    be_sites(sum);
    if (run->ranks > 1) status = run->transport->mail->prepare(run->transport);
    if (!status) status = plan(sum);
    return mpi_agree(run, status, "a sum");
}

/* ---- The mean. */

/* In pieces: a piece is divided while it lies in the processor's cache. */
static shs_status mean_fast_of(struct mpi_sum *sum, bool doubles, size_t count, uint64_t rows)
{
    const struct mpi_transport *transport = sum->run->transport;
    size_t size = mpi_sum_size(doubles), at_once = FAST_PIECE_BYTES / size;
    char *from = sum->held[0].memory + mpi_sum_at(sum, doubles, 0);
    char *to = mpi_sum_mean_area(sum) + mpi_sum_at(sum, doubles, 0);
    shs_status status = SHS_OK;
    for (size_t at = 0; at < count && !status; at += at_once) {
        size_t piece = count - at < at_once ? count - at : at_once;
        if (transport)
            status = transport->add(sum->run->transport, doubles, from + at * size, piece);
        order_divide(doubles, to + at * size, from + at * size, piece, rows);
    }
    return status;
}

static shs_status mean_fast(struct mpi_sum *sum, uint64_t rows)
{
    shs_status status = mean_fast_of(sum, false, sum->n_floats, rows);
    return status ? status : mean_fast_of(sum, true, sum->n_doubles, rows);
}

shs_status mpi_mean(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean)
{
    core_assert(sum->added == sum->run->hosted);
    shs_status status = join_late(sum);
    if (status) return status;
    status = sum->reproducible ? mpi_sum_finish(sum, rows) : mean_fast(sum, rows);
    if (status) return mpi_watch_broken(sum->run, status);
    if (!sum->wish.n_outside)
        *mean = mpi_sum_vector(sum, mpi_sum_mean_area(sum));
    else if (!sum->ring)
        mpi_sum_give_all(sum);
    return SHS_OK;
}

/* ---- The steps are given up. */

shs_status mpi_sums_give_up(shs_run *run)
{
    struct mpi_sum *next;
    shs_status status = SHS_OK;
    if (run->transport && run->transport->mail) status = run->transport->mail->drain(run);
    for (struct mpi_sum *sum = run->sums; sum && !status; sum = next) {
        next = sum->next;
        if (sum->started || sum->partly) mpi_sum_reset(sum);
        mpi_sum_end_step(sum);
        if (!sum->leaving) continue;
        free_sum(&sum);
        mpi_run_release(run);
    }
    return mpi_watch_broken(run, status);
}
