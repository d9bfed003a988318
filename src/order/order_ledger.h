/* The ledger of an epoch: sums over the rows that were delivered, in any order and by any rank.
 * They show whether a row was lost or repeated. All sums are modulo 2^64. Pure.
 *
 * A row that is lost or repeated changes the count. If one row is lost and another is repeated, the
 * sum changes. If two rows are lost and two others with the same sum are repeated, the sum of the
 * squares changes, because two numbers are determined by their sum and the sum of their squares. */
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

/* Returns the ledger of rows 0 … n - 1, each once. */
struct order_ledger order_ledger_below(uint64_t n);

/* Returns what an epoch's ledger must be. With tail drop only the count is known: sum and squares
 * are 0. */
struct order_ledger order_ledger_of_epoch(const struct order_shape *shape);

#endif
