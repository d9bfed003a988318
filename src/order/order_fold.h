/* The tree of additions over vectors that lie anywhere: a list of partial sums, from left to right,
 * becomes as few partial sums as the tree allows. Pure.
 *
 * Vectors are folded block by block, so that the sums on the way stay in the processor's cache. */
#ifndef ORDER_FOLD_H
#define ORDER_FOLD_H

#include "core_status.h"
#include "order_sum.h"

/* The leaves of a partial sum. In groups the part of a virtual rank is itself a tree, over the
 * members of its group. Without groups `members` is [0,1). */
struct order_span {
    struct order_node vranks;  /* more than one virtual rank only if all members are in it */
    struct order_node members; /* of the virtual rank */
};

/* The trees that spans belong to. */
struct order_trees {
    uint64_t vranks;
    uint64_t members; /* of a group */
};

/* Joins `right` to `left` and returns true if they are the two halves of one node. */
bool order_span_join(struct order_trees trees, struct order_span *left, struct order_span right);

enum {
    ORDER_FOLD_BLOCK = 1024 /* the most elements that are folded at a time */
};

struct order_fold;

/* Makes a fold of partial sums with these spans, from left to right without overlap. On error *fold
 * is NULL. */
shs_status order_fold_new(struct order_trees trees, const struct order_span *spans, size_t count,
                          struct order_fold **fold);

/* Frees a fold and leaves NULL. Accepts a pointer to NULL. */
void order_fold_free(struct order_fold **fold);

/* Returns the number of partial sums that are left, and the span of one of them. */
size_t order_fold_left(const struct order_fold *fold);
struct order_span order_fold_span(const struct order_fold *fold, size_t number);

/* Returns the number of the vector that a partial sum that is left consists of, or SIZE_MAX if it
 * is a sum of several. */
size_t order_fold_sole(const struct order_fold *fold, size_t number);

/* Folds elements [at, at + count) of the vectors `from`, at most ORDER_FOLD_BLOCK. Points left[k]
 * to the elements of each partial sum that is left: in a vector of `from`, or in memory of the
 * fold, where they are valid until the next call. `left` has room for as many pointers as there are
 * vectors. */
void order_fold_block(struct order_fold *fold, bool doubles, const void *const *from, size_t at,
                      size_t count, const void **left);

/* Does the same with a fold that leaves the root, and writes root / divisor to `to`, which may be
 * the elements of one of the vectors. `left` is changed. */
void order_fold_average(struct order_fold *fold, bool doubles, const void *const *from, size_t at,
                        size_t count, const void **left, uint64_t divisor, void *to);

#endif
