/* The reproducible sum by messages: the ranks send partial sums to each other until rank 0 has the
 * root of the tree, and rank 0 sends the mean to all. */
#include <string.h>

#include "core_memory.h"
#include "mpi_link.h"
#include "mpi_sum_way.h"

enum {
    SUM_TAG = 1
};

/* Buffers of this transport. */
struct messages {
    struct order_vector mean; /* the received mean; rank 0 has the mean in its partial sums */
    void *piece;              /* MPI_LINK_PIECE bytes of an incoming sum */
};

static void end_messages(struct mpi_sum *sum)
{
    struct messages *messages = sum->own;
    mpi_vector_free(&messages->mean);
    core_free(&messages->piece);
    core_free(&messages);
    sum->own = NULL;
}

static shs_status begin_messages(struct mpi_sum *sum)
{
    struct messages *messages;
    shs_status status = core_new(1, sizeof *messages, "a sum", &messages);
    if (status) return status;
    sum->own = messages;
    if (sum->run->rank) status = mpi_vector_new(sum, &messages->mean);
    if (!status && sum->run->ranks > 1)
        status = core_new(1, MPI_LINK_PIECE, "a message", &messages->piece);
    if (status) end_messages(sum);
    return status;
}

static MPI_Comm comm_of(const struct mpi_sum *sum)
{
    return mpi_link_of(sum->run->transport)->comm;
}

/* Returns the rank that has a virtual rank's partial sum. In groups it is member 0. */
static int host_of(const struct mpi_sum *sum, uint64_t vrank)
{
    const shs_run *run = sum->run;
    return (int)(order_host(run->vranks, mpi_groups(run), vrank) * run->group);
}

static shs_status send_elements(const struct mpi_sum *sum, const void *elements, size_t count,
                                size_t size, int to)
{
    const char *bytes = elements;
    for (size_t at = 0, total = count * size; at < total; at += MPI_LINK_PIECE) {
        size_t piece = total - at < MPI_LINK_PIECE ? total - at : MPI_LINK_PIECE;
        int code = MPI_Send(bytes + at, (int)piece, MPI_BYTE, to, SUM_TAG, comm_of(sum));
        if (code != MPI_SUCCESS) return mpi_check(code, "sending a sum");
    }
    return SHS_OK;
}

static shs_status send_vector(const struct mpi_sum *sum, struct order_vector vector, int to)
{
    shs_status status = send_elements(sum, vector.floats, sum->n_floats, sizeof(float), to);
    if (status) return status;
    return send_elements(sum, vector.doubles, sum->n_doubles, sizeof(double), to);
}

/* Receives the next bytes of an incoming sum. */
static shs_status receive_piece(const struct mpi_sum *sum, void *piece, size_t bytes, int from)
{
    return mpi_check(
        MPI_Recv(piece, (int)bytes, MPI_BYTE, from, SUM_TAG, comm_of(sum), MPI_STATUS_IGNORE),
        "receiving a sum");
}

static shs_status receive_and_add(const struct mpi_sum *sum, struct order_vector to, int from)
{
    void *room = ((struct messages *)sum->own)->piece;
    size_t floats = MPI_LINK_PIECE / sizeof(float), doubles = MPI_LINK_PIECE / sizeof(double);
    for (size_t at = 0; at < sum->n_floats; at += floats) {
        size_t piece = sum->n_floats - at < floats ? sum->n_floats - at : floats;
        shs_status status = receive_piece(sum, room, piece * sizeof(float), from);
        if (status) return status;
        order_add_floats(to.floats + at, room, piece);
    }
    for (size_t at = 0; at < sum->n_doubles; at += doubles) {
        size_t piece = sum->n_doubles - at < doubles ? sum->n_doubles - at : doubles;
        shs_status status = receive_piece(sum, room, piece * sizeof(double), from);
        if (status) return status;
        order_add_doubles(to.doubles + at, room, piece);
    }
    return SHS_OK;
}

/* ---- The members of a group. */

/* Adds the members' parts of a virtual rank. Each member completes the nodes that begin with it,
 * and sends the last of them to the member with the left half. */
