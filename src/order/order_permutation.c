#include "order_permutation.h"

#include "core_memory.h"
#include "random_stream.h"

static void shuffle_table(uint16_t *table, uint32_t samples, shs_random *random)
{
    for (uint32_t i = 0; i < samples; i++)
        table[i] = (uint16_t)i;
    for (uint32_t i = samples - 1; i > 0; i--) {
        uint32_t other = shs_random_below(random, i + 1);
        uint16_t swap = table[i];
        table[i] = table[other];
        table[other] = swap;
    }
}

static uint32_t bits_of(uint64_t value)
{
    return value ? 64 - (uint32_t)__builtin_clzll(value) : 0;
}

static void set_keys(struct order_permutation *permutation, shs_random *random)
{
    uint32_t bits = bits_of(permutation->samples - 1);
    permutation->low_bits = bits / 2;
    permutation->high_bits = bits - bits / 2;
    for (int round = 0; round < ORDER_ROUNDS; round++)
        for (int part = 0; part < 2; part++)
            permutation->keys[round][part] = shs_random_u32(random);
}

shs_status order_permutation_draw(struct order_permutation *permutation,
                                  const struct order_source *source, uint64_t samples)
{
    shs_random random;
    random_of_order(source->seed, source->stream, source->part, source->epoch, source->vrank,
                    &random);
    permutation->samples = samples;
    permutation->inverted = false;
    if (samples > ORDER_TABLE_MAX) {
        order_permutation_free(permutation);
        set_keys(permutation, &random);
        return SHS_OK;
    }
    if (!permutation->table) {
        shs_status status = core_new(ORDER_TABLE_MAX, sizeof *permutation->table,
                                     "a permutation's table", &permutation->table);
        if (status) return status;
    }
    shuffle_table(permutation->table, (uint32_t)samples, &random);
    return SHS_OK;
}

shs_status order_permutation_set(struct order_permutation *permutation, uint64_t seed,
                                 uint32_t stream, uint64_t epoch, uint64_t samples)
{
    struct order_source source = {.seed = seed, .stream = stream, .epoch = epoch};
    return order_permutation_draw(permutation, &source, samples);
}

void order_permutation_free(struct order_permutation *permutation)
{
    core_free(&permutation->table);
    core_free(&permutation->inverse);
}

/* A keyed mixing of 32 bits. The multipliers are odd, so that no bit of the input is lost: the
 * golden ratio and Knuth's for linear congruential generators (TAOCP vol. 2, 3.3.4, table 1,
 * line 16), as used by many 32-bit hashes. */
static uint32_t mix(uint32_t half, const uint32_t key[2])
{
    uint32_t word = (half ^ key[0]) * UINT32_C(0x9E3779B1);
    word ^= word >> 16;
    word = (word + key[1]) * UINT32_C(1664525);
    return word ^ word >> 15;
}

/* A Feistel network whose halves may differ by a bit: each round changes one half by a function of
 * the other, which can be undone, so the whole is a permutation of 2^(low_bits + high_bits). */
static uint64_t encipher(const struct order_permutation *permutation, uint64_t position)
{
    uint32_t low_mask = (UINT32_C(1) << permutation->low_bits) - 1;
    uint32_t high_mask = (UINT32_C(1) << permutation->high_bits) - 1;
    uint32_t low = (uint32_t)position & low_mask;
    uint32_t high = (uint32_t)(position >> permutation->low_bits);
    for (int round = 0; round < ORDER_ROUNDS; round += 2) {
        low ^= mix(high, permutation->keys[round]) & low_mask;
        high ^= mix(low, permutation->keys[round + 1]) & high_mask;
    }
    return (uint64_t)high << permutation->low_bits | low;
}

uint64_t order_permutation_row(const struct order_permutation *permutation, uint64_t position)
{
    if (permutation->table) return permutation->table[position];
    /* Cycle walking: from a row, the network's cycle leads to the next row below N. The domain is
     * less than twice N, so that takes under two steps on average. */
    do
        position = encipher(permutation, position);
    while (position >= permutation->samples);
    return position;
}

/* The rounds of encipher(), undone in reverse. */
static uint64_t decipher(const struct order_permutation *permutation, uint64_t row)
{
    uint32_t low_mask = (UINT32_C(1) << permutation->low_bits) - 1;
    uint32_t high_mask = (UINT32_C(1) << permutation->high_bits) - 1;
    uint32_t low = (uint32_t)row & low_mask;
    uint32_t high = (uint32_t)(row >> permutation->low_bits);
    for (int round = ORDER_ROUNDS - 2; round >= 0; round -= 2) {
        high ^= mix(low, permutation->keys[round + 1]) & high_mask;
        low ^= mix(high, permutation->keys[round]) & low_mask;
    }
    return (uint64_t)high << permutation->low_bits | low;
}

static uint64_t search_table(struct order_permutation *permutation, uint64_t row)
{
    uint64_t position = 0;
    if (!permutation->inverse && core_new(ORDER_TABLE_MAX, sizeof *permutation->inverse,
                                          "a permutation's inverse", &permutation->inverse)) {
        while (permutation->table[position] != row)
            position++;
        return position;
    }
    for (; position < permutation->samples && !permutation->inverted; position++)
        permutation->inverse[permutation->table[position]] = (uint16_t)position;
    permutation->inverted = true;
    return permutation->inverse[row];
}

uint64_t order_permutation_position(struct order_permutation *permutation, uint64_t row)
{
    if (permutation->table) return search_table(permutation, row);
    do
        row = decipher(permutation, row);
    while (row >= permutation->samples);
    return row;
}
