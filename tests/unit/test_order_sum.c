/* The stack of partial sums against the tree's definition, bit by bit: on one rank, and on many,
 * each with a stack of its own. */
#include "order_sum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shardstep/status.h"
#include "unit.h"

enum {
    N_FLOATS = 3,
    N_DOUBLES = 2,
    MOST_RANKS = 64
};

/* A number with all its digits in use and a magnitude from 2^-8 to 2^8, so that the order of
 * additions shows in the sum (splitmix64: Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators. OOPSLA 2014). */
static double value_of(uint64_t vrank, uint64_t element)
{
    uint64_t bits = (vrank * 8 + element + 1) * UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    bits ^= bits >> 31;
    double scale = (double)(1u << (bits & 15)) / 256;
    return scale * ((double)(bits >> 11) * 0x1p-53 + (bits & 16 ? 1 : -2));
}

/* The definition: node [a,z) = [a,m) + [m,z), m = a + the largest power of two below z - a. */
static uint64_t middle(uint64_t a, uint64_t z)
{
    uint64_t power = 1;
    while (2 * power < z - a)
        power *= 2;
    return a + power;
}

static float float_of_node(uint64_t element, uint64_t a, uint64_t z)
{
    if (z - a == 1) return (float)value_of(a, element);
    uint64_t m = middle(a, z);
    return float_of_node(element, a, m) + float_of_node(element, m, z);
}

static double double_of_node(uint64_t element, uint64_t a, uint64_t z)
{
    if (z - a == 1) return value_of(a, N_FLOATS + element);
    uint64_t m = middle(a, z);
    return double_of_node(element, a, m) + double_of_node(element, m, z);
}

static bool same_bits(const char *type, uint64_t vranks, struct order_node node, uint64_t element,
                      double expected, double found)
{
    if (!memcmp(&expected, &found, sizeof expected)) return true;
    printf("  V = %llu, node [%llu,%llu), %s %llu: expected %a, got %a\n",
           (unsigned long long)vranks, (unsigned long long)node.first, (unsigned long long)node.end,
           type, (unsigned long long)element, expected, found);
    return false;
}

static bool partial_is_right(uint64_t vranks, struct order_partial partial)
{
    struct order_node node = partial.node;
    for (uint64_t i = 0; i < N_FLOATS; i++)
        if (!same_bits("float", vranks, node, i, (double)float_of_node(i, node.first, node.end),
                       (double)partial.vector.floats[i]))
            return false;
    for (uint64_t i = 0; i < N_DOUBLES; i++)
        if (!same_bits("double", vranks, node, i, double_of_node(i, node.first, node.end),
                       partial.vector.doubles[i]))
            return false;
    return true;
}

static bool add_leaves(struct order_sum *sum, uint64_t first, uint64_t end)
{
    for (uint64_t vrank = first; vrank < end; vrank++) {
        struct order_vector to;
        if (order_sum_push(sum, vrank, &to)) return false;
        for (uint64_t i = 0; i < N_FLOATS; i++)
            to.floats[i] = (float)value_of(vrank, i);
        for (uint64_t i = 0; i < N_DOUBLES; i++)
            to.doubles[i] = value_of(vrank, N_FLOATS + i);
        order_sum_join(sum);
    }
    return true;
}

/* 2 ceil(log2 V) - 1, or 2 if V is 2. */
static bool holds_few(const struct order_sum *sum, uint64_t vranks)
{
    size_t levels = 0, most = order_sum_most_held(sum);
    while (UINT64_C(1) << levels < vranks)
        levels++;
    size_t bound = levels > 1 ? 2 * levels - 1 : levels + 1;
    if (most <= bound) return true;
    printf("  V = %llu: at most %zu partial sums expected, %zu were held\n",
           (unsigned long long)vranks, bound, most);
    return false;
}

/* Calls visit with small numbers of vranks and with those around powers of two. */
static void for_many_vranks(void (*visit)(uint64_t vranks))
{
    static const uint64_t large[] = {127, 128, 129, 1000, 1023, 1024, 1025, 3074, 4096, 5001};
    for (uint64_t vranks = 1; vranks <= 70; vranks++)
        visit(vranks);
    for (size_t i = 0; i < COUNT(large); i++)
        visit(large[i]);
}

/* Twice, so that nothing of a step is left for the next one. */
static void sum_on_one_rank(uint64_t vranks)
{
    struct order_sum *sum;
    if (!NEED_STATUS(order_sum_new(vranks, N_FLOATS, N_DOUBLES, &sum), SHS_OK)) return;
    for (int step = 0; step < 2; step++) {
        order_sum_reset(sum);
        CHECK(add_leaves(sum, 0, vranks));
        if (!NEED_EQ(order_sum_held(sum), 1)) break;
        struct order_partial root = order_sum_partial(sum, 0);
        CHECK(order_node_is_root(vranks, root.node));
        CHECK(partial_is_right(vranks, root));
    }
    CHECK(holds_few(sum, vranks));
    order_sum_free(&sum);
    CHECK(sum == NULL);
    order_sum_free(&sum);
}

static void one_rank_sums_in_the_tree(void)
{
    for_many_vranks(sum_on_one_rank);
}

/* A rank but the first: its right halves are completed by the test. What is left on its stack, and
 * what it gives away, are nodes of the tree with their sums. */
