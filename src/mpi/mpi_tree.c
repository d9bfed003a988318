#include "mpi_tree.h"

#include "core_memory.h"
#include "mpi_link.h"

/* A partial sum. */
struct partial {
    struct order_node node;
    struct mpi_vector sum;
};

struct mpi_tree {
    shs_run *run;
    size_t n_floats;
    size_t n_doubles;
    struct partial stack[ORDER_TREE_DEPTH + 1]; /* from left to right; memory is made on demand */
    size_t held;
    size_t most_held;
    size_t made; /* entries of the stack that have memory */
    uint64_t leaves;
    void *piece; /* of an incoming sum */
};

shs_status mpi_tree_new(shs_run *run, size_t n_floats, size_t n_doubles, struct mpi_tree **tree)
{
    shs_status status = core_new(1, sizeof **tree, "a sum", tree);
    if (status) return status;
    (*tree)->run = run;
    (*tree)->n_floats = n_floats;
    (*tree)->n_doubles = n_doubles;
    if (run->ranks > 1) status = core_new(1, MPI_LINK_PIECE, "a message", &(*tree)->piece);
    if (status) mpi_tree_free(tree);
    return status;
}

void mpi_tree_free(struct mpi_tree **tree)
{
    if (!*tree) return;
    for (size_t i = 0; i < (*tree)->made; i++) {
        core_free(&(*tree)->stack[i].sum.floats);
        core_free(&(*tree)->stack[i].sum.doubles);
    }
    core_free(&(*tree)->piece);
    core_free(tree);
}

void mpi_tree_reset(struct mpi_tree *tree)
{
    tree->held = 0;
    tree->leaves = 0;
}

uint64_t mpi_tree_leaves(const struct mpi_tree *tree)
{
    return tree->leaves;
}

size_t mpi_tree_most_held(const struct mpi_tree *tree)
{
    return tree->most_held;
}

static shs_status make_entry(struct mpi_tree *tree)
{
    struct mpi_vector sum = {0};
    if (tree->held < tree->made) return SHS_OK;
    shs_status status = core_new(tree->n_floats, sizeof *sum.floats, "a sum", &sum.floats);
    if (!status) status = core_new(tree->n_doubles, sizeof *sum.doubles, "a sum", &sum.doubles);
    if (status) {
        core_free(&sum.floats);
        return status;
    }
    tree->stack[tree->made++].sum = sum;
    return SHS_OK;
}

