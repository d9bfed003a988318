/* The parts of a step: this rank adds them from left to right, and holds few partial sums. */
#include <string.h>

#include "core_assert.h"
#include "core_memory.h"
#include "mpi_sum_way.h"

void mpi_sum_reset(struct mpi_sum *sum)
{
    sum->added = 0;
    sum->n_held = 0;
    sum->partly = false;
}

static struct order_span next_leaf(const struct mpi_sum *sum)
{
    uint64_t vrank = sum->run->first_vrank + sum->added;
    return (struct order_span){{vrank, vrank + 1}, {sum->run->member, sum->run->member + 1}};
}

/* Where the next part goes. */
struct place {
    bool add;     /* to the last partial sum */
    char *memory; /* of the partial sum that it is added to, or that it becomes */
    size_t joins; /* how often the last two partial sums are then added */
};

/* The last part of a step stays in the memory that the sum provides, unless it is added to a
 * partial sum. */
static char *memory_of_next(const struct mpi_sum *sum)
{
    bool last = sum->added + 1 == sum->run->hosted;
    size_t area = sum->wish.provide && last ? sum->rank_areas - 1 : sum->n_held;
    if (last && sum->lends) return NULL; /* it stays in the program's memory */
    return mpi_sum_area(sum, sum->site_rank, area);
}

static struct place place_of_next(const struct mpi_sum *sum)
{
    struct order_span span = next_leaf(sum);
    size_t joins = 0;
    for (size_t k = sum->n_held; k > 0 && sum->reproducible; k--, joins++) {
        struct order_span left = sum->held[k - 1].span;
        if (!order_span_join(sum->trees, &left, span)) break;
        span = left;
    }
    if (!joins && (sum->reproducible || !sum->n_held))
        return (struct place){.memory = memory_of_next(sum)};
    return (struct place){true, sum->held[sum->n_held - 1].memory, joins ? joins - 1 : 0};
}

static void put(bool doubles, char *to, const void *from, size_t count, bool add)
{
    size_t bytes = count * mpi_sum_size(doubles);
    if (!add && from && from != to) memcpy(to, from, bytes);
    if (!add && !from) memset(to, 0, bytes);
    if (add && from) order_add(doubles, to, from, count);
    if (add && !from) order_add_zero(doubles, to, count);
}

/* True if an empty part changes nothing: zeros need not be added in the fast sum, unless they are
 * all that there is. */
static bool adds_nothing(const struct mpi_sum *sum)
{
    return !sum->reproducible && (sum->n_held || sum->added + 1 < sum->run->hosted);
}

void mpi_sum_part(struct mpi_sum *sum, bool doubles, size_t first, size_t count, const void *from)
{
    struct place place = place_of_next(sum);
    size_t at = mpi_sum_at(sum, doubles, first);
    sum->partly = true;
    if (!count || (!from && adds_nothing(sum))) return;
    if (!place.memory) {
        sum->empty = !from;
        return;
    }
    put(doubles, place.memory + at, from, count, place.add);
    for (size_t k = sum->n_held; place.joins; place.joins--, k--)
        order_add(doubles, sum->held[k - 2].memory + at, sum->held[k - 1].memory + at, count);
}

void mpi_sum_part_end(struct mpi_sum *sum, bool empty)
{
    struct place place = place_of_next(sum);
    if (empty && adds_nothing(sum)) {
        /* there is nothing to hold */
    } else if (place.add) {
        if (sum->reproducible)
            order_span_join(sum->trees, &sum->held[sum->n_held - 1].span, next_leaf(sum));
        for (; place.joins; place.joins--, sum->n_held--)
            order_span_join(sum->trees, &sum->held[sum->n_held - 2].span,
                            sum->held[sum->n_held - 1].span);
    } else {
        sum->held[sum->n_held++] = (struct mpi_held){next_leaf(sum), place.memory};
    }
    if (sum->n_held > sum->most_held) sum->most_held = sum->n_held;
    sum->added++;
    sum->partly = false;
}

static void put_vector(struct mpi_sum *sum, const char *area)
{
    mpi_sum_part(sum, false, 0, sum->n_floats, area);
    mpi_sum_part(sum, true, 0, sum->n_doubles, area + sum->doubles_at);
    mpi_sum_part_end(sum, false);
}

/* Adds a part to the total. The total begins as +0, so the sum of a rank without rows is +0. */
static void add_to_total(struct mpi_sum *sum, mpi_give *give, void *user)
{
    char *total = mpi_sum_area(sum, 0, 0);
    if (!sum->added) memset(total, 0, sum->area_bytes);
    give(mpi_sum_vector(sum, total), true, user);
    if (!sum->n_held) sum->held[sum->n_held++] = (struct mpi_held){next_leaf(sum), total};
    sum->added++;
}

shs_status mpi_sum_add(struct mpi_sum *sum, mpi_give *give, void *user)
{
    core_assert(!sum->wish.provide && sum->added < sum->run->hosted);
    shs_status status = sum->areas ? SHS_OK : mpi_sum_take_own(sum);
    if (status) return status;
    struct place place = place_of_next(sum);
    if (!sum->reproducible) {
        add_to_total(sum, give, user);
        return SHS_OK;
    }
    if (place.add && !sum->part) status = core_new(sum->area_bytes, 1, "a sum", &sum->part);
    if (status) return status;
    char *to = place.add ? sum->part : place.memory;
    give(mpi_sum_vector(sum, to), false, user);
    put_vector(sum, to);
    return SHS_OK;
}

uint64_t mpi_sum_added(const struct mpi_sum *sum)
{
    return sum->added;
}

size_t mpi_sum_most_held(const struct mpi_sum *sum)
{
    return sum->reproducible ? sum->most_held : 0;
}
