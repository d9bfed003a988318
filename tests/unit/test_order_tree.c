/* The tree of additions over virtual ranks, against its definition, and who hosts them. */
#include "core_status.h"
#include "order_tree.h"
#include "unit.h"

enum {
    MOST_VRANKS = 300
};

struct listed {
    struct order_node node, parent;
};

struct tree {
    struct listed nodes[2 * MOST_VRANKS];
    size_t count;
};

/* The definition, word for word: m = a + the largest power of two below z - a. */
static void list_nodes(struct tree *tree, struct order_node node, struct order_node parent)
{
    uint64_t power = 1;
    tree->nodes[tree->count++] = (struct listed){node, parent};
    if (node.end - node.first == 1) return;
    while (2 * power < node.end - node.first)
        power *= 2;
    list_nodes(tree, (struct order_node){node.first, node.first + power}, node);
    list_nodes(tree, (struct order_node){node.first + power, node.end}, node);
}

static void list_tree(struct tree *tree, uint64_t vranks)
{
    struct order_node root = {0, vranks};
    tree->count = 0;
    list_nodes(tree, root, root);
}

static bool same(struct order_node came, struct order_node expected)
{
    return CHECK_EQ(came.first, expected.first) && CHECK_EQ(came.end, expected.end);
}

static bool are_siblings(const struct listed *a, const struct listed *b)
{
    return a->parent.first == b->parent.first && a->parent.end == b->parent.end;
}

static void parents_are_those_of_the_definition(void)
{
    static struct tree tree;
    size_t wrong = 0;
    for (uint64_t vranks = 1; vranks <= MOST_VRANKS; vranks++) {
        list_tree(&tree, vranks);
        wrong += !CHECK_EQ(tree.count, 2 * vranks - 1);
        for (size_t i = 0; i < tree.count; i++) {
            const struct listed *listed = &tree.nodes[i];
            harness_where("%llu vranks, node [%llu, %llu)", (ull)vranks, (ull)listed->node.first,
                          (ull)listed->node.end);
            wrong += !same(order_node_parent(vranks, listed->node), listed->parent);
            wrong += !CHECK_EQ(order_node_is_root(vranks, listed->node), i == 0);
        }
    }
    CHECK_EQ(wrong, 0);
}

/* Every pair of nodes for few virtual ranks, those that touch for many. */
static void only_halves_of_one_node_join(void)
{
    static struct tree tree;
    size_t wrong = 0, joins = 0, leaves = 0;
    for (uint64_t vranks = 1; vranks <= MOST_VRANKS; vranks++) {
        list_tree(&tree, vranks);
        leaves += vranks;
        for (size_t i = 0; i < tree.count; i++)
            for (size_t k = 0; k < tree.count; k++) {
                struct listed left = tree.nodes[i], right = tree.nodes[k];
                bool touch = left.node.end == right.node.first;
                if (vranks > 40 && !touch) continue;
                bool halves = touch && are_siblings(&left, &right);
                if (order_nodes_join(vranks, left.node, right.node) != halves) {
                    WRONG("expected [%llu, %llu) and [%llu, %llu) %s; came the other; %llu vranks",
                          (ull)left.node.first, (ull)left.node.end, (ull)right.node.first,
                          (ull)right.node.end, halves ? "to join" : "not to join", (ull)vranks);
                    wrong++;
                }
                joins += halves;
            }
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(joins, leaves - MOST_VRANKS);
}

static void a_known_tree(void)
{
    /* 5 = 4 + 1, 4 = 2 + 2; 6 = 4 + 2; 7 = 4 + (2 + 1) */
    CHECK(same(order_node_parent(5, (struct order_node){4, 5}), (struct order_node){0, 5}));
    CHECK(same(order_node_parent(5, (struct order_node){0, 4}), (struct order_node){0, 5}));
    CHECK(same(order_node_parent(6, (struct order_node){4, 5}), (struct order_node){4, 6}));
    CHECK(same(order_node_parent(7, (struct order_node){6, 7}), (struct order_node){4, 7}));
    CHECK(same(order_node_parent(7, (struct order_node){4, 7}), (struct order_node){0, 7}));
    CHECK(!order_nodes_join(7, (struct order_node){5, 6}, (struct order_node){6, 7}));
    CHECK(order_nodes_join(7, (struct order_node){4, 6}, (struct order_node){6, 7}));
    const uint64_t most = 1 << 24;
    CHECK(same(order_node_parent(most, (struct order_node){most - 2, most - 1}),
               (struct order_node){most - 2, most}));
    CHECK(order_nodes_join(most, (struct order_node){0, most / 2},
                           (struct order_node){most / 2, most}));
}

/* ---- hosts */

static void each_virtual_rank_has_one_host(void)
{
    size_t wrong = 0;
    for (uint64_t vranks = 1; vranks <= 130; vranks++)
        for (uint64_t ranks = 1; ranks <= vranks; ranks++) {
            harness_where("%llu vranks on %llu ranks", (ull)vranks, (ull)ranks);
            wrong += !CHECK_EQ(order_first_vrank(vranks, ranks, 0), 0);
            wrong += !CHECK_EQ(order_first_vrank(vranks, ranks, ranks), vranks);
            for (uint64_t rank = 0; rank < ranks; rank++) {
                uint64_t first = order_first_vrank(vranks, ranks, rank);
                uint64_t end = order_first_vrank(vranks, ranks, rank + 1);
                wrong += !CHECK_EQ(first, rank * vranks / ranks);
                wrong += !CHECK_IS(first, <, end);
                for (uint64_t vrank = first; vrank < end; vrank++)
                    wrong += !CHECK_EQ(order_host(vranks, ranks, vrank), rank);
            }
        }
    CHECK_EQ(wrong, 0);
}

static void the_largest_cluster_has_hosts(void)
{
    static const uint64_t all_ranks[] = {1, 2, 3, 1000, 65537, (1 << 24) - 1, 1 << 24};
    const uint64_t vranks = 1 << 24;
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT(all_ranks); i++)
        for (uint64_t rank = 0; rank < all_ranks[i]; rank += 1 + all_ranks[i] / 5000) {
            harness_where("rank %llu of %llu", (ull)rank, (ull)all_ranks[i]);
            uint64_t first = order_first_vrank(vranks, all_ranks[i], rank);
            uint64_t end = order_first_vrank(vranks, all_ranks[i], rank + 1);
            wrong += !CHECK_EQ(order_host(vranks, all_ranks[i], first), rank);
            wrong += !CHECK_EQ(order_host(vranks, all_ranks[i], end - 1), rank);
        }
    CHECK_EQ(wrong, 0);
}

