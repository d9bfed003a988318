/* The ledger of an epoch: sums over the rows that were delivered, in any order and by any rank,
 * that tell a lost or repeated row. All modulo 2^64. Pure.
 *
 * A row that is lost or doubled changes the count; one lost and another doubled the sum; two and
 * two of the same sum the squares, since two numbers are given by their sum and that of their
 * squares. */
#ifndef ORDER_LEDGER_H
#define ORDER_LEDGER_H

#include "order_plan.h"

struct order_ledger {
    uint64_t count;
    uint64_t sum;
    uint64_t squares;
};

void order_ledger_add(struct order_ledger *ledger, const uint64_t *rows, uint64_t count);

void order_ledger_join(struct order_ledger *ledger, const struct order_ledger *other);

/* Of rows 0 … n - 1, each once. */
struct order_ledger order_ledger_below(uint64_t n);

/* What an epoch's ledger must be. With tail drop only the count is known: sum and squares are 0. */
struct order_ledger order_ledger_of_epoch(const struct order_shape *shape);

#endif
