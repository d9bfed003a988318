/* Values whose sum depends on the order of additions, and the tree of contract 3 written down once
 * more, slowly: node [a,z) = [a,m) + [m,z), m = a + the largest power of two below z - a. */
#ifndef SUMS_H
#define SUMS_H

#include <math.h>

#include "ranks.h"

/* A number of any sign and of a magnitude from 2^-20 to 2^20, with all its digits in use. */
static inline double mixed_value(uint64_t vrank, uint64_t element, uint64_t salt)
{
    uint64_t bits = scramble(scramble(scramble(salt) + vrank) + element);
    double magnitude = 1 + (double)(bits >> 12) * 0x1p-52;
    return ldexp(bits & 1 ? magnitude : -magnitude, (int)(bits >> 1 & 63) % 41 - 20);
}

static inline float mixed_float(uint64_t vrank, uint64_t element, uint64_t salt)
{
    return (float)mixed_value(vrank, element, salt);
}

static inline uint64_t middle(uint64_t a, uint64_t z)
{
    uint64_t power = 1;
    while (power * 2 < z - a)
        power *= 2;
    return a + power;
}

/* What a vrank adds: its values, or nothing if `counts` is given and says that its batch is empty.
 */
struct addends {
    uint64_t salt;
    const uint64_t *counts; /* of each vrank, or NULL */
};

static inline bool adds_nothing(const struct addends *of, uint64_t vrank)
{
    return of->counts && of->counts[vrank] == 0;
}

static inline float tree_of_floats(const struct addends *of, uint64_t element, uint64_t a,
                                   uint64_t z)
{
    if (z - a > 1)
        return tree_of_floats(of, element, a, middle(a, z)) +
               tree_of_floats(of, element, middle(a, z), z);
    return adds_nothing(of, a) ? 0.0f : mixed_float(a, element, of->salt);
}

static inline double tree_of_doubles(const struct addends *of, uint64_t element, uint64_t a,
                                     uint64_t z)
{
    if (z - a > 1)
        return tree_of_doubles(of, element, a, middle(a, z)) +
               tree_of_doubles(of, element, middle(a, z), z);
    return adds_nothing(of, a) ? 0.0 : mixed_value(a, element, of->salt);
}

#endif
