#include "order_sum.h"

#include "order_kernels.h"

struct order_node order_largest_node(uint64_t vranks, uint64_t first, uint64_t end)
{
    struct order_node node = {first, first + 1};
    for (;;) {
        struct order_node parent = order_node_parent(vranks, node);
        if (parent.first != first || parent.end > end || parent.end == node.end) return node;
        node = parent;
    }
}

/* The left half of a node has a power of two leaves. When its last leaf but one comes, a partial
 * sum of each smaller power of two is held. */
static size_t most_held_in(uint64_t leaves)
{
    size_t beside = 0, most = 1;
    while (leaves > 1) {
        uint64_t left = UINT64_C(1) << (63 - __builtin_clzll(leaves - 1));
        size_t level = (size_t)__builtin_ctzll(left);
        if (beside + level > most) most = beside + level;
        leaves -= left;
        if (leaves > 1) beside++; /* a right half of one leaf is not held */
        if (beside + 1 > most) most = beside + 1;
    }
    return most;
}

size_t order_most_held(uint64_t vranks, uint64_t first, uint64_t end)
{
    size_t most = 0;
    for (size_t beside = 0; first < end; beside++) {
        struct order_node node = order_largest_node(vranks, first, end);
        size_t held = beside + most_held_in(node.end - node.first);
        if (held > most) most = held;
        first = node.end;
    }
    return most;
}

/* ---- Arithmetic. */

void order_add(bool doubles, void *to, const void *from, size_t count)
{
    order_kernels_now()->add(doubles, to, from, count);
}

void order_join(bool doubles, void *to, const void *left, const void *right, size_t count)
{
    order_kernels_now()->join(doubles, to, left, right, count);
}

void order_divide(bool doubles, void *to, const void *from, size_t count, uint64_t divisor)
{
    order_kernels_now()->divide(doubles, to, from, count, divisor);
}

void order_average(bool doubles, void *to, const void *left, const void *right, size_t count,
                   uint64_t divisor)
{
    order_kernels_now()->average(doubles, to, left, right, count, divisor);
}

double order_squares(bool doubles, const void *from, size_t count)
{
    return order_kernels_now()->squares(doubles, from, count);
}

void order_add_zero(bool doubles, void *to, size_t count)
{
    float *floats = to;
    double *pairs = to;
    for (size_t i = 0; i < count && !doubles; i++)
        floats[i] += 0.0f;
    for (size_t i = 0; i < count && doubles; i++)
        pairs[i] += 0.0;
}

void order_scale(bool doubles, void *to, size_t count, double factor)
{
    float *floats = to;
    double *pairs = to;
    for (size_t i = 0; i < count && !doubles; i++)
        floats[i] = (float)((double)floats[i] * factor);
    for (size_t i = 0; i < count && doubles; i++)
        pairs[i] *= factor;
}
