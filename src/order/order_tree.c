#include "order_tree.h"

#include "core_assert.h"
#include "order_plan.h"

static uint64_t middle_of(struct order_node node)
{
    uint64_t span = node.end - node.first - 1;
    uint32_t level = 63 - (uint32_t)__builtin_clzll(span);
    return node.first + (UINT64_C(1) << level);
}

bool order_node_is_root(uint64_t vranks, struct order_node node)
{
    return node.first == 0 && node.end == vranks;
}

struct order_node order_node_parent(uint64_t vranks, struct order_node node)
{
    struct order_node parent = {0, vranks};
    core_assert(node.first < node.end && node.end <= vranks);
    while (parent.end - parent.first > 1) {
        uint64_t middle = middle_of(parent);
        struct order_node half = node.first < middle ? (struct order_node){parent.first, middle}
                                                     : (struct order_node){middle, parent.end};
        if (half.end - half.first <= node.end - node.first) break;
        parent = half;
    }
    return parent;
}

bool order_nodes_join(uint64_t vranks, struct order_node left, struct order_node right)
{
    if (left.end != right.first) return false;
    struct order_node parent = order_node_parent(vranks, left);
    return parent.first == left.first && parent.end == right.end;
}

uint64_t order_first_vrank(uint64_t vranks, uint64_t ranks, uint64_t rank)
{
    return order_share(vranks, rank, ranks);
}

uint64_t order_host(uint64_t vranks, uint64_t ranks, uint64_t vrank)
{
    uint64_t host = ((vrank + 1) * ranks - 1) / vranks;
    core_assert(vrank < vranks && order_first_vrank(vranks, ranks, host) <= vrank &&
                vrank < order_first_vrank(vranks, ranks, host + 1));
    return host;
}
