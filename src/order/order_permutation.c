#include "order_permutation.h"

#include "core_assert.h"
#include "core_memory.h"
#include "order_kernels.h"
#include "order_network.h"
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
    /* order_permutation_row() relies on this to end soon */
    core_assert(permutation->samples > UINT64_C(1) << (bits - 1));
    for (int round = 0; round < ORDER_ROUNDS; round++)
        for (int part = 0; part < 2; part++)
            permutation->keys[round][part] = shs_random_u32(random);
}

/* Makes a table of as many samples as any may have, unless a smaller one was reserved. */
static shs_status make_table(struct order_permutation *permutation, uint64_t samples)
{
    if (samples <= permutation->capacity) return SHS_OK;
    order_permutation_free(permutation);
    shs_status status = core_new(ORDER_TABLE_MAX, sizeof *permutation->table,
                                 "a permutation's table", &permutation->table);
    if (!status) permutation->capacity = ORDER_TABLE_MAX;
    return status;
}

shs_status order_permutation_reserve(struct order_permutation *permutation, uint64_t most)
{
    uint32_t capacity = most < ORDER_TABLE_MAX ? (uint32_t)most : ORDER_TABLE_MAX;
    order_permutation_free(permutation);
    shs_status status = core_new(capacity, sizeof *permutation->table, "a permutation's table",
                                 &permutation->table);
    if (!status)
        status = core_new(capacity, sizeof *permutation->inverse, "a permutation's inverse",
                          &permutation->inverse);
    if (!status) permutation->capacity = capacity;
    return status;
}

shs_status order_permutation_draw(struct order_permutation *permutation,
                                  const struct order_source *source, uint64_t samples)
{
    shs_random random;
    core_assert(samples > 0 && samples <= ORDER_MAX_SAMPLES);
    random_of_order(source->seed, source->stream, source->part, source->epoch, source->vrank,
                    &random);
    permutation->samples = samples;
    permutation->inverted = false;
    permutation->tabled = samples <= ORDER_TABLE_MAX;
    if (!permutation->tabled) {
        set_keys(permutation, &random);
        return SHS_OK;
    }
    shs_status status = make_table(permutation, samples);
    if (status) return status;
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
    permutation->capacity = 0;
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
        low ^= order_mix(high, permutation->keys[round]) & low_mask;
        high ^= order_mix(low, permutation->keys[round + 1]) & high_mask;
    }
    return (uint64_t)high << permutation->low_bits | low;
}

uint64_t order_permutation_row(const struct order_permutation *permutation, uint64_t position)
{
    core_assert(position < permutation->samples);
    if (permutation->tabled) return permutation->table[position];
    /* Cycle walking: from a row, the network's cycle leads to the next row below N. The domain is
     * less than twice N, so that takes under two steps on average. */
    do
        position = encipher(permutation, position);
    while (position >= permutation->samples);
    return position;
}

/* Walks on from all values that lie outside the permutation, until none does. `at` says where in
 * `rows` each value belongs. */
static void walk(const struct order_permutation *permutation, uint64_t *values, uint16_t *at,
                 size_t count, uint64_t *rows)
{
    const struct order_kernels *kernels = order_kernels_now();
    while (count) {
        size_t left = 0;
        kernels->encipher(permutation, values, (count + ORDER_GROUP - 1) / ORDER_GROUP);
        for (size_t i = 0; i < count; i++) {
            rows[at[i]] = values[i];
            values[left] = values[i];
            at[left] = at[i];
            left += values[i] >= permutation->samples;
        }
        count = left;
    }
}

void order_permutation_rows(const struct order_permutation *permutation, uint64_t first,
                            uint64_t count, uint64_t *rows)
{
    enum {
        AT_ONCE = 16 * ORDER_GROUP
    };
    uint64_t values[AT_ONCE] = {0};
    uint16_t at[AT_ONCE];
    core_assert(first <= permutation->samples && count <= permutation->samples - first);
    for (uint64_t i = 0; permutation->tabled && i < count; i++)
        rows[i] = permutation->table[first + i];
    for (uint64_t done = 0, now; !permutation->tabled && done < count; done += now) {
        now = count - done < AT_ONCE ? count - done : AT_ONCE;
        for (uint16_t i = 0; i < now; i++) {
            values[i] = first + done + i;
            at[i] = i;
        }
        walk(permutation, values, at, now, rows + done);
    }
}

/* Undoes the rounds of encipher(), from the last to the first. */
static uint64_t decipher(const struct order_permutation *permutation, uint64_t row)
{
    uint32_t low_mask = (UINT32_C(1) << permutation->low_bits) - 1;
    uint32_t high_mask = (UINT32_C(1) << permutation->high_bits) - 1;
    uint32_t low = (uint32_t)row & low_mask;
    uint32_t high = (uint32_t)(row >> permutation->low_bits);
    for (int round = ORDER_ROUNDS - 2; round >= 0; round -= 2) {
        high ^= order_mix(low, permutation->keys[round + 1]) & high_mask;
        low ^= order_mix(high, permutation->keys[round]) & low_mask;
    }
    return (uint64_t)high << permutation->low_bits | low;
}

static uint64_t search_table(struct order_permutation *permutation, uint64_t row)
{
    uint64_t position = 0;
    if (!permutation->inverse && core_new(permutation->capacity, sizeof *permutation->inverse,
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
    core_assert(row < permutation->samples);
    if (permutation->tabled) return search_table(permutation, row);
    do
        row = decipher(permutation, row);
    while (row >= permutation->samples);
    return row;
}