static void add_floats(float *restrict to, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

static void add_doubles(double *restrict to, const double *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

/* Joins the last two entries as long as they are the halves of one node. */
static void join_entries(struct mpi_tree *tree)
{
    while (tree->held > 1) {
        struct partial *left = &tree->stack[tree->held - 2], *right = left + 1;
        if (!order_nodes_join(tree->run->vranks, left->node, right->node)) return;
        add_floats(left->sum.floats, right->sum.floats, tree->n_floats);
        add_doubles(left->sum.doubles, right->sum.doubles, tree->n_doubles);
        left->node.end = right->node.end;
        tree->held--;
    }
}

shs_status mpi_tree_add(struct mpi_tree *tree, void (*fill)(struct mpi_vector to, void *user),
                        void *user)
{
    uint64_t leaf = tree->run->first_vrank + tree->leaves;
    shs_status status = make_entry(tree);
    if (status) return status;
    struct partial *entry = &tree->stack[tree->held++];
    if (tree->held > tree->most_held) tree->most_held = tree->held;
    entry->node = (struct order_node){leaf, leaf + 1};
    fill(entry->sum, user);
    tree->leaves++;
    join_entries(tree);
    return SHS_OK;
}

enum {
    SUM_TAG = 1
};

static shs_status send_elements(struct mpi_tree *tree, const void *elements, size_t count,
                                size_t size, int to)
{
    const char *bytes = elements;
    for (size_t at = 0, total = count * size; at < total; at += MPI_LINK_PIECE) {
        size_t piece = total - at < MPI_LINK_PIECE ? total - at : MPI_LINK_PIECE;
        int code = MPI_Send(bytes + at, (int)piece, MPI_BYTE, to, SUM_TAG,
                            mpi_link_of(tree->run->transport)->comm);
        if (code != MPI_SUCCESS) return mpi_check(code, "sending a sum");
    }
    return SHS_OK;
}

static shs_status send_partial(struct mpi_tree *tree, const struct partial *partial, int to)
{
    shs_status status = send_elements(tree, partial->sum.floats, tree->n_floats, sizeof(float), to);
    if (status) return status;
    return send_elements(tree, partial->sum.doubles, tree->n_doubles, sizeof(double), to);
}

/* Receives the next bytes of an incoming sum into tree->piece. */
static shs_status receive_piece(struct mpi_tree *tree, size_t bytes, int from)
{
    return mpi_check(MPI_Recv(tree->piece, (int)bytes, MPI_BYTE, from, SUM_TAG,
                              mpi_link_of(tree->run->transport)->comm, MPI_STATUS_IGNORE),
                     "receiving a sum");
}

static shs_status receive_and_add(struct mpi_tree *tree, struct partial *partial, int from)
{
    size_t floats = MPI_LINK_PIECE / sizeof(float), doubles = MPI_LINK_PIECE / sizeof(double);
    for (size_t at = 0; at < tree->n_floats; at += floats) {
        size_t piece = tree->n_floats - at < floats ? tree->n_floats - at : floats;
        shs_status status = receive_piece(tree, piece * sizeof(float), from);
        if (status) return status;
        add_floats(partial->sum.floats + at, tree->piece, piece);
    }
    for (size_t at = 0; at < tree->n_doubles; at += doubles) {
        size_t piece = tree->n_doubles - at < doubles ? tree->n_doubles - at : doubles;
        shs_status status = receive_piece(tree, piece * sizeof(double), from);
        if (status) return status;
        add_doubles(partial->sum.doubles + at, tree->piece, piece);
    }
    return SHS_OK;
}

/* The nodes of a rank grow from the left, each the right half of a node that begins on a lower
 * rank, then shrink to the right, each waiting for its right half from a higher rank. Every rank
 * handles its messages in the order in which the tree completes nodes from left to right, the order
 * of their ends and of two with one end the smaller first; so no ring of ranks can wait for each
 * other. */
static shs_status send_growing(struct mpi_tree *tree, size_t *first)
{
    uint64_t vranks = tree->run->vranks, ranks = (uint64_t)tree->run->ranks;
    for (*first = 0; *first < tree->held; (*first)++) {
        const struct partial *partial = &tree->stack[*first];
        struct order_node parent = order_node_parent(vranks, partial->node);
        if (parent.first == partial->node.first) return SHS_OK; /* the root, or a left half */
        int to = (int)order_host(vranks, ranks, parent.first);
        shs_status status = send_partial(tree, partial, to);
        if (status) return status;
    }
    return SHS_OK;
}

/* Completes the last entry from higher ranks until it is the root or belongs to a lower rank. */
static shs_status complete_shrinking(struct mpi_tree *tree, size_t first)
{
    uint64_t vranks = tree->run->vranks, ranks = (uint64_t)tree->run->ranks;
    while (tree->held > first) {
        struct partial *last = &tree->stack[tree->held - 1];
        struct order_node parent = order_node_parent(vranks, last->node);
        if (order_node_is_root(vranks, last->node)) return SHS_OK;
        if (parent.first != last->node.first) {
            tree->held--;
            return send_partial(tree, last, (int)order_host(vranks, ranks, parent.first));
        }
        shs_status status =
            receive_and_add(tree, last, (int)order_host(vranks, ranks, last->node.end));
        if (status) return status;
        last->node = parent;
        join_entries(tree);
    }
    return SHS_OK;
}

shs_status mpi_tree_sum(struct mpi_tree *tree, struct mpi_vector *root)
{
    size_t first = 0;
    shs_status status = SHS_OK;
    if (tree->run->ranks > 1) {
        status = send_growing(tree, &first);
        if (!status) status = complete_shrinking(tree, first);
    }
    *root = tree->stack[0].sum;
    return status;
}
