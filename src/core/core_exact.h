/* Exact sums of doubles and of whole numbers. Every order and every grouping of the terms gives the
 * same bits, so the result does not depend on the number of ranks. The result is rounded once, at
 * the end.
 *
 * A finite double is a significand, which is a whole number below 2^53, times a power of two that
 * its exponent field tells. Significands of the same exponent field are added up as 128-bit
 * integers, which 2^64 terms cannot overflow. */
#ifndef CORE_EXACT_H
#define CORE_EXACT_H

#include <stdint.h>
#include <string.h>

enum {
    CORE_EXACT_BINS = 2047, /* exponent fields of finite doubles */
    CORE_EXACT_ONE = 1075,  /* the field whose significands count ones */
    CORE_EXACT_UNIT = 1074, /* the smallest double is 2^-1074 */
    CORE_EXACT_DIGITS = 68  /* 2176 bits: 2045 + 53, 2^64 terms, and a sign */
};

__extension__ typedef __int128 core_i128;
__extension__ typedef unsigned __int128 core_u128;

/* An exact sum, of 32 KiB. A zeroed sum is 0. */
struct core_exact {
    core_i128 bin[CORE_EXACT_BINS];
};

/* Adds a finite number to a sum `times` times. */
static inline void core_exact_add_times(struct core_exact *sum, double x, uint64_t times)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t field = bits >> 52 & 2047, fraction = bits & ((UINT64_C(1) << 52) - 1);
    core_i128 term = (core_i128)(fraction | (uint64_t)(field != 0) << 52) * (core_i128)times;
    sum->bin[field] += bits >> 63 ? -term : term;
}

/* Adds a finite number to a sum. */
static inline void core_exact_add(struct core_exact *sum, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t field = bits >> 52 & 2047, fraction = bits & ((UINT64_C(1) << 52) - 1);
    int64_t negative = -(int64_t)(bits >> 63);
    int64_t term = (int64_t)(fraction | (uint64_t)(field != 0) << 52);
    sum->bin[field] += (term ^ negative) - negative;
}

/* Adds a whole number of up to 2^126. The sum of all whole numbers must stay below 2^127. */
static inline void core_exact_add_whole(struct core_exact *sum, core_i128 whole)
{
    sum->bin[CORE_EXACT_ONE] += whole;
}

/* Writes a sum as a number in two's complement, in units of 2^-1074: 32 bits a digit, the least
 * significant digit first. Sums of up to 2^32 processes can be added digit by digit without
 * carrying, since each digit has 64 bits. */
void core_exact_digits(const struct core_exact *sum, uint64_t digits[CORE_EXACT_DIGITS]);

/* Divides the digits of a sum, or the added digits of several sums, by `divisor` (1 … 2^64 - 1).
 * The quotient is rounded once, to the nearest double, ties to even. */
double core_exact_quotient(const uint64_t digits[CORE_EXACT_DIGITS], uint64_t divisor);

/* Returns the sum of whole numbers that the digits stand for. */
core_i128 core_exact_whole(const uint64_t digits[CORE_EXACT_DIGITS]);

#endif
