/* Who sums what. Each rank sums one slice of every bucket: what the ranks of its site hold lies in
 * the site's memory, and each other site sends the partial sums that it can make of its own. */
#include <stdlib.h>

#include "core_memory.h"
#include "mpi_mail.h"
#include "mpi_sum_way.h"
#include "mpi_transport.h"
#include "order_plan.h"

enum {
    NODE_BUCKET_BYTES = 2 << 20, /* the default within a node */
    FAR_BUCKET_BYTES = 4 << 20,  /* the largest default between nodes */

    /* The bytes of the buckets whose letters are under way at a time. Within a node they stay in
     * the processor's cache. Between nodes they keep the network busy while the ranks compute. */
    NODE_BYTES = 4 << 20,
    FAR_BYTES = 16 << 20,
    LEAST_SLOTS = 2,
    MOST_SLOTS = 256
};

/* ---- Buckets and slices. */

void mpi_sum_cut(struct mpi_sum *sum, uint64_t bucket_bytes)
{
    size_t whole = sum->doubles_at + sum->n_doubles * sizeof(double);
    sum->bucket_bytes = bucket_bytes ? (size_t)bucket_bytes : NODE_BUCKET_BYTES;
    if (sum->bucket_bytes > whole) sum->bucket_bytes = whole + MPI_SUM_LINE;
    size_t floats = sum->bucket_bytes / sizeof(float), doubles = sum->bucket_bytes / sizeof(double);
    sum->float_buckets = (sum->n_floats + floats - 1) / floats;
    sum->buckets = sum->float_buckets + (sum->n_doubles + doubles - 1) / doubles;
}

static bool is_one_node(const shs_run *run)
{
    return run->windows.node_ranks == run->ranks;
}

/* Between nodes a slice is one message, so that it is on its way as soon as its tensors are ready,
 * and what remains at the end of a backward pass is little. */
static void cut_between_nodes(struct mpi_sum *sum)
{
    const shs_run *run = sum->run;
    size_t slice = MPI_MAIL_FAR_PIECE - 2 * MPI_SUM_LINE, bytes = slice * (size_t)run->ranks;
    if (sum->wish.bucket_bytes || sum->sites.count == 1 || is_one_node(run)) return;
    mpi_sum_cut(sum, bytes < FAR_BUCKET_BYTES ? bytes : FAR_BUCKET_BYTES);
}

struct mpi_bucket mpi_sum_bucket(const struct mpi_sum *sum, size_t number)
{
    bool doubles = number >= sum->float_buckets;
    size_t end = doubles ? sum->n_doubles : sum->n_floats;
    size_t elements = sum->bucket_bytes / mpi_sum_size(doubles);
    end -= elements * (doubles ? number - sum->float_buckets : number);
    size_t first = end > elements ? end - elements : 0;
    return (struct mpi_bucket){doubles, first, end - first};
}

/* The first element of a rank's slice. It begins with a line of the cache if the bucket does. */
static size_t slice_begin(const struct mpi_sum *sum, struct mpi_bucket bucket, int rank)
{
    size_t line = MPI_SUM_LINE / mpi_sum_size(bucket.doubles);
    size_t at = (size_t)order_share(bucket.count, (uint64_t)rank, (uint64_t)sum->run->ranks);
    size_t into = (bucket.first + at) % line;
    if (rank < sum->run->ranks && into) at = at > into ? at - into : 0;
    return bucket.first + at;
}

struct mpi_slice mpi_sum_slice(const struct mpi_sum *sum, size_t number, int rank)
{
    struct mpi_bucket bucket = mpi_sum_bucket(sum, number);
    size_t first = slice_begin(sum, bucket, rank);
    return (struct mpi_slice){bucket.doubles, first, slice_begin(sum, bucket, rank + 1) - first};
}

/* ---- Partial sums. */

/* Lists the partial sums that a rank holds when it has added its parts. Returns their number.
 * Without `to` they are counted. */
static size_t list_held(const struct mpi_sum *sum, int rank, struct mpi_term *to)
{
    const shs_run *run = sum->run;
    uint64_t groups = mpi_groups(run), group = (uint64_t)rank / run->group,
             member = (uint64_t)rank % run->group;
    uint64_t first = order_first_vrank(run->vranks, groups, group),
             end = order_first_vrank(run->vranks, groups, group + 1);
    size_t count = 0;
    while (first < end) {
        struct order_node node = {first, first + 1};
        if (run->group == 1) node = order_largest_node(run->vranks, first, end);
        bool last = node.end == end && node.first + 1 == end;
        size_t area = count;
        if (last && sum->wish.provide) area = sum->rank_areas - 1;
        if (last && sum->lends) area = MPI_SUM_IN_RING;
        first = node.end;
        if (to)
            to[count] =
                (struct mpi_term){{node, {member, member + 1}}, sum->sites.number[rank], area};
        count++;
    }
    return count;
}

