#include "order_split.h"

#include "random_stream.h"

shs_status order_split_make(uint64_t seed, const double *fractions, size_t parts,
                            struct order_split *split)
{
    double sum = 0;
    *split = (struct order_split){.seed = seed, .parts = (uint32_t)parts};
    if (!parts || parts > ORDER_MAX_PARTS)
        return core_fail(SHS_ERROR_ARGUMENT, "a split into %zu parts; there are 1 to %d", parts,
                         ORDER_MAX_PARTS);
    for (size_t part = 0; part < parts; part++) {
        if (!(fractions[part] > 0))
            return core_fail(SHS_ERROR_ARGUMENT, "a part of %g; each must be above 0",
                             fractions[part]);
        sum += fractions[part];
        split->below[part] = sum;
    }
    if (!(sum > 1 - 1e-6 && sum < 1 + 1e-6))
        return core_fail(SHS_ERROR_ARGUMENT, "the parts add up to %.9g, not to 1", sum);
    split->below[parts - 1] = 1;
    return SHS_OK;
}

double order_split_draw(uint64_t seed, uint64_t row)
{
    shs_random random;
    random_of_split(seed, row, &random);
    return shs_random_double(&random);
}

uint32_t order_split_part(const struct order_split *split, uint64_t row)
{
    uint32_t part = 0;
    double draw = order_split_draw(split->seed, row);
    while (part + 1 < split->parts && draw >= split->below[part])
        part++;
    return part;
}

void order_split_count(const struct order_split *split, uint64_t first, uint64_t end,
                       uint64_t *counts)
{
    for (uint64_t row = first; row < end; row++)
        counts[order_split_part(split, row)]++;
}

static bool is_there(const struct order_split_walk *walk)
{
    return order_split_part(walk->split, walk->row) == walk->part;
}

void order_split_seek(struct order_split_walk *walk, uint64_t nth)
{
    if (nth < walk->passed) walk->row = walk->passed = 0;
    for (; walk->passed < nth; walk->row++)
        walk->passed += is_there(walk);
}

uint64_t order_split_next(struct order_split_walk *walk, uint64_t most, uint64_t *count)
{
    while (!is_there(walk))
        walk->row++;
    uint64_t first = walk->row;
    for (*count = 0; *count < most && (*count == 0 || is_there(walk)); ++*count)
        walk->row++;
    walk->passed += *count;
    return first;
}
