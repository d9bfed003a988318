#include "order_ledger.h"

#include "core_assert.h"

void order_ledger_add(struct order_ledger *ledger, const uint64_t *rows, uint64_t count)
{
    uint64_t sum = 0, squares = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += rows[i];
        squares += rows[i] * rows[i];
    }
    order_ledger_join(ledger, &(struct order_ledger){count, sum, squares});
}

void order_ledger_join(struct order_ledger *ledger, const struct order_ledger *other)
{
    ledger->count += other->count;
    ledger->sum += other->sum;
    ledger->squares += other->squares;
}

/* Returns a * b * c / d modulo 2^64, for a d of 2 or 6 that divides the product. Each prime factor
 * of d is divided out of a factor that has it. */
static uint64_t product_over(uint64_t a, uint64_t b, uint64_t c, bool by_three)
{
    core_assert(a % 2 == 0 || b % 2 == 0);
    core_assert(!by_three || a % 3 == 0 || b % 3 == 0 || c % 3 == 0);
    if (a % 2 == 0)
        a /= 2;
    else
        b /= 2;
    if (!by_three) return a * b * c;
    if (a % 3 == 0)
        a /= 3;
    else if (b % 3 == 0)
        b /= 3;
    else
        c /= 3;
    return a * b * c;
}

struct order_ledger order_ledger_below(uint64_t n)
{
    if (!n) return (struct order_ledger){0};
    return (struct order_ledger){.count = n,
                                 .sum = product_over(n, n - 1, 1, false),
                                 .squares = product_over(n, n - 1, 2 * n - 1, true)};
}

struct order_ledger order_ledger_of_epoch(const struct order_shape *shape)
{
    if (shape->tail == SHS_TAIL_DROP)
        return (struct order_ledger){.count = order_steps(shape) * shape->vranks * shape->batch};
    return order_ledger_below(shape->samples);
}
