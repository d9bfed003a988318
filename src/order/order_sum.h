/* The sum of vectors over virtual ranks, in the order of the tree: a stack of partial sums. Pure.
 *
 * A rank adds its leaves from left to right. Two partial sums that are the halves of one node are
 * added at once, and each element is rounded once. So few partial sums are held at a time: at most
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

/* Makes a sum over `vranks` virtual ranks, with no partial sums yet. On error *sum is NULL. */
shs_status order_sum_new(uint64_t vranks, size_t n_floats, size_t n_doubles,
                         struct order_sum **sum);

/* Frees a sum and leaves NULL. Accepts a pointer to NULL. */
void order_sum_free(struct order_sum **sum);

/* Forgets all partial sums. Their memory is kept for further partial sums. */
void order_sum_reset(struct order_sum *sum);

/* Puts a leaf on the stack. If the stack is not empty, the leaf is the virtual rank after the last.
 * The caller writes the leaf's elements to *vector and then calls order_sum_join(). */
shs_status order_sum_push(struct order_sum *sum, uint64_t vrank, struct order_vector *vector);

/* Adds the last two partial sums as long as they are the halves of one node. */
void order_sum_join(struct order_sum *sum);

/* Makes the last partial sum the sum of its parent node, and joins it. It was the left half of that
 * node, and the caller has added the right half. */
void order_sum_complete(struct order_sum *sum);

/* Takes the last partial sum off the stack. Its vector is valid until the next push. */
struct order_partial order_sum_pop(struct order_sum *sum);

/* Return the number of partial sums on the stack, and the largest number since order_sum_new(). */
size_t order_sum_held(const struct order_sum *sum);
size_t order_sum_most_held(const struct order_sum *sum);

/* Returns partial sum number `at` on the stack, from left to right. */
struct order_partial order_sum_partial(const struct order_sum *sum, size_t at);

/* Adds `from` to `to`, element by element. */
void order_add_floats(float *restrict to, const float *restrict from, size_t count);
void order_add_doubles(double *restrict to, const double *restrict from, size_t count);

#endif
