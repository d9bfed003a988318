/* One round's mixing and the network's two directions, on single values and, by loops that
 * compilers turn into vector instructions, on groups. */
#ifndef ORDER_NETWORK_H
#define ORDER_NETWORK_H

#include "order_permutation.h"

/* A keyed mixing of 32 bits. The multipliers are odd, so that no bit of the input is lost: the
 * golden ratio and Knuth's for linear congruential generators (TAOCP vol. 2, 3.3.4, table 1,
 * line 16), as used by many 32-bit hashes. */
static inline uint32_t order_mix(uint32_t half, const uint32_t key[2])
{
    uint32_t word = (half ^ key[0]) * UINT32_C(0x9E3779B1);
    word ^= word >> 16;
    word = (word + key[1]) * UINT32_C(1664525);
    return word ^ word >> 15;
}

#endif