/* Lists the partial sums of a site, which `rank` is the lowest rank of. */
static size_t list_site(const struct mpi_sum *sum, int rank, struct mpi_term *to)
{
    int site = rank;
    size_t count = 0;
    for (; rank < sum->run->ranks; rank++)
        if (sum->sites.of[rank] == site) count += list_held(sum, rank, to ? to + count : NULL);
    return count;
}

static int compare_terms(const void *one, const void *other)
{
    const struct order_span *a = &((const struct mpi_term *)one)->span,
                            *b = &((const struct mpi_term *)other)->span;
    if (a->vranks.first != b->vranks.first) return a->vranks.first < b->vranks.first ? -1 : 1;
    return a->members.first < b->members.first ? -1 : a->members.first > b->members.first;
}

/* Makes the sorted list of a site's partial sums. */
static shs_status make_site(const struct mpi_sum *sum, int site, struct mpi_term **terms,
                            size_t *count)
{
    *count = list_site(sum, site, NULL);
    shs_status status = core_new(*count, sizeof **terms, "partial sums", terms);
    if (status) return status;
    list_site(sum, site, *terms);
    qsort(*terms, *count, sizeof **terms, compare_terms);
    return SHS_OK;
}

static shs_status make_fold(const struct mpi_sum *sum, const struct mpi_term *terms, size_t count,
                            struct order_fold **fold)
{
    struct order_span *spans = NULL;
    shs_status status = core_new(count, sizeof *spans, "partial sums", &spans);
    for (size_t i = 0; i < count && !status; i++)
        spans[i] = terms[i].span;
    if (!status) status = order_fold_new(sum->trees, spans, count, fold);
    core_free(&spans);
    return status;
}

/* ---- Sites. */

static void count_sites(struct mpi_sum *sum)
{
    struct mpi_sites *sites = &sum->sites;
    sites->count = 0;
    for (int rank = 0; rank < sum->run->ranks; rank++)
        sites->ranks[rank] = 0;
    for (int rank = 0; rank < sum->run->ranks; rank++) {
        sites->count += sites->of[rank] == rank;
        sites->number[rank] = sites->ranks[sites->of[rank]]++;
    }
    for (int rank = 0; rank < sum->run->ranks; rank++)
        sites->ranks[rank] = sites->ranks[sites->of[rank]];
}

/* Returns the rank of a site that exchanges letters with a rank of another site. */
static int peer_of(const struct mpi_sum *sum, int site, int rank)
{
    int number = rank % sum->sites.ranks[site], peer = site;
    while (sum->sites.of[peer] != site || sum->sites.number[peer] != number)
        peer++;
    return peer;
}

/* Lists with whom this rank exchanges letters. */
static shs_status make_peers(struct mpi_sum *sum)
{
    const struct mpi_sites *sites = &sum->sites;
    int own = sites->of[sum->run->rank], number = sites->number[sum->run->rank];
    size_t ranks = (size_t)sum->run->ranks;
    shs_status status = core_new(ranks, sizeof *sum->peers, "ranks", &sum->peers);
    if (!status) status = core_new(ranks, sizeof *sum->clients, "ranks", &sum->clients);
    for (int rank = 0; rank < sum->run->ranks && !status; rank++) {
        if (sites->of[rank] == own) continue;
        if (sites->of[rank] == rank)
            sum->peers[sum->n_peers++] = peer_of(sum, rank, sum->run->rank);
        if (rank % sum->site_ranks == number) sum->clients[sum->n_clients++] = rank;
    }
    return status;
}

/* Adds what a site sends to this rank. */
static shs_status add_terms(struct mpi_sum *sum, int site)
{
    struct mpi_term *terms = NULL;
    struct order_fold *fold = NULL;
    size_t count;
    shs_status status = make_site(sum, site, &terms, &count);
    if (!status) status = make_fold(sum, terms, count, &fold);
    size_t left = status ? 0 : order_fold_left(fold);
    if (!status)
        status = core_resize(sum->n_terms + left, sizeof *sum->terms, "partial sums", &sum->terms);
    for (size_t i = 0; i < left && !status; i++)
        sum->terms[sum->n_terms++] = (struct mpi_term){
            order_fold_span(fold, i), peer_of(sum, site, sum->run->rank), SIZE_MAX};
    order_fold_free(&fold);
    core_free(&terms);
    return status;
}

