/* Sums of vectors over virtual ranks, in the order of the tree: the nodes that a rank holds, and
 * the arithmetic. Pure.
 *
 * A rank adds its leaves from left to right. Two partial sums that are the halves of one node are
 * added at once, and each element is rounded once. So few partial sums are held at a time. */
#ifndef ORDER_SUM_H
#define ORDER_SUM_H

#include <stddef.h>

#include "order_tree.h"

/* The elements of a vector: floats, then doubles. */
struct order_vector {
    float *floats;
    double *doubles;
};

/* Returns the largest node of the tree that begins at `first` and ends at `end` or before. */
struct order_node order_largest_node(uint64_t vranks, uint64_t first, uint64_t end);

/* Returns the most partial sums that are held at a time while the leaves [first, end) are added
 * from left to right. A leaf that is the right half of a node is added to the left half, and is not
 * held.
 */
size_t order_most_held(uint64_t vranks, uint64_t first, uint64_t end);

/* ---- Arithmetic. Elements of type float, or of type double if `doubles` is true. */

/* Adds `from` to `to`, element by element. */
void order_add(bool doubles, void *to, const void *from, size_t count);

/* Adds +0 to each element: -0 becomes +0. */
void order_add_zero(bool doubles, void *to, size_t count);

/* Sets each element of `to` to left + right. `to` may be one of them. */
void order_join(bool doubles, void *to, const void *left, const void *right, size_t count);

/* Sets each element of `to` to (left + right) / divisor, each operation rounded once. `to` may be
 * one of the others. */
void order_average(bool doubles, void *to, const void *left, const void *right, size_t count,
                   uint64_t divisor);

/* Sets each element of `to` to from / divisor, correctly rounded if the divisor is below 2^53. `to`
 * and `from` may be the same. */
void order_divide(bool doubles, void *to, const void *from, size_t count, uint64_t divisor);

/* Multiplies each element by a factor, in double, and rounds the product once more if the elements
 * are floats. */
void order_scale(bool doubles, void *to, size_t count, double factor);

enum {
    ORDER_SQUARES_BLOCK = 4096 /* elements of a block of order_squares() */
};

/* Returns the sum of the squares of at most ORDER_SQUARES_BLOCK elements, in double. The order of
 * the additions depends on `count` alone. */
double order_squares(bool doubles, const void *from, size_t count);

#endif
