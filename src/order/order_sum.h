/* The sum of vectors over virtual ranks, in order's tree: a stack of partial sums. Pure.
 *
 * A rank adds its leaves from left to right. Two partial sums that are the halves of one node are
 * added at once, each element with one rounding, so that few are held at a time: at most
 * 2 ceil(log2 V) - 1, or 2 if V is 2. */
#ifndef ORDER_SUM_H
#define ORDER_SUM_H

#include <stddef.h>

#include "core_status.h"
#include "order_tree.h"

/* The elements of a vector: floats, then doubles. */
struct order_vector {
    float *floats;
    double *doubles;
};

/* The sum over the leaves of a node. */
struct order_partial {
    struct order_node node;
    struct order_vector vector;
};

struct order_sum;

/* A sum over `vranks` virtual ranks, of which nothing is held yet. On error *sum is NULL. */
shs_status order_sum_new(uint64_t vranks, size_t n_floats, size_t n_doubles,
                         struct order_sum **sum);

/* Accepts a pointer to NULL; leaves NULL. */
void order_sum_free(struct order_sum **sum);

/* Forgets all partial sums. Their memory is kept for the next ones. */
void order_sum_reset(struct order_sum *sum);

/* Puts a leaf on the stack: the first one, or the virtual rank after the last one. *vector is where
 * the caller writes its elements before it calls order_sum_join(). */
shs_status order_sum_push(struct order_sum *sum, uint64_t vrank, struct order_vector *vector);

/* Adds the last two partial sums as long as they are the halves of one node. */
void order_sum_join(struct order_sum *sum);

/* The last partial sum was the left half of its node, and the caller has added the right half to
 * it: it becomes that node, and is joined. */
void order_sum_complete(struct order_sum *sum);

/* Takes the last partial sum off the stack. Its vector is valid until the next push. */
struct order_partial order_sum_pop(struct order_sum *sum);

/* The number of partial sums on the stack, and the most there have been since order_sum_new(). */
size_t order_sum_held(const struct order_sum *sum);
size_t order_sum_most_held(const struct order_sum *sum);

/* Partial sum `at` of those on the stack, from left to right. */
struct order_partial order_sum_partial(const struct order_sum *sum, size_t at);

/* Adds `from` to `to`, element by element. */
void order_add_floats(float *restrict to, const float *restrict from, size_t count);
void order_add_doubles(double *restrict to, const double *restrict from, size_t count);

#endif