static shs_status add_members(const struct mpi_sum *sum, struct order_vector vector)
{
    const shs_run *run = sum->run;
    int first = run->rank - (int)run->member;
    struct order_node node = {run->member, run->member + 1};
    shs_status status = SHS_OK;
    while (!order_node_is_root(run->group, node) && !status) {
        struct order_node parent = order_node_parent(run->group, node);
        if (parent.first != node.first) return send_vector(sum, vector, first + (int)parent.first);
        status = receive_and_add(sum, vector, first + (int)node.end);
        node = parent;
    }
    return status;
}

/* Gives the sums over the members to member 0's partial sums, whose memory is there already. */
static shs_status join_members(const struct mpi_sum *sum)
{
    shs_status status = SHS_OK;
    for (uint64_t i = 0; i < sum->run->hosted && !status; i++) {
        struct order_vector own = sum->parts[i], vector;
        status = add_members(sum, own);
        if (status || sum->run->member) continue;
        status = order_sum_push(sum->partials, sum->run->first_vrank + i, &vector);
        if (status) return status;
        memcpy(vector.floats, own.floats, sum->n_floats * sizeof *own.floats);
        memcpy(vector.doubles, own.doubles, sum->n_doubles * sizeof *own.doubles);
        order_sum_join(sum->partials);
    }
    return status;
}

/* ---- All ranks. */

/* A rank's nodes first grow, then shrink, from left to right. Each growing node is the right half
 * of a node that begins on a lower rank: the rank sends it there. Each shrinking node is a left
 * half whose right half ends on a higher rank: the rank waits for that half.
 *
 * No ring of ranks can wait for each other, because every rank handles its messages in the same
 * order: by the ends of the nodes, and of two nodes with the same end the smaller first. In this
 * order the tree completes its nodes from left to right.
 *
 * Sends the growing nodes. Sets *first to the number of nodes sent. */
static shs_status send_growing(const struct mpi_sum *sum, size_t *first)
{
    for (*first = 0; *first < order_sum_held(sum->partials); (*first)++) {
        struct order_partial partial = order_sum_partial(sum->partials, *first);
        struct order_node parent = order_node_parent(sum->run->vranks, partial.node);
        if (parent.first == partial.node.first)
            return SHS_OK; /* the node is the root, or a left half */
        shs_status status = send_vector(sum, partial.vector, host_of(sum, parent.first));
        if (status) return status;
    }
    return SHS_OK;
}

/* Completes the shrinking nodes with the halves from higher ranks, from the last node to node
 * `first`. A node that turns out to be a right half is sent to its lower rank. */
static shs_status complete_shrinking(const struct mpi_sum *sum, size_t first)
{
    uint64_t vranks = sum->run->vranks;
    while (order_sum_held(sum->partials) > first) {
        struct order_partial last =
            order_sum_partial(sum->partials, order_sum_held(sum->partials) - 1);
        struct order_node parent = order_node_parent(vranks, last.node);
        if (order_node_is_root(vranks, last.node)) return SHS_OK;
        if (parent.first != last.node.first) {
            order_sum_pop(sum->partials);
            return send_vector(sum, last.vector, host_of(sum, parent.first));
        }
        shs_status status = receive_and_add(sum, last.vector, host_of(sum, last.node.end));
        if (status) return status;
        order_sum_complete(sum->partials);
    }
    return SHS_OK;
}

static shs_status broadcast(shs_run *run, const struct mpi_sum *sum, struct order_vector vector)
{
    shs_status status = mpi_broadcast(run, vector.floats, sum->n_floats * sizeof *vector.floats);
    if (status) return status;
    return mpi_broadcast(run, vector.doubles, sum->n_doubles * sizeof *vector.doubles);
}

static shs_status mean_by_messages(struct mpi_sum *sum, uint64_t rows, struct order_vector *mean)
{
    size_t first = 0;
    shs_status status = sum->parts ? join_members(sum) : SHS_OK;
    if (!status) status = send_growing(sum, &first);
    if (!status) status = complete_shrinking(sum, first);
    if (status) return status;
    *mean = ((struct messages *)sum->own)->mean;
    if (sum->run->rank == 0) {
        *mean = order_sum_partial(sum->partials, 0).vector;
        mpi_sum_divide(sum, *mean, rows);
    }
    return broadcast(sum->run, sum, *mean);
}

const struct mpi_sum_way mpi_sum_messages = {begin_messages, end_messages, mean_by_messages};
