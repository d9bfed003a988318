/* Powers with a whole exponent, without libm. */
#ifndef OPTIMIZE_POWER_H
#define OPTIMIZE_POWER_H

#include <stdint.h>

/* Returns base^exponent by repeated squaring: the powers base, base^2, base^4, … whose exponents
 * `exponent` has in binary are multiplied from the lowest on. The relative error is below
 * exponent * 2^-52. */
static inline double optimize_power(double base, uint64_t exponent)
{
    double product = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) product = product * base;
        base = base * base;
    }
    return product;
}

#endif
