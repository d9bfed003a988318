/* Arithmetic on vectors, for the instruction set that the including file is compiled for. All give
 * the same bits: no operation is contracted, and sums have one order. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element i of the result depends on elements i alone, so vectors that are the same may be read and
 * written in one loop. */
#if defined(__clang__)
#define SAME_OR_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define SAME_OR_APART _Pragma("GCC ivdep")
#endif

static void add_floats(float *to, const float *from, size_t count)
{
    SAME_OR_APART
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

static void add_doubles(double *to, const double *from, size_t count)
{
    SAME_OR_APART
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

static void add(bool doubles, void *to, const void *from, size_t count)
{
    if (doubles)
        add_doubles(to, from, count);
    else
        add_floats(to, from, count);
}

static void join_floats(float *to, const float *left, const float *right, size_t count)
{
    SAME_OR_APART
    for (size_t i = 0; i < count; i++)
        to[i] = left[i] + right[i];
}

static void join_doubles(double *to, const double *left, const double *right, size_t count)
{
    SAME_OR_APART
    for (size_t i = 0; i < count; i++)
        to[i] = left[i] + right[i];
}

static void join(bool doubles, void *to, const void *left, const void *right, size_t count)
{
    if (doubles)
        join_doubles(to, left, right, count);
    else
        join_floats(to, left, right, count);
}

/* ---- Division. */

static bool is_power_of_two(uint64_t number)
{
    return (number & (number - 1)) == 0;
}

/* A product with a power of two is the correctly rounded quotient. A division of floats is one,
 * too, if the divisor is a float. Otherwise the quotient is computed in double and then rounded to
 * float, which is correct all the same (Figueroa: When is double rounding innocuous? SIGNUM
 * Newsletter 30 (1995)). */
static void divide_floats(float *to, const float *from, size_t count, uint64_t divisor)
{
    float by = (float)divisor, factor = 1 / by;
    if (is_power_of_two(divisor)) {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * factor;
    } else if (divisor < UINT64_C(1) << 24) {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] / by;
    } else {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((double)from[i] / (double)divisor);
    }
}

static void divide_doubles(double *to, const double *from, size_t count, uint64_t divisor)
{
    double by = (double)divisor, factor = 1 / by;
    if (is_power_of_two(divisor)) {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * factor;
    } else {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] / by;
    }
}

static void divide(bool doubles, void *to, const void *from, size_t count, uint64_t divisor)
{
    if (doubles)
        divide_doubles(to, from, count, divisor);
    else
        divide_floats(to, from, count, divisor);
}

/* The mean of two floats each in one loop, where the quotient is found by one operation. */
static void average_floats(float *to, const float *left, const float *right, size_t count,
                           uint64_t divisor)
{
    float by = (float)divisor, factor = 1 / by;
    if (is_power_of_two(divisor)) {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = (left[i] + right[i]) * factor;
    } else {
        SAME_OR_APART
        for (size_t i = 0; i < count; i++)
            to[i] = (left[i] + right[i]) / by;
    }
}

static void average(bool doubles, void *to, const void *left, const void *right, size_t count,
                    uint64_t divisor)
{
    if (!doubles && divisor < UINT64_C(1) << 24) {
        average_floats(to, left, right, count, divisor);
    } else {
        join(doubles, to, left, right, count);
        divide(doubles, to, to, count, divisor);
    }
}

/* ---- Squares. */

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

static double squares(bool doubles, const void *from, size_t count)
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
