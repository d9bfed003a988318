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

/* A rank that sums its leaves from left to right, joining two nodes as soon as they are the halves
 * of one, holds at most this many nodes: with at most 2^24 leaves, 24 that grow from the left and
 * 24 that shrink to the right. */
enum {
    ORDER_TREE_DEPTH = 48
};

/* A node's parent; the root's is itself. */
struct order_node order_node_parent(uint64_t vranks, struct order_node node);

bool order_node_is_root(uint64_t vranks, struct order_node node);

/* True if `left` and `right` are the two halves of one node. */
bool order_nodes_join(uint64_t vranks, struct order_node left, struct order_node right);

/* Rank p of P hosts virtual ranks [order_first_vrank(p), order_first_vrank(p + 1)). */
uint64_t order_first_vrank(uint64_t vranks, uint64_t ranks, uint64_t rank);

/* The rank that hosts a virtual rank. */
uint64_t order_host(uint64_t vranks, uint64_t ranks, uint64_t vrank);

#endif
