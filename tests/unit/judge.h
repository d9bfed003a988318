/* Numbers for statistical tests: a generator that has nothing to do with the one under test, and
 * when a chi-square is too far from what chance gives. All seeds are fixed: a test that passes
 * once passes always. */
#ifndef JUDGE_H
#define JUDGE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a product of two numbers of 64 bits. */
__extension__ typedef unsigned __int128 judge_wide;

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators. OOPSLA'14). */
static inline uint64_t judge_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* Pearson's statistic of counts that should all be `expected`. */
static inline double judge_chi_square(const uint64_t *counts, size_t n, double expected)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return sum;
}

/* How far is too far, in deviations of a normal variable, and how probable that is by chance. */
#define JUDGE_DEVIATIONS 4.5
#define JUDGE_CHANCE     6.8e-6

/* A chi-square with these degrees of freedom as a normal variable, by Wilson and Hilferty: the cube
 * root of chi-square / k is close to normal with mean 1 - 2/9k and variance 2/9k. */
static inline double judge_deviate(double chi_square, double degrees)
{
    double variance = 2 / (9 * degrees);
    return (cbrt(chi_square / degrees) - (1 - variance)) / sqrt(variance);
}

/* True if a chi-square lies where chance puts it. */
static inline bool judge_plausible(double chi_square, double degrees)
{
    return fabs(judge_deviate(chi_square, degrees)) < JUDGE_DEVIATIONS;
}

#endif