/* The most nodes that a rank holds while it adds leaves [first, end) from left to right. */
static size_t most_held(uint64_t vranks, uint64_t first, uint64_t end)
{
    struct order_node stack[MOST_VRANKS];
    size_t held = 0, most = 0;
    for (uint64_t leaf = first; leaf < end; leaf++) {
        stack[held++] = (struct order_node){leaf, leaf + 1};
        if (held > most) most = held;
        while (held > 1 && order_nodes_join(vranks, stack[held - 2], stack[held - 1])) {
            held--;
            stack[held - 1].end = stack[held].end;
        }
    }
    return most;
}

/* With l = log2(V) rounded up: on its way to the right a block meets nodes that grow, then nodes
 * that shrink, fewer than l of each, and the leaf that was added last. */
static void a_rank_holds_few_nodes(void)
{
    size_t wrong = 0;
    for (uint64_t vranks = 2; vranks <= 128; vranks++) {
        size_t levels = 0;
        while (UINT64_C(1) << levels < vranks)
            levels++;
        size_t most = levels > 1 ? 2 * levels - 1 : 2;
        wrong += !CHECK_IS(most_held(vranks, 0, vranks), <=, levels + 1);
        for (uint64_t ranks = 1; ranks <= vranks; ranks++)
            for (uint64_t rank = 0; rank < ranks; rank++) {
                harness_where("%llu vranks on %llu ranks", (ull)vranks, (ull)ranks);
                wrong +=
                    !CHECK_IS(most_held(vranks, rank * vranks / ranks, (rank + 1) * vranks / ranks),
                              <=, most);
            }
    }
    harness_where(NULL);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(most_held(128, 0, 128), 8);
    CHECK_EQ(most_held(4096, 1, 4096), 2 * 12 - 1);
    CHECK_EQ(most_held(3074, 1537, 3074), 20); /* the second of two ranks */
    CHECK_IS(2 * 24 - 1, <=, ORDER_TREE_DEPTH);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(parents_are_those_of_the_definition),
        TEST(only_halves_of_one_node_join),
        TEST(a_known_tree),
        TEST(each_virtual_rank_has_one_host),
        TEST(the_largest_cluster_has_hosts),
        TEST(a_rank_holds_few_nodes),
    };
    return harness_main("order_tree", tests, COUNT(tests), argc, argv);
}
