/* Draws permutations, choices and categories. */
#include "core_memory.h"
#include "random_alias.h"
#include "random_stream.h"

/* Draws below(n) with as many bits as n needs. */
static uint64_t any_below(shs_random *stream, uint64_t n)
{
    return n <= UINT32_MAX ? shs_random_below(stream, (uint32_t)n) : shs_random_below64(stream, n);
}

/* Shuffles numbers by the algorithm of Fisher and Yates. */
static void shuffle(shs_random *stream, uint64_t *numbers, size_t n)
{
    for (size_t i = n; i > 1 && !stream->status; i--) {
        size_t other = (size_t)any_below(stream, i);
        uint64_t swap = numbers[i - 1];
        numbers[i - 1] = numbers[other];
        numbers[other] = swap;
    }
}

shs_status shs_random_permutation(shs_random *stream, uint64_t *order, size_t n)
{
    shs_status status = random_check_fill(__func__, stream, order, n * sizeof *order);
    if (status) return status;
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    shuffle(stream, order, n);
    return shs_random_status(stream);
}

/* A set of numbers with open addressing. A free slot holds EMPTY, which is never a member. */
struct number_set {
    uint64_t *slots;
    size_t mask;
};

#define EMPTY UINT64_MAX

/* Inserts a number. Returns false if it was a member already. */
static bool insert(struct number_set *set, uint64_t number)
{
    size_t slot = (size_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> 20) & set->mask;
    for (; set->slots[slot] != EMPTY; slot = (slot + 1) & set->mask)
        if (set->slots[slot] == number) return false;
    set->slots[slot] = number;
    return true;
}

static shs_status open_set(struct number_set *set, size_t members)
{
    size_t slots = 4;
    while (slots / 2 < members && slots < SIZE_MAX / 2)
        slots *= 2;
    shs_status status = core_new(slots, sizeof *set->slots, "a choice", &set->slots);
    if (status) return status;
    for (size_t i = 0; i < slots; i++)
        set->slots[i] = EMPTY;
    set->mask = slots - 1;
    return SHS_OK;
}

shs_status shs_random_choose(shs_random *stream, uint64_t n, size_t k, uint64_t *chosen)
{
    struct number_set set;
    shs_status status = random_check_fill(__func__, stream, chosen, k * sizeof *chosen);
    if (status) return status;
    if (k > n)
        return core_fail(SHS_ERROR_ARGUMENT, "shs_random_choose: %zu of %llu numbers", k, (ull)n);
    status = open_set(&set, k);
    if (status) return core_wrap(status, "shs_random_choose");
    /* Floyd's algorithm for a set without repetitions (Bentley: Programming pearls. CACM 30 (1987))
     */
    for (size_t i = 0; i < k; i++) {
        uint64_t last = n - k + i, number = any_below(stream, last + 1);
        chosen[i] = insert(&set, number) ? number : last;
        if (chosen[i] != number) insert(&set, last);
    }
    core_free(&set.slots);
    shuffle(stream, chosen, k);
    return shs_random_status(stream);
}

struct shs_alias {
    struct random_alias table;
};

shs_status shs_alias_open(const double *weights, size_t n, shs_alias **alias)
{
    shs_status status =
        core_require(alias, "shs_alias_open", "alias", "pass the address of a shs_alias *");
    if (status) return status;
    *alias = NULL;
    status = core_require(weights, "shs_alias_open", "weights", "pass the address of an array");
    if (status) return status;
    status = core_new(1, sizeof **alias, "categories", alias);
    if (!status) status = random_alias_open(weights, n, &(*alias)->table);
    if (status) core_free(alias);
    return core_wrap(status, "shs_alias_open");
}

void shs_alias_close(shs_alias **alias)
{
    if (!alias || !*alias) return;
    random_alias_close(&(*alias)->table);
    core_free(alias);
}

uint32_t shs_random_categorical(shs_random *stream, const shs_alias *alias)
{
    if (!stream) return 0;
    if (!alias) random_refuse(stream);
    if (!alias) return 0;
    struct random_toss toss = random_alias_toss(&alias->table, stream);
    return stream->status ? 0 : random_alias_take(&alias->table, toss);
}
