#include "load_twins_judge.h"

#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static unsigned floor_log2(uint64_t number)
{
    return number ? 63 - (unsigned)__builtin_clzll(number) : 0;
}

static unsigned ceil_log2(uint64_t number)
{
    return number > 1 ? 1 + floor_log2(number - 1) : 0;
}

/* Returns the number of results below a value. */
static size_t below(const struct load_twins_sheet *sheet, uint64_t value)
{
    size_t low = 0, high = sheet->vectors * sheet->places;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sheet->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Returns how many results are equal to one of them. */
static size_t count_of(const struct load_twins_sheet *sheet, uint64_t value)
{
    return value == UINT64_MAX ? sheet->vectors * sheet->places - below(sheet, value)
                               : below(sheet, value + 1) - below(sheet, value);
}

/* Returns how surprising a result is, in bits, rounded down. */
static unsigned bits_of(const struct load_twins_sheet *sheet, uint64_t value)
{
    return floor_log2(sheet->vectors * sheet->places / count_of(sheet, value));
}

static uint64_t bits_of_vector(const struct load_twins_sheet *sheet, const uint64_t *vector)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < sheet->places; i++)
        bits += bits_of(sheet, vector[i]);
    return bits;
}

/* Returns the bits of the number of groups of so many vectors, rounded up. */
static uint64_t bits_of_choice(size_t vectors, size_t count)
{
    uint64_t bits = 0;
    if (vectors - count < count) count = vectors - count; /* as many groups are left out */
    for (size_t i = 0; i < count; i++)
        bits += ceil_log2((vectors - i) / (i + 1) + 1);
    return bits;
}

/* True if so many equal vectors are no chance. */
static bool are_twins(const struct load_twins_sheet *sheet, const uint64_t *vector, size_t count)
{
    uint64_t bits = (count - 1) * bits_of_vector(sheet, vector);
    return bits >= LOAD_TWINS_BITS + bits_of_choice(sheet->vectors, count);
}

static size_t count_distinct(const struct load_twins_sheet *sheet)
{
    size_t distinct = 0, all = sheet->vectors * sheet->places;
    for (size_t i = 0; i < all; i++)
        distinct += !i || sheet->sorted[i] != sheet->sorted[i - 1];
    return distinct;
}

/* ---- Equal vectors. */

static bool same(const struct load_twins_sheet *sheet, const uint64_t *a, const uint64_t *b)
{
    return !memcmp(a, b, sheet->places * sizeof *a);
}

/* Moves the vectors that are equal to the first one of those from `from` on to it, in order.
 * Returns how many there are. */
static size_t gather(const struct load_twins_sheet *sheet, size_t from)
{
    size_t end = from + 1;
    for (size_t k = from + 1; k < sheet->vectors; k++) {
        const uint64_t *vector = sheet->order[k];
        if (!same(sheet, sheet->order[from], vector)) continue;
        memmove(&sheet->order[end + 1], &sheet->order[end], (k - end) * sizeof *sheet->order);
        sheet->order[end++] = vector;
    }
    return end - from;
}

/* Finds the largest group of twins, one of whose vectors is of this epoch. */
static void find_group(const struct load_twins_sheet *sheet, struct load_twins_verdict *verdict)
{
    for (size_t k = 0; k < sheet->vectors; k++)
        sheet->order[k] = sheet->results + k * sheet->places;
    for (size_t from = 0, count; from < sheet->vectors; from += count) {
        bool now = sheet->order[from] < sheet->results + sheet->now * sheet->places;
        count = gather(sheet, from);
        if (!now || count < 2 || count <= verdict->count) continue;
        if (!are_twins(sheet, sheet->order[from], count)) continue;
        verdict->kind = LOAD_TWINS_VECTORS;
        verdict->count = count;
        verdict->member = &sheet->order[from];
    }
}

/* ---- Slots. */

static bool is_constant(const struct load_twins_sheet *sheet, const uint64_t *vector)
{
    for (size_t i = 1; i < sheet->places; i++)
        if (vector[i] != vector[0]) return false;
    return true;
}

static bool are_slots_twins(const struct load_twins_sheet *sheet)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < sheet->now; k++) {
        const uint64_t *vector = sheet->results + k * sheet->places;
        if (!is_constant(sheet, vector)) return false;
        bits += (sheet->places - 1) * bits_of(sheet, vector[0]);
    }
    return bits >= LOAD_TWINS_BITS;
}

/* ---- All. */

/* True if the results of no vector of this epoch could tell a pair of twins. */
static bool is_unknown(const struct load_twins_sheet *sheet)
{
    for (size_t k = 0; k < sheet->now; k++) {
        const uint64_t *vector = sheet->results + k * sheet->places;
        if (sheet->vectors > 1 ? are_twins(sheet, vector, 2)
                               : bits_of_vector(sheet, vector) >= LOAD_TWINS_BITS)
            return false;
    }
    return true;
}

struct load_twins_verdict load_twins_judge(const struct load_twins_sheet *sheet)
{
    struct load_twins_verdict verdict = {.kind = LOAD_TWINS_NONE};
    size_t all = sheet->vectors * sheet->places;
    memcpy(sheet->sorted, sheet->results, all * sizeof *sheet->sorted);
    qsort(sheet->sorted, all, sizeof *sheet->sorted, by_number);
    verdict.distinct = count_distinct(sheet);
    find_group(sheet, &verdict);
    if (verdict.kind) return verdict;
    if (are_slots_twins(sheet))
        verdict.kind = LOAD_TWINS_SLOTS;
    else if (is_unknown(sheet))
        verdict.kind = LOAD_TWINS_UNKNOWN;
    return verdict;
}
