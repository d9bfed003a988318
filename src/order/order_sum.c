#include "order_sum.h"

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

static void add_floats(float *restrict to, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

static void add_doubles(double *restrict to, const double *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

void order_add(bool doubles, void *to, const void *from, size_t count)
{
    if (doubles)
        add_doubles(to, from, count);
    else
        add_floats(to, from, count);
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

static void join_floats(float *restrict to, const float *left, const float *right, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = left[i] + right[i];
}

static void join_doubles(double *restrict to, const double *left, const double *right, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = left[i] + right[i];
}

void order_join(bool doubles, void *to, const void *left, const void *right, size_t count)
{
    if (doubles)
        join_doubles(to, left, right, count);
    else
        join_floats(to, left, right, count);
}

/* ---- Division. */

/* A product with a power of two is the correctly rounded quotient. A division of floats is one,
 * too, if the divisor is a float. Otherwise the quotient is computed in double and then rounded to
 * float, which is correct all the same (Figueroa: When is double rounding innocuous? SIGNUM
 * Newsletter 30 (1995)). */
static void divide_floats(float *to, const float *from, size_t count, uint64_t divisor)
{
    if ((divisor & (divisor - 1)) == 0) {
        float factor = 1 / (float)divisor;
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * factor;
    } else if (divisor < UINT64_C(1) << 24) {
        float by = (float)divisor;
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] / by;
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((double)from[i] / (double)divisor);
    }
}

static void divide_doubles(double *to, const double *from, size_t count, uint64_t divisor)
{
    double by = (double)divisor, factor = 1 / by;
    if ((divisor & (divisor - 1)) == 0) {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * factor;
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] / by;
    }
}

void order_divide(bool doubles, void *to, const void *from, size_t count, uint64_t divisor)
{
    if (doubles)
        divide_doubles(to, from, count, divisor);
    else
        divide_floats(to, from, count, divisor);
}

/* ---- The norm. */

void order_scale(bool doubles, void *to, size_t count, double factor)
{
    float *floats = to;
    double *pairs = to;
    for (size_t i = 0; i < count && !doubles; i++)
        floats[i] = (float)((double)floats[i] * factor);
    for (size_t i = 0; i < count && doubles; i++)
        pairs[i] *= factor;
}

enum {
    LANES = 8
};

static void add_squares_of_floats(double lane[LANES], const float *from, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (double)from[i + k] * (double)from[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += (double)from[i + k] * (double)from[i + k];
}

static void add_squares_of_doubles(double lane[LANES], const double *from, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += from[i + k] * from[i + k];
    for (size_t k = 0; i + k < count; k++)
        lane[k] += from[i + k] * from[i + k];
}

double order_squares(bool doubles, const void *from, size_t count)
{
    double lane[LANES] = {0};
    if (doubles)
        add_squares_of_doubles(lane, from, count);
    else
        add_squares_of_floats(lane, from, count);
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t k = 0; k < half; k++)
            lane[k] += lane[k + half];
    return lane[0];
}
