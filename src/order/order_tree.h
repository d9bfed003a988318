/* The tree of additions over virtual ranks, and who hosts them. Pure.
 *
 * The node over leaves [a,z) is [a,m) + [m,z) with m = a + the largest power of two below z - a;
 * the root is [0,V). */
#ifndef ORDER_TREE_H
#define ORDER_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct order_node {
    uint64_t first; /* a */
    uint64_t end;   /* z */
};

/* The most nodes that a rank holds if it sums its leaves from left to right and joins two nodes as
 * soon as they are the halves of one node. With at most 2^24 leaves there are at most 24 nodes that
 * grow from the left and 24 that shrink to the right. */
enum {
    ORDER_TREE_DEPTH = 48
};

/* Returns a node's parent. The root is its own parent. */
struct order_node order_node_parent(uint64_t vranks, struct order_node node);

bool order_node_is_root(uint64_t vranks, struct order_node node);

/* Returns true if `left` and `right` are the two halves of one node. */
bool order_nodes_join(uint64_t vranks, struct order_node left, struct order_node right);

/* Returns the first virtual rank of a rank: rank p of P hosts virtual ranks [order_first_vrank(p),
 * order_first_vrank(p + 1)). */
uint64_t order_first_vrank(uint64_t vranks, uint64_t ranks, uint64_t rank);

/* Returns the rank that hosts a virtual rank. */
uint64_t order_host(uint64_t vranks, uint64_t ranks, uint64_t vrank);

#endif