static bool rank_is_right(uint64_t vranks, uint64_t first, uint64_t end)
{
    struct order_sum *sum;
    if (order_sum_new(vranks, N_FLOATS, N_DOUBLES, &sum)) return false;
    bool right = add_leaves(sum, first, end) && holds_few(sum, vranks);
    uint64_t next = first;
    for (size_t i = 0; right && i < order_sum_held(sum); i++) {
        struct order_partial partial = order_sum_partial(sum, i);
        right = partial.node.first == next && partial_is_right(vranks, partial);
        next = partial.node.end;
    }
    right = right && next == end;
    order_sum_free(&sum);
    return right;
}

static void sum_on_many_ranks(uint64_t vranks)
{
    for (uint64_t ranks = 2; ranks <= vranks && ranks <= MOST_RANKS; ranks += 1 + ranks / 3)
        for (uint64_t rank = 0; rank < ranks; rank++)
            CHECK(rank_is_right(vranks, order_first_vrank(vranks, ranks, rank),
                                order_first_vrank(vranks, ranks, rank + 1)));
}

static void many_ranks_hold_nodes_of_the_tree(void)
{
    for_many_vranks(sum_on_many_ranks);
}

/* The first rank of a run, to which the test hands each right half that it waits for. */
static void complete_on_first_rank(uint64_t vranks)
{
    struct order_sum *sum;
    if (!NEED_STATUS(order_sum_new(vranks, N_FLOATS, N_DOUBLES, &sum), SHS_OK)) return;
    CHECK(add_leaves(sum, 0, order_first_vrank(vranks, 3, 1)));
    for (;;) {
        struct order_partial last = order_sum_partial(sum, order_sum_held(sum) - 1);
        if (order_node_is_root(vranks, last.node)) break;
        struct order_node parent = order_node_parent(vranks, last.node);
        if (!NEED_EQ(parent.first, last.node.first) || !NEED(parent.end > last.node.end)) break;
        float floats[N_FLOATS];
        double doubles[N_DOUBLES];
        for (uint64_t i = 0; i < N_FLOATS; i++)
            floats[i] = float_of_node(i, last.node.end, parent.end);
        for (uint64_t i = 0; i < N_DOUBLES; i++)
            doubles[i] = double_of_node(i, last.node.end, parent.end);
        order_add_floats(last.vector.floats, floats, N_FLOATS);
        order_add_doubles(last.vector.doubles, doubles, N_DOUBLES);
        order_sum_complete(sum);
    }
    CHECK_EQ(order_sum_held(sum), 1);
    CHECK(partial_is_right(vranks, order_sum_pop(sum)));
    CHECK_EQ(order_sum_held(sum), 0);
    order_sum_free(&sum);
}

static void the_first_rank_completes_the_root(void)
{
    for (uint64_t vranks = 3; vranks <= 130; vranks++)
        complete_on_first_rank(vranks);
    complete_on_first_rank(3074);
}

/* Without this the other tests would accept any order of additions. */
static void the_values_tell_orders_apart(void)
{
    float running = 0;
    double running_double = 0;
    for (uint64_t vrank = 0; vrank < 1000; vrank++) {
        running += (float)value_of(vrank, 0);
        running_double += value_of(vrank, N_FLOATS);
    }
    CHECK_IS(running, !=, float_of_node(0, 0, 1000));
    CHECK_IS(running_double, !=, double_of_node(0, 0, 1000));
}

/* ---- memory */

static size_t memory_left, memory_taken;

static void *counted_reallocate(void *memory, size_t bytes, void *user)
{
    (void)user;
    if (memory_taken == memory_left) return NULL;
    memory_taken++;
    return realloc(memory, bytes);
}

static void counted_release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

/* Memory is made for as many partial sums as are held, and kept for the next step. A push that gets
 * none leaves the sums as they were. */
static void memory_comes_on_demand(void)
{
    static const shs_memory counted = {counted_reallocate, counted_release, NULL};
    struct order_sum *sum;
    struct order_vector to;
    memory_taken = 0;
    memory_left = 1 + 2 * 2; /* the object and two vectors, each of floats and doubles */
    shs_memory_use(&counted);
    CHECK_STATUS(order_sum_new(8, N_FLOATS, N_DOUBLES, &sum), SHS_OK);
    for (int step = 0; step < 2; step++) {
        order_sum_reset(sum);
        CHECK(add_leaves(sum, 0, 2)); /* a third vector is needed for leaf 3 */
        CHECK_STATUS(order_sum_push(sum, 2, &to), SHS_OK);
        CHECK_EQ(memory_taken, memory_left);
        CHECK_STATUS(order_sum_push(sum, 3, &to), SHS_ERROR_MEMORY);
        CHECK_EQ(order_sum_held(sum), 2);
        CHECK(partial_is_right(8, order_sum_partial(sum, 0)));
    }
    order_sum_free(&sum);
    shs_memory_use(NULL);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(one_rank_sums_in_the_tree),
        TEST(many_ranks_hold_nodes_of_the_tree),
        TEST(the_first_rank_completes_the_root),
        TEST(the_values_tell_orders_apart),
        TEST(memory_comes_on_demand),
    };
    return harness_main("order_sum", tests, COUNT(tests), argc, argv);
}