static shs_status make_terms(struct mpi_sum *sum)
{
    int own = sum->sites.of[sum->run->rank];
    shs_status status = make_site(sum, own, &sum->own, &sum->n_own);
    if (!status) status = core_resize(sum->n_own, sizeof *sum->terms, "partial sums", &sum->terms);
    if (status) return status;
    for (; sum->n_terms < sum->n_own; sum->n_terms++)
        sum->terms[sum->n_terms] = sum->own[sum->n_terms];
    for (int rank = 0; rank < sum->run->ranks && !status; rank++)
        if (sum->sites.of[rank] == rank && rank != own) status = add_terms(sum, rank);
    sum->n_sent = sum->n_terms - sum->n_own;
    if (status) return status;
    qsort(sum->terms, sum->n_terms, sizeof *sum->terms, compare_terms);
    status = make_fold(sum, sum->terms, sum->n_terms, &sum->fold);
    if (!status && sum->sites.count > 1)
        status = make_fold(sum, sum->own, sum->n_own, &sum->site_fold);
    return status;
}

/* ---- Letters. */

/* Returns the number of partial sums that are added before this rank sends them. */
static size_t count_added(const struct mpi_sum *sum)
{
    size_t added = 0;
    for (size_t i = 0; i < order_fold_left(sum->site_fold); i++)
        added += order_fold_sole(sum->site_fold, i) == SIZE_MAX;
    return added;
}

static shs_status make_room(struct mpi_sum *sum)
{
    size_t out = sum->n_clients * count_added(sum), slices = sum->n_sent + out;
    const struct mpi_window_wish wish = {.bytes = sum->n_slots * slices * sum->slice_bytes,
                                         .huge = true};
    shs_status status = mpi_window_take_own(sum->run, &wish, &sum->room);
    for (size_t i = 0; i < sum->n_slots && !status; i++) {
        sum->slot[i].in = sum->room.memory + i * slices * sum->slice_bytes;
        sum->slot[i].out = sum->slot[i].in + sum->n_sent * sum->slice_bytes;
    }
    return status;
}

static shs_status make_slots(struct mpi_sum *sum)
{
    size_t left = order_fold_left(sum->site_fold), others = 2 * sum->n_peers;
    struct mpi_transport *transport = sum->run->transport;
    sum->slice_bytes = sum->bucket_bytes / (size_t)sum->run->ranks + (size_t)3 * MPI_SUM_LINE;
    sum->slice_bytes -= sum->slice_bytes % MPI_SUM_LINE;
    size_t slots = (is_one_node(sum->run) ? NODE_BYTES : FAR_BYTES) / sum->bucket_bytes;
    if (slots < LEAST_SLOTS) slots = LEAST_SLOTS;
    if (slots > MOST_SLOTS) slots = MOST_SLOTS;
    if (slots > sum->buckets) slots = sum->buckets;
    shs_status status = core_new(slots, sizeof *sum->slot, "letters", &sum->slot);
    if (!status) sum->n_slots = slots;
    int64_t letters = (int64_t)(slots * (sum->n_sent + sum->n_clients * (left + 2) + others));
    if (!status) status = transport->mail->reserve(transport, letters, sum->slice_bytes);
    if (!status) sum->letters = letters;
    return status ? status : make_room(sum);
}

shs_status mpi_sum_plan(struct mpi_sum *sum)
{
    count_sites(sum);
    cut_between_nodes(sum);
    shs_status status = make_terms(sum);
    size_t most = sum->n_terms + sum->n_own;
    if (!status) status = core_new(most, sizeof *sum->from, "partial sums", &sum->from);
    if (!status) status = core_new(most, sizeof *sum->left, "partial sums", &sum->left);
    if (!status && sum->sites.count > 1) status = make_peers(sum);
    if (!status && sum->sites.count > 1 && sum->buckets) status = make_slots(sum);
    return status;
}

void mpi_sum_forget_plan(struct mpi_sum *sum)
{
    if (sum->letters && sum->run->transport)
        sum->run->transport->mail->reserve(sum->run->transport, -sum->letters, sum->slice_bytes);
    core_free(&sum->slot);
    core_free(&sum->peers);
    core_free(&sum->clients);
    core_free(&sum->own);
    core_free(&sum->terms);
    core_free(&sum->from);
    core_free(&sum->left);
    order_fold_free(&sum->fold);
    order_fold_free(&sum->site_fold);
    mpi_window_give_back(&sum->room);
}
