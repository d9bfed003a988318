/* Rows that are passed over, as positions in a subset. Pure. */
#ifndef ORDER_SKIP_H
#define ORDER_SKIP_H

#include "order_subset.h"

/* Positions [first, end) that are passed over. */
struct order_skipped {
    uint64_t first, end;
};

/* All positions that are passed over: 16 bytes for each run of neighbours. With a zeroed struct
 * there are none. */
struct order_skip {
    struct order_skipped *run; /* ascending; no two runs touch */
    uint64_t runs;
};

/* Takes a list of rows, which must ascend and stay below `samples`. Rows outside the subset are
 * left out. */
shs_status order_skip_open(struct order_skip *skip, const uint64_t *rows, uint64_t count,
                           const struct order_subset *subset, uint64_t samples);

void order_skip_free(struct order_skip *skip);

/* Returns true if a position is passed over. */
bool order_skip_has(const struct order_skip *skip, uint64_t position);

/* Returns how many positions in [first, end) are passed over. */
uint64_t order_skip_count(const struct order_skip *skip, uint64_t first, uint64_t end);

#define ORDER_SKIP_ALL UINT64_MAX

/* Returns the first position from `position` on that is not passed over. The positions are
 * [first, end), `position` among them; after the last one comes the first one. Returns
 * ORDER_SKIP_ALL if all are passed over. */
uint64_t order_skip_next(const struct order_skip *skip, uint64_t position, uint64_t first,
                         uint64_t end);

#endif
