/* The kernels of one instruction set, which the including file is compiled for. */
#include "order_kernels.h"
#include "order_network.h"

static inline __attribute__((always_inline)) void round_of(uint32_t *to, const uint32_t *from,
                                                           const uint32_t key[2], uint32_t mask)
{
    for (int i = 0; i < ORDER_GROUP; i++)
        to[i] ^= order_mix(from[i], key) & mask;
}

static void encipher(const struct order_permutation *permutation, uint64_t *values, size_t groups)
{
    const uint32_t shift = permutation->low_bits;
    const uint32_t low_mask = (UINT32_C(1) << shift) - 1;
    const uint32_t high_mask = (UINT32_C(1) << permutation->high_bits) - 1;
    for (; groups; groups--, values += ORDER_GROUP) {
        uint32_t low[ORDER_GROUP], high[ORDER_GROUP];
        for (int i = 0; i < ORDER_GROUP; i++) {
            low[i] = (uint32_t)values[i] & low_mask;
            high[i] = (uint32_t)(values[i] >> shift);
        }
        for (int round = 0; round < ORDER_ROUNDS; round += 2) {
            round_of(low, high, permutation->keys[round], low_mask);
            round_of(high, low, permutation->keys[round + 1], high_mask);
        }
        for (int i = 0; i < ORDER_GROUP; i++)
            values[i] = (uint64_t)high[i] << shift | low[i];
    }
}
